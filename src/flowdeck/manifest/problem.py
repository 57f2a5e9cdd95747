"""What is wrong before it has a place: a fault at an offset of a text, a problem at a path of a value."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from flowdeck.model.diagnostic import Diagnostic, Place, Severity

Path = tuple[str | int, ...]
Value = TypeVar("Value")
_LONGEST = 100
_MOST = 500


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at an offset of a text, counted in characters."""

    code: str
    message: str
    offset: int
    hint: str = ""
    severity: Severity = Severity.ERROR

    def at(self, place: Place) -> Diagnostic:
        """The diagnostic, now that the place is known."""
        return Diagnostic(self.code, self.message, self.hint, place, severity=self.severity)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at a path of a value; `at_key` means the key that the path ends with, not its value."""

    code: str
    message: str
    path: Path = ()
    hint: str = ""
    at_key: bool = False
    address: str | None = None
    severity: Severity = Severity.ERROR

    def at(self, place: Place | None) -> Diagnostic:
        """The diagnostic, now that the place is known."""
        return Diagnostic(self.code, self.message, self.hint, place, self.address, self.severity)


class Found:
    """Collects the problems of functions that return a value and its problems."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = list(problems)

    def of(self, outcome: tuple[Value, Iterable[Problem]]) -> Value:
        """The value; its problems are kept."""
        value, problems = outcome
        self.problems += problems
        return value


class Unreadable(Exception):
    """A text of which nothing can be used."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = faults


class Unusable(Exception):
    """A path that cannot be read; the caller knows the place that names it."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint

    def at(self, path: Path, address: str | None = None) -> Problem:
        """The problem at the path that names the file."""
        return Problem(self.code, self.message, path, self.hint, address=address)


def did_you_mean(wrong: str, known: Iterable[str], what: str) -> str:
    """A hint: the nearest known name or, when none is near, the known ones as `what`."""
    names = sorted(known)
    comparable = len(wrong) <= _LONGEST and len(names) <= _MOST  # comparing takes the product of both
    near = difflib.get_close_matches(wrong, names, n=1) if comparable else ()
    if near:
        return f"did you mean `{near[0]}`?"
    return f"{what}: {listed(names)}" if names else ""


def quoted(text: str) -> str:
    """A text of the user in backticks, cut where it is long."""
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[:_LONGEST]}...`"


def listed(names: Iterable[str], most: int = 12) -> str:
    """Names in backticks, the first few of many."""
    every = [quoted(name) for name in names]
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")
