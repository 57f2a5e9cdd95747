"""A world: a project folder, a service with people, and the direct way to the service that goes past flowdeck."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from globus_sdk import AccessTokenAuthorizer, ConfidentialAppAuthClient, FlowsClient
from globus_sdk.scopes import FlowsScopes
from globus_sdk.transport import RetryConfig
from projects import DEFINITION, Command, Ran, manifest

from flowdeck.apply.keywords import Signature
from flowdeck.emulator import Emulator
from flowdeck.model.flow import Flow, WantedFlow
from flowdeck.model.json_value import Json
from flowdeck.service.retry import Patience

FLOWDECK = Path(sys.executable).with_name("flowdeck")
SECRET = "a secret of the tests"
IDS = {
    name: f"00000000-0000-4000-9000-{number:012}" for number, name in enumerate(("me", "colleague", "stranger", "ci"))
}
URNS = {name: f"urn:globus:auth:identity:{identity}" for name, identity in IDS.items()}
POLICIES = ("00000000-0000-4000-c000-000000000001", "00000000-0000-4000-c000-000000000002")
GROUP = "urn:globus:groups:id:00000000-0000-4000-a000-000000000001"
SUBSCRIPTION = "00000000-0000-4000-b000-000000000001"
ALL_ROLES = ("flow_owner", "flow_administrator", "flow_starter", "flow_viewer", "run_manager", "run_monitor")

SEED: dict[str, Any] = {
    "client": "me@example.org",
    "identities": [
        {"id": identity, "username": f"{name}@example.org", "secret": SECRET} for name, identity in IDS.items()
    ],
    "groups": [{"id": GROUP[-36:], "name": "crew", "members": ["colleague@example.org"]}],
    "policies": [{"id": policy, "high_assurance": True} for policy in POLICIES],
}

Document = dict[str, Any]


@dataclass
class World:
    """One service and one project at it; `flowdeck` is the command, everything else goes past it."""

    emulator: Emulator
    folder: Path
    flowdeck: Command
    monkeypatch: pytest.MonkeyPatch
    _opened: ExitStack = field(default_factory=ExitStack)
    _clients: dict[str, FlowsClient] = field(default_factory=dict)

    def declare(self, flows: dict[str, Any], **more: Any) -> Path:
        """Write flows.yaml (as JSON, which is YAML without surprises)."""
        return self.write(manifest(flows, **more))

    def write(self, document: Document) -> Path:
        """Write a whole document as flows.yaml."""
        path = self.folder / "flows.yaml"
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
        return path

    def plan(self, *arguments: str) -> Document:
        """The JSON plan."""
        ran = self.flowdeck("plan", "--format", "json", *arguments)
        assert ran.code == 0, ran
        return dict(ran.document)

    def apply(self, *arguments: str, code: int = 0) -> Document:
        """Apply without questions, and return the JSON result."""
        ran = self.flowdeck("apply", "--yes", "--format", "json", *arguments)
        assert ran.code == code, ran
        return dict(ran.document)

    def refused(self, command: str, *arguments: str, code: int = 3) -> str:
        """Run a command that must end with `code` and write nothing; return all that it said."""
        before = self.snapshot()
        self.emulator.clear_requests()
        ran = self.flowdeck(command, *arguments)
        assert ran.code == code, ran
        assert self.writes() == []
        assert self.snapshot() == before
        assert "Traceback" not in ran.out + ran.err
        return ran.out + ran.err

    def settled(self) -> None:
        """Plan once more: nothing is left to do."""
        ran = self.flowdeck("plan", "--format", "json", "--detailed-exitcode")
        assert ran.code == 0, ran.out + ran.err
        assert ran.document["changes"] == []
        counts = {name: count for name, count in ran.document["summary"].items() if count}
        assert counts.keys() <= {"unchanged"}, counts

    def writes(self) -> list[tuple[str, str]]:
        """The requests to Flows that are no GET, since the log was last cleared."""
        return [
            (one.method, one.path)
            for one in self.emulator.requests()
            if one.path.startswith("/flows") and one.method != "GET"
        ]

    def sdk(self, who: str = "me") -> FlowsClient:
        """A client of the service for one of the people."""
        if who not in self._clients:
            client = FlowsClient(
                base_url=self.emulator.url,
                authorizer=AccessTokenAuthorizer(token(self.emulator.url, IDS[who], SECRET)),
                retry_config=RetryConfig(max_retries=0),
            )
            self._clients[who] = self._opened.enter_context(client)
        return self._clients[who]

    def act_as(self, who: str) -> None:
        """Let flowdeck act as another identity from now on."""
        self.monkeypatch.setenv("FLOWDECK_CLIENT_ID", IDS[who])
        self.monkeypatch.setenv("FLOWDECK_CLIENT_SECRET", SECRET)

    def make(self, who: str = "me", title: str = "made by hand", **fields: Any) -> Document:
        """Create a flow past flowdeck."""
        sent = {"definition": DEFINITION, "input_schema": {}, **fields}
        return dict(self.sdk(who).create_flow(title, **sent).data)

    def read(self, id: str, who: str = "me") -> Document:
        """One flow as the service shows it."""
        return dict(self.sdk(who).get_flow(id).data)

    def live(self, who: str = "me") -> list[Document]:
        """Every flow that somebody sees, by id."""
        pages = self.sdk(who).paginated.list_flows(filter_roles=ALL_ROLES, orderby="id ASC")
        return [flow for page in pages for flow in page["flows"]]

    def marked(self, name: str, who: str = "me") -> list[Document]:
        """The flows that carry the marker of one address."""
        return [flow for flow in self.live(who) if f"flowdeck:lab/test/{name}" in flow["keywords"]]

    def snapshot(self) -> dict[str, str]:
        """Everything that anybody sees, as text."""
        return {f"{who} {flow['id']}": json.dumps(flow) for who in IDS for flow in self.live(who)}


@contextmanager
def opened(
    folder: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch, seed: Mapping[str, Any] | None = None
) -> Iterator[World]:
    """A world whose service has the people of SEED, and what `seed` adds."""
    # How long flowdeck waits for a list that lags: the tests' lists lag for as long as they say, however long we wait.
    monkeypatch.setattr("flowdeck.apply.settle._PAUSES", (0.01, 0.02, 0.03))
    monkeypatch.setattr("flowdeck.service.retry.PATIENCE", Patience(first=0.01, most=0.05))
    for name in ("FLOWDECK_CLIENT_ID", "FLOWDECK_CLIENT_SECRET", "FLOWDECK_CLIENT_SECRET_FILE"):
        monkeypatch.delenv(name, raising=False)
    with Emulator(seed={**SEED, **(seed or {})}) as emulator, ExitStack() as clients:
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        yield World(emulator, folder, flowdeck, monkeypatch, clients)
        assert emulator.failures == []


@contextmanager
def served(data: Path, env_file: Path) -> Iterator[dict[str, str]]:
    """`flowdeck emulator` in a process of its own, ended by its id; the variables that its lines export."""
    command = [str(FLOWDECK), "emulator", "--data", str(data), "--env-file", str(env_file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(5)]  # printed once it accepts connections
            assert env_file.read_text(encoding="utf-8") == "".join(lines)
            pairs = (line.removeprefix("export ").strip().partition("=") for line in lines)
            yield {name: value for name, _, value in pairs}
            process.terminate()
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()


def token(url: str, client_id: str, secret: str) -> str:
    """A token for everything at Flows."""
    with ConfidentialAppAuthClient(client_id, secret, base_url=url) as auth:
        answer = auth.oauth2_client_credentials_tokens(requested_scopes=[FlowsScopes.all])
        return str(answer.by_resource_server[FlowsClient.resource_server]["access_token"])


def signed(name: str, title: str = "", definition: Any = None, **fields: Any) -> Document:
    """The fields of a flow as flowdeck itself creates it for this address, marker and stamp included."""
    definition = definition or DEFINITION
    wanted = WantedFlow(name, Flow(title=title or name, definition=Json.of(definition), **fields))
    keywords = Signature("lab", "test").keywords(wanted, wanted.flow)
    return {"title": title or name, "definition": definition, "keywords": keywords}


def only(found: list[Any]) -> Any:
    """The single item of a list."""
    assert len(found) == 1, found
    return found[0]


def codes(ran: Ran | Document) -> set[str]:
    """The codes of a document's diagnostics and of its changes' errors, but for what is said of a useless --allow."""
    document = ran.document if isinstance(ran, Ran) else ran
    errors = [change["error"] for change in document.get("changes", []) if change.get("error")]
    return {one["code"] for one in [*document["diagnostics"], *errors]} - {"unused-allow"}
