"""Which live flows a project may take over, and what people call the principals in them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from flowdeck.model.errors import Invalid, Refused, ServiceError
from flowdeck.model.flow import ROLES, address_of
from flowdeck.model.imported import Importable, Skipped
from flowdeck.model.live import LiveFlow
from flowdeck.model.manifest import Manifest
from flowdeck.model.marker import Marker
from flowdeck.model.principal import GROUP, GROUP_NAME, IDENTITY, UUID, is_urn, is_written
from flowdeck.observe.complaints import ambiguous, claimed_elsewhere, flow_not_found, not_administrator
from flowdeck.service.ports import Candidate, Gone, Reader

_CLIENT = "@clients.auth.globus.org"
_IDENTITY = "identity:"
_BY_ITS_NAME = "import it by that name, and rename it with `moved_from` afterwards; of several markers keep one"


def adoptable(manifest: Manifest, reader: Reader, id: str, name: str | None) -> LiveFlow:
    """A live flow that the manifest may declare by that name, if one is given: nobody's, or ours and undeclared.

    Raises Invalid (`flow-not-found`) or Refused (`claimed-elsewhere`, `not-administrator`, `ambiguous-owner`).
    """
    live = reader.read(id)
    if isinstance(live, Gone):
        raise Invalid(flow_not_found(id))
    declared = _declared(manifest)
    own = _own(manifest, live)
    if claims := [one for one in live.keywords.markers if one not in own or one.name in declared]:
        raise Refused(claimed_elsewhere(id, claims[0]))
    if not live.administered:
        raise Refused(not_administrator(None, live, reader.identity))
    if own:
        if others := [one for one in own if one.name != (name or own[0].name)]:
            raise Refused(replace(claimed_elsewhere(id, others[0]), hint=_BY_ITS_NAME))
        claiming = [one for one in reader.administered() if own[0] in one.keywords.markers]
        if any(one.id != live.id for one in claiming):
            raise Refused(ambiguous(own[0].name, claiming))
    return live


def unmanaged(manifest: Manifest, reader: Reader, role: str | None, ids: Mapping[str, str]) -> Importable:
    """Every flow that we administer, through `role` if one is given, and that nobody's manifest declares.

    Those are flows without a marker, and those of this environment that the manifest does not declare by name. `ids`
    are the names of declared flows by the id that they adopt. Raises ServiceError.
    """
    administered = sorted(reader.administered(), key=lambda one: (one.created_at, one.id))
    declared = _declared(manifest)
    claims: dict[Marker, list[str]] = defaultdict(list)
    for flow in administered:
        for marker in _own(manifest, flow):
            claims[marker].append(flow.id)
    taken: list[LiveFlow] = []
    skipped: list[Skipped] = []
    managed = 0
    for flow in (one for one in administered if role is None or role in one.our_roles):
        own = _own(manifest, flow)
        if own == flow.keywords.markers and any(one.name in declared for one in own):
            managed += 1
        elif reason := _reason(flow, own, claims, ids):
            skipped.append(Skipped(flow, reason))
        else:
            taken.append(flow)
    called_ = called(manifest, reader, taken)
    return Importable(tuple(taken), called_, known_names(manifest, taken), tuple(skipped), managed)


def known_names(manifest: Manifest, flows: Iterable[LiveFlow]) -> dict[str, str]:
    """The names by which our own markers call the flows, by id; none for a flow without one."""
    return {flow.id: own[0].name for flow in flows if (own := _own(manifest, flow))}


def _declared(manifest: Manifest) -> frozenset[str]:
    return frozenset(name for flow in manifest.flows for name in (flow.name, flow.moved_from) if name)


def _own(manifest: Manifest, flow: LiveFlow) -> tuple[Marker, ...]:
    """The markers of this project and environment that a flow carries."""
    here = (manifest.project, manifest.environment)
    return tuple(one for one in flow.keywords.markers if (one.project, one.environment) == here)


def _reason(flow: LiveFlow, own: tuple[Marker, ...], claims: Mapping[Marker, list[str]], ids: Mapping[str, str]) -> str:
    """Why a flow is not ours to take; "" if it is. `own` are its markers of this environment, `claims` everybody's."""
    if others := [one for one in flow.keywords.markers if one not in own]:
        return f"it belongs to `{others[0].project}/{others[0].environment}/{others[0].name}`"
    if flow.id.lower() in ids:
        return f"flow.{ids[flow.id.lower()]} is declared with its id"
    if not flow.administered:
        return "the identity in use may not administer it"
    if not isinstance(flow.flow.definition.value, dict):
        return "the service does not show its definition"
    if len(own) > 1:
        return f"it claims {' and '.join(address_of(one.name) for one in own)}: leave it one marker keyword"
    if rivals := [id for marker in own for id in claims[marker] if id != flow.id]:
        return (
            f"{', '.join(rivals)} claims {address_of(own[0].name)} too: delete one, or take the marker keyword off it"
        )
    return ""


def called(manifest: Manifest, reader: Reader, flows: Iterable[LiveFlow]) -> dict[str, str]:
    """What a person would write for each principal of the flows: the manifest's name, the service's, or the id."""
    urns = {urn for flow in flows for role in ROLES for urn in flow.flow.role(role) if is_urn(urn)}
    if not urns:
        return {}
    told = _told(reader, urns)
    aliases = manifest.aliases
    meant = _meant(reader, {*told.values(), *(written for written in aliases.values() if is_written(written))})
    ours: dict[str, str] = {}
    for alias in sorted(aliases):
        candidates = meant.get(aliases[alias], ())
        urn = candidates[0].urn if len(candidates) == 1 else aliases[alias]
        ours.setdefault(urn.lower(), alias)
    certain = {urn: name for urn, name in told.items() if [one.urn for one in meant.get(name, ())] == [urn]}
    return {urn: ours.get(urn) or certain.get(urn) or _by_id(urn) for urn in urns}


def _told(reader: Reader, urns: set[str]) -> dict[str, str]:
    """Usernames and names of groups as manifests write them; none where they would be read as something else."""
    try:
        names = reader.names(urns)
    except ServiceError:  # ids do as well
        return {}
    told: dict[str, str] = {}
    for urn, name in names.items():
        clean = name.isprintable() and name == name.strip() and "${" not in name
        if urn.startswith(GROUP) and clean and not UUID.fullmatch(name):
            told[urn] = f"{GROUP_NAME}{name}"
        # A client's username is made of its id, and tells a reader less.
        elif urn.startswith(IDENTITY) and clean and "@" in name and ":" not in name and not name.endswith(_CLIENT):
            told[urn] = name
    return told


def _meant(reader: Reader, names: set[str]) -> Mapping[str, tuple[Candidate, ...]]:
    try:
        return reader.resolve(names) if names else {}
    except ServiceError:
        return {}


def _by_id(urn: str) -> str:
    kind = _IDENTITY if urn.startswith(IDENTITY) else GROUP_NAME
    return f"{kind}{urn.rpartition(':')[2]}"
