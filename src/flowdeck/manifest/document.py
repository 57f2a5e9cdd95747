"""A file's text and value, and the place of every part of it."""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

from flowdeck.manifest import json_text, yaml_text
from flowdeck.manifest.composer import NOWHERE, Marks
from flowdeck.manifest.problem import Fault, Path, Unreadable
from flowdeck.manifest.text import decoded
from flowdeck.manifest.unseen import unseen
from flowdeck.model.diagnostic import Diagnostics, Place
from flowdeck.model.flow import private_parameters

SENSITIVE = "(sensitive)"
_PRIVATE = "__Private_Parameters"
# A minified file's line helps nobody.
_LONGEST_EXCERPT = 400


@dataclass(frozen=True)
class Document:
    """One file. `marks` may be found only when asked for; a text that is not `sound` may hide a secret anywhere."""

    file: str
    text: str = ""
    value: Any = None
    marks: Callable[[], Marks] = lambda: NOWHERE
    sound: bool = True

    def place(self, path: Path, *, key: bool = False) -> Place:
        """The place of the value at `path`, or of the key it ends with; of the deepest part that exists, its key."""
        marks = self.marks()
        offset = key_offset = marks.start
        for step in path:
            part = marks.parts.get(step)
            if part is None:
                return self.at(key_offset)
            offset = part.start
            key_offset = marks.keys.get(str(step), offset) if isinstance(step, str) else offset
            marks = part
        return self.at(key_offset if key else offset)

    def at(self, offset: int) -> Place:
        """The place of an offset of the text."""
        line = bisect_right(self._lines, offset) - 1
        return Place(self.file, line + 1, offset - self._lines[line] + 1, self._excerpt(line))

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    @cached_property
    def _hidden(self) -> list[tuple[int, int]]:
        spans: list[tuple[int, int]] = []
        for path in private_parameters(self.value):
            marks = self.marks()
            for step in path:
                marks = marks.parts.get(step, NOWHERE)
            spans.append((marks.start, marks.start + len(self.text[marks.start : marks.end].rstrip())))
        return sorted(spans, reverse=True)

    def _excerpt(self, line: int) -> str:
        start = self._lines[line]
        end = self._lines[line + 1] - 1 if line + 1 < len(self._lines) else len(self.text)
        if end - start > _LONGEST_EXCERPT or (not self.sound and _PRIVATE in self.text):
            return ""
        shown = self.text[start:end].rstrip("\r")
        for first, last in self._hidden:
            if first < end and last > start:
                begin, stop = max(first - start, 0), min(last, end) - start
                shown = shown[:begin] + SENSITIVE + shown[stop:]
        return shown


def read(file: str, raw: bytes) -> tuple[Document | None, Diagnostics]:
    """The document in the bytes of a file, and what is wrong with it; None when nothing can be used."""
    text, undecodable = decoded(raw)
    broken = Document(file, text, sound=False)
    if undecodable:
        return None, (undecodable.at(broken.at(undecodable.offset)),)
    try:
        document, faults = (_json if file.endswith(".json") else _yaml)(file, text)
    except Unreadable as error:
        return None, tuple(fault.at(broken.at(fault.offset)) for fault in error.faults)
    warnings = unseen(text, document.value, document.marks)
    return document, tuple(fault.at(document.at(fault.offset)) for fault in (*faults, *warnings))


def _yaml(file: str, text: str) -> tuple[Document, tuple[Fault, ...]]:
    part, faults = yaml_text.compose(text)
    return Document(file, text, part.value, lambda: part.marks, sound=not faults), faults


def _json(file: str, text: str) -> tuple[Document, tuple[Fault, ...]]:
    is_sound, value = json_text.quick(text)
    if is_sound:
        return Document(file, text, value, cache(partial(_marks, text))), ()
    part, faults = json_text.scan(text)
    return Document(file, text, part.value, lambda: part.marks, sound=not faults), faults


def _marks(text: str) -> Marks:
    return json_text.scan(text)[0].marks
