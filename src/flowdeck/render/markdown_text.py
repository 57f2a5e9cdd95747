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
_NAMED = re.compile("`([^`]+)`")
# What is left of a sentence between two names.
_MARKS = (",", ";", ":", ".", ")", "(", "),", ");", "-")
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
    parts = _NAMED.split(cut(plain(text), _MOST))
    return "".join(code(part) if place % 2 else _words(part) for place, part in enumerate(parts))


def fence(kind: str, lines: list[str]) -> list[str]:
    """Lines as a block of code that nothing in them can end."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    marks = "`" * max(_FENCE, longest + 1)
    return [f"{marks}{kind}", *(_harmless(line) for line in lines), marks]


def _words(text: str) -> str:
    return " ".join(one if one in ("", *_MARKS) or _PROSE.fullmatch(one) else _name(one) for one in text.split(" "))


def _name(word: str) -> str:
    """A word that is none, without the mark of the sentence behind it."""
    end = word[-1] if word[-1] in ",;:" and len(word) > 1 else ""
    return f"{code(word.removesuffix(end))}{end}"


def _harmless(line: str) -> str:
    """A line of a block in which no comment can be found; no line of ours begins with `::`, a runner's command."""
    return line.replace("<!--", "<\\u0021--")
