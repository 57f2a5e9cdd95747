"""Do steps side by side, and stop in good order when told to."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event as Flag

from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.event import Event, StepFinished, StepStarted
from flowdeck.model.result import StepOutcome, StepResult
from flowdeck.model.step import Step, id_of

# What is in flight when the first signal comes may finish for so long, in seconds.
_GRACE = 5.0
_LOOK = 0.1
_INTERRUPTED = "the apply was interrupted"


def side_by_side(
    steps: Sequence[Step],
    do: Callable[[Step], StepResult],
    *,
    parallelism: int,
    stop: Flag,
    on_event: Callable[[Event], None],
) -> list[StepResult]:
    """Results in the order of `steps`. After `stop` nothing is started, and what is in flight gets its grace."""
    if not steps:
        return []
    pool = ThreadPoolExecutor(max_workers=parallelism, thread_name_prefix="apply")
    futures = {pool.submit(_timed, step, do, stop, on_event): step for step in steps}
    pending = set(futures)
    deadline: float | None = None
    while pending and (deadline is None or time.monotonic() < deadline):
        _, pending = wait(pending, timeout=_LOOK, return_when=FIRST_COMPLETED)
        if stop.is_set() and deadline is None:
            deadline = time.monotonic() + _GRACE
    pool.shutdown(wait=not pending, cancel_futures=True)
    return [_result(future, step) for future, step in futures.items()]


def not_attempted(step: Step, why: str) -> StepResult:
    """The result of a step that was not started."""
    error = Diagnostic("not-attempted", why, "apply again: a re-run is the resume", address=step.address)
    return StepResult(step, StepOutcome.SKIPPED, id_of(step), error)


def _timed(step: Step, do: Callable[[Step], StepResult], stop: Flag, on_event: Callable[[Event], None]) -> StepResult:
    if stop.is_set():
        return not_attempted(step, _INTERRUPTED)
    on_event(StepStarted(step))
    began = time.monotonic()
    result = do(step)
    on_event(StepFinished(result, time.monotonic() - began))
    return result


def _result(future: "Future[StepResult]", step: Step) -> StepResult:
    if future.cancelled():
        return not_attempted(step, _INTERRUPTED)
    if future.done():
        return future.result()
    error = Diagnostic(
        "outcome-unknown",
        "the apply was interrupted before the service answered",
        "apply again: it finds out, and makes no duplicate",
        address=step.address,
    )
    return StepResult(step, StepOutcome.UNKNOWN, id_of(step), error)
