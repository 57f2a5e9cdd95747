"""What an apply did, for people: a line a step, and the sum."""

from collections import Counter

from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.event import Event, StepFinished, StepStarted, Waiting
from flowdeck.model.result import ApplyOutcome, Result, StepOutcome, StepResult
from flowdeck.render import diagnostics
from flowdeck.render.escape import plain
from flowdeck.render.paint import Paint
from flowdeck.render.plan_text import SYMBOLS

_STYLES = {
    StepOutcome.DONE: "green",
    StepOutcome.FAILED: "red",
    StepOutcome.SKIPPED: "dim",
    StepOutcome.REFUSED: "red",
    StepOutcome.UNKNOWN: "magenta",
}
_WORDS = {
    ApplyOutcome.APPLIED: "Applied",
    ApplyOutcome.NOTHING: "Nothing to do",
    ApplyOutcome.PARTIAL: "Partly applied",
    ApplyOutcome.REFUSED: "Refused",
    ApplyOutcome.FAILED: "Failed",
}


def result(shown: Result, paint: Paint) -> str:
    """Every step's outcome, the problems after them, and the sum at the end."""
    lines = [_line(one, paint) for one in shown.steps]
    problems = [problem for one in shown.steps for problem in _problems(one)] + list(shown.diagnostics)
    counts = Counter(one.outcome for one in shown.steps)
    counted = ", ".join(f"{counts[outcome]} {outcome}" for outcome in StepOutcome if counts[outcome])
    closing = f"{paint(_WORDS[shown.outcome], 'bold')}{f': {counted}' if counted else ''}."
    blocks = ["\n".join(lines), diagnostics.text(dict.fromkeys(problems), paint), closing]
    return "\n\n".join(block for block in blocks if block)


def event(told: Event, paint: Paint) -> str:
    """One line of progress."""
    match told:
        case StepStarted(step):
            return paint(f"  {step.address}: {step.action} ...", "dim")
        case StepFinished(finished, seconds):
            return f"{_line(finished, paint)}  {paint(f'{seconds:.1f} s', 'dim')}"
        case Waiting(reason):
            return paint(f"  waiting: {plain(reason)}", "dim")


def _line(one: StepResult, paint: Paint) -> str:
    symbol, _ = SYMBOLS[one.step.action]
    return f"  {paint(one.outcome, _STYLES[one.outcome]):<9} {symbol} {one.step.address}  {one.id or ''}".rstrip()


def _problems(one: StepResult) -> list[Diagnostic]:
    # The details say the same as the error, each at its place.
    placed = [detail for detail in one.details if detail.place]
    return list(one.details) if placed else [*([one.error] if one.error else []), *one.details]
