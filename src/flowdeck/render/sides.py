"""Single values that differ, told in one direction, and the lines that say so."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flowdeck.model.change import FieldChange, Origin
from flowdeck.model.json_value import Json
from flowdeck.model.path import Path, path_of
from flowdeck.render.escape import plain
from flowdeck.render.lines import Line, Sign
from flowdeck.render.values import LATER, LONGEST, Side, both, count, shown, text_of

_ORIGINS = {
    Origin.MANIFEST: "",
    Origin.OUTSIDE: "(changed outside)",
    Origin.BOTH: "(changed outside and in the manifest)",
    Origin.UNKNOWN: "(origin unknown)",
}
# Texts of more lines are compared as one text.
_MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class Detail:
    """How much a face has room for: characters of a value, lines of a text, fields of a state that comes.

    `lists` says whether the states and properties of a new flow have a line each.
    """

    longest: int
    lines: int
    fields: int
    lists: bool


BRIEF = Detail(LONGEST, 6, 6, lists=False)
FULL = Detail(400, 40, 200, lists=True)
WHOLE = Detail(20_000, 2_000, 2_000, lists=True)


@dataclass(frozen=True, slots=True)
class Change:
    """A value that differs, from what it was to what it becomes. Where it is sensitive, neither is known here."""

    path: Path
    was: Side
    becomes: Side
    origin: Origin
    sensitive: bool = False

    @classmethod
    def of(cls, field: FieldChange) -> "Change":
        """A plan's change."""
        becomes = LATER if field.unknown else field.after
        return cls(path_of(field.path), field.before, becomes, field.origin, field.sensitive)

    @property
    def sign(self) -> Sign:
        """Whether it comes, goes or becomes another."""
        if self.was is None and not self.sensitive:
            return Sign.ADDED
        return Sign.REMOVED if self.becomes is None and not self.sensitive else Sign.CHANGED

    def backwards(self) -> "Change":
        """The same difference, told the other way round."""
        return replace(self, was=self.becomes, becomes=self.was)

    def below(self, steps: int) -> "Change":
        """The same, as it is called from within the first `steps` of its path."""
        return replace(self, path=self.path[steps:])


def noted(origin: Origin) -> str:
    """Who made a difference, where that is not the manifest alone."""
    return _ORIGINS[origin]


def changed(change: Change, label: str, detail: Detail, *, depth: int = 0, note: str = "") -> Iterator[Line]:
    """The line of one value; of a text of several lines, one for each of them that differs."""
    said = plain(label)
    if change.sensitive:
        yield Line(Sign.CHANGED, "(sensitive) changes", said, note=note, depth=depth)
    elif change.sign is Sign.CHANGED:
        lines = [*_of_texts(text_of(change.was), text_of(change.becomes), detail, depth + 1)]
        if lines:
            yield Line(Sign.CHANGED, "", said, note=note, depth=depth)
            yield from lines
            return
        was, becomes = both(change.was, change.becomes, detail.longest)
        yield Line(Sign.CHANGED, becomes, said, was, note, depth)
    else:
        value = change.becomes if change.sign is Sign.ADDED else change.was
        yield Line(change.sign, shown(value, detail.longest), said, note=note, depth=depth)


def _of_texts(was: str | None, becomes: str | None, detail: Detail, depth: int) -> Iterator[Line]:
    """Two texts of several lines, line by line; nothing for any other values."""
    if was is None or becomes is None or "\n" not in was + becomes:
        return
    old, new = was.splitlines(keepends=True), becomes.splitlines(keepends=True)
    if max(len(old), len(new)) > _MOST_LINES:
        return
    told = [*_line_by_line(old, new, detail, depth)]
    yield from told[: detail.lines]
    if len(told) > detail.lines:
        yield Line(Sign.NONE, f"... ({count(len(told) - detail.lines, 'more line')})", depth=depth)


def _line_by_line(old: list[str], new: list[str], detail: Detail, depth: int) -> Iterator[Line]:
    from difflib import SequenceMatcher  # noqa: PLC0415 (most plans hold no such texts)

    for tag, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        gone, come = old[first:last], new[start:end]
        pairs = [both(Json.of(one), Json.of(other), detail.longest) for one, other in zip(gone, come, strict=False)]
        shown_gone = [was for was, _ in pairs] + [shown(Json.of(one), detail.longest) for one in gone[len(pairs) :]]
        shown_come = [now for _, now in pairs] + [shown(Json.of(one), detail.longest) for one in come[len(pairs) :]]
        yield from (Line(Sign.REMOVED, one, depth=depth, is_entry=True) for one in shown_gone)
        yield from (Line(Sign.ADDED, one, depth=depth, is_entry=True) for one in shown_come)
