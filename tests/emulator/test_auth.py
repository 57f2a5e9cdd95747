"""Tokens, scopes and identities."""

import base64
from itertools import combinations
from typing import Any

import globus_sdk
import pytest
import requests
from globus_sdk import ClientApp, GlobusAppConfig
from globus_sdk.scopes import AuthScopes, FlowsScopes, GroupsScopes, SpecificFlowScopes, TransferScopes

from .conftest import IDS, PASS, SECRET, Wire

UNKNOWN = "00000000-0000-4000-9000-00000000ffff"
SCOPES = [
    str(FlowsScopes.all),
    str(FlowsScopes.view_flows),
    str(GroupsScopes.all),
    "openid",
    str(AuthScopes.view_identity_set),
    str(SpecificFlowScopes(IDS["ben"]).user),
]


def app() -> ClientApp:
    return ClientApp("test", client_id=IDS["amy"], client_secret=SECRET, config=GlobusAppConfig(token_storage="memory"))


@pytest.mark.usefixtures("emulator")
def test_client_app() -> None:
    """One ClientApp, pointed here by the environment, serves the clients of three services."""
    with (
        app() as mine,
        globus_sdk.FlowsClient(app=mine) as flows,
        globus_sdk.GroupsClient(app=mine) as groups,
        globus_sdk.AuthClient(app=mine) as auth,
    ):
        assert flows.create_flow("t", PASS, {}).http_status == 201
        assert [group["name"] for group in groups.get_my_groups()] == ["first"]
        assert auth.userinfo()["sub"] == IDS["amy"]


@pytest.mark.parametrize("asked", [c for size in (1, 2, 3) for c in combinations(SCOPES, size)])
def test_scopes_asked_are_scopes_given(wire: Wire, asked: tuple[str, ...]) -> None:
    """Whatever scopes are asked for, the tokens carry exactly these, one token for each resource server."""
    with globus_sdk.ConfidentialAppAuthClient(IDS["amy"], SECRET, base_url=wire.emulator.url) as client:
        response = client.oauth2_client_credentials_tokens(list(asked))
    given = [scope for token in response.by_resource_server.values() for scope in token["scope"].split()]
    assert sorted(given) == sorted(asked)


def test_dependent_scopes(wire: Wire) -> None:
    """The dependencies of a scope are consents, not scopes of the token."""
    scope = FlowsScopes.all.with_dependency(TransferScopes.all.with_optional(True)).with_dependency(GroupsScopes.all)
    assert isinstance(wire.token(scope=f"{scope} {FlowsScopes.view_flows}"), str)
    with globus_sdk.ConfidentialAppAuthClient(IDS["amy"], SECRET, base_url=wire.emulator.url) as client:
        tokens = client.oauth2_client_credentials_tokens([scope, FlowsScopes.view_flows])
    assert list(tokens.by_resource_server) == ["flows.globus.org"]
    assert tokens["scope"].split() == [str(FlowsScopes.all), str(FlowsScopes.view_flows)]


@pytest.mark.parametrize("credentials", [(IDS["amy"], "wrong"), ("nobody", SECRET), ("", "")])
def test_wrong_credentials(wire: Wire, credentials: tuple[str, str]) -> None:
    """A wrong secret or an unknown client is an AuthAPIError with status 401."""
    url = f"{wire.emulator.url}/v2/oauth2/token"
    answer = requests.post(url, {"grant_type": "client_credentials", "scope": "openid"}, auth=credentials, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_credentials_in_the_form(wire: Wire) -> None:
    """Client id and secret may come in the form instead of by Basic authentication."""
    form = {"client_id": IDS["amy"], "client_secret": SECRET, "grant_type": "client_credentials", "scope": "openid"}
    answer = requests.post(f"{wire.emulator.url}/v2/oauth2/token", form, timeout=10)
    assert (answer.status_code, answer.json()["scope"], answer.json()["other_tokens"]) == (200, "openid", [])


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "invalid_scope"),
        ({"grant_type": "client_credentials", "scope": "what is this"}, "unknown_scope"),
    ],
)
def test_impossible_token_requests(wire: Wire, form: dict[str, str], error: str) -> None:
    """Another grant, no scope, or an unknown one are refused with status 400."""
    answer = requests.post(f"{wire.emulator.url}/v2/oauth2/token", form, auth=(IDS["amy"], SECRET), timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


READS = [("GET", "/flows"), ("GET", f"/flows/{IDS['amy']}")]
WRITES = [("POST", "/flows"), ("PUT", f"/flows/{IDS['amy']}"), ("DELETE", f"/flows/{IDS['amy']}")]
RUNS = [("GET", "/runs"), ("GET", f"/runs/{IDS['amy']}")]


@pytest.mark.parametrize(
    ("scope", "opened"),
    [
        (FlowsScopes.all, READS + WRITES + RUNS),
        (FlowsScopes.manage_flows, READS + WRITES),
        (FlowsScopes.view_flows, READS),
        (FlowsScopes.run_status, RUNS),
        (FlowsScopes.run_manage, RUNS),
        (GroupsScopes.all, []),
    ],
)
def test_scopes_open_endpoints(wire: Wire, scope: Any, opened: list[tuple[str, str]]) -> None:
    """An endpoint without a suitable scope is 403 in the shape of Flows; no other endpoint is."""
    bearer = {"Authorization": f"Bearer {wire.token(scope=str(scope))}"}
    for method, path in READS + WRITES + RUNS:
        answer = requests.request(method, wire.emulator.url + path, headers=bearer, json={}, timeout=10)
        assert ((method, path) in opened) == (answer.status_code != 403)
        if answer.status_code == 403:
            assert answer.json()["error"]["code"] == "MISSING_SCOPE"


def test_userinfo_by_scope(wire: Wire) -> None:
    """Userinfo tells what the scopes allow, and without openid nothing."""
    assert wire.auth(scope="openid").userinfo()["sub"] == IDS["amy"]
    assert "preferred_username" not in wire.auth(scope="openid").userinfo().data
    whole = wire.auth(scope=f"openid profile email {AuthScopes.view_identity_set}").userinfo()
    assert whole["preferred_username"] == "amy"
    assert [entry["username"] for entry in whole["identity_set"]] == ["amy"]
    with pytest.raises(globus_sdk.AuthAPIError) as refused:
        wire.auth(scope="email").userinfo()
    assert (refused.value.http_status, refused.value.code) == (403, "FORBIDDEN")


def test_identities(wire: Wire) -> None:
    """Identities are found by ids or by usernames; unknown ones are absent, and provisioned only on request."""
    client = wire.auth()
    assert [i["username"] for i in client.get_identities(ids=[IDS["cy"], IDS["ben"], UNKNOWN])] == ["cy", "ben"]
    assert [i["id"] for i in client.get_identities(usernames=["amy", "nobody@example.org"])] == [IDS["amy"]]
    [made] = client.get_identities(usernames="new@example.org", provision=True)
    assert list(client.get_identities(usernames="new@example.org")) == [made]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"ids": IDS["amy"], "usernames": "amy"},
        {"ids": "amy"},
        {"usernames": ",".join(f"u{number}" for number in range(101))},
    ],
)
def test_impossible_lookups(wire: Wire, query: dict[str, str]) -> None:
    """Neither or both of ids and usernames, an id that is none, and more than 100 are refused with status 400."""
    with pytest.raises(globus_sdk.AuthAPIError) as refused:
        wire.auth().get("/v2/api/identities", query_params=query)
    assert refused.value.http_status == 400


def test_tokens_end(wire: Wire) -> None:
    """A revoked token is inactive to introspection and useless as a bearer."""
    token = wire.token()
    with globus_sdk.ConfidentialAppAuthClient(IDS["amy"], SECRET, base_url=wire.emulator.url) as client:
        assert client.oauth2_token_introspect(token)["active"]
        client.oauth2_revoke_token(token)
        assert client.oauth2_token_introspect(token).data == {"active": False}
    answer = requests.get(f"{wire.emulator.url}/flows", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert answer.status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic x", "Basic " + base64.b64encode(b"x").decode()])
@pytest.mark.parametrize("path", ["/flows", "/v2/oauth2/userinfo", "/v2/api/identities", "/v2/groups/my_groups"])
def test_bad_authorization(wire: Wire, header: str, path: str) -> None:
    """Without a known token every service answers 401, whatever the header says instead."""
    answer = requests.get(wire.emulator.url + path, headers={"Authorization": header} if header else {}, timeout=10)
    assert answer.status_code == 401
