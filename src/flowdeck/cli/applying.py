"""What apply, destroy and forget share: show the plan, ask, do it, show what became of it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Flag
from threading import Lock
from types import FrameType
from typing import TypeVar

import click

from flowdeck.cli.connection import connection
from flowdeck.cli.door import Door, Unwritable
from flowdeck.cli.exit_codes import Exit, of_result
from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import Invalid, Misused, Refused
from flowdeck.model.event import Event
from flowdeck.model.plan import Plan
from flowdeck.model.result import ApplyOutcome, Result
from flowdeck.model.risk import DEFAULT_LEVELS
from flowdeck.plan import Reviewed, read_document
from flowdeck.render import document, plan_text, result_text
from flowdeck.service.globus import GlobusReader, GlobusWriter
from flowdeck.workflow import Loaded, do, gate, refuse, require_secrets

F = TypeVar("F", bound=Callable[..., object])

_DIGEST = re.compile(r"[0-9a-fA-F]{12,64}")
_HEX = re.compile(r"[0-9a-fA-F]+")
# Where CI systems tell the commit (the documentation of GitHub Actions and GitLab CI).
_COMMIT_VARIABLES = ("GITHUB_SHA", "CI_COMMIT_SHA")
_COMMIT_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Consent:
    """What the command line says about going on: `yes`, the reviewed plan, and risks that are accepted."""

    yes: bool = False
    expect: str | None = None
    allow: tuple[str, ...] = ()


def consent_options(function: F) -> F:
    """The options --yes, --expect and --allow."""
    for option in (
        click.option("--allow", multiple=True, metavar="CODE[:NAME]", help="Accept a risk that blocks."),
        click.option("--expect", metavar="DIGEST|FILE", help="Apply only the plan that was reviewed; asks nothing."),
        click.option("--yes", "--auto-approve", is_flag=True, help="Do not ask."),
    ):
        function = option(function)
    return function


def carry_out(door: Door, loaded: Loaded, make: Callable[[GlobusReader], Plan], consent: Consent) -> int:
    """Make the plan, show it, pass the gate, ask, apply, and say what became of it."""
    _check_allowed(consent.allow)
    expected = None if consent.expect is None else _expected(consent.expect)
    with connection(door, loaded.manifest, writing=True) as access:
        reader = GlobusReader(access)
        plan = make(reader)
        if door.is_text:
            door.warn(plan.diagnostics)
            if not door.quiet:
                door.say(plan_text.plan(plan, door.paint))
        if not plan.steps:
            return _show(door, Result(plan.digest, (), plan.diagnostics))
        reviewed = None if expected is None else _reviewed(expected, plan)
        refused = gate(plan, reader.identity, reviewed, consent.allow)
        if refused:
            return _show(door, refuse(plan, refused))
        require_secrets(plan, loaded.manifest)
        if not (consent.yes or reviewed):
            _ask(door, plan)
        with _signals() as stop:
            result = do(
                plan,
                loaded.manifest,
                reader,
                GlobusWriter(access),
                _progress(door),
                commit=_commit(loaded.manifest.folder),
                parallelism=door.parallelism,
                stop=stop,
            )
            code = _show(door, result)
    if result.interrupted:
        # Requests that hang would keep the process alive; what they did is unknown either way.
        os._exit(code)
    return code


def _show(door: Door, result: Result) -> Exit:
    """Print the result; what was done stays done, and has its exit code, also when nobody can read of it."""
    with suppress(Unwritable):
        _print(door, result)
    return of_result(result)


def _print(door: Door, result: Result) -> None:
    if not door.is_text:
        door.say(document.text(document.result(result)))
    elif result.steps:
        # On a terminal the progress told each step already, unless nothing was tried.
        told = _tells(door) and sys.stdout.isatty() and result.outcome is not ApplyOutcome.REFUSED
        door.say(f"{'' if door.quiet else chr(10)}{result_text.result(result, door.paint, with_steps=not told)}")


def _check_allowed(allowed: tuple[str, ...]) -> None:
    for one in allowed:
        if one.split(":")[0] not in DEFAULT_LEVELS:
            raise Misused(
                Diagnostic("unknown-risk", f"`--allow {one}`: there is no such risk", "docs/risks.md lists the codes")
            )


def _expected(expect: str) -> str:
    """What --expect names: the digest itself, or the text of a plan file."""
    if _DIGEST.fullmatch(expect):
        return expect
    if _HEX.fullmatch(expect) and not Path(expect).exists():
        raise Misused(Diagnostic("bad-expectation", f"`{expect}` is no digest", "give 12 to 64 hex digits of it"))
    try:
        return Path(expect).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _unusable(error.strerror or "" if isinstance(error, OSError) else "it is not a text file") from None


def _reviewed(expected: str, plan: Plan) -> Reviewed:
    if _DIGEST.fullmatch(expected):
        return Reviewed(expected)
    try:
        return read_document(expected, plan)
    except ValueError as error:
        raise _unusable(str(error)) from None


def _unusable(reason: str) -> Invalid:
    return Invalid(
        Diagnostic(
            "bad-expectation",
            f"what --expect names cannot be used: {reason}",
            "give 12 to 64 hex digits of a plan's digest, or a file written by `flowdeck plan --out x.json`",
        )
    )


def _ask(door: Door, plan: Plan) -> None:
    if not sys.stdin.isatty():
        raise Misused(
            Diagnostic(
                "not-confirmed",
                "there is no terminal to ask for confirmation",
                f"review the plan and add --expect {plan.digest[:12]}, or --yes",
            )
        )
    if not door.is_text or door.quiet:
        click.echo(plan_text.plan(plan, door.paint_on(sys.stderr)), err=True, color=True)
    if not click.confirm("\nApply this plan?", err=not door.is_text):
        raise Refused(Diagnostic("declined", "nothing was applied", "apply again when the plan is as it should be"))


def _progress(door: Door) -> Callable[[Event], None]:
    """What happens, as it happens; steps end in several threads."""
    wanted = _tells(door)
    lock, paint = Lock(), door.paint_on(sys.stderr)

    def on_event(event: Event) -> None:
        if wanted:
            with lock:
                door.tell(result_text.event(event, paint))

    return on_event


def _tells(door: Door) -> bool:
    """Progress is for terminals, and for whoever asks with --verbose."""
    return (sys.stderr.isatty() or door.verbose) and not door.quiet


@contextmanager
def _signals() -> Iterator[Flag]:
    """The first INT or TERM asks the apply to stop, the second stops the process."""
    stop = Flag()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(Exit.INTERRUPTED)
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _commit(folder: Path) -> str:
    """The commit for the stamp: what CI says, else what git says of the project folder, else nothing."""
    for variable in _COMMIT_VARIABLES:
        if commit := os.environ.get(variable):
            return commit[:_COMMIT_LENGTH] if re.fullmatch("[0-9a-fA-F]+", commit) else ""
    try:
        git = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return git.stdout.strip()[:_COMMIT_LENGTH] if git.returncode == 0 else ""
