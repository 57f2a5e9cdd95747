"""A runner of our own: reads action.yml and runs its steps as GitHub's does, one shell each, in order."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action"
SECONDS = 60
Signals = tuple[tuple[signal.Signals, float], ...]
# What a cancelled job sends, and the seconds before the next; then it kills (actions/runner, ProcessInvoker).
CANCELLED: Signals = ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5))


@dataclass
class Event:
    """What a workflow run is about. `pull_request` is the event's own object, if it is about one."""

    name: str = "push"
    commit: str = "c0ffee" + "0" * 34
    branch: str = "main"
    pull_request: dict[str, Any] | None = None
    run: str = "77"


@dataclass
class Ended:
    """What a use of the action did: its conclusion, outputs, log and summary, and each step's outcome."""

    failed: bool = False
    cancelled: bool = False
    outputs: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""


@dataclass
class Runner:
    """A machine with a workspace. `environment` is what the workflow's step gives, such as its secrets."""

    workspace: Path
    scratch: Path
    api: str
    environment: dict[str, str]
    token: str
    cancel: Callable[[int], bool] | None = None
    """Asked while the step `run` runs, with the id of its process: whether to cancel the job now."""
    signals: Signals = CANCELLED

    def use(self, event: Event, **inputs: str) -> Ended:
        """Use the action with these inputs."""
        action = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))
        unknown = {one.replace("_", "-") for one in inputs} - action["inputs"].keys()
        assert not unknown, unknown
        given = {name: str(one.get("default", "")) for name, one in action["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        ended, steps = Ended(), {}
        self.scratch.mkdir(exist_ok=True)
        values: dict[str, Any] = {"inputs": given, "steps": steps, "github": {"token": self.token}}
        given = {name: interpolated(value, values) for name, value in given.items()}
        values["inputs"] = given
        for step in action["runs"]["steps"]:
            steps[step["id"]] = {"outputs": {}, "outcome": "skipped"}
            if holds(step.get("if", "success()"), values, ended):
                self._step(step, event, values, ended)
            ended.outcomes[step["id"]] = steps[step["id"]]["outcome"]
        ended.outputs = {name: interpolated(one["value"], values) for name, one in action["outputs"].items()}
        return ended

    def _step(self, step: Mapping[str, Any], event: Event, values: dict[str, Any], ended: Ended) -> None:
        assert step.keys() <= {"id", "if", "shell", "env", "run"}, step
        assert step["shell"] == "bash"
        files = {name: self.scratch / f"{step['id']}-{name}" for name in ("output", "summary", "event", "script")}
        for name in ("output", "summary"):
            files[name].write_text("", encoding="utf-8")
        files["event"].write_text(json.dumps(_payload(event)), encoding="utf-8")
        files["script"].write_text(
            step["run"], encoding="utf-8"
        )  # nothing is interpolated into scripts: a test sees to it
        code, log = self._shell(
            step, event, files, {k: interpolated(v, values) for k, v in step.get("env", {}).items()}
        )
        outputs = parsed(files["output"].read_text(encoding="utf-8"))
        cancelled = code is None
        outcome = "cancelled" if cancelled else "failure" if code else "success"
        values["steps"][step["id"]] = {"outputs": outputs, "outcome": outcome}
        ended.log += log
        ended.summary += files["summary"].read_text(encoding="utf-8")
        ended.failed |= outcome == "failure"
        ended.cancelled |= cancelled

    def _shell(
        self, step: Mapping[str, Any], event: Event, files: Mapping[str, Path], given: Mapping[str, str]
    ) -> tuple[int | None, str]:
        environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "HOME": str(self.scratch),
            **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ACTION),
            "GITHUB_API_URL": self.api,
            "GITHUB_EVENT_NAME": event.name,
            "GITHUB_EVENT_PATH": str(files["event"]),
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_REF_NAME": event.branch,
            "GITHUB_REPOSITORY": "lab/flows",
            "GITHUB_RUN_ID": event.run,
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_SHA": event.commit,
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            "RUNNER_TEMP": str(self.scratch),
            **self.environment,
            **given,
        }
        process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(files["script"])],
            cwd=self.workspace,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        is_cancelled = step["id"] == "run" and self.cancel is not None
        try:
            if is_cancelled:
                until(lambda: self.cancel is not None and self.cancel(process.pid))
                self._end(process)
            log, _ = process.communicate(timeout=SECONDS)
        finally:
            process.kill()  # where a test fails
            process.communicate()
        return None if is_cancelled else process.returncode, log

    def _end(self, process: "subprocess.Popen[str]") -> None:
        """Signal this process and no other, as the real one does, as patiently as it is, and no more."""
        for number, seconds in self.signals:
            process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
                return
        process.kill()


def until(condition: Callable[[], bool]) -> None:
    """Wait for what other processes do."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)


def interpolated(text: str, values: Mapping[str, Any]) -> str:
    """A text with its `${{ }}` replaced."""
    return re.sub(r"\$\{\{\s*(.+?)\s*\}\}", lambda found: str(value(found[1], values)), str(text))


def holds(condition: str, values: Mapping[str, Any], ended: Ended) -> bool:
    """Whether a step's `if` holds: without a function for the status it asks for success, too."""
    status = {"always()": True, "success()": not (ended.failed or ended.cancelled)}
    parts = [part.strip() for part in condition.split("&&")]
    if not any(part in status for part in parts):
        parts.append("success()")
    return all(status[part] if part in status else compared(part, values) for part in parts)


def compared(part: str, values: Mapping[str, Any]) -> bool:
    """One comparison of a value with a text in quotes."""
    found = re.fullmatch(r"(\S+) (==|!=) '([^']*)'", part)
    assert found, part
    return (value(found[1], values) == found[3]) == (found[2] == "==")


def value(path: str, values: Mapping[str, Any]) -> Any:
    """What a path such as `steps.run.outcome` leads to; nothing is an empty text, as on GitHub."""
    here: Any = values
    for key in path.split("."):
        assert re.fullmatch("[a-z-]+", key), path
        here = here.get(key, "") if isinstance(here, Mapping) else ""
    return here


def parsed(text: str) -> dict[str, str]:
    """What a step wrote to GITHUB_OUTPUT, read as the runner reads it."""
    outputs, lines = {}, iter(text.split("\n"))
    for line in lines:
        if "<<" in line and "=" not in line.partition("<<")[0]:
            name, _, end = line.partition("<<")
            outputs[name] = "\n".join(iter(lambda: next(lines), end))
        elif line:
            name, _, outputs_value = line.partition("=")
            outputs[name] = outputs_value
    return outputs


def _payload(event: Event) -> dict[str, Any]:
    return {"pull_request": event.pull_request} if event.pull_request else {}
