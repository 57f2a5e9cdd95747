"""What a schema asks for, without what only describes; and whether parts of two schemas ask for the same."""

from collections.abc import Iterator, Mapping
from typing import Any

from flowdeck.definition.schemas.subschemas import ASSERTIONS, LISTS, NAMED, ONE, renames, subschemas, target
from flowdeck.model.json_value import Json

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_NAMES = ("$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor")
# Where these hold nothing, they ask for nothing.
_NOTHING_WHEN_EMPTY = frozenset(
    (
        *("required", "minLength", "minItems", "minProperties", "uniqueItems", "properties", "patternProperties"),
        *("dependencies", "dependentRequired", "dependentSchemas"),
    )
)
_ANYTHING_WHEN_TRUE = ("additionalProperties", "items", "additionalItems", "propertyNames")
_TYPES = 7


class Meanings:
    """The meanings of the parts of two schemas, in which what both say in other words may count as different."""

    def __init__(self, old: Any, new: Any) -> None:
        self._roots = (old, new)
        self._known: dict[int, tuple[Any, Any]] = {}
        self._renamed = renames(old) or renames(new)

    def of(self, schema: Any) -> Any:
        """True, False, or the keywords of a schema that a value can break; what they hold is of that form too."""
        if not isinstance(schema, Mapping):
            return schema
        known = self._known.get(id(schema))
        if known is None:
            known = self._known[id(schema)] = (schema, self._found(schema))  # holds the schema, and with it its id
        return known[1]

    def same(self, old: Any, new: Any) -> bool:
        """Whether a part of the old schema surely asks for the same as one of the new, references followed."""
        return self._same(old, new, set())

    def followed(self, old: Any, new: Any) -> tuple[Any, Any]:
        """The two parts, or what they lead to where they are references into their schemas and nothing else."""
        return self._followed(old, self._roots[0]), self._followed(new, self._roots[1])

    def _followed(self, schema: Any, root: Any) -> Any:
        passed: set[str] = set()
        meant = schema
        while isinstance(said := self.of(meant), Mapping) and said.keys() == {"$ref"} and not self._renamed:
            reference = said["$ref"]
            try:
                meant = target(root, reference)
            except KeyError:
                return schema
            if reference in passed or not isinstance(meant, Mapping | bool):
                return schema
            passed.add(reference)
        return meant

    def _same(self, old: Any, new: Any, seen: set[str]) -> bool:
        before, after = self.of(old), self.of(new)
        if before != after or (text := Json.of(before).text) != Json.of(after).text:
            return False
        if not any(f'"{key}":' in text for key in _REFERENCES):
            return True
        return all(self._same_target(one, seen) for one in set(_references(before)) - seen)

    def _same_target(self, reference: str, seen: set[str]) -> bool:
        seen.add(reference)
        if self._renamed or not (reference == "#" or reference.startswith("#/")):
            return self._whole(0) == self._whole(1)
        try:
            old = target(self._roots[0], reference)
        except KeyError:
            return False
        try:
            return self._same(old, target(self._roots[1], reference), seen)
        except KeyError:
            return False

    def _whole(self, side: int) -> Json:
        """All that a reference of any form can depend on."""
        root = self._roots[side]
        parts = [[list(one.path), self.of(one.value)] for one in subschemas(root)]
        names = [
            [list(one.path), key, one.value[key]] for one in subschemas(root) for key in _NAMES if key in one.value
        ]
        return Json.of([parts, names])

    def _found(self, schema: Mapping[str, Any]) -> Any:
        found = {
            key: self._part(key, held)
            for key, held in schema.items()
            if key in ASSERTIONS and (held or key not in _NOTHING_WHEN_EMPTY)
        }
        for key in _ANYTHING_WHEN_TRUE:
            if found.get(key) is True:
                del found[key]
        if not isinstance(found.get("items"), list):
            found.pop("additionalItems", None)
        if "if" not in found:
            found.pop("then", None)
            found.pop("else", None)
        if len(found.get("type", ())) == _TYPES:
            del found["type"]
        return found or True

    def _part(self, key: str, held: Any) -> Any:
        match held:
            case Mapping() if key in NAMED:
                return {name: self.of(one) for name, one in held.items()}
            case list() if key in LISTS:
                return [self.of(one) for one in held]
            case list() if key in ("type", "required"):
                return sorted({str(one) for one in held})
            case str() if key == "type":
                return [held]
            case _:
                return self.of(held) if key in ONE else held


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, held in value.items():
            if key in _REFERENCES and isinstance(held, str):
                yield held
            yield from _references(held)
    elif isinstance(value, list):
        for held in value:
            yield from _references(held)
