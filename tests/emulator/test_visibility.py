"""What a caller sees of a flow, by the roles that he holds on it."""

from typing import Any

import globus_sdk
import pytest

from .conftest import GROUP, PASS, POLICIES, URNS, Wire

CREW = f"urn:globus:groups:id:{GROUP}"
LISTS = ("flow_administrators", "flow_starters", "flow_viewers", "run_managers", "run_monitors")


def created(wire: Wire, **options: Any) -> str:
    flow_id: str = wire.flows("amy").create_flow("t", PASS, {}, **options)["id"]
    return flow_id


@pytest.mark.parametrize(
    ("field", "user_roles", "user_role"),
    [
        ("flow_administrators", "flow_administrator", "flow_administrator"),
        ("flow_starters", "flow_starter", "flow_starter"),
        ("flow_viewers", "flow_viewer", "flow_viewer"),
        ("run_managers", "flow_run_manager", "run_manager"),
        ("run_monitors", "flow_run_monitor", "run_monitor"),
    ],
)
def test_roles(wire: Wire, field: str, user_roles: str, user_role: str) -> None:
    """A role is held in person or through a group, and spelled differently in the three places that name it."""
    flow_id = created(wire, **{field: [URNS["ben"], CREW]})
    for who in ("ben", "dan"):
        seen = wire.flows(who).get_flow(flow_id)
        assert (seen["user_roles"], seen["user_role"]) == ([user_roles], user_role)


@pytest.mark.parametrize(
    ("field", "principal", "shown"),
    [
        ("flow_administrators", URNS["ben"], set(LISTS)),
        ("run_managers", URNS["ben"], {"run_managers", "run_monitors"}),
        ("run_monitors", URNS["ben"], set()),
        ("flow_starters", "all_authenticated_users", set()),
        ("flow_viewers", "public", set()),
    ],
)
def test_lists(wire: Wire, field: str, principal: str, shown: set[str]) -> None:
    """Administrators see all permission lists, run managers those of runs, others none."""
    lists = {name: [URNS["cy"]] for name in LISTS}
    flow_id = created(wire, **{**lists, field: [principal, URNS["cy"]]})
    seen = wire.flows("ben").get_flow(flow_id)
    assert {name for name in LISTS if seen[name]} == shown
    [listed] = wire.flows("ben").list_flows(filter_roles=[name.removesuffix("s") for name in LISTS])
    assert listed == seen.data


def test_invisible(wire: Wire) -> None:
    """A flow on which the caller holds no role is 404; an invitation to a group is no membership."""
    flow_id = created(wire, flow_viewers=[CREW], flow_starters=[URNS["dan"]])
    for method in ("GET", "PUT", "DELETE"):
        assert wire.send(method, f"/flows/{flow_id}", who="ben", json={}).status_code == 404


@pytest.mark.parametrize("field", ["flow_starters", "flow_viewers", "run_managers", "run_monitors"])
def test_no_writes_below_administrator(wire: Wire, field: str) -> None:
    """Whoever sees a flow without administering it may neither change nor delete it."""
    flow_id = created(wire, **{field: [URNS["ben"]]})
    for method in ("PUT", "DELETE"):
        assert wire.send(method, f"/flows/{flow_id}", who="ben", json={}).status_code == 403


def test_administrators_write(wire: Wire) -> None:
    """An administrator, also one through a group, may change and delete."""
    flow_id = created(wire, flow_administrators=[CREW])
    client = wire.flows("dan")
    assert client.update_flow(flow_id, title="by dan")["title"] == "by dan"
    assert client.delete_flow(flow_id)["DELETED"] is True


def test_private_parameters(wire: Wire) -> None:
    """The values that `__Private_Parameters` names are for administrators only, however their keys are spelled."""
    inner = {"__Private_Parameters": ["token"], "token": "canary", "open": 1}
    parameters = {
        "__Private_Parameters": ["password", "key", "code"],
        "password": "canary",
        "key.$": "$.canary",
        "code.=": "'canary'",
        "user": "visible",
        "nested": [inner],
    }
    state = {"Type": "Action", "ActionUrl": "https://x.example.org", "Parameters": parameters, "End": True}
    definition = {"StartAt": "A", "States": {"A": {**state, "ResultPath": "$.a"}}}
    flow_id = wire.flows("amy").create_flow("t", definition, {}, flow_viewers=["public"])["id"]
    assert wire.flows("amy").get_flow(flow_id)["definition"] == definition
    client = wire.flows("ben")
    for seen in (client.get_flow(flow_id).data, *client.list_flows(filter_roles="flow_viewer")):
        assert "canary" not in str(seen)
        shown = seen["definition"]["States"]["A"]["Parameters"]
        assert (shown["user"], shown["nested"][0]["open"]) == ("visible", 1)


def test_high_assurance(wire: Wire) -> None:
    """A list hides definition and schema of a high-assurance flow; a get shows them."""
    flow_id = created(wire, authentication_policy_id=POLICIES[0])
    [listed] = wire.flows("amy").list_flows()
    assert (listed["definition"], listed["input_schema"]) == (None, None)
    assert wire.flows("amy").get_flow(flow_id)["definition"] == PASS


def test_unknown(wire: Wire) -> None:
    """An unknown id, or no id at all, is 404 like an invisible flow."""
    for flow_id in (GROUP, "x"):
        with pytest.raises(globus_sdk.FlowsAPIError) as refused:
            wire.flows().get_flow(flow_id)
        assert refused.value.http_status == 404
