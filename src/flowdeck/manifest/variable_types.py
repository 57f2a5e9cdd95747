"""The types of variables: what a value must be, and how a text from outside the files is read."""

import re
from typing import Any

from flowdeck.manifest import json_text
from flowdeck.manifest.messages import kind_of
from flowdeck.manifest.problem import Path, Problem, quoted
from flowdeck.manifest.unseen import strings
from flowdeck.model.principal import UUID

# What a value of each type is, and how one is written on a command line.
TYPES = {
    "string": ("text", "any text"),
    "number": ("a number", "`0.5`"),
    "integer": ("a whole number", "`30`"),
    "boolean": ("true or false", "`true` or `false`"),
    "uuid": ("a UUID", "36 characters: 8-4-4-4-12 of 0-9 and a-f"),
    "list": ("a list", '`["a", "b"]`'),
    "mapping": ("a mapping", '`{"a": 1}`'),
}
# Late references are marked with the first; the others stand for bytes that are not UTF-8.
_UNFIT = re.compile("[\0\ud800-\udfff]")


def inferred(value: Any) -> str:
    """The type of a variable that has this value."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case list():
            return "list"
        case dict():
            return "mapping"
        case _:
            return "string"


def mismatch(name: str, kind: str, value: Any, path: Path) -> Problem | None:
    """The problem of a value at `path` that is of another type."""
    if kind == "uuid" and isinstance(value, str):
        hint = f"write {TYPES[kind][1]}"
        return (
            None if UUID.fullmatch(value) else Problem("invalid-uuid", f"variable `{name}` must be a UUID", path, hint)
        )
    is_of = inferred(value)
    if is_of == kind or (kind, is_of) == ("number", "integer"):
        return None
    wanted = TYPES[kind][0]
    message = f"variable {quoted(name)} must be {wanted}, found {kind_of(value)}"
    return Problem("wrong-type", message, path, f"write {wanted}, or declare another `type`")


def parsed(name: str, kind: str, text: str, origin: str) -> tuple[Any, Problem | None]:
    """The value of a text from outside, which is JSON unless it is text; messages do not show it."""
    path: Path = ("variables", name)
    is_text = kind in ("string", "uuid")
    is_sound, value = (True, text) if is_text else json_text.quick(text)
    if not is_sound or mismatch(name, kind, value, path):
        wanted, example = TYPES[kind]
        code = "invalid-uuid" if kind == "uuid" else "wrong-type"
        return None, Problem(code, f"`{origin}` must be {wanted}", path, f"write {example}", at_key=True)
    if any(_UNFIT.search(one) for one in strings(value)):
        message = f"`{origin}` holds a character that is no text"
        return None, Problem("control-character", message, path, "remove it", at_key=True)
    return value, None
