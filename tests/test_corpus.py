"""Every definition of the corpus through the real SDK, against `flowdeck emulator` in another process."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from projects import CORPUS, DEFINITION, Command, write
from worlds import only, served

from flowdeck.definition import check
from flowdeck.plan.diff import path_text

INVALID = "invalid_action_wait"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not there")


def folders() -> list[Path]:
    return [path for path in sorted(CORPUS.iterdir()) if path.is_dir()] if CORPUS.is_dir() else []


def body(folder: Path, name: str) -> tuple[Path, Any] | None:
    """A definition or input schema, however it is written."""
    path = next(iter(folder.glob(f"{name}.*")), None)
    return (path, yaml.safe_load(path.read_text(encoding="utf-8"))) if path else None


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`flowdeck emulator` as another process, which `service: globus` leads to."""
    with served(tmp_path / "emulator.db", tmp_path / "emulator.env") as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield


def edit(definition: dict[str, Any]) -> tuple[str, str]:
    """Edit one state, the last by name, in its Comment or its WaitTime; return the path that a plan must name."""
    states = definition["States"]
    actions = sorted(name for name, state in states.items() if state.get("Type") == "Action")
    name, key, value = (actions[0], "WaitTime", 4711) if actions else (max(states), "Comment", "edited by a test")
    assert states[name].get(key) != value
    states[name][key] = value
    return path_text(["definition", "States", name, key]), name


@pytest.mark.usefixtures("service")
def test_the_corpus(project: Path, flowdeck: Command) -> None:
    """Every valid definition applies and then plans empty; an edit of one state is planned under exactly its path."""
    flows: dict[str, Any] = {}
    bodies: dict[str, Any] = {}
    for folder in folders():
        path, definition = body(folder, "definition") or (folder, None)
        name = folder.name.replace("_", "-")
        if folder.name == INVALID:
            continue
        assert check(definition) == (), folder.name
        target = project / "flows" / name
        target.mkdir(parents=True)
        (target / path.name).write_bytes(path.read_bytes())
        flows[name] = {"title": folder.name, "keywords": ["corpus"]}
        bodies[name] = (target / path.name, definition)
        if schema := body(folder, "input_schema"):
            (target / schema[0].name).write_bytes(schema[0].read_bytes())
    assert len(flows) > 10
    write(project, {"version": 1, "project": "corpus", "environments": {"test": {"service": "globus"}}, "flows": flows})
    assert flowdeck("validate", "--online").code == 0
    applied = flowdeck("apply", "--yes", "--format", "json")
    assert applied.code == 0, applied
    assert {change["outcome"] for change in applied.document["changes"]} == {"done"}
    empty(flowdeck, len(flows))
    assert flowdeck("drift").code == 0

    expected = {}
    for name, (path, definition) in bodies.items():
        edited = deepcopy(definition)
        expected[f"flow.{name}"] = edit(edited)
        text = json.dumps(edited, indent=2) if path.suffix == ".json" else yaml.safe_dump(edited, sort_keys=False)
        path.write_text(text, encoding="utf-8")
    ran = flowdeck("plan", "--format", "json")
    assert ran.code == 0, ran
    found = {
        change["address"]: (only(change["fields"])["path"], only(change["states"]["changed"]))
        for change in ran.document["changes"]
    }
    assert found == expected
    assert {change["action"] for change in ran.document["changes"]} == {"update"}
    assert flowdeck("apply", "--expect", ran.document["digest"]).code == 0
    empty(flowdeck, len(flows))

    assert flowdeck("destroy", "--yes").code == 0
    assert flowdeck("list", "--format", "json").document["flows"] == []


def empty(flowdeck: Command, count: int) -> None:
    """The plan is empty, and counts every flow as unchanged."""
    ran = flowdeck("plan", "--format", "json", "--detailed-exitcode")
    assert (ran.code, ran.document["changes"]) == (0, [])
    assert {name: count for name, count in ran.document["summary"].items() if count} == {"unchanged": count}


@pytest.mark.usefixtures("service")
def test_the_invalid_one_has_a_place(project: Path, flowdeck: Command) -> None:
    """The one invalid definition is refused with a place in its file, or is beyond the rules that exist so far."""
    path, _ = body(CORPUS / INVALID, "definition") or (CORPUS, None)
    target = project / "flows" / "invalid"
    target.mkdir(parents=True)
    (target / path.name).write_bytes(path.read_bytes())
    manifest = {"version": 1, "project": "corpus", "environments": {"test": {"service": "globus"}}}
    write(project, {**manifest, "flows": {"invalid": {}}})
    ran = flowdeck("validate", "--online", "--format", "json")
    assert ran.code in (0, 1)
    for one in ran.document["diagnostics"]:
        assert one["file"].endswith(path.name)
        assert one["line"] > 1
    assert (flowdeck("apply", "--yes").code == 0) == (ran.code == 0)


def test_flows_outlive_the_service(
    project: Path, flowdeck: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was applied is in the emulator's file: one that is started on it later shows the flows as unchanged."""
    manifest = {"version": 1, "project": "corpus", "environments": {"test": {"service": "globus"}}}
    write(project, {**manifest, "flows": {"one": {"definition": DEFINITION}}})
    for first in (True, False):
        with served(tmp_path / "emulator.db", tmp_path / "emulator.env") as variables:
            for name, value in variables.items():
                monkeypatch.setenv(name, value)
            if first:
                assert flowdeck("apply", "--yes").code == 0
            empty(flowdeck, 1)
