"""Fit a plan's details into a comment: what does not fit goes by whole lines, and it is said that it went."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flowdeck.render.markdown_text import fence
from flowdeck.render.values import count

# A fold that could show less than this of its flow is a row of the table instead.
_LEAST = 1_500
_MOST_DRAWINGS = 12
_TABLE = ("| | flow | changes | risks |", "|---|---|---|---|")
_TABLE_BYTES = 120


@dataclass(frozen=True, slots=True)
class Fold:
    """The details of one flow: the line that stays when it is folded, the lines below, perhaps a drawing.

    `row` is what is left of it in a table, "" where it is told elsewhere; `gravity` is 0 for the flows that must be
    looked at first.
    """

    summary: str
    lines: tuple[str, ...]
    row: str
    drawing: tuple[str, ...] = ()
    gravity: int = 0

    def text(self, lines: Sequence[str], *, drawn: bool = False, is_open: bool = False) -> list[str]:
        """The fold with these of its lines."""
        inner = [*fence("diff", [*lines]), ""] if lines else []
        if drawn:
            inner += [*fence("mermaid", [*self.drawing]), ""]
        return [f"<details{' open' if is_open else ''}><summary>{self.summary}</summary>", "", *inner, "</details>", ""]


@dataclass(slots=True)
class Fitted:
    """The details that fit, and how many are not there."""

    lines: list[str] = field(default_factory=list)
    drawings: int = 0
    cut: int = 0
    rows: int = 0

    def left_out(self) -> list[str]:
        """In words, what is not there."""
        said = [
            count(self.drawings, "drawing") if self.drawings else "",
            f"lines of {count(self.cut, 'flow')}" if self.cut else "",
            f"the details of {count(self.rows, 'flow')}" if self.rows else "",
        ]
        return [one for one in said if one]


def size(lines: Iterable[str]) -> int:
    """Bytes of lines, their ends counted."""
    return sum(len(line.encode()) + 1 for line in lines)


def within(rows: Sequence[str], most: int, more: str) -> list[str]:
    """As many of the rows as fit into so many bytes; then `more`, in which `{}` is how many did not."""
    if size(rows) <= most:
        return [*rows]
    kept: list[str] = []
    room = most - len(more) - 10
    for row in rows:
        room -= len(row.encode()) + 1
        if room < 0:
            break
        kept.append(row)
    return [*kept, more.format(len(rows) - len(kept))]


def fitted(folds: Sequence[Fold], room: int, *, is_open: bool) -> Fitted:
    """All folds with as many drawings as fit; else fewer lines of each, and the last ones as rows of a table."""
    whole = [fold.text(fold.lines, is_open=is_open) for fold in folds]
    left = room - sum(size(text) for text in whole)
    if left < 0:
        return _cut(folds, room)
    found, drawn = Fitted(), 0
    for fold, text in zip(folds, whole, strict=True):
        more = fold.text(fold.lines, drawn=True, is_open=is_open) if fold.drawing else text
        extra = size(more) - size(text)
        fits = fold.drawing and extra <= left and drawn < _MOST_DRAWINGS
        if fits:
            left, drawn = left - extra, drawn + 1
        found.drawings += bool(fold.drawing) and not fits
        found.lines += more if fits else text
    return found


def _cut(folds: Sequence[Fold], room: int) -> Fitted:
    """The gravest folds, each with its fair share of the lines, and the others in a table."""
    order = sorted(range(len(folds)), key=lambda place: (folds[place].gravity, place))
    rows = [size([folds[place].row]) if folds[place].row else 0 for place in order]
    number, in_rows = len(order), 0
    while number and (room - in_rows - (_TABLE_BYTES if in_rows else 0)) // number < _LEAST:
        number -= 1
        in_rows += rows[number]
    chosen = {*order[:number]}
    found = Fitted(drawings=sum(1 for fold in folds if fold.drawing))
    most = _share([size(folds[place].text(folds[place].lines)) for place in chosen], room - in_rows - _TABLE_BYTES)
    for place, fold in enumerate(folds):
        if place in chosen:
            lines = _lines(fold, most)
            found.cut += lines != [*fold.lines]
            found.lines += fold.text(lines)
    table = [fold.row for place, fold in enumerate(folds) if place not in chosen and fold.row]
    found.rows = len(folds) - len(chosen)
    if table:
        shown = within(table, room - size(found.lines) - _TABLE_BYTES, "| | and {} more | | |")
        found.lines += [*_TABLE, *shown, ""]
    return found


def _share(sizes: Sequence[int], room: int) -> int:
    """So many bytes may each have, that all of them have the room: who needs less leaves the rest to the others."""
    left, most = room, 0
    for number, one in enumerate(sorted(sizes)):
        most = left // (len(sizes) - number)
        if one > most:
            return most
        left -= one
    return room


def _lines(fold: Fold, most: int) -> list[str]:
    whole = fold.text(fold.lines)
    if size(whole) <= most:
        return [*fold.lines]
    around = size(whole) - size(fold.lines)
    return within(fold.lines, most - around, "  ... ({} more lines)")
