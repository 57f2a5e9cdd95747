"""A diagnostic: what is wrong, where, and the way out, as a value that every face can show."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from flowdeck.model.codes import CODES


class Severity(StrEnum):
    """How much a diagnostic matters; an error stops the command."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a user's file.

    `file` is relative to the working directory where it lies below it; `line` and `column` count from 1, columns in
    characters. `excerpt` is the line's text, for the caret; it is not part of the place's identity.
    """

    file: str
    line: int = 1
    column: int = 1
    excerpt: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem. `code` is one of model.codes; `address` names the resource concerned, if one is."""

    code: str
    message: str
    hint: str = ""
    place: Place | None = None
    address: str | None = None
    severity: Severity = Severity.ERROR

    def __post_init__(self) -> None:
        if self.code not in CODES:  # an undocumented code is a bug, and tests find it here
            raise ValueError(f"model.codes does not list `{self.code}`")


Diagnostics = tuple[Diagnostic, ...]


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """True when any of them is an error."""
    return any(one.severity is Severity.ERROR for one in diagnostics)


def in_order(diagnostics: Iterable[Diagnostic]) -> Diagnostics:
    """Each once, sorted by place; those without a place come last, by address and code."""

    def key(one: Diagnostic) -> tuple[object, ...]:
        place = one.place or Place("", 0, 0)
        return (one.place is None, place.file, place.line, place.column, one.address or "", one.code, one.message)

    return tuple(sorted(dict.fromkeys(diagnostics), key=key))
