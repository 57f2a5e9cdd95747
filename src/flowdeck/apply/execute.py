"""Execute a plan: creates and updates as their references allow, then deletes if all of that succeeded."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Event as Flag

from flowdeck.apply.keywords import Signature
from flowdeck.apply.order import informed, next_wave, waits_for
from flowdeck.apply.pace import Throttle, not_attempted, side_by_side
from flowdeck.apply.perform import Wire, perform, remove
from flowdeck.apply.settle import shown
from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.model.errors import ServiceError
from flowdeck.model.event import Event, Retrying, Waiting
from flowdeck.model.flow import address_of
from flowdeck.model.live import LiveFlow
from flowdeck.model.manifest import Places
from flowdeck.model.marker import marker_prefix
from flowdeck.model.plan import Plan
from flowdeck.model.result import Result, StepOutcome, StepResult
from flowdeck.model.step import Delete, Replace, Step, Withdraw, id_of
from flowdeck.service.ports import Reader, Writer

_PARALLELISM = 8


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
    results: dict[int, StepResult] = {}

    def run(steps: Mapping[int, Step], do: Callable[[Step], StepResult]) -> None:
        done = side_by_side(list(steps.values()), do, throttle=pace, stop=flag, on_event=on_event)
        results.update(zip(steps, done, strict=True))

    removals = {index: step for index, step in enumerate(plan.steps) if isinstance(step, Delete | Withdraw)}
    _make({i: step for i, step in enumerate(plan.steps) if i not in removals}, run, _safely(perform, wire), results)
    if all(_is_done(one) for one in results.values()) and not flag.is_set():
        created = {index: one for index, one in results.items() if isinstance(one.step, Replace)}
        run({**removals, **{index: one.step for index, one in created.items()}}, _safely(_remove, wire))
        # A replace is known by its new id; only its failure to remove the old one is told with the old one's.
        results.update({i: replace(results[i], id=one.id) for i, one in created.items() if _is_done(results[i])})
    else:
        why = "the apply was interrupted" if flag.is_set() else "deletes wait until everything else has succeeded"
        results.update({index: not_attempted(step, why) for index, step in removals.items()})
    ordered = tuple(results[index] for index in range(len(plan.steps)))
    return Result(plan.digest, ordered, _lagging(ordered, plan, wire, flag), interrupted=flag.is_set())


def _make(
    pending: dict[int, Step],
    run: Callable[[Mapping[int, Step], Callable[[Step], StepResult]], None],
    do: Callable[[Step], StepResult],
    results: dict[int, StepResult],
) -> None:
    """Do the steps wave by wave, each when what it refers to is made; a failed step stops those that wait for it."""
    made: dict[str, LiveFlow] = {}
    while pending:
        wave = next_wave(pending, made) or list(pending)  # the manifest has no cycles; if it had, they would fail
        run({index: informed(pending.pop(index), made) for index in wave}, do)
        made.update({one.step.name: one.live for index in wave if (one := results[index]).live})
        failed = {results[index].step.name for index in wave if not _is_done(results[index])}
        while stopped := [index for index, step in pending.items() if waits_for(step) & failed]:
            for index in stopped:
                step = pending.pop(index)
                names = ", ".join(sorted(address_of(name) for name in waits_for(step) & failed))
                results[index] = not_attempted(step, f"it refers to {names}, which is not done")
                failed.add(step.name)


def _is_done(result: StepResult) -> bool:
    return result.outcome is StepOutcome.DONE


def _remove(step: Step, wire: Wire) -> StepResult:
    assert isinstance(step, Delete | Withdraw | Replace)  # execute passes no other
    return remove(step, wire)


def _safely(do: Callable[[Step, Wire], StepResult], wire: Wire) -> Callable[[Step], StepResult]:
    """A step whose reading failed has failed; the others go on."""

    def done(step: Step) -> StepResult:
        try:
            return do(step, wire)
        except ServiceError as error:
            first = replace(error.diagnostics[0], address=step.address)
            return StepResult(step, StepOutcome.FAILED, id_of(step), first)

    return done


def _lagging(results: tuple[StepResult, ...], plan: Plan, wire: Wire, flag: Flag) -> tuple[Diagnostic, ...]:
    """A warning when the service's list does not show what was written, within a bounded wait."""
    if flag.is_set() or not any(_is_done(one) for one in results):
        return ()
    try:
        if shown(results, marker_prefix(plan.project, plan.environment), wire.reader, wire.wait):
            return ()
    except ServiceError as error:
        return tuple(replace(one, severity=Severity.WARNING) for one in error.diagnostics)
    warning = Diagnostic(
        "list-lags",
        "the service's list does not show everything that was written",
        "wait a little before the next apply; a duplicate that it made would be withdrawn",
        severity=Severity.WARNING,
    )
    return (warning,)
