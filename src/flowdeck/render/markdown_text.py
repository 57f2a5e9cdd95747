"""Foreign text in Markdown: it stays text, also for the forge that makes links of names and numbers."""

import re

from flowdeck.render.escape import plain
from flowdeck.render.values import cut

# Between backticks nothing means anything but these: the end of the span, a cell's border, the start of a comment that
# somebody searches for.
_UNQUOTABLE = re.compile(r"[`|<]|^\s|\s$|^$")
# Words and small numbers with the marks of a sentence around them. All else goes between backticks: addresses, `@name`,
# `#12`, `GH-12`, `:smile:`, what could be a commit.
_PROSE = re.compile(r"(?![0-9a-f]{7})\(?(?:[^\W\d_]+(?:[-'][^\W\d_]+)*|\d{1,5})[.,;:!?]?\)?[.,;:]?")
# A name between backticks, with the marks of the sentence; else a word.
_PART = re.compile(r"(?<![^ ])(\(?)`([^`]+)`([.,;:!?)]*)(?![^ ])|[^ ]+")
# What may stand by itself, and what a sentence has behind a word.
_MARKS = ("-", "/", "?", "...")
_ENDS = ".,;:!?"
_FENCE = 3
_LONGEST, _MOST = 200, 400


def code(text: str) -> str:
    """The text as code, on one line, also in a cell of a table."""
    seen = cut(plain(text), _LONGEST)
    if _UNQUOTABLE.search(seen):
        return f"<code>{coded(seen)}</code>"
    return f"`{seen}`"


def coded(text: str) -> str:
    """The text for HTML within Markdown: whatever is no letter, digit or space is written by its number."""
    return "".join(one if one.isalnum() or one == " " else f"&#{ord(one)};" for one in plain(text))


def prose(text: str) -> str:
    """A sentence in which somebody's names may stand: what it has between backticks, or is no plain word, is code."""
    return _PART.sub(_part, cut(plain(text), _MOST))


def sentence(text: str) -> str:
    """The same with the mark that ends it."""
    return prose(text) if text.endswith((".", "?", "!")) else f"{prose(text)}."


def fence(kind: str, lines: list[str]) -> list[str]:
    """Lines as a block of code that nothing in them can end."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    marks = "`" * max(_FENCE, longest + 1)
    return [f"{marks}{kind}", *(_harmless(line) for line in lines), marks]


def _part(found: re.Match[str]) -> str:
    word, opened, named, closed = found.group(0, 1, 2, 3)
    if named:
        return f"{opened}{code(named)}{closed}"
    return word if word in _MARKS or _PROSE.fullmatch(word) else _name(word)


def _name(word: str) -> str:
    """A word that is none, without the marks of the sentence around it; a bracket that it opens itself is its own."""
    opened = "(" if word.startswith("(") else ""
    bare = word.removeprefix("(").rstrip(_ENDS)
    if bare.count(")") > bare.count("("):
        bare = bare.removesuffix(")").rstrip(_ENDS)
    if not any(one.isalnum() for one in bare):
        return code(word)
    return f"{opened}{code(bare)}{word[len(opened) + len(bare) :]}"


def _harmless(line: str) -> str:
    """A line of a block in which no comment can be found; no line of ours begins with `::`, a runner's command."""
    return line.replace("<!--", "<\\u0021--")
