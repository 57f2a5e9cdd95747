"""The lines of an apply's log: what was about to be done and by whom, and each thing as it happened."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flowdeck import __version__
from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.model.event import Event, Retrying, StepFinished, StepStarted, Waiting
from flowdeck.model.plan import Plan
from flowdeck.model.result import Result, StepResult
from flowdeck.model.step import id_of
from flowdeck.render.document import FORMAT_VERSION

Facts = Mapping[str, Any]


def line(apply: str, now: datetime, event: str, facts: Facts) -> str:
    """One line of JSON; `apply` is the same in all lines of one apply, `now` any time with a zone."""
    time = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    # Only ASCII: no character of a text can be taken for the end of a line.
    return json.dumps({"time": time, "apply": apply, "event": event, **facts}, separators=(",", ":"))


def started(
    plan: Plan, *, command: str, identity: str, commit: str, reviewed: str | None, allowed: Sequence[str]
) -> Facts:
    """Who is about to do what to which service, and on whose word."""
    return {
        "format_version": FORMAT_VERSION,
        "flowdeck_version": __version__,
        "command": command,
        "identity": identity,
        "service": plan.service,
        "project": plan.project,
        "environment": plan.environment,
        "commit": commit,
        "digest": plan.digest,
        "reviewed": reviewed,
        "allow": list(allowed),
        "summary": plan.summary,
    }


def happened(event: Event, hide: Callable[[str], str]) -> tuple[str, Facts]:
    """One event; `hide` takes what is secret out of words that are not our own."""
    match event:
        case StepStarted(step):
            return "step-started", {"address": step.address, "action": step.action, "id": id_of(step)}
        case StepFinished(result, seconds):
            return "step-finished", finished(result, seconds)
        case Waiting(reason):
            return "waiting", {"reason": reason}
        case Retrying(about, reason, attempt, pause):
            facts = {"address": about or None, "reason": hide(reason), "attempt": attempt, "pause": round(pause, 3)}
            return "retry", facts


def finished(result: StepResult, seconds: float | None) -> Facts:
    """What became of a step; `seconds` is None for one that was not tried."""
    return {
        "address": result.step.address,
        "action": result.step.action,
        "id": result.id,
        "outcome": result.outcome.value,
        "error": result.error.code if result.error else None,
        "seconds": None if seconds is None else round(seconds, 3),
        "request_id": result.request_id or None,
    }


def ended(result: Result, exit_code: int) -> Facts:
    """The end of an apply that has a result."""
    errors = [*(one.error for one in result.steps if one.error), *result.diagnostics]
    return _end(result.outcome.value, exit_code, errors, interrupted=result.interrupted)


def stopped(diagnostics: Sequence[Diagnostic], outcome: str, exit_code: int, *, interrupted: bool) -> Facts:
    """The end of an apply that something stopped before it wrote anything."""
    return _end(outcome, exit_code, diagnostics, interrupted=interrupted)


def _end(outcome: str, exit_code: int, diagnostics: Sequence[Diagnostic], *, interrupted: bool) -> Facts:
    errors = dict.fromkeys(one.code for one in diagnostics if one.severity is Severity.ERROR)
    return {"outcome": outcome, "exit_code": int(exit_code), "interrupted": interrupted, "errors": list(errors)}
