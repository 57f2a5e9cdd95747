"""Apply a plan that the gate lets through."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from threading import Event as Flag

from flowdeck import apply, plan
from flowdeck.model.diagnostic import Diagnostic, Diagnostics, Severity
from flowdeck.model.errors import Invalid
from flowdeck.model.event import Event, Retrying, StepFinished
from flowdeck.model.hiding import without, without_private
from flowdeck.model.manifest import Manifest
from flowdeck.model.plan import Plan
from flowdeck.model.result import Result, StepOutcome, StepResult
from flowdeck.model.step import Create, Delete, Forget, Replace, Withdraw, id_of
from flowdeck.plan.reviewed import Reviewed
from flowdeck.service.ports import Reader, Writer


def gate(made: Plan, identity: str, reviewed: Reviewed | None, allowed: Iterable[str]) -> Diagnostics:
    """Everything that forbids applying the plan; empty when nothing does."""
    mismatch = plan.unexpected(made, reviewed) if reviewed else ()
    if mismatch:
        return mismatch
    takes = any(isinstance(step, Create | Replace) or "owner" in getattr(step, "sends", ()) for step in made.steps)
    if takes and made.deployers and identity not in made.deployers:
        # What it owns is not ours: the next plan would not know the flow, and create it again.
        return (
            Diagnostic(
                "not-a-deployer",
                f"{identity} is not among the environment's deployers, so it must not create flows or take them over",
                "apply as a deployer, or list this identity under `deployers`",
            ),
        )
    return plan.blocking(made, allowed)


def require_secrets(made: Plan, manifest_: Manifest) -> None:
    """Raises Invalid (`secret-absent`) if a flow of the plan refers to a secret that cannot be read here."""
    names = {step.name for step in made.steps if not isinstance(step, Delete | Withdraw | Forget)}
    used = {secret for flow in manifest_.flows if flow.name in names for secret in plan.secrets(flow)}
    absent = sorted(secret for secret in used if manifest_.secrets.get(secret) is None)
    if absent:
        raise Invalid(
            Diagnostic(
                "secret-absent",
                f"apply needs {', '.join(f'`{secret}`' for secret in absent)}, which cannot be read here",
                "set the variable, or write the file, that `secrets` names",
            )
        )


def without_secrets(made: Plan, manifest_: Manifest, text: str) -> str:
    """Words of the service without the secrets of the manifest and the private values of the plan's flows."""
    sides = [side for step in made.steps for side in (getattr(step, "wanted", None), getattr(step, "live", None))]
    definitions = [side.flow.definition for side in sides if side]
    return without_private(without(text, filter(None, manifest_.secrets.values())), *definitions)


def refuse(made: Plan, why: Diagnostics) -> Result:
    """The result of an apply that the gate stopped: nothing was written."""
    by_address = {one.address: one for one in reversed(why) if one.severity is Severity.ERROR}
    steps = tuple(
        StepResult(step, StepOutcome.REFUSED, id_of(step), by_address.get(step.address, why[0])) for step in made.steps
    )
    return Result(made.digest, steps, why)


def do(
    made: Plan,
    manifest_: Manifest,
    reader: Reader,
    writer: Writer,
    on_event: Callable[[Event], None],
    *,
    commit: str,
    throttle: apply.Throttle,
    stop: Flag,
) -> Result:
    """Apply the plan; whatever happens is in the result. Neither it nor an event quotes a secret."""
    hide = partial(without_secrets, made, manifest_)

    def tell(event: Event) -> None:
        match event:
            case Retrying():
                on_event(replace(event, reason=hide(event.reason)))
            case StepFinished():
                on_event(replace(event, result=_hidden(event.result, hide)))
            case _:
                on_event(event)

    result = apply.execute(made, writer, reader, manifest_.places, tell, commit=commit, throttle=throttle, stop=stop)
    return replace(result, steps=tuple(_hidden(one, hide) for one in result.steps))


def _hidden(one: StepResult, hide: Callable[[str], str]) -> StepResult:
    error = one.error and replace(one.error, message=hide(one.error.message))
    return replace(one, error=error, details=tuple(replace(each, message=hide(each.message)) for each in one.details))
