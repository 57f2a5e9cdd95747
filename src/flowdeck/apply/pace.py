"""Do steps side by side, and stop in good order when told to."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Condition
from threading import Event as Flag
from typing import TypeVar

from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.event import Event, Retrying, StepFinished, StepStarted
from flowdeck.model.result import StepOutcome, StepResult
from flowdeck.model.step import Step, id_of

T = TypeVar("T")

# What is in flight when the first signal comes may finish for so long, in seconds.
_GRACE = 5.0
_LOOK = 0.1
_INTERRUPTED = "the apply was interrupted"


class Throttle:
    """How many steps may be under way at once: halved when the service is busy, one more after as many successes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._limit = float(most)
        self._under_way = 0
        self._deaf_until = 0.0
        self._changed = Condition()

    @property
    def limit(self) -> int:
        """So many steps may be under way now; one at least."""
        return max(1, int(self._limit))

    def hear(self, event: Retrying) -> None:
        """Halve when the service asked to slow down; what it says while that has no effect yet is the same request."""
        with self._changed:
            if event.busy and time.monotonic() >= self._deaf_until:
                self._limit = max(1.0, self._limit / 2)
                self._deaf_until = time.monotonic() + event.pause

    def begin(self, stop: Flag) -> bool:
        """Wait until one more step may begin; False when `stop` was set before."""
        with self._changed:
            while self._under_way >= self.limit and not stop.is_set():
                self._changed.wait(_LOOK)
            if stop.is_set():
                return False
            self._under_way += 1
            return True

    def end(self, *, well: bool) -> None:
        """A step ended; a success makes room for more."""
        with self._changed:
            self._under_way -= 1
            if well:
                self._limit = min(float(self.most), self._limit + 1 / self._limit)
            self._changed.notify_all()


def side_by_side(
    steps: Sequence[Step],
    do: Callable[[Step], StepResult],
    *,
    throttle: Throttle,
    stop: Flag,
    on_event: Callable[[Event], None],
) -> list[StepResult]:
    """Results in the order of `steps`. After `stop` nothing is started, and what is in flight gets its grace."""
    if not steps:
        return []
    pool = ThreadPoolExecutor(max_workers=throttle.most, thread_name_prefix="apply")
    futures = {pool.submit(_timed, step, do, throttle, stop, on_event): step for step in steps}
    _await(pool, set(futures), stop)
    return [_result(future, step) for future, step in futures.items()]


def in_time(ask: Callable[[], T], stop: Flag) -> T | None:
    """What `ask` returns; None when `stop` is set and it does not come within the grace."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ask")
    asked = pool.submit(ask)
    _await(pool, {asked}, stop)
    return asked.result() if asked.done() and not asked.cancelled() else None


def _await(pool: ThreadPoolExecutor, pending: "set[Future[T]]", stop: Flag) -> None:
    """Wait for the pool's futures; once `stop` is set, no longer than the grace."""
    deadline: float | None = None
    while pending and (deadline is None or time.monotonic() < deadline):
        _, pending = wait(pending, timeout=_LOOK, return_when=FIRST_COMPLETED)
        if stop.is_set() and deadline is None:
            deadline = time.monotonic() + _GRACE
    pool.shutdown(wait=not pending, cancel_futures=True)


def not_attempted(step: Step, why: str) -> StepResult:
    """The result of a step that was not started."""
    error = Diagnostic("not-attempted", why, "apply again: a re-run is the resume", address=step.address)
    return StepResult(step, StepOutcome.SKIPPED, id_of(step), error)


def _timed(
    step: Step,
    do: Callable[[Step], StepResult],
    throttle: Throttle,
    stop: Flag,
    on_event: Callable[[Event], None],
) -> StepResult:
    if not throttle.begin(stop):
        return not_attempted(step, _INTERRUPTED)
    well = False
    try:
        on_event(StepStarted(step))
        began = time.monotonic()
        result = do(step)
        well = result.outcome is StepOutcome.DONE
        on_event(StepFinished(result, time.monotonic() - began))
        return result
    finally:
        throttle.end(well=well)


def _result(future: "Future[StepResult]", step: Step) -> StepResult:
    if future.cancelled():
        return not_attempted(step, _INTERRUPTED)
    if future.done():
        bug = future.exception()
        return _broken(step, bug) if isinstance(bug, Exception) else future.result()
    error = Diagnostic(
        "outcome-unknown",
        "the apply was interrupted before the service answered",
        "apply again: it finds out, and makes no duplicate",
        address=step.address,
    )
    return StepResult(step, StepOutcome.UNKNOWN, id_of(step), error)


def _broken(step: Step, bug: Exception) -> StepResult:
    """The result of a step that ended in a bug of ours, perhaps after it wrote; the others' results are not lost."""
    error = Diagnostic(
        "internal-error",
        f"{type(bug).__name__}: this is a bug in flowdeck; what became of the step is not known",
        "please report it with the command that you ran; apply again: it finds out",
        address=step.address,
    )
    return StepResult(step, StepOutcome.UNKNOWN, id_of(step), error)
