"""Pairs of input schemas, the second most often a change of the first, and inputs that are close to either."""

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

NAMES = ("a", "b", "c")
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
SCALARS = st.sampled_from([None, True, False, 0, 1, 2, -1, 5, 0.5, 1.5, 2.0, "", "a", "b", "ab", "abc"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from((*NAMES, "x")), inner, max_size=3),
    max_leaves=5,
)
COUNTS = st.integers(0, 4)
NUMBERS = st.sampled_from([-1, 0, 0.5, 1, 2, 5])
# What each keyword of a schema without inner schemas may hold.
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), min_size=1, max_size=4, unique=True),
    "enum": st.lists(VALUES, max_size=4),
    "const": VALUES,
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), NUMBERS),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), COUNTS),
    "pattern": st.sampled_from(["^a", "b$", "^[ab]*$", "^.{2}$"]),
    "uniqueItems": st.booleans(),
    "required": st.lists(st.sampled_from((*NAMES, "x")), max_size=2, unique=True),
    "title": st.sampled_from(["one", "two"]),
    "default": VALUES,
    "format": st.sampled_from(["uuid", "globus-collection"]),
}
COMMON = ("type", "type", "type", "enum", "minimum", "maxLength", "required", "required", "minItems", "title")


@st.composite
def schemas(draw: st.DrawFn, depth: int = 2, *, beyond: bool = False) -> Any:
    """A schema; `beyond` what is compared keyword by keyword, too."""
    if depth < 2 and draw(st.integers(0, 11)) == 0:
        return draw(st.booleans())
    if depth < 2 and beyond and draw(st.integers(0, 3)) == 0:
        return {"$ref": draw(st.sampled_from(["#/definitions/one", "#/definitions/two", "#"]))}
    keys = draw(st.lists(st.sampled_from(COMMON) | st.sampled_from(sorted(PLAIN)), max_size=3))
    found = {key: draw(PLAIN[key]) for key in keys}
    if depth:
        inner = schemas(depth - 1, beyond=beyond)
        if draw(st.integers(0, 2)):
            found["properties"] = draw(st.dictionaries(st.sampled_from(NAMES), inner, max_size=2))
        if draw(st.integers(0, 3)) == 0:
            found["items"] = draw(inner)
        if draw(st.integers(0, 2)) == 0:
            found["additionalProperties"] = draw(st.just(False) | inner)
        if beyond and draw(st.integers(0, 2)) == 0:
            found.update(draw(further(inner)))
    return found


@st.composite
def further(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    """Keywords that are compared only for being equal."""
    lists = st.lists(inner, min_size=1, max_size=2)
    kinds: dict[str, st.SearchStrategy[Any]] = {
        **dict.fromkeys(("anyOf", "allOf", "oneOf"), lists),
        **dict.fromkeys(("not", "contains", "propertyNames", "if", "then", "else", "additionalItems"), inner),
        "items": lists,
        "multipleOf": st.sampled_from([1, 2, 0.5]),
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "[bc]", "x"]), inner, min_size=1, max_size=2),
        "dependencies": st.just({"a": ["b"]}) | st.fixed_dictionaries({"b": inner}),
        "$ref": st.sampled_from(["#/definitions/one", "#/definitions/two", "#/nowhere"]),
    }
    keys = draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=2))
    return {key: draw(kinds[key]) for key in keys}


@st.composite
def changed(draw: st.DrawFn, schema: Any, depth: int = 2, *, beyond: bool = False) -> Any:
    """The schema with one change somewhere in it."""
    if not isinstance(schema, dict):
        return draw(schemas(0))
    found = deepcopy(schema)
    inner = [key for key in ("properties", "items", "additionalProperties") if isinstance(found.get(key), dict)]
    if inner and depth and draw(st.booleans()):
        key = draw(st.sampled_from(inner))
        if key != "properties":
            found[key] = draw(changed(found[key], depth - 1, beyond=beyond))
        elif found[key]:
            name = draw(st.sampled_from(sorted(found[key])))
            found[key][name] = draw(changed(found[key][name], depth - 1, beyond=beyond))
        return found
    other = draw(schemas(min(depth, 1), beyond=beyond))
    if found and draw(st.booleans()):
        del found[draw(st.sampled_from(sorted(found)))]
    elif isinstance(other, dict):
        found.update(other)
    return found


@st.composite
def pairs(draw: st.DrawFn, *, beyond: bool = False) -> tuple[Any, Any]:
    """An old and a new input schema."""
    old = draw(schemas(beyond=beyond))
    new = draw(schemas(beyond=beyond)) if draw(st.integers(0, 9)) == 0 else draw(changed(old, beyond=beyond))
    if beyond:
        definitions = draw(st.fixed_dictionaries({"one": schemas(1, beyond=True), "two": schemas(0)}))
        again = draw(st.just(definitions) | st.just({**definitions, "one": draw(changed(definitions["one"], 1))}))
        old, new = ({**one, "definitions": its} for one, its in ((old, definitions), (new, again)))
    return (new, old) if draw(st.booleans()) else (old, new)


@st.composite
def instances(draw: st.DrawFn, schema: Any, depth: int = 4) -> Any:
    """A value that the schema may well take."""
    if not isinstance(schema, dict) or depth == 0 or draw(st.integers(0, 9)) == 0:
        return draw(VALUES)
    if schema.get("enum") and draw(st.integers(0, 3)):
        return draw(st.sampled_from(schema["enum"]))
    if "const" in schema and draw(st.integers(0, 3)):
        return schema["const"]
    types = schema.get("type", ["object", *TYPES])
    match draw(st.sampled_from([types] if isinstance(types, str) else types)):
        case "object":
            return draw(objects(schema, depth))
        case "array":
            items = schema.get("items", True)
            items = items[0] if isinstance(items, list) else items
            least = schema.get("minItems", 0)
            return draw(st.lists(instances(items, depth - 1), min_size=least, max_size=least + 2))
        case "string":
            return draw(st.text("abc", min_size=schema.get("minLength", 0), max_size=5))
        case "null":
            return None
        case "boolean":
            return draw(st.booleans())
        case kind:
            whole = st.integers(-2, 6)
            return draw(whole if kind == "integer" else whole | st.sampled_from([0.5, 1.5, -0.5, 4.5]))


@st.composite
def objects(draw: st.DrawFn, schema: Any, depth: int = 4) -> dict[str, Any]:
    """An object that the schema may well take."""
    schema = schema if isinstance(schema, dict) else {}
    properties = schema.get("properties", {})
    required = set(schema.get("required", ()))
    names = required | draw(st.sets(st.sampled_from((*sorted(properties), *NAMES, "x")), max_size=3))
    rest = schema.get("additionalProperties", True)
    if rest is False:
        names = {name for name in names if name in properties or name in required or draw(st.integers(0, 5)) == 0}
    return {name: draw(instances(properties.get(name, rest), depth - 1)) for name in sorted(names)}
