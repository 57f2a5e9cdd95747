"""Load the manifest, and look at the live side."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flowdeck import manifest, observe, plan
from flowdeck.definition import published
from flowdeck.model.diagnostic import Diagnostics, Severity, has_errors, in_order
from flowdeck.model.errors import REFUSALS, Invalid, Refused, ServiceError
from flowdeck.model.flow import ROLES
from flowdeck.model.live import Live, ManagedFlow
from flowdeck.model.manifest import Manifest
from flowdeck.model.principal import is_urn
from flowdeck.service.ports import Reader


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


def managed_flows(loaded: Loaded, reader: Reader) -> tuple[ManagedFlow, ...]:
    """The live flows of ours, declared or not, by name."""
    return _managed(loaded, look(loaded, reader))


def managed_flow(loaded: Loaded, reader: Reader, name: str) -> ManagedFlow:
    """One of them. Raises Misused when there is none of that name."""
    return _only(managed_flows(loaded, reader), name)


def flow_and_names(loaded: Loaded, reader: Reader, name: str) -> tuple[ManagedFlow, Mapping[str, str]]:
    """One of them, and what people call its owner and the principals of its roles. Raises Misused as `managed_flow`."""
    seen = look(loaded, reader)
    shown = _only(_managed(loaded, seen), name)
    flow = shown.live.flow
    urns = {urn for role in ROLES for urn in flow.role(role)} | ({flow.owner} if flow.owner else set())
    return shown, names_of(urns, seen.manifest, reader)


def names_of(urns: Iterable[str], manifest_: Manifest, reader: Reader) -> dict[str, str]:
    """What people call principals: the alias or name that the manifest writes, else the service's, else nothing."""
    asked = set(urns)
    aliases = {manifest_.people.get(written, written): alias for alias, written in manifest_.aliases.items()}
    ours = {**{urn: written for written, urn in manifest_.people.items()}, **aliases}
    unknown = {urn for urn in asked - ours.keys() if is_urn(urn)}
    try:
        told = reader.names(unknown) if unknown else {}
    except ServiceError:  # names are for reading only; nothing needs them
        told = {}
    return {urn: name for urn, name in {**told, **ours}.items() if urn in asked}


def _managed(loaded: Loaded, seen: Seen) -> tuple[ManagedFlow, ...]:
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


def _only(managed: Iterable[ManagedFlow], name: str) -> ManagedFlow:
    flows = {flow.name: flow for flow in managed}
    selected = plan.only_one(name, flows)
    return next(flow for known, flow in flows.items() if selected(known))


def known_names(manifest_: Manifest, live: Live) -> set[str]:
    """The names of all flows, declared or not."""
    return {*(flow.name for flow in manifest_.flows), *live.found, *(name for name, _ in live.undeclared)}
