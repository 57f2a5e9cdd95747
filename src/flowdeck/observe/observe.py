"""From the declared flows and a Reader to the live side of one environment."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from flowdeck.definition import must_replace
from flowdeck.model.diagnostic import Diagnostic, Diagnostics, in_order
from flowdeck.model.flow import address_of
from flowdeck.model.live import Live, LiveFlow, Loser
from flowdeck.model.manifest import Manifest
from flowdeck.model.marker import Marker, marker_prefix
from flowdeck.observe.complaints import ambiguous, claimed_elsewhere, flow_not_found, id_replaced, not_administrator
from flowdeck.observe.pairing import Pairing, pair
from flowdeck.service.ports import Gone, Reader


def observe(manifest: Manifest, reader: Reader) -> tuple[Live, Diagnostics]:
    """Find our flows, pair them with the declared ones, and check that we may administer them.

    Errors among the diagnostics forbid a plan: `not-administrator`, `ambiguous-owner`, `claimed-elsewhere`,
    `flow-not-found`, `moved-from-conflict`. Raises model.errors.ServiceError when the service does not answer.
    """
    prefix = marker_prefix(manifest.project, manifest.environment)
    marked = {flow.id: flow for flow in reader.marked(prefix)}
    named, unfit = _named(manifest, reader, marked)
    pairing = pair(manifest, marked.values(), named, reader.identity)
    namesakes: dict[str, tuple[str, ...]] = {}
    if any(wanted.name not in pairing.found for wanted in manifest.flows):
        # Before a create: a marked flow that the filtered list left out, or one whose marker somebody wiped.
        administered = reader.administered()
        marked |= {flow.id: flow for flow in administered if _carries(flow, prefix)}
        pairing = pair(manifest, marked.values(), named, reader.identity)
        namesakes = _namesakes(manifest, pairing, administered)
    surplus, used = _unused(pairing, reader)
    live = Live(
        identity=reader.identity,
        found=pairing.found,
        undeclared=pairing.undeclared,
        surplus=surplus,
        replaced=pairing.replaced,
        namesakes=namesakes,
        runs={flow.id: reader.runs(flow.id) for flow in _ending(manifest, pairing) if flow.administered},
    )
    return live, in_order([*unfit, *pairing.diagnostics, *used, *_not_administered(live), *_shared(manifest, live)])


def _carries(flow: LiveFlow, prefix: str) -> bool:
    return any(str(marker).startswith(prefix) for marker in flow.keywords.markers)


def _named(
    manifest: Manifest, reader: Reader, marked: Mapping[str, LiveFlow]
) -> tuple[dict[str, LiveFlow], list[Diagnostic]]:
    """The live flows that the manifest names by id, by declared name, and complaints about those it may not have."""
    named: dict[str, LiveFlow] = {}
    complaints: list[Diagnostic] = []
    for wanted in manifest.flows:
        if wanted.id is None:
            continue
        live = marked.get(wanted.id) or reader.read(wanted.id)
        place = manifest.places.of(wanted.name, ("id",))
        own = {
            Marker(manifest.project, manifest.environment, name) for name in (wanted.name, wanted.moved_from) if name
        }
        if isinstance(live, Gone) and (successor := _successor(live.id, marked.values())):
            complaints.append(id_replaced(manifest, wanted.name, live.id, successor.id))
        elif isinstance(live, Gone):
            complaints.append(replace(flow_not_found(live.id), place=place, address=wanted.address))
        elif others := set(live.keywords.markers) - own:
            complaints.append(replace(claimed_elsewhere(live.id, min(others)), place=place, address=wanted.address))
        else:
            named[wanted.name] = live
    return named, complaints


def _successor(id: str, marked: Iterable[LiveFlow]) -> LiveFlow | None:
    """The flow that took another's place in a replace, as its stamp says."""
    return next((flow for flow in marked if (stamp := flow.keywords.stamp) and stamp.replaces == id), None)


def _namesakes(manifest: Manifest, pairing: Pairing, administered: Iterable[LiveFlow]) -> dict[str, tuple[str, ...]]:
    """Unmarked flows with the title of a declared flow that does not exist."""
    unmarked: dict[str, list[str]] = {}
    adopted = {flow.id for flow in pairing.found.values()}
    for flow in administered:
        if not flow.keywords.markers and flow.id not in adopted:
            unmarked.setdefault(flow.flow.title, []).append(flow.id)
    return {
        wanted.name: tuple(unmarked[wanted.flow.title])
        for wanted in manifest.flows
        if wanted.name not in pairing.found and wanted.flow.title in unmarked
    }


def _shared(manifest: Manifest, live: Live) -> list[Diagnostic]:
    """Complaints about flows of ours that another project or environment claims too."""
    here = (manifest.project, manifest.environment)
    return [
        claimed_elsewhere(flow.id, marker, address_of(name))
        for name, flow in (*live.found.items(), *live.undeclared)
        for marker in flow.keywords.markers
        if (marker.project, marker.environment) != here
    ]


def _ending(manifest: Manifest, pairing: Pairing) -> list[LiveFlow]:
    """The flows that a plan will delete or replace."""
    replaced = [
        live for wanted in manifest.flows if (live := pairing.found.get(wanted.name)) and must_replace(wanted, live)
    ]
    return [*(flow for _, flow in pairing.undeclared), *replaced]


def _unused(pairing: Pairing, reader: Reader) -> tuple[tuple[Loser, ...], list[Diagnostic]]:
    """The second flows that never had a run, and complaints about the others: somebody uses them."""
    used = {one.flow.id for one in pairing.surplus if one.flow.administered and reader.runs(one.flow.id).ever}
    complaints = [ambiguous(one.name, [one.flow, one.winner]) for one in pairing.surplus if one.flow.id in used]
    return tuple(one for one in pairing.surplus if one.flow.id not in used), complaints


def _not_administered(live: Live) -> list[Diagnostic]:
    losers = [(one.name, one.flow) for one in (*live.surplus, *live.replaced)]
    ours = [*live.found.items(), *live.undeclared, *losers]
    return [not_administrator(address_of(name), flow, live.identity) for name, flow in ours if not flow.administered]
