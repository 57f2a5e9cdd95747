"""A plan that is not the reviewed one: which changes are new, gone or different, in one screen."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from projects import DEFINITION, Command
from worlds import POLICIES, URNS, World, only, opened

LONGER = json.loads(json.dumps(DEFINITION).replace('"Seconds": 5', '"Seconds": 6'))
LONGEST = json.loads(json.dumps(DEFINITION).replace('"Seconds": 5', '"Seconds": 7'))
DATE = re.compile(r"at \d{4}-\d\d-\d\dT[\d:.]+\+00:00")
TOUCHED = " (the flow was last changed at [TIME])"
# As many lines as the smallest terminals have.
SCREEN = 24


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch) as world:
        yield world


def review(world: World, flows: dict[str, Any], *arguments: str) -> None:
    """Plan these flows, and keep the plan as reviewed."""
    world.declare(flows)
    assert world.flowdeck("plan", "--out", "plan.json", *arguments).code == 0


def departures(world: World, *arguments: str) -> list[tuple[str | None, str]]:
    """What an apply that expects the reviewed plan tells of what differs, having written nothing."""
    world.emulator.clear_requests()
    ran = world.flowdeck("apply", "--expect", "plan.json", "--format", "json", *arguments)
    assert (ran.code, ran.document["outcome"], world.writes()) == (3, "refused", [])
    mismatch, *notes = ran.document["diagnostics"]
    assert (mismatch["code"], mismatch["severity"]) == ("digest-mismatch", "error")
    assert {(one["code"], one["severity"]) for one in notes} <= {("changed-since-review", "note")}
    assert {change["error"]["code"] for change in ran.document["changes"]} == {"digest-mismatch"}
    return [(one["address"], DATE.sub("at [TIME]", one["message"])) for one in notes]


def granting(**roles: Any) -> dict[str, Any]:
    return {"permissions": [roles]}


@pytest.mark.parametrize(
    ("before", "reviewed", "now", "told"),
    [
        ({}, {"title": "b"}, {"title": "c"}, '`title` becomes "c", not "b"'),
        ({"title": "a"}, {"title": "b"}, {"title": "c"}, '`title` becomes "c", not "b"'),
        ({}, {"title": "b"}, {"title": "b", "subtitle": "c"}, "`subtitle` changes too"),
        ({}, {"title": "b", "subtitle": "c"}, {"title": "b"}, "`subtitle` no longer changes"),
        ({}, {"definition": LONGER}, {"definition": LONGEST}, "`definition.States.Begin.Seconds` becomes 7, not 6"),
        (
            {},
            {"input_schema": {"properties": {"a b": {"type": "string"}}}},
            {"input_schema": {"properties": {"a b": {"type": "number"}}}},
            '`input_schema.properties["a b"].type` becomes "number", not "string"',
        ),
        ({}, {"title": "b"}, {"title": "b", **granting(viewers=["public"])}, "`viewers` gains public too"),
        (
            granting(viewers=["public"]),
            {"title": "b"},
            {"title": "b", **granting(viewers=["public"])},
            "`viewers` no longer loses public",
        ),
        ({}, {"protect": True}, {"protect": True, "keywords": ["k"]}, "`keywords` changes too"),
        (
            {},
            {"title": "b"},
            {"title": "c", "subtitle": "s", "description": "d", "keywords": ["k"]},
            "`description` changes too; `keywords` changes too; `subtitle` changes too and 1 more",
        ),
        ({}, {"title": "b"}, {"title": "c" * 100}, f'`title` becomes "{"c" * 59}…, not "b"'),
    ],
)
def test_a_change_is_different(
    world: World, before: dict[str, Any], reviewed: dict[str, Any], now: dict[str, Any], told: str
) -> None:
    """A change with another content is told by the first fields and grants that differ, now against reviewed."""
    world.declare({"a": before, "z": {}})
    world.apply()
    review(world, {"a": reviewed, "z": {}})
    world.declare({"a": now, "z": {}})
    assert departures(world) == [("flow.a", f"reviewed otherwise: {told}")]


def test_a_create_is_different(world: World) -> None:
    """A flow that does not exist yet is told field by field as well, also within its definition."""
    review(world, {"a": {"definition": LONGER, **granting(viewers=["public"])}})
    world.declare({"a": {"definition": LONGEST, "title": "b"}})
    assert departures(world) == [
        (
            "flow.a",
            'reviewed otherwise: `definition.States.Begin.Seconds` becomes 7, not 6; `title` becomes "b", not "a"; '
            "`viewers` no longer gains public",
        )
    ]


def test_new_gone_and_other_actions(world: World) -> None:
    """Changes that are new, that are gone, and that have become another action, are told as what they are."""
    world.declare({"a": {}, "b": {}, "c": {}})
    world.apply()
    review(world, {"a": {"title": "A"}, "b": {"title": "B"}, "new": {}, "c": {}})
    world.sdk().delete_flow(only(world.marked("a"))["id"])
    changed = {"title": "C", **granting(viewers=["public"])}
    world.declare({"a": {"title": "A"}, "c": changed, "b": {}, "newer": {}, "new": {}})
    assert departures(world) == [
        ("flow.a", "reviewed as update, and now create"),
        ("flow.c", f"not in the reviewed plan: update of `title`, `viewers`{TOUCHED}"),
        ("flow.newer", "not in the reviewed plan: create"),
        ("flow.b", "reviewed as update, and no longer in the plan"),
    ]


def test_the_live_side_changed(world: World) -> None:
    """A live flow that somebody changed since is told: what it is now and when, also where it is to be deleted."""
    world.declare({"a": {"title": "a"}, "gone": {}, "z": {}})
    world.apply()
    review(world, {"a": {"title": "b"}, "z": {}})
    world.sdk().update_flow(only(world.marked("a"))["id"], title="by hand")
    world.sdk().update_flow(only(world.marked("gone"))["id"], subtitle="still needed")
    assert departures(world) == [
        ("flow.a", f'reviewed otherwise: `title` is "by hand" now, not "a"{TOUCHED}'),
        ("flow.gone", f"the live flow is another than the reviewed one{TOUCHED}"),
    ]


def test_a_replace(world: World) -> None:
    """A replacement by another flow is told as well."""
    world.declare({"a": {}, "z": {}})
    world.apply()
    review(world, {"a": {"authentication_policy": POLICIES[0]}, "z": {}})
    world.declare({"a": {"authentication_policy": POLICIES[1]}, "z": {}})
    [(address, message)] = departures(world)
    assert (address, "authentication_policy" in message) == ("flow.a", True)


def test_another_place(world: World) -> None:
    """A plan of another environment, project or service is told as that, and its changes are not compared."""
    both = {"staging": {"service": "globus"}, "production": {"service": "globus"}}
    world.declare({"a": {}}, environments=both)
    world.flowdeck("plan", "-e", "staging", "--out", "plan.json")
    assert departures(world, "-e", "production") == [
        (None, f"the reviewed plan is for lab / staging on {world.emulator.url}")
    ]


def test_what_is_private_stays_so(world: World) -> None:
    """A private value is in no difference, whether it was reviewed otherwise or is new."""

    def secret(token: str, comment: str) -> dict[str, Any]:
        parameters = {"__Private_Parameters": ["token"], "token": token}
        states = {"A": {"Type": "Pass", "Parameters": parameters, "Comment": comment, "End": True}}
        return {"definition": {"StartAt": "A", "States": states}}

    world.declare({"a": secret("CANARY-0", "x"), "z": {}})
    world.apply()
    review(world, {"a": secret("CANARY-0", "y"), "b": secret("CANARY-1", "y"), "z": {}})
    world.declare({"a": secret("CANARY-2", "z"), "b": secret("CANARY-3", "z"), "z": {}})
    told = departures(world)
    assert "CANARY" not in str(told)
    assert told == [
        (
            "flow.a",
            'reviewed otherwise: `definition.States.A.Comment` becomes "z", not "y"; '
            "`definition.States.A.Parameters.token` changes too",
        ),
        ("flow.b", 'reviewed otherwise: `definition.States.A.Comment` becomes "z", not "y"'),
    ]


def test_one_screen(world: World) -> None:
    """However much differs, with --quiet it is told below the steps in one screen, with the number of the others."""
    names = [f"flow-{number:02}" for number in range(30)]
    review(world, {name: {} for name in names})
    world.declare({name: {"title": "new"} for name in names})
    told = departures(world)
    assert len(told) == 9
    assert told[-1] == (None, "22 more changes are not as reviewed")
    ran = world.flowdeck("apply", "--expect", "plan.json", "-q")
    problems = ran.out[ran.out.index("error[digest-mismatch]") :]
    assert len(problems.splitlines()) <= SCREEN
    assert "note[changed-since-review]: reviewed otherwise" in problems


def test_no_delete_misses_no_delete(world: World) -> None:
    """With --no-delete the deletes of the reviewed plan are not told to be gone: they are left for another time."""
    world.declare({"a": {}, "gone": {}})
    world.apply()
    review(world, {"a": {"title": "b"}})
    world.declare({"a": {"title": "c"}})
    assert departures(world, "--no-delete") == [("flow.a", 'reviewed otherwise: `title` becomes "c", not "b"')]


def test_a_digest_alone(world: World) -> None:
    """Without a file flowdeck says what the plan is now, and how what differs can be seen."""
    world.declare({"a": {}, "b": {}})
    ran = world.flowdeck("apply", "--expect", "0" * 12)
    now = world.plan()["digest"][:12]
    assert ran.code == 3
    assert f"the plan is now {now} (2 to create), but 000000000000 was expected" in ran.out
    assert "--expect with a file of `flowdeck plan --out plan.json` also tells what differs" in ran.out
    assert "changed-since-review" not in ran.out


FOREIGN: list[Any] = [
    None,
    7,
    [],
    {},
    [{"path": "title"}],
    [{"path": 7, "before": 1, "after": 2}],
    [{"path": "title", "before": {"a": [1]}, "after": [{}]}],
    [{"path": "a[[[\x1b", "before": "\x1b[2J", "after": "\ud800"}],
    {"viewers": {"added": "abc", "removed": [7]}},
]


@pytest.mark.parametrize("key", ["fields", "roles", "address", "action"])
@pytest.mark.parametrize("value", FOREIGN, ids=range(len(FOREIGN)))
def test_a_file_that_was_edited(world: World, key: str, value: Any) -> None:
    """The differences are for reading: whatever else is in a file whose digests are right, nothing breaks or passes."""
    review(world, {"a": {"title": "b"}})
    path = world.folder / "plan.json"
    document = deepcopy(json.loads(path.read_text(encoding="utf-8")))
    document["changes"][0][key] = value
    path.write_text(json.dumps(document), encoding="utf-8")
    world.declare({"a": {"title": "c"}})
    ran = world.flowdeck("apply", "--expect", "plan.json")
    assert ran.code in (1, 3)
    assert "digest-mismatch" in ran.out or "error[bad-expectation]" in ran.err
    assert "internal-error" not in ran.err
    assert "\x1b" not in ran.out + ran.err
    assert URNS["me"] not in ran.err
    assert world.writes() == []
