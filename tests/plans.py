"""Plans that tests make without a service: what is live and what is declared, flow by flow."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from flowdeck import plan
from flowdeck.model.diagnostic import Diagnostics, Place
from flowdeck.model.flow import ROLES, Flow, WantedFlow
from flowdeck.model.json_value import Json
from flowdeck.model.live import Live, LiveFlow, Runs
from flowdeck.model.manifest import Guardrails, Manifest
from flowdeck.model.marker import Keywords, Marker, Stamp
from flowdeck.model.plan import Plan

DEFINITION: dict[str, Any] = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
Fields = Mapping[str, Any]


class Granted:
    """Where a manifest grants what: all of it by one set."""

    def __init__(self, permission_set: str | None, file: str) -> None:
        self._set, self._file = permission_set, file

    def of(self, flow: str, path: tuple[str | int, ...] = (), *, key: bool = False) -> Place | None:
        return Place(self._file)

    def granted_by(self, flow: str, role: str, principal: str) -> tuple[str | None, Place | None]:
        return self._set, Place(self._file, 7)


def planned(
    live: Mapping[str, Fields],
    declared: Mapping[str, Fields],
    *,
    names: Mapping[str, str] | None = None,
    granted: Granted | None = None,
    guardrails: Guardrails | None = None,
    diagnostics: Diagnostics = (),
    drifted: bool = False,
    active: int = 0,
) -> Plan:
    """The plan that makes the live flows the declared ones; `drifted` says that all of it was changed outside."""
    flows = {name: _live(name, fields, drifted=drifted) for name, fields in live.items()}
    wanted = tuple(WantedFlow(name, flow(name, fields)) for name, fields in sorted(declared.items()))
    manifest = Manifest(
        "lab",
        "test",
        "globus",
        Path(),
        wanted,
        granted or Granted(None, "flows.yaml"),
        guardrails=guardrails or Guardrails(),
    )
    observed = Live(
        "urn:globus:auth:identity:00000000-0000-4000-9000-000000000000",
        {name: one for name, one in flows.items() if name in declared},
        tuple((name, one) for name, one in sorted(flows.items()) if name not in declared),
        runs={one.id: Runs(active, active) for one in flows.values()},
    )
    made = plan.build(manifest, observed, "https://flows.example.org/", diagnostics=diagnostics)
    return replace(made, names=names or {})


def flow(name: str, fields: Fields) -> Flow:
    """A flow of some fields."""
    given = dict(fields)
    documents = {
        field: Json.of(given.pop(field, default))
        for field, default in (("definition", DEFINITION), ("input_schema", {}))
    }
    sets = {field: frozenset(given.pop(field, ())) for field in ("keywords", *ROLES)}
    return Flow(title=given.pop("title", name), **documents, **sets, **given)


def _live(name: str, fields: Fields, *, drifted: bool) -> LiveFlow:
    stamp = Stamp(dict.fromkeys(("title", "subtitle", "description", "definition", "input_schema", *ROLES), "000000"))
    number = sum(ord(letter) * 131**place for place, letter in enumerate(name)) % 10**12
    return LiveFlow(
        f"00000000-0000-4000-8000-{number:012}",
        flow(name, fields),
        Keywords(frozenset(fields.get("keywords", ())), (Marker("lab", "test", name),), stamp if drifted else None),
        frozenset({"flow_owner"}),
    )
