"""Whether a regular expression surely comes to its end soon: a pattern of a stranger may take until tomorrow."""

import re
from functools import lru_cache

_ESCAPED = re.compile(r"\\.|\[\^?\]?(?:\\.|[^]\\])*\]", re.DOTALL)
_EXACT = re.compile(r"\{\d+\}")
_REPETITION = re.compile(r"(?:[*+?]|\{\d*,\d*\})[?+]?")
_INNERMOST = re.compile(r"\((?:\?(?:[:=!>]|<[=!]|P?<\w+>))?([^()]*)\)([*+{]?)")
_VARIES = re.compile(r"[*+?|~]|\{\d*,\d*\}")
# Ways of matching that are tried in a tenth of a second or so.
_WAYS = 10_000_000
_LONGEST = 2000


def is_quick(pattern: str, text: str) -> bool:
    """Whether looking for the pattern in the text is done in a moment, however it ends."""
    choices = _choices(pattern) if len(pattern) <= _LONGEST else None
    return choices is not None and len(text) ** choices <= _WAYS


@lru_cache(maxsize=256)
def _choices(pattern: str) -> int | None:
    """The power of the text's length that the work grows with; None where it may double with each character."""
    left = _ESCAPED.sub("x", pattern)
    nested = left
    while found := _INNERMOST.search(nested):
        inner, repeated = found.groups()
        varies = _VARIES.search(_EXACT.sub("", inner)) is not None
        if varies and repeated:
            return None
        nested = nested[: found.start()] + ("~" if varies else "x") + nested[found.start(2) :]
    return len(_REPETITION.findall(_EXACT.sub("", left))) + (not pattern.startswith("^"))
