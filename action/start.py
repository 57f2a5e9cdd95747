"""The step that is flowdeck: it becomes the command, so that a signal for the step is a signal for flowdeck.

A job that is cancelled sends INT to the process that a step began as, and to no other; 7.5 seconds later TERM, and
another 2.5 seconds later it kills (actions/runner, ProcessInvoker). flowdeck ends what is in flight within 5 seconds
and writes its result. So the shell is replaced by this process (`exec`), and flowdeck runs in it, not below it.
"""

import os
import secrets
import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

from reviewed import expected
from step import DONE, DRIFTED, FAILED, Inputs, ended, folder, inputs

# The files of the folder: what flowdeck says for people, its exit code, the plan document, and the log of an apply.
WORDS, CODE, PLAN, LOG = "words.md", "exit-code", "plan.json", "apply.log"


def main(environment: Mapping[str, str]) -> int:
    """Run the command in this process, and keep its exit code."""
    given, where = inputs(environment), folder(environment)
    if given.command != "validate":  # which speaks to the runner: its findings become annotations
        # What flowdeck says on the way quotes manifests; none of it is a command to the runner. For this step only.
        print(f"::stop-commands::{secrets.token_hex(16)}", flush=True)
        os.dup2(os.open(where / WORDS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
    code = flowdeck(arguments(given, where, environment))
    (where / CODE).write_text(str(code), encoding="utf-8")
    return DONE if given.command == "drift" and code == DRIFTED else code


def arguments(given: Inputs, where: Path, environment: Mapping[str, str]) -> list[str]:
    """The command line of flowdeck."""
    place = [f"--env={given.environment}"] if given.environment else []
    place += [f"--file={given.file}"] if given.file else []
    match given.command:
        case "plan":
            return ["plan", *place, f"--out={where / PLAN}", "--format=markdown"]
        case "apply":
            allowed = [f"--allow={one}" for one in given.allow]
            return [
                "apply",
                *place,
                f"--expect={expected(environment)}",
                *allowed,
                f"--log={where / LOG}",
                "--format=markdown",
            ]
        case "drift":
            return ["drift", *place, "--format=markdown"]
        case _:
            return ["validate", *place, "--format=github"]


def flowdeck(words: list[str]) -> int:
    """Run flowdeck as its script does. It does not return from an apply that was interrupted."""
    sys.path.remove(str(Path(__file__).parent))  # our modules have names that others may have too
    script = next(iter(entry_points(group="console_scripts", name="flowdeck"))).load()
    sys.argv = ["flowdeck", *words]
    try:
        script()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else DONE if end.code is None else FAILED
    return DONE


if __name__ == "__main__":
    ended(main)
