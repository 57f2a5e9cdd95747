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

    def run(*arguments: str, status: int = 0) -> Any:
        command = [str(CLI), *arguments, "--format", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == status, done.stderr
        return json.loads(done.stdout) if status == 0 else done.stderr

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
    """A bare UUID as a principal and an unsound definition are refused in words that the CLI can show."""
    refused = globus("flows", "create", "t", json.dumps(PASS), "--administrator", IDS["ben"], status=1)
    assert "UNPROCESSABLE_ENTITY" in refused
    assert "Unrecognized principal string" in refused
    unsound = {"StartAt": "B", "States": {"A": {"Type": "Action"}}}
    assert "validation errors in body" in globus("flows", "validate", json.dumps(unsound), status=1)


def test_validate(globus: Globus) -> None:
    """A sound definition validates."""
    assert globus("flows", "validate", json.dumps(PASS))["analysis"] == {"number_of_possibilities": 1}


def test_people(globus: Globus) -> None:
    """whoami, get-identities, group list and flows run list are answered too."""
    assert globus("whoami")["sub"] == IDS["amy"]
    assert globus("get-identities", IDS["ben"])["identities"][0]["id"] == IDS["ben"]
    assert [group["name"] for group in globus("group", "list")] == ["first"]
    assert globus("flows", "run", "list")["runs"] == []
