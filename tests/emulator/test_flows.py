"""Creating, changing and deleting flows."""

from typing import Any

import globus_sdk
import pytest

from .conftest import LAX_POLICY, PASS, POLICIES, SUBSCRIPTIONS, URNS, Wire

OTHER = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
ACTION: dict[str, Any] = {
    "StartAt": "A",
    "States": {"A": {"Type": "Action", "ActionUrl": "https://actions.example.org/x", "ResultPath": "$.a", "End": True}},
}


def refusal(call: Any, *arguments: Any, **options: Any) -> globus_sdk.FlowsAPIError:
    with pytest.raises(globus_sdk.FlowsAPIError) as refused:
        call(*arguments, **options)
    return refused.value


def test_titles_are_not_unique(wire: Wire) -> None:
    """Every create makes another flow, with an id, scope and principal of its own."""
    first, second = (wire.flows().create_flow("same", PASS, {}).data for _ in range(2))
    for key in ("id", "globus_auth_scope", "principal_urn", "globus_auth_username"):
        assert first[key] != second[key]


def test_update_is_partial(wire: Wire) -> None:
    """An update changes the fields that it names, clears with empty values, and leaves the others alone."""
    client = wire.flows()
    created = client.create_flow(
        "t", PASS, {"type": "object"}, subtitle="s", keywords=["k"], flow_viewers=[URNS["ben"]]
    )
    changed = client.update_flow(created["id"], subtitle="", keywords=[], flow_viewers=[], definition=OTHER).data
    expected = {**created.data, "subtitle": "", "keywords": [], "flow_viewers": [], "definition": OTHER}
    assert {**changed, "updated_at": created["updated_at"]} == expected
    assert client.get_flow(created["id"]).data == changed


def test_updated_at_grows(wire: Wire) -> None:
    """Every update, even one that names nothing, moves updated_at forward; created_at stays."""
    client = wire.flows()
    created = client.create_flow("t", PASS, {})
    times = [created["updated_at"], *(client.update_flow(created["id"])["updated_at"] for _ in range(5))]
    assert times == sorted(set(times))
    assert all(time.endswith("+00:00") and len(time) == len("2020-09-01T17:59:20.711845+00:00") for time in times)
    assert client.get_flow(created["id"])["created_at"] == created["created_at"]


def test_deleted_is_gone(wire: Wire) -> None:
    """A deleted flow is 404 to every method, and in no list."""
    client = wire.flows()
    flow_id = client.create_flow("t", PASS, {})["id"]
    assert client.delete_flow(flow_id)["DELETED"] is True
    for call in (client.get_flow, client.update_flow, client.delete_flow):
        assert refusal(call, flow_id).http_status == 404
    assert list(client.list_flows()) == []


def test_owner(wire: Wire) -> None:
    """An administrator may take a flow over for himself; nobody may give one to somebody else."""
    flow_id = wire.flows("amy").create_flow("t", PASS, {}, flow_administrators=[URNS["cy"]])["id"]
    assert refusal(wire.flows("amy").update_flow, flow_id, flow_owner=URNS["cy"]).http_status == 422
    taken = wire.flows("cy").update_flow(flow_id, flow_owner=URNS["cy"])
    assert (taken["flow_owner"], taken["created_by"]) == (URNS["cy"], URNS["amy"])
    assert refusal(wire.flows("amy").get_flow, flow_id).http_status == 404


def test_default_subscription(wire: Wire) -> None:
    """DEFAULT is the caller's one subscription, and is read back as its id."""
    created = wire.flows("amy").create_flow("t", PASS, {}, subscription_id="DEFAULT")
    assert created["subscription_id"] == SUBSCRIPTIONS[0]
    plain = wire.flows("amy").create_flow("t", PASS, {})
    assert "subscription_id" not in plain.data
    assert wire.flows("amy").update_flow(plain["id"], subscription_id="DEFAULT")["subscription_id"] == SUBSCRIPTIONS[0]


def test_several_subscriptions(wire: Wire) -> None:
    """Who belongs to several subscriptions must name one, by id."""
    client = wire.flows("dan")
    for options in ({}, {"subscription_id": "DEFAULT"}):
        assert refusal(client.create_flow, "t", PASS, {}, **options).code == "SUBSCRIPTION_MUST_BE_SPECIFIED"
    created = client.create_flow("t", PASS, {}, subscription_id=SUBSCRIPTIONS[1])
    assert created["subscription_id"] == SUBSCRIPTIONS[1]


def test_foreign_subscriptions(wire: Wire) -> None:
    """A subscription that the caller does not belong to is 403; none at all cannot be set by an update."""
    client = wire.flows("amy")
    assert refusal(client.create_flow, "t", PASS, {}, subscription_id=SUBSCRIPTIONS[1]).http_status == 403
    assert refusal(wire.flows("cy").create_flow, "t", PASS, {}, subscription_id="DEFAULT").http_status == 403
    flow_id = client.create_flow("t", PASS, {})["id"]
    assert refusal(client.update_flow, flow_id, additional_fields={"subscription_id": None}).http_status == 422


def test_authentication_policy(wire: Wire) -> None:
    """A high-assurance policy is set by the create, and an update may swap it but neither add nor remove one."""
    client = wire.flows()
    created = client.create_flow("t", PASS, {}, authentication_policy_id=POLICIES[0])
    assert (created["authentication_policy_id"], created["is_high_assurance"]) == (POLICIES[0], True)
    swapped = client.update_flow(created["id"], authentication_policy_id=POLICIES[1])
    assert swapped["authentication_policy_id"] == POLICIES[1]
    removal = {"authentication_policy_id": None}
    assert refusal(client.update_flow, created["id"], additional_fields=removal).http_status == 422
    plain = client.create_flow("t", PASS, {})["id"]
    assert refusal(client.update_flow, plain, authentication_policy_id=POLICIES[0]).http_status == 422
    for policy in (LAX_POLICY, SUBSCRIPTIONS[0]):
        assert refusal(client.create_flow, "t", PASS, {}, authentication_policy_id=policy).http_status == 422


def test_empty_input_schema(wire: Wire) -> None:
    """An empty input schema is missing from replies, or kept, as the setting says."""
    flow_id = wire.flows().create_flow("t", PASS, {})["id"]
    assert "input_schema" not in wire.flows().get_flow(flow_id).data
    wire.send("PATCH", "/_emulator/settings", json={"empty_input_schema": "kept"})
    assert wire.flows().get_flow(flow_id)["input_schema"] == {}


def test_key_order(wire: Wire) -> None:
    """Keys of objects come back by length, then by bytes, or as they were sent, as the setting says."""
    schema = {"type": "object", "required": ["b", "a"], "properties": {"bb": {}, "a": {}, "é": {}, "b": {}}}
    shown = wire.flows().create_flow("t", PASS, schema)["input_schema"]
    assert list(shown) == ["type", "required", "properties"]
    assert list(shown["properties"]) == ["a", "b", "bb", "é"]
    assert shown["required"] == ["b", "a"]
    wire.send("PATCH", "/_emulator/settings", json={"key_order": "kept"})
    assert list(wire.flows().create_flow("t", PASS, schema)["input_schema"]["properties"]) == ["bb", "a", "é", "b"]


def test_defaults(wire: Wire) -> None:
    """A service that adds defaults adds them to Action states, on write, where they are not written."""
    assert wire.flows().create_flow("t", ACTION, {})["definition"] == ACTION
    wire.send("PATCH", "/_emulator/settings", json={"defaults": "added"})
    state = wire.flows().create_flow("t", ACTION, {})["definition"]["States"]["A"]
    assert state == {**ACTION["States"]["A"], "ExceptionOnActionFailure": True, "WaitTime": 300}
    assert wire.flows().create_flow("t", PASS, {})["definition"] == PASS


def test_free_tier(wire: Wire) -> None:
    """Where the free tier is enforced, one flow without a subscription is all that its owner can have."""
    wire.send("PATCH", "/_emulator/settings", json={"free_tier": "enforced"})
    client = wire.flows()
    first = client.create_flow("t", PASS, {})["id"]
    assert refusal(client.create_flow, "t", PASS, {}).code == "FREE_TIER_LIMIT"
    client.create_flow("t", PASS, {}, subscription_id="DEFAULT")
    client.delete_flow(first)
    client.create_flow("t", PASS, {})


def test_validate(wire: Wire) -> None:
    """Validation tells the scopes for each RunAs and counts the ways through, and creates nothing."""
    definition: dict[str, Any] = {
        "StartAt": "Choose",
        "States": {
            "Choose": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.x", "BooleanEquals": True, "Next": "Act"}],
                "Default": "Done",
            },
            "Act": {"Type": "Action", "ActionUrl": "https://actions.example.org/x", "RunAs": "Flow", "Next": "Choose"},
            "Done": {"Type": "Pass", "End": True},
        },
    }
    answer = wire.flows().validate_flow(definition)
    assert answer["scopes"] == {"Flow": ["https://auth.globus.org/scopes/actions.example.org/x"]}
    assert answer["analysis"] == {"number_of_possibilities": 2}
    assert list(wire.flows().list_flows()) == []


def test_unreachable_provider(wire: Wire) -> None:
    """A provider whose scope cannot be resolved is a conflict; `.invalid` is the domain of such providers."""
    state = {**ACTION["States"]["A"], "ActionUrl": "https://away.invalid/x"}
    error = refusal(wire.flows().validate_flow, {**ACTION, "States": {"A": state}})
    assert (error.http_status, error.code) == (409, "SCOPE_RESOLUTION_FAILED")
    assert error.messages == [
        "Failed to resolve scope for Action Provider at 'https://away.invalid/x': upstream did not respond"
    ]
