"""Do one step: read again, write once, settle what became of it."""

import json
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from flowdeck.apply.keywords import Signature
from flowdeck.apply.settle import created, reread
from flowdeck.definition import compared, differing
from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.model.event import Waiting
from flowdeck.model.flow import FIELDS, SENSITIVE, WantedFlow, private_parameters
from flowdeck.model.json_value import Json
from flowdeck.model.live import LiveFlow
from flowdeck.model.manifest import Places
from flowdeck.model.result import StepOutcome, StepResult
from flowdeck.model.step import Adopt, Create, Delete, Forget, Replace, Step, Update, Withdraw, id_of
from flowdeck.service.ports import Done, Failed, Gone, Outcome, Reader, Unknown, Writer
from flowdeck.service.problems import diagnostic_of

_SHORT = 3


@dataclass(frozen=True, slots=True)
class Wire:
    """What a step is done with."""

    reader: Reader
    writer: Writer
    signature: Signature
    places: Places
    wait: Callable[[Waiting, float], bool]
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
    now = wire.reader.read(step.live.id)
    if isinstance(now, Gone):
        return StepResult(step, StepOutcome.DONE, step.live.id)
    if not _as_seen(step.live, now, FIELDS):
        return _changed_since_plan(step, now)
    outcome = wire.writer.delete(step.live.id)
    if isinstance(outcome, Unknown) and isinstance(reread(step.live.id, wire.reader), Gone):
        return StepResult(step, StepOutcome.DONE, step.live.id)
    return _settled(step, outcome, wire)


def _create(step: Create | Replace, wanted: WantedFlow, wire: Wire, replaces: str | None = None) -> StepResult:
    keywords = wire.signature.keywords(wanted, wanted.flow, replaces=replaces)
    outcome = wire.writer.create(wanted.flow, keywords)
    if isinstance(outcome, Unknown):
        found = created(wire.signature.marker(wanted.name), replaces, wire.reader, wire.wait)
        outcome = Done(found) if found else outcome
    return _checked(step, wanted, outcome, wire, replaces=replaces)


def _update(step: Update | Adopt, wire: Wire) -> StepResult:
    now = wire.reader.read(step.live.id)
    if isinstance(now, LiveFlow) and _as_wanted(step, now, wire):
        return StepResult(step, StepOutcome.DONE, step.live.id)
    if isinstance(now, Gone) or not _as_seen(step.live, now, step.wanted.managed):
        return _changed_since_plan(step, now)
    keywords = wire.signature.keywords(step.wanted, step.wanted.flow, before=now)
    outcome = wire.writer.update(step.live.id, step.wanted.flow, step.sends, keywords)
    if isinstance(outcome, Unknown):
        after = reread(step.live.id, wire.reader)
        outcome = Done(after) if isinstance(after, LiveFlow) and _as_wanted(step, after, wire) else outcome
    return _checked(step, step.wanted, outcome, wire)


def _forget(step: Forget, wire: Wire) -> StepResult:
    now = wire.reader.read(step.live.id)
    if isinstance(now, Gone) or now.keywords.markers != step.live.keywords.markers:
        return _changed_since_plan(step, now)
    others = [str(marker) for marker in now.keywords.markers if not wire.signature.is_ours(marker)]
    outcome = wire.writer.update(step.live.id, now.flow, (), [*sorted(now.keywords.users), *others])
    return _settled(step, outcome, wire)


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
    outcome: Outcome,
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


def _settled(step: Step, outcome: Outcome, wire: Wire) -> StepResult:
    match outcome:
        case Done(live):
            return StepResult(step, StepOutcome.DONE, live.id, live=live)
        case Failed():
            return _unsuccessful(step, StepOutcome.FAILED, outcome, wire)
        case Unknown():
            return _unsuccessful(step, StepOutcome.UNKNOWN, outcome, wire)


def _unsuccessful(step: Step, outcome: StepOutcome, reason: Failed | Unknown, wire: Wire) -> StepResult:
    """The result with the service's complaints, each at the place of the user's file that it means."""
    problem = reason.problem
    sides = [side for side in (getattr(step, "wanted", None), getattr(step, "live", None)) if side]
    secrets = {text for side in sides for text in _private_texts(side.flow.definition)}
    error = diagnostic_of(replace(problem, message=_without(problem.message, secrets)), step.address)
    if outcome is StepOutcome.UNKNOWN:
        error = replace(error, code="outcome-unknown", hint="apply again: it finds out, and makes no duplicate")
    details = tuple(
        replace(error, message=_without(one.message, secrets), place=wire.places.of(step.name, one.location))
        for one in problem.details
    )
    return StepResult(step, outcome, id_of(step), error, details)


def _private_texts(definition: Json) -> set[str]:
    """Every way in which a message of the service might quote a private parameter, or a part of one."""
    texts: set[str] = set()
    for path in private_parameters(definition.value):
        value = definition.value
        for segment in path:
            value = value[segment]
        pending = [value]
        while pending:
            part = pending.pop()
            if part is None or isinstance(part, bool):  # a word of every message, and no secret
                continue
            texts |= {str(part), json.dumps(part), Json.of(part).text}
            pending += part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
    return texts - {"", '""', "{}", "[]"}


def _without(message: str, secrets: Iterable[str]) -> str:
    """The message with each secret hidden; a short one only where it stands as a word, or nothing would be readable."""
    forms = [
        re.escape(one) if len(one) > _SHORT else rf"(?<!\w){re.escape(one)}(?!\w)"
        for one in sorted(secrets, key=len, reverse=True)
    ]
    return re.sub("|".join(forms), SENSITIVE, message) if forms else message
