"""Send a write again while that is safe and worth it."""

import itertools
import time
from collections.abc import Callable
from dataclasses import replace

from flowdeck.model.errors import ServiceError
from flowdeck.model.event import Retrying
from flowdeck.model.result import StepOutcome, StepResult
from flowdeck.service import retry
from flowdeck.service.ports import Done, Failed, Outcome, Unknown

Wait = Callable[[Retrying, float], bool]


def until_settled(once: Callable[[bool], StepResult | Outcome], address: str, wait: Wait) -> StepResult | Outcome:
    """What `once` came to in the end; it is told whether it was tried before, and must be safe to repeat then.

    A try that may have taken effect leaves a doubt that only success ends: what fails after it is unknown too.
    Raises ServiceError when a read before the first write fails.
    """
    began = time.monotonic()
    tried: StepResult | Outcome | None = None
    doubt = False
    for attempt in itertools.count(1):
        try:
            tried = once(attempt > 1)
        except ServiceError:
            if tried is None:
                raise
            return _doubted(tried) if doubt else tried
        doubt = doubt or isinstance(tried, Unknown)
        problem = tried.problem if isinstance(tried, Failed | Unknown) else None
        pause = retry.PATIENCE.pause(problem, attempt, time.monotonic() - began) if problem else None
        if (
            problem is None
            or pause is None
            or not wait(Retrying(address, problem.message, attempt, pause, problem.kind == "busy"), pause)
        ):
            return _doubted(tried) if doubt else tried
    raise AssertionError  # count() does not end


def _doubted(tried: StepResult | Outcome) -> StepResult | Outcome:
    """What is left of this outcome when an earlier try may have taken effect."""
    match tried:
        case Done() | Unknown() | StepResult(outcome=StepOutcome.DONE):
            return tried
        case Failed(problem):
            return Unknown(problem)
        case StepResult():
            return replace(tried, outcome=StepOutcome.UNKNOWN)
