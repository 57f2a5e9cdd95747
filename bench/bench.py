"""Measure whole processes and print ratios taken in one run, as tables and as one line of JSON.

python bench/bench.py [N ...]      plans of N unchanged flows: 10, 100, 1000 and 10000 unless told
"""

import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import projects
from processes import FLOWDECK, PYTHON, Cost, Environment, compared, machine, ran, served

HERE = Path(__file__).parent
APPLY = [FLOWDECK, "apply", "--yes", "--quiet"]
PLAN = [FLOWDECK, "plan"]
LATENCY_MS, CREATES, PARALLELISM = 50, 200, (8, 16, 32)
SCRIPTED = 10
CHECKED = 100
MANY = 1000
PAGE = 100
GLOBUS = HERE.parent / ".venv-globus-cli" / "bin" / "globus"
# Where it lies beside the project, the published JSON Schema of definitions.
PUBLISHED = HERE.parent.parent / "shared" / "reference" / "flow_definition_schema.json"

Row = dict[str, Any]


def plans(count: int, folder: Path) -> Row:
    """A plan of `count` unchanged flows, beside the shortest honest script with globus-sdk."""
    projects.write(folder, count)
    with served(folder) as service:
        ran([*APPLY, "--parallelism", "16"], folder, service.environment)
        service.clear_requests()
        ran(PLAN, folder, service.environment)
        asked = len(service.requests())
        floor = [PYTHON, str(HERE / "floor_plan.py")]
        # The largest takes its time, and the machine's moods even out within a run.
        ours, theirs = compared([PLAN, floor], folder, service.environment, runs=1 if count > MANY else 5)
    return {
        "flows": count,
        **beside(ours, theirs, "floor"),
        "requests": asked,
        "fewest requests": math.ceil(count / PAGE),
    }


def beside(ours: Cost, theirs: Cost, name: str) -> Row:
    """Our time and memory, and by how much they are those of something else."""
    return {
        "seconds": ours.seconds,
        f"seconds / {name}": ours.seconds / theirs.seconds,
        "MB": ours.megabytes,
        f"MB / {name}": ours.megabytes / theirs.megabytes,
    }


def applies(parallelism: int, folder: Path) -> Row:
    """Creates with latency, from the first to the last as the log tells, beside what the wire needs; then the rest."""
    projects.write(folder, CREATES)
    limit = CREATES * LATENCY_MS / 1000 / parallelism
    writing, whole, plan, floor = [], [], [], []
    log, told = folder / "apply.jsonl", folder / "seconds"
    many = ["--parallelism", str(parallelism)]
    with served(folder, LATENCY_MS) as service:
        for _ in range(4):  # the first for the service to get warm
            plan.append(ran(PLAN, folder, service.environment).seconds)
            service.clear_requests()
            whole.append(ran([*APPLY, *many, "--log", str(log)], folder, service.environment).seconds)
            requests = service.requests()
            writing.append(_steps(log))
            log.unlink()
            ran([FLOWDECK, "destroy", "--yes", "-q", "--parallelism", "32"], folder, service.environment)
            ran([PYTHON, str(HERE / "floor_apply.py"), str(parallelism), str(told)], folder, service.environment)
            floor.append(float(told.read_text()))
    return {
        "parallelism": parallelism,
        "wire limit s": limit,
        "creates s": statistics.median(writing[1:]),
        "creates / limit": statistics.median(writing[1:]) / limit,
        "script / limit": statistics.median(floor[1:]) / limit,
        "whole s": statistics.median(whole[1:]),
        "plan s": statistics.median(plan[1:]),
        "requests": len(requests),
        "fewest requests": CREATES + 1 + math.ceil(CREATES / PAGE),
    }


def _steps(log: Path) -> float:
    """Seconds from the start of an apply's first step to the end of its last."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    times = [datetime.fromisoformat(line["time"]) for line in lines if line["event"].startswith("step-")]
    return (max(times) - min(times)).total_seconds()


def start_ups(folder: Path) -> Row:
    """Commands beside an interpreter that imports what nobody can do without."""
    projects.write(folder, 3)
    with served(folder) as service:
        ran(APPLY, folder, service.environment)
        named = {
            "import click": [PYTHON, "-c", "import click"],
            "import click, yaml": [PYTHON, "-c", "import click, yaml"],
            "import FlowsClient and its requests": [PYTHON, str(HERE / "floor_start.py")],
            "--version": [FLOWDECK, "--version"],
            "--help": [FLOWDECK, "--help"],
            "validate": [FLOWDECK, "validate"],
            "no-op plan": PLAN,
        }
        costs = compared(list(named.values()), folder, service.environment, runs=9)
    seconds = {name: cost.seconds for name, cost in zip(named, costs, strict=True)}
    pairs = (
        ("--version", "import click"),
        ("--help", "import click"),
        ("validate", "import click, yaml"),
        ("no-op plan", "import click, yaml"),
        ("no-op plan", "import FlowsClient and its requests"),
    )
    return {f"{ours} / {floor}": seconds[ours] / seconds[floor] for ours, floor in pairs} | {
        "no-op plan, seconds": seconds["no-op plan"]
    }


def terraform(count: int, folder: Path) -> Row | None:
    """Terraform's plan of as many `terraform_data` with the same content, no change, no network; None without it."""
    binary = shutil.which("terraform")
    if binary is None:
        return None
    projects.write_terraform(folder, count)
    ran([binary, "init"], folder)
    [cost] = compared([[binary, "plan"]], folder, runs=1)
    return {"resources": count, "seconds": cost.seconds, "MB": cost.megabytes}


def scripted(folder: Path) -> Row | None:
    """Updates of a few flows, beside a shell loop of `globus flows update`; None without globus-cli."""
    if not GLOBUS.exists():
        return None
    projects.write(folder, SCRIPTED)
    ours, theirs = [], []
    with served(folder) as service:
        ran(APPLY, folder, service.environment)
        ids = _ids(folder, service.environment)
        for turn in range(1, 4):
            _edit(folder, turn)
            loop = ["sh", str(HERE / "floor_update.sh"), str(GLOBUS), str(ids)]
            theirs.append(ran(loop, folder, {**service.environment, "HOME": str(folder)}).seconds)
            _edit(folder, -turn)
            ours.append(ran(APPLY, folder, service.environment).seconds)
    seconds, loop_seconds = statistics.median(ours), statistics.median(theirs)
    return {"flows": SCRIPTED, "apply s": seconds, "shell loop s": loop_seconds, "loop / apply": loop_seconds / seconds}


def _ids(folder: Path, environment: Environment) -> Path:
    told = subprocess.run(
        [FLOWDECK, "output", "--format", "json"], cwd=folder, env=environment, check=True, stdout=subprocess.PIPE
    )
    file = folder / "ids.txt"
    flows = json.loads(told.stdout)
    file.write_text("".join(f"{name} {flow['id']}\n" for name, flow in flows.items()))
    return file


def _edit(folder: Path, turn: int) -> None:
    for number in range(SCRIPTED):
        file = folder / "flows" / projects.name(number) / "definition.json"
        file.write_text(json.dumps(projects.definition(number + 1000 * turn), indent=2))


def rules() -> Row:
    """Definitions a second that the rules check, beside jsonschema on the schema that the Flows team publishes."""
    from flowdeck.definition import check  # noqa: PLC0415 (the other measures start processes)

    made = [projects.definition(number) for number in range(CHECKED)]
    ours = CHECKED / _median(lambda: [check(one) for one in made])
    if not PUBLISHED.exists():
        return {"rules, a second": ours}
    from jsonschema import Draft202012Validator  # noqa: PLC0415 (as above)

    validator = Draft202012Validator(json.loads(PUBLISHED.read_text(encoding="utf-8")))
    theirs = CHECKED / _median(lambda: [list(validator.iter_errors(one)) for one in made])
    return {"rules, a second": ours, "jsonschema, a second": theirs, "rules / jsonschema": ours / theirs}


def _median(do: Callable[[], object]) -> float:
    times = []
    for _ in range(6):
        began = time.perf_counter()
        do()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def in_folder(measure: Callable[..., Row | None], *arguments: object) -> Row | None:
    """Measure in a new folder, and print the row."""
    with tempfile.TemporaryDirectory() as name:
        row = measure(*arguments, Path(name))
    print(f"  {shown(row)}" if row else "  not here", flush=True)
    return row


def shown(row: Mapping[str, Any]) -> str:
    """A row of a table, each figure with its name."""
    texts = (f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}" for name, value in row.items())
    return " | ".join(texts)


def main() -> None:
    """Print each table as it is measured, then everything as one line of JSON."""
    counts = [int(argument) for argument in sys.argv[1:]] or [10, 100, 1000, 10_000]
    measured: Row = {"machine": machine()}
    print(f"Machine: {measured['machine']}")
    print("\nplan of unchanged flows, beside the shortest script with globus-sdk")
    measured["plan"] = [in_folder(plans, count) for count in counts]
    print(f"\napply of {CREATES} creates at {LATENCY_MS} ms, beside creates x latency / parallelism")
    measured["apply"] = [in_folder(applies, parallelism) for parallelism in PARALLELISM]
    print("\nstart-up")
    measured["start-up"] = in_folder(start_ups)
    print("\nTerraform's plan of unchanged terraform_data with the same content, without a network")
    measured["terraform"] = in_folder(terraform, 1000)
    print("\napply of updates, beside a shell loop of `globus flows update`")
    measured["shell loop"] = in_folder(scripted)
    print("\nchecks of definitions")
    measured["rules"] = rules()
    print(f"  {shown(measured['rules'])}")
    print("\n" + json.dumps(measured))


if __name__ == "__main__":
    main()
