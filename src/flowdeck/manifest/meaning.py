"""What the manifest means in one environment: overrides applied, references replaced, flows put together."""

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
from flowdeck.manifest.schema import Manifest as Written
from flowdeck.manifest.scope import replaced
from flowdeck.manifest.secrets import Secret, Sources, absent
from flowdeck.manifest.variables import Outside, variables
from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.manifest import EMULATOR, Manifest


def meaning(
    files: Files, base: Layers, environment: str, outside: Outside, *, definitions: bool, check: bool
) -> tuple[Manifest, list[Diagnostic]]:
    """The manifest of the environment and what is wrong with it."""
    layers = override(base, environment)
    found = Found()
    known = found.of(variables(base, environment, outside))
    said = layers.value if definitions else without(layers.value)
    resolved, scope = replaced(_written(said, base, environment), known)
    value, unknown = resolved.value, resolved.unknown
    found.problems += resolved.problems
    effective = found.of(checked(value, unknown))
    bodies = Bodies(files, layers, scope.meaning)
    secrets: dict[str, Secret] = {}
    if definitions:
        bodies.collect(_mapping(value, "flows"), unknown)
        if check:
            bodies.check()
        bodies.diagnostics += strays(files, frozenset(_every_flow(base.value)))
        secrets = found.of(
            Sources(files, layers, outside.environ).read(effective.secrets or {}, _mapping(value, "secrets"))
        )
        found.problems += [*_empty(value), *absent(secrets, bodies.secrets)]
    later = Found()
    around = later.of(_surroundings(effective, value, environment, _every_flow(base.value)))
    built = later.of(wanted(effective.flows or {}, {key: body.json for key, body in bodies.found.items()}, around))
    where = (effective.environments or {}).get(environment)
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
        aliases=around.people.aliases,
        secrets={name: secret.value for name, secret in secrets.items()},
    )
    problems = [*found.problems, *(problem for problem in later.problems if problem.path not in unknown)]
    return manifest, [*bodies.diagnostics, *map(layers.at, problems)]


def _written(value: Mapping[str, Any], base: Layers, environment: str) -> dict[str, Any]:
    """What is to be understood: without the variables, which are, and with the environment's own keys."""
    kept = {key: item for key, item in value.items() if key != "variables"}
    entry = _mapping(base.value, "environments").get(environment)
    if isinstance(entry, dict):
        own = {key: item for key, item in entry.items() if key in ("service", "deployers")}
        kept["environments"] = {environment: own}
    return kept


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
