"""What all tests share: a project folder, an emulator, and the commands run in this process."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from projects import Command, Ran

from flowdeck.cli.main import run
from flowdeck.emulator import Emulator

# Speed is measured by `make bench`; here a slow machine must not fail a law. In CI the same examples every time.
settings.register_profile(
    "flowdeck", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("flowdeck")

# Variables that would change what a command does on a developer's machine or in CI.
_FOREIGN = ("CI", "GITHUB_SHA", "CI_COMMIT_SHA", "NO_COLOR", "FLOWDECK_ENV", "FLOWDECK_FILE", "GLOBUS_SDK_ENVIRONMENT")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine decides what a test sees."""
    for name in _FOREIGN:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """A fresh service that `service: globus` leads to."""
    with Emulator() as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running
        assert running.failures == []


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder, which is the working directory."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def flowdeck(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command as the shell would, in this process."""

    def command(*arguments: str) -> Ran:
        capsys.readouterr()
        code = run(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return command
