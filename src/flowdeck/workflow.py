"""The sentence: load, observe, plan, apply. The only file that knows every room; it decides nothing about flows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event as Flag

from flowdeck import apply, manifest, observe, plan
from flowdeck.definition import compared, published
from flowdeck.definition.graph import Graph, can_be_drawn, difference, graph
from flowdeck.model.diagnostic import Diagnostic, Diagnostics, Severity, has_errors, in_order
from flowdeck.model.errors import REFUSALS, Invalid, Misused, Refused, ServiceError
from flowdeck.model.event import Event, Retrying, StepFinished
from flowdeck.model.hiding import without, without_private
from flowdeck.model.imported import Importable
from flowdeck.model.json_value import EMPTY_OBJECT
from flowdeck.model.live import Live, ManagedFlow
from flowdeck.model.manifest import Manifest
from flowdeck.model.plan import Plan
from flowdeck.model.principal import is_urn
from flowdeck.model.result import Result, StepOutcome, StepResult
from flowdeck.model.step import Create, Delete, Forget, Replace, Withdraw, id_of, redefined
from flowdeck.service.ports import Reader, Writer


@dataclass(frozen=True, slots=True)
class Loaded:
    """A manifest that can be used, and what there is to say about it."""

    manifest: Manifest
    diagnostics: Diagnostics
    complete: bool = True
    """Whether definitions and schemas were read."""


def load(
    path: Path,
    environment: str | None = None,
    variables: Mapping[str, str] | None = None,
    *,
    definitions: bool = True,
) -> Loaded:
    """Read the manifest. Raises Invalid with every problem, or Misused for an environment or variable there is not."""
    found, diagnostics = manifest.load(path, environment, definitions=definitions, check=False, variables=variables)
    if found is None:
        raise Invalid(*diagnostics)
    return Loaded(found, diagnostics, definitions)


@dataclass(frozen=True, slots=True)
class Seen:
    """The manifest with its names looked up, the live side, and everything that there is to say about both."""

    manifest: Manifest
    live: Live
    diagnostics: Diagnostics


def look(loaded: Loaded, reader: Reader, but: frozenset[str] = frozenset()) -> Seen:
    """Look up names and observe the live side; codes in `but` forbid nothing.

    Raises Refused or Invalid when what is found forbids a plan, ServiceError when the service does not answer.
    """
    resolved, unresolved = observe.resolve(loaded.manifest, reader)
    if has_errors(unresolved):
        raise Invalid(*in_order((*loaded.diagnostics, *unresolved)))
    live, diagnostics = observe.observe(resolved, reader)
    diagnostics = tuple(one for one in diagnostics if one.code not in but)
    if has_errors(diagnostics):
        refused = any(one.severity is Severity.ERROR and one.code in REFUSALS for one in diagnostics)
        raise (Refused if refused else Invalid)(*in_order((*loaded.diagnostics, *diagnostics)))
    return Seen(resolved, live, in_order((*loaded.diagnostics, *diagnostics)))


def make_plan(loaded: Loaded, reader: Reader, names: Iterable[str] = ()) -> Plan:
    """The plan for the named flows, or for all. Raises as `look` does, and Misused for a name that means no flow."""
    seen = look(loaded, reader)
    selected = plan.selection(names, _known(seen.manifest, seen.live))
    made = plan.build(seen.manifest, seen.live, reader.service, selected, seen.diagnostics)
    return _with_names(_checked(made, seen.manifest), seen.manifest, reader)


def _checked(made: Plan, manifest_: Manifest) -> Plan:
    """The plan with what the rules of the flow language say of the definitions it sends; raises Invalid for errors.

    What is live already is not asked again: `validate` checks everything.
    """
    sent = [wanted for step in made.steps if (wanted := redefined(step))]
    diagnostics = in_order((*made.diagnostics, *manifest.checked(sent, manifest_.places)))
    if has_errors(diagnostics):
        raise Invalid(*diagnostics)
    return replace(made, diagnostics=diagnostics)


def make_destroy_plan(loaded: Loaded, reader: Reader, names: Iterable[str] = ()) -> Plan:
    """The plan for the empty manifest, in which a mass delete is what was asked for: a warning, not a block."""
    empty = loaded.manifest.emptied()
    lifted = replace(empty, guardrails=replace(empty.guardrails, asked_for=frozenset({"mass-delete"})))
    return make_plan(replace(loaded, manifest=lifted), reader, names)


def make_forget_plan(loaded: Loaded, reader: Reader, name: str) -> Plan:
    """The plan that takes our marker off the named flow, also where several projects claim it."""
    seen = look(loaded, reader, but=frozenset({"claimed-elsewhere"}))
    selected = plan.only_one(name, {*seen.live.found, *(known for known, _ in seen.live.undeclared)})
    return plan.forgetting(seen.manifest, seen.live, reader.service, selected, seen.diagnostics)


def _with_names(made: Plan, manifest_: Manifest, reader: Reader) -> Plan:
    """The plan with what people call its principals: the alias or name that the manifest writes, else the service's."""
    urns = {urn for step in made.steps for change in step.difference.roles for urn in (*change.added, *change.removed)}
    words = (word.strip(",") for step in made.steps for risk in step.risks for word in risk.message.split())
    urns |= {word for word in words if is_urn(word)}
    aliases = {manifest_.people.get(written, written): alias for alias, written in manifest_.aliases.items()}
    ours = {**{urn: written for written, urn in manifest_.people.items()}, **aliases}
    unknown = {urn for urn in urns - ours.keys() if is_urn(urn)}
    try:
        told = reader.names(unknown) if unknown else {}
    except ServiceError:  # names are for reading only; a plan does not need them
        told = {}
    return replace(made, names={urn: name for urn, name in {**told, **ours}.items() if urn in urns})


def without_deletes(made: Plan) -> Plan:
    """Apply's `--no-delete`: the plan without what deletes a flow, a replace too; the digest stays the reviewed one."""
    return plan.keep(made, lambda step: step.action not in ("delete", "withdraw", "replace"))


def gate(made: Plan, identity: str, reviewed: plan.Reviewed | None, allowed: Iterable[str]) -> Diagnostics:
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


def managed_flows(loaded: Loaded, reader: Reader) -> tuple[ManagedFlow, ...]:
    """The live flows of ours, declared or not, by name."""
    seen = look(loaded, reader)
    live = seen.live
    flows = [*live.found.items(), *live.undeclared]
    wanted = {one.name: one for one in plan.settle(seen.manifest, live)} if loaded.complete else {}
    return tuple(
        ManagedFlow(
            name,
            flow,
            plan.is_drifted(flow, wanted.get(name), live.identity),
            published(flow.flow, "definition"),
        )
        for name, flow in sorted(flows)
        if flow.keywords.markers
    )


def managed_flow(loaded: Loaded, reader: Reader, name: str) -> ManagedFlow:
    """One of them. Raises Misused when there is none of that name."""
    flows = {flow.name: flow for flow in managed_flows(loaded, reader)}
    selected = plan.only_one(name, flows)
    return next(flow for known, flow in flows.items() if selected(known))


def declared_graph(
    path: Path, name: str, environment: str | None, variables: Mapping[str, str]
) -> tuple[str, Graph, Diagnostics]:
    """Name and graph of one declared flow, and what is wrong with it; what is wrong elsewhere does not matter.

    Raises Misused for a name that means no flow, Invalid if its definition cannot be read.
    """
    found, diagnostics = manifest.read(path, environment, check=False, variables=variables)
    if found is None:
        raise Invalid(*diagnostics)
    try:
        selected = plan.only_one(name, {flow.name for flow in found.flows})
    except Misused:
        if has_errors(diagnostics):  # which may be why the flow is not there
            raise Invalid(*diagnostics) from None
        raise
    wanted = next(flow for flow in found.flows if selected(flow.name))
    own = tuple(one for one in diagnostics if one.address == wanted.address)
    if not can_be_drawn(wanted.flow.definition):
        raise Invalid(*(own if has_errors(own) else diagnostics))
    return wanted.name, graph(published(wanted.flow, "definition")), own


def compared_graph(loaded: Loaded, reader: Reader, name: str) -> tuple[str, Graph]:
    """Name of one flow, and what an apply would change in it. Raises as `make_plan` does."""
    seen = look(loaded, reader)
    known = _known(seen.manifest, seen.live)
    selected = plan.only_one(name, known)
    meant = next(one for one in known if selected(one))
    live = {**dict(seen.live.undeclared), **seen.live.found}.get(meant)
    wanted = {one.name: one for one in plan.settle(seen.manifest, seen.live)}.get(meant)
    before = compared(live.flow, "definition") if live else EMPTY_OBJECT
    after = compared(wanted.flow, "definition") if wanted else EMPTY_OBJECT
    left_alone = live and wanted and "definition" not in wanted.managed
    return meant, difference(before, before if left_alone else after)


def importable(loaded: Loaded, reader: Reader, id: str) -> Importable:
    """A live flow that this project may adopt. Raises Invalid if it is not there, Refused if it is not ours to take."""
    live = observe.adoptable(loaded.manifest, reader, id)
    return Importable((live,), observe.called(loaded.manifest, reader, (live,)))


def importable_flows(loaded: Loaded, reader: Reader, role: str | None, declared: Mapping[str, str]) -> Importable:
    """Every live flow that we administer, in that role if one is given, and that this project may adopt."""
    return observe.unmanaged(loaded.manifest, reader, role, declared)


def ask_service(manifest_: Manifest, reader: Reader, known: Diagnostics) -> Diagnostics:
    """What is known already, what the service says of each definition, and where flowdeck and the service disagree."""
    return in_order((*known, *observe.ask(manifest_, reader)))


def _known(manifest_: Manifest, live: Live) -> set[str]:
    return {*(flow.name for flow in manifest_.flows), *live.found, *(name for name, _ in live.undeclared)}
