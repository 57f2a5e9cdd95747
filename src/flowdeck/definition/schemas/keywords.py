"""Keys of a JSON Schema that were surely meant as keywords."""

from functools import lru_cache

from flowdeck.definition.schemas.subschemas import KEYWORDS

# Other tools' own keys, though they are near to keywords.
_FOREIGN = frozenset(("example", "propertyOrder", "units", "cost", "name"))
_LONGEST = max(map(len, KEYWORDS)) + 2
_LONG, _SHORT = 10, 5


@lru_cache(maxsize=1024)
def misspelled(key: str) -> str | None:
    """The keyword that a key differs from by its capitals, by `-` and `_`, or by a slip; None for any other key."""
    if key in KEYWORDS or key in _FOREIGN or len(key) > _LONGEST:
        return None
    bare = _bare(key)
    same = _BARE.get(bare) or _BARE.get(bare.removesuffix("s"))
    # `comment` and `defs` may be somebody's own; `$ref` without its `$` is too short to be known by.
    alike = (known for known in _MEANT if key.startswith("$") == known.startswith("$"))
    return same or next((known for known in alike if _is_slip(bare, _bare(known))), None)


def _bare(key: str) -> str:
    return key.replace("_", "").replace("-", "").casefold()


# `id` was a keyword once, and is too short to be known by.
_MEANT = tuple(sorted(KEYWORDS - {"id"}))
_BARE = {_bare(one): one for one in _MEANT}


def _is_slip(written: str, known: str) -> bool:
    if len(known) < _SHORT:
        return written[:1] == known[:1] and sorted(written) == sorted(known)
    allowed = 2 if len(known) >= _LONG else 1
    return abs(len(written) - len(known)) <= allowed and _slips(written, known) <= allowed


def _slips(written: str, known: str) -> int:
    """How many letters are missing, too many, other ones, or swapped with the next (optimal string alignment)."""
    rows = [list(range(len(known) + 1))]
    for at, letter in enumerate(written, start=1):
        above, row = rows[-1], [at]
        for place, other in enumerate(known, start=1):
            best = min(above[place] + 1, row[-1] + 1, above[place - 1] + (letter != other))
            if at > 1 and place > 1 and letter == known[place - 2] and other == written[at - 2]:
                best = min(best, rows[-2][place - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
