"""What a plan says of a change of an input schema to those who start the flow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from projects import Command
from worlds import POLICIES, World, only, opened

SCHEMA = {
    "type": "object",
    "required": ["source"],
    "properties": {"source": {"type": "string"}, "mode": {"enum": ["fast", "careful"]}},
    "additionalProperties": False,
}
REGION = {"region": {"type": "string"}}


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch) as world:
        yield world


def with_properties(*required: str, **properties: Any) -> dict[str, Any]:
    return {
        **SCHEMA,
        "required": [*SCHEMA["required"], *required],
        "properties": {**SCHEMA["properties"], **properties},
    }


def risks_of(world: World, before: Any, after: Any, **more: Any) -> dict[str, tuple[str, str]]:
    """Level and message of the risks of an update from one schema to another that are about input."""
    world.declare({"ingest": {"input_schema": before}}, **more)
    world.apply()
    world.declare({"ingest": {"input_schema": after}}, **more)
    return input_risks(only(world.plan()["changes"]))


def input_risks(change: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        risk["code"]: (risk["level"], risk["message"]) for risk in change["risks"] if risk["code"].startswith("input-")
    }


def test_a_breaking_change_warns_with_its_reasons(world: World) -> None:
    """A change that refuses what was taken is input-breaking, and says what callers must know, three reasons of it."""
    fewer = {"enum": ["fast"]}
    assert risks_of(world, SCHEMA, with_properties("region", **REGION, mode=fewer)) == {
        "input-breaking": (
            "warn",
            "callers and timers that send what they sent before may be refused: `region` is required now; "
            "the value `careful` of `mode` is gone",
        )
    }
    many = {name: {"type": "integer"} for name in ("a", "b", "c", "d")}
    assert risks_of(world, {**SCHEMA, "additionalProperties": True}, with_properties("a", "b", "c", "d", **many))[
        "input-breaking"
    ][1].endswith("`a` is required now; `b` is required now; `c` is required now and 6 more")


def test_a_change_that_cannot_be_told_warns(world: World) -> None:
    """A change that flowdeck does not understand is input-breaking too, which says that it cannot tell, and why."""
    stranger = {"region": {"type": "string", "not": {"const": "é"}}}
    risks = risks_of(world, with_properties(**REGION), with_properties(**stranger))
    assert risks == {
        "input-breaking": (
            "warn",
            "flowdeck cannot tell whether the new input schema takes what the old one took: "
            "`not` of `region` changed, and flowdeck does not compare that",
        )
    }


def test_a_looser_schema_is_a_note(world: World) -> None:
    """A change that takes all that was taken and more is input-loosened."""
    assert risks_of(world, SCHEMA, with_properties(**REGION)) == {
        "input-loosened": ("note", "the input schema takes what it took, and perhaps more: `region` is taken too")
    }
    assert risks_of(world, SCHEMA, {}) == {
        "input-loosened": ("note", "the input schema takes what it took, and perhaps more: every object is taken now")
    }


def test_what_only_describes_is_no_risk(world: World) -> None:
    """Titles, defaults, formats and the order of keys change nothing for those who start the flow."""
    described = with_properties(source={"default": "/data/", "title": "Source", "type": "string", "format": "uuid"})
    assert risks_of(world, SCHEMA, {"title": "Ingest", **described}) == {}


def test_other_changes_of_the_flow_are_none_of_its_input(world: World) -> None:
    """An update that leaves the schema as it is, or that ignores it, has no risk for callers."""
    world.declare({"ingest": {"input_schema": SCHEMA}})
    world.apply()
    world.declare({"ingest": {"input_schema": SCHEMA, "title": "New"}})
    assert input_risks(only(world.plan()["changes"])) == {}
    world.declare({"ingest": {"input_schema": {"required": ["x"]}, "ignore": ["input_schema"], "title": "New"}})
    assert input_risks(only(world.plan()["changes"])) == {}


def test_adopting_and_replacing_change_the_schema_too(world: World) -> None:
    """An adopted flow, and one that takes the place of another, are compared with what was live."""
    by_hand = world.make(title="by hand", input_schema=SCHEMA)
    world.declare({"ingest": {"id": by_hand["id"], "input_schema": with_properties("region", **REGION)}})
    change = only(world.plan()["changes"])
    assert change["action"] == "adopt"
    assert "`region` is required now" in input_risks(change)["input-breaking"][1]
    world.declare({"moved": {"input_schema": SCHEMA}})
    world.apply()
    world.declare(
        {"moved": {"input_schema": with_properties("region", **REGION), "authentication_policy": POLICIES[0]}}
    )
    change = only(world.plan()["changes"])
    assert change["action"] == "replace"
    assert "`region` is required now" in input_risks(change)["input-breaking"][1]


def test_a_new_flow_breaks_nobody(world: World) -> None:
    """A create has no callers yet."""
    world.declare({"ingest": {"input_schema": SCHEMA}})
    assert input_risks(only(world.plan()["changes"])) == {}


def test_guardrails_set_the_level(world: World) -> None:
    """A guardrail can let a breaking change block the apply, or say nothing of a looser one."""
    guardrails = {"input-breaking": "block", "input-loosened": "off"}
    breaking = risks_of(world, SCHEMA, with_properties("region", **REGION), guardrails=guardrails)
    assert breaking["input-breaking"][0] == "block"
    assert "input-breaking" in world.refused("apply", "--yes")
    world.declare({"ingest": {"input_schema": with_properties(**REGION)}}, guardrails=guardrails)
    assert input_risks(only(world.plan()["changes"])) == {}


def test_what_is_not_known_yet_is_not_known_to_be_taken(world: World) -> None:
    """The id of a flow that the plan creates may be any text: a value that gives way to it cannot be judged."""
    old, new = ({"properties": {"flow": {"enum": [one]}}} for one in ("none", "${flow.child.id}"))
    world.declare({"ingest": {"input_schema": old}})
    world.apply()
    world.declare({"ingest": {"input_schema": new}, "child": {}})
    change = next(one for one in world.plan()["changes"] if one["address"] == "flow.ingest")
    message = input_risks(change)["input-breaking"][1]
    assert message.startswith("flowdeck cannot tell")


def test_private_values_are_not_told(world: World) -> None:
    """A schema with private parameters is not compared, and no risk quotes what it holds."""
    old, new = (
        {"properties": {"key": {"const": secret, "__Private_Parameters": ["const"]}}} for secret in ("hush", "hush!")
    )
    risks = risks_of(world, old, new)
    assert risks["input-breaking"][1].endswith("it holds private parameters")
    assert "hush" not in str(risks)
