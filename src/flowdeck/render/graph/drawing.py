"""What every face draws: boxes with an id and lines of text, and strokes between them; nothing in it can act."""

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flowdeck.definition.graph import Arrow, Graph, Mark, Node
from flowdeck.definition.machine import Way
from flowdeck.render.escape import plain

START, END = "start", "finish"
SYMBOLS = {Mark.SAME: "", Mark.ADDED: "+ ", Mark.REMOVED: "- ", Mark.CHANGED: "~ ", Mark.REWIRED: "~ "}
# Mermaid breaks lines at 200 pixels, wherever that is; shorter ones it leaves as they are.
_WIDTH = 24
_LONGEST = 132
# If more states than that end, or branch to one state, their boxes tell it in words.
_CROWD = 10
_BRANCHES = (Way.CHOICE, Way.DEFAULT, Way.CATCH)
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[_-])")
# An arrow without a condition says what became of it in words.
_UNLABELLED = {Mark.ADDED: "now", Mark.REMOVED: "no longer"}


@dataclass(frozen=True, slots=True)
class Box:
    """A state, with the id that stands for it; `about` says what it does and what there is to know of it."""

    id: str
    kind: str
    name: str
    about: tuple[str, ...]
    mark: Mark
    exists: bool

    @property
    def lines(self) -> tuple[str, ...]:
        """Name and all the rest, in lines that are not too long."""
        # A diamond is as wide as its text and as high: a long name is broken where a word of it begins.
        name = _broken(self.name) if self.kind == "Choice" else _wrapped(self.name)
        return (*name, *(line for one in self.about for line in _wrapped(one)))


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line between two ids, for all arrows that go there for like reasons; `conditions` say when it is taken."""

    source: str
    target: str
    is_catch: bool
    conditions: tuple[str, ...]
    mark: Mark

    @property
    def lines(self) -> tuple[str, ...]:
        """The conditions, in lines that are not too long."""
        return tuple(line for one in self.conditions for line in _wrapped(one))


@dataclass(frozen=True, slots=True)
class Drawing:
    """A graph with ids, ready for any face."""

    boxes: tuple[Box, ...]
    strokes: tuple[Stroke, ...]

    @property
    def starts(self) -> bool:
        """Whether the definition says where a run begins."""
        return any(stroke.source == START for stroke in self.strokes)

    @property
    def ends(self) -> bool:
        """Whether any state ends a run well."""
        return any(stroke.target == END for stroke in self.strokes)

    @property
    def is_changed(self) -> bool:
        """Whether anything in it is marked."""
        marks = {*(box.mark for box in self.boxes), *(stroke.mark for stroke in self.strokes)}
        return marks - {Mark.SAME} != set()


def drawing(graph: Graph, *, brief: bool = False) -> Drawing:
    """The graph as it is drawn; a brief drawing has names and ways, conditions cut short, and nothing else."""
    ids = {node.name: f"s{number}" for number, node in enumerate(graph.nodes)}
    crowded = _crowded(graph.arrows)
    told: dict[str | None, list[str]] = {}
    for arrow in graph.arrows:
        if arrow in crowded:
            told.setdefault(arrow.source, []).append(_in_words(arrow))
    boxes = tuple(_box(ids[node.name], node, told.get(node.name, ()), brief=brief) for node in graph.nodes)
    moving = {node.name for node in graph.nodes if node.mark in _UNLABELLED}
    drawn = (arrow for arrow in graph.arrows if arrow not in crowded)
    return Drawing(boxes, tuple(_strokes(drawn, ids, moving, brief=brief)))


def _crowded(arrows: Iterable[Arrow]) -> frozenset[Arrow]:
    """The ends and branches that so many states share that no line could be followed."""
    branches: dict[tuple[str | None, Mark], list[Arrow]] = {}
    for arrow in arrows:
        if arrow.target is None or arrow.way in _BRANCHES:
            branches.setdefault((arrow.target, arrow.mark), []).append(arrow)
    crowds = [crowd for crowd in branches.values() if len({arrow.source for arrow in crowd}) > _CROWD]
    return frozenset(arrow for crowd in crowds for arrow in crowd)


def _in_words(arrow: Arrow) -> str:
    return SYMBOLS[arrow.mark] + ("then end" if arrow.target is None else f"{arrow.label}: to {arrow.target}")


def _box(id: str, node: Node, told: Iterable[str], *, brief: bool) -> Box:
    # Quotation marks make spaces at the ends, and no name at all, seen.
    name = shown(node.name) if node.name.strip() == node.name != "" else f'"{shown(node.name)}"'
    said = tuple(shown(one) for one in (told if brief else (_about(node), *node.notes, *told)) if one)
    return Box(id, node.type, SYMBOLS[node.mark] + name, said, node.mark, node.exists)


def _about(node: Node) -> str:
    match node.type:
        case "Action":
            return node.does or node.type
        case "Choice":
            return ""  # its shape and the rules at its arrows say so
        case "Fail":
            return f"Fail: {node.does}" if node.does not in ("", node.name) else node.type
        case _:
            return f"{node.type} {node.does}".strip()


def _strokes(arrows: Iterable[Arrow], ids: dict[str, str], moving: set[str], *, brief: bool) -> Iterator[Stroke]:
    """One stroke for all arrows that go the same way and share their mark; where some come and others go, one too."""
    alike: dict[tuple[str, str, bool], dict[Mark, list[str]]] = {}
    for arrow in arrows:
        source = START if arrow.source is None else ids[arrow.source]
        target = END if arrow.target is None else ids[arrow.target]
        label = arrow.label
        if not label and not {arrow.source, arrow.target} & moving:
            label = _UNLABELLED.get(arrow.mark, "")
        labels = alike.setdefault((source, target, arrow.way is Way.CATCH), {}).setdefault(arrow.mark, [])
        if label and label not in labels:
            labels.append(label)
    for (source, target, is_catch), by_mark in alike.items():
        said = {mark: tuple(_conditions(labels, SYMBOLS[mark], brief=brief)) for mark, labels in by_mark.items()}
        if Mark.ADDED in said and Mark.REMOVED in said:
            said[Mark.CHANGED] = (*said.pop(Mark.ADDED), *said.pop(Mark.REMOVED))
        for mark, conditions in said.items():
            yield Stroke(source, target, is_catch, conditions, mark)


def _conditions(labels: list[str], symbol: str, *, brief: bool) -> Iterator[str]:
    """Each condition by itself; one that is made of several is set in brackets where it is not alone."""
    for number, label in enumerate(labels):
        is_compound = len(labels) > 1 and (" and " in label or " or " in label)
        text = shown(label, _WIDTH if brief else _LONGEST)
        yield f"{'or ' if number else symbol}{f'({text})' if is_compound else text}"


def shown(text: str, most: int = _LONGEST) -> str:
    """A text of the definition as it may be looked at: everything unseen is written out, and what is long is cut."""
    safe = plain(text[: most + 1])
    return safe if len(safe) <= most else f"{safe[: most - 1]}…"


def _wrapped(text: str) -> tuple[str, ...]:
    """The text in lines of about the same width, broken at its spaces only."""
    return tuple(textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False))


def _broken(name: str) -> tuple[str, ...]:
    """The text in such lines, broken also where a word of a long name begins."""
    lines = [""]
    for line in _wrapped(name):
        for word in _HUMPS.split(line):
            if lines[-1] and len(lines[-1]) + len(word) > _WIDTH:
                lines.append("")
            lines[-1] += word
        lines.append("")
    return tuple(line for line in lines if line)
