"""The campaign's shared pieces: a work of every kind of step, what can go wrong, and what must hold at rest."""

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from projects import DEFINITION, Ran
from worlds import POLICIES, URNS, World

from flowdeck.model.risk import DEFAULT_LEVELS

Document = dict[str, Any]
Foreign = dict[tuple[str, str], str]

ALLOW = [part for code in DEFAULT_LEVELS for part in ("--allow", code)]
MARKER = "flowdeck:lab/test/"
# A fault that stays strikes every request from the chosen one on.
_LONG = 400
# How long a world rests before what comes next, so that a list can lag behind that and nothing else; in seconds.
REST = 0.6


# What can go wrong with one request, or from that request on


def _status(status: int, effect: str) -> Document:
    return {"fault": "status", "status": status, "effect": effect, "retry_after": 0}


ONCE: dict[str, Document] = {
    "drop-before": {"fault": "drop"},
    "drop-after": {"fault": "drop", "effect": "after"},
    **{
        f"{status}-{effect}": _status(status, effect)
        for status in (429, 500, 502, 503, 504)
        for effect in ("before", "after")
    },
    "403": _status(403, "before"),
    "404": _status(404, "before"),
    "latency": {"fault": "latency", "ms": 40},
    "stale-list": {"fault": "stale-list", "seconds": 600},
    "edit": {"fault": "edit", "set": {"subtitle": "by somebody else"}},
}
ON: dict[str, Document] = {
    "dead": {"fault": "drop"},
    "deaf": {"fault": "drop", "effect": "after"},
    "expired": {**_status(401, "before"), "retry_after": None},
    "lagging": {"fault": "stale-list", "seconds": REST - 0.1},
}
FAULTS = (*ONCE, *ON)


def fault(name: str, request: int) -> Document:
    """The fault of that name at a request, or from it on."""
    if name in ONCE:
        return {**ONCE[name], "when": {"request": request}}
    numbers = list(range(request, request + _LONG))
    return {key: value for key, value in ON[name].items() if value is not None} | {"when": {"requests": numbers}}


# The work


def calling(*names: str) -> Document:
    """A definition that refers to other flows."""
    parameters = {name: f"${{flow.{name}.id}}" for name in names}
    states = {"Begin": {"Type": "Pass", "Parameters": parameters, "ResultPath": "$.called", "Next": "Finish"}}
    return {"StartAt": "Begin", "States": {**states, "Finish": {"Type": "Pass", "End": True}}}


BEFORE: dict[str, Document] = {
    "kept": {},
    "child": {"title": "A child", "keywords": ["young"]},
    "parent": {"definition": calling("child")},
    "swapped": {"title": "To be replaced"},
    "caller": {"definition": calling("swapped", "child")},
    "was": {"title": "Has a name"},
    "guarded": {"protect": True},
    "freed": {"protect": True},
    "gone": {"title": "To go"},
    "gone-too": {},
}


def after(adopted: str) -> dict[str, Document]:
    """What comes after BEFORE: every action but forget and withdraw. `adopted` is the id of a flow made by hand."""
    return {
        "kept": {},
        "child": {"title": "A grown child", "keywords": ["old"], "permissions": [{"viewers": ["public"]}]},
        "parent": {"definition": calling("child"), "subtitle": "Calls"},
        "swapped": {"title": "To be replaced", "authentication_policy": POLICIES[0]},
        "caller": {"definition": calling("swapped", "child")},
        "is": {"title": "Has another name", "moved_from": "was"},
        "guarded": {"protect": True, "description": "Guarded"},
        "freed": {"protect": False},
        "adopted": {"id": adopted, "title": "Adopted"},
        "new": {"permissions": [{"starters": ["all_authenticated_users"]}]},
        "newer": {"definition": calling("new", "swapped")},
    }


@dataclass
class Work:
    """What is declared, and what is nobody's business: the flows of others, each as its owner reads it."""

    flows: dict[str, Document]
    foreign: Foreign = field(default_factory=dict)


def prepared(world: World, *, rested: bool = False) -> Work:
    """A world with BEFORE applied, flows of others in it, and what comes after declared."""
    world.declare(BEFORE)
    world.apply(*ALLOW)
    by_hand = world.make(title="Made by hand", subtitle="By hand")
    foreign = [
        ("me", world.make(title="kept")),
        ("me", world.make(title="new", keywords=["flowdeck:lab/production/new"])),
        ("colleague", world.make("colleague", "kept", keywords=[f"{MARKER}kept"], flow_viewers=["public"])),
        (
            "stranger",
            world.make("stranger", "child", keywords=[f"{MARKER}child"], flow_administrators=[URNS["me"]]),
        ),
        ("stranger", world.make("stranger", "new", keywords=[f"{MARKER}new"], flow_viewers=["public"])),
    ]
    work = Work(after(by_hand["id"]), {(who, flow["id"]): seen(world, who, flow["id"]) for who, flow in foreign})
    world.declare(work.flows)
    if rested:
        time.sleep(REST)
    world.emulator.clear_requests()
    return work


def seen(world: World, who: str, id: str) -> str:
    """A flow as text, as one of the people reads it."""
    return json.dumps(world.read(id, who))


def attempted(world: World, *arguments: str) -> Ran:
    """An apply of which anything may become, but no crash, and no document that is none."""
    ran = world.flowdeck("apply", "--yes", "--format", "json", *ALLOW, *arguments)
    assert ran.code in (0, 1, 3, 4), ran
    assert "internal-error" not in ran.out + ran.err, ran
    assert "Traceback" not in ran.err, ran
    assert {"format_version", "diagnostics"} <= ran.document.keys()
    return ran


# What holds


def honest(world: World, ran: Ran, before: Mapping[str, str]) -> None:
    """What an apply said of itself is true: what is done is done, what failed was not written, and 0 means all."""
    world.emulator.clear_faults()
    now = written(world)
    for change in ran.document.get("changes", []):
        if change["outcome"] == "done":
            assert (change["id"] in now) == (change["action"] not in ("delete", "withdraw")), change
    if ran.code in (1, 3):
        assert now == before, ran
    if ran.code == 0 and not ran.document["diagnostics"]:
        world.settled()


def written(world: World) -> dict[str, str]:
    """The flows that the identity in use owns, as text by their ids."""
    return {id: seen(world, "me", id) for id in owned(world)}


def at_rest(world: World, work: Work, applies: int = 1) -> None:
    """With no fault in force so many applies converge: each flow once, as declared, and everything else untouched.

    One apply is the promise.
    """
    world.emulator.clear_faults()
    for _ in range(applies):
        ran = world.flowdeck("apply", "--yes", "--format", "json", *ALLOW)
        assert ran.code == 0, ran
    world.emulator.clear_requests()
    world.settled()
    assert {one.method for one in world.emulator.requests() if one.path.startswith(("/flows", "/runs"))} == {"GET"}
    untouched(world, work)
    others = {id for _, id in work.foreign}
    ours = [world.read(id) for id in owned(world) if id not in others]
    by_name = {name_of(flow): flow for flow in ours}
    assert Counter(map(name_of, ours)) == Counter(work.flows.keys())
    for name, declared in work.flows.items():
        assert told(by_name[name], declared) == wanted(name, declared, by_name)


def untouched(world: World, work: Work) -> None:
    """What is not ours is byte for byte as it was."""
    assert {key: seen(world, *key) for key in work.foreign} == work.foreign


def owned(world: World) -> list[str]:
    """The ids of all flows that the identity in use owns."""
    return [flow["id"] for flow in world.live() if flow["flow_owner"] == URNS["me"]]


def name_of(flow: Document) -> str:
    """The name in the marker of a flow; empty without one."""
    return next((one.removeprefix(MARKER) for one in flow["keywords"] if one.startswith(MARKER)), "")


def told(flow: Document, declared: Document) -> Document:
    """What the service says of the things that a work declares."""
    return {
        "title": flow["title"],
        "subtitle": flow["subtitle"],
        "description": flow["description"],
        "keywords": sorted(one for one in flow["keywords"] if not one.startswith("flowdeck")),
        "protected": "flowdeck-protect" in flow["keywords"],
        "viewers": flow["flow_viewers"],
        "starters": flow["flow_starters"],
        "policy": flow["authentication_policy_id"] if "authentication_policy" in declared else None,
        "definition": json.dumps(flow["definition"], sort_keys=True),
    }


def wanted(name: str, declared: Document, live: Mapping[str, Document]) -> Document:
    """The same of what is declared; what it does not say is empty."""
    definition = json.dumps(declared.get("definition", DEFINITION), sort_keys=True)
    for other, flow in live.items():
        definition = definition.replace(f"${{flow.{other}.id}}", flow["id"])
    roles = {role: who for one in declared.get("permissions", []) for role, who in one.items()}
    return {
        "title": declared.get("title", name),
        "subtitle": declared.get("subtitle", ""),
        "description": declared.get("description", ""),
        "keywords": sorted(declared.get("keywords", [])),
        "protected": declared.get("protect", False),
        "viewers": roles.get("viewers", []),
        "starters": roles.get("starters", []),
        "policy": declared.get("authentication_policy"),
        "definition": definition,
    }
