"""Colour for terminals; without it, every face says the same in words and symbols."""

from collections.abc import Callable

Paint = Callable[[str, str], str]

_CODES = {"green": "32", "yellow": "33", "red": "31", "cyan": "36", "magenta": "35", "bold": "1", "dim": "2"}


def coloured(text: str, style: str) -> str:
    """The text in an ANSI style: one of green, yellow, red, cyan, magenta, bold, dim."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m"


def colourless(text: str, _: str) -> str:
    """The text as it is."""
    return text
