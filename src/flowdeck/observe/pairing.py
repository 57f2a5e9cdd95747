"""Which live flow belongs to which declared one: by id, by marker, by former name; pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flowdeck.definition import outside
from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.model.live import LiveFlow, Loser
from flowdeck.model.manifest import Manifest
from flowdeck.observe.complaints import ambiguous, foreign_claim, id_replaced, moved_from_conflict

# Two applies at once, or a list that lags behind a create, make their second flow soon after the first.
_SOON = timedelta(hours=1)

Named = tuple[str, LiveFlow]


@dataclass(frozen=True, slots=True)
class Pairing:
    """What model.live.Live says of the same names; `diagnostics` are the claims that nobody but a person can settle."""

    found: Mapping[str, LiveFlow]
    undeclared: tuple[Named, ...]
    surplus: tuple[Loser, ...]
    replaced: tuple[Loser, ...]
    diagnostics: tuple[Diagnostic, ...]


def pair(manifest: Manifest, marked: Iterable[LiveFlow], named: Mapping[str, LiveFlow], identity: str) -> Pairing:
    """Pair `marked`, the live flows that carry this environment's marker, and `named`, those that have an id in it."""
    ours, foreign, undecided = _claims(manifest, marked, named, identity)
    outlived = {name: flow for name, flow in named.items() if flow.id in _replaced(ours[name])}
    settled = {
        name: _settle(name, flows, None if name in outlived else named.get(name)) for name, flows in ours.items()
    }
    winners = {name: one.winner for name, one in settled.items()}
    found, conflicts = _found(manifest, winners)
    taken = {flow.id for flow in found.values()}
    declared = {flow.name for flow in manifest.flows}
    return Pairing(
        found=found,
        undeclared=tuple((name, flow) for name, flow in sorted(winners.items()) if flow.id not in taken),
        surplus=tuple(Loser(name, flow, one.winner) for name, one in sorted(settled.items()) for flow in one.surplus),
        replaced=tuple(Loser(name, flow, one.winner) for name, one in sorted(settled.items()) for flow in one.replaced),
        diagnostics=(
            *conflicts,
            *(id_replaced(manifest, name, flow.id, settled[name].winner.id) for name, flow in outlived.items()),
            *(ambiguous(name, [flow]) for name, flow in undecided),
            *(complaint for one in settled.values() for complaint in one.complaints),
            *(
                foreign_claim(name, flow, _severity(flow, alone=name in declared and name not in found))
                for name, flow in foreign
            ),
        ),
    )


def _severity(foreign: LiveFlow, *, alone: bool) -> Severity:
    """A copy beside our flow is only reported; alone and in our hands it is likely ours: a create would double it."""
    return Severity.ERROR if alone and foreign.administered else Severity.WARNING


def _claims(
    manifest: Manifest, marked: Iterable[LiveFlow], named: Mapping[str, LiveFlow], identity: str
) -> tuple[dict[str, list[LiveFlow]], list[Named], list[Named]]:
    """Our flows by the name they claim, those that claim one without being ours, and ours that claim several."""
    deployers = manifest.deployers or frozenset({identity})
    ids = {flow.id for flow in named.values()}
    ours: dict[str, list[LiveFlow]] = defaultdict(list, {name: [flow] for name, flow in named.items()})
    declared = frozenset(name for wanted in manifest.flows for name in (wanted.name, wanted.moved_from))
    foreign: list[Named] = []
    undecided: list[Named] = []
    for flow in marked:
        if flow.id in ids:
            continue
        names = _claimed(manifest, flow, declared)
        if flow.flow.owner not in deployers and flow.id not in manifest.adopted:
            foreign.append((names[0], flow))
        elif len(names) > 1:
            undecided.append((names[0], flow))
        else:
            ours[names[0]].append(flow)
    return _with_former(manifest, ours), foreign, undecided


def _with_former(manifest: Manifest, ours: dict[str, list[LiveFlow]]) -> dict[str, list[LiveFlow]]:
    """A flow under its former name that a flow under the new one replaces claims the new name too, and loses there."""
    for wanted in manifest.flows:
        if wanted.moved_from in ours and wanted.name in ours:
            replaced = _replaced(ours[wanted.name])
            ours[wanted.name] += [flow for flow in ours[wanted.moved_from] if flow.id in replaced]
            ours[wanted.moved_from] = [flow for flow in ours[wanted.moved_from] if flow.id not in replaced]
    return {name: flows for name, flows in ours.items() if flows}


def _replaced(flows: Iterable[LiveFlow]) -> frozenset[str]:
    """The ids of the flows whose place these have taken, as their stamps say."""
    return frozenset(stamp.replaces for flow in flows if (stamp := flow.keywords.stamp) and stamp.replaces)


def _claimed(manifest: Manifest, flow: LiveFlow, declared: frozenset[str | None]) -> list[str]:
    """The names of this environment that a flow claims; of several, those that the manifest declares."""
    here = (manifest.project, manifest.environment)
    names = [one.name for one in flow.keywords.markers if (one.project, one.environment) == here]
    return [name for name in names if name in declared] or names


@dataclass(frozen=True, slots=True)
class _Settled:
    winner: LiveFlow
    surplus: tuple[LiveFlow, ...] = ()
    replaced: tuple[LiveFlow, ...] = ()
    complaints: tuple[Diagnostic, ...] = ()


def _settle(name: str, flows: list[LiveFlow], named: LiveFlow | None) -> _Settled:
    """One winner a name: the flow named by id, the successor of a replace, else the oldest, ties by id."""
    outlived = _replaced(flows)
    replaced = tuple(flow for flow in flows if flow.id in outlived and flow is not named)
    rest = sorted((flow for flow in flows if flow not in replaced), key=lambda flow: (flow.created_at, flow.id))
    winner, *others = rest or flows
    if named:
        winner, others = named, [flow for flow in rest if flow is not named]
    elif all(_withdrawable(flow, winner) for flow in others):
        return _Settled(winner, tuple(others), replaced)
    return _Settled(winner, (), replaced, (ambiguous(name, [winner, *others]),) if others else ())


def _withdrawable(flow: LiveFlow, older: LiveFlow) -> bool:
    """Made soon after the older one and untouched since: it still equals its own stamp; runs are looked up later."""
    made, before = _time(flow.created_at), _time(older.created_at)
    stamp = flow.keywords.stamp
    if made is None or before is None or stamp is None or not stamp.digests or made - before > _SOON:
        return False
    return not outside(flow)


def _time(text: str) -> datetime | None:
    """A service time; None when it cannot be read (a fixture of globus-sdk repeats the zone, so only one is read)."""
    try:
        return datetime.fromisoformat(text[: text.index("+00:00") + 6])
    except ValueError:
        return None


def _found(manifest: Manifest, winners: Mapping[str, LiveFlow]) -> tuple[dict[str, LiveFlow], list[Diagnostic]]:
    """The live flow of each declared one, also under the name that it had before."""
    found: dict[str, LiveFlow] = {}
    conflicts: list[Diagnostic] = []
    for wanted in manifest.flows:
        live = winners.get(wanted.name)
        former = winners.get(wanted.moved_from) if wanted.moved_from else None
        if live and former and live is not former:
            conflicts.append(moved_from_conflict(manifest, wanted))
        if flow := live or former:
            found[wanted.name] = flow
    return found, conflicts
