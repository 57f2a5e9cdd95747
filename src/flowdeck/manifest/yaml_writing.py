"""YAML as people write it: no needless quotes, short lists in their line, long texts and lists below their key."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from flowdeck.manifest.yaml_scalar import plain

WIDTH = 100
_INDENT = 2
# The service's limit of titles and subtitles: these stay in their line, descriptions may go on below.
_LONGEST_LINE = 128
_FOLDABLE = re.compile(r"(?<=\S) (?=\S)")


def block(mapping: Mapping[str, Any], column: int = 0) -> list[str]:
    """The lines of a mapping whose keys begin at `column`."""
    return [line for key, value in mapping.items() for line in _pair(_text(key), value, column)]


def flow(value: Any) -> str:
    """A value within its line, as it can stand between brackets."""
    match value:
        case dict():
            return "{" + ", ".join(f"{_text(key, '[{}]')}: {flow(item)}" for key, item in value.items()) + "}"
        case list():
            return f"[{', '.join(map(flow, value))}]"
        case str():
            return _text(value, "[{}]")
        case _:
            return _plain(value)


def _pair(key: str, value: Any, column: int) -> list[str]:
    head = f"{' ' * column}{key}:"
    within = _within(value, WIDTH - len(head) - 1)
    if within is not None:
        return [f"{head} {within}".rstrip()]
    match value:
        case str():
            mark, lines = _literal(value) if "\n" in value else (">-", list(_folded(value, WIDTH - column)))
            return [f"{head} {mark}", *(f"{' ' * (column + _INDENT)}{line}".rstrip() for line in lines)]
        case dict():
            return [head, *block(value, column + _INDENT)]
        case _:
            return [head, *(line for item in value for line in _item(item, column + _INDENT))]


def _item(value: Any, column: int) -> list[str]:
    dash = f"{' ' * column}- "
    if isinstance(value, dict) and value:
        first, *others = block(value, column + _INDENT)
        return [dash + first.lstrip(), *others]
    return [dash + (_text(value) if isinstance(value, str) else flow(value))]


def _within(value: Any, room: int) -> str | None:
    """The value beside its key, None where it reads better below."""
    match value:
        case str():
            return None if _is_literal(value) or _is_folded(value) else _text(value)
        case dict() | list():
            items = list(value.values() if isinstance(value, dict) else value)
            if any(isinstance(item, dict | list) for item in items):
                return None
            if isinstance(value, dict) and (len(items) > 1 or None in items):
                return None
            written = flow(value)
            return written if len(written) <= room else None
        case None:
            return ""
        case _:
            return _plain(value)


def _plain(value: Any) -> str:
    written: str = yaml.safe_dump(value, default_flow_style=True)
    return written.removesuffix("\n").removesuffix("\n...")


def _text(text: str, where: str = "{}: 0") -> str:
    """The text, in quotes if it would be read as something else, by our reader or another one, in its place."""
    if text.isprintable() and plain(text or "~") == text and _reads_as_text(text, where):
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    written: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=10**6)
    return written.removesuffix("\n")


def _reads_as_text(text: str, where: str) -> bool:
    try:
        return text in (yaml.safe_load(where.format(text)) or ()) and bool(yaml.safe_load(f"a: {text}") == {"a": text})
    except (yaml.YAMLError, ValueError, AttributeError, TypeError):  # the last three: PyYAML on odd dates and keys
        return False


def _is_literal(text: str) -> bool:
    """Whether a block can hold the text and every character of it is seen there."""
    lines = text.removesuffix("\n").split("\n")
    return (
        "\n" in text
        and all(line.replace("\t", "").isprintable() for line in lines)
        and not any(line != line.rstrip() or line.startswith("\t") for line in lines)
        and bool(lines[-1])
    )


def _literal(text: str) -> tuple[str, list[str]]:
    lines = text.removesuffix("\n").split("\n")
    first = next(line for line in lines if line)
    indent = str(_INDENT) if first.startswith(" ") else ""
    return f"|{indent}{'' if text.endswith(chr(10)) else '-'}", lines


def _is_folded(text: str) -> bool:
    return len(text) > _LONGEST_LINE and text.isprintable() and text == text.strip() and bool(_FOLDABLE.search(text))


def _folded(text: str, width: int) -> Iterator[str]:
    """The text in lines, broken where one space stands between two words: reading puts that one there again."""
    line = ""
    for word in _FOLDABLE.split(text):
        if line and len(line) + 1 + len(word) > width - _INDENT:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line
