"""What a new input schema is to those who send what the old one took: never silently wrong, and seldom unknown."""

import contextlib
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from jsonschema.exceptions import _WrappedReferencingError as Unresolvable

from definition.schema_pairs import objects, pairs
from flowdeck.definition.schemas.compatibility import Compatibility, Verdict, compare_inputs

INPUTS = 12


def takes(schema: Any, value: Any) -> bool:
    """What jsonschema itself says; the schema has only references into itself."""
    return bool(Draft7Validator(schema).is_valid(value))


def holds(old: Any, new: Any, found: Compatibility, inputs: list[Any]) -> None:
    """The verdict is true of these inputs, and of its own witnesses."""
    for value in inputs:
        before, after = takes(old, value), takes(new, value)
        if found.verdict is Verdict.COMPATIBLE:
            assert before == after, value
        if found.verdict is Verdict.LOOSENED:
            assert after or not before, value
    if found.verdict is Verdict.BREAKING:
        for reason in found.reasons:
            assert reason.witness is not None
            assert takes(old, reason.witness.value)
            assert not takes(new, reason.witness.value)
    else:
        assert all(reason.witness is None for reason in found.reasons)
    assert found.reasons or found.verdict is Verdict.COMPATIBLE


@given(st.data())
def test_a_verdict_is_true_of_every_input(data: st.DataObject) -> None:
    """A compatible or looser schema refuses no input that the old one takes; a breaking one refuses its witness."""
    old, new = data.draw(pairs())
    inputs = [data.draw(objects(data.draw(st.sampled_from([old, new])))) for _ in range(INPUTS)]
    holds(old, new, compare_inputs(old, new), inputs)


@given(st.data())
def test_a_verdict_is_true_beyond_what_is_compared(data: st.DataObject) -> None:
    """The same holds where schemas combine others, refer to others, or use what is compared for being equal only."""
    old, new = data.draw(pairs(beyond=True))
    inputs = [data.draw(objects(data.draw(st.sampled_from([old, new])))) for _ in range(INPUTS)]
    found = compare_inputs(old, new)
    # jsonschema has no answer to references that lead nowhere or back to themselves, nor to `items: true` beside
    # `additionalItems`.
    with contextlib.suppress(RecursionError, TypeError, Unresolvable):
        holds(old, new, found, inputs)


@pytest.mark.parametrize(("beyond", "most"), [(False, 0.1), (True, 0.5)])
def test_few_verdicts_are_unknown(beyond: bool, most: float) -> None:
    """The verdicts are of every kind, and few are unknown, so that the laws are about something."""
    verdicts: Counter[Verdict] = Counter()

    @settings(max_examples=300, database=None)
    @given(pairs(beyond=beyond))
    def collect(pair: tuple[Any, Any]) -> None:
        verdicts[compare_inputs(*pair).verdict] += 1

    collect()
    total = verdicts.total()
    assert verdicts[Verdict.UNKNOWN] < most * total
    assert min(verdicts[one] for one in (Verdict.COMPATIBLE, Verdict.LOOSENED, Verdict.BREAKING)) > 0.01 * total


# --- the direct cases -------------------------------------------------------------------------------------------------

PLACE = {
    "type": "object",
    "required": ["id", "path"],
    "properties": {"id": {"type": "string"}, "path": {"type": "string"}},
    "additionalProperties": False,
}
OLD = {
    "type": "object",
    "required": ["source"],
    "properties": {
        "source": PLACE,
        "mode": {"type": "string", "enum": ["fast", "careful"]},
        "count": {"type": ["integer", "string"], "minimum": 1},
        "label": {"type": "string", "maxLength": 128},
        "paths": {"type": "array", "items": {"type": "string"}},
    },
    "additionalProperties": False,
}


def edited(path: str, value: Any) -> Any:
    """The old schema with another value at a path; without it where the value is None."""
    found = json.loads(json.dumps(OLD))
    *steps, last = path.split("/")
    around = found
    for step in steps:
        around = around[step]
    around[last] = value
    if value is None:
        del around[last]
    return found


BREAKING = [
    ("required", ["source", "mode"], "`mode` is required now"),
    ("properties/source/required", ["id", "path", "name"], "`source.name` is required now"),
    ("properties/mode/enum", ["fast"], "the value `careful` of `mode` is gone"),
    ("properties/mode/enum", ["slow"], "the values `fast`, `careful` of `mode` are gone"),
    ("properties/mode", {"const": "fast"}, "the value `careful` of `mode` is gone"),
    ("properties/mode", {"type": "string", "minLength": 5}, "the value `fast` of `mode` is refused now"),
    ("properties/mode", False, "`mode` is refused now"),
    ("properties/count", None, "`count` is refused now"),
    ("properties/count/type", "integer", "`count` no longer takes text"),
    ("properties/count/type", "string", "`count` no longer takes whole numbers"),
    ("properties/count/minimum", 2, "`count` must be at least 2 now"),
    ("properties/count/exclusiveMinimum", 1, "`count` must be more than 1 now"),
    ("properties/count/maximum", 10, "`count` must be at most 10 now"),
    ("properties/count/exclusiveMaximum", 10, "`count` must be less than 10 now"),
    ("properties/label/maxLength", 64, "`label` must have 64 or fewer characters now"),
    ("properties/label/minLength", 1, "`label` must have 1 or more characters now"),
    ("properties/label/pattern", "^[a-z]+$", "`label` must match `^[a-z]+$` now"),
    ("properties/label/enum", ["nightly"], "`label` takes only `nightly` now"),
    ("properties/paths/items/maxLength", 9, "`paths[]` must have 9 or fewer characters now"),
    ("properties/paths/items/type", "integer", "`paths[]` no longer takes text"),
    ("properties/paths/minItems", 1, "`paths` must have 1 or more items now"),
    ("properties/paths/maxItems", 3, "`paths` must have 3 or fewer items now"),
    ("properties/paths/uniqueItems", True, "`paths` must not hold an item twice now"),
    ("properties/source/minProperties", 3, "`source` must have 3 or more properties now"),
    ("maxProperties", 2, "the input must have 2 or fewer properties now"),
    ("minProperties", 2, "the input must have 2 or more properties now"),
    (
        "properties/source/properties/path/multipleOf",
        2,
        "`multipleOf` of `source.path` changed, and flowdeck does not compare that",
    ),
    ("properties/source/not", {"required": ["id"]}, "`source` takes less now, by `not`"),
]


@pytest.mark.parametrize(("path", "value", "message"), BREAKING)
def test_each_way_to_take_less(path: str, value: Any, message: str) -> None:
    """Each keyword that takes less than before is told by its own sentence, and shown by an input."""
    new = edited(path, value)
    found = compare_inputs(OLD, new)
    assert [reason.message[: len(message)] for reason in found.reasons] == [message]
    assert found.verdict is (Verdict.UNKNOWN if "multipleOf" in message else Verdict.BREAKING)
    holds(OLD, new, found, [])


LOOSER = [
    ("required", [], "`source` may be left out now"),
    ("properties/region", {"type": "string"}, "`region` is taken too"),
    ("additionalProperties", None, "unknown properties are taken too"),
    ("properties/source/additionalProperties", True, "unknown properties of `source` are taken too"),
    ("properties/mode/enum", ["fast", "careful", "exact"], "`mode` takes `exact` too"),
    ("properties/mode/enum", None, "`mode` takes other values too"),
    ("properties/count/minimum", 0, "`count` may be smaller now"),
    ("properties/count/type", ["number", "string"], "`count` takes more than whole numbers or text now"),
    ("properties/count/type", ["integer", "string", "null"], "`count` takes null too"),
    ("properties/label/maxLength", 256, "`label` may be longer now"),
    ("properties/paths/items", True, "`paths[]` takes more than text now"),
]


@pytest.mark.parametrize(("path", "value", "message"), LOOSER)
def test_each_way_to_take_more(path: str, value: Any, message: str) -> None:
    """Each keyword that takes more than before is told by its own sentence; the way back is breaking."""
    new = edited(path, value)
    found = compare_inputs(OLD, new)
    assert (found.verdict, [reason.message for reason in found.reasons]) == (Verdict.LOOSENED, [message])
    assert compare_inputs(new, OLD).verdict is Verdict.BREAKING


SAME = [
    ("title", "Ingest"),
    ("properties/label/default", "nightly"),
    ("properties/source/format", "globus-collection"),
    ("properties/source/propertyOrder", ["id", "path"]),
    ("properties/source/minProperties", 0),
    ("properties/paths/uniqueItems", False),
    ("properties/mode/type", ["string"]),
    ("properties/count/type", ["string", "integer"]),
    ("definitions", {"unused": {"type": "string"}}),
    ("$schema", "http://json-schema.org/draft-07/schema#"),
]


@pytest.mark.parametrize(("path", "value"), SAME)
def test_what_says_the_same_in_other_words(path: str, value: Any) -> None:
    """What only describes, and another spelling of the same, change nothing."""
    new = edited(path, value)
    assert compare_inputs(OLD, new) == compare_inputs(new, OLD) == Compatibility(Verdict.COMPATIBLE)


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        (None, {}, Verdict.COMPATIBLE),
        (None, {"type": "object"}, Verdict.COMPATIBLE),
        ({"type": "object"}, None, Verdict.COMPATIBLE),
        ({"required": ["a"]}, None, Verdict.LOOSENED),
        (None, {"required": ["a"]}, Verdict.BREAKING),
        ({"type": "string"}, {"required": ["a"]}, Verdict.LOOSENED),
        ({"properties": {"a": {"type": "string", "enum": [1]}}}, {"properties": {"a": False}}, Verdict.COMPATIBLE),
        ({"properties": {"a": {"enum": []}}}, {"properties": {"a": {"enum": [1]}}}, Verdict.LOOSENED),
        ({"properties": {"a": {"enum": [1]}}}, {"properties": {"a": {"enum": [True]}}}, Verdict.BREAKING),
        ({"properties": {"a": {"const": 1}}}, {"properties": {"a": {"const": 1.0}}}, Verdict.COMPATIBLE),
        (
            {"properties": {"a": {"type": "boolean"}}},
            {"properties": {"a": {"enum": [True, False]}}},
            Verdict.COMPATIBLE,
        ),
        ({"properties": {"a": {"minimum": 0}}}, {"properties": {"a": {"exclusiveMinimum": -1}}}, Verdict.LOOSENED),
        (
            {"properties": {"a": {"type": "integer", "minimum": 1}}},
            {"properties": {"a": {"type": "integer", "exclusiveMinimum": 0}}},
            Verdict.COMPATIBLE,
        ),
        ({"type": "objekt"}, {"type": "object"}, Verdict.UNKNOWN),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, {"required": ["a"]}, Verdict.UNKNOWN),
        ([], {}, Verdict.UNKNOWN),
    ],
)
def test_the_edges(old: Any, new: Any, verdict: Verdict) -> None:
    """No schema takes every object, and only objects are input; 1 is 1.0 and not true; what is none is unknown."""
    assert compare_inputs(old, new).verdict is verdict


def referring(place: Any, **properties: Any) -> Any:
    """A schema whose `source` and `parent` are described under `definitions`."""
    refs = {"source": {"$ref": "#/definitions/place"}, "parent": {"$ref": "#"}}
    return {"type": "object", "properties": {**refs, **properties}, "definitions": {"place": place}}


def test_references_mean_what_they_lead_to() -> None:
    """The same reference into changed definitions is compared by what it leads to, at any depth, in circles too."""
    stricter = {**PLACE, "required": ["id", "path", "name"]}
    found = compare_inputs(referring(PLACE), referring(stricter))
    assert found.verdict is Verdict.BREAKING
    assert {reason.message for reason in found.reasons} == {
        "`source.name` is required now",
        "`parent.source.name` is required now",
    }
    holds(referring(PLACE), referring(stricter), found, [])
    assert compare_inputs(referring(PLACE), referring({**PLACE, "title": "Place"})).verdict is Verdict.COMPATIBLE
    assert compare_inputs(referring(stricter), referring(PLACE)).verdict is Verdict.LOOSENED
    assert compare_inputs(referring(PLACE), referring(PLACE, a={})).verdict is Verdict.COMPATIBLE


def test_equal_conditions_do_not_hide_other_changes() -> None:
    """What is compared for being equal only may stand in both schemas while the rest is compared."""
    choice = {"oneOf": [{"$ref": "#/definitions/place"}, {"type": "null"}]}
    old = referring(PLACE, target=choice)
    assert compare_inputs(old, {**old, "title": "t"}).verdict is Verdict.COMPATIBLE
    assert compare_inputs(old, {**old, "required": ["target"]}).verdict is Verdict.BREAKING
    changed = referring({**PLACE, "required": ["id", "path", "name"]}, target=choice)
    assert compare_inputs(old, changed).verdict is Verdict.BREAKING


def test_only_what_refuses_is_a_reason() -> None:
    """What changed beside the reason of a refusal, and refuses nothing, is no reason."""
    for keyword, before, after in (
        ("anyOf", [{"minimum": 0}], [{"minimum": -1}]),
        ("pattern", "^a", "^[ab]?"),
        ("multipleOf", 4, 2),
        ("not", {"const": 1}, {"enum": []}),
        ("items", [{"type": "string"}], [True]),
    ):
        old, new = ({"properties": {"a": {keyword: value}}} for value in (before, after))
        assert compare_inputs(old, new).verdict is Verdict.UNKNOWN
        found = compare_inputs(old, {**new, "required": ["b"]})
        assert (found.verdict, [one.message for one in found.reasons]) == (Verdict.BREAKING, ["`b` is required now"])


def test_late_references_may_be_anything() -> None:
    """A text that is not known yet equals itself; whether it is another, or what a value gives way to, is unknown."""
    one, other = ({"properties": {"flow": {"enum": [f"\x00{{flow.{name}.id}}"]}}} for name in ("a", "b"))
    assert compare_inputs(one, one).verdict is Verdict.COMPATIBLE
    assert compare_inputs(one, other).verdict is Verdict.UNKNOWN
    assert compare_inputs({"properties": {"flow": {"enum": ["x"]}}}, one).verdict is Verdict.UNKNOWN
    assert compare_inputs(one, {"properties": {"flow": {"type": "string"}}}).verdict is Verdict.UNKNOWN


def nested(depth: int, leaf: Any) -> Any:
    """A schema of as many objects inside each other."""
    return nested(depth - 1, {"type": "object", "required": ["a"], "properties": {"a": leaf}}) if depth else leaf


def test_large_and_tangled_schemas_come_to_an_end() -> None:
    """Sixty levels, enums of a hundred thousand values, and references that multiply or never end are compared."""
    assert compare_inputs(nested(31, {"type": "string"}), nested(31, {"type": "null"})).verdict is Verdict.BREAKING
    many = [f"run-{number}" for number in range(100_000)]
    old, new = ({"properties": {"run": {"type": "string", "enum": values}}} for values in (many, many[1:]))
    assert compare_inputs(old, new).verdict is Verdict.BREAKING
    steps = {
        f"step{n}": {"properties": {side: {"$ref": f"#/definitions/step{n + 1}"} for side in "lr"}} for n in range(40)
    }
    tangles = [
        {"properties": {"a": {"$ref": "#/definitions/step0"}}, "definitions": {**steps, "step40": {"type": kind}}}
        for kind in ("string", "integer")
    ]
    assert compare_inputs(*tangles).verdict is Verdict.BREAKING
    endless = {"properties": {"a": {"$ref": "#/definitions/a"}}, "definitions": {"a": {"$ref": "#/definitions/a"}}}
    assert compare_inputs(endless, {**endless, "required": ["a"]}).verdict is Verdict.BREAKING
    trees = {
        "definitions": {
            "tree": {"type": "object", "required": ["l"], "properties": {"l": {"$ref": "#/definitions/tree"}}}
        }
    }
    forest = {**trees, "required": ["tree"], "properties": {"tree": {"$ref": "#/definitions/tree"}}}
    assert compare_inputs(forest, {**forest, "required": ["tree", "x"]}).verdict is Verdict.UNKNOWN
