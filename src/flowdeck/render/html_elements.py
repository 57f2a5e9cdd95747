"""HTML made of elements: a text is escaped unless it was made here, so nothing foreign can become markup."""

from collections.abc import Iterable
from html import escape

from flowdeck.render.escape import plain

# A row of a table: its class, and its cells.
Row = tuple[str, Iterable[str]]
# Elements without an end.
_VOID = ("meta", "br")


class Markup(str):
    """HTML as it stands."""

    __slots__ = ()


def element(tag: str, /, *inside: str, **attributes: str) -> Markup:
    """An element; a `_` in an attribute's name is a hyphen, one at its end is nothing (`class_`)."""
    given = "".join(
        f' {key.removesuffix("_").replace("_", "-")}="{escape(plain(value))}"' for key, value in attributes.items()
    )
    end = "" if tag in _VOID else f"{joined(inside)}</{tag}>"
    return Markup(f"<{tag}{given}>{end}")


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """Parts side by side."""
    return Markup(between.join(one if isinstance(one, Markup) else escape(plain(one)) for one in parts))


def sentence(text: str) -> Markup:
    """A sentence, with what stands between backticks as code."""
    parts = plain(text).split("`")
    if len(parts) % 2 == 0:  # one backtick is left over, so they do not come in pairs
        return joined([text])
    return joined(element("code", part) if place % 2 else part for place, part in enumerate(parts))


def table(head: Iterable[str], rows: Iterable[Row]) -> Markup:
    """A table; each row has a class and cells, which know their column's name for pages too narrow for columns."""
    names = [*head]
    body = [
        element(
            "tr", *(element("td", cell, data_label=name) for name, cell in zip(names, cells, strict=True)), class_=kind
        )
        for kind, cells in rows
    ]
    columns = element("tr", *(element("th", name) for name in names))
    return element("table", element("thead", columns), element("tbody", *body))
