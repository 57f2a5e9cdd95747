"""Bounds of numbers and counts in two schemas: which of them is narrower, and what lies between."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from flowdeck.definition.schemas.specimens import bounds


@dataclass(frozen=True, slots=True)
class Count:
    """A keyword that bounds a count from below or above, and how sentences say it."""

    keyword: str
    is_least: bool
    narrowed: str
    widened: str

    def said(self, subject: str, limit: int) -> tuple[str, str]:
        """What became of the subject, where its count is bounded more closely, and where less."""
        return f"{subject} {self.narrowed.format(limit)}", f"{subject} {self.widened}"


LENGTHS = (
    Count("minLength", True, "must have {} or more characters now", "may be shorter now"),
    Count("maxLength", False, "must have {} or fewer characters now", "may be longer now"),
)
ITEMS = (
    Count("minItems", True, "must have {} or more items now", "may have fewer items now"),
    Count("maxItems", False, "must have {} or fewer items now", "may have more items now"),
)
PROPERTIES = (
    Count("minProperties", True, "must have {} or more properties now", "may have fewer properties now"),
    Count("maxProperties", False, "must have {} or fewer properties now", "may have more properties now"),
)


def narrower(
    counts: tuple[Count, ...], old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[tuple[Count, int, int]]:
    """The counts that `new` bounds more closely than `old`: with the bound, and with a count that only `old` allows."""
    for one in counts:
        before, after = old.get(one.keyword, 0 if one.is_least else None), new.get(one.keyword)
        if after is None or (before is not None and (before >= after if one.is_least else before <= after)):
            continue
        yield one, after, after - 1 if one.is_least else after + 1


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound of numbers that became closer: how sentences say it, and numbers that may be beyond it."""

    keyword: str
    narrowed: str
    widened: str
    beyond: tuple[Any, ...]


def narrower_bounds(old: Mapping[str, Any], new: Mapping[str, Any], kinds: Set[str]) -> Iterator[Bound]:
    """The bounds that the new schema sets more closely, for whole numbers alone or for fractions too."""
    only_whole = "fraction" not in kinds
    (low, high), (new_low, new_high) = bounds(old), bounds(new)
    if new_low and (low is None or _least(new_low, only_whole) > _least(low, only_whole)):
        edge = new_low[0]
        keyword = "exclusiveMinimum" if new_low[1] else "minimum"
        words = f"must be {'more than' if new_low[1] else 'at least'} {edge} now"
        yield Bound(keyword, words, "may be smaller now", _around(edge, low))
    if new_high and (high is None or _most(new_high, only_whole) < _most(high, only_whole)):
        edge = new_high[0]
        keyword = "exclusiveMaximum" if new_high[1] else "maximum"
        words = f"must be {'less than' if new_high[1] else 'at most'} {edge} now"
        yield Bound(keyword, words, "may be larger now", _around(edge, high))


def _least(bound: tuple[Any, bool], only_whole: bool) -> tuple[Any, bool]:
    edge, excluded = bound
    if only_whole:
        return (floor(edge) + 1 if excluded else ceil(edge)), False
    return edge, excluded


def _most(bound: tuple[Any, bool], only_whole: bool) -> tuple[Any, bool]:
    edge, excluded = bound
    if only_whole:
        return (ceil(edge) - 1 if excluded else floor(edge)), True
    return edge, not excluded


def _around(edge: Any, old: tuple[Any, bool] | None) -> tuple[Any, ...]:
    """Numbers close to a bound, and close to the old one."""
    ends = [edge] if old is None else [edge, old[0]]
    whole = [value + more for end in ends for value in (floor(end), ceil(end)) for more in (-1, 0, 1)]
    try:
        near = [end + more for end in ends for more in (-0.5, 0.0, 0.5, -0.001, 0.001)]
        near.append(sum(ends) / len(ends))
    except OverflowError:  # beyond floats
        near = []
    return tuple(dict.fromkeys(whole)) + tuple(value for value in near if not float(value).is_integer())
