"""Characters that a reader of the file does not see, or that change the order in which it is read."""

import re
from collections.abc import Callable, Iterator

from flowdeck.manifest.composer import Marks
from flowdeck.manifest.problem import Fault
from flowdeck.model.diagnostic import Severity

# C0 and C1 controls but tab and line ends, bidirectional controls, zero width and line separators.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]"
)


def unseen(text: str, value: object, marks: Callable[[], Marks]) -> tuple[Fault, ...]:
    """A warning for each line that holds such a character, and for each text that writes one as an escape."""
    # Python prints none of these characters, and to ask it costs less than to search.
    seen = text.replace("\n", "").isprintable()
    faults = [] if seen or not _UNSEEN.search(text) else list(_raw(text))
    if "\\" in text:
        faults += _escaped(text, value, marks)
    return tuple(faults)


def _raw(text: str) -> Iterator[Fault]:
    start = 0
    for line in text.split("\n"):
        found = _UNSEEN.search(line)
        if found:
            yield _warning(found[0], start + found.start())
        start += len(line) + 1


def _escaped(text: str, value: object, marks: Callable[[], Marks]) -> Iterator[Fault]:
    if not any(_UNSEEN.search(string) for string in strings(value)):
        return
    pending: list[tuple[object, Marks]] = [(value, marks())]
    while pending:
        one, at = pending.pop()
        if isinstance(one, dict):
            for key, start in at.keys.items():
                found = _UNSEEN.search(key)
                if found and found[0] not in text[start : start + len(key) + 1]:
                    yield _warning(found[0], start)
        if isinstance(one, dict | list):
            items = one.items() if isinstance(one, dict) else enumerate(one)
            pending.extend((item, at.parts[step]) for step, item in items)
        elif isinstance(one, str) and (found := _UNSEEN.search(one)) and not _UNSEEN.search(text, at.start, at.end):
            yield _warning(found[0], at.start)


def strings(value: object) -> Iterator[str]:
    """Every text in a value, keys too."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            yield from one
            pending.extend(one.values())
        elif isinstance(one, list):
            pending.extend(one)
        elif isinstance(one, str):
            yield one


def _warning(character: str, offset: int) -> Fault:
    message = f"the text holds the unseen character U+{ord(character):04X}"
    return Fault("control-character", message, offset, "remove it", Severity.WARNING)
