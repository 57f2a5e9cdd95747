"""One line of what changes, as a value: terminals, Markdown and HTML give it their own colours."""

from dataclasses import dataclass
from enum import StrEnum


class Sign(StrEnum):
    """What becomes of the thing that a line is about; NONE for what only heads the lines below it."""

    NONE = ""
    ADDED = "+"
    REMOVED = "-"
    CHANGED = "~"


@dataclass(frozen=True, slots=True)
class Line:
    """A line, `depth` steps further in than the flow's own; everything in it is safe to look at.

    `label` says what changes, `was` and `text` from what to what. An entry is one of several of its kind, such as a
    state among states: its sign comes first.
    """

    sign: Sign
    text: str = ""
    label: str = ""
    was: str = ""
    note: str = ""
    depth: int = 0
    is_entry: bool = False

    @property
    def value(self) -> str:
        """What it was and what it becomes, in one text."""
        return f"{self.was} -> {self.text}" if self.was else self.text

    @property
    def words(self) -> str:
        """Label and value, without the sign and the note."""
        if not self.label:
            return self.value
        return f"{self.label}: {self.value}" if self.value else f"{self.label}:"
