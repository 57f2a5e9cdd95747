"""Execute a plan: creates and updates as their references allow, then deletes if all of that succeeded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Event as Flag

from flowdeck.apply.keywords import Signature
from flowdeck.apply.order import informed, next_wave, waits_for
from flowdeck.apply.pace import Throttle, in_time, not_attempted, side_by_side
from flowdeck.apply.perform import perform, remove
from flowdeck.apply.settle import looked_again
from flowdeck.apply.wire import Wire
from flowdeck.model.errors import ServiceError
from flowdeck.model.event import Event, Retrying, Waiting
from flowdeck.model.flow import address_of
from flowdeck.model.live import LiveFlow
from flowdeck.model.manifest import Places
from flowdeck.model.plan import Plan
from flowdeck.model.result import Result, StepOutcome, StepResult
from flowdeck.model.step import Delete, Replace, Step, Withdraw, id_of
from flowdeck.service.ports import Reader, Writer

_PARALLELISM = 8
_WAITING = "deletes wait until everything else has succeeded"
_INTERRUPTED = "the apply was interrupted"

Do = Callable[[Step], StepResult]


def execute(
    plan: Plan,
    writer: Writer,
    reader: Reader,
    places: Places,
    on_event: Callable[[Event], None],
    *,
    commit: str = "",
    throttle: Throttle | None = None,
    stop: Flag | None = None,
) -> Result:
    """Do the plan's steps. Nothing is raised: whatever happens to a step is in its result.

    `throttle` bounds what goes on side by side, 8 steps unless given; whoever retries reads tells it of busy answers.
    `stop`, once set, keeps further steps from starting. Risks are not looked at here: whoever calls has decided.
    """
    flag, pace = stop or Flag(), throttle or Throttle(_PARALLELISM)

    def wait(why: Waiting | Retrying, seconds: float) -> bool:
        on_event(why)
        if isinstance(why, Retrying):
            pace.hear(why)
        return not flag.wait(seconds)

    wire = Wire(reader, writer, Signature(plan.project, plan.environment, commit), places, wait)
    work = _Work(lambda steps, do: side_by_side(steps, do, throttle=pace, stop=flag, on_event=on_event))
    removals = {index: step for index, step in enumerate(plan.steps) if isinstance(step, Delete | Withdraw)}
    work.make({i: step for i, step in enumerate(plan.steps) if i not in removals}, _safely(perform, wire))
    if work.all_done and not flag.is_set():
        work.remove(removals, _safely(_remove, wire))
    else:
        work.postpone(removals, _INTERRUPTED if flag.is_set() else _WAITING)
    ordered = tuple(work.results[index] for index in range(len(plan.steps)))
    told = None
    if not flag.is_set() and any(one.live or _is_done(one) for one in ordered):
        told = in_time(lambda: looked_again(plan, ordered, reader, wait), flag)
    return Result(plan.digest, ordered, told or (), interrupted=flag.is_set())


@dataclass(slots=True)
class _Work:
    """The results so far, by the index of their step."""

    side_by_side: Callable[[list[Step], Do], list[StepResult]]
    results: dict[int, StepResult] = field(default_factory=dict)

    @property
    def all_done(self) -> bool:
        """Whether no step has ended in another way."""
        return all(map(_is_done, self.results.values()))

    def make(self, pending: dict[int, Step], do: Do) -> None:
        """Do the steps wave by wave, each when what it refers to is made; a failed one stops those that wait for it."""
        made: dict[str, LiveFlow] = {}
        while pending:
            wave = next_wave(pending, made) or list(pending)  # the manifest has no cycles; if it had, they would fail
            self._run({index: informed(pending.pop(index), made) for index in wave}, do)
            made.update({one.step.name: one.live for index in wave if (one := self.results[index]).live})
            failed = {self.results[index].step.name for index in wave if not _is_done(self.results[index])}
            while stopped := [index for index, step in pending.items() if waits_for(step) & failed]:
                for index in stopped:
                    step = pending.pop(index)
                    names = ", ".join(sorted(address_of(name) for name in waits_for(step) & failed))
                    self.results[index] = not_attempted(step, f"it refers to {names}, which is not done")
                    failed.add(step.name)

    def remove(self, removals: Mapping[int, Step], do: Do) -> None:
        """Delete, also what was replaced; duplicates first, while what they yield to can be looked at."""
        replaced = self._replaced()
        duplicates = {index: step for index, step in removals.items() if isinstance(step, Withdraw)}
        self._run(duplicates, do)
        rest = {index: step for index, step in removals.items() if index not in duplicates}
        self._run({**rest, **{index: one.step for index, one in replaced.items()}}, do)
        for index, one in replaced.items():
            now = self.results[index]
            if now.outcome is StepOutcome.SKIPPED:
                self._halve(index, one, _INTERRUPTED)
            else:
                # A replace is known by its new id; only its failure to remove the old one is told with the old one's.
                self.results[index] = replace(now, id=one.id if _is_done(now) else now.id, live=one.live)

    def postpone(self, removals: Mapping[int, Step], why: str) -> None:
        """Delete nothing; what was replaced is there too now, and the next plan withdraws it."""
        self.results.update({index: not_attempted(step, why) for index, step in removals.items()})
        for index, one in self._replaced().items():
            self._halve(index, one, why)

    def _halve(self, index: int, created: StepResult, why: str) -> None:
        half = f"the new flow {created.id} is there, and the old one is too: {why}"
        self.results[index] = replace(not_attempted(created.step, half), live=created.live)

    def _run(self, steps: Mapping[int, Step], do: Do) -> None:
        self.results.update(zip(steps, self.side_by_side(list(steps.values()), do), strict=True))

    def _replaced(self) -> dict[int, StepResult]:
        return {i: one for i, one in self.results.items() if isinstance(one.step, Replace) and _is_done(one)}


def _is_done(result: StepResult) -> bool:
    return result.outcome is StepOutcome.DONE


def _remove(step: Step, wire: Wire) -> StepResult:
    assert isinstance(step, Delete | Withdraw | Replace)  # execute passes no other
    return remove(step, wire)


def _safely(do: Callable[[Step, Wire], StepResult], wire: Wire) -> Do:
    """A step whose reading failed has failed; the others go on."""

    def done(step: Step) -> StepResult:
        try:
            return do(step, wire)
        except ServiceError as error:
            first = replace(error.diagnostics[0], address=step.address)
            return StepResult(step, StepOutcome.FAILED, id_of(step), first)

    return done
