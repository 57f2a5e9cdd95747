"""Add entries to a manifest's text and leave every other byte, comments included, as it is."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from flowdeck.manifest.yaml_writing import block, flow

_INDENT = 2
_NULL = "tag:yaml.org,2002:null"
# What stands before `include` in a manifest that is in the order of the documentation.
_HEAD = ("version", "project", "default_environment")


class CannotEdit(ValueError):
    """The text is written in a way into which the entry cannot be put safely; it says where to put it by hand."""


def with_entry(text: str, path: tuple[str, ...], value: Any) -> str:
    """The YAML `text` with `value` at `path`, whose last key must be new; mappings on the way are made as needed.

    Raises CannotEdit when the result would not read back as exactly that.
    """
    return with_entries(text, path[:-1], {path[-1]: value})


def with_entries(text: str, path: tuple[str, ...], entries: Mapping[str, Any]) -> str:
    """The YAML `text` with each of `entries`, new keys all, in the mapping at `path`. Raises as `with_entry` does."""
    node, rest = _deepest(_root(text), path)
    fields = _nested(rest, entries)
    known = [(key, item) for key, item in node.value if key.value in fields]
    if not known:
        edited = _added(text, node, fields)
    elif len(fields) == 1 and _is_empty(known[0][1]) and not node.flow_style:
        edited = _filled(text, *known[0], block(fields[known[0][0].value], known[0][0].start_mark.column + _INDENT))
    else:
        raise _by_hand(path)
    return _proved(edited, _merged(_read(text), path, entries), path)


def with_items(text: str, key: str, items: Sequence[str]) -> str:
    """The YAML `text` with `items` at the end of the list at `key`, made if there is none. Raises as `with_entry`."""
    root = _root(text)
    name, node = next((pair for pair in root.value if pair[0].value == key), (None, None))
    before = _read(text).get(key) or []
    if name is None or node is None:
        edited = _headed(text, root, {key: list(items)})
    elif isinstance(node, yaml.SequenceNode) and node.flow_style:
        edited = _into_flow(text, node, node.value, ", ".join(map(flow, items)))
    elif isinstance(node, yaml.SequenceNode):
        lines = text.splitlines(keepends=True)
        written = [f"{' ' * node.start_mark.column}- {flow(item)}" for item in items]
        edited = _insert(lines, node.value[-1].end_mark.line + 1, written)
    else:
        edited = f"{text[: name.end_mark.index]}: {flow(list(items))}{text[node.end_mark.index :]}"
    return _proved(edited, {**_read(text), key: [*before, *items]}, (key,))


def has_mapping(text: str, path: tuple[str, ...]) -> bool:
    """Whether the YAML `text` has a mapping at `path`."""
    value = _read(text)
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return isinstance(value, dict)


def _root(text: str) -> yaml.MappingNode:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        root = None
    if not isinstance(root, yaml.MappingNode):
        raise CannotEdit("the manifest is not a mapping")
    return root


def _proved(edited: str, wanted: Any, path: tuple[str, ...]) -> str:
    if _read(edited) != wanted:
        raise _by_hand(path)
    return edited


def _by_hand(path: tuple[str, ...]) -> CannotEdit:
    return CannotEdit(f"`{'.'.join(path)}` has to be added to by hand")


def _deepest(root: yaml.MappingNode, path: tuple[str, ...]) -> tuple[yaml.MappingNode, tuple[str, ...]]:
    """The last mapping on the way that things can be put into, and what of the path is still to be made below it."""
    node, rest = root, path
    while rest:
        child = next((item for key, item in node.value if key.value == rest[0]), None)
        # Below `flows: {}` in a block, what is added stands in lines of its own.
        if not isinstance(child, yaml.MappingNode) or not (child.value or node.flow_style):
            break
        node, rest = child, rest[1:]
    return node, rest


def _nested(path: tuple[str, ...], value: Mapping[str, Any]) -> Mapping[str, Any]:
    for key in reversed(path):
        value = {key: value}
    return value


def _is_empty(node: yaml.Node) -> bool:
    return (isinstance(node, yaml.MappingNode) and not node.value) or node.tag == _NULL


def _filled(text: str, name: yaml.Node, node: yaml.Node, written: Sequence[str]) -> str:
    """The lines in place of an empty value, `{}` or nothing, whose key and comment stay."""
    lines = f"{text[: name.end_mark.index]}:{text[node.end_mark.index :]}".splitlines(keepends=True)
    return _insert(lines, name.end_mark.line + 1, written)


def _added(text: str, node: yaml.MappingNode, fields: Mapping[str, Any]) -> str:
    if node.flow_style:
        return _into_flow(text, node, [item for _, item in node.value], flow(dict(fields))[1:-1])
    column = node.value[0][0].start_mark.column if node.value else 0
    lines = text.splitlines(keepends=True)
    return _insert(lines, _end(lines, node, column), block(fields, column))


def _into_flow(text: str, node: yaml.Node, values: Sequence[yaml.Node], written: str) -> str:
    """Behind the last of the values between the brackets, before a comma and comments that follow it."""
    end = values[-1].end_mark.index if values else node.end_mark.index - 1
    return f"{text[:end]}{', ' if values else ''}{written}{text[end:]}"


def _end(lines: list[str], node: yaml.MappingNode, column: int) -> int:
    """The line behind a block mapping; what is empty, or a comment that is not indented more, stays behind it."""
    last = max((item.end_mark for _, item in node.value), key=lambda mark: mark.index, default=None)
    line = len(lines) if last is None else last.line + (1 if last.column else 0)
    while line > 0:
        above = lines[line - 1]
        indent = len(above) - len(above.lstrip(" "))
        if above.strip() and not (above.lstrip().startswith("#") and indent <= column):
            break
        line -= 1
    return line


def _headed(text: str, root: yaml.MappingNode, fields: Mapping[str, Any]) -> str:
    """The fields below the first lines of a manifest, or at its end if those are not there."""
    head = [item.end_mark.line + 1 for key, item in root.value if key.value in _HEAD]
    if root.flow_style or not head:
        return _added(text, root, fields)
    return _insert(text.splitlines(keepends=True), max(head), block(fields, root.start_mark.column))


def _insert(lines: list[str], line: int, written: Sequence[str]) -> str:
    newline = "\r\n" if any(one.endswith("\r\n") for one in lines) else "\n"
    before = "".join(lines[:line])
    separator = "" if not before or before.endswith(newline) else newline
    return f"{before}{separator}{''.join(f'{one}{newline}' for one in written)}{''.join(lines[line:])}"


def _read(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return None


def _merged(document: Any, path: tuple[str, ...], entries: Mapping[str, Any]) -> Any:
    merged = dict(document or {})
    if not path:
        return {**merged, **entries}
    merged[path[0]] = _merged(merged.get(path[0]), path[1:], entries)
    return merged
