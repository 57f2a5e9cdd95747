"""What pydantic finds wrong in a manifest, said in flowdeck's codes and words, with the path in the user's value."""

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from flowdeck.manifest.composer import MOST_FAULTS, TOO_MANY
from flowdeck.manifest.editor_schema import known_keys
from flowdeck.manifest.problem import Path, Problem, did_you_mean, quoted
from flowdeck.manifest.scalars import Wrong
from flowdeck.manifest.schema import Manifest, UnknownRisks
from flowdeck.model.flow import address_of
from flowdeck.model.risk import DEFAULT_LEVELS

_WANTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}
_KEY = "[key]"
# Without these keys the entry of the section means nothing.
_NEEDED = (("environments", "service"), ("subscriptions", "id"))
_ENTRY = 3  # section, name, key


def checked(value: dict[str, Any], unknown: frozenset[Path] = frozenset()) -> tuple[Manifest, list[Problem]]:
    """The manifest without the parts that are wrong, and what is wrong with them.

    Nothing is said of the values at `unknown` paths; they are left out too.
    """
    problems: list[Problem] = []
    while True:
        try:
            return Manifest.model_validate(value), problems
        except ValidationError as error:
            found = list(_explained(error, value))
            problems += [problem for problem, _ in found if problem.path not in unknown]
            value = _without(value, [path for _, path in found])


def _explained(error: ValidationError, value: Any) -> Iterator[tuple[Problem, Path]]:
    """Each problem with the path of what must go for the rest to be valid."""
    for number, detail in enumerate(error.errors(include_url=False)):
        path = _path(detail["loc"], value)
        if number >= MOST_FAULTS:
            yield Problem(*TOO_MANY, (), "correct these first"), _removable(path)
        elif isinstance(cause := detail.get("ctx", {}).get("error"), UnknownRisks):
            for code in cause.args:
                hint = did_you_mean(code, DEFAULT_LEVELS, "the risk codes are")
                message = f"{quoted(code)} is no risk code"
                yield Problem("unknown-risk", message, (*path, code), hint, at_key=True), (*path, code)
        else:
            yield _one(detail, path)


def _one(detail: ErrorDetails, path: Path) -> tuple[Problem, Path]:
    loc, context = detail["loc"], detail.get("ctx", {})
    name = quoted(str(path[-1])) if path and isinstance(path[-1], str) else "this"
    match detail["type"]:
        case "extra_forbidden":
            hint = did_you_mean(str(path[-1]), known_keys(path[:-1]), "the keys here are")
            problem = Problem("unknown-field", f"{name} is not a key of this mapping", path, hint, at_key=True)
        case "missing":
            problem = Problem("missing-field", f"`{loc[-1]}` is missing", path, f"add `{loc[-1]}:`", at_key=True)
        case "literal_error":
            choices = re.findall("'([^']*)'", str(context["expected"]))
            hint = did_you_mean(str(detail["input"]), choices, "write one of")
            problem = Problem("invalid-choice", f"{name} must be {_alternatives(choices)}", path, hint)
        case "wrong-type":
            problem = _wrong_type(path, name, detail["msg"], detail["input"])
        case kind if kind in _WANTED:
            problem = _wrong_type(path, name, _WANTED[kind], detail["input"])
        case _:
            cause = context["error"]
            assert isinstance(cause, Wrong)  # no other check is in the schema
            problem = Problem(cause.code, cause.message, path, cause.hint, at_key=loc[-1] == _KEY)
    return replace(problem, address=address(path)), _removable(path)


def _wrong_type(path: Path, name: str, wanted: str, found: object) -> Problem:
    hint = "quote it" if wanted == "text" and isinstance(found, bool | int | float) else f"write {wanted}"
    return Problem("wrong-type", f"{name} must be {wanted}, found {kind_of(found)}", path, hint)


def kind_of(value: object) -> str:
    """What a value is, in the words of YAML."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a mapping"


def address(path: Path) -> str | None:
    """The address of the flow that a path of the manifest lies in, if any."""
    if path[:1] == ("environments",):
        path = path[2:]
    return address_of(str(path[1])) if path[:1] == ("flows",) and len(path) > 1 else None


def _alternatives(choices: list[str]) -> str:
    *others, last = [f"`{choice}`" for choice in choices]
    return f"{', '.join(others)} or {last}" if others else last


def _path(loc: tuple[str | int, ...], value: Any) -> Path:
    """The steps of `loc` that lead into the value; pydantic adds steps of its own."""
    path: list[str | int] = []
    for step in loc:
        is_key = isinstance(value, dict) and step in value
        if is_key or (isinstance(value, list) and isinstance(step, int) and step < len(value)):
            value = value[step]
            path.append(step)
    return tuple(path)


def _removable(path: Path) -> Path:
    """What goes with the value at a path: a list as a whole, as its items would move, and what needs the value."""
    index = next((depth for depth, step in enumerate(path) if isinstance(step, int)), len(path))
    is_needed = len(path) >= _ENTRY and (path[-3], path[-1]) in _NEEDED
    return path[:-1] if is_needed else path[:index]


def _without(value: dict[str, Any], paths: list[Path]) -> dict[str, Any]:
    rest = copy.deepcopy(value)
    for path in paths:
        around: Any = rest
        for step in path[:-1]:
            around = around.get(step, {})
        around.pop(path[-1], None)
    return rest
