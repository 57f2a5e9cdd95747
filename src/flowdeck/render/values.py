"""Values as people compare them: one line of JSON each, long ones cut, and never so that two look the same."""

import json
import re
import unicodedata

from flowdeck.model.flow import SENSITIVE
from flowdeck.model.json_value import Json
from flowdeck.render.escape import plain

# So many characters of a name or of one value are shown, unless there is more room.
LONGEST = 120
# So much of what both have in common is shown before the first difference.
_BEFORE = 24
# What a name is made of that cannot be taken for more than a name.
_NAME = re.compile(r"[\w.@/+'-]+( [\w.@/+'-]+)*")

LATER = "(known after apply)"
# A value, words in the place of one, or none.
Side = Json | str | None


def shown(value: Side, most: int = LONGEST) -> str:
    """A value, cut after `most` characters."""
    return _cut(_whole(value), 0, most)


def both(was: Side, becomes: Side, most: int = LONGEST) -> tuple[str, str]:
    """Two values that differ. Of long ones the part is shown in which they begin to differ."""
    old, new = _whole(was), _whole(becomes)
    if _looks(old) == _looks(new):
        old, new = _whole(was, ascii_only=True), _whole(becomes, ascii_only=True)
    pairs = enumerate(zip(old, new, strict=False))
    same = next((place for place, (one, other) in pairs if one != other), min(len(old), len(new)))
    start = max(0, same - _BEFORE) if max(len(old), len(new)) > most and same > most - _BEFORE else 0
    return _cut(old, start, most), _cut(new, start, most)


def text_of(value: Side) -> str | None:
    """The text that a value is; None for any other value."""
    text = value.value if isinstance(value, Json) else None
    return text if isinstance(text, str) else None


def named(name: str) -> str:
    """A name that somebody chose, in quotation marks where it could be read as more than that."""
    is_plain = plain(name) == name and _NAME.fullmatch(name)
    return cut(name if is_plain else plain(json.dumps(name, ensure_ascii=False)))


def cut(text: str, most: int = LONGEST) -> str:
    """A text that may be shown, cut after `most` characters."""
    return _cut(text, 0, most)


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 flow`, `2 flows`."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def few(names: list[str], most: int) -> str:
    """The first names of a list, and how many more there are."""
    more = len(names) - most
    return f"{', '.join(names[:most])} and {more} more" if more > 0 else ", ".join(names)


def _looks(text: str) -> str:
    """What is the same for texts that look so: spaces of any kind, accents of one character or of two."""
    return unicodedata.normalize("NFKC", text)


def _whole(value: Side, *, ascii_only: bool = False) -> str:
    if isinstance(value, Json) and value.value != SENSITIVE:
        return plain(json.dumps(value.value, ensure_ascii=ascii_only))
    return SENSITIVE if isinstance(value, Json) else value or "nothing"


def _cut(text: str, start: int, most: int) -> str:
    same = f"({start} characters the same) ..." if start else ""
    more = len(text) - start - most
    # Who cuts a word or two saves nothing.
    if more <= _BEFORE:
        return same + text[start:]
    return f"{same}{text[start : start + most]}... ({more} more characters)"
