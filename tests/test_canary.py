"""A secret walks through every command, format and loudness, and is seen nowhere but at the service."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from projects import Command
from worlds import World, opened

from flowdeck.cli.main import _COMMANDS

SECRETS = ("CANARY-in-a-variable-7c1e", "CANARY-in-a-file-93ab", "CANARY-of-the-client-55d0")
# What every command is asked; those that wait for somebody, or leave the project, are not walked through.
ASKED: dict[str, list[list[str]]] = {
    "init": [["elsewhere"]],
    "validate": [[], ["--online"]],
    "plan": [[], ["--destroy"], ["--out", "p.json", "--out", "p.txt", "--out", "p.md", "--out", "p.html"], ["a"]],
    "apply": [["--yes"], ["--expect", "0" * 12], ["--yes", "--no-delete"], ["--yes", "--log", "a.jsonl"]],
    "drift": [[]],
    "list": [[]],
    "show": [["a"]],
    "graph": [["a"], ["a", "--live"], ["a", "--diff"]],
    "output": [[]],
    "import": [["00000000-0000-4000-9000-00000000ffff", "b"], ["--all"]],
    "forget": [["nothing"]],
    "whoami": [[]],
    "logout": [[]],
    "schema": [[]],
    "completion": [["bash"]],
    "destroy": [["--yes", "--log", "a.jsonl"]],
}
NOT_WALKED = {"login", "emulator"}
FORMATS = {
    "validate": ("text", "json", "github", "sarif", "junit"),
    **dict.fromkeys(("list", "show", "forget", "destroy", "whoami"), ("text", "json")),
    **dict.fromkeys(("apply", "drift"), ("text", "json", "markdown")),
    "plan": ("text", "json", "markdown", "html", "gitlab"),
    "output": ("json", "env"),
    "graph": ("mermaid", "dot", "svg"),
}


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch) as running:
        monkeypatch.setenv("A_KEY", SECRETS[0])
        (project / "key.txt").write_text(SECRETS[1])
        yield running


def declare(world: World, **parameters: Any) -> None:
    private = {"__Private_Parameters": ["one", "two"], "one": "Bearer ${secret.one}", "two": {"deep": "${secret.two}"}}
    states = {"Run": {"Type": "Pass", "Parameters": {**private, **parameters}, "End": True}}
    world.declare(
        {"a": {"definition": {"StartAt": "Run", "States": states}}},
        secrets={"one": {"env": "A_KEY"}, "two": {"file": "key.txt"}},
    )


def said(world: World, command: str, caplog: pytest.LogCaptureFixture) -> str:
    """Everything that a command says and logs, in every format and loudness."""
    caplog.set_level(logging.DEBUG)
    texts = []
    for arguments in ASKED[command]:
        for form in FORMATS.get(command, (None,)):
            for loudness in ([], ["-v"], ["-q"]):
                options = [*(["--format", form] if form else []), *(loudness if command in FORMATS else [])]
                ran = world.flowdeck(command, *arguments, *options)
                texts += [ran.out, ran.err]
    return "\n".join([*texts, caplog.text])


def test_every_command_is_walked() -> None:
    """A command that is added is walked too, or is named here with its reason."""
    assert set(ASKED) | NOT_WALKED == set(_COMMANDS)


@pytest.mark.parametrize("state", ["new", "applied", "rotated", "refused by the service", "service down"])
def test_no_secret_is_seen(world: World, caplog: pytest.LogCaptureFixture, state: str) -> None:
    """No secret is in any output, log or written file, whatever the flow's state and whatever goes wrong."""
    declare(world)
    if state != "new":
        world.apply()
    if state == "rotated":
        world.monkeypatch.setenv("A_KEY", SECRETS[0] + "-rotated")
    if state == "refused by the service":
        declare(world, more=1)
        world.emulator.inject({"fault": "status", "status": 422, "when": {"path": "/flows/*"}, "times": None})
    if state == "service down":
        world.monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_FLOWS", "http://127.0.0.1:9/")
    text = "\n".join(said(world, command, caplog) for command in ASKED)
    assert "CANARY" not in text
    written = [path for path in world.folder.rglob("*") if path.is_file() and path.name != "key.txt"]
    assert written
    assert [path for path in written if b"CANARY" in path.read_bytes()] == []


def test_the_walk_sees_what_is_shown(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The walk would notice: a parameter that is not private is in what the commands say."""
    declare(world, seen="CANARY-that-may-sing")
    world.apply()
    assert "CANARY-that-may-sing" in said(world, "show", caplog)
    assert json.loads(world.flowdeck("show", "a", "--format", "json").out)
