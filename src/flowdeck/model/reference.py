"""Late references: what a manifest refers to and only the service, or a secret, can tell; kept as marks in values.

The manifest room replaces every other `${...}` and every `$${`; a mark cannot be mistaken for either.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flowdeck.model.json_value import Json

_MARK = "\x00"
_LATE = re.compile(_MARK + r"\{([^{}\x00]+)\}")


def late(name: str) -> str:
    """The mark of a reference such as `flow.child.id`, `principal.ada` or `secret.key`."""
    return f"{_MARK}{{{name}}}"


def shown(text: str) -> str:
    """A text with its marks as the user wrote them."""
    return text.replace(_MARK + "{", "${")


def has_late(value: Json) -> bool:
    """Whether a value holds marks."""
    return "\\u0000{" in value.text


def late_references(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Each mark in a value, with the path of the text that holds it."""
    if isinstance(value, str):
        yield from ((path, name) for name in _LATE.findall(value))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from late_references(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from late_references(item, (*path, index))


def replace_late(value: Json, known: Callable[[str], str | None]) -> Json:
    """The value with every mark replaced that `known` has a text for; the others stay."""
    if not has_late(value):
        return value

    def replaced(part: Any) -> Any:
        match part:
            case str():
                return _LATE.sub(lambda found: found[0] if (text := known(found[1])) is None else text, part)
            case dict():
                return {key: replaced(item) for key, item in part.items()}
            case list():
                return [replaced(item) for item in part]
            case _:
                return part

    return Json.of(replaced(value.value))


def references_in(*documents: Json) -> frozenset[str]:
    """The names of all marks in the documents."""
    return frozenset(name for one in documents if has_late(one) for _, name in late_references(one.value))


def flows_among(references: Iterable[str]) -> frozenset[str]:
    """The names of the flows that `flow.NAME.id` and `flow.NAME.scope` are about."""
    return frozenset(name.split(".")[1] for name in references if name.startswith("flow."))
