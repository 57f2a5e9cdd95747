"""The first step: check the inputs, and install the flowdeck that the other steps run."""

import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

from step import DONE, MISUSED, StepError, ended, inputs
from summary import write_outputs

_OLDEST = (3, 11)
# What the commands that install see of the environment: no credentials, no token.
_SECRET = ("ACTIONS_", "FLOWDECK_", "GH_", "GITHUB_TOKEN", "GLOBUS_", "INPUT_")


def main(environment: Mapping[str, str]) -> int:
    """Make the folder in which the steps of this use of the action work, and say where flowdeck's Python is."""
    if sys.version_info < _OLDEST:
        raise StepError("flowdeck needs Python 3.11: use a newer runner image, or actions/setup-python before", MISUSED)
    inputs(environment)
    where = Path(tempfile.mkdtemp(prefix="flowdeck-", dir=environment["RUNNER_TEMP"]))
    match environment.get("INPUT_VERSION", ""):
        case "":
            python = installed(where / "venv", Path(environment["GITHUB_ACTION_PATH"]).parent, environment)
        case "installed" if list(entry_points(group="console_scripts", name="flowdeck")):
            python = Path(sys.executable)
        case "installed":
            raise StepError("`version: installed` asks for a python3 that has flowdeck; this one has not", MISUSED)
        case _:
            raise StepError("`version` is empty, for the flowdeck of the action's own ref, or `installed`", MISUSED)
    write_outputs(environment, {"folder": str(where), "python": str(python)})
    return DONE


def installed(where: Path, source: Path, environment: Mapping[str, str]) -> Path:
    """The Python of a new virtual environment with the flowdeck beside the action, and with the versions it pins."""
    venv.create(where, with_pip=True)
    python = where / "bin" / "python"
    plain = {name: value for name, value in environment.items() if not name.startswith(_SECRET)}
    for arguments in (
        ["-r", str(source / "requirements" / "run.txt")],
        ["--no-deps", "--no-build-isolation", str(source)],
    ):
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
        if subprocess.run(command, env=plain, stdout=sys.stderr, check=False).returncode:
            raise StepError("flowdeck could not be installed: the log above says why")
    return python


if __name__ == "__main__":
    os.umask(0o077)
    ended(main)
