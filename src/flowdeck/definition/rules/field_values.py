"""The rule about values that are of another kind than their key takes."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeGuard

from flowdeck.definition.finding import Path
from flowdeck.definition.grammar import HANDLER, HANDLERS, STATES, TIMES, Kind
from flowdeck.definition.machine import Machine
from flowdeck.definition.names import did_you_mean, listed, quoted
from flowdeck.definition.parts import Part, every, unknown_yet
from flowdeck.definition.rules.rule import Breach, Breaches, Rule, error

_LONGEST = 40
_LARGEST = 10**18
_PRIVATE = "__Private_Parameters"
_NUMERAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")


@error
def wrong_state_value(machine: Machine) -> Breaches:
    """A value is of another kind than its key takes, or a list of rules is empty."""
    for state in machine.states.values():
        kind = state.fields.get("Type", "")
        if not isinstance(kind, str):
            hint = f"write one of {listed(STATES, most=len(STATES))}"
            yield Breach((*state.path, "Type"), f"`Type` must be text, not {_described(kind)}", hint)
    for part in every(machine):
        for key, value in part.fields.items():
            wanted = part.shape.fields.get(key)
            if wanted and not fits(wanted, value):
                yield from _wrong(part, key, wanted)
        if part.shape is HANDLER and isinstance(handler := part.fields.get("Type"), str) and not unknown_yet(handler):
            message = f"`Type` of a handler must be {' or '.join(map(quoted, HANDLERS))}, not {quoted(handler)}"
            yield Breach((*part.path, "Type"), message, did_you_mean(handler, HANDLERS, "the handlers are"))


def fits(kind: Kind, value: Any) -> bool:
    """Whether a value is of a kind."""
    return _FITS[kind](value)


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether a value is a number; true is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    """Whether a value is a whole number to JSON Schema, to which 3.0 is one."""
    return is_number(value) and (isinstance(value, int) or value.is_integer())


def _list_of(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(isinstance(item, kind) for item in value)


_FITS: Mapping[Kind, Callable[[Any], bool]] = {
    Kind.TEXT: lambda value: isinstance(value, str),
    Kind.FLAG: lambda value: isinstance(value, bool),
    Kind.WHOLE: _is_whole,
    Kind.NUMBER: is_number,
    Kind.OBJECT: lambda value: isinstance(value, Mapping),
    Kind.HANDLER: lambda value: isinstance(value, str | Mapping),
    Kind.TEXTS: _list_of(str),
    Kind.CATCHERS: _list_of(Mapping),
    Kind.RULES: lambda value: bool(value) and _list_of(Mapping)(value),
}
_ITEMS = {Kind.TEXTS: Kind.TEXT, Kind.CATCHERS: Kind.OBJECT, Kind.RULES: Kind.OBJECT}
# Of an item of `Catch`, and of a list of rules.
_EXAMPLES = {
    "Catch": "write a catcher, such as `{ErrorEquals: [ActionTimeout], Next: TooLate}`",
    "Choices": "write a rule: an object with `Variable` and a comparator, or with `And`, `Or` or `Not`",
}


def _wrong(part: Part, key: str, kind: Kind) -> Iterator[Breach]:
    """What is wrong with a value that does not fit: itself, or some of its items."""
    value, path = part.fields[key], (*part.path, key)
    if kind in _ITEMS and isinstance(value, list) and value:
        yield from _wrong_items(key, value, _ITEMS[kind], path)
    elif kind is Kind.RULES and value == []:
        yield Breach(path, f"`{key}` is empty", "write at least one rule")
    else:
        # What stands for an object may be the text of one, with a secret in it.
        said = _described(value, show=kind is not Kind.OBJECT and _PRIVATE not in part.fields)
        yield Breach(path, f"`{key}` must be {kind}, not {said}", _way_out(part, key, kind))


def _wrong_items(key: str, items: list[Any], kind: Kind, path: Path) -> Iterator[Breach]:
    for index, item in enumerate(items):
        if not fits(kind, item):
            message = f"each item of `{key}` must be {kind}, not {_described(item)}"
            hint = _in_quotes(item) if kind is Kind.TEXT else _EXAMPLES["Catch" if key == "Catch" else "Choices"]
            yield Breach((*path, index), message, hint)


def _described(value: Any, *, show: bool = True) -> str:
    """A value in words; a short one is shown where it may be."""
    match value:
        case None:
            return "null"
        case bool():
            return f"`{str(value).lower()}`"
        case int() | float():
            return f"the number `{value}`" if abs(value) < _LARGEST else "a number"
        case "":
            return "an empty text"
        case str():
            return f"the text `{value}`" if show and len(value) <= _LONGEST else "a text"
        case list():
            return "a list" if value else "an empty list"
        case _:
            return "an object"


def _way_out(part: Part, key: str, kind: Kind) -> str:
    """A hint for a value that is not of its kind."""
    value = part.fields[key]
    if value is None:
        return "give it a value, or remove the key"
    if isinstance(value, str) and value.startswith(("$.", "$[")) and f"{key}Path" in part.shape.fields:
        return f"write the path under `{key}Path`"
    if key in TIMES or key == "Timestamp":
        return "write a date and time, such as `2026-03-31T08:00:00Z`"
    match kind:
        case Kind.TEXT:
            return _in_quotes(value)
        case Kind.FLAG:
            said = value.casefold() if isinstance(value, str) else ""
            return f"write {said} without quotes" if said in ("true", "false") else "write true or false"
        case Kind.WHOLE | Kind.NUMBER:
            if isinstance(value, str) and _NUMERAL.fullmatch(value):
                return f"write {value} without quotes"
            return "write a number" if kind is Kind.NUMBER else "write a whole number of seconds, such as `3600`"
        case Kind.HANDLER:
            return "write an object with `Type` and `Url`, or the text of a URN"
        case Kind.OBJECT:
            if key == "Not" and isinstance(value, list):
                return "write the one rule without a list; for several, put `And` or `Or` around them"
            return "write an object: keys with values"
        case Kind.TEXTS | Kind.CATCHERS | Kind.RULES:
            return (
                "put it in a list, even if it is the only one" if isinstance(value, str | Mapping) else "write a list"
            )


def _in_quotes(value: Any) -> str:
    """A hint for what should be text."""
    if isinstance(value, bool):
        return f'put it in quotes: `"{str(value).lower()}"`'
    if is_number(value):
        return f'put it in quotes: `"{value}"`' if abs(value) < _LARGEST else "put it in quotes"
    return "write a text" if value is not None else "write a text, or remove it"


RULES: tuple[Rule, ...] = (wrong_state_value,)
