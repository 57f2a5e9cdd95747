"""A graph in the language of Graphviz, for whatever reads that."""

from collections.abc import Iterator, Mapping

from flowdeck.definition.graph import Graph, Mark
from flowdeck.render.graph.drawing import END, START, Box, Drawing, Stroke, drawing, shown

_FONT = "Helvetica,Arial,sans-serif"
_SHAPES = {
    "Choice": {"shape": "diamond", "margin": "0.02"},
    "Wait": {"shape": "hexagon"},
    "Fail": {"shape": "octagon"},
    "Pass": {"shape": "box", "style": "rounded,filled"},
    "ExpressionEval": {"shape": "box", "style": "rounded,filled"},
    "CreateWebInput": {"shape": "parallelogram"},
    "AwaitWebInput": {"shape": "parallelogram"},
}
_FAIL = {"fillcolor": "#ffebe9", "color": "#cf222e"}
_MISSING = {**_FAIL, "style": "dashed,filled"}
_BOXES: dict[Mark, Mapping[str, str]] = {
    Mark.ADDED: {"fillcolor": "#dafbe1", "color": "#1a7f37", "penwidth": "2.5"},
    Mark.REMOVED: {"fillcolor": "#ffebe9", "color": "#cf222e", "style": "dashed,filled"},
    Mark.CHANGED: {"fillcolor": "#fff8c5", "color": "#9a6700", "penwidth": "2.5"},
    Mark.REWIRED: {"fillcolor": "#fff8c5", "color": "#9a6700", "penwidth": "2.5"},
}
_STROKES: dict[Mark, Mapping[str, str]] = {
    Mark.ADDED: {"color": "#1a7f37", "fontcolor": "#1a7f37", "penwidth": "2.5"},
    Mark.REMOVED: {"color": "#cf222e", "fontcolor": "#cf222e", "style": "dashed", "arrowhead": "tee"},
    Mark.CHANGED: {"color": "#9a6700", "fontcolor": "#9a6700", "penwidth": "2.5"},
}


def dot(graph: Graph, title: str) -> str:
    """The graph as Graphviz's `dot` reads it: a white page with black letters, whatever is around it."""
    return "\n".join(_lines(drawing(graph), title))


def _lines(drawn: Drawing, title: str) -> Iterator[str]:
    common = {"fontname": _FONT, "fontsize": "12"}
    whole = {**common, "label": shown(title), "labelloc": "t", "bgcolor": "white", "rankdir": "TB", "nodesep": "0.4"}
    yield "digraph flow {"
    yield f"graph [{_attributes(whole)}];"
    yield f"node [{_attributes({**common, 'shape': 'box', 'style': 'filled', 'fillcolor': '#f6f8fa'})}];"
    yield f"edge [{_attributes(common)}];"
    if drawn.starts:
        yield f"{START} [{_attributes({'label': 'start', 'shape': 'circle'})}];"
    yield from (f"{box.id} [{_attributes(_box(box, compares=drawn.is_changed))}];" for box in drawn.boxes)
    if drawn.ends:
        yield f"{END} [{_attributes({'label': 'end', 'shape': 'doublecircle'})}];"
    if not drawn.boxes:
        yield f"none [{_attributes({'label': 'there are no states'})}];"
    yield from (_stroke(stroke) for stroke in drawn.strokes)
    yield "}"


def _box(box: Box, *, compares: bool) -> dict[str, str]:
    """In a comparison colours mean changes and nothing else."""
    made = {"label": "\n".join(box.lines), **_SHAPES.get(box.kind, {})}
    if box.mark is not Mark.SAME:
        return {**made, **_BOXES[box.mark]}
    if not box.exists:
        return {**made, **_MISSING}
    return {**made, **_FAIL} if box.kind == "Fail" and not compares else made


def _stroke(stroke: Stroke) -> str:
    made = {"label": "\n".join(stroke.lines)} if stroke.lines else {}
    made |= {"style": "dotted"} if stroke.is_catch else {}
    made |= _STROKES.get(stroke.mark, {})
    shown = f" [{_attributes(made)}]" if made else ""
    return f"{stroke.source} -> {stroke.target}{shown};"


def _attributes(named: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={_quoted(value)}" for name, value in named.items())


def _quoted(text: str) -> str:
    """A text in which nothing means anything to Graphviz: neither its escapes nor HTML's are left in it."""
    safe = text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{safe}"'
