"""The schemas inside a JSON Schema, whatever else it holds, and where its references lead."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from flowdeck.definition.finding import Path

# Keywords of any draft, by what they hold: a schema, a list of schemas, schemas by the user's own names.
ONE = frozenset(
    (
        *("items", "additionalItems", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else"),
        *("unevaluatedItems", "unevaluatedProperties", "contentSchema"),
    )
)
LISTS = frozenset(("items", "allOf", "anyOf", "oneOf", "prefixItems"))
NAMED = frozenset(
    ("properties", "patternProperties", "definitions", "$defs", "dependencies", "dependentSchemas")
)  # fmt: skip
# What these hold is asked of the same value as the schema around them.
IN_PLACE = frozenset(
    ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependencies", "dependentSchemas", "$ref")
)  # fmt: skip
# Keywords, of any draft, that a value can break; the others describe.
ASSERTIONS = frozenset(
    (ONE | LISTS | NAMED) - {"contentSchema", "definitions", "$defs"}
    | {"$ref", "$recursiveRef", "$dynamicRef", "type", "enum", "const", "multipleOf", "divisibleBy"}
    | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "pattern"}
    | {"minItems", "maxItems", "uniqueItems", "minContains", "maxContains", "minProperties", "maxProperties"}
    | {"required", "dependentRequired", "extends", "disallow"}
)
KEYWORDS = (
    ASSERTIONS
    | {"definitions", "$defs", "contentSchema", "contentMediaType", "contentEncoding"}
    | {"$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary", "$comment"}
    | {"title", "description", "default", "examples", "format", "readOnly", "writeOnly", "deprecated"}
)

_DIGITS = 8  # of an index; no list is longer


@dataclass(frozen=True, slots=True)
class Subschema:
    """A schema that is an object, and the path that leads to it.

    An `in_place` one is asked of the same value as the schema around it.
    """

    path: Path
    value: Mapping[str, Any]
    in_place: bool = False


def subschemas(schema: object, path: Path = ()) -> Iterator[Subschema]:
    """The schema and all that it holds, each before those inside it; what is no object is passed over."""
    if not isinstance(schema, Mapping):
        return
    pending = [Subschema(path, schema)]
    while pending:
        one = pending.pop()
        yield one
        pending += list(_inside(one))[::-1]


def _inside(around: Subschema) -> Iterator[Subschema]:
    for key, held in around.value.items():
        inner: list[tuple[Path, Any]] = []
        if isinstance(held, Mapping):
            if key in NAMED:
                inner = [((key, name), one) for name, one in held.items()]
            elif key in ONE:
                inner = [((key,), held)]
        elif isinstance(held, list) and key in LISTS:
            inner = [((key, index), one) for index, one in enumerate(held)]
        for steps, one in inner:
            if isinstance(one, Mapping):
                yield Subschema((*around.path, *steps), one, key in IN_PLACE)


def steps_of(reference: str) -> list[str] | None:
    """The keys and indices of a reference such as `#/definitions/place`; None for one of another form."""
    if reference == "#":
        return []
    if not reference.startswith("#/"):
        return None
    return [step.replace("~1", "/").replace("~0", "~") for step in unquote(reference[2:]).split("/")]


def target(schema: object, reference: str) -> Any:
    """What a reference of the form `#/...` leads to in a schema; raises KeyError where it leads nowhere."""
    steps = steps_of(reference)
    if steps is None:
        raise KeyError(reference)
    for step in steps:
        if isinstance(schema, Mapping):
            schema = schema[step]
        elif isinstance(schema, list) and step.isdecimal() and len(step) < _DIGITS and int(step) < len(schema):
            schema = schema[int(step)]
        else:
            raise KeyError(step)
    return schema


def renames(schema: object) -> bool:
    """Whether a part of the schema has an id of its own, from which the references inside it start."""
    return any(
        isinstance(one.value.get(key), str) for one in subschemas(schema) if one.path for key in ("$id", "id")
    )  # fmt: skip
