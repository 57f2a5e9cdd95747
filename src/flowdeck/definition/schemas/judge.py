"""Whether a schema takes a value: jsonschema on a short rein, which fetches nothing and is never busy for long."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from flowdeck.definition.finding import Path
from flowdeck.definition.schemas.metaschema import draft_of, faults
from flowdeck.definition.schemas.patterns import is_quick
from flowdeck.definition.schemas.refusals import Refusal, predicate
from flowdeck.definition.schemas.subschemas import renames, target
from flowdeck.model.json_value import Json
from flowdeck.model.reference import has_late

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

# Keywords asked in all, half a second at worst: references can make a small schema endless work.
STEPS = 20_000
_STUMBLES = (AttributeError, LookupError, TypeError, ValueError)

Keyword = Callable[["Validator", Any, Any, Any], Any]


class Untold(Exception):
    """Whether the schema takes the value cannot be told here."""


@dataclass(slots=True)
class _Sitting:
    """What the keywords share while they are asked: where references start, and how much may still be asked."""

    root: Any
    left: int
    has_late: bool
    renamed: bool
    enums: dict[int, frozenset[str]] = field(default_factory=dict)


_SITTING: ContextVar[_Sitting] = ContextVar("_SITTING")


class Judge:
    """Tells whether a schema, or a part of it, takes a value, as long as its steps last.

    It never tells anything of a schema that is none, of one that changes its draft inside, and of values or keywords
    that hold late references. `format` is not asked: to Globus Flows it is a hint for forms.
    """

    def __init__(self, schema: Any, steps: int = STEPS) -> None:
        is_object = isinstance(schema, Mapping)
        root = {key: held for key, held in schema.items() if key != "$schema"} if is_object else schema
        json = Json.of(root)
        self._draft = draft_of(schema if is_object else {})
        self._sitting = _Sitting(root, steps, has_late(json), renames(root))
        self._sound = not (is_object and faults(schema)) and '"$schema":' not in json.text
        self._validators: dict[int, Validator] = {}

    def takes(self, value: Any, schema: Any = None) -> bool | None:
        """Whether the schema, or the given part of it, takes the value; None where that cannot be told."""
        try:
            return not self._errors(value, schema, most=1)
        except Untold:
            return None

    def refusals(self, value: Any, schema: Any = None) -> tuple[Refusal, ...]:
        """What of the value is refused, and why, once for each place; raises Untold."""
        found: dict[Path, Refusal] = {}
        for error in sorted(self._errors(value, schema), key=_order):
            path = tuple(error.absolute_path)
            if path not in found:
                found[path] = Refusal(path, _said(error))
        return tuple(found.values())

    def _errors(self, value: Any, schema: Any, most: int | None = None) -> "list[ValidationError]":
        schema = self._sitting.root if schema is None else schema
        if schema is True or schema == {}:
            return []
        if not self._sound or has_late(Json.of(value)):
            raise Untold
        token = _SITTING.set(self._sitting)
        try:
            errors = self._validator(schema).iter_errors(value)
            return list(islice(errors, most))
        except RecursionError:  # a reference that leads back to itself: to be met once, not for each value
            self._sitting.left = 0
            raise Untold from None
        except (re.error, OverflowError, *_STUMBLES):
            # A pattern of another dialect; a number beyond floats; what jsonschema does not expect: `items: true` with
            # `additionalItems`, or whatever stands under keywords of other drafts, where no metaschema looks.
            raise Untold from None
        finally:
            _SITTING.reset(token)

    def _validator(self, schema: Any) -> "Validator":
        known = self._validators.get(id(schema))
        if known is None or known.schema is not schema:
            known = self._validators[id(schema)] = _class_of(self._draft)(schema)
        return known


def _said(error: "ValidationError") -> str:
    try:
        return predicate(error)
    except _STUMBLES:
        raise Untold from None


def _order(error: "ValidationError") -> tuple[list[str], bool]:
    """By place; at one place the wrong type says most."""
    return [str(step) for step in error.absolute_path], error.validator != "type"


@cache
def _class_of(draft: str) -> Callable[[Any], "Validator"]:
    """The class of the draft, with keywords that are counted, and ours for those that could fetch, hang or confuse."""
    import jsonschema  # noqa: PLC0415 (slow to import, and many flows have no input schema)

    given = getattr(jsonschema, draft)
    keywords: dict[str, Keyword] = {**given.VALIDATORS, **{key: _OURS[key] for key in _OURS if key in given.VALIDATORS}}
    keywords |= {key: _quick(keywords[key]) for key in _MATCHING}
    extend: Callable[..., Callable[[Any], Validator]] = jsonschema.validators.extend
    return extend(given, {key: _counted(key, keyword) for key, keyword in keywords.items()})


def _counted(key: str, keyword: Keyword) -> Keyword:
    def asked(validator: "Validator", held: Any, value: Any, schema: Any) -> Any:
        sitting = _SITTING.get()
        sitting.left -= 1
        if sitting.left < 0 or (sitting.has_late and key in _LITERAL and has_late(Json.of(held))):
            raise Untold
        return keyword(validator, held, value, schema)

    return asked


def _quick(keyword: Keyword) -> Keyword:
    """The keyword, for patterns and texts that are surely done soon."""

    def asked(validator: "Validator", held: Any, value: Any, schema: Any) -> Any:
        if isinstance(value, str) and isinstance(held, str):
            pairs = [(held, value)]
        else:
            patterns = schema.get("patternProperties", {})
            pairs = [(pattern, name) for pattern in patterns for name in (value if isinstance(value, dict) else ())]
        if not all(is_quick(*pair) for pair in pairs):
            raise Untold
        return keyword(validator, held, value, schema)

    return asked


def _reference(validator: "Validator", held: Any, value: Any, _: Any) -> "Iterator[ValidationError]":
    sitting = _SITTING.get()
    try:
        if sitting.renamed:
            raise KeyError(held)
        meant = target(sitting.root, held)
    except KeyError:
        raise Untold from None
    if not isinstance(meant, bool | Mapping):
        raise Untold
    yield from validator.evolve(schema=meant).iter_errors(value)


def _enum(_: "Validator", held: Any, value: Any, __: Any) -> "Iterator[ValidationError]":
    # Texts, in which 1 is not true; and one set, however many values are asked about.
    enums = _SITTING.get().enums
    if id(held) not in enums:
        enums[id(held)] = frozenset(Json.of(one).text for one in held)
    if Json.of(value).text not in enums[id(held)]:
        yield _error("none of the values")


def _const(_: "Validator", held: Any, value: Any, __: Any) -> "Iterator[ValidationError]":
    if Json.of(held) != Json.of(value):
        yield _error("not the value")


def _unique_items(_: "Validator", held: Any, value: Any, __: Any) -> "Iterator[ValidationError]":
    if held and isinstance(value, list) and len({Json.of(item).text for item in value}) < len(value):
        yield _error("an item twice")


def _unknown(*_: Any) -> Any:
    raise Untold


def _error(message: str) -> "ValidationError":
    import jsonschema  # noqa: PLC0415 (imported by now)

    return jsonschema.ValidationError(message)


_OURS: dict[str, Keyword] = {
    "$ref": _reference,
    "enum": _enum,
    "const": _const,
    "uniqueItems": _unique_items,
    # These look for references, or match patterns, by ways of their own.
    **dict.fromkeys(("$dynamicRef", "$recursiveRef", "unevaluatedItems", "unevaluatedProperties", "extends"), _unknown),
}
_MATCHING = ("pattern", "patternProperties", "additionalProperties")
# Keywords that hold values or texts themselves, and not schemas.
_LITERAL = frozenset(("type", "enum", "const", "pattern", "required", "dependencies", "dependentRequired", "$ref"))
