"""Build the plan: pair by pair, the step that makes the live side what the manifest says."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from flowdeck.definition import differing, must_replace
from flowdeck.model.change import Difference, Grant, RoleChange
from flowdeck.model.diagnostic import Diagnostics
from flowdeck.model.flow import WantedFlow
from flowdeck.model.live import Live, LiveFlow
from flowdeck.model.manifest import Manifest
from flowdeck.model.marker import Marker
from flowdeck.model.plan import Plan
from flowdeck.model.step import Adopt, Create, Delete, Forget, Replace, Step, Update, Withdraw
from flowdeck.plan import diff
from flowdeck.plan.digest import plan_digest, step_digest
from flowdeck.plan.references import referred, settle


def build(
    manifest: Manifest,
    live: Live,
    service: str,
    selected: Callable[[str], bool] = lambda name: True,
    diagnostics: Diagnostics = (),
) -> Plan:
    """The plan for the flows whose names are `selected`, its risks assessed against all managed flows."""
    wanted = _with_what_they_need(settle(manifest, live), live, selected)
    changes = [_step(flow, live.found.get(flow.name), manifest, live.identity) for flow in wanted]
    steps: list[Step] = [step for step in changes if step is not None]
    steps += [
        Withdraw(name=loser.name, live=loser.flow, keeps=loser.winner.id)
        for loser in (*live.surplus, *live.replaced)
        if selected(loser.name)
    ]
    steps += [
        Delete(name=name, live=flow, difference=diff.of_delete(flow.flow))
        for name, flow in live.undeclared
        if selected(name)
    ]
    return _plan(manifest, live, service, steps, unchanged=changes.count(None), diagnostics=diagnostics)


def _with_what_they_need(
    declared: tuple[WantedFlow, ...], live: Live, selected: Callable[[str], bool]
) -> list[WantedFlow]:
    """The selected flows, and those that they refer to and that do not exist yet."""
    needed = {flow.name for flow in declared if selected(flow.name)}
    by_name = {flow.name: flow for flow in declared}
    pending = list(needed)
    while pending:
        new = {name for name in referred(by_name[pending.pop()]) if name not in live.found} - needed
        needed |= new
        pending += new
    return [flow for flow in declared if flow.name in needed]


def forgetting(
    manifest: Manifest, live: Live, service: str, selected: Callable[[str], bool], diagnostics: Diagnostics = ()
) -> Plan:
    """The plan that takes our keywords off the selected live flows and leaves everything else."""
    losers = [(one.name, one.flow) for one in (*live.surplus, *live.replaced)]
    flows = [*live.found.items(), *live.undeclared, *losers]
    steps = [Forget(name=name, live=flow) for name, flow in flows if selected(name) and flow.keywords.markers]
    return _plan(manifest, live, service, steps, diagnostics=diagnostics)


def _plan(
    manifest: Manifest,
    live: Live,
    service: str,
    steps: Iterable[Step],
    *,
    unchanged: int = 0,
    diagnostics: Diagnostics,
) -> Plan:
    ordered = tuple(sorted(steps, key=_order))
    digests = tuple(step_digest(step) for step in ordered)
    return Plan(
        project=manifest.project,
        environment=manifest.environment,
        service=service,
        steps=_assessed(ordered, manifest, live) if ordered else (),
        unchanged=unchanged,
        digest=plan_digest(service, manifest.project, manifest.environment, digests),
        step_digests=digests,
        diagnostics=diagnostics,
        deployers=manifest.deployers,
    )


def _assessed(steps: tuple[Step, ...], manifest: Manifest, live: Live) -> tuple[Step, ...]:
    """The steps with who grants roles, and with their risks."""
    from flowdeck.plan.risks import Circumstances, assess  # noqa: PLC0415 (many modules, and most plans are empty)

    at = Circumstances(manifest, live, deletes=sum(isinstance(step, Delete) for step in steps))
    return tuple(replace(step, difference=_granted(step, manifest), risks=assess(step, at)) for step in steps)


def _granted(step: Step, manifest: Manifest) -> Difference:
    """The step's difference, with what in the manifest grants each new principal its role."""
    written = {urn: name for name, urn in manifest.people.items()}

    def grants(change: RoleChange) -> RoleChange:
        found = (
            (urn, manifest.places.granted_by(step.name, change.role, written.get(urn, urn))) for urn in change.added
        )
        return replace(change, grants=tuple(Grant(urn, name, place) for urn, (name, place) in found))

    return replace(step.difference, roles=tuple(grants(change) for change in step.difference.roles))


def _order(step: Step) -> tuple[bool, str, str]:
    """Deletes last, else by name: the order in which a plan is read, and in which apply starts its steps."""
    return (isinstance(step, Delete | Withdraw), step.name, step.action)


def _step(wanted: WantedFlow, live: LiveFlow | None, manifest: Manifest, identity: str) -> Step | None:
    if live is None:
        return Create(name=wanted.name, wanted=wanted, difference=diff.of_create(wanted.flow))
    sends = differing(wanted, live, identity)
    difference = diff.of_update(wanted, live, sends)
    if must_replace(wanted, live):
        return Replace(name=wanted.name, wanted=wanted, live=live, difference=difference)
    marker = Marker(manifest.project, manifest.environment, wanted.name)
    if not live.keywords.markers:
        return Adopt(name=wanted.name, wanted=wanted, live=live, sends=sends, difference=difference)
    moved_from = None if marker in live.keywords.markers else wanted.moved_from
    if not sends and not difference.fields and moved_from is None:
        return None
    return Update(name=wanted.name, wanted=wanted, live=live, sends=sends, difference=difference, moved_from=moved_from)
