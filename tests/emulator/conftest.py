"""An emulator with people who can speak for themselves, and the clients that they use."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, TypeVar

import globus_sdk
import pytest
import requests
from globus_sdk.scopes import FlowsScopes, GroupsScopes
from globus_sdk.transport import RetryConfig

from flowdeck.emulator import Emulator

PASS: dict[str, Any] = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
SECRET = "secret of a test"
IDS = {name: f"00000000-0000-4000-9000-{number:012}" for number, name in enumerate(("amy", "ben", "cy", "dan"))}
URNS = {name: f"urn:globus:auth:identity:{identity}" for name, identity in IDS.items()}
GROUP = "00000000-0000-4000-a000-000000000001"
SUBSCRIPTIONS = ("00000000-0000-4000-b000-000000000001", "00000000-0000-4000-b000-000000000002")
POLICIES = ("00000000-0000-4000-c000-000000000001", "00000000-0000-4000-c000-000000000002")
LAX_POLICY = "00000000-0000-4000-c000-000000000003"

# dan alone belongs to the group, to a second subscription too; cy belongs to nothing.
SEED: dict[str, Any] = {
    "client": "amy",
    "identities": [{"id": IDS[name], "username": name, "secret": SECRET} for name in IDS],
    "groups": [{"id": GROUP, "name": "crew", "members": ["dan", {"identity": "ben", "status": "invited"}]}],
    "subscriptions": [
        {"id": SUBSCRIPTIONS[0], "name": "first", "members": ["amy", "dan"]},
        {"id": SUBSCRIPTIONS[1], "name": "second", "members": ["dan"]},
    ],
    "policies": [{"id": policy, "high_assurance": policy != LAX_POLICY} for policy in (*POLICIES, LAX_POLICY)],
}


Client = TypeVar("Client", bound=globus_sdk.BaseClient)


class Wire:
    """Clients of one emulator, closed together. Retries are off unless a test asks for them."""

    def __init__(self, emulator: Emulator, opened: ExitStack) -> None:
        self.emulator = emulator
        self._opened = opened
        self._session = opened.enter_context(requests.Session())

    def token(self, who: str = "amy", scope: str = str(FlowsScopes.all)) -> str:
        form = {"grant_type": "client_credentials", "scope": scope}
        answer = self._session.post(f"{self.emulator.url}/v2/oauth2/token", form, auth=(IDS[who], SECRET))
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    def flows(self, who: str = "amy", scope: str = str(FlowsScopes.all), retries: int = 0) -> globus_sdk.FlowsClient:
        return self._client(globus_sdk.FlowsClient, who, scope, retries)

    def groups(self, who: str = "amy", scope: str = str(GroupsScopes.all)) -> globus_sdk.GroupsClient:
        return self._client(globus_sdk.GroupsClient, who, scope)

    def auth(self, who: str = "amy", scope: str = "openid profile email") -> globus_sdk.AuthClient:
        return self._client(globus_sdk.AuthClient, who, scope)

    def _client(self, kind: type[Client], who: str, scope: str, retries: int = 0) -> Client:
        client = kind(
            base_url=self.emulator.url,
            authorizer=globus_sdk.AccessTokenAuthorizer(self.token(who, scope)),
            retry_config=RetryConfig(max_retries=retries, max_sleep=0.01),
        )
        self._opened.enter_context(client)
        return client

    def send(self, method: str, path: str, who: str | None = "amy", **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token(who)}"} if who else {}
        return self._session.request(method, self.emulator.url + path, headers=headers, **options)


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with Emulator(seed=SEED) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running
    assert running.failures == []


@pytest.fixture
def wire(emulator: Emulator) -> Iterator[Wire]:
    with ExitStack() as opened:
        yield Wire(emulator, opened)
