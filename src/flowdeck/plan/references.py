"""What a plan can know of late references: ids of live flows and secrets that can be read; the rest stays marked."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flowdeck.definition import must_replace
from flowdeck.model.flow import WantedFlow, private_parameters
from flowdeck.model.json_value import Json
from flowdeck.model.live import Live, LiveFlow, told
from flowdeck.model.manifest import Manifest
from flowdeck.model.reference import flows_among, late_references, references_in, replace_late

_SECRET = "secret."


def settle(manifest: Manifest, live: Live) -> tuple[WantedFlow, ...]:
    """The declared flows with every reference replaced whose meaning is known before an apply.

    A secret that cannot be read here is taken as unchanged: the live value stands for it.
    """
    stays = {
        wanted.name: found
        for wanted in manifest.flows
        if (found := live.found.get(wanted.name)) and not must_replace(wanted, found)
    }
    return tuple(_settled(wanted, manifest, stays, live.found.get(wanted.name)) for wanted in manifest.flows)


def referred(wanted: WantedFlow) -> frozenset[str]:
    """The names of the flows whose id or scope is not known yet."""
    return flows_among(_marks(wanted))


def secrets(wanted: WantedFlow) -> frozenset[str]:
    """The names of the secrets that the flow refers to."""
    return frozenset(name.removeprefix(_SECRET) for name in _marks(wanted) if name.startswith(_SECRET))


def _marks(wanted: WantedFlow) -> frozenset[str]:
    return references_in(wanted.flow.definition, wanted.flow.input_schema)


def _settled(
    wanted: WantedFlow, manifest: Manifest, stays: Mapping[str, LiveFlow], found: LiveFlow | None
) -> WantedFlow:
    if not _marks(wanted):
        return wanted

    def known(name: str) -> str | None:
        if name.startswith(_SECRET):
            return manifest.secrets.get(name.removeprefix(_SECRET))
        return told(stays, name)

    definition = replace_late(wanted.flow.definition, known)
    if found:
        definition = _unchanged(definition, found.flow.definition)
    schema = replace_late(wanted.flow.input_schema, known)
    return replace(wanted, flow=replace(wanted.flow, definition=definition, input_schema=schema))


def _unchanged(wanted: Json, live: Json) -> Json:
    """The live private value in the place of each that holds a secret which cannot be read."""
    absent = {path for path, name in late_references(wanted.value) if name.startswith(_SECRET)}
    private = private_parameters(live.value)
    value = wanted.value
    for path in absent:
        # The private parameter may be a mapping with the secret somewhere below.
        top = next((path[:length] for length in range(len(path), 0, -1) if path[:length] in private), None)
        if top is not None:
            value = _with(value, top, _at(live.value, top))
    return Json.of(value)


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for segment in path:
        value = value[segment]
    return value


def _with(value: Any, path: tuple[str | int, ...], part: Any) -> Any:
    if not path:
        return part
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(copy[path[0]], path[1:], part)
    return copy
