"""Add an entry to a manifest's text and leave every other byte, comments included, as it is."""

from collections.abc import Mapping
from typing import Any

import yaml

from flowdeck.manifest.yaml_scalar import plain

_INDENT = 2
_WIDTH = 100


class CannotEdit(ValueError):
    """The text is written in a way into which the entry cannot be put safely; it says where to put it by hand."""


def with_entry(text: str, path: tuple[str, ...], value: Mapping[str, Any]) -> str:
    """The YAML `text` with `value` at `path`, whose last key must be new; mappings on the way are made as needed.

    Raises CannotEdit when the result would not read back as exactly that.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise CannotEdit("the manifest is not a mapping")
    node, rest = _deepest(root, path)
    key, entry = rest[0], _nested(rest[1:], value)
    edited = (_into_flow if node.flow_style else _into_block)(text, node, key, entry)
    if _read(edited) != _merged(_read(text), path, value):
        raise CannotEdit(f"`{'.'.join(path)}` has to be added by hand")
    return edited


def has_mapping(text: str, path: tuple[str, ...]) -> bool:
    """Whether the YAML `text` has a mapping at `path`."""
    value = _read(text)
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return isinstance(value, dict)


def _deepest(root: yaml.MappingNode, path: tuple[str, ...]) -> tuple[yaml.MappingNode, tuple[str, ...]]:
    """The last mapping on the way that exists, and what of the path is still to be made below it."""
    node, rest = root, path
    while len(rest) > 1:
        child = next((item for key, item in node.value if key.value == rest[0]), None)
        if not isinstance(child, yaml.MappingNode):
            break
        node, rest = child, rest[1:]
    return node, rest


def _nested(path: tuple[str, ...], value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def _into_flow(text: str, node: yaml.MappingNode, key: str, entry: Any) -> str:
    """Before the closing brace of `{a: 1}`."""
    written = yaml.safe_dump({key: entry}, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6)
    body = written.strip()[1:-1]
    end = node.end_mark.index - 1
    before = text[node.start_mark.index + 1 : end].strip()
    separator = "" if not before else " " if before.endswith(",") else ", "
    return f"{text[:end].rstrip()}{separator}{body}{text[end:]}"


def _into_block(text: str, node: yaml.MappingNode, key: str, entry: Any) -> str:
    """After the last line of a block mapping, or in place of an empty value of the same key."""
    lines = text.splitlines(keepends=True)
    for number, (name, item) in enumerate(node.value):
        if name.value == key:  # `flows:` with nothing, or `flows: {}`, is there already: it gives its line up
            if not isinstance(item, yaml.ScalarNode | yaml.MappingNode) or item.value:
                raise CannotEdit(f"`{key}` has to be added by hand")
            del node.value[number]
            lines[name.start_mark.line] = ""
            return _insert(lines, name.start_mark.line, name.start_mark.column, key, entry)
    column = node.value[0][0].start_mark.column if node.value else 0
    last = max((item.end_mark for _, item in node.value), key=lambda mark: mark.index, default=None)
    line = len(lines) if last is None else last.line + (1 if last.column else 0)
    while line > 0 and (not lines[line - 1].strip() or lines[line - 1].lstrip().startswith("#")):
        line -= 1
    return _insert(lines, line, column, key, entry)


def _insert(lines: list[str], line: int, column: int, key: str, entry: Any) -> str:
    # No flow style given: mappings as blocks, lists of plain values in brackets, as people write them.
    written = yaml.dump(
        {key: entry},
        Dumper=_Dumper,
        default_flow_style=None,
        sort_keys=False,
        allow_unicode=True,
        indent=_INDENT,
        width=_WIDTH,
    )
    newline = "\r\n" if any(one.endswith("\r\n") for one in lines) else "\n"
    block = "".join(f"{' ' * column}{one}{newline}" for one in written.removesuffix("\n").split("\n"))
    before = "".join(lines[:line])
    return f"{before}{'' if not before or before.endswith(newline) else newline}{block}{''.join(lines[line:])}"


class _Dumper(yaml.SafeDumper):
    """Lists below a key are indented, and text that our own reader would not take for text is quoted."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """The text, quoted if it is not plainly text."""
        style = None if plain(text or "~") == text else "'"
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style if text.isprintable() else '"')


_Dumper.add_representer(str, _Dumper.represent_text)


def _read(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _merged(document: Any, path: tuple[str, ...], value: Any) -> Any:
    merged = dict(document or {})
    merged[path[0]] = value if len(path) == 1 else _merged(merged.get(path[0]), path[1:], value)
    return merged
