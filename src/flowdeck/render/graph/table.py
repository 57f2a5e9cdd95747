"""A graph as a table in Markdown, for what is too large to be drawn: each state, and where it leads to."""

from collections.abc import Iterator

from flowdeck.definition.graph import Graph
from flowdeck.render.graph.drawing import END, START, Box, Stroke, drawing


def table(graph: Graph, title: str, why: str) -> str:
    """The table below a line that says what it is of and `why` it is no drawing."""
    return "\n".join(_lines(graph, title, why))


def _lines(graph: Graph, title: str, why: str) -> Iterator[str]:
    drawn = drawing(graph)
    names = {box.id: box.name for box in drawn.boxes} | {START: "start", END: "end"}
    leading: dict[str, list[Stroke]] = {}
    for stroke in drawn.strokes:
        leading.setdefault(stroke.source, []).append(stroke)
    yield from (f"{_coded(title)}: a table, because the drawing would be too large: {why}.", "")
    yield from ("| state | what it does | leads to |", "|---|---|---|")
    if START in leading:
        yield f"| start | | {_targets(leading[START], names)} |"
    for box in drawn.boxes:
        yield f"| {_coded(box.name)} | {_about(box)} | {_targets(leading.get(box.id, []), names)} |"


def _about(box: Box) -> str:
    return "<br>".join(_coded(line) for line in box.about)


def _targets(strokes: list[Stroke], names: dict[str, str]) -> str:
    return "<br>".join(_target(stroke, names[stroke.target]) for stroke in strokes)


def _target(stroke: Stroke, name: str) -> str:
    said = f": {_coded(' '.join(stroke.conditions))}" if stroke.conditions else ""
    return _coded(name) + said


def _coded(text: str) -> str:
    """A text as code, in which Markdown, HTML and a forge's mentions find nothing."""
    return "<code>" + "".join(one if one.isalnum() or one == " " else f"&#{ord(one)};" for one in text) + "</code>"
