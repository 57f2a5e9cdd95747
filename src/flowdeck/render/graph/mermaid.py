"""A graph as a Mermaid flowchart, which GitHub and GitLab draw where they find it in Markdown."""

import re
import unicodedata
from collections.abc import Iterator

from flowdeck.definition.graph import Graph, Mark
from flowdeck.render.graph.drawing import END, START, Box, Drawing, Stroke, drawing

# What GitHub draws (Mermaid's `maxTextSize` and `maxEdges`, which a drawing itself cannot raise where it is strict).
MOST_CHARACTERS = 50_000
MOST_ARROWS = 500
_SHAPES = {
    "Choice": ("{", "}"),
    "Wait": ("{{", "}}"),
    "Fail": ("([", "])"),
    "Pass": ("(", ")"),
    "ExpressionEval": ("(", ")"),
    "CreateWebInput": ("[/", "/]"),
    "AwaitWebInput": ("[/", "/]"),
}
_LINES = {Mark.ADDED: "==>", Mark.REMOVED: "--x", Mark.CHANGED: "==>"}
# Boxes bring their own ground and ink, so that they can be read on a light page and on a dark one; lines have a colour
# between the two. What a colour says is said by a sign, a word or a shape too.
_CLASSES = {
    "fail": "fill:#ffebe9,stroke:#cf222e,stroke-width:2px,color:#1f2328",
    "missing": "fill:#ffebe9,stroke:#cf222e,stroke-width:2px,stroke-dasharray:6 4,color:#1f2328",
    "added": "fill:#dafbe1,stroke:#2da44e,stroke-width:3px,color:#1f2328",
    "removed": "fill:#ffebe9,stroke:#e5534b,stroke-width:2px,stroke-dasharray:6 4,color:#1f2328",
    "changed": "fill:#fff8c5,stroke:#bf8700,stroke-width:3px,color:#1f2328",
    "rewired": "fill:#fff8c5,stroke:#bf8700,stroke-width:3px,color:#1f2328",
}
_STROKES = {
    Mark.ADDED: "stroke:#2da44e,stroke-width:3px",
    Mark.REMOVED: "stroke:#e5534b,stroke-width:2px,stroke-dasharray:6 4",
    Mark.CHANGED: "stroke:#bf8700,stroke-width:3px",
}


_TITLE = re.compile(r"[^\w .,:()+~-]")


class TooLarge(Exception):
    """GitHub would not draw it; the text says why."""


def mermaid(graph: Graph, title: str) -> str:
    """The text of the flowchart, without a fence around it; signs of the title that mean something become `_`.

    Raises TooLarge for more than GitHub draws; what only a shorter text can save has names and conditions alone.
    """
    drawn = drawing(graph)
    if len(drawn.strokes) > MOST_ARROWS:
        raise TooLarge(f"it has {len(drawn.strokes)} arrows, and GitHub draws Mermaid of up to {MOST_ARROWS}")
    for brief in (drawn, drawing(graph, brief=True)):
        text = "\n".join(_lines(brief, title))
        if _characters(text) < MOST_CHARACTERS:
            return text
    raise TooLarge(f"it has {len(drawn.boxes)} states, and GitHub draws Mermaid of up to {MOST_CHARACTERS} characters")


def _characters(text: str) -> int:
    """The length as Mermaid counts it, in UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def _lines(drawn: Drawing, title: str) -> Iterator[str]:
    yield from ("---", f'title: "{_TITLE.sub("_", title)}"', "---", "flowchart TD")
    if drawn.starts:
        yield f'{START}(("start"))'
    yield from (_box(box) for box in drawn.boxes)
    if drawn.ends:
        yield f'{END}((("end")))'
    if not drawn.boxes:
        yield 'none["there are no states"]'
    yield from (_stroke(stroke) for stroke in drawn.strokes)
    yield from _styles(drawn)


def _box(box: Box) -> str:
    before, after = _SHAPES.get(box.kind, ("[", "]"))
    return f"{box.id}{before}{_quoted(box.lines)}{after}"


def _stroke(stroke: Stroke) -> str:
    line = _LINES.get(stroke.mark) or ("-.->" if stroke.is_catch else "-->")
    label = f"|{_quoted(stroke.lines)}|" if stroke.lines else ""
    return f"{stroke.source} {line}{label} {stroke.target}"


def _styles(drawn: Drawing) -> Iterator[str]:
    classes: dict[str, list[str]] = {}
    for box in drawn.boxes:
        if name := _class(box, compares=drawn.is_changed):
            classes.setdefault(name, []).append(box.id)
    for name, ids in classes.items():
        yield f"classDef {name} {_CLASSES[name]}"
        yield f"class {','.join(ids)} {name}"
    for mark, style in _STROKES.items():
        numbers = [str(number) for number, stroke in enumerate(drawn.strokes) if stroke.mark is mark]
        if numbers:
            yield f"linkStyle {','.join(numbers)} {style}"


def _class(box: Box, *, compares: bool) -> str:
    """In a comparison colours mean changes and nothing else."""
    if box.mark is not Mark.SAME:
        return box.mark.value
    if not box.exists:
        return "missing"
    return "fail" if box.kind == "Fail" and not compares else ""


def _quoted(lines: tuple[str, ...]) -> str:
    return '"' + "<br/>".join(_literal(line) for line in lines) + '"'


# What no sign's number keeps from meaning something: two dollars are mathematics, and what Mermaid itself puts in the
# place of `#` and `;` while it reads.
_UNQUOTABLE = (
    (re.compile(r"(?<=\$)\$"), r"\\u0024"),
    (re.compile("\ufb02(?=\u00b0)"), r"\\ufb02"),
    (re.compile("\u00b6(?=\u00df)"), r"\\u00b6"),
)
# A full stop makes a list or a link only at the end of a word, or behind `www`; `direction LR` is a statement anywhere.
_STOPS = re.compile(r"(?<=www)\.|\.(?!\w)", re.IGNORECASE)
_DIRECTION = re.compile(r"(?<=direction) ")
_SPACES = re.compile(r"^ | $|(?<= ) ")


def _literal(text: str) -> str:
    """The text in which nothing means anything to Mermaid, Markdown or HTML: a sign becomes `#`, its number and `;`."""
    for pattern, written in _UNQUOTABLE:
        text = pattern.sub(written, text)
    coded = "".join(one if _is_literal(one) else f"#{ord(one)};" for one in text)
    return _SPACES.sub("#160;", _DIRECTION.sub("#32;", _STOPS.sub("#46;", coded)))


def _is_literal(character: str) -> bool:
    return character in " ./" or unicodedata.category(character)[0] in "LMN"
