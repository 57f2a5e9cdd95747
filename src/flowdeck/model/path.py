"""Paths into a flow's documents as people read them, and back: `definition.States["My state"].Choices[0].Next`."""

import re
from collections.abc import Iterable

Path = tuple[str | int, ...]

_PLAIN_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
_SEGMENTS = re.compile(r'\.?([A-Za-z0-9_-]+)|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]', re.DOTALL)


def path_text(path: Iterable[str | int]) -> str:
    """The path as text; no two paths have the same."""
    text = ""
    for segment in path:
        if isinstance(segment, int):
            text += f"[{segment}]"
        elif _PLAIN_SEGMENT.fullmatch(segment):
            text += f".{segment}" if text else segment
        else:
            quoted = segment.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{quoted}"]'
    return text


def path_of(text: str) -> Path:
    """The path that `path_text` made the text of."""
    return tuple(_segment(found) for found in _SEGMENTS.finditer(text))


def _segment(found: re.Match[str]) -> str | int:
    plain, quoted, index = found.groups()
    if index is not None:
        return int(index)
    return plain if plain is not None else re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
