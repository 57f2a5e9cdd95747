"""Ten pull requests, each with the four faces of its plan as a person read them and found them good.

A folder of tests/pull_requests holds `before.yaml`, which is applied, what happens then (`outside.yaml`: edits by
somebody else; `seed.yaml`: what the emulator is told), and `after.yaml`, which is planned.
`python tests/test_pull_requests.py` writes the faces anew: read them before you keep them.
"""

import io
import json
import os
import re
import shutil
import tempfile
from contextlib import chdir, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

import globus_sdk
import pytest
import yaml

from flowdeck.cli.main import run
from flowdeck.emulator import Emulator
from flowdeck.model.path import path_of

SCENARIOS = Path(__file__).with_name("pull_requests")
NAMES = sorted(folder.name for folder in SCENARIOS.iterdir() if folder.is_dir())
FACES = ("plan.txt", "plan.md", "plan.html", "plan.json")


@cache
def faces(name: str) -> dict[str, str]:
    """The faces of a scenario's plan by file, without what differs from run to run."""
    scenario = SCENARIOS / name
    with tempfile.TemporaryDirectory() as scratch, chdir(scratch):
        shutil.copy(scenario / "before.yaml", "flows.yaml")
        flowdeck("apply", "--yes")
        happen(scenario)
        shutil.copy(scenario / "after.yaml", "flows.yaml")
        flowdeck("plan", *(argument for face in FACES for argument in ("--out", face)))
        texts = {face: Path(face).read_text(encoding="utf-8") for face in FACES}
    return {face: stable(text, json.loads(texts["plan.json"])) for face, text in texts.items()}


def flowdeck(*arguments: str) -> None:
    """A command that must end well."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as told:
        code = run(arguments)
    assert code == 0, told.getvalue()


def happen(scenario: Path) -> None:
    """What happens between the last apply and the pull request."""
    seed, outside = scenario / "seed.yaml", scenario / "outside.yaml"
    with Emulator(data=Path(".flowdeck/emulator.db"), seed=seed if seed.exists() else None) as emulator:
        if outside.exists():
            edit(emulator, yaml.safe_load(outside.read_text(encoding="utf-8")))


def edit(emulator: Emulator, edits: dict[str, dict[str, Any]]) -> None:
    """Change fields of flows past flowdeck; a field may be a path into a definition."""
    secrets = emulator.environment()
    with globus_sdk.ConfidentialAppAuthClient(
        secrets["GLOBUS_CLI_CLIENT_ID"], secrets["GLOBUS_CLI_CLIENT_SECRET"], base_url=emulator.url
    ) as auth:
        tokens = auth.oauth2_client_credentials_tokens(requested_scopes=globus_sdk.FlowsClient.scopes.all)
    authorizer = globus_sdk.AccessTokenAuthorizer(tokens.by_resource_server["flows.globus.org"]["access_token"])
    with globus_sdk.FlowsClient(base_url=emulator.url, authorizer=authorizer) as client:
        by_title = {flow["title"]: dict(flow) for flow in client.list_flows()}
        for title, fields in edits.items():
            changed = by_title[title]
            for path, value in fields.items():
                *steps, last = path_of(path)
                part = changed
                for step in steps:
                    part = part[step]
                part[last] = value
            sent = {name: changed[name] for name in {str(path_of(path)[0]) for path in fields}}
            client.update_flow(changed["id"], **sent)


def stable(text: str, document: dict[str, Any]) -> str:
    """A face with ids by the order of the flows, and words for digests and the version."""
    for number, change in enumerate(document["changes"], 1):
        if change["id"]:
            text = text.replace(change["id"], f"00000000-0000-4000-8000-{number:012}")
        text = text.replace(change["digest"], f"(digest of {change['address']})")
    text = text.replace(document["digest"], "(digest of the plan)").replace(document["digest"][:12], "0123456789ab")
    return text.replace(f'"flowdeck_version": "{document["flowdeck_version"]}"', '"flowdeck_version": "..."')


@pytest.fixture(autouse=True)
def no_graphviz(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawings differ between versions of Graphviz, so these pages have tables in their place."""
    monkeypatch.setenv("PATH", "")


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", NAMES)
def test_a_pull_request(name: str, face: str) -> None:
    """Each face of each plan is what somebody read and found good."""
    assert faces(name)[face] == (SCENARIOS / name / face).read_text(encoding="utf-8")


def test_there_are_ten() -> None:
    """What reviewers meet most is there, once each."""
    assert len(NAMES) == 10


def test_the_manual_shows_real_plans() -> None:
    """What docs/reviewing.md quotes stands so in one of these plans."""
    text = (Path(__file__).parents[1] / "docs" / "reviewing.md").read_text(encoding="utf-8")
    quoted = [re.sub("^> ?", "", one, flags=re.MULTILINE) for one in re.findall(r"(?:^>.*\n)+", text, re.MULTILINE)]
    quoted += re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    plans = [
        (SCENARIOS / name / face).read_text(encoding="utf-8") for name in NAMES for face in ("plan.txt", "plan.md")
    ]

    assert len(quoted) == 3
    assert [one for one in quoted if not any(one in plan for plan in plans)] == []


if __name__ == "__main__":
    os.environ["PATH"] = ""
    for scenario in NAMES:
        for file, text in faces(scenario).items():
            (SCENARIOS / scenario / file).write_text(text, encoding="utf-8")
