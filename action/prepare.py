"""The first step: check the inputs, and install the flowdeck that the other steps run."""

import os
import re
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
# All that the commands that install see of the environment: how to reach the network and where to write. A list of
# what is secret would miss the secrets that a manifest declares under names of its own.
_NEEDED = re.compile(
    r"HOME|PATH|LANG|LC_[A-Z]+|LD_LIBRARY_PATH|TMPDIR|RUNNER_TEMP|(?i:https?_proxy|all_proxy|no_proxy)"
    r"|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|PIP_[A-Z_]+|XDG_[A-Z_]+"
)


def main(environment: Mapping[str, str]) -> int:
    """Make the folder in which the steps of this use of the action work, and say where flowdeck's Python is."""
    if sys.version_info < _OLDEST:
        raise StepError("flowdeck needs Python 3.11: use a newer runner image, or actions/setup-python before", MISUSED)
    inputs(environment)
    if environment.get("GITHUB_EVENT_NAME") == "pull_request_target":
        raise StepError("`pull_request_target` gives secrets to strangers: use `pull_request`", MISUSED)
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
    plain = {name: value for name, value in environment.items() if _NEEDED.fullmatch(name)}
    for arguments in (
        ["-r", str(source / "requirements" / "run.txt")],
        ["--no-deps", "--no-build-isolation", str(source)],
    ):
        # -I and a folder of our own: a `pip.py` in the checkout is not what `-m pip` means.
        command = [str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
        if subprocess.run(command, cwd=where, env=plain, stdout=sys.stderr, check=False).returncode:
            raise StepError("flowdeck could not be installed: the log above says why")
    return python


if __name__ == "__main__":
    os.umask(0o077)
    ended(main)
