"""What the manifest means in one environment: its overrides applied, its names resolved, its flows put together."""

from collections.abc import Mapping
from typing import Any

from flowdeck.manifest import permissions, subscriptions
from flowdeck.manifest.bodies import Bodies, strays, without
from flowdeck.manifest.files import Files
from flowdeck.manifest.flows import Surroundings, wanted
from flowdeck.manifest.guardrails import guardrails, principals
from flowdeck.manifest.layers import Layers, override
from flowdeck.manifest.messages import checked
from flowdeck.manifest.places import FlowPlaces
from flowdeck.manifest.principals import people
from flowdeck.manifest.problem import Found, Path, Problem
from flowdeck.manifest.references import resolve
from flowdeck.manifest.schema import Manifest as Written
from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.manifest import EMULATOR, Manifest


def meaning(
    files: Files, base: Layers, written: Written, environment: str, *, definitions: bool
) -> tuple[Manifest, list[Diagnostic]]:
    """The manifest of the environment and what is wrong with it; `written` is the base, without its wrong parts."""
    layers = override(base, environment)
    found = Found()
    value = found.of(resolve(layers.value if definitions else without(layers.value)))
    unknown = frozenset(problem.path for problem in found.problems)
    effective = found.of(checked(value, unknown))
    bodies = Bodies(files, layers)
    if definitions:
        bodies.collect(_mapping(value, "flows"), unknown)
        bodies.diagnostics += strays(files, frozenset(_every_flow(base.value)))
        found.of(((), _empty(value)))
    later = Found()
    around = later.of(_surroundings(effective, value, environment, _every_flow(base.value)))
    built = later.of(wanted(effective.flows or {}, {key: body.json for key, body in bodies.found.items()}, around))
    where = (written.environments or {}).get(environment)
    deployed_by: Path = ("environments", environment, "deployers")
    manifest = Manifest(
        project=around.project,
        environment=environment,
        service=where.service if where else EMULATOR,
        folder=files.folder,
        flows=built.flows,
        places=FlowPlaces(layers, bodies.own_files, built.elsewhere),
        deployers=frozenset(later.of(principals((where and where.deployers) or (), deployed_by, around.people))),
        guardrails=later.of(guardrails(effective.guardrails, around.people)),
    )
    problems = [*found.problems, *(problem for problem in later.problems if problem.path not in unknown)]
    return manifest, [*bodies.diagnostics, *map(layers.at, problems)]


def _surroundings(
    effective: Written, value: Mapping[str, Any], environment: str, every: list[str]
) -> tuple[Surroundings, list[Problem]]:
    """What flows refer to; `every` are the flows of any environment, `value` holds also what is misshapen."""
    found = Found()
    flows = sorted(_mapping(value, "flows"))
    known = found.of(people(effective.principals or {}, frozenset(_mapping(value, "principals"))))
    declared_sets = frozenset(_mapping(value, "permissions"))
    sets = found.of(permissions.sets(effective.permissions or {}, declared_sets, known, flows, every))
    declared = frozenset(_mapping(value, "subscriptions"))
    available = found.of(subscriptions.subscriptions(effective.subscriptions or {}, declared, flows, every))
    return Surroundings(effective.project or "", environment, known, sets, available), found.problems


def _mapping(value: Mapping[str, Any], section: str) -> dict[str, Any]:
    found = value.get(section)
    return found if isinstance(found, dict) else {}


def _every_flow(base: Mapping[str, Any]) -> list[str]:
    """The flows of any environment."""
    overriding = [one for one in _mapping(base, "environments").values() if isinstance(one, dict)]
    return sorted({name for value in (base, *overriding) for name in _mapping(value, "flows")})


def _empty(value: Mapping[str, Any]) -> list[Problem]:
    if value.get("flows"):
        return []
    hint = "`flowdeck destroy` deletes every flow"
    return [Problem("empty-manifest", "the manifest declares no flow", ("flows",), hint, at_key=True)]
