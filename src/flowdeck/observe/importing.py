"""Which live flows a project may take over, and what people call the principals in them."""

from collections.abc import Iterable, Mapping

from flowdeck.model.errors import ServiceError
from flowdeck.model.flow import ROLES
from flowdeck.model.imported import Importable, Skipped
from flowdeck.model.live import LiveFlow
from flowdeck.model.manifest import Manifest
from flowdeck.model.principal import GROUP, GROUP_NAME, IDENTITY, UUID, is_urn, is_written
from flowdeck.service.ports import Candidate, Reader

_CLIENT = "@clients.auth.globus.org"
_IDENTITY = "identity:"


def unmanaged(manifest: Manifest, reader: Reader, role: str | None, ids: Mapping[str, str]) -> Importable:
    """Every flow that we administer, through `role` if one is given, and that neither a marker nor `ids` claims.

    `ids` are the names of declared flows by the id that they adopt. Raises ServiceError.
    """
    administered = [flow for flow in reader.administered() if role is None or role in flow.our_roles]
    taken: list[LiveFlow] = []
    skipped: list[Skipped] = []
    managed = 0
    for flow in sorted(administered, key=lambda one: (one.created_at, one.id)):
        reason = _reason(flow, ids)
        if _is_own(flow, manifest):
            managed += 1
        elif reason:
            skipped.append(Skipped(flow, reason))
        else:
            taken.append(flow)
    return Importable(tuple(taken), called(manifest, reader, taken), tuple(skipped), managed)


def _is_own(flow: LiveFlow, manifest: Manifest) -> bool:
    here = (manifest.project, manifest.environment)
    return bool(flow.keywords.markers) and all((one.project, one.environment) == here for one in flow.keywords.markers)


def _reason(flow: LiveFlow, ids: Mapping[str, str]) -> str:
    if flow.keywords.markers:
        marker = flow.keywords.markers[0]
        return f"it belongs to `{marker.project}/{marker.environment}/{marker.name}`"
    if flow.id.lower() in ids:
        return f"flow.{ids[flow.id.lower()]} is declared with its id"
    if not flow.administered:
        return "the identity in use may not administer it"
    if not isinstance(flow.flow.definition.value, dict):
        return "the service does not show its definition"
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
