"""People who log in with a native client: codes, refresh tokens, id tokens and their ends."""

import base64
import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import globus_sdk
import pytest
import requests
from globus_sdk.login_flows import CommandLineLoginFlowManager
from globus_sdk.scopes import FlowsScopes
from globus_sdk.token_storage import MemoryTokenStorage

from flowdeck.emulator import Emulator

from .conftest import IDS

NATIVE = "0a71fe00-f10d-4ec0-8000-000000000009"
ADA = "1de27170-0ada-4ec0-8000-000000000002"
VERIFIER = "a verifier of forty-three characters or more"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ASKED = {
    "client_id": NATIVE,
    "redirect_uri": "http://127.0.0.1/v2/web/auth-code",
    "scope": f"openid email {FlowsScopes.view_flows}",
    "state": "s",
    "response_type": "code",
    "access_type": "offline",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
SECONDS = 10


def authorize(emulator: Emulator, **changed: str) -> requests.Response:
    return requests.get(f"{emulator.url}/v2/oauth2/authorize", {**ASKED, **changed}, timeout=SECONDS)


def exchange(emulator: Emulator, code: str, **changed: str) -> requests.Response:
    form = {
        "grant_type": "authorization_code",
        "client_id": NATIVE,
        "code": code,
        "code_verifier": VERIFIER,
        "redirect_uri": ASKED["redirect_uri"],
    }
    return requests.post(f"{emulator.url}/v2/oauth2/token", {**form, **changed}, timeout=SECONDS)


def refresh(emulator: Emulator, token: str, client: str = NATIVE) -> requests.Response:
    form = {"grant_type": "refresh_token", "client_id": client, "refresh_token": token}
    return requests.post(f"{emulator.url}/v2/oauth2/token", form, timeout=SECONDS)


def logged_in(emulator: Emulator, **changed: str) -> dict[str, Any]:
    answer = exchange(emulator, authorize(emulator, **changed).json()["code"])
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The default people; the variables point the SDK here."""
    with Emulator() as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running
        assert running.failures == []


def test_user_app(emulator: Emulator) -> None:
    """A UserApp of globus-sdk logs in, checks the id token, refreshes, and logs out."""

    class Manager(CommandLineLoginFlowManager):
        def print_authorize_url(self, authorize_url: str) -> None:
            self.url = authorize_url

        def prompt_for_code(self) -> str:
            code: str = requests.get(self.url, timeout=SECONDS).json()["code"]
            return code

    storage = MemoryTokenStorage()
    config = globus_sdk.GlobusAppConfig(token_storage=storage, login_flow_manager=Manager, request_refresh_tokens=True)
    with (
        globus_sdk.UserApp("test", client_id=NATIVE, config=config) as app,
        globus_sdk.FlowsClient(app=app) as flows,
    ):
        app.login()
        assert list(flows.list_flows()) == []
        token = storage.get_token_data("flows.globus.org")
        assert token is not None
        assert token.identity_id == ADA
        authorizer = app.get_authorizer("flows.globus.org")
        assert authorizer.handle_missing_authorization()
        assert list(flows.list_flows()) == []
        assert storage.get_token_data("flows.globus.org") != token
        app.logout()
        assert storage.get_token_data("flows.globus.org") is None
    assert {one.identity for one in emulator.requests() if one.path == "/flows"} == {ADA}


@pytest.mark.parametrize("hint", ["grace@example.org", "1de27170-09ac-4ec0-8000-000000000003"])
def test_login_hint(emulator: Emulator, hint: str) -> None:
    """The code is for whom `login_hint` names, by username or id, else for the person who was seeded first."""
    assert authorize(emulator).json()["identity"] == "ada@example.org"
    assert authorize(emulator, login_hint=hint).json()["identity"] == "grace@example.org"
    assert authorize(emulator, login_hint="nobody").status_code == 400


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_id": "x"}, 401, "invalid_client"),
        ({"client_id": "c11e1700-f10d-4ec0-8000-000000000001"}, 401, "invalid_client"),
        ({"response_type": "token"}, 400, "invalid_request"),
        ({"code_challenge": ""}, 400, "invalid_request"),
        ({"code_challenge_method": "plain"}, 400, "invalid_request"),
        ({"scope": ""}, 400, "invalid_scope"),
        ({"scope": "what"}, 400, "unknown_scope"),
    ],
)
def test_impossible_authorizations(emulator: Emulator, changed: dict[str, str], status: int, error: str) -> None:
    """A client that has a secret or is none, a login without PKCE by S256, and unknown scopes are refused."""
    answer = authorize(emulator, **changed)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_tokens_of_a_code(emulator: Emulator) -> None:
    """A code brings an access and a refresh token for each resource server, and an id token if openid was asked for."""
    body = logged_in(emulator)
    tokens = [body, *body["other_tokens"]]
    assert [one["resource_server"] for one in tokens] == ["auth.globus.org", "flows.globus.org"]
    assert all(one["refresh_token"] and one["access_token"] for one in tokens)
    assert body["id_token"].count(".") == 2
    assert "id_token" not in logged_in(emulator, scope=str(FlowsScopes.view_flows))


def test_online_access(emulator: Emulator) -> None:
    """Without access_type=offline there are no refresh tokens."""
    body = logged_in(emulator, access_type="online")
    assert not [one for one in (body, *body["other_tokens"]) if "refresh_token" in one]


@pytest.mark.parametrize(
    "changed",
    [{"code_verifier": "another"}, {"code_verifier": ""}, {"client_id": IDS["amy"]}, {"redirect_uri": "http://other"}],
)
def test_code_with_something_else(emulator: Emulator, changed: dict[str, str]) -> None:
    """A code is good for its own verifier, client and redirect only, and after a wrong try for nothing at all."""
    code = authorize(emulator).json()["code"]
    answer = exchange(emulator, code, **changed)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert exchange(emulator, code).status_code == 400


def test_code_twice(emulator: Emulator) -> None:
    """A code is good once."""
    code = authorize(emulator).json()["code"]
    assert [exchange(emulator, code).status_code for _ in range(2)] == [200, 400]


def test_refresh(emulator: Emulator) -> None:
    """A refresh token brings new access tokens for its own resource server, to its own client, until it is revoked."""
    flows = logged_in(emulator)["other_tokens"][0]
    first, second = (refresh(emulator, flows["refresh_token"]).json() for _ in range(2))
    assert len({flows["access_token"], first["access_token"], second["access_token"]}) == 3
    assert first["resource_server"] == "flows.globus.org"
    assert first["refresh_token"] == flows["refresh_token"]
    assert refresh(emulator, flows["refresh_token"], IDS["amy"]).json()["error"] == "invalid_grant"
    assert refresh(emulator, flows["access_token"]).json()["error"] == "invalid_grant"
    revoked = {"token": flows["refresh_token"], "client_id": NATIVE}
    requests.post(f"{emulator.url}/v2/oauth2/token/revoke", revoked, timeout=SECONDS)
    assert refresh(emulator, flows["refresh_token"]).json()["error"] == "invalid_grant"


def test_only_access_tokens_open(emulator: Emulator) -> None:
    """Codes and refresh tokens open no endpoint."""
    code = authorize(emulator).json()["code"]
    for token in (code, logged_in(emulator)["other_tokens"][0]["refresh_token"]):
        bearer = {"Authorization": f"Bearer {token}"}
        assert requests.get(f"{emulator.url}/flows", headers=bearer, timeout=SECONDS).status_code == 401


def test_file_without_grants(tmp_path: Path) -> None:
    """A file that an earlier emulator made, which knew no logins, serves logins as well."""
    data = tmp_path / "emulator.db"
    with Emulator(data=data):
        pass
    with closing(sqlite3.connect(data)) as database:
        database.execute("DROP TABLE grants")
        database.commit()
    with Emulator(data=data) as emulator:
        assert logged_in(emulator)["access_token"]
