"""A repository with a project, a GitHub of our own, and the action run in it as on a runner."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import globus_sdk
import pytest
from projects import manifest, write

from flowdeck.cli.main import run
from flowdeck.emulator import Emulator

from .github import HEAD, REPOSITORY, GitHub, serving
from .runner import ACTION, CANCELLED, Ended, Event, Runner, Signals

# The action's modules, whose names are their own: behind everything else.
sys.path.append(str(ACTION))

TOKEN = "ghs_c4naryOfTheToken"
MERGED = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def github() -> Iterator[GitHub]:
    """The forge, empty, with a token of the job."""
    with serving(GitHub(token=TOKEN)) as running:
        yield running


@dataclass
class Checkout:
    """A repository on a runner, and what its workflows do."""

    folder: Path
    scratch: Path
    github: GitHub
    emulator: Emulator
    cancel: Any = None
    signals: Signals = CANCELLED
    secrets: dict[str, str] = field(default_factory=dict)
    logs: list[str] = field(default_factory=list)
    uses: int = 0

    def write(self, flows: dict[str, Any], **more: Any) -> None:
        """Commit a manifest; it has the environments staging and production."""
        environments = {"staging": {"service": "globus"}, "production": {"service": "globus"}}
        write(self.folder, manifest(flows, **{"environments": environments, **more}))

    def settle(self, environment: str = "production") -> None:
        """Apply what is committed, without the action."""
        assert run(["apply", "--yes", "--file", str(self.folder), "--env", environment]) == 0

    def edit(self, called: str, **changes: Any) -> None:
        """Change the flow of this title as somebody outside would."""
        given = self.emulator.environment()
        with globus_sdk.ConfidentialAppAuthClient(
            given["GLOBUS_CLI_CLIENT_ID"], given["GLOBUS_CLI_CLIENT_SECRET"], base_url=self.emulator.url
        ) as auth:
            tokens = auth.oauth2_client_credentials_tokens(requested_scopes=globus_sdk.FlowsClient.scopes.all)
        authorizer = globus_sdk.AccessTokenAuthorizer(tokens.by_resource_server["flows.globus.org"]["access_token"])
        with globus_sdk.FlowsClient(base_url=self.emulator.url, authorizer=authorizer) as client:
            (flow,) = [one for one in client.list_flows() if one["title"] == called]
            client.update_flow(flow["id"], **changes)

    def run(self, command: str, event: Event, environment: str = "production", **inputs: str) -> Ended:
        """One job that uses the action once."""
        self.uses += 1
        runner = Runner(
            *(self.folder, self.scratch / str(self.uses), self.github.url, self.secrets, self.github.token),
            cancel=self.cancel,
            signals=self.signals,
        )
        ended = runner.use(event, command=command, environment=environment, version="installed", **inputs)
        self.logs += [ended.log, ended.summary, *ended.outputs.values()]
        return ended

    def plan(
        self,
        number: int,
        environment: str = "production",
        head: str = HEAD,
        repository: str = REPOSITORY,
        **inputs: str,
    ) -> Ended:
        """The job of a pull request, from this commit of a branch of this repository."""
        if number not in self.github.issues:
            self.github.pull_request(number)
        head = {"sha": head, "ref": "a-branch", "repo": {"full_name": repository}}
        event = Event("pull_request", pull_request={"number": number, "head": head}, branch=f"{number}/merge")
        return self.run("plan", event, environment, **inputs)

    def apply(self, commit: str = MERGED, environment: str = "production", **inputs: str) -> Ended:
        """The job of a push."""
        return self.run("apply", Event(commit=commit), environment, **inputs)

    def drift(self, run: str = "77", **inputs: str) -> Ended:
        """The scheduled job."""
        return self.run("drift", Event("schedule", run=run), **inputs)

    def written(self) -> list[str]:
        """The requests of the action that changed flows."""
        return [
            f"{one.method} {one.path}"
            for one in self.emulator.requests()
            if one.path.startswith("/flows") and one.method != "GET" and one.path != "/flows/validate"
        ]


@pytest.fixture
def checkout(tmp_path: Path, emulator: Emulator, github: GitHub) -> Iterator[Checkout]:
    """A repository whose two environments are on the emulator."""
    folder, scratch = tmp_path / "checkout", tmp_path / "runner"
    folder.mkdir()
    scratch.mkdir()
    given = emulator.environment()
    secrets = {name: value for name, value in given.items() if name.startswith("GLOBUS_SDK")}
    secrets |= {name.replace("GLOBUS_CLI", "FLOWDECK"): given[name] for name in given if name not in secrets}
    found = Checkout(folder, scratch, github, emulator, secrets=secrets)
    yield found
    # Whatever was tested, no secret is anywhere that people look.
    seen = "\n".join([*found.logs, *(one["body"] or "" for one in github.comments)])
    seen += "\n".join(f"{one.get('title')} {one['body']}" for one in github.issues.values())
    assert secrets["FLOWDECK_CLIENT_SECRET"] not in seen
    assert TOKEN not in seen
    assert "Traceback" not in seen
    assert os.environ.get("GITHUB_OUTPUT") is None
