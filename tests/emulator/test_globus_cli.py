"""The official globus-cli, unchanged, against the emulator."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowdeck.emulator import Emulator

from .conftest import IDS, PASS, SUBSCRIPTIONS, URNS

CLI = Path(
    os.environ.get("FLOWDECK_TEST_GLOBUS_CLI") or Path(__file__).parents[2] / ".venv-globus-cli" / "bin" / "globus"
)

pytestmark = pytest.mark.skipif(not CLI.exists(), reason=f"globus-cli is not installed at {CLI}: `make test` does that")

Globus = Callable[..., Any]


@pytest.fixture
def globus(emulator: Emulator, tmp_path: Path) -> Globus:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        **emulator.environment(),
    }

    def run(*arguments: str, status: int = 0, face: str = "json") -> Any:
        command = [str(CLI), *arguments, "--format", face]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == status, done.stderr
        if status:
            return done.stderr
        return json.loads(done.stdout) if face == "json" else done.stdout

    return run


def test_life_of_a_flow(globus: Globus, tmp_path: Path) -> None:
    """A flow is created from a file, shown, listed, changed, cleared and deleted."""
    path = tmp_path / "definition.json"
    path.write_text(json.dumps(PASS))
    created = globus(
        "flows", "create", "Title", str(path), "--viewer", "public", "--keyword", "k", "--description", "d"
    )
    assert (created["definition"], created["flow_viewers"], created["keywords"]) == (PASS, ["public"], ["k"])
    flow_id = created["id"]
    assert globus("flows", "show", flow_id) == created
    assert [flow["id"] for flow in globus("flows", "list")["flows"]] == [flow_id]
    options = ("--title", "New", "--keywords", "", "--administrators", URNS["ben"], "--subscription-id", "DEFAULT")
    changed = globus("flows", "update", flow_id, *options)
    assert (changed["title"], changed["keywords"], changed["description"]) == ("New", [], "d")
    assert (changed["flow_administrators"], changed["subscription_id"]) == ([URNS["ben"]], SUBSCRIPTIONS[0])
    assert globus("flows", "delete", flow_id)["DELETED"] is True
    assert "NOT_FOUND" in globus("flows", "show", flow_id, status=1)


def test_errors(globus: Globus) -> None:
    """A bare UUID as a principal is refused in words that the CLI can show."""
    refused = globus("flows", "create", "t", json.dumps(PASS), "--administrator", IDS["ben"], status=1)
    assert "UNPROCESSABLE_ENTITY" in refused
    assert "Unrecognized principal string" in refused


def test_refused_definitions(globus: Globus) -> None:
    """What is wrong with a definition is shown by the CLI as people know it from the service: places and words."""
    states = {"A b": {"Type": "Wait", "Seconds": 5}, "C": {"End": True}, "D": {"Type": "Choice"}}
    unsound = json.dumps({"StartAt": "A b", "States": states})
    for command in (("validate",), ("create", "Title")):
        shown = globus("flows", *command, unsound, status=1, face="text")
        assert [line.strip() for line in shown.splitlines()[1:]] == [
            "HTTP status:      422",
            "code:             UNPROCESSABLE_ENTITY",
            "message:          3 validation errors",
            "errors:",
            "$.definition.States.A b: A state of type 'Wait' must be defined as either terminal (\"End\": true)"
            ' or transitional ("Next": "NextStateId")',
            "$.definition.States.C: Discriminator 'type' is missing in value",
            "$.definition.States.D.Choices: field required",
        ]


def test_refused_flow_of_data(globus: Globus) -> None:
    """A path that leads nowhere is shown with its place, type and summary, also when a flow is updated."""
    flow_id = globus("flows", "create", "Title", json.dumps(PASS))["id"]
    wrote = {"Type": "Pass", "Result": {"bar": 1}, "Next": "y"}
    reads = {"Type": "Wait", "SecondsPath": "$.foo[0]", "End": True}
    definition = json.dumps({"StartAt": "x", "States": {"x": wrote, "y": reads}})
    for command in (("validate", definition), ("update", flow_id, "--definition", definition)):
        shown = globus("flows", *command, status=1, face="text")
        assert [line.strip() for line in shown.splitlines()[1:]] == [
            "HTTP status:      422",
            "code:             FLOW_VALIDATION_FAILED",
            "message:          This flow contains errors in 1 wait state.",
            "detail:           InvalidAccessPath $.definition.States.y.SecondsPath:"
            " Improper access to data in this wait state with expression: $.foo[0]",
        ]


def test_a_provider_that_is_away(globus: Globus) -> None:
    """A provider that does not tell its scope is shown by its URL."""
    action = {"Type": "Action", "ActionUrl": "https://away.invalid/x", "Parameters": {}, "End": True}
    shown = globus("flows", "validate", json.dumps({"StartAt": "A", "States": {"A": action}}), status=1, face="text")
    assert "SCOPE_RESOLUTION_FAILED" in shown
    assert "Failed to resolve scope for Action Provider at 'https://away.invalid/x'" in shown


def test_validate(globus: Globus) -> None:
    """A sound definition validates, and the scopes that its users consent to are shown by role."""
    assert globus("flows", "validate", json.dumps(PASS))["analysis"] == {"number_of_possibilities": 1}
    action = {"Type": "Action", "ActionUrl": "https://actions.globus.org/hello_world", "Parameters": {}, "End": True}
    shown = globus("flows", "validate", json.dumps({"StartAt": "A", "States": {"A": action}}), face="text")
    assert [line.split() for line in shown.splitlines()][-1] == [
        *("User", "|", "https://auth.globus.org/scopes/actions.globus.org/hello_world")
    ]


def test_people(globus: Globus) -> None:
    """whoami, get-identities, group list and flows run list are answered too."""
    assert globus("whoami")["sub"] == IDS["amy"]
    assert globus("get-identities", IDS["ben"])["identities"][0]["id"] == IDS["ben"]
    assert [group["name"] for group in globus("group", "list")] == ["first"]
    assert globus("flows", "run", "list")["runs"] == []
