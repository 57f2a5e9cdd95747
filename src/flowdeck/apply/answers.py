"""Judge what became of a write: as sent, kept otherwise, overtaken by somebody else, refused, or not known."""

from collections.abc import Collection
from dataclasses import replace

from flowdeck.apply.attempts import until_settled
from flowdeck.apply.wire import Wire
from flowdeck.definition import compared, differing
from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.model.hiding import without_private
from flowdeck.model.live import LiveFlow
from flowdeck.model.marker import split
from flowdeck.model.result import StepOutcome, StepResult
from flowdeck.model.step import Adopt, Create, Replace, Step, Update, id_of
from flowdeck.service.ports import Done, Failed, Gone, Outcome, Unknown
from flowdeck.service.problems import diagnostic_of

Sending = Create | Update | Adopt | Replace


def as_seen(seen: LiveFlow, now: LiveFlow, fields: Collection[str]) -> bool:
    """Whether these fields, the marker and the protection are what the plan saw; a stamp may have become older."""
    return (
        all(compared(seen.flow, field) == compared(now.flow, field) for field in fields)
        and seen.keywords.markers == now.keywords.markers
        and seen.keywords.protected == now.keywords.protected
    )


def as_wanted(step: Update | Adopt, now: LiveFlow, wire: Wire) -> bool:
    """Whether nothing is left to do."""
    return (
        not differing(step.wanted, now, wire.reader.identity)
        and now.keywords.markers == (wire.signature.marker(step.name),)
        and now.keywords.protected == step.wanted.protect
    )


def changed_since_plan(step: Step, now: LiveFlow | Gone) -> StepResult:
    """The refusal of a step whose flow is not what the plan saw."""
    what = "deleted" if isinstance(now, Gone) else f"changed at {now.updated_at}"
    return StepResult(
        step, StepOutcome.REFUSED, now.id, _changed(step, f"flow {now.id} was {what}, after the plan saw it")
    )


def _changed(step: Step, message: str) -> Diagnostic:
    return Diagnostic(
        "changed-since-plan",
        message,
        "plan again, and review what is there now",
        address=step.address,
    )


def judged(step: Sending, outcome: StepResult | Outcome, wire: Wire) -> StepResult:
    """The step's result for an outcome, the service's answer compared with what was sent.

    What was sent and is kept otherwise is stamped as it is now, so that it is not mistaken for drift.
    """
    if not isinstance(outcome, Done):
        return settled(step, outcome, wire)
    fields = differing(step.wanted, outcome.live, wire.reader.identity)
    if not fields:
        return settled(step, outcome, wire)
    found = replace(unlike(step, outcome.live, fields, wire), request_id=outcome.request_id)
    if found.outcome is not StepOutcome.DONE:
        return found
    again = _stamped(step, outcome.live, fields, wire)
    if isinstance(again, Done):
        return replace(found, live=again.live)
    lost = "; the stamp over that could not be written, so it will look like drift"
    return replace(found, details=tuple(replace(one, message=one.message + lost) for one in found.details))


def unlike(step: Sending, live: LiveFlow, fields: tuple[str, ...], wire: Wire) -> StepResult:
    """The result of a write that took effect, though some fields are not as declared.

    Those that were not sent were so when the flow was read: somebody else changed them since, and drift they remain.
    """
    theirs = [field for field in fields if field not in step.sends] if isinstance(step, Update | Adopt) else []
    if theirs:
        message = f"somebody else changed {_listed(theirs)} of flow {live.id} while this apply wrote the rest of it"
        changed = _changed(step, f"{message}, at {live.updated_at} or just before")
        return StepResult(step, StepOutcome.REFUSED, live.id, changed, live=live)
    warning = Diagnostic(
        "not-as-sent",
        f"the service did not keep {_listed(fields)} as sent",
        "see what the service made of it with `flowdeck plan`, and write that into the manifest",
        wire.places.of(step.name, (fields[0],)),
        step.address,
        Severity.WARNING,
    )
    return StepResult(step, StepOutcome.DONE, live.id, details=(warning,), live=live)


def _listed(fields: Collection[str]) -> str:
    return ", ".join(f"`{field}`" for field in fields)


def _stamped(step: Sending, live: LiveFlow, fields: tuple[str, ...], wire: Wire) -> StepResult | Outcome:
    """Write the stamp over what the service made of these fields."""
    kept = replace(step.wanted.flow, **{field: getattr(live.flow, field) for field in fields})
    keywords = wire.signature.keywords(step.wanted, kept, live)

    def once(again: bool) -> StepResult | Outcome:
        now = wire.reader.read(live.id) if again else live
        if isinstance(now, LiveFlow) and now.keywords == split(keywords):
            return Done(now)
        if isinstance(now, Gone) or now.keywords != live.keywords:
            return changed_since_plan(step, now)
        return wire.writer.update(live.id, live.flow, (), keywords)

    return until_settled(once, step.address, wire.wait)


def settled(step: Step, outcome: StepResult | Outcome, wire: Wire) -> StepResult:
    """The step's result for an outcome."""
    match outcome:
        case StepResult():
            return outcome
        case Done(live, request_id):
            return StepResult(step, StepOutcome.DONE, live.id, live=live, request_id=request_id)
        case Failed():
            return _unsuccessful(step, StepOutcome.FAILED, outcome, wire)
        case Unknown():
            return _unsuccessful(step, StepOutcome.UNKNOWN, outcome, wire)


def _unsuccessful(step: Step, outcome: StepOutcome, reason: Failed | Unknown, wire: Wire) -> StepResult:
    """The result with the service's complaints, each at the place of the user's file that it means."""
    problem = reason.problem
    sides = [side for side in (getattr(step, "wanted", None), getattr(step, "live", None)) if side]
    own = [side.flow.definition for side in sides]
    error = diagnostic_of(replace(problem, message=without_private(problem.message, *own)), step.address)
    if outcome is StepOutcome.UNKNOWN:
        error = replace(
            error,
            code="outcome-unknown",
            message=f"{error.message}; the {step.action} may have taken effect or not",
            hint="apply again: it finds out, and makes no duplicate",
        )
    details = tuple(
        replace(error, message=without_private(one.message, *own), place=wire.places.of(step.name, one.location))
        for one in problem.details
    )
    return StepResult(step, outcome, id_of(step), error, details, request_id=problem.request_id)
