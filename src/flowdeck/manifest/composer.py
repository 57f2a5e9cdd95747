"""Builds plain values from a stream of starts, scalars and ends, and remembers where each stood in the text."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flowdeck.manifest.problem import Fault, Unreadable, quoted

DEEPEST = 64
# An alias repeats what it names; a repetition counts, a large file does not.
MOST_REPEATED = 100_000
_TEXT_OF_ONE = 32  # so many characters count as one value
MOST_FAULTS = 200
TOO_MANY = ("too-many-problems", "too many problems to go on")


class Marks(NamedTuple):
    """Where a value starts and ends, where its keys stand, and the marks of its parts; offsets in characters."""

    start: int
    end: int
    keys: dict[str, int]
    parts: "dict[str | int, Marks]"


_NO_KEYS: dict[str, int] = {}
_NO_PARTS: dict[str | int, Marks] = {}
NOWHERE = Marks(0, 0, _NO_KEYS, _NO_PARTS)


class Part(NamedTuple):
    """A finished value: `size` and `height` count what it holds, aliases written out."""

    value: Any
    marks: Marks
    size: int = 1
    height: int = 0


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet."""

    value: dict[str, Any] | list[Any]
    start: int
    anchor: str | None
    keys: dict[str, int] = field(default_factory=dict)
    parts: dict[str | int, Marks] = field(default_factory=dict)
    key: str | None = None
    unwanted: bool = False
    size: int = 1
    height: int = 0


class Composer:
    """Takes one value piece by piece; keeps faults that do not end the reading, raises Unreadable for those that do."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.faults: list[Fault] = []
        self.root: Part | None = None
        self._open: list[_Open] = []
        self._anchors: dict[str, Part] = {}
        self._repeated = 0

    @property
    def wants_key(self) -> bool:
        """True when what comes next is a mapping's key or its end."""
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None

    @property
    def section(self) -> str | None:
        """The key under which the innermost mapping stands."""
        return self._open[-2].key if len(self._open) > 1 else None

    def wrong(self, fault: Fault) -> None:
        """A fault that does not end the reading, unless there are too many."""
        self.faults.append(fault)
        if len(self.faults) > MOST_FAULTS:
            raise Unreadable(Fault(*TOO_MANY, fault.offset, "correct these first"))

    def start(self, value: dict[str, Any] | list[Any], offset: int, anchor: str | None = None) -> None:
        """A mapping or list begins."""
        if len(self._open) == DEEPEST:
            raise Unreadable(too_deep(offset))
        self._open.append(_Open(value, offset, anchor))

    def key(self, name: str, offset: int, *, unwanted: bool = False) -> None:
        """A key of the innermost mapping; the value of an `unwanted` or repeated one is read and forgotten."""
        mapping = self._open[-1]
        mapping.key, mapping.unwanted = name, unwanted or name in mapping.keys
        if name in mapping.keys:
            line = self.text.count("\n", 0, mapping.keys[name]) + 1
            message = f"{quoted(name)} is given twice; the first is on line {line}"
            self.wrong(Fault("duplicate-key", message, offset, "keep one of them"))
        elif not unwanted:
            mapping.keys[name] = offset

    def scalar(self, value: object, start: int, end: int, anchor: str | None = None) -> None:
        """A value without parts."""
        part = Part(value, Marks(start, end, _NO_KEYS, _NO_PARTS))
        if anchor is not None:
            self._anchors[anchor] = part._replace(size=1 + (end - start) // _TEXT_OF_ONE)
        self._add(part)

    def end(self, offset: int) -> None:
        """The innermost mapping or list is complete."""
        done = self._open.pop()
        part = Part(done.value, Marks(done.start, offset, done.keys, done.parts), done.size, done.height + 1)
        if done.anchor is not None:
            self._anchors[done.anchor] = part
        self._add(part)

    def alias(self, name: str, start: int, end: int) -> None:
        """What an anchor names, once more."""
        if any(one.anchor == name for one in self._open):
            raise Unreadable(Fault("alias-cycle", f"`*{name}` stands inside what it names", start, "write it out"))
        named = self._anchors.get(name)
        if named is None:
            fault = Fault(
                "unknown-anchor", f"`*{name}` names no anchor above it", start, f"write `&{name}`, or quote it"
            )
            raise Unreadable(fault)
        self._repeated += named.size
        if self._repeated > MOST_REPEATED:
            raise Unreadable(Fault("alias-expansion", "the aliases repeat too much", start, "write less with aliases"))
        if len(self._open) + named.height > DEEPEST:
            raise Unreadable(too_deep(start))
        marks = named.marks
        self._add(named._replace(marks=Marks(start, end, marks.keys, marks.parts)))

    def _add(self, part: Part) -> None:
        if not self._open:
            self.root = part
            return
        around = self._open[-1]
        around.size += part.size
        around.height = max(around.height, part.height)
        if isinstance(around.value, list):
            around.parts[len(around.value)] = part.marks
            around.value.append(part.value)
        elif around.key is not None:
            if not around.unwanted:
                around.value[around.key] = part.value
                around.parts[around.key] = part.marks
            around.key = None


def too_deep(offset: int) -> Fault:
    """The fault of a value inside more than 64 others."""
    return Fault("too-deep", f"more than {DEEPEST} levels inside each other", offset, "flatten it")
