"""The examples are real: each applies on the emulator, and the demo runs to its end."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from projects import Command

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
PROJECTS = sorted(path.parent.name for path in EXAMPLES.glob("*/flows.yaml"))
ENVIRONMENTS = [
    (name, environment)
    for name in PROJECTS
    for environment in yaml.safe_load((EXAMPLES / name / "flows.yaml").read_text(encoding="utf-8"))["environments"]
]
DEFINITIONS = sorted(str(path.relative_to(EXAMPLES)) for path in EXAMPLES.glob("*/flows/*/definition.*"))
DEMO_TAKES_AT_MOST = 100


@pytest.fixture(params=PROJECTS)
def example(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of an example, which is the working directory."""
    copy = tmp_path / request.param
    shutil.copytree(EXAMPLES / request.param, copy, ignore=shutil.ignore_patterns(".flowdeck"))
    monkeypatch.chdir(copy)
    return copy


def test_there_are_at_least_three_examples() -> None:
    """A newcomer has three projects to borrow from."""
    assert {"lab", "publish", "two-hop"} <= set(PROJECTS)


def test_an_example_applies_and_then_plans_empty(example: Path, flowdeck: Command) -> None:
    """An example is valid, also for the service, applies on the emulator at once, and then nothing is left to do."""
    validated = flowdeck("validate", "--online", "--format", "json")
    applied = flowdeck("apply", "--yes", "--format", "json")
    again = flowdeck("plan", "--detailed-exitcode")

    assert (validated.code, validated.document["diagnostics"]) == (0, []), example.name
    assert (applied.code, applied.document["outcome"]) == (0, "applied"), applied.err
    assert again.code == 0, again.out


@pytest.mark.parametrize(("name", "environment"), ENVIRONMENTS)
def test_every_environment_of_an_example_is_valid(name: str, environment: str, flowdeck: Command) -> None:
    """An example is valid in each environment that it declares, without a warning."""
    validated = flowdeck("validate", "-f", str(EXAMPLES / name), "--env", environment, "--format", "json")

    assert (validated.code, validated.document["diagnostics"]) == (0, [])


@pytest.mark.parametrize("file", DEFINITIONS)
def test_every_state_of_an_example_can_be_reached_and_left(file: str) -> None:
    """In an example's definition every state can be reached, and all but Choice and Fail say Next or End, not both."""
    definition: dict[str, Any] = yaml.safe_load((EXAMPLES / file).read_text(encoding="utf-8"))
    states = definition["States"]
    reached: set[str] = set()
    pending = [definition["StartAt"]]
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            entries = [states[name], {"Next": states[name].get("Default")}]
            entries += [*states[name].get("Choices", ()), *states[name].get("Catch", ())]
            pending += [entry["Next"] for entry in entries if entry.get("Next")]

    assert reached == set(states)
    for name, state in states.items():
        if state["Type"] not in ("Choice", "Fail"):
            assert ("Next" in state) != ("End" in state), name


def test_both_formats_of_definitions_are_shown() -> None:
    """The examples show definitions in JSON and in YAML."""
    assert {Path(file).suffix for file in DEFINITIONS} == {".json", ".yaml"}


def test_the_example_manifest_is_valid_as_it_stands(flowdeck: Command) -> None:
    """flows.yaml.example is valid in each of its environments, without a warning."""
    file = ROOT / "flows.yaml.example"
    for environment in yaml.safe_load(file.read_text(encoding="utf-8"))["environments"]:
        validated = flowdeck("validate", "-f", str(file), "--env", environment, "--format", "json")
        assert (validated.code, validated.document["diagnostics"]) == (0, []), environment


def test_the_example_manifest_shows_every_key() -> None:
    """flows.yaml.example mentions every section and every key of a flow, of this release or commented out."""
    from flowdeck.manifest import json_schema  # noqa: PLC0415 (what it is compared with)

    text = (ROOT / "flows.yaml.example").read_text(encoding="utf-8")
    schema = json_schema()
    keys = {*schema["properties"], *schema["definitions"]["Flow"]["properties"]}
    keys |= {*schema["definitions"]["Environment"]["properties"], *schema["definitions"]["PermissionSet"]["properties"]}
    missing = {key for key in keys if f"{key}:" not in text}

    assert missing == set()


def test_the_project_of_init_applies_and_then_plans_empty(project: Path, flowdeck: Command) -> None:
    """What `flowdeck init` writes is valid, applies at once, and then nothing is left to do."""
    codes = [
        flowdeck("init").code,
        flowdeck("validate", "--online").code,
        flowdeck("apply", "--yes").code,
        flowdeck("plan", "--detailed-exitcode").code,
    ]

    assert codes == [0, 0, 0, 0]


def test_the_demo_runs_through() -> None:
    """`make demo` ends with 0, shows each stage of the tour, and leaves nothing in the example."""
    before = {path for path in (EXAMPLES / "two-hop").rglob("*") if ".flowdeck" not in path.parts}
    ran = subprocess.run(
        [sys.executable, EXAMPLES / "demo.py"],
        env={**os.environ, "CI": "true", "FLOWDECK_ENV": "nowhere"},
        capture_output=True,
        text=True,
        timeout=DEMO_TAKES_AT_MOST,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    for stage in (
        "2 to create",
        "No changes.",
        "WaitTime: 86400 -> 172800",
        "$ flowdeck apply --expect ",
        "(changed outside)",
        "$ echo $?\n2\n",
        "flow.sweep-staging",
        "2 to delete",
    ):
        assert stage in ran.stdout, stage
    assert "\x1b[" not in ran.stdout
    assert before == {path for path in (EXAMPLES / "two-hop").rglob("*") if ".flowdeck" not in path.parts}


def test_the_plan_of_an_example_is_a_document(example: Path, flowdeck: Command) -> None:
    """The plan of an example as JSON creates every declared flow, and nothing blocks it."""
    planned = flowdeck("plan", "--format", "json")

    assert planned.code == 0
    assert {change["action"] for change in planned.document["changes"]} == {"create"}, example.name
    assert planned.document["summary"]["blocked"] == 0, json.dumps(planned.document["changes"], indent=1)
