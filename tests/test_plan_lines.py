"""What a plan says of each change: by state and property, cut where it is long, and never so that it is not told."""

import json
import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeck.model.flow import Flow, WantedFlow
from flowdeck.model.json_value import Json
from flowdeck.model.live import LiveFlow
from flowdeck.model.marker import Keywords
from flowdeck.model.path import Path, path_of, path_text
from flowdeck.model.step import Create, Update
from flowdeck.plan.diff import of_create, of_update
from flowdeck.render.change_lines import drift_lines, step_lines
from flowdeck.render.lines import Line
from flowdeck.render.sides import BRIEF, FULL, WHOLE, Detail
from flowdeck.render.values import both, named, shown

TRANSFER = "https://transfer.actions.globus.org/transfer"
MACHINE: dict[str, Any] = {
    "StartAt": "Move",
    "States": {
        "Move": {"Type": "Action", "ActionUrl": TRANSFER, "WaitTime": 600, "Next": "Check"},
        "Check": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericGreaterThan": 0, "Next": "Tidy up"}],
            "Default": "Failed",
        },
        "Tidy up": {"Type": "Pass", "End": True},
        "Failed": {"Type": "Fail", "Error": "Nothing"},
    },
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["path"],
    "properties": {
        "path": {"type": "string"},
        "count": {"type": "integer"},
        "where": {"type": "object", "properties": {"region": {"type": "string", "enum": ["eu", "us"]}}},
        "files": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
    },
}


def update(before: object, after: object, field: str = "definition") -> Update:
    """An update of one field of a flow."""
    old, new = (Flow("t", **{"definition": Json.of({}), field: Json.of(side)}) for side in (before, after))
    live = LiveFlow("x", old, Keywords(frozenset()), frozenset({"flow_owner"}))
    wanted = WantedFlow("a", new)
    return Update(name="a", wanted=wanted, live=live, difference=of_update(wanted, live, (field,)))


def said(lines: Iterable[Line]) -> list[str]:
    """Lines as a terminal shows them, from the second on, without notes."""
    return [f"{'  ' * line.depth}{f'{line.sign} ' if line.is_entry else ''}{line.words}" for line in lines][1:]


def edited(document: dict[str, Any], *path: str | int, to: Any = None, **more: Any) -> dict[str, Any]:
    """A copy with another value at a path; without one, with nothing there."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    *steps, last = path
    part: Any = copy
    for step in steps:
        part = part[step]
    if to is None and not more:
        del part[last]
    else:
        part[last] = more or to
    return copy


# --- definitions


# The same without a way to one of its states.
WITHOUT = edited(MACHINE, "States", "Check", "Choices", 0, "Next", to="Failed")


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        (edited(MACHINE, "States", "Move", "WaitTime", to=900), ["  ~ Move  Action", "    WaitTime: 600 -> 900"]),
        (
            edited(MACHINE, "States", "Move", "Next", to="Tidy up"),
            ["  ~ Move  Action", "    now leads to Tidy up, no longer to Check"],
        ),
        (
            edited(MACHINE, "States", "Check", "Choices", 0, "Next", to="Failed"),
            ["  ~ Check  Choice", "    now leads to Failed ($.n > 0), no longer to Tidy up ($.n > 0)"],
        ),
        (
            edited(MACHINE, "States", "Check", "Choices", 0, "NumericGreaterThan", to=5),
            ["  ~ Check  Choice", "    Choices[0].NumericGreaterThan: 0 -> 5"],
        ),
        (
            edited(MACHINE, "States", "Move", "Catch", to=[{"ErrorEquals": ["States.ALL"], "Next": "Failed"}]),
            ["  ~ Move  Action", "    now also leads to Failed (catch States.ALL)"],
        ),
        (
            edited(
                MACHINE,
                "States",
                "Move",
                "Catch",
                to=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "Failed"}],
            ),
            [
                "  ~ Move  Action",
                "    now also leads to Failed (catch States.ALL)",
                '    Catch: [{"ErrorEquals": ["States.ALL"], "Next": "Failed", "ResultPath": "$.e"}]',
            ],
        ),
        (
            edited(MACHINE, "States", "Tell", Type="Action", ActionUrl="https://x.org/tell", Next="Failed"),
            ["  + Tell  Action x.org/tell, then Failed"],
        ),
        (
            edited(MACHINE, "States", "Wait a bit", Type="Wait", Seconds=90, End=True),
            ["  + Wait a bit  Wait 90 s, then end"],
        ),
        (
            edited(MACHINE, "States", "Keep", Type="Pass", Parameters={"a": {"b": [1, 2]}}, ResultPath="$.k", End=True),
            ["  + Keep  Pass sets $.k, then end", "    Parameters.a.b: [1, 2]"],
        ),
        (
            edited(WITHOUT, "States", "Tidy up"),
            [
                "  ~ Check  Choice",
                "    now leads to Failed ($.n > 0), no longer to Tidy up ($.n > 0)",
                "  - Tidy up  Pass",
            ],
        ),
        (
            edited(edited(MACHINE, "States", "Tidy up", "End"), "States", "Tidy up", "Next", to="Move"),
            ["  ~ Tidy up  Pass", "    now leads to Move, no longer to end"],
        ),
        (edited(MACHINE, "StartAt", to="Check"), ['  StartAt: "Move" -> "Check"']),
        (edited(MACHINE, "Comment", to="x"), ['  Comment: "x"']),
        (edited(MACHINE, "States", "Move", to=5), ["  ~ Move", "    no longer leads to Check",
            '    all of it: {"ActionUrl": "https://transfer.actions.globus.org/transfer", "Next": "Check", '
            '"Type": "Action", "WaitTime": 600} -> 5']),
        ({"States": 5}, ['  StartAt: "Move"', f"  States: {json.dumps(MACHINE['States'], sort_keys=True)[:120]}... "
            "(221 more characters) -> 5"]),
    ],
)  # fmt: skip
def test_states(after: dict[str, Any], lines: list[str]) -> None:
    """A definition is told by state: what comes, what goes, what changes in it, and where it leads to in words."""
    assert said(step_lines(update(MACHINE, after), {}, BRIEF)) == lines


def test_many_values_of_a_new_state() -> None:
    """A new state lists its first values, and how many there are more; a page lists all of them."""
    state = {"Type": "Pass", "Parameters": {f"p{number}": number for number in range(10)}, "End": True}
    step = update(MACHINE, edited(MACHINE, "States", "New", to=state))
    assert said(step_lines(step, {}, BRIEF))[-2:] == ["    Parameters.p5: 5", "    ... (4 more values)"]
    assert said(step_lines(step, {}, FULL))[-1] == "    Parameters.p9: 9"


def test_a_new_flow() -> None:
    """A flow that does not exist yet names its states; where there is room, each has a line with what it does."""
    flow = Flow("t", Json.of(MACHINE), input_schema=Json.of(SCHEMA))
    step = Create(name="a", wanted=WantedFlow("a", flow), difference=of_create(flow))
    assert said(step_lines(step, {}, BRIEF)) == [
        "definition: 4 states: Move, Check, Tidy up, Failed",
        "input_schema: count, files, path (required), where",
    ]
    assert said(step_lines(step, {}, FULL)) == [
        "definition: 4 states",
        "  + Move  Action transfer.actions.globus.org/transfer, then Check",
        "    WaitTime: 600",
        "  + Check  Choice, then Tidy up ($.n > 0), Failed (default)",
        "  + Tidy up  Pass, then end",
        "  + Failed  Fail Nothing",
        "input_schema: 4 properties",
        "  + count: integer",
        "  + files: array of object",
        "  + path: string, required",
        "  + where: object",
    ]


def test_drift_is_told_the_other_way_round() -> None:
    """Drift goes from what was applied to what somebody made of it, states and inputs too."""
    after = edited(edited(WITHOUT, "States", "Move", "WaitTime", to=900), "States", "Tidy up")
    assert said(drift_lines(update(after, MACHINE), {}, BRIEF)) == [
        "  ~ Move  Action",
        "    WaitTime: 600 -> 900",
        "  ~ Check  Choice",
        "    now leads to Failed ($.n > 0), no longer to Tidy up ($.n > 0)",
        "  - Tidy up  Pass",
    ]
    step = update(edited(SCHEMA, "properties", "count"), SCHEMA, "input_schema")
    assert said(drift_lines(step, {}, BRIEF)) == ["  - count: integer"]


# --- input schemas


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        (
            edited({**SCHEMA, "required": ["path", "size"]}, "properties", "size", type="number", default=1),
            ["  + size: number, required, default 1"],
        ),
        (edited(SCHEMA, "properties", "count"), ["  - count: integer"]),
        (edited(SCHEMA, "properties", "count", "type", to="string"), ["  ~ count: integer -> string"]),
        (edited(SCHEMA, "properties", "count", "format", to="int64"), ["  ~ count: integer -> integer (int64)"]),
        ({**SCHEMA, "required": ["path", "count"]}, ["  ~ count: now required"]),
        ({**SCHEMA, "required": []}, ["  ~ path: no longer required"]),
        (edited(SCHEMA, "required"), ["  ~ path: no longer required"]),
        (edited(SCHEMA, "properties", "count", "maximum", to=9), ["  ~ count", "    maximum: 9"]),
        (
            edited(SCHEMA, "properties", "where", "properties", "region", "enum", to=["eu"]),
            ["  ~ where.region", '    enum[1]: "us"'],
        ),
        (edited(SCHEMA, "properties", "where", "required", to=["region"]), ["  ~ where.region: now required"]),
        (
            edited(SCHEMA, "properties", "files", "items", "properties", "size", type="integer"),
            ["  + files[].size: integer"],
        ),
        (edited(SCHEMA, "properties", "files", "items"), [
            "  ~ files: array of object -> array",
            '    items: {"properties": {"name": {"type": "string"}}, "type": "object"}',
        ]),
        ({**SCHEMA, "additionalProperties": False}, ["  additionalProperties: false"]),
        ({**SCHEMA, "required": ["path", "path"]}, ['  required[1]: "path"']),
        ({**SCHEMA, "required": "path"}, ['  required: ["path"] -> "path"']),
        ({**SCHEMA, "properties": {}}, [
            "  - count: integer", "  - files: array of object", "  - path: string, required", "  - where: object",
        ]),
        ({}, [
            "  - path: string, required", "  - count: integer", "  - files: array of object", "  - where: object",
            '  type: "object"',
        ]),
    ],
)  # fmt: skip
def test_inputs(after: dict[str, Any], lines: list[str]) -> None:
    """An input schema is told by property: what comes and goes, its type, whether it is required, and what else."""
    assert sorted(said(step_lines(update(SCHEMA, after, "input_schema"), {}, BRIEF))) == sorted(lines)


def test_a_property_called_properties() -> None:
    """A property may be called like a keyword of JSON Schema."""
    after = {
        "properties": {"properties": {"type": "string"}, "items": {"type": "string"}, "required": {"type": "null"}}
    }
    lines = said(step_lines(update({}, after, "input_schema"), {}, BRIEF))
    assert lines == ["  + items: string", "  + properties: string", "  + required: null"]


# --- values

SAME = "(177 characters the same) ..."


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("a", "b", ('"a"', '"b"')),
        (1, None, ("1", "null")),
        ("x" * 200, "y", ('"' + "x" * 119 + "... (82 more characters)", '"y"')),
        ("x" * 200 + "a", "x" * 200 + "b", (f'{SAME}{"x" * 24}a"', f'{SAME}{"x" * 24}b"')),
        ("x" * 200, "x" * 201, (f'{SAME}{"x" * 24}"', f'{SAME}{"x" * 25}"')),
    ],
)  # fmt: skip
def test_long_values(was: object, becomes: object, told: tuple[str, str]) -> None:
    """Long values are cut; what is shown of them is where they begin to differ."""
    assert both(Json.of(was), Json.of(becomes)) == told


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=400)


@given(SCALARS, SCALARS, st.integers(1, 50))
def test_what_differs_looks_different(was: object, becomes: object, most: int) -> None:
    """Whatever is cut, two values that differ are shown as two texts that differ, and neither is long."""
    one, other = both(Json.of(was), Json.of(becomes), most)
    assert (one == other) == (Json.of(was) == Json.of(becomes))
    assert max(len(one), len(other)) < most + 120


@given(st.text(max_size=100), st.text(max_size=100), st.integers(100, 300))
def test_long_beginnings(one: str, other: str, same: int) -> None:
    """Two long texts with the same beginning are told apart too."""
    first, second = both(Json.of("x" * same + one), Json.of("x" * same + other))
    assert (first == second) == (one == other)


def test_texts_of_several_lines() -> None:
    """Of a text of several lines those that differ are shown, line by line, the first ones where there are many."""
    before = MACHINE | {"Comment": "one\ntwo\nthree\nfour\n"}
    after = MACHINE | {"Comment": "one\n2\nthree\nfour\nfive\n"}
    assert said(step_lines(update(before, after), {}, BRIEF)) == [
        "  Comment:",
        '    - "two\\n"',
        '    + "2\\n"',
        '    + "five\\n"',
    ]
    many = MACHINE | {"Comment": "".join(f"{number}\n" for number in range(30))}
    assert said(step_lines(update(before, many), {}, BRIEF))[-1] == "    ... (28 more lines)"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Tidy up", "Tidy up"),
        ("two_hop-2.b", "two_hop-2.b"),
        ("ada@example.org", "ada@example.org"),
        ("Übergabe", "Übergabe"),
        ("A  Action x.org/y, then B", '"A  Action x.org/y, then B"'),
        (" A", '" A"'),
        ("", '""'),
        ('say "hi"', '"say \\"hi\\""'),
        ("a\u202eb", '"a\\u202eb"'),
        ("x" * 200, "x" * 120 + "... (80 more characters)"),
    ],
)
def test_names(name: str, text: str) -> None:
    """A name that could be read as more than a name stands between quotation marks."""
    assert named(name) == text


def test_values_in_words() -> None:
    """What is not there, and what is hidden, are words and no JSON."""
    assert [shown(None), shown(Json.of(None)), shown(Json.of("(sensitive)"))] == ["nothing", "null", "(sensitive)"]


# --- laws


NAMES = st.sampled_from(["A", "B", "Tidy up", "Next", "x.y", 'q"', ""])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["A", "B", "", "a\nb\n", "a\nc\n", "\u202e"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)
RULES = st.fixed_dictionaries(
    {}, optional={"Variable": VALUES, "NumericEquals": VALUES, "Next": NAMES | VALUES, "And": VALUES, "Comment": VALUES}
)
CATCHERS = st.fixed_dictionaries({}, optional={"ErrorEquals": VALUES, "Next": NAMES | VALUES, "ResultPath": VALUES})
STATES = st.fixed_dictionaries(
    {},
    optional={
        "Type": st.sampled_from(["Pass", "Action", "Choice", "Wait", "Fail"]) | VALUES,
        "Next": NAMES | VALUES,
        "End": st.just(True) | VALUES,
        "Default": NAMES,
        "Choices": st.lists(RULES, max_size=3) | VALUES,
        "Catch": st.lists(CATCHERS, max_size=2) | VALUES,
        "Parameters": VALUES,
        "ActionUrl": st.sampled_from(["https://x.org/y", "http://x.org/y"]),
        "Seconds": VALUES,
        "Error": VALUES,
        "ResultPath": VALUES,
    },
)
MACHINES = st.fixed_dictionaries(
    {}, optional={"StartAt": NAMES, "States": st.dictionaries(NAMES, STATES | VALUES, max_size=4), "Comment": VALUES}
)
PROPERTIES = st.recursive(
    st.fixed_dictionaries({}, optional={"type": VALUES, "format": VALUES, "enum": VALUES, "maximum": VALUES}),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(NAMES, inner, max_size=3) | VALUES,
            "items": inner | VALUES,
            "required": st.lists(NAMES, max_size=3) | VALUES,
            "type": st.just("object"),
        },
    ),
    max_leaves=4,
)
DETAILS = st.sampled_from([BRIEF, FULL, WHOLE])


@given(MACHINES, MACHINES, DETAILS)
def test_every_change_of_a_definition_is_told(before: Any, after: Any, detail: Detail) -> None:
    """Each value that differs has a line with its path, or a line that says the same in words."""
    step = update(before, after)
    lines = [*step_lines(step, {}, detail)]
    text = "\n".join(line.words for line in lines)
    assert bool(lines) == bool(step.difference.fields)
    for field in step.difference.fields:
        assert any(is_told(line, path_of(field.path)[1:], text) for line in lines), field.path
    assert not [line for line in lines if line.was and line.was == line.text]


def is_told(line: Line, path: Path, text: str) -> bool:
    """Whether a line is about a path: by the state's name, by the path within it, or in words about its ways."""
    if path[:1] == ("States",) and len(path) == 2:
        name = named(str(path[1]))
        return (line.is_entry and line.words.startswith(name)) or line.label == "all of it" or "States" in line.label
    within = path[2:] if path[:1] == ("States",) and len(path) > 2 else path
    is_way = within[-1:] in (("Next",), ("Default",), ("End",), ("Catch",))
    return line.label == plain_path(within) or (is_way and "lead" in text) or line.label == plain_path(path)


def plain_path(path: Path) -> str:
    """A path as a label has it."""
    return path_text(path).replace("\u202e", "\\u202e")


@given(PROPERTIES, PROPERTIES, DETAILS)
def test_every_change_of_an_input_schema_is_told(before: Any, after: Any, detail: Detail) -> None:
    """Whatever differs between two schemas, some line says so, and no line says that nothing changes."""
    step = update(before, after, "input_schema")
    lines = [*step_lines(step, {}, detail)][1:]
    text = "\n".join(line.words for line in lines)
    for field in step.difference.fields:
        path, sides = path_of(field.path)[1:], [side.value for side in (field.before, field.after) if side]
        # All properties of an object that come or go at once are told one by one.
        at_once = path[-1] == "properties" and len(sides) == 1 and isinstance(sides[0], dict)
        paths = [(*path, name) for name in sides[0]] if at_once else []
        assert all(is_named(one, text) for one in paths or [path]), (field.path, text)
    assert bool(lines) == bool(step.difference.fields)
    assert not [line for line in lines if line.was and line.was == line.text]


def is_named(path: Path, text: str) -> bool:
    """Whether the last step of a path is in a text: a property by its name, a type or what is required in words."""
    last = path[-1]
    if "required" in path:
        return bool(re.search(r"required|all of it", text))
    if last in ("type", "format"):
        return " -> " in text or f"{last}:" in text
    return (f"[{last}]" if isinstance(last, int) else plain_path((last,))) in text or named(str(last)) in text


@given(st.lists(st.text() | st.integers(0, 99), min_size=1, max_size=4))
def test_paths_come_back(path: list[str | int]) -> None:
    """A path can be read back from its text."""
    assert path_of(path_text(path)) == tuple(path)
