"""The wanted flows of one environment, from the checked manifest and the bodies of its flows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flowdeck.manifest import keywords, permissions, schema, subscriptions
from flowdeck.manifest.moves import adoptions, moves
from flowdeck.manifest.permissions import Grants, Sets
from flowdeck.manifest.principals import People
from flowdeck.manifest.problem import Found, Path, Problem, did_you_mean, quoted
from flowdeck.manifest.subscriptions import Subscriptions
from flowdeck.model.flow import FIELDS, ROLES, Flow, WantedFlow, address_of
from flowdeck.model.json_value import EMPTY_OBJECT, Json
from flowdeck.model.marker import Marker

BodyTexts = Mapping[tuple[str, str], Json]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a flow refers to: the people, sets and subscriptions of its environment."""

    project: str
    environment: str
    people: People
    sets: Sets
    subscriptions: Subscriptions


@dataclass(frozen=True, slots=True)
class Wanted:
    """The flows, and where they get what is written outside their own lines."""

    flows: tuple[WantedFlow, ...]
    elsewhere: Mapping[Path, Path]


def wanted(
    written: Mapping[str, schema.Flow | None], bodies: BodyTexts, around: Surroundings
) -> tuple[Wanted, list[Problem]]:
    """Every flow of the environment, sorted by name, and what is wrong with each and between them."""
    found = Found()
    elsewhere: dict[Path, Path] = {}
    flows = tuple(
        found.of(_flow(name, written[name] or schema.Flow(), bodies, around, elsewhere)) for name in sorted(written)
    )
    found.problems += moves({one.name: one.moved_from for one in flows if one.moved_from}, frozenset(written))
    found.problems += adoptions({one.name: one.id for one in flows if one.id})
    return Wanted(flows, elsewhere), [_addressed(problem) for problem in found.problems]


def _addressed(problem: Problem) -> Problem:
    return replace(problem, address=address_of(str(problem.path[1]))) if problem.path[0] == "flows" else problem


def _flow(
    name: str, flow: schema.Flow, bodies: BodyTexts, around: Surroundings, elsewhere: dict[Path, Path]
) -> tuple[WantedFlow, list[Problem]]:
    users, marker = flow.keywords or (), Marker(around.project, around.environment, name)
    found = Found(*keywords.problems(users, ("flows", name, "keywords"), marker))
    found.problems += _unknown_fields(flow.ignore or (), ("flows", name, "ignore"))
    granted = found.of(permissions.of_flow(name, flow.permissions or (), around.people, around.sets))
    subscription, origin = found.of(subscriptions.of_flow(name, flow.subscription, around.subscriptions))
    elsewhere.update(_origins(name, granted))
    if origin is not None:
        elsewhere[name, "subscription"] = origin
    settable = Flow(
        title=flow.title or name,
        subtitle=flow.subtitle or "",
        description=flow.description or "",
        keywords=frozenset(users),
        definition=bodies.get((name, "definition"), EMPTY_OBJECT),
        input_schema=bodies.get((name, "input_schema"), EMPTY_OBJECT),
        subscription=subscription,
        authentication_policy=flow.authentication_policy,
        owner=flow.owner,
        **{role: frozenset(grant.principal for grant in granted if grant.role == role) for role in ROLES},
    )
    ignored = frozenset(flow.ignore or ())
    return WantedFlow(name, settable, ignored, flow.id, flow.moved_from, bool(flow.protect)), found.problems


def _unknown_fields(ignored: Sequence[str], path: Path) -> list[Problem]:
    hints = ((index, one, did_you_mean(one, FIELDS, "the fields are")) for index, one in enumerate(ignored))
    return [
        Problem("unknown-ignore", f"{quoted(one)} is no field of a flow", (*path, index), hint)
        for index, one, hint in hints
        if one not in FIELDS
    ]


def _origins(name: str, granted: Grants) -> dict[Path, Path]:
    """Where each role of the flow, and each principal in it, is written."""
    origins: dict[Path, Path] = {}
    for grant in granted:
        origins.setdefault((name, grant.role), grant.path[:-1])
        origins.setdefault((name, grant.role, grant.principal), grant.path)
    return origins
