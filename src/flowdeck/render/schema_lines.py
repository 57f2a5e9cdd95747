"""What changes in an input schema: a line a property, as those see it who start runs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from flowdeck.model.json_value import Json
from flowdeck.model.path import Path, path_text
from flowdeck.render.escape import plain
from flowdeck.render.lines import Line, Sign
from flowdeck.render.sides import Change, Detail, changed
from flowdeck.render.values import count, cut, few, named, shown, text_of

_SOME = 12
_FEW = 4
_KIND = (("type",), ("format",))


@dataclass(slots=True)
class _Property:
    """What is known of one property: its changes, and whether it is required, on either side."""

    changes: list[Change] = field(default_factory=list)
    was_required: bool = False
    is_required: bool = False

    @property
    def demand(self) -> str:
        """Whether it begins or ceases to be required."""
        if self.was_required == self.is_required:
            return ""
        return "now required" if self.is_required else "no longer required"


def changed_inputs(changes: Iterable[Change], before: Json, after: Json, detail: Detail) -> Iterator[Line]:
    """What changes between two input schemas; `changes` have paths such as `properties.size.type`."""
    found: dict[Path, _Property] = {}
    rest: list[Change] = []
    for change in (one for whole in changes for one in _by_property(whole, before.value, after.value)):
        place, inner = _property(change.path)
        names = [*_required(place, before.value, after.value)] if inner[:1] == ("required",) else []
        for name, was, becomes in names:
            one = found.setdefault((*place, "properties", name), _Property())
            one.was_required, one.is_required = was, becomes
        if names:
            continue
        if place:
            found.setdefault(place, _Property()).changes.append(change.below(len(place)))
        else:
            rest.append(change)
    for place, one in found.items():
        yield from _lines(place, one, before.value, after.value, detail)
    for change in rest:
        yield from changed(change, path_text(change.path) or "all of it", detail, depth=1)


def new_inputs(schema: Json, detail: Detail) -> Iterator[Line]:
    """The properties of an input schema that has no other side."""
    value = schema.value if isinstance(schema.value, dict) else {}
    properties = _object(value, ("properties",))
    required = _names(value.get("required")) or set()
    if detail.lists and properties:
        yield Line(Sign.NONE, count(len(properties), "property", "properties"), "input_schema")
        for name, inner in properties.items():
            yield _entry(Sign.ADDED, named(name), inner, "required" if name in required else "")
        return
    names = [f"{named(name)}{' (required)' if name in required else ''}" for name in properties]
    yield Line(Sign.NONE, few(names, _SOME) or "no properties", "input_schema")


def _by_property(change: Change, before: Any, after: Any) -> Iterator[Change]:
    """The change itself; where all properties of an object come or go at once, one for each of them."""
    side = after if change.sign is Sign.ADDED else before
    properties = _at(side, change.path) if _property(change.path)[1] == ("properties",) else None
    if change.sign is Sign.CHANGED or not properties or not isinstance(properties, dict):
        yield change
        return
    for name, inner in properties.items():
        was, becomes = (None, Json.of(inner)) if change.sign is Sign.ADDED else (Json.of(inner), None)
        yield replace(change, path=(*change.path, name), was=was, becomes=becomes)


def _property(path: Path) -> tuple[Path, Path]:
    """The path as far as it leads to a property, also one of an object or of a list's items, and what is left."""
    end, place = 0, 0
    while place < len(path):
        if path[place] == "properties" and place + 1 < len(path):
            place += 2
            end = place
        elif path[place] == "items" and end:
            place += 1
        else:
            break
    return path[:end], path[end:]


def _called(place: Path) -> str:
    """`source.id`, and `files[].path` for a property of each item of a list."""
    text, steps = "", iter(place)
    for step in steps:
        if step == "items":
            text += "[]"
        else:
            text += f"{'.' if text else ''}{named(str(next(steps)))}"
    return text


def _lines(place: Path, one: _Property, before: Any, after: Any, detail: Detail) -> Iterator[Line]:
    name, was, becomes = _called(place), _at(before, place), _at(after, place)
    whole = next((change for change in one.changes if not change.path), None)
    demand = one.demand
    if whole and whole.sign is Sign.ADDED:
        yield _entry(Sign.ADDED, name, becomes, "required" if _is_required(place, after) else demand)
        return
    if whole and whole.sign is Sign.REMOVED:
        yield _entry(Sign.REMOVED, name, was, "required" if _is_required(place, before) else demand)
        return
    kinds = (_kind(was), _kind(becomes))
    tells_kind = kinds[0] != kinds[1]
    left = [change for change in one.changes if not (tells_kind and change.path in _KIND and text_of(change.becomes))]
    said = [f"{kinds[0]} -> {kinds[1]}"] if tells_kind else []
    said += [demand] if demand else []
    yield Line(Sign.CHANGED, f"{name}: {', '.join(said)}" if said else name, depth=1, is_entry=True)
    for change in left:
        yield from changed(change, path_text(change.path) or "all of it", detail, depth=2)


def _entry(sign: Sign, name: str, schema: Any, demand: str) -> Line:
    said = [_kind(schema), *([demand] if demand else [])]
    if isinstance(schema, dict):
        if isinstance(values := schema.get("enum"), list):
            said.append(f"one of {few([cut(shown(Json.of(one)), 40) for one in values], _FEW)}")
        if "default" in schema:
            said.append(f"default {shown(Json.of(schema['default']), 40)}")
    return Line(sign, f"{name}: {', '.join(said)}", depth=1, is_entry=True)


def _kind(schema: Any) -> str:
    """The type of what a schema takes, as far as a word or two can tell."""
    if not isinstance(schema, dict):
        return "nothing" if schema is False else "anything"
    kind, form = schema.get("type"), schema.get("format")
    words = [kind] if isinstance(kind, str) else kind if isinstance(kind, list) else ["anything"]
    text = cut(plain(" or ".join(str(one) for one in words)))
    items = schema.get("items")
    if kind == "array" and isinstance(items, dict) and isinstance(items.get("type"), str):
        text += f" of {cut(plain(items['type']))}"
    return f"{text} ({cut(plain(form))})" if isinstance(form, str) else text


# --- what is required


def _required(place: Path, before: Any, after: Any) -> Iterator[tuple[str, bool, bool]]:
    """Names that only one side requires; none where a side has something else under `required` than names."""
    was, becomes = (_names(_object(side, place).get("required", [])) for side in (before, after))
    if was is not None and becomes is not None:
        yield from ((name, name in was, name in becomes) for name in sorted(was ^ becomes))


def _is_required(place: Path, schema: Any) -> bool:
    return place[-1] in (_names(_object(schema, place[:-2]).get("required")) or ())


def _object(schema: Any, place: Path) -> dict[str, Any]:
    found = _at(schema, place)
    return found if isinstance(found, dict) else {}


def _names(required: Any) -> set[str] | None:
    if isinstance(required, list) and all(isinstance(one, str) for one in required):
        return set(required)
    return None


def _at(value: Any, path: Path) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value
