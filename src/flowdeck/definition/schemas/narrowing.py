"""Where a JSON Schema takes less than another: every place that may be one, with values that may show it."""

from collections.abc import Iterator, Mapping, Set
from functools import partial
from itertools import chain
from itertools import count as count_up
from typing import Any

from flowdeck.definition.finding import Path
from flowdeck.definition.kinds import value_text
from flowdeck.definition.names import quoted
from flowdeck.definition.schemas.gaps import At, Gap, Witnesses, read, unread
from flowdeck.definition.schemas.judge import Judge
from flowdeck.definition.schemas.meanings import Meanings
from flowdeck.definition.schemas.ranges import ITEMS, LENGTHS, PROPERTIES, narrower, narrower_bounds
from flowdeck.definition.schemas.specimens import KINDS, TEXTS, Specimens, kind_of_value, kinds_of, property_of
from flowdeck.model.json_value import Json

OBJECTS = frozenset(("object",))
_EVERY = frozenset(KINDS)
_NUMBERS = frozenset(("whole", "fraction"))
# Keywords that are compared as one, and only for being equal: each is one more condition beside the others.
_UNREAD = (
    *(("multipleOf",), ("allOf",), ("anyOf",), ("oneOf",), ("not",), ("propertyNames",), ("if", "then", "else")),
    *(("contains", "minContains", "maxContains"), ("dependencies",), ("dependentRequired",), ("dependentSchemas",)),
    *(("patternProperties",), ("divisibleBy",), ("disallow",)),
)
# With one of these a schema means something else as a whole.
_WHOLE = ("$ref", "$dynamicRef", "$recursiveRef", "unevaluatedItems", "unevaluatedProperties", "extends")
_PROPERTIES = ("properties", "patternProperties", "additionalProperties")
_VALUES = 1000
_PLACES = 4
_WITNESSES = 50
_LISTED = 6
_MANY_KINDS = 3
_LONGEST = 10_000
_SHOWN = {
    "null": "null",
    "boolean": "true and false",
    "whole": "whole numbers",
    "fraction": "fractions",
    "text": "text",
    "list": "lists",
    "object": "objects",
}


class Narrowing:
    """Compares parts of two schemas that are both valid, and of one draft."""

    def __init__(self, old: Any, new: Any, before: Judge, after: Judge) -> None:
        self._before, self._after = before, after
        self._meanings = Meanings(old, new)
        self._specimens = Specimens(old, before)
        self._met: dict[tuple[int, int, Set[str]], list[Path]] = {}

    def gaps(self, old: Any, new: Any, at: At, kinds: Set[str] = _EVERY) -> Iterator[Gap]:
        """Every place where `new` may refuse what `old` takes, of values of these kinds; none if it surely does not."""
        if self._meanings.same(old, new):
            return
        old, new = self._meanings.followed(old, new)
        before, after = self._meanings.of(old), self._meanings.of(new)
        if before is False or after is True or self._is_met(old, new, at, kinds):
            return
        before = {} if before is True else before
        some = partial(self._specimens.several, old, kinds)
        values = _values(before, kinds)
        if after is False:
            if values is None or any(True for _ in self._taken(values[:_VALUES], old)):
                yield read(at, "not", f"{at.subject} is refused now", f"{at.subject} is taken too", some)
        elif references := [key for key in _WHOLE if key in before or key in after]:
            yield unread(at, references, self._refused(new, some))
        elif values is not None:
            yield from self._values(values, old, new, at)
        elif "enum" in after or "const" in after:
            key = "const" if "const" in after else "enum"
            words = f"{at.subject} takes only {_listed([after[key]] if key == 'const' else after[key])} now"
            yield read(at, key, words, f"{at.subject} takes other values too", some)
        else:
            yield from self._compared(old, new, at, kinds & kinds_of(before))

    def _compared(self, old: Any, new: Any, at: At, kinds: Set[str]) -> Iterator[Gap]:
        before, after = self._keywords(old), self._meanings.of(new)
        yield from self._lost(old, after, at, kinds)
        kinds &= kinds_of(after)
        if kinds & _NUMBERS:
            for bound in narrower_bounds(before, after, kinds & _NUMBERS):
                words = f"{at.subject} {bound.narrowed}", f"{at.subject} {bound.widened}"
                part = {bound.keyword: after[bound.keyword]}
                yield read(at, bound.keyword, *words, self._refused(part, partial(self._taken, bound.beyond, old)))
        if "text" in kinds:
            yield from self._texts(old, new, at)
        if "list" in kinds:
            yield from self._lists(old, new, at)
        if "object" in kinds:
            yield from self._objects(old, new, at)
        for keys in _UNREAD:
            wanted = {key: after[key] for key in keys if key in after}
            if wanted and not self._meanings.same({key: before[key] for key in keys if key in before}, wanted):
                some = partial(self._specimens.several, old, kinds)
                yield unread(at, list(wanted), self._refused({key: new[key] for key in wanted}, some))

    def _refused(self, part: Any, witnesses: Witnesses) -> Witnesses:
        """Those of the witnesses that a part of the new schema refuses, so that it is what the gap is about."""
        return lambda: (value for value in witnesses() if self._after.takes(value, part) is False)

    def _is_met(self, old: Any, new: Any, at: At, kinds: Set[str]) -> bool:
        """Whether the two are being compared already, or often were, so that their gaps are known by other places.

        Below themselves they ask for no more than above: a value there is a smaller one.
        """
        if not isinstance(old, Mapping) and not isinstance(new, Mapping):
            return False
        places = self._met.setdefault((id(old), id(new), frozenset(kinds)), [])
        if len(places) >= _PLACES or any(at.path[: len(path)] == path for path in places):
            return True
        places.append(at.path)
        return False

    def _keywords(self, schema: Any) -> Mapping[str, Any]:
        found = self._meanings.of(schema)
        return found if isinstance(found, Mapping) else {}

    def _taken(self, values: Any, old: Any) -> Iterator[Any]:
        return (value for value in values if self._before.takes(value, old) is not False)

    def _values(self, values: list[Any], old: Any, new: Any, at: At) -> Iterator[Gap]:
        """What becomes of the values of a schema that takes these at most."""
        before, after = self._keywords(old), self._keywords(new)
        rests = [{key: one[key] for key in one if key not in ("enum", "const")} for one in (before, after)]
        allowed = _values(after, _EVERY)
        if allowed is not None and self._meanings.same(*rests):
            texts = {Json.of(value).text for value in allowed}
            gone = [value for value in values if Json.of(value).text not in texts]
            doubtful: list[Any] = []
        else:
            judged = {number: self._after.takes(value, new) for number, value in enumerate(values[:_VALUES])}
            gone = [values[number] for number, taken in judged.items() if taken is False]
            doubtful = [values[number] for number, taken in judged.items() if taken is None] + values[_VALUES:]
        key = "const" if "const" in after else "enum"
        gone = [*self._taken(gone[:_VALUES], old), *gone[_VALUES:]]
        if gone:
            one = len(gone) == 1
            values_shown = at.of(f"the value{'' if one else 's'} {_listed(gone)}")
            verb = ("is" if one else "are") + (" gone" if allowed is not None else " refused now")
            words = f"{at.subject} takes {_listed(gone)} too"
            yield read(at, key, f"{values_shown} {verb}", words, lambda: iter(gone[:_WITNESSES]))
        if doubtful:
            yield unread(at, [key], self._refused(new, lambda: iter(doubtful[:_WITNESSES])))

    def _lost(self, old: Any, after: Any, at: At, kinds: Set[str]) -> Iterator[Gap]:
        left, lost = kinds & kinds_of(after), kinds - kinds_of(after)
        if not lost:
            return
        words = f"{at.subject} no longer takes {_kinds(lost)}", f"{at.subject} takes {_kinds(lost)} too"
        if left and (len(lost) > _MANY_KINDS or lost == {"fraction"}):
            words = f"{at.subject} takes only {_kinds(left)} now", f"{at.subject} takes more than {_kinds(left)} now"
        yield read(at, "type", *words, partial(self._one_each, old, lost))

    def _one_each(self, schema: Any, kinds: Set[str]) -> Iterator[Any]:
        return chain.from_iterable(self._specimens.several(schema, {kind}) for kind in sorted(kinds))

    def _texts(self, old: Any, new: Any, at: At) -> Iterator[Gap]:
        before, after = self._keywords(old), self._keywords(new)
        for count, limit, length in narrower(LENGTHS, before, after):
            exact = [letter * length for letter in "aA0" if length < _LONGEST]
            beyond = [text for text in TEXTS if (len(text) < limit if count.is_least else len(text) > limit)]
            yield read(at, count.keyword, *count.said(at.subject, limit), partial(self._taken, [*exact, *beyond], old))
        if "pattern" in after and before.get("pattern") != after["pattern"]:
            pattern = quoted(after["pattern"])
            yield Gap(
                at.keyword("pattern"),
                f"{at.subject} must match {pattern} now",
                f"{at.subject} need not match {pattern} any more",
                f"{at.of('`pattern`')} changed, and flowdeck does not compare patterns",
                self._refused({"pattern": after["pattern"]}, partial(self._some_texts, old)),
            )

    def _some_texts(self, schema: Any) -> Iterator[Any]:
        return chain(self._specimens.several(schema, {"text"}), self._taken(TEXTS, schema))

    def _lists(self, old: Any, new: Any, at: At) -> Iterator[Gap]:
        before, after = self._keywords(old), self._keywords(new)
        for count, limit, size in narrower(ITEMS, before, after):
            yield read(at, count.keyword, *count.said(at.subject, limit), partial(self._list_of, old, size))
        items, new_items = (one.get("items", True) if isinstance(one, Mapping) else True for one in (old, new))
        if after.get("uniqueItems") and not before.get("uniqueItems"):
            words = f"{at.subject} must not hold an item twice now", f"{at.subject} may hold an item twice now"
            yield read(at, "uniqueItems", *words, partial(self._twice, old, items))
        if isinstance(items, list) or isinstance(new_items, list) or "prefixItems" in before or "prefixItems" in after:
            keys = ("prefixItems", "items", "additionalItems")
            if not self._meanings.same(*({key: one[key] for key in keys if key in one} for one in (before, after))):
                part = {key: new[key] for key in keys if key in after}
                yield unread(at, ["items"], self._refused(part, partial(self._specimens.several, old, {"list"})))
        elif before.get("maxItems") != 0:
            yield from self.gaps(items, new_items, at.items(lambda value: self._specimens.list_of(old, (value,))))

    def _list_of(self, schema: Any, size: int) -> Iterator[Any]:
        yield self._specimens.list_of(schema, size=size)

    def _twice(self, schema: Any, items: Any) -> Iterator[Any]:
        return (self._specimens.list_of(schema, (one, one)) for one in self._specimens.several(items))

    def _objects(self, old: Any, new: Any, at: At) -> Iterator[Gap]:
        before, after = self._keywords(old), self._keywords(new)
        for name in sorted({*after.get("required", ())} - {*before.get("required", ())}):
            below = at.property(name, _itself)
            words = f"{below.subject} is required now", f"{below.subject} may be left out now"
            yield read(at, "required", *words, partial(self._object, old, without=name))
        for count, limit, size in narrower(PROPERTIES, before, after):
            some = self._refused({count.keyword: limit}, partial(self._object, old, size=size))
            yield read(at, count.keyword, *count.said(at.subject, limit), some)
        yield from self._properties(old, new, at)

    def _object(self, schema: Any, without: str | None = None, size: int = 0) -> Iterator[Any]:
        yield self._specimens.object_of(schema, without=without, size=size)

    def _properties(self, old: Any, new: Any, at: At) -> Iterator[Gap]:
        """What becomes of each declared property, and of the others."""
        before, after = self._keywords(old), self._keywords(new)
        declared, wanted = before.get("properties", {}), after.get("properties", {})
        rest, new_rest = (_others(one) for one in (old, new))
        before_rest, after_rest = self._meanings.of(rest), self._meanings.of(new_rest)
        patterns = [one.get("patternProperties") for one in (before, after)]
        unclear = any(patterns) and not (
            self._meanings.same(*({"patternProperties": one} if one else {} for one in patterns))
            and before_rest is True
            and after_rest is True
        )
        for name in sorted({*declared, *wanted}):
            below = at.property(name, partial(self._with, old, name))
            if unclear and (name in declared) != (name in wanted):
                some = partial(self._specimens.several, property_of(old, name))
                yield unread(below, ["patternProperties"], self._refused_as(name, new, some))
            else:
                yield from self.gaps(property_of(old, name), property_of(new, name), below)
        other = next(name for number in count_up() if (name := f"other{number or ''}") not in {*declared, *wanted})
        below = at.others(partial(self._with, old, other))
        if patterns[0] and not patterns[1] and after_rest is not True:
            some = partial(self._specimens.several, old, OBJECTS)
            yield unread(at, ["patternProperties"], self._refused(_only(new, *_PROPERTIES), some))
        if after_rest is False and before_rest is not False:
            unknown = at.of("unknown properties")
            words = f"{unknown} are refused now", f"{unknown} are taken too"
            yield Gap(below, *words, f"it may be that {words[0]}", partial(self._specimens.several, rest))
        else:
            yield from self.gaps(rest, new_rest, below)

    def _refused_as(self, name: str, schema: Any, witnesses: Witnesses) -> Witnesses:
        """Those of the witnesses that the new schema refuses as a property of this name."""
        part = _only(schema, *_PROPERTIES)
        return lambda: (value for value in witnesses() if self._after.takes({name: value}, part) is False)

    def _with(self, schema: Any, name: str, value: Any) -> dict[str, Any]:
        return self._specimens.object_of(schema, {name: value})


def _others(schema: Any) -> Any:
    """What a schema asks of properties that it does not declare."""
    return schema.get("additionalProperties", True) if isinstance(schema, Mapping) else True


def _only(schema: Any, *keys: str) -> dict[str, Any]:
    return {key: schema[key] for key in keys if key in schema} if isinstance(schema, Mapping) else {}


def _itself(value: Any) -> Any:
    return value


def _values(keywords: Mapping[str, Any], kinds: Set[str]) -> list[Any] | None:
    """The values of these kinds that a schema takes at most, where it names them; None where it does not."""
    if "const" in keywords:
        texts = {Json.of(one).text for one in keywords.get("enum", [keywords["const"]])}
        listed = [keywords["const"]] if Json.of(keywords["const"]).text in texts else []
    elif "enum" in keywords:
        listed = keywords["enum"]
    elif kinds & kinds_of(keywords) <= {"null", "boolean"}:
        listed = [None, True, False]
    else:
        return None
    possible = kinds & kinds_of(keywords)
    return [value for value in listed if kind_of_value(value) in possible]


def _listed(values: list[Any]) -> str:
    more = f" and {len(values) - _LISTED} more" if len(values) > _LISTED else ""
    return ", ".join(value_text(one) for one in values[:_LISTED]) + more


def _kinds(kinds: Set[str]) -> str:
    named = ["numbers"] if kinds >= _NUMBERS else [_SHOWN[one] for one in ("whole", "fraction") if one in kinds]
    named += [_SHOWN[kind] for kind in ("text", "boolean", "list", "object", "null") if kind in kinds]
    return f"{', '.join(named[:-1])} or {named[-1]}" if len(named) > 1 else "".join(named)
