"""Values that a schema takes: built from the schema itself, each tried before it is given."""

from collections.abc import Iterator, Mapping, Set
from math import ceil
from typing import Any

from flowdeck.definition.schemas.judge import Judge
from flowdeck.definition.schemas.subschemas import target

KINDS = ("null", "boolean", "whole", "fraction", "text", "list", "object")
_TYPES = {
    "null": {"null"},
    "boolean": {"boolean"},
    "integer": {"whole"},
    "number": {"whole", "fraction"},
    "string": {"text"},
    "array": {"list"},
    "object": {"object"},
}
# One of them fits most patterns that people write for names, paths, ids and times.
TEXTS = (
    *("", "a", "A", "0", " ", "-", "aa", "Aa0", "a-b", "a_b", "a.b", "a/b", "/", "/a", "/a/", "a,b", "a:b", "0.0"),
    *("1.0.0", "2030-01-01", "2030-01-01T00:00:00Z", "user@example.org", "https://example.org/a", "example.org"),
    "00000000-0000-4000-8000-000000000000",
    "urn:globus:auth:identity:00000000-0000-4000-8000-000000000000",
    "urn:globus:groups:id:00000000-0000-4000-8000-000000000000",
)
_LONGEST = 10_000
_MOST_ITEMS = 1000
_TRIES = 2000
_DEEPEST = 70


class NotFound(Exception):
    """No value was found; there may be some all the same."""


def kinds_of(schema: Any) -> Set[str]:
    """The kinds of values that the `type` of a schema leaves; `whole` and `fraction` are numbers."""
    given = schema.get("type") if isinstance(schema, Mapping) else None
    if given is None:
        return frozenset(KINDS)
    return {kind for one in (given if isinstance(given, list) else [given]) for kind in _TYPES.get(str(one), set())}


class Specimens:
    """Finds values that parts of one schema take, as long as its tries and the judge's steps last."""

    def __init__(self, root: Any, judge: Judge) -> None:
        self._root, self._judge, self._tries = root, judge, _TRIES
        self._first: dict[int, tuple[Any, Any]] = {}

    def any(self, schema: Any, depth: int = 0) -> Any:
        """A value that the schema takes, for one schema always the same; raises NotFound."""
        if id(schema) not in self._first:
            for value in self.several(schema, depth=depth):
                self._first[id(schema)] = (value, schema)  # holds the schema, and with it its id
                break
            else:
                raise NotFound
        return self._first[id(schema)][0]

    def several(self, schema: Any, kinds: Set[str] = frozenset(KINDS), depth: int = 0) -> Iterator[Any]:
        """Different values of these kinds that the schema takes, a few."""
        for value in self._likely(schema, kinds, depth):
            self._tries -= 1
            if self._tries < 0:
                return
            if kind_of_value(value) in kinds and self._judge.takes(value, schema):
                yield value

    def object_of(
        self,
        schema: Any,
        given: Mapping[str, Any] | None = None,
        *,
        without: str | None = None,
        size: int = 0,
        depth: int = 0,
    ) -> dict[str, Any]:
        """An object with what the schema requires, the given properties among them, and `size` in all at least.

        It need not be one that the schema takes. Raises NotFound where a property has no value.
        """
        found = dict(given or {})
        around = schema if isinstance(schema, Mapping) else {}
        properties = around.get("properties", {})
        for name in around.get("required", ()):
            if name not in found and name != without:
                found[name] = self.any(property_of(around, name), depth=depth + 1)
        size = max(size, around.get("minProperties", 0))
        others = (f"other{number or ''}" for number in range(_MOST_ITEMS))
        for name in (*properties, *others):
            if len(found) >= size:
                break
            below = property_of(around, name)
            if name not in found and name != without and below is not False:
                found[name] = self.any(below, depth=depth + 1)
        return found

    def list_of(self, schema: Any, given: tuple[Any, ...] = (), *, size: int = 0, depth: int = 0) -> list[Any]:
        """A list of `size` items at least, the given ones first; as `object_of` otherwise."""
        around = schema if isinstance(schema, Mapping) else {}
        items = around.get("items", True)
        items = items[0] if isinstance(items, list) else items
        size = max(size, around.get("minItems", 0))
        found = [*given]
        if size > _MOST_ITEMS:
            raise NotFound
        if len(found) < size and around.get("uniqueItems"):
            found += [one for one in self.several(items, depth=depth + 1) if one not in found][: size - len(found)]
            found += [f"{number}" for number in range(size - len(found))]
        elif len(found) < size:
            found += [self.any(items, depth=depth + 1)] * (size - len(found))
        return found

    def _likely(self, schema: Any, kinds: Set[str], depth: int) -> Iterator[Any]:
        if schema is False or depth > _DEEPEST:
            return
        around: Mapping[str, Any] = schema if isinstance(schema, Mapping) else {}
        if "const" in around or isinstance(around.get("enum"), list):
            yield from [around["const"]] if "const" in around else around["enum"][:50]
            return
        if "default" in around:
            yield around["default"]
        if isinstance(around.get("examples"), list):
            yield from around["examples"][:5]
        others = self._alternatives(around)
        if others is not None:
            for other in others:
                yield from self._likely(other, kinds, depth + 1)
            return
        for kind in KINDS[::-1]:
            if kind in kinds and kind in kinds_of(around):
                try:
                    yield from self._of_kind(kind, around, depth)
                except (NotFound, OverflowError):  # OverflowError: numbers beyond floats
                    continue

    def _alternatives(self, schema: Mapping[str, Any]) -> list[Any] | None:
        """The schema with a reference or combination in it worked out; None where there is none."""
        if isinstance(schema.get("$ref"), str):
            try:
                return [target(self._root, schema["$ref"])]
            except KeyError:
                return []
        for key in ("allOf", "anyOf", "oneOf"):
            parts = schema.get(key)
            if isinstance(parts, list):
                rest = {name: held for name, held in schema.items() if name != key}
                if key == "allOf":
                    for part in parts:
                        rest = _merged(rest, self._looked_up(part))
                    return [rest]
                return [_merged(rest, self._looked_up(part)) for part in parts]
        return None

    def _looked_up(self, part: Any) -> Any:
        try:
            return target(self._root, part["$ref"]) if isinstance(part, Mapping) and "$ref" in part else part
        except (KeyError, TypeError):
            return part

    def _of_kind(self, kind: str, schema: Mapping[str, Any], depth: int) -> Iterator[Any]:
        match kind:
            case "null":
                yield None
            case "boolean":
                yield from (True, False)
            case "whole" | "fraction":
                yield from numbers(schema, kind)
            case "text":
                yield from texts(schema)
            case "list":
                yield self.list_of(schema, depth=depth)
                yield self.list_of(schema, size=1, depth=depth)
            case _:
                yield self.object_of(schema, depth=depth)
                yield self.object_of(schema, size=len(schema.get("required", ())) + 1, depth=depth)


def kind_of_value(value: Any) -> str:
    """Which of KINDS a value is of."""
    if value is None:
        return "null"
    if isinstance(value, float):
        return "whole" if value.is_integer() else "fraction"
    kinds = {bool: "boolean", int: "whole", str: "text", list: "list"}
    return kinds.get(type(value), "object")


def property_of(schema: Any, name: str) -> Any:
    """What a schema asks of a property, patterns of names left aside."""
    if not isinstance(schema, Mapping):
        return schema
    declared = schema.get("properties", {})
    return declared[name] if name in declared else schema.get("additionalProperties", True)


def bounds(schema: Mapping[str, Any]) -> tuple[tuple[Any, bool] | None, tuple[Any, bool] | None]:
    """The lower and the upper bound of numbers, each with whether it is excluded itself."""
    low = [(schema[key], key == "exclusiveMinimum") for key in ("minimum", "exclusiveMinimum") if key in schema]
    high = [(schema[key], key == "exclusiveMaximum") for key in ("maximum", "exclusiveMaximum") if key in schema]
    return max(low, default=None), min(high, default=None, key=lambda one: (one[0], not one[1]))


def numbers(schema: Mapping[str, Any], kind: str) -> Iterator[Any]:
    """Numbers near the bounds of a schema, and near 0."""
    low, high = bounds(schema)
    step = schema.get("multipleOf", 1)
    ends = [end[0] for end in (low, high) if end]
    for end in [*ends, 0]:
        near = step * ceil(end / step) if end else 0
        for value in (near, near + step, near - step, end):
            if kind == "fraction":
                yield from (value + 0.5, value - 0.5, value + 0.001)
            elif float(value).is_integer():
                yield int(value)
    if kind == "fraction" and len(ends) > 1:
        yield sum(ends) / 2


def texts(schema: Mapping[str, Any]) -> Iterator[str]:
    """Texts of a length that the schema allows, and texts in the forms that are asked for most."""
    least, most = schema.get("minLength", 0), schema.get("maxLength", _LONGEST)
    yield from (text for text in TEXTS if least <= len(text) <= most)
    for length in (least, most):
        if length < _LONGEST:
            yield from (letter * int(length) for letter in ("a", "A", "0"))


def _merged(one: Mapping[str, Any], other: Any) -> dict[str, Any]:
    """A schema that asks for what both do, as far as objects with properties go."""
    if not isinstance(other, Mapping):
        return dict(one)
    both = {**one, **other}
    if "properties" in one and "properties" in other:
        both["properties"] = {**one["properties"], **other["properties"]}
    if "required" in one and "required" in other:
        both["required"] = [*one["required"], *other["required"]]
    return both
