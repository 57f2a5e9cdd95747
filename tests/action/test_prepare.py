"""The first step: what it refuses, and that what installs flowdeck sees neither secrets nor the checkout."""

import json
import sys
from pathlib import Path
from typing import Any

import prepare
import pytest
from step import MISUSED, StepError, job

from .conftest import Checkout
from .runner import Event

# A build backend that needs nothing, and tells in the wheel what it saw of the world.
BACKEND = """
import json, os, sys, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "flowdeck-0-py3-none-any.whl"
    seen = json.dumps([dict(os.environ), os.getcwd(), sys.path])
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("seen.json", seen)
        wheel.writestr("flowdeck-0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: flowdeck\\nVersion: 0\\n")
        wheel.writestr("flowdeck-0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n")
        wheel.writestr("flowdeck-0.dist-info/RECORD", "")
    return name
"""
CANARY = "CANARY"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Something like flowdeck's repository, which pip can install without a network."""
    folder = tmp_path / "source"
    (folder / "requirements").mkdir(parents=True)
    (folder / "requirements" / "run.txt").write_text("", encoding="utf-8")
    (folder / "backend.py").write_text(BACKEND, encoding="utf-8")
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n', encoding="utf-8"
    )
    return folder


def test_what_installs_flowdeck(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installing runs no file of the checkout; it sees the proxy and its own settings, and no secret of any name."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("pip.py", "json.py", "sitecustomize.py"):
        (checkout / name).write_text("raise SystemExit('a file of the checkout was run')", encoding="utf-8")
    monkeypatch.chdir(checkout)
    names = ("FLOWDECK_CLIENT_SECRET", "PUBLISH_KEY", "PATHOLOGY", "GITHUB_TOKEN", "INPUT_DIGEST")
    secret = dict.fromkeys(names, CANARY)
    runner = {"GITHUB_ENV": CANARY, "GITHUB_OUTPUT": CANARY, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": CANARY}
    plain = {"PATH": "/usr/bin:/bin", "https_proxy": "http://127.0.0.1:9", "PIP_NO_INDEX": "1", "HOME": str(tmp_path)}
    python = prepare.installed(tmp_path / "venv", source, {**secret, **runner, **plain, "PYTHONPATH": str(checkout)})
    (seen,) = python.parents[1].glob("lib/*/site-packages/seen.json")
    environment, _, path = json.loads(seen.read_text(encoding="utf-8"))
    assert CANARY not in str(environment)
    assert plain.items() <= environment.items()
    assert str(checkout) not in [str(Path(one).resolve()) for one in path]
    assert "" not in path


def test_no_pull_request_target(checkout: Checkout) -> None:
    """The event that gives secrets to strangers ends the first step, whatever the command."""
    checkout.write({"one": {}})
    for command in ("plan", "validate"):
        ended = checkout.run(command, Event("pull_request_target", pull_request={"number": 7}))
        assert (ended.failed, ended.outcomes["prepare"], ended.outcomes["run"]) == (True, "failure", "skipped")
        assert "`pull_request_target` gives secrets to strangers" in ended.log
    assert checkout.emulator.requests() == []


def test_an_old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """A runner whose Python is too old is told so, and what to do."""
    monkeypatch.setattr(sys, "version_info", (3, 10, 9))
    with pytest.raises(StepError, match="needs Python") as caught:
        prepare.main({})
    assert caught.value.code == MISUSED


@pytest.mark.parametrize(
    ("head", "is_fork"),
    [
        ({"sha": "a", "repo": {"full_name": "lab/flows"}}, False),
        ({"sha": "a", "repo": {"full_name": "mallory/flows"}}, True),
        ({"sha": "a", "repo": None}, True),  # the fork was deleted
        (None, False),  # no pull request
    ],
)
def test_whose_pull_request_it_is(tmp_path: Path, head: dict[str, Any] | None, is_fork: bool) -> None:
    """A pull request is a fork's unless its branch is known to lie in this repository."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7, "head": head}} if head else {}), encoding="utf-8")
    environment = {
        "GITHUB_REPOSITORY": "lab/flows",
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_RUN_ID": "7",
    }
    found = job({**environment, "GITHUB_EVENT_PATH": str(event)})
    assert (found.is_fork, found.head) == (is_fork, "a" if head else "")
