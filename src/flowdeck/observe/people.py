"""Names of people and groups in a manifest, replaced by the principals that they mean today."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from flowdeck.model.diagnostic import Diagnostic, Diagnostics, Place, in_order
from flowdeck.model.flow import PRINCIPALS_PER_ROLE, ROLES, TEXTS, WantedFlow
from flowdeck.model.json_value import Json
from flowdeck.model.manifest import Manifest
from flowdeck.model.principal import is_written
from flowdeck.model.reference import has_late, references_in, replace_late
from flowdeck.service.ports import Candidate, Reader

_PRINCIPAL = "principal."


def resolve(manifest: Manifest, reader: Reader) -> tuple[Manifest, Diagnostics]:
    """The manifest with a URN for every name, and complaints about names that mean nobody, or more than one.

    Raises model.errors.ServiceError when the service does not answer.
    """
    names = _names(manifest)
    meant = reader.resolve(names) if names else {}
    urns = {name: candidates[0].urn for name, candidates in meant.items() if len(candidates) == 1}
    wrong = [
        replace(_complaint(name, meant.get(name, ())), place=place, address=address)
        for name in sorted(names - urns.keys())
        for place, address in _uses(manifest, name)
    ]
    resolved = _resolved(manifest, urns)
    return resolved, in_order([*wrong, *_crowded(resolved)])


def _crowded(manifest: Manifest) -> Iterable[Diagnostic]:
    """Roles that hold too many principals: before the look-up two names might have meant the same one."""
    for flow in manifest.flows:
        for role in ROLES:
            count = len(flow.flow.role(role))
            if count > PRINCIPALS_PER_ROLE:
                yield Diagnostic(
                    "too-many-principals",
                    f"`{role}` has {count} principals, the service takes {PRINCIPALS_PER_ROLE}",
                    "use a group",
                    manifest.places.of(flow.name, ("permissions",)),
                    flow.address,
                )


def _names(manifest: Manifest) -> set[str]:
    """Every written name that has to be looked up, wherever it stands."""
    roles = {one for flow in manifest.flows for role in ROLES for one in flow.flow.role(role)}
    deployers = {*manifest.deployers, *manifest.guardrails.administrators_required}
    aliases = {manifest.aliases[name] for flow in manifest.flows for name in _marked(flow) if name in manifest.aliases}
    return {one for one in roles | deployers | aliases if is_written(one)}


def _marked(flow: WantedFlow) -> set[str]:
    """The aliases that a flow's documents and texts refer to."""
    texts = [Json.of(getattr(flow.flow, field)) for field in TEXTS]
    marks = references_in(flow.flow.definition, flow.flow.input_schema, *texts)
    return {name.removeprefix(_PRINCIPAL) for name in marks if name.startswith(_PRINCIPAL)}


def _uses(manifest: Manifest, name: str) -> Iterable[tuple[Place | None, str | None]]:
    """Where a name is used: the line that grants it on each flow; without one, it is a deployer's or an alias."""
    grants = [(flow, role) for flow in manifest.flows for role in ROLES if name in flow.flow.role(role)]
    places = {manifest.places.of(flow.name, (role, name)): flow.address for flow, role in grants}
    return places.items() or [(None, None)]


def _complaint(name: str, candidates: tuple[Candidate, ...]) -> Diagnostic:
    if not candidates:
        return Diagnostic(
            "unknown-principal",
            f"`{name}` means nobody",
            "check the spelling; a group must be one of the identity in use; or write its id",
        )
    listed = "; ".join(f"{one.urn} ({one.description})" for one in candidates)
    return Diagnostic(
        "ambiguous-principal", f"`{name}` means several: {listed}", "write the id of the one that is meant"
    )


def _resolved(manifest: Manifest, urns: Mapping[str, str]) -> Manifest:
    def each(principals: Iterable[str]) -> frozenset[str]:
        return frozenset(urns.get(one, one) for one in principals)

    def known(reference: str) -> str | None:
        written = manifest.aliases.get(reference.removeprefix(_PRINCIPAL)) if reference.startswith(_PRINCIPAL) else None
        return urns.get(written or "", written)

    def flow(wanted: WantedFlow) -> WantedFlow:
        roles: dict[str, frozenset[str]] = {role: each(wanted.flow.role(role)) for role in ROLES}
        texts: dict[str, str] = {field: _text(getattr(wanted.flow, field), known) for field in TEXTS}
        return replace(
            wanted,
            flow=replace(
                wanted.flow,
                definition=replace_late(wanted.flow.definition, known),
                input_schema=replace_late(wanted.flow.input_schema, known),
                **roles,  # type: ignore[arg-type]  # mypy cannot pair the names of a mapping with arguments
                **texts,  # type: ignore[arg-type]  # as above
            ),
        )

    required = tuple(urns.get(one, one) for one in manifest.guardrails.administrators_required)
    return replace(
        manifest,
        flows=tuple(flow(one) for one in manifest.flows),
        deployers=each(manifest.deployers),
        guardrails=replace(manifest.guardrails, administrators_required=required),
        people=dict(urns),
    )


def _text(text: str, known: Callable[[str], str | None]) -> str:
    marked = Json.of(text)
    return str(replace_late(marked, known).value) if has_late(marked) else text
