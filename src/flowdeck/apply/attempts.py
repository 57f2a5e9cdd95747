"""Send a write again while that is safe and worth it."""

import itertools
import time
from collections.abc import Callable

from flowdeck.model.errors import ServiceError
from flowdeck.model.event import Retrying
from flowdeck.model.result import StepResult
from flowdeck.service import retry
from flowdeck.service.ports import Failed, Outcome, Unknown

Wait = Callable[[Retrying, float], bool]


def until_settled(once: Callable[[bool], StepResult | Outcome], address: str, wait: Wait) -> StepResult | Outcome:
    """What `once` came to in the end; it is told whether it was tried before, and must be safe to repeat then.

    Raises ServiceError when a read before the first write fails.
    """
    began = time.monotonic()
    tried: StepResult | Outcome | None = None
    for attempt in itertools.count(1):
        try:
            tried = once(attempt > 1)
        except ServiceError:
            if tried is None:
                raise
            return tried
        if not isinstance(tried, Failed | Unknown):
            return tried
        problem = tried.problem
        pause = retry.PATIENCE.pause(problem, attempt, time.monotonic() - began)
        if pause is None or not wait(Retrying(address, problem.message, attempt, pause, problem.kind == "busy"), pause):
            return tried
    raise AssertionError  # count() does not end
