"""Flowdeck's Markdown, made fit to stand below a line of ours, and cut to the room that there is."""

import re
from collections.abc import Iterable

_OWN_LINE = re.compile(r"\A<!-- flowdeck [^\n]*-->\n")
_OWN_LINES = re.compile(r"<!--(?=\s*flowdeck)")


def tame(text: str) -> str:
    """A text of flowdeck's without its own hidden line; and it cannot hold one of ours, whatever it quotes."""
    return _OWN_LINES.sub("&lt;!--", _OWN_LINE.sub("", text)).strip()


def cut(lines: Iterable[str], most: int) -> list[str]:
    """As many whole lines as fit into so many bytes, and a last one that says how many are missing."""
    kept: list[str] = []
    used, missing = 0, 0
    for line in lines:
        size = len(line.encode()) + 1
        if missing or used + size > most:
            missing += 1
        else:
            kept.append(line)
            used += size
    return [*kept, f"... and {missing} more line{'s' if missing > 1 else ''}: see the job's log."] if missing else kept
