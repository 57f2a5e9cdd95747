"""Find out what became of writes: creates whose answer never came, and lists that lag behind."""

from collections.abc import Callable, Iterable

from flowdeck.model.errors import ServiceError
from flowdeck.model.event import Waiting
from flowdeck.model.live import LiveFlow
from flowdeck.model.marker import Marker
from flowdeck.model.result import StepOutcome, StepResult
from flowdeck.model.step import Delete, Forget, Replace, Withdraw
from flowdeck.service.ports import Gone, Reader

Wait = Callable[[Waiting, float], bool]

# Seconds between looks; how long a list may lag is not documented, so the sum is what we are ready to wait.
_PAUSES = (0.1, 0.4, 1.0, 2.0, 4.0)


def created(marker: Marker, replaces: str | None, reader: Reader, wait: Wait) -> LiveFlow | None:
    """The flow that a create without an answer made, found by its marker; None if it does not show up in time."""
    for pause in _PAUSES:
        for flow in _marked(marker, reader):
            if marker in flow.keywords.markers and flow.flow.owner == reader.identity and flow.id != replaces:
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


def _marked(marker: Marker, reader: Reader) -> list[LiveFlow]:
    try:
        return reader.marked(str(marker))
    except ServiceError:  # the next look may find it
        return []


def shown(results: Iterable[StepResult], prefix: str, reader: Reader, wait: Wait) -> bool:
    """Wait until the service's list shows what was written, so that the next job sees it; False if it does not."""
    done = [one for one in results if one.outcome is StepOutcome.DONE]
    present = {one.id for one in done if not isinstance(one.step, Delete | Withdraw | Forget)}
    absent = {one.step.live.id for one in done if isinstance(one.step, Delete | Withdraw | Replace | Forget)}
    for pause in _PAUSES:
        listed = {flow.id for flow in reader.marked(prefix)}
        if present <= listed and not absent & listed:
            return True
        if not wait(Waiting("the service's list does not show everything yet"), pause):
            break
    return False
