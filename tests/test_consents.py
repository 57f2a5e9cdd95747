"""What a plan tells of consents: who must give which again, when a definition changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from projects import DEFINITION, Command
from worlds import Document, World, only, opened, signed

TRANSFER_URL = "https://transfer.actions.globus.org/transfer"
TRANSFER = "urn:globus:auth:scope:transfer.api.globus.org:all"
HELLO_URL = "https://actions.globus.org/hello_world"
HELLO = "https://auth.globus.org/scopes/actions.globus.org/hello_world"
OWN_URL = "https://actions.lab.example/archive"
OWN = "https://auth.globus.org/scopes/1de27170-0000-4ec0-8000-000000000001/action_all"
API = "1de27170-0000-4ec0-8000-00000000000a"
CONSENT, RUN_AS = "consent-change", "run-as-change"

HELLO_STATE: Document = {"ActionUrl": HELLO_URL}


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch) as world:
        yield world


def machine(*states: Document) -> Document:
    """A flow of actions, one after the other, and a last state."""
    actions: Document = {
        f"Act {number}": {"Type": "Action", "Parameters": {}, "Next": f"Act {number + 1}", **state}
        for number, state in enumerate(states)
    }
    last = {f"Act {len(states)}": {"Type": "Pass", "End": True}}
    return {"StartAt": "Act 0", "States": {**actions, **last}}


def change(world: World, before: Document, after: Document, **fields: Any) -> Document:
    """The plan's change from one definition, applied, to another."""
    world.declare({"a": {"definition": before, **fields}})
    world.apply()
    world.declare({"a": {"definition": after, **fields}})
    return dict(only(world.plan()["changes"]))


def told(change: Document, code: str = CONSENT) -> list[str]:
    """The messages of the risks of one code."""
    return [risk["message"] for risk in change["risks"] if risk["code"] == code]


@pytest.mark.parametrize(
    ("added", "message", "scopes"),
    [
        ({"ActionUrl": TRANSFER_URL}, f"users must consent again: `{TRANSFER}`", [TRANSFER]),
        ({"ActionUrl": OWN_URL, "ActionScope": OWN}, f"users must consent again: `{OWN}`", [OWN]),
        (
            {"Handler": {"Type": "ActionProvider", "Url": OWN_URL, "Scope": OWN}},
            f"users must consent again: `{OWN}`",
            [OWN],
        ),
        (
            {"ActionUrl": OWN_URL},
            f"users must consent again: the scope of `{OWN_URL}` is known to its provider only",
            [],
        ),
        (
            {"Handler": {"Type": "RegisteredAPI", "Id": API}},
            f"users must consent again: the scope of `{API}` is known to its provider only",
            [],
        ),
        (
            {"ActionUrl": TRANSFER_URL, "RunAs": "Curator"},
            f"the holders of role `Curator` must consent again: `{TRANSFER}`",
            [TRANSFER],
        ),
        (
            {**HELLO_STATE, "RunAs": "Curator"},
            f"the holders of role `Curator` must consent again: `{HELLO}`",
            [],
        ),
    ],
    ids=["hosted", "ActionScope", "Handler.Scope", "own", "registered API", "custom role", "known scope, new role"],
)
def test_what_a_new_action_needs(world: World, added: Document, message: str, scopes: list[str]) -> None:
    """An action that needs more than before is told: whose consent, to which scope, or whose scope is not known."""
    found = change(world, machine(HELLO_STATE), machine(HELLO_STATE, added))
    assert told(found) == [message]
    assert found["scopes"] == {"added": scopes, "removed": []}
    assert next(risk["level"] for risk in found["risks"] if risk["code"] == CONSENT) == "warn"
    assert message in world.flowdeck("plan").out


def test_several(world: World) -> None:
    """There is one line for each role, with all that it needs anew."""
    curator = {"RunAs": "Curator"}
    after = machine(
        {"ActionUrl": OWN_URL}, {"ActionUrl": TRANSFER_URL}, HELLO_STATE, {"ActionUrl": f"{OWN_URL}/2", **curator}
    )
    found = change(world, DEFINITION, after)
    assert told(found) == [
        f"users must consent again: `{HELLO}`, `{TRANSFER}`; the scope of `{OWN_URL}` is known to its provider only",
        f"the holders of role `Curator` must consent again: the scope of `{OWN_URL}/2` is known to its provider only",
    ]
    assert found["scopes"] == {"added": sorted([HELLO, TRANSFER]), "removed": []}


@pytest.mark.parametrize(
    ("before", "after", "removed"),
    [
        (machine(HELLO_STATE, {"ActionUrl": TRANSFER_URL}), machine(HELLO_STATE), [TRANSFER]),
        (machine(HELLO_STATE, {"ActionUrl": OWN_URL}), machine(HELLO_STATE), []),
        (machine(HELLO_STATE), machine(HELLO_STATE, HELLO_STATE), []),
        (machine(HELLO_STATE), machine({"ActionUrl": f"{HELLO_URL}/"}), []),
        (machine(HELLO_STATE), machine({"Handler": {"Type": "ActionProvider", "Url": HELLO_URL}}), []),
        (machine(HELLO_STATE), machine({**HELLO_STATE, "ActionScope": HELLO}), []),
        (machine(HELLO_STATE), machine({**HELLO_STATE, "WaitTime": 5}), []),
        (machine({"ActionUrl": OWN_URL}), machine({"Handler": {"Type": "ActionProvider", "Url": OWN_URL}}), []),
    ],
    ids=["removed", "removed own", "once more", "a slash", "by Handler", "written", "another field", "own by Handler"],
)
def test_what_needs_no_consent(world: World, before: Document, after: Document, removed: list[str]) -> None:
    """What is removed, or said in another way, needs no new consent."""
    found = change(world, before, after)
    assert told(found) == []
    assert found["scopes"] == {"added": [], "removed": removed}


def test_the_flow_itself(world: World) -> None:
    """What a flow does as itself is no consent of anybody's; what it stops doing as itself may become one."""
    as_flow = {"ActionUrl": TRANSFER_URL, "RunAs": "Flow"}
    found = change(world, machine(HELLO_STATE), machine(HELLO_STATE, as_flow, {"ActionUrl": OWN_URL, "RunAs": "Flow"}))
    assert told(found) == []
    assert found["scopes"]["added"] == [TRANSFER]
    found = change(world, machine(as_flow), machine({"ActionUrl": TRANSFER_URL}))
    assert told(found) == [f"users must consent again: `{TRANSFER}`"]
    assert found["scopes"] == {"added": [], "removed": []}


def test_transfers_from_their_old_address(world: World) -> None:
    """The move to transfer.actions.globus.org, after which users had to consent again, is told as such."""
    old = {"ActionUrl": "https://actions.globus.org/transfer/transfer"}
    found = change(world, machine(old), machine({"ActionUrl": TRANSFER_URL}))
    assert told(found) == [f"users must consent again: `{TRANSFER}`"]


def test_a_new_flow(world: World) -> None:
    """Nobody has consented to a flow that is created, so nobody must do it again; nor for one that is deleted."""
    world.declare({"a": {"definition": machine(HELLO_STATE)}})
    created = only(world.plan()["changes"])
    assert (told(created), created["scopes"]["added"]) == ([], [HELLO])
    world.apply()
    world.declare({"b": {}})
    assert [told(one) for one in world.plan()["changes"]] == [[], []]


def test_other_changes(world: World) -> None:
    """A change that leaves the definition alone asks for nothing, also where the live definition is another."""
    live = machine({**HELLO_STATE, "RunAs": "Curator"})
    world.declare({"a": {"definition": live, "ignore": ["definition"]}})
    world.apply()
    world.declare({"a": {"definition": machine({"ActionUrl": OWN_URL}), "ignore": ["definition"], "title": "New"}})
    found = only(world.plan()["changes"])
    assert [one["path"] for one in found["fields"]] == ["title"]
    assert told(found) == told(found, RUN_AS) == []


def test_an_adopted_flow(world: World) -> None:
    """The users of a flow that is adopted consented to what it was: what is added is told."""
    id = world.make(definition=machine(HELLO_STATE))["id"]
    world.declare({"a": {"id": id, "definition": machine(HELLO_STATE, {"ActionUrl": TRANSFER_URL})}})
    found = only(world.plan()["changes"])
    assert (found["action"], told(found)) == ("adopt", [f"users must consent again: `{TRANSFER}`"])


def test_a_child_that_is_made_anew(world: World) -> None:
    """A flow that begins to call another one needs its scope, which is written as a reference until it is known."""
    child = {"ActionUrl": "https://flows.globus.org/flows/${flow.child.id}", "ActionScope": "${flow.child.scope}"}
    world.declare({"parent": {"definition": machine(HELLO_STATE)}})
    world.apply()
    world.declare({"parent": {"definition": machine(HELLO_STATE, child)}, "child": {}})
    parent = next(one for one in world.plan()["changes"] if one["address"] == "flow.parent")
    assert told(parent) == ["users must consent again: `${flow.child.scope}`"]
    world.apply()
    world.settled()


def test_a_guardrail(world: World) -> None:
    """A guardrail can make a change of consents a block, which one apply may lift."""
    world.make(**signed("a", definition=machine(HELLO_STATE)))
    world.declare({"a": {"definition": machine(HELLO_STATE, {"ActionUrl": OWN_URL})}}, guardrails={CONSENT: "block"})
    assert CONSENT in world.refused("apply", "--yes")
    world.apply("--allow", CONSENT)
    world.settled()


@pytest.mark.parametrize(
    ("before", "after", "messages"),
    [
        (
            [{}],
            [{"RunAs": "Flow"}],
            ["state `Act 0` runs as the flow itself, no longer as the user who starts the run"],
        ),
        (
            [{"RunAs": "Curator"}],
            [{}],
            ["state `Act 0` runs as the user who starts the run, no longer as role `Curator`"],
        ),
        (
            [{"RunAs": "Flow"}, {}],
            [{}, {"RunAs": "Flow"}],
            [
                "state `Act 0` runs as the user who starts the run, no longer as the flow itself",
                "state `Act 1` runs as the flow itself, no longer as the user who starts the run",
            ],
        ),
        ([{}], [{}, {"RunAs": "Flow"}], ["the new state `Act 1` runs as the flow itself, as no state did before"]),
        ([{"RunAs": "Flow"}], [{"RunAs": "Flow"}, {"RunAs": "Flow"}], []),
        ([{"RunAs": "Flow"}], [{"RunAs": "Flow"}, {}], []),
        ([{}, {"RunAs": "Flow"}], [{}], []),
        ([{}], [{"RunAs": "User"}], []),
    ],
    ids=["to the flow", "to the user", "changed about", "new role", "same role", "new user", "removed", "default"],
)  # fmt: skip
def test_run_as(world: World, before: list[Document], after: list[Document], messages: list[str]) -> None:
    """A state that acts as somebody else than before is told, also where the set of roles stays the same."""
    sides = [
        machine(*({**HELLO_STATE, "WaitTime": number, **one} for one in side))
        for number, side in ((5, before), (6, after))
    ]
    assert told(change(world, *sides), RUN_AS) == messages


@pytest.mark.parametrize("action", [{"ActionUrl": OWN_URL}, {"Handler": {"Type": "ActionProvider", "Url": OWN_URL}}])
def test_hosts_of_handlers(world: World, action: Document) -> None:
    """The guardrail of hosts holds however a state names its provider."""
    world.declare(
        {"a": {"definition": machine(HELLO_STATE, action)}}, guardrails={"allowed-action-hosts": ["actions.globus.org"]}
    )
    assert told(only(world.plan()["changes"]), "action-host") == [
        "actions.lab.example is not among the allowed action hosts"
    ]
