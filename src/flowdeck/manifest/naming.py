"""Names of flows, made from their titles."""

import re
import unicodedata
from collections.abc import Callable, Iterable

_LONGEST = 48
_NAMELESS = "flow"
# Letters that Unicode does not take apart into an ASCII letter and a mark.
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŋ": "n"}
)


def names(titles: Iterable[str], is_taken: Callable[[str], bool]) -> list[str]:
    """A name for each title, in their order, none twice and none that is taken: of equal ones, the next ends in -2."""
    given: dict[str, None] = {}
    for title in titles:
        first = name = _name(title)
        number = 1
        while name in given or is_taken(name):
            number += 1
            name = f"{_shortened(first, _LONGEST - len(f'-{number}'))}-{number}"
        given[name] = None
    return list(given)


def as_listed(name: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts names as people do: sample-2 before sample-10."""
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in re.split("([0-9]+)", name))


def _name(title: str) -> str:
    """The title in lower-case ASCII letters and digits, with hyphens for all that is between them."""
    apart = unicodedata.normalize("NFKD", title.lower().translate(_LETTERS))
    letters = "".join(one for one in apart if not unicodedata.combining(one)).encode("ascii", "replace").decode()
    return _shortened("-".join(re.findall("[a-z0-9]+", letters.lower())), _LONGEST) or _NAMELESS


def _shortened(name: str, most: int) -> str:
    """At most so many characters of a name, whole words if that leaves half of them."""
    if len(name) <= most:
        return name
    words = name[: most + 1].rpartition("-")[0]
    return words if len(words) >= most // 2 else name[:most].rstrip("-")
