"""The documents of the emulator against the fixtures that globus_sdk ships for tests of its clients."""

from typing import Any

import globus_sdk
import pytest
from globus_sdk.testing import get_response_set
from globus_sdk.testing.models import RegisteredResponse

from .conftest import IDS, PASS, SECRET, SUBSCRIPTIONS, URNS, Wire

# Documented by the service's OpenAPI document, and too new for the fixtures.
NEWER = {"user_roles"}


def fixture(name: str, case: str = "default") -> Any:
    response = get_response_set(name).lookup(case)
    first = response if isinstance(response, RegisteredResponse) else response.responses[0]
    return first.json


def full(wire: Wire) -> Any:
    parameters = dict(get_response_set("flows.create_flow").metadata["params"])
    return wire.flows().create_flow(**parameters).data


def same_shape(document: Any, expected: Any, newer: set[str] = NEWER) -> None:
    assert document.keys() - newer == expected.keys()
    for key, value in expected.items():
        assert type(document[key]) is type(value), key


def test_create(wire: Wire) -> None:
    """A create answers with the keys and types of the fixture, and with what was sent."""
    created, expected = full(wire), fixture("flows.create_flow")
    same_shape(created, expected)
    for name, sent in get_response_set("flows.create_flow").metadata["params"].items():
        assert created[name] == sent


def test_get_and_list(wire: Wire) -> None:
    """A get and an item of a list are the document that the create answered."""
    created = full(wire)
    same_shape(wire.flows().get_flow(created["id"]).data, fixture("flows.get_flow"))
    page = wire.flows().list_flows().data
    same_shape(page, fixture("flows.list_flows"), newer=set())
    assert page["flows"] == [created] == [wire.flows().get_flow(created["id"]).data]
    assert page["limit"] == fixture("flows.list_flows")["limit"]


def test_update(wire: Wire) -> None:
    """An update answers with the keys of the fixture, subscription_id among them once it is set."""
    changes = {**get_response_set("flows.update_flow").metadata["params"], "subscription_id": SUBSCRIPTIONS[0]}
    updated = wire.flows().update_flow(full(wire)["id"], **changes).data
    same_shape(updated, fixture("flows.update_flow"))
    assert {name: updated[name] for name in changes} == changes


def test_delete(wire: Wire) -> None:
    """A delete answers with the keys of the fixture and empties the same lists."""
    deleted, expected = wire.flows().delete_flow(full(wire)["id"]).data, fixture("flows.delete_flow")
    same_shape(deleted, expected)
    assert {key for key in expected if expected[key] in ([], {})} == {
        key for key in deleted if deleted[key] in ([], {})
    }


@pytest.mark.parametrize(
    ("name", "case", "path", "body"),
    [
        (
            "flows.create_flow",
            "bad_admin_principal_error",
            "/flows",
            {
                "title": "t",
                "definition": PASS,
                "flow_administrators": [
                    "ae341a98-d274-11e5-b888-dbae3a8ba545",
                    "4fab4345-6d20-43a0-9a25-16b2e3bbe765",
                ],
            },
        ),
        (
            "flows.validate_flow",
            "definition_error",
            "/flows/validate",
            {"definition": get_response_set("flows.validate_flow").metadata["invalid"]},
        ),
    ],
)
def test_refusals(wire: Wire, name: str, case: str, path: str, body: Any) -> None:
    """Where a fixture tells the words of a refusal, they are the emulator's to the letter."""
    answer = wire.send("POST", path, json=body)
    assert answer.status_code == 422
    assert {**answer.json(), "debug_id": ""} == {**fixture(name, case), "debug_id": ""}


def test_validate(wire: Wire) -> None:
    """A sound definition is answered with the scopes of the fixture."""
    definition = get_response_set("flows.validate_flow").metadata["success"]
    assert wire.flows().validate_flow(definition)["scopes"] == fixture("flows.validate_flow")["scopes"]


def test_unauthenticated(wire: Wire) -> None:
    """A token that nobody issued is refused in the words of the fixture."""
    answer = wire.send("GET", "/flows", who=None)
    assert answer.status_code == 401
    assert answer.json()["error"] == fixture("flows.validate_run", "invalid_token")["error"]


def test_forbidden(wire: Wire) -> None:
    """A viewer who updates is refused in the words of the fixture."""
    flow_id = wire.flows().create_flow("t", PASS, {}, flow_viewers=[URNS["ben"]])["id"]
    answer = wire.send("PUT", f"/flows/{flow_id}", who="ben", json={})
    expected = fixture("flows.validate_run", "not_a_flow_starter")["error"]
    words = expected["detail"].replace("00000000-0a9d-4036-a9d7-a77c19515594", flow_id).replace("RUN", "UPDATE")
    assert (answer.status_code, answer.json()["error"]) == (403, {**expected, "detail": words})


def test_groups(wire: Wire) -> None:
    """Groups and subscriptions have the keys and types of the fixtures."""
    client = wire.groups("dan")
    mine, listed = client.get_my_groups(), fixture("groups.get_my_groups")[0]
    same_shape(mine[0], listed)
    same_shape(mine[0]["my_memberships"][0], listed["my_memberships"][0])
    for group in mine:
        case = "default" if group["group_type"] == "regular" else "subscription"
        same_shape(client.get_group(group["id"]).data, fixture("groups.get_group", case))
    found, expected = (
        client.get_group_by_subscription_id(SUBSCRIPTIONS[0]),
        fixture("groups.get_group_by_subscription_id"),
    )
    same_shape(found.data, expected)
    same_shape(found["subscription_info"], expected["subscription_info"])


def test_auth(wire: Wire) -> None:
    """Identities, tokens and introspection have the keys of the fixtures."""
    client = globus_sdk.ConfidentialAppAuthClient(IDS["amy"], SECRET, base_url=wire.emulator.url)
    with client:
        token = client.oauth2_client_credentials_tokens("urn:globus:auth:scope:transfer.api.globus.org:all").data
        same_shape(token, fixture("auth.oauth2_client_credentials_tokens"))
        seen = client.oauth2_token_introspect(token["access_token"]).data
        assert seen.keys() == fixture("auth.oauth2_token_introspect").keys()
    [identity] = wire.auth().get_identities(usernames="amy")["identities"]
    assert identity.keys() == fixture("auth.get_identities", "globusid")["identities"][0].keys()
