"""A gap: a place where one JSON Schema may refuse what another takes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flowdeck.definition.finding import Path
from flowdeck.definition.names import quoted

Witnesses = Callable[[], Iterator[Any]]


@dataclass(frozen=True, slots=True)
class Gap:
    """A place where the second schema may refuse what the first takes.

    `narrowed` says so of a change from the first to the second, `widened` of a change back, and `doubt` what is said
    where it cannot be shown. `witnesses` gives values at that place that may show it.
    """

    at: "At"
    narrowed: str
    widened: str
    doubt: str
    witnesses: Witnesses = field(compare=False)

    def inputs(self) -> Iterator[Any]:
        """Whole values with a witness in them; may raise NotFound."""
        return map(self.at.wrap, self.witnesses())


@dataclass(frozen=True, slots=True)
class At:
    """A place in both schemas: its path, its name in sentences, and how a value there becomes a whole one."""

    path: Path
    name: str
    wrap: Callable[[Any], Any] = field(compare=False)

    @property
    def subject(self) -> str:
        """The place as the subject of a sentence."""
        return quoted(self.name) if self.name else "the input"

    def of(self, what: str) -> str:
        """`what` and the place that it belongs to, unless that is the whole."""
        return f"{what} of {quoted(self.name)}" if self.name else what

    def keyword(self, key: str) -> "At":
        """The same place, its path leading to a keyword."""
        return At((*self.path, key), self.name, self.wrap)

    def property(self, name: str, wrap: Callable[[Any], Any]) -> "At":
        """The property of that name."""
        below = f"{self.name}.{name}" if self.name else name
        return At((*self.path, "properties", name), below, lambda value: self.wrap(wrap(value)))

    def others(self, wrap: Callable[[Any], Any]) -> "At":
        """The properties that are not declared."""
        below = f"{self.name}.*" if self.name else "*"
        return At((*self.path, "additionalProperties"), below, lambda value: self.wrap(wrap(value)))

    def items(self, wrap: Callable[[Any], Any]) -> "At":
        """The items of a list."""
        return At((*self.path, "items"), f"{self.name}[]", lambda value: self.wrap(wrap(value)))


def read(at: At, keyword: str, narrowed: str, widened: str, witnesses: Witnesses) -> Gap:
    """A gap that there is for sure, unless the first schema takes nothing there."""
    return Gap(at.keyword(keyword), narrowed, widened, f"it may be that {narrowed}", witnesses)


def unread(at: At, keys: list[str], witnesses: Witnesses) -> Gap:
    """A gap that there may be, since keywords changed that are not compared."""
    named = " and ".join(f"`{key}`" for key in keys)
    return Gap(
        at.keyword(keys[0]),
        f"{at.subject} takes less now, by {named}",
        f"{at.subject} is bound by {named} in another way",
        f"{at.of(named)} changed, and flowdeck does not compare that",
        witnesses,
    )
