"""Do one step: read again, write, and repeat that for as long as it is safe and worth it."""

from collections.abc import Iterable

from flowdeck.apply.answers import as_seen, as_wanted, changed_since_plan, judged, settled, unlike
from flowdeck.apply.attempts import until_settled
from flowdeck.apply.settle import created, reread
from flowdeck.apply.wire import Wire
from flowdeck.definition import differing
from flowdeck.model.flow import FIELDS
from flowdeck.model.live import LiveFlow
from flowdeck.model.marker import split
from flowdeck.model.result import StepOutcome, StepResult
from flowdeck.model.step import Adopt, Create, Delete, Forget, Replace, Step, Update, Withdraw
from flowdeck.service.ports import Done, Failed, Gone, Outcome, Unknown


def perform(step: Step, wire: Wire) -> StepResult:
    """Do the step and say what became of it. A replace is only created here; `remove` deletes what it replaces.

    Raises model.errors.ServiceError when a read fails.
    """
    match step:
        case Create():
            return _create(step, wire)
        case Replace():
            now = wire.reader.read(step.live.id)
            if isinstance(now, Gone) or not as_seen(step.live, now, FIELDS):
                return changed_since_plan(step, now)
            return _create(step, wire, replaces=step.live.id)
        case Update() | Adopt():
            return _update(step, wire)
        case Forget():
            return _forget(step, wire)
        case Delete() | Withdraw():
            return remove(step, wire)


def remove(step: Delete | Withdraw | Replace, wire: Wire) -> StepResult:
    """Delete the step's live flow, unless it changed since the plan; a flow that is gone already is done."""
    gone = StepResult(step, StepOutcome.DONE, step.live.id)

    def once(_again: bool) -> StepResult | Outcome:
        now = wire.reader.read(step.live.id)
        if isinstance(now, Gone):
            return gone
        if not as_seen(step.live, now, FIELDS):
            return changed_since_plan(step, now)
        if isinstance(step, Withdraw) and (lost := _without_keeper(step, wire)):
            return lost
        outcome = wire.writer.delete(step.live.id)
        return gone if _is_gone(outcome) else outcome  # another apply may have been faster

    outcome = until_settled(once, step.address, wire.wait)
    if isinstance(outcome, Unknown) and isinstance(reread(step.live.id, wire.reader), Gone):
        return gone
    return settled(step, outcome, wire)


def _without_keeper(step: Withdraw, wire: Wire) -> StepResult | None:
    """The refusal when the flow that is to stay is gone: the list was behind, and the duplicate is the last one."""
    keeper = wire.reader.read(step.keeps)
    if isinstance(keeper, LiveFlow) and any(map(wire.signature.is_ours, keeper.keywords.markers)):
        return None
    return changed_since_plan(step, keeper)


def _create(step: Create | Replace, wire: Wire, replaces: str | None = None) -> StepResult:
    keywords = wire.signature.keywords(step.wanted, step.wanted.flow, replaces=replaces)

    def once(_again: bool) -> StepResult | Outcome:
        outcome = wire.writer.create(step.wanted.flow, keywords)
        if not isinstance(outcome, Unknown):
            return outcome
        # It may have taken effect, so it is not sent again: what its marker does not show, the next apply makes.
        found = created(wire.signature.marker(step.name), split(keywords).stamp, wire.reader, wire.wait)
        if found and not differing(step.wanted, found, wire.reader.identity):
            return Done(found)
        return settled(step, outcome, wire)

    return judged(step, until_settled(once, step.address, wire.wait), wire)


def _update(step: Update | Adopt, wire: Wire) -> StepResult:

    def once(again: bool) -> StepResult | Outcome:
        now = wire.reader.read(step.live.id)
        if isinstance(now, Gone):
            return changed_since_plan(step, now)
        if as_wanted(step, now, wire):
            return StepResult(step, StepOutcome.DONE, step.live.id)
        keywords = wire.signature.keywords(step.wanted, step.wanted.flow, before=now)
        fields = differing(step.wanted, now, wire.reader.identity)
        if again and fields and _signed(now, keywords, before=step.live):
            # The try before took effect. Who made it otherwise is not known, so the stamp stays as it is.
            return unlike(step, now, fields, wire)
        if not as_seen(step.live, now, step.wanted.managed):
            return changed_since_plan(step, now)
        outcome = wire.writer.update(step.live.id, step.wanted.flow, step.sends, keywords)
        return changed_since_plan(step, Gone(now.id)) if _is_gone(outcome) else outcome

    outcome = until_settled(once, step.address, wire.wait)
    if isinstance(outcome, Unknown):
        after = reread(step.live.id, wire.reader)
        outcome = Done(after) if isinstance(after, LiveFlow) and as_wanted(step, after, wire) else outcome
    return judged(step, outcome, wire)


def _forget(step: Forget, wire: Wire) -> StepResult:

    def once(again: bool) -> StepResult | Outcome:
        now = wire.reader.read(step.live.id)
        if again and isinstance(now, LiveFlow) and not any(map(wire.signature.is_ours, now.keywords.markers)):
            return Done(now)
        if isinstance(now, Gone) or now.keywords.markers != step.live.keywords.markers:
            return changed_since_plan(step, now)
        others = [str(marker) for marker in now.keywords.markers if not wire.signature.is_ours(marker)]
        return wire.writer.update(step.live.id, now.flow, (), [*sorted(now.keywords.users), *others])

    return settled(step, until_settled(once, step.address, wire.wait), wire)


def _signed(now: LiveFlow, keywords: Iterable[str], before: LiveFlow) -> bool:
    """Whether the flow carries the stamp of these keywords, and did not when the plan saw it."""
    return now.keywords.stamp == split(keywords).stamp != before.keywords.stamp


def _is_gone(outcome: Outcome) -> bool:
    return isinstance(outcome, Failed) and outcome.problem.kind == "gone"
