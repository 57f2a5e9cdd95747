"""Measure whole processes and print ratios taken in one run; the emulator runs as a process of its own.

python bench/bench.py [N ...]      plans of N unchanged flows, 100 and 1000 unless told
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
FLOWDECK = Path(sys.executable).parent / "flowdeck"
RUNS = 5
CHECKED = 100
# Where it lies beside the project, the published JSON Schema of definitions.
PUBLISHED = HERE.parent.parent / "shared" / "reference" / "flow_definition_schema.json"


def definition(number: int) -> dict[str, object]:
    """A definition of a real size: some twenty states with parameters, choices and catches, about 7 KB."""
    states: dict[str, object] = {}
    last = 9
    for step in range(last + 1):
        states[f"Transfer{step}"] = {
            "Comment": f"Copy part {step} of data set {number} to the next place, and catch what goes wrong",
            "Type": "Action",
            "ActionUrl": "https://transfer.actions.globus.org/transfer",
            "Parameters": {
                "source_endpoint.$": f"$.places[{step}].source.id",
                "destination_endpoint.$": f"$.places[{step}].destination.id",
                "DATA": [{"source_path.$": "$.source.path", "destination_path.$": "$.destination.path"}],
            },
            "ResultPath": f"$.Transfer{step}Result",
            "WaitTime": 600 + step,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Failed"}],
            "Next": f"Check{step}",
        }
        states[f"Check{step}"] = {
            "Type": "Choice",
            "Choices": [
                {
                    "Variable": f"$.Transfer{step}Result.status",
                    "StringEquals": "SUCCEEDED",
                    "Next": f"Transfer{step + 1}" if step < last else "Done",
                }
            ],
            "Default": "Failed",
        }
    states["Done"] = {"Type": "Pass", "End": True}
    states["Failed"] = {"Type": "Fail", "Error": "TransferFailed", "Cause": "a transfer did not succeed"}
    return {"Comment": f"Flow {number}", "StartAt": "Transfer0", "States": states}


def write_project(folder: Path, count: int) -> None:
    """A project of `count` flows, each with its own two files."""
    schema = {"type": "object", "properties": {"places": {"type": "array", "items": {"type": "object"}}}}
    lines = ["version: 1", "project: bench", "environments: {bench: {service: globus}}", "flows:"]
    for number in range(count):
        name = f"flow-{number:05d}"
        home = folder / "flows" / name
        home.mkdir(parents=True)
        (home / "definition.json").write_text(json.dumps(definition(number), indent=2))
        (home / "input_schema.json").write_text(json.dumps(schema))
        lines.append(f"  {name}: {{subscription: DEFAULT}}")
    (folder / "flows.yaml").write_text("\n".join(lines) + "\n")


def measured(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Median wall time in seconds of RUNS runs after a warm-up, and the largest peak memory in MB."""
    times, peak = [], 0.0
    for run in range(RUNS + 1):
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
        if run:
            times.append(time.perf_counter() - began)
        peak = max(peak, usage.ru_maxrss / 1024)
    return statistics.median(times), peak


def served(folder: Path) -> tuple["subprocess.Popen[bytes]", dict[str, str]]:
    """An emulator in a process of its own, and the environment that leads to it."""
    file = folder / "emulator.env"
    process = subprocess.Popen([FLOWDECK, "emulator", "--env-file", str(file)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()  # it prints once it accepts connections
    exported = dict(line.removeprefix("export ").split("=", 1) for line in file.read_text().splitlines())
    return process, {**os.environ, **exported}


def plans(count: int) -> dict[str, float]:
    """A plan of `count` unchanged flows beside the floor."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_project(folder, count)
        emulator, environment = served(folder)
        try:
            subprocess.run(
                [FLOWDECK, "apply", "--yes", "-q", "--parallelism", "16"],
                cwd=folder,
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            ours = measured([str(FLOWDECK), "plan"], folder, environment)
            floor = measured([sys.executable, str(HERE / "floor.py")], folder, environment)
        finally:
            emulator.terminate()
            emulator.communicate()
    return {"flows": count, "seconds": ours[0], "ratio": ours[0] / floor[0], "memory ratio": ours[1] / floor[1]}


def rules() -> dict[str, float]:
    """Definitions a second that the rules check, beside jsonschema on the schema that the Flows team publishes."""
    from flowdeck.definition import check  # noqa: PLC0415 (the other measures start processes)

    made = [definition(number) for number in range(CHECKED)]
    ours = CHECKED / seconds(lambda: [check(one) for one in made])
    if not PUBLISHED.exists():
        return {"rules": ours}
    from jsonschema import Draft202012Validator  # noqa: PLC0415 (as above)

    validator = Draft202012Validator(json.loads(PUBLISHED.read_text(encoding="utf-8")))
    theirs = CHECKED / seconds(lambda: [list(validator.iter_errors(one)) for one in made])
    return {"rules": ours, "jsonschema": theirs, "ratio": ours / theirs}


def seconds(do: Callable[[], object]) -> float:
    """Median wall time of RUNS runs after a warm-up."""
    times = []
    for _ in range(RUNS + 1):
        began = time.perf_counter()
        do()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def start_ups() -> dict[str, float]:
    """Commands beside an interpreter that imports what nobody can do without, as ratios."""
    environment = dict(os.environ)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([FLOWDECK, "init", "."], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        click = measured([sys.executable, "-c", "import click"], folder, environment)[0]
        sdk = measured([sys.executable, "-c", "from globus_sdk import FlowsClient"], folder, environment)[0]
        return {
            "--version / import click": measured([str(FLOWDECK), "--version"], folder, environment)[0] / click,
            "--help / import click": measured([str(FLOWDECK), "--help"], folder, environment)[0] / click,
            "validate / import click": measured([str(FLOWDECK), "validate"], folder, environment)[0] / click,
            "plan on the emulator / import FlowsClient": measured([str(FLOWDECK), "plan"], folder, environment)[0]
            / sdk,
        }


def main() -> None:
    """Print the tables, then everything as one line of JSON."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    print(f"Machine: {machine}; medians of {RUNS} runs after a warm-up\n")
    print("plan of N unchanged flows, beside the shortest script with globus-sdk")
    rows = []
    for count in [int(argument) for argument in sys.argv[1:]] or [100, 1000]:
        row = plans(count)
        rows.append(row)
        print(
            f"  {count:>6} flows  {row['seconds']:6.2f} s  {row['ratio']:5.2f} x its time"
            f"  {row['memory ratio']:5.2f} x its memory"
        )
    print("\nstart-up, beside an interpreter that only imports")
    ratios = start_ups()
    for name, ratio in ratios.items():
        print(f"  {name:<45} {ratio:5.2f} x")
    print("\nchecks of definitions of this size, a second")
    rates = rules()
    for name, rate in rates.items():
        print(f"  {name:<45} {rate:7.1f}")
    print("\n" + json.dumps({"machine": machine, "plans": rows, "start-up": ratios, "checks": rates}))


if __name__ == "__main__":
    main()
