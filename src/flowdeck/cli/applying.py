"""What apply, destroy and forget share: show the plan, ask, do it, show what became of it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event as Flag
from types import FrameType
from typing import TypeVar

import click

from flowdeck.apply import Throttle
from flowdeck.cli.connection import connection
from flowdeck.cli.door import Door, Unwritable
from flowdeck.cli.exit_codes import Exit, of_result
from flowdeck.cli.log_file import Log, log_file
from flowdeck.cli.progress import progress, tells
from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import Invalid, Misused, Refused
from flowdeck.model.event import Event, Retrying
from flowdeck.model.plan import Plan
from flowdeck.model.result import ApplyOutcome, Result
from flowdeck.model.risk import DEFAULT_LEVELS
from flowdeck.plan.allowing import unused
from flowdeck.plan.reviewed import Reviewed, read_document
from flowdeck.render import document, plan_text, result_text
from flowdeck.render import log as log_lines
from flowdeck.service.globus import GlobusReader, GlobusWriter
from flowdeck.workflow.applying import do, gate, refuse, require_secrets, without_secrets
from flowdeck.workflow.looking import Loaded

F = TypeVar("F", bound=Callable[..., object])

_DIGEST = re.compile(r"[0-9a-fA-F]{12,64}")
_HEX = re.compile(r"[0-9a-fA-F]+")
# Where CI systems tell the commit (the documentation of GitHub Actions and GitLab CI).
_COMMIT_VARIABLES = ("GITHUB_SHA", "CI_COMMIT_SHA")
_COMMIT_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Consent:
    """What the command line says about going on: `yes`, the reviewed plan, risks that are accepted, and a log."""

    yes: bool = False
    expect: str | None = None
    allow: tuple[str, ...] = ()
    log: str | None = None


def consent_options(function: F) -> F:
    """The options --yes, --expect, --allow and --log."""
    for option in (
        click.option("--log", metavar="FILE", help="Append what happens to FILE, as lines of JSON."),
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
    throttle, tell = Throttle(door.parallelism), progress(door)
    with log_file(consent.log) as log:

        def on_event(event: Event) -> None:
            tell(event)
            log.hear(event)

        def on_retry(event: Retrying) -> None:
            throttle.hear(event)
            log.hear(event)

        with connection(door, loaded.manifest, writing=True, on_retry=on_retry) as access:
            reader, writer = GlobusReader(access), GlobusWriter(access)
            plan = make(reader)
            _show_plan(door, plan)
            reviewed = None if expected is None or not plan.steps else _reviewed(expected)
            commit = _commit(loaded.manifest.folder)
            _begin(log, plan, loaded, reader.identity, commit, reviewed, consent)
            if not plan.steps:
                return _show(door, log, plan, Result(plan.digest, (), plan.diagnostics))
            refused = gate(plan, reader.identity, reviewed, consent.allow)
            if refused:
                return _show(door, log, plan, refuse(plan, refused), consent.allow)
            require_secrets(plan, loaded.manifest)
            if not (consent.yes or reviewed):
                _ask(door, plan)
            with _signals() as stop:
                result = do(
                    plan, loaded.manifest, reader, writer, on_event, commit=commit, throttle=throttle, stop=stop
                )
                code = _show(door, log, plan, result, consent.allow)
    if result.interrupted:
        # Requests that hang would keep the process alive; what they did is unknown either way.
        os._exit(code)
    return code


def _show_plan(door: Door, plan: Plan) -> None:
    if door.is_text:
        door.warn(plan.diagnostics)
        if not door.quiet:
            door.say(plan_text.plan(plan, door.paint))


def _begin(
    log: Log, plan: Plan, loaded: Loaded, identity: str, commit: str, reviewed: Reviewed | None, consent: Consent
) -> None:
    """Write to the log who is about to do what, on whose word."""
    facts = log_lines.started(
        plan,
        command=click.get_current_context().info_name or "",
        identity=identity,
        commit=commit,
        reviewed=reviewed.digest if reviewed else None,
        allowed=consent.allow,
    )
    log.begin(facts, lambda text: without_secrets(plan, loaded.manifest, text))


def _show(door: Door, log: Log, plan: Plan, result: Result, allowed: tuple[str, ...] = ()) -> Exit:
    """Print the result; what was done stays done, and has its exit code, also when nobody can read of it."""
    log.end(result)
    idle = () if door.quiet else unused(plan, allowed)
    with suppress(Unwritable):
        _print(door, plan, replace(result, diagnostics=(*result.diagnostics, *idle, *log.trouble)))
    return of_result(result)


def _print(door: Door, plan: Plan, result: Result) -> None:
    if door.format == "markdown":
        from flowdeck.render import markdown_result  # noqa: PLC0415 (most results are read on a terminal)

        door.say(markdown_result.result(plan, result))
    elif not door.is_text:
        door.say(document.text(document.result(result)))
    elif result.steps:
        # On a terminal the progress told each step already, unless nothing was tried.
        told = tells(door) and sys.stdout.isatty() and result.outcome is not ApplyOutcome.REFUSED
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
    if not os.path.isfile(expect):
        raise _unusable(f"`{expect}` is neither a digest nor a file")
    try:
        return Path(expect).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _unusable(error.strerror or "" if isinstance(error, OSError) else "it is not a text file") from None


def _reviewed(expected: str) -> Reviewed:
    if _DIGEST.fullmatch(expected):
        return Reviewed(expected)
    try:
        return read_document(expected)
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
    try:
        agreed = click.confirm("\nApply this plan?", err=not door.is_text)
    except click.Abort:
        click.echo("\nNothing was applied.", err=True)
        raise
    if not agreed:
        raise Refused(Diagnostic("declined", "nothing was applied", "apply again when the plan is as it should be"))


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
