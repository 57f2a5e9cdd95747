"""The states of a flow on a page: drawn by Graphviz where it is installed, else as a table of what leads where."""

from collections.abc import Iterable

from flowdeck.definition.graph import Graph, Mark
from flowdeck.model.errors import Invalid
from flowdeck.render.graph.drawing import END, START, Box, Stroke, drawing
from flowdeck.render.graph.svg import svg
from flowdeck.render.html_elements import Markup, element, joined, table

_CLASSES = {Mark.ADDED: "added", Mark.REMOVED: "removed", Mark.CHANGED: "changed", Mark.REWIRED: "changed"}
# What is larger takes Graphviz long, and nobody follows its lines.
_MOST_STROKES = 200


def figure(graph: Graph, title: str, *, drawn: bool) -> Markup:
    """The figure; with `drawn` false it is a table, and its caption says that too many flows change."""
    if not drawn:
        return _table(graph, "so many flows change that these are no drawings")
    if len(graph.arrows) > _MOST_STROKES:
        return _table(graph, f"a drawing of {len(graph.arrows)} arrows could not be followed")
    try:
        picture = Markup(svg(graph, title))
    except Invalid as error:
        why = "Graphviz is not installed here" if error.diagnostics[0].code == "graphviz-missing" else "Graphviz failed"
        return _table(graph, f"{why}, so this is no drawing")
    caption = "+ added, - removed, ~ changed" if graph.is_changed else "as it will be"
    return element("figure", picture, element("figcaption", caption))


def _table(graph: Graph, why: str) -> Markup:
    shown = drawing(graph)
    names = {box.id: box.name for box in shown.boxes} | {START: "start", END: "end"}
    rows = [
        (_CLASSES.get(box.mark, ""), (box.name, _lines(box.about), _lines(_leads(shown.strokes, box, names))))
        for box in shown.boxes
    ]
    return element("figure", table(("state", "what it does", "leads to"), rows), element("figcaption", f"{why}."))


def _leads(strokes: Iterable[Stroke], box: Box, names: dict[str, str]) -> list[str]:
    leading = (stroke for stroke in strokes if stroke.source == box.id)
    return [" ".join((names[one.target], *(f"({said})" for said in one.conditions))) for one in leading]


def _lines(texts: Iterable[str]) -> Markup:
    return joined(texts, element("br"))
