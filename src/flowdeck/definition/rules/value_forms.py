"""Rules about the form of values: JSONPaths, expressions, parameters, and which of them are private."""

from collections.abc import Iterator, Mapping
from typing import Any

from flowdeck.definition.finding import Path
from flowdeck.definition.machine import Machine
from flowdeck.definition.names import did_you_mean, quoted
from flowdeck.definition.rules.rule import Breach, Breaches, Rule, error, warning
from flowdeck.definition.values.dataflow import CONTEXT
from flowdeck.definition.values.expressions import FUNCTIONS, PLAIN, understand
from flowdeck.definition.values.jsonpath import JsonPath, definite, read, several
from flowdeck.definition.values.parameters import (
    EXPRESSION,
    PRIVATE,
    REFERENCE,
    Place,
    Role,
    bare,
    has,
    hidden,
    objects,
    places,
)

# A parameter of the expression-evaluation action, which is a path itself (its documentation of `result_path`).
_PATH_ITSELF = "result_path"
_KINDS = {bool: "a truth value", int: "a number", float: "a number", list: "a list", dict: "an object", str: "a text"}


@error
def jsonpath_syntax(machine: Machine) -> Breaches:
    """A text that must be a JSONPath is none."""
    for place in places(machine):
        if not isinstance(place.value, str):
            continue
        if place.role in (Role.READ, Role.WRITE):
            path = read(place.value)
            if path.fault:
                said = place.said if place.value else f"`{place.path[-1]}`"
                yield Breach(place.path, f"{said} is no JSONPath: {path.fault}", _meant(path, place))
        elif place.role is Role.EXPRESSION:
            for text in understand(place.value).paths:
                path = read(text)
                if path.fault:
                    said = place.said if place.private else quoted(text)
                    yield Breach(place.path, f"{said} in backticks is no JSONPath: {path.fault}", _meant(path, place))


def _meant(path: JsonPath, place: Place) -> str:
    if path.meant and not place.private:
        return f"write {quoted(path.meant)}"
    if place.role is Role.READ and place.parameter and place.value and not understand(place.value).fault:
        return f"an expression belongs under {quoted(bare(str(place.path[-1])) + EXPRESSION)}"
    return "write it as `$.name.name`"


@warning
def result_path_form(machine: Machine) -> Breaches:
    """A ResultPath does not name one place that can be written."""
    for place in places(machine):
        if place.role is Role.WRITE:
            steps = read(place.value).steps
            if "\x00{" in place.value or read(place.value).fault:
                continue
            if step := several(steps):
                hint = "name one place with names and indexes only"
                yield Breach(place.path, f"{place.said} has {step.value}, and so does not name one place", hint)
            elif definite(steps)[:1] == (CONTEXT,):
                hint = "write the result somewhere else"
                yield Breach(place.path, f"{place.said} lies in `$.{CONTEXT}`, which cannot be written", hint)


@error
def parameter_not_text(machine: Machine) -> Breaches:
    """The value of a parameter that ends in `.$` or `.=` is no text."""
    for place in places(machine):
        if place.parameter and place.role is not Role.CONSTANT and not isinstance(place.value, str):
            key = str(place.path[-1])
            wanted = "a JSONPath" if place.role is Role.READ else "an expression"
            hint = f"write {wanted} as text, or name the parameter {quoted(bare(key))}"
            yield Breach(place.path, f"{quoted(key)} must be {wanted}, not {_kind(place.value)}", hint)


def _kind(value: Any) -> str:
    """What a value is, in words; never itself, since it may be private."""
    return next((name for kind, name in _KINDS.items() if isinstance(value, kind)), "null")


@warning
def duplicate_parameter(machine: Machine) -> Breaches:
    """Two keys beside each other give the same parameter."""
    for one in objects(machine):
        first: dict[str, str] = {}
        for key in one.fields:
            name = bare(key)
            if first.setdefault(name, key) != key and key != PRIVATE:
                message = f"{quoted(key)} gives {quoted(name)}, which {quoted(first[name])} gives already"
                yield Breach((*one.path, key), message, "keep one of them")


@warning
def literal_path(machine: Machine) -> Breaches:
    """A constant looks like a path, and is not looked up."""
    for place in places(machine):
        if place.role is Role.CONSTANT and _looks_like_path(place.value) and place.path[-1] != _PATH_ITSELF:
            yield Breach(place.path, f"{place.said} is passed on as this text", _looked_up(place.path))
    for state in machine.states.values():
        if state.type == "Pass" and has(state, "Result"):
            for path, value in _texts(state.fields["Result"], (*state.path, "Result")):
                hint = "`Result` is constant: use `Parameters`, where a key that ends in `.$` is looked up"
                yield Breach(path, f"{value} is written as it stands", hint)


def _looks_like_path(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("$.", "$[")) and _is_place(read(value))


def _is_place(path: JsonPath) -> bool:
    return bool(path.steps) and not path.fault and not several(path.steps)


def _looked_up(path: Path) -> str:
    """How to have the path looked up that stands at a place in Parameters."""
    key = next(str(step) for step in reversed(path) if isinstance(step, str))
    if key == path[-1]:
        return f"name the key {quoted(key + REFERENCE)} to pass on the value there"
    return f"name the key {quoted(key + EXPRESSION)}, and write the list as an expression with the path in backticks"


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """What in a constant result looks as if it were looked up: keys with a suffix, and paths; none is private."""
    if isinstance(value, Mapping):
        names = hidden(value)
        for key, inner in value.items():
            if key.endswith((REFERENCE, EXPRESSION)):
                yield (*path, key), quoted(key)
            elif key not in names:
                yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))
    elif _looks_like_path(value):
        yield path, quoted(value)


@warning
def private_parameters_form(machine: Machine) -> Breaches:
    """`__Private_Parameters` is no list of names, and may hide nothing."""
    for one in objects(machine):
        if PRIVATE not in one.fields:
            continue
        path, listing = (*one.path, PRIVATE), one.fields[PRIVATE]
        if not isinstance(listing, list):
            hint = "write a list, even of one name"
            yield Breach(path, f"`{PRIVATE}` must be a list of names, not {_kind(listing)}", hint)
            continue
        for index, name in enumerate(listing):
            if not isinstance(name, str):
                message = f"`{PRIVATE}` lists names of parameters, not {_kind(name)}"
                yield Breach((*path, index), message, "write the name of a parameter beside the list, without suffix")


@warning
def unknown_private_parameter(machine: Machine) -> Breaches:
    """`__Private_Parameters` names no parameter beside it."""
    for one in objects(machine):
        listing = one.fields.get(PRIVATE)
        beside = [bare(key) for key in one.fields if key != PRIVATE]
        for index, name in enumerate(listing if isinstance(listing, list) else ()):
            if isinstance(name, str) and bare(name) not in beside and "\x00{" not in name:
                message = f"there is no parameter {quoted(name)} beside this list, so it hides nothing"
                yield Breach((*one.path, PRIVATE, index), message, _hidden_elsewhere(one.fields, name, beside))


def _hidden_elsewhere(fields: Mapping[str, Any], name: str, beside: list[str]) -> str:
    """The way out for a name that is not among those beside it."""
    inside = [key for key, inner in fields.items() if _holds(inner, bare(name))]
    if inside:
        return f"it stands in {quoted(inside[0])}: put a list beside it there, or name {quoted(bare(inside[0]))} here"
    return did_you_mean(name, beside, "the parameters beside it are")


def _holds(value: Any, name: str) -> bool:
    """Whether a value holds a parameter of that name at any depth."""
    if isinstance(value, Mapping):
        return any(bare(key) == name or _holds(inner, name) for key, inner in value.items())
    return isinstance(value, list) and any(_holds(inner, name) for inner in value)


@error
def expression_syntax(machine: Machine) -> Breaches:
    """An expression cannot be read."""
    for place in _expressions(machine):
        found = understand(place.value)
        if found.fault:
            said = place.said if place.value.strip() else f"`{place.path[-1]}`"
            hint = found.hint or "write it as in Python: `name.key + 'text'`"
            if _is_place(read(place.value)):
                hint = f"a path alone belongs under {quoted(bare(str(place.path[-1])) + REFERENCE)}"
            yield Breach(place.path, f"{said} is no expression: {found.fault}", hint)


@warning
def expression_unsupported(machine: Machine) -> Breaches:
    """An expression does what expressions are not known to do."""
    for place in _expressions(machine):
        found = understand(place.value).unsupported
        if found and place.private:
            found = (("is written in Python that expressions are not documented to have", PLAIN),)
        for what, hint in found:
            yield Breach(place.path, f"{place.said} {what}", hint)


@warning
def unknown_function(machine: Machine) -> Breaches:
    """An expression calls a function that is not documented."""
    for place in _expressions(machine):
        for name in understand(place.value).calls:
            if name not in FUNCTIONS:
                called = "a function" if place.private else f"{quoted(name)}, a function"
                hint = did_you_mean("" if place.private else name, FUNCTIONS, "the functions are")
                yield Breach(place.path, f"{place.said} calls {called} that is not documented", hint)


def _expressions(machine: Machine) -> Iterator[Place]:
    return (one for one in places(machine) if one.role is Role.EXPRESSION and isinstance(one.value, str))


RULES: tuple[Rule, ...] = (
    jsonpath_syntax,
    result_path_form,
    parameter_not_text,
    duplicate_parameter,
    literal_path,
    private_parameters_form,
    unknown_private_parameter,
    expression_syntax,
    expression_unsupported,
    unknown_function,
)
