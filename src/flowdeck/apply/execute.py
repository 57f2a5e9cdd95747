"""Execute a plan: creates and updates side by side, then deletes if all of that succeeded."""

from collections.abc import Callable
from dataclasses import replace
from threading import Event as Flag

from flowdeck.apply.keywords import Signature
from flowdeck.apply.pace import not_attempted, side_by_side
from flowdeck.apply.perform import Wire, perform, remove
from flowdeck.apply.settle import shown
from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.model.errors import ServiceError
from flowdeck.model.event import Event, Waiting
from flowdeck.model.manifest import Places
from flowdeck.model.marker import marker_prefix
from flowdeck.model.plan import Plan
from flowdeck.model.result import Result, StepOutcome, StepResult
from flowdeck.model.step import Delete, Replace, Step, Withdraw, id_of
from flowdeck.service.ports import Reader, Writer


def execute(
    plan: Plan,
    writer: Writer,
    reader: Reader,
    places: Places,
    on_event: Callable[[Event], None],
    *,
    commit: str = "",
    parallelism: int = 8,
    stop: Flag | None = None,
) -> Result:
    """Do the plan's steps. Nothing is raised: whatever happens to a step is in its result.

    `stop`, once set, keeps further steps from starting. Risks are not looked at here: whoever calls has decided.
    """
    flag = stop or Flag()

    def wait(why: Waiting, seconds: float) -> bool:
        on_event(why)
        return not flag.wait(seconds)

    wire = Wire(reader, writer, Signature(plan.project, plan.environment, commit), places, wait)
    results: dict[int, StepResult] = {}

    def run(indexes: list[int], do: Callable[[Step], StepResult]) -> None:
        steps = [plan.steps[index] for index in indexes]
        done = side_by_side(steps, do, parallelism=parallelism, stop=flag, on_event=on_event)
        results.update(zip(indexes, done, strict=True))

    removals = [index for index, step in enumerate(plan.steps) if isinstance(step, Delete | Withdraw)]
    run([index for index in range(len(plan.steps)) if index not in removals], _safely(perform, wire))
    if all(one.outcome is StepOutcome.DONE for one in results.values()) and not flag.is_set():
        created = {index: one for index, one in results.items() if isinstance(one.step, Replace)}
        run([*removals, *created], _safely(_remove, wire))
        # A replace is known by its new id; only its failure to remove the old one is told with the old one's.
        results.update({i: replace(results[i], id=one.id) for i, one in created.items() if _is_done(results[i])})
    else:
        why = "the apply was interrupted" if flag.is_set() else "deletes wait until everything else has succeeded"
        results.update({index: not_attempted(plan.steps[index], why) for index in removals})
    ordered = tuple(results[index] for index in range(len(plan.steps)))
    return Result(plan.digest, ordered, _lagging(ordered, plan, wire, flag), interrupted=flag.is_set())


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
