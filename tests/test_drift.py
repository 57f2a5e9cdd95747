"""The drift report: what was changed or deleted outside, told from the outside's point of view."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from projects import DEFINITION, Command
from worlds import GROUP, URNS, World, only, opened

EMPTY = {"added": [], "removed": [], "changed": [], "rewired": []}


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch) as world:
        world.declare({"a": {"title": "T", "keywords": ["k"], "permissions": [{"viewers": [URNS["ci"]]}]}, "b": {}})
        world.apply()
        yield world


def drift(world: World, code: int = 2) -> dict[str, Any]:
    world.emulator.clear_requests()
    ran = world.flowdeck("drift", "--format", "json")
    assert ran.code == code, ran
    assert world.writes() == []
    return dict(ran.document)


def edit(world: World, name: str, **fields: Any) -> str:
    """Somebody changes a flow of ours, and leaves our keywords alone."""
    flow = only(world.marked(name))
    if "keywords" in fields:
        fields["keywords"] = [*fields["keywords"], *(one for one in flow["keywords"] if one.startswith("flowdeck"))]
    world.sdk().update_flow(flow["id"], **fields)
    return str(flow["id"])


def listed(world: World) -> dict[str, bool]:
    flows = world.flowdeck("list", "--format", "json").document["flows"]
    return {flow["address"]: flow["drifted"] for flow in flows}


def test_no_drift(world: World) -> None:
    """Right after an apply there is none: exit 0, no change, everything counted as unchanged."""
    document = drift(world, code=0)
    assert document["changes"] == []
    assert document["summary"]["unchanged"] == 2
    assert "no drift" in world.flowdeck("drift").out


def test_a_change_of_the_manifest_is_no_drift(world: World) -> None:
    """What only the manifest changed is a plan, not drift; a new flow is missing, an undeclared one nothing."""
    world.declare({"a": {"title": "new", "keywords": ["k"], "permissions": [{"viewers": [URNS["ci"]]}]}})
    assert drift(world, code=0)["changes"] == []


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"title": "by hand"}, "title"),
        ({"subtitle": "by hand"}, "subtitle"),
        ({"description": "by hand"}, "description"),
        ({"keywords": ["by hand"]}, "keywords"),
        ({"input_schema": {"type": "object"}}, "input_schema.type"),
        ({"definition": {**DEFINITION, "Comment": "by hand"}}, "definition.Comment"),
    ],
)
def test_each_field(world: World, fields: dict[str, Any], path: str) -> None:
    """A field changed outside is drift with exit 2, also in `list`, and gone after the next apply."""
    id = edit(world, "a", **fields)
    document = drift(world)
    change = only(document["changes"])
    assert (change["address"], change["id"], change["drifted"]) == ("flow.a", id, True)
    assert {(field["path"], field["origin"]) for field in change["fields"]} == {(path, "outside")}
    assert (document["summary"]["drifted"], document["summary"]["missing"]) == (1, 0)
    assert listed(world) == {"flow.a": True, "flow.b": False}
    assert "by hand" in world.flowdeck("drift").out or path.startswith("input_schema")
    world.apply()
    assert drift(world, code=0)["changes"] == []
    assert listed(world) == {"flow.a": False, "flow.b": False}


@pytest.mark.parametrize("role", ["viewers", "starters", "administrators", "run_managers", "run_monitors"])
def test_each_role(world: World, role: str) -> None:
    """A role changed outside is drift, told as what was added and removed outside."""
    wire = {"viewers": "flow_viewers", "starters": "flow_starters", "administrators": "flow_administrators"}
    edit(world, "b", **{wire.get(role, role): [GROUP]})
    change = only(drift(world)["changes"])
    assert set(change["roles"]) == {role}
    assert f"{role}: + {GROUP}" in world.flowdeck("drift").out


def test_both_sides(world: World) -> None:
    """A field that both sides changed is drift; the other side's fields are not in the report."""
    edit(world, "a", title="by hand")
    world.declare({"a": {"title": "new", "description": "only here", "keywords": ["k"]}, "b": {}})
    change = only(drift(world)["changes"])
    assert [(one["path"], one["origin"]) for one in change["fields"]] == [("title", "both")]
    assert change["roles"] == {}


def test_states_and_scopes_of_the_manifest_are_not_drift(world: World) -> None:
    """The report of a drifted title does not show the states and scopes that the manifest changes."""
    edit(world, "a", title="by hand")
    states = {"Only": {"Type": "Pass", "End": True}}
    flow = {"title": "T", "keywords": ["k"], "permissions": [{"viewers": [URNS["ci"]]}]}
    world.declare({"a": {**flow, "definition": {"StartAt": "Only", "States": states}}, "b": {}})
    change = only(drift(world)["changes"])
    assert [one["path"] for one in change["fields"]] == ["title"]
    assert change["states"] == EMPTY


def test_missing(world: World) -> None:
    """A flow deleted outside, and one whose marker was wiped, are missing: exit 2, counted, named."""
    world.sdk().delete_flow(only(world.marked("b"))["id"])
    document = drift(world)
    assert only(document["changes"])["address"] == "flow.b"
    assert document["summary"]["missing"] == 1
    assert "missing" in world.flowdeck("drift").out
    world.sdk().update_flow(only(world.marked("a"))["id"], keywords=["x"])
    assert drift(world)["summary"]["missing"] == 2


def test_ignored_fields_do_not_drift(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the manifest ignores may change outside: no plan, no drift, no mark in the list."""
    with opened(project, flowdeck, monkeypatch) as world:
        world.declare({"a": {"description": "first", "ignore": ["description", "starters"]}})
        world.apply()
        assert only(world.live())["description"] == "first"
        edit(world, "a", description="theirs", flow_starters=[GROUP])
        world.settled()
        assert drift(world, code=0)["changes"] == []
        assert listed(world) == {"flow.a": False}


def test_what_the_manifest_took_over_is_no_drift(world: World) -> None:
    """A change made outside and then written into the manifest is settled, in the plan and in the list."""
    edit(world, "a", title="by hand")
    flow = {"keywords": ["k"], "permissions": [{"viewers": [URNS["ci"]]}]}
    world.declare({"a": {"title": "by hand", **flow}, "b": {}})
    world.settled()
    assert drift(world, code=0)["changes"] == []
    assert listed(world) == {"flow.a": False, "flow.b": False}


def test_protection_taken_off_outside(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protection is the first thing that somebody with bad intent takes off, so its loss is drift."""
    with opened(project, flowdeck, monkeypatch) as world:
        world.declare({"a": {"protect": True}})
        world.apply()
        flow = only(world.marked("a"))
        world.sdk().update_flow(flow["id"], keywords=[one for one in flow["keywords"] if one != "flowdeck-protect"])
        assert only(drift(world)["changes"])["address"] == "flow.a"


def test_reading_commands_write_nothing(world: World) -> None:
    """validate, plan, drift, list, show and output send no write, whatever there would be to do."""
    edit(world, "a", title="by hand")
    world.declare({"a": {"title": "new"}, "c": {}})
    before = world.snapshot()
    world.emulator.clear_requests()
    for arguments in (
        *(("plan",), ("plan", "--destroy"), ("plan", "--format", "json"), ("drift",), ("list",), ("show", "a")),
        *(("output",), ("output", "--format", "env"), ("validate",)),
    ):
        assert world.flowdeck(*arguments).code in (0, 2)
    assert {one.method for one in world.emulator.requests() if one.path.startswith(("/flows", "/runs"))} == {"GET"}
    world.emulator.clear_requests()
    assert world.flowdeck("validate", "--online").code == 0
    assert set(world.writes()) == {("POST", "/flows/validate")}
    assert world.snapshot() == before


def test_outputs(world: World) -> None:
    """list, show and output tell ids, scopes and URLs of the live flows."""
    flow = only(world.marked("a"))
    output = world.flowdeck("output").document
    assert set(output) == {"a", "b"}
    assert (output["a"]["id"], output["a"]["scope"]) == (flow["id"], flow["globus_auth_scope"])
    assert f"FLOW_A_ID={flow['id']}" in world.flowdeck("output", "--format", "env").out.splitlines()
    shown = world.flowdeck("show", "flow.a", "--format", "json").document["flow"]
    assert (shown["id"], shown["title"], shown["keywords"]) == (flow["id"], "T", ["k"])
    assert shown["definition"] == DEFINITION
    assert world.flowdeck("show", "nope").code == 64


@pytest.mark.parametrize("broken", ["definition", "no flows"])
def test_what_is_live_can_be_listed_always(world: World, broken: str) -> None:
    """`list`, `show` and `output` tell what is deployed, also while the manifest's flows are being worked on."""
    world.declare({"a": {"definition": "nowhere.json"}} if broken == "definition" else {})
    for arguments in (("list",), ("show", "a"), ("output",)):
        assert world.flowdeck(*arguments).code == 0
