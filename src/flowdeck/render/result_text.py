"""What an apply did, for people: a line a step, and the sum."""

from collections import Counter

from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.event import Event, Retrying, StepFinished, StepStarted, Waiting
from flowdeck.model.result import ApplyOutcome, Result, StepOutcome, StepResult
from flowdeck.model.step import Action
from flowdeck.render import diagnostics
from flowdeck.render.escape import plain
from flowdeck.render.paint import Paint
from flowdeck.render.review import SYMBOLS

_STYLES = {
    StepOutcome.DONE: "green",
    StepOutcome.FAILED: "red",
    StepOutcome.SKIPPED: "dim",
    StepOutcome.REFUSED: "red",
    StepOutcome.UNKNOWN: "magenta",
}
_PAST: dict[Action, str] = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "delete": "deleted",
    "adopt": "adopted",
    "forget": "forgotten",
    "withdraw": "withdrawn",
}
_WORDS = {
    ApplyOutcome.APPLIED: "Applied",
    ApplyOutcome.NOTHING: "Nothing to do",
    ApplyOutcome.PARTIAL: "Partly applied",
    ApplyOutcome.REFUSED: "Refused",
    ApplyOutcome.FAILED: "Failed",
}


def result(shown: Result, paint: Paint, *, with_steps: bool = True) -> str:
    """Every step's outcome, unless progress told them already, then the problems, and the sum at the end."""
    lines = [_line(one, paint) for one in shown.steps] if with_steps else []
    closing = f"{paint(_WORDS[shown.outcome], 'bold')}{_counted(shown)}."
    blocks = ["\n".join(lines), diagnostics.text(problems(shown), paint), closing]
    return "\n\n".join(block for block in blocks if block)


def outcome_line(shown: Result) -> str:
    """`Applied: 1 created, 2 updated`."""
    return f"{_WORDS[shown.outcome]}{_counted(shown)}"


def problems(shown: Result) -> tuple[Diagnostic, ...]:
    """What there is to say of the steps and of the whole, each once."""
    return tuple(dict.fromkeys([*(one for step in shown.steps for one in _problems(step)), *shown.diagnostics]))


def _counted(shown: Result) -> str:
    counts = Counter(
        _PAST[one.step.action] if one.outcome is StepOutcome.DONE else one.outcome.value for one in shown.steps
    )
    return ": " + ", ".join(f"{number} {word}" for word, number in counts.items()) if counts else ""


def event(told: Event, paint: Paint) -> str:
    """One line of progress."""
    match told:
        case StepStarted(step):
            return paint(f"  {step.address}: {step.action} ...", "dim")
        case StepFinished(finished, seconds):
            return f"{_line(finished, paint)}  {paint(f'{seconds:.1f} s', 'dim')}"
        case Waiting(reason):
            return paint(f"  waiting: {plain(reason)}", "dim")
        case Retrying(about, reason, attempt, pause):
            what = f"{about}: " if about else ""
            return paint(f"  {what}attempt {attempt} failed ({plain(reason)}); again in {pause:.1f} s", "dim")


def _line(one: StepResult, paint: Paint) -> str:
    symbol = SYMBOLS[one.step.action]
    return f"  {paint(f'{one.outcome:<7}', _STYLES[one.outcome])} {symbol} {one.step.address}  {one.id or ''}".rstrip()


def _problems(one: StepResult) -> list[Diagnostic]:
    # The details say the same as the error, each at its place.
    placed = [detail for detail in one.details if detail.place]
    return list(one.details) if placed else [*([one.error] if one.error else []), *one.details]
