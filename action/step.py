"""How a step of the action runs: what it is told by its environment, and how it ends when that is wrong."""

import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

COMMANDS = ("plan", "apply", "drift", "validate")

# flowdeck's own exit codes, as far as the action gives them a meaning of its own.
DONE, FAILED, DRIFTED, REFUSED, PARTLY, MISUSED, INTERRUPTED = 0, 1, 2, 3, 4, 64, 130

_ENVIRONMENT = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
_ALLOWED = re.compile(r"[a-z][a-z-]*(:[a-z0-9.-]+)?")
_DIGEST = re.compile(r"[0-9a-fA-F]{12,64}")
_AUTHOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\[bot\])?")


class StepError(Exception):
    """A step cannot do its work; the text says why and what to do, the code is flowdeck's for such a case."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Inputs:
    """The action's inputs, checked. `path` is the project: the folder of flows.yaml, or another file, `.` for here."""

    command: str
    environment: str = ""
    file: str = ""
    author: str = "github-actions[bot]"
    comment: bool = True
    allow: tuple[str, ...] = ()
    digest: str = ""

    @property
    def path(self) -> str:
        """What tells two projects of one repository apart, also before anything of them could be read."""
        path = os.path.normpath(self.file or ".")
        return os.path.dirname(path) or "." if os.path.basename(path) == "flows.yaml" else path


def inputs(environment: Mapping[str, str]) -> Inputs:
    """The inputs, from the variables that action.yml sets. Raises StepError for one that cannot be meant."""
    given = {one.name: environment.get(f"INPUT_{one.name.upper()}", "") for one in fields(Inputs)}
    found = Inputs(
        command=given["command"],
        environment=given["environment"],
        file=given["file"],
        author=given["author"] or "github-actions[bot]",
        comment=_truth("comment", given["comment"] or "true"),
        allow=tuple(line.strip() for line in given["allow"].splitlines() if line.strip()),
        digest=given["digest"].strip(),
    )
    if found.command not in COMMANDS:
        raise StepError(f"`command` is one of {', '.join(COMMANDS)}", MISUSED)
    if not (_ENVIRONMENT.fullmatch(found.environment) or (found.command == "validate" and not found.environment)):
        raise StepError("`environment` names an environment of flows.yaml: small letters, digits and hyphens", MISUSED)
    if any(not _ALLOWED.fullmatch(one) for one in found.allow):
        raise StepError("`allow` has one CODE or CODE:NAME a line, as `flowdeck apply --allow` takes them", MISUSED)
    if found.digest and not _DIGEST.fullmatch(found.digest):
        raise StepError("`digest` is 12 to 64 hex digits of a plan's digest", MISUSED)
    if not _AUTHOR.fullmatch(found.author):
        raise StepError("`author` is the login that the token's comments carry, such as github-actions[bot]", MISUSED)
    if not found.file.isprintable():
        raise StepError("`file` is flows.yaml, or the folder that holds it", MISUSED)
    return found


@dataclass(frozen=True, slots=True)
class Job:
    """The job that the step is part of. `pull_request` is None, and `head` empty, where the event is about none.

    `is_fork` says whether the pull request comes from another repository.
    """

    repository: str
    branch: str
    commit: str
    url: str
    pull_request: int | None
    head: str
    is_fork: bool = False


def job(environment: Mapping[str, str]) -> Job:
    """What the runner tells of the job (the documentation of GitHub's default variables, and of its event file)."""
    repository = environment.get("GITHUB_REPOSITORY", "")
    server, run = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_RUN_ID", "")
    if not (re.fullmatch(r"[\w.-]+/[\w.-]+", repository) and re.fullmatch(r"https?://[\w.:-]+", server)):
        raise StepError("GITHUB_REPOSITORY and GITHUB_SERVER_URL are set by the runner: run this in GitHub Actions")
    if not run.isdecimal():
        raise StepError("GITHUB_RUN_ID is set by the runner: run this in GitHub Actions")
    event = _event(environment.get("GITHUB_EVENT_PATH", ""))
    request = _object(event, "pull_request")
    number, head = request.get("number"), _object(request, "head")
    return Job(
        repository=repository,
        branch=environment.get("GITHUB_REF_NAME", ""),
        commit=environment.get("GITHUB_SHA", ""),
        url=f"{server}/{repository}/actions/runs/{run}",
        pull_request=number if isinstance(number, int) else None,
        head=str(head.get("sha", "")),
        is_fork=bool(head) and _object(head, "repo").get("full_name") != repository,  # a deleted fork has no name
    )


def folder(environment: Mapping[str, str]) -> Path:
    """The folder through which the steps of one use of the action speak with each other."""
    return Path(environment["FLOWDECK_ACTION_FOLDER"])


def document(path: Path) -> dict[str, Any]:
    """A JSON object that an earlier step wrote; empty if it did not come to that."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def ended(step: Callable[[Mapping[str, str]], int]) -> None:
    """Run a step and exit with its code; what stops it becomes one annotation of the job, without a traceback."""
    try:
        code = step(os.environ)
    except StepError as error:
        annotate("error", str(error))
        code = error.code
    sys.exit(code)


def annotate(level: str, message: str) -> None:
    """Say something that the job's page shows; escaped as workflow commands ask for."""
    escaped = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::{level} title=flowdeck::{escaped}", flush=True)


def _truth(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise StepError(f"`{name}` is true or false", MISUSED)
    return text == "true"


def _object(whole: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = whole.get(key)
    return found if isinstance(found, dict) else {}


def _event(path: str) -> dict[str, Any]:
    return document(Path(path)) if path else {}
