"""Do one step: read again, write once, settle what became of it."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from flowdeck.apply.attempts import until_settled
from flowdeck.apply.keywords import Signature
from flowdeck.apply.settle import created, reread
from flowdeck.definition import compared, differing
from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.model.event import Retrying, Waiting
from flowdeck.model.flow import FIELDS, WantedFlow
from flowdeck.model.hiding import without_private
from flowdeck.model.live import LiveFlow
from flowdeck.model.manifest import Places
from flowdeck.model.marker import split
from flowdeck.model.result import StepOutcome, StepResult
from flowdeck.model.step import Adopt, Create, Delete, Forget, Replace, Step, Update, Withdraw, id_of
from flowdeck.service.ports import Done, Failed, Gone, Outcome, Reader, Unknown, Writer
from flowdeck.service.problems import diagnostic_of


@dataclass(frozen=True, slots=True)
class Wire:
    """What a step is done with."""

    reader: Reader
    writer: Writer
    signature: Signature
    places: Places
    wait: Callable[[Waiting | Retrying, float], bool]
    """Tells why it waits, sleeps that many seconds, and returns False when the apply was interrupted."""


def perform(step: Step, wire: Wire) -> StepResult:
    """Do the step and say what became of it. A replace is only created here; `remove` deletes what it replaces.

    Raises model.errors.ServiceError when a read fails.
    """
    match step:
        case Create():
            return _create(step, step.wanted, wire)
        case Replace():
            return _create(step, step.wanted, wire, replaces=step.live.id)
        case Update() | Adopt():
            return _update(step, wire)
        case Forget():
            return _forget(step, wire)
        case Delete() | Withdraw():
            return remove(step, wire)


def remove(step: Delete | Withdraw | Replace, wire: Wire) -> StepResult:
    """Delete the step's live flow, unless it changed since the plan; a flow that is gone already is done."""

    def once(_again: bool) -> StepResult | Outcome:
        now = wire.reader.read(step.live.id)
        if isinstance(now, Gone):
            return StepResult(step, StepOutcome.DONE, step.live.id)
        return wire.writer.delete(step.live.id) if _as_seen(step.live, now, FIELDS) else _changed_since_plan(step, now)

    outcome = until_settled(once, step.address, wire.wait)
    if isinstance(outcome, Unknown) and isinstance(reread(step.live.id, wire.reader), Gone):
        return StepResult(step, StepOutcome.DONE, step.live.id)
    return _settled(step, outcome, wire)


def _create(step: Create | Replace, wanted: WantedFlow, wire: Wire, replaces: str | None = None) -> StepResult:
    keywords = wire.signature.keywords(wanted, wanted.flow, replaces=replaces)

    def once(_again: bool) -> StepResult | Outcome:
        outcome = wire.writer.create(wanted.flow, keywords)
        if not isinstance(outcome, Unknown):
            return outcome
        # It may have taken effect, so it is not sent again: what its marker does not show, the next apply makes.
        found = created(wire.signature.marker(wanted.name), replaces, wire.reader, wire.wait)
        return Done(found) if found else _settled(step, outcome, wire)

    return _checked(step, wanted, until_settled(once, step.address, wire.wait), wire, replaces=replaces)


def _update(step: Update | Adopt, wire: Wire) -> StepResult:

    def once(again: bool) -> StepResult | Outcome:
        now = wire.reader.read(step.live.id)
        if isinstance(now, LiveFlow) and _as_wanted(step, now, wire):
            return StepResult(step, StepOutcome.DONE, step.live.id)
        keywords = wire.signature.keywords(step.wanted, step.wanted.flow, before=None if isinstance(now, Gone) else now)
        if again and isinstance(now, LiveFlow) and _signed(now, keywords, before=step.live):
            return Done(now)  # the try before took effect, and the service did not keep everything as sent
        if isinstance(now, Gone) or not _as_seen(step.live, now, step.wanted.managed):
            return _changed_since_plan(step, now)
        return wire.writer.update(step.live.id, step.wanted.flow, step.sends, keywords)

    outcome = until_settled(once, step.address, wire.wait)
    if isinstance(outcome, Unknown):
        after = reread(step.live.id, wire.reader)
        outcome = Done(after) if isinstance(after, LiveFlow) and _as_wanted(step, after, wire) else outcome
    return _checked(step, step.wanted, outcome, wire)


def _forget(step: Forget, wire: Wire) -> StepResult:

    def once(again: bool) -> StepResult | Outcome:
        now = wire.reader.read(step.live.id)
        if again and isinstance(now, LiveFlow) and not any(map(wire.signature.is_ours, now.keywords.markers)):
            return Done(now)
        if isinstance(now, Gone) or now.keywords.markers != step.live.keywords.markers:
            return _changed_since_plan(step, now)
        others = [str(marker) for marker in now.keywords.markers if not wire.signature.is_ours(marker)]
        return wire.writer.update(step.live.id, now.flow, (), [*sorted(now.keywords.users), *others])

    return _settled(step, until_settled(once, step.address, wire.wait), wire)


def _signed(now: LiveFlow, keywords: Iterable[str], before: LiveFlow) -> bool:
    """Whether the flow carries the stamp of these keywords, and did not when the plan saw it."""
    return now.keywords.stamp == split(keywords).stamp != before.keywords.stamp


def _as_wanted(step: Update | Adopt, now: LiveFlow, wire: Wire) -> bool:
    return (
        not differing(step.wanted, now, wire.reader.identity)
        and now.keywords.markers == (wire.signature.marker(step.name),)
        and now.keywords.protected == step.wanted.protect
    )


def _as_seen(seen: LiveFlow, now: LiveFlow, fields: Collection[str]) -> bool:
    """Whether these fields, the marker and the protection are what the plan saw; a stamp may have become older."""
    return (
        all(compared(seen.flow, field) == compared(now.flow, field) for field in fields)
        and seen.keywords.markers == now.keywords.markers
        and seen.keywords.protected == now.keywords.protected
    )


def _checked(
    step: Create | Update | Adopt | Replace,
    wanted: WantedFlow,
    outcome: StepResult | Outcome,
    wire: Wire,
    replaces: str | None = None,
) -> StepResult:
    """Compare the service's answer with what was sent; where it differs, say so and stamp what is there now."""
    result = _settled(step, outcome, wire)
    if not isinstance(outcome, Done):
        return result
    fields = differing(wanted, outcome.live, wire.reader.identity)
    if not fields:
        return result
    keywords = wire.signature.keywords(wanted, outcome.live.flow, outcome.live, replaces)
    wire.writer.update(outcome.live.id, outcome.live.flow, (), keywords)
    warning = Diagnostic(
        "not-as-sent",
        f"the service did not keep {', '.join(f'`{field}`' for field in fields)} as sent",
        "see what the service made of it with `flowdeck plan`, and write that into the manifest",
        wire.places.of(step.name, (fields[0],)),
        step.address,
        Severity.WARNING,
    )
    return replace(result, details=(warning,))


def _changed_since_plan(step: Step, now: LiveFlow | Gone) -> StepResult:
    what = "deleted" if isinstance(now, Gone) else f"changed at {now.updated_at}"
    error = Diagnostic(
        "changed-since-plan",
        f"flow {now.id} was {what}, after the plan saw it",
        "plan again, and review what is there now",
        address=step.address,
    )
    return StepResult(step, StepOutcome.REFUSED, now.id, error)


def _settled(step: Step, outcome: StepResult | Outcome, wire: Wire) -> StepResult:
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
        error = replace(error, code="outcome-unknown", hint="apply again: it finds out, and makes no duplicate")
    details = tuple(
        replace(error, message=without_private(one.message, *own), place=wire.places.of(step.name, one.location))
        for one in problem.details
    )
    return StepResult(step, outcome, id_of(step), error, details, request_id=problem.request_id)
