"""Find out what became of writes: creates whose answer never came, and lists that lag behind."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from flowdeck.model.diagnostic import Diagnostic, Diagnostics, Severity
from flowdeck.model.errors import ServiceError
from flowdeck.model.event import Waiting
from flowdeck.model.flow import address_of
from flowdeck.model.live import LiveFlow
from flowdeck.model.marker import Marker, Stamp, marker_prefix
from flowdeck.model.plan import Plan
from flowdeck.model.result import StepOutcome, StepResult
from flowdeck.model.step import Delete, Forget, Replace, Withdraw, id_of
from flowdeck.service.ports import Gone, Reader

Wait = Callable[[Waiting, float], bool]

# Seconds between looks; how long a list may lag is not documented, so the sum is what we are ready to wait.
_PAUSES = (0.1, 0.4, 1.0, 2.0, 4.0)


def created(marker: Marker, stamp: Stamp | None, reader: Reader, wait: Wait) -> LiveFlow | None:
    """The flow that a create without an answer made; None if it does not show up in time, or nobody answers.

    The marker alone would also mean a flow that a lagging list kept from the plan: the stamp tells them apart.
    """
    for pause in _PAUSES:
        try:
            marked = reader.marked(str(marker))
        except ServiceError:  # the reader has been patient already
            return None
        for flow in marked:
            if marker in flow.keywords.markers and flow.keywords.stamp == stamp and flow.flow.owner == reader.identity:
                return flow
        if not wait(Waiting(f"looking for {marker}, whose create was not answered"), pause):
            break
    return None


def reread(id: str, reader: Reader) -> LiveFlow | Gone | None:
    """The flow after a write whose answer never came; None when the service does not answer now either."""
    try:
        return reader.read(id)
    except ServiceError:
        return None


def looked_again(plan: Plan, results: Collection[StepResult], reader: Reader, wait: Wait) -> Diagnostics:
    """Wait until the service's list shows it all, so that the next job sees it; warnings of what is not well."""
    prefix = marker_prefix(plan.project, plan.environment)
    try:
        listed = {flow.id: flow for flow in reader.marked(prefix)}
        for pause in _PAUSES:
            if _shows(listed, results):
                break
            if not wait(Waiting("the service's list does not show everything yet"), pause):
                break
            listed = {flow.id: flow for flow in reader.marked(prefix)}
    except ServiceError as error:
        return tuple(replace(one, severity=Severity.WARNING) for one in error.diagnostics)
    twins = tuple(_twins(listed.values(), results, prefix, plan.deployers or {reader.identity}))
    return twins if _shows(listed, results) else (_LAGS, *twins)


def _shows(listed: Mapping[str, LiveFlow], results: Iterable[StepResult]) -> bool:
    """Whether the list holds every flow as the service answered it, and none that is gone."""
    for one in results:
        if isinstance(one.step, Delete | Withdraw | Forget):
            if one.outcome is StepOutcome.DONE and one.step.live.id in listed:
                return False
        elif one.live:
            shown = listed.get(one.live.id)
            if shown is None or (shown.flow, shown.keywords) != (one.live.flow, one.live.keywords):
                return False
            if isinstance(one.step, Replace) and one.outcome is StepOutcome.DONE and one.step.live.id in listed:
                return False
    return True


def _twins(
    listed: Iterable[LiveFlow], results: Collection[StepResult], prefix: str, deployers: Collection[str]
) -> Iterable[Diagnostic]:
    """A warning for each address that two flows of ours claim now, as after two applies at once."""
    known = {id_of(one.step) for one in results if one.outcome is not StepOutcome.DONE}
    claims: dict[str, list[str]] = defaultdict(list)
    for flow in listed:
        if flow.flow.owner in deployers and flow.id not in known:
            for marker in flow.keywords.markers:
                claims[str(marker).removeprefix(prefix)].append(flow.id)
    for name, ids in claims.items():
        if len(ids) > 1:
            yield Diagnostic(
                "ambiguous-owner",
                f"several flows claim {address_of(name)}: {', '.join(sorted(ids))}",
                "apply again: it withdraws the newer one if nobody has used it",
                address=address_of(name),
                severity=Severity.WARNING,
            )


_LAGS = Diagnostic(
    "list-lags",
    "the service's list does not show everything that was written",
    "wait a little before the next apply; a duplicate that it made would be withdrawn",
    severity=Severity.WARNING,
)
