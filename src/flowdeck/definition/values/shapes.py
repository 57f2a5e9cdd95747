"""The shape of data: which keys a value may have, as far as a definition and its input schema tell."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flowdeck.definition.values.jsonpath import LATE, Step, Steps, definite

# Deeper, or of more parts, a shape is not told.
_DEEPEST = 8
_MOST = 1000
# Where a schema has one of these, its properties are not all that it declares.
_MORE = {
    *("$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "not", "if", "then", "else"),
    *("patternProperties", "dependencies", "dependentSchemas", "unevaluatedProperties"),
}
# An object of this format has an id and a path, and nothing else.
_COLLECTION = "globus-collection"
# The writer of what a run is started with.
INPUT = ""


@dataclass(frozen=True, slots=True)
class Anything:
    """A value of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Fields:
    """An object: the keys that it may have and, where it is `open`, any others.

    `writers` are the states that wrote it as a whole, and INPUT where an input schema describes it.
    """

    keys: "Mapping[str, Shape]" = field(default_factory=dict)
    open: bool = False
    writers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Items:
    """A list, and the shape of what it holds."""

    item: "Shape"


Shape = Anything | Fields | Items
ANYTHING = Anything()
OPEN = Fields(open=True)


def either(one: Shape, other: Shape) -> Shape:
    """The shape of a value that is of one shape or the other."""
    if one is other or one == other:
        return one
    match one, other:
        case Fields(), Fields():
            keys: dict[str, Shape] = {}
            for key in dict.fromkeys((*one.keys, *other.keys)):
                first = one.keys.get(key, ANYTHING if one.open else None)
                second = other.keys.get(key, ANYTHING if other.open else None)
                keys[key] = either(first, second) if first and second else first or second or ANYTHING
            if one.open or other.open:  # what is not listed is anything
                keys = {key: shape for key, shape in keys.items() if shape is not ANYTHING}
            return Fields(keys, one.open or other.open, one.writers | other.writers)
        case Items(), Items():
            return Items(either(one.item, other.item))
        case _:
            return ANYTHING


def part(shape: Shape, steps: Steps) -> Shape:
    """The shape of the value that the steps lead to; anything, where they lead to several or to none."""
    if len(definite(steps)) < len(steps):
        return ANYTHING
    for step in definite(steps):
        shape = _step(shape, step)
    return shape


def _step(shape: Shape, step: Step) -> Shape:
    match shape, step:
        case Fields(), str():
            return shape.keys.get(step, ANYTHING)
        case Items(), int():
            return shape.item
        case _:
            return ANYTHING


@dataclass(frozen=True, slots=True)
class Missing:
    """A key that an object does not have: `steps` lead to the key, `holder` is the object."""

    steps: tuple[str | int, ...]
    holder: Fields


def missing(shape: Shape, steps: Steps) -> Missing | None:
    """The first key on the way that cannot be there; None where all of them may."""
    sure = definite(steps)
    for index, step in enumerate(sure):
        if isinstance(shape, Fields) and isinstance(step, str) and step not in shape.keys and not shape.open:
            return Missing(sure[: index + 1], shape)
        shape = _step(shape, step)
    return None


def constant(value: Any, writer: str, depth: int = _DEEPEST) -> Shape:
    """The shape of a constant that a state writes; an object whose keys may stand for others is open."""
    match value:
        case _ if not depth:
            return ANYTHING
        case Mapping() if len(value) <= _MOST:
            keys = {key: constant(inner, writer, depth - 1) for key, inner in value.items()}
            strange = any(key.endswith((".$", ".=")) or LATE in key for key in value)
            return Fields(keys, strange, frozenset((writer,)))
        case [first, *rest] if len(rest) < _MOST:
            item = constant(first, writer, depth - 1)
            for other in rest:
                item = either(item, constant(other, writer, depth - 1))
            return Items(item)
        case _:
            return ANYTHING


def written(shape: Shape, steps: Steps, value: Shape, writer: str) -> Shape:
    """The shape after a state has written a value where the steps lead."""
    if not steps:
        return value
    step = steps[0]
    if not isinstance(step, str) or isinstance(shape, Items):
        return ANYTHING
    if not isinstance(shape, Fields):
        shape = OPEN
    absent = ANYTHING if shape.open else Fields(writers=frozenset((writer,)))
    inner = written(shape.keys.get(step, absent), steps[1:], value, writer)
    return Fields({**shape.keys, step: inner}, shape.open, shape.writers)


def copied(shape: Shape) -> Shape:
    """The shape of a copy: the same, cut where it is deep or large, so that copies of copies come to an end."""
    return _cut(shape, _DEEPEST // 2, iter(range(_MOST)))


def _cut(shape: Shape, depth: int, left: Iterator[int]) -> Shape:
    match shape:
        case Anything():
            return shape
        case _ if not depth or next(left, None) is None:
            return ANYTHING
        case Items():
            return Items(_cut(shape.item, depth - 1, left))
        case Fields():
            keys = {key: _cut(inner, depth - 1, left) for key, inner in shape.keys.items()}
            return Fields(keys, shape.open, shape.writers)


def declared(schema: Any, depth: int = _DEEPEST) -> Shape:
    """The shape that an input schema describes; what it does not exclude but declares elsewhere stays open."""
    if not isinstance(schema, Mapping) or not depth:
        return ANYTHING
    properties = schema.get("properties")
    if isinstance(properties, Mapping) and properties:
        keys = {key: declared(inner, depth - 1) for key, inner in properties.items() if isinstance(key, str)}
        return Fields(keys, _declares_more(schema), frozenset((INPUT,)))
    if schema.get("type") == "array" and not _MORE & schema.keys():
        return Items(declared(schema.get("items"), depth - 1))
    return ANYTHING


def _declares_more(schema: Mapping[str, Any]) -> bool:
    """Whether an input may well have keys that `properties` does not list."""
    if _MORE & schema.keys() or schema.get("type", "object") != "object":
        return True
    if "additionalProperties" in schema:
        return schema["additionalProperties"] is not False
    # What the web app fills in, `globus-transfer-transfer#0.10` for example, may hold more than is listed.
    return bool(schema.get("format", _COLLECTION) != _COLLECTION)
