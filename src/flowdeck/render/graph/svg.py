"""A graph as an SVG, drawn by Graphviz's own program: a picture and nothing else, whatever the names in it are."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from flowdeck.definition.graph import Graph
from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import Invalid
from flowdeck.render.escape import plain
from flowdeck.render.graph.dot import dot
from flowdeck.render.graph.drawing import shown

PROGRAM = "dot"
SECONDS = 60
_SVG = "http://www.w3.org/2000/svg"
# Everything that a drawing of boxes, lines and letters is made of; nothing else goes through.
_DRAWN = {
    "svg": {"width", "height", "viewBox"},
    "g": {"transform"},
    "polygon": {"points", "fill", "stroke", "stroke-width", "stroke-dasharray"},
    "polyline": {"points", "fill", "stroke", "stroke-width", "stroke-dasharray"},
    "path": {"d", "fill", "stroke", "stroke-width", "stroke-dasharray"},
    "ellipse": {"cx", "cy", "rx", "ry", "fill", "stroke", "stroke-width", "stroke-dasharray"},
    "text": {"x", "y", "text-anchor", "font-family", "font-size", "fill"},
}
# What a program that only draws need not know.
_OURS = ("FLOWDECK_", "GLOBUS_")


def svg(graph: Graph, title: str) -> str:
    """The picture. Raises Invalid (`graphviz-missing`, `graphviz-failed`) where Graphviz does not draw it."""
    drawn = _read(_run(dot(graph, title)))
    named = Element("title")
    named.text = shown(title)
    drawn.insert(0, named)
    drawn.attrib.update({"xmlns": _SVG, "role": "img"})
    ElementTree.indent(drawn)
    return ElementTree.tostring(drawn, encoding="unicode")


def _run(text: str) -> bytes:
    program = shutil.which(PROGRAM)
    if program is None:
        raise Invalid(
            Diagnostic(
                "graphviz-missing",
                f"an SVG is drawn by Graphviz's program `{PROGRAM}`, which is not there",
                "install the package graphviz, or use --format mermaid or --format dot, which need nothing",
            )
        )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    try:
        ran = subprocess.run(
            [program, "-Tsvg"], input=text.encode(), env=environment, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise _failed(f"is not done after {SECONDS} seconds") from None
    except OSError as error:
        raise _failed(f"does not start: {error.strerror}") from None
    if ran.returncode != 0:
        said = plain(ran.stderr.decode("utf-8", "replace").strip().partition("\n")[0][:200])
        raise _failed(f"ended with {ran.returncode}{f': {said}' if said else ''}")
    return ran.stdout


def _read(picture: bytes) -> Element:
    """What of the picture is drawing. It has no entities: Graphviz writes none, and nothing here reads one."""
    try:
        root = ElementTree.fromstring(picture)
    except (ElementTree.ParseError, ValueError, LookupError):
        raise _failed("wrote something that is no SVG") from None
    if root.tag != f"{{{_SVG}}}svg":
        raise _failed("wrote something that is no SVG")
    return next(_kept(root))


def _kept(element: Element) -> Iterator[Element]:
    name = str(element.tag).removeprefix(f"{{{_SVG}}}")
    if name not in _DRAWN:
        return
    attributes = {key: value for key, value in element.attrib.items() if key in _DRAWN[name] and "url" not in value}
    kept = Element(name, attributes)
    kept.text = element.text if name == "text" else None
    kept.extend(child for one in element for child in _kept(one))
    yield kept


def _failed(what: str) -> Invalid:
    hint = "--format dot gives what it was asked to draw; --format mermaid needs nothing"
    return Invalid(Diagnostic("graphviz-failed", f"Graphviz's program `{PROGRAM}` {what}", hint))
