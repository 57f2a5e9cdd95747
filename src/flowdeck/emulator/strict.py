"""Strict reading of the mappings that people write: seeds and faults."""

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

Fail = Callable[[str], Exception]


def document(source: Path, fail: Fail) -> Any:
    """The content of a YAML or JSON file. Raises what `fail` makes for a file that cannot be read."""
    try:
        return yaml.safe_load(source.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise fail(f"{source}: {reason}") from error


def mapping(value: Any, where: str, keys: Collection[str], required: Iterable[str], fail: Fail) -> Mapping[str, Any]:
    """The value, once it is known to be a mapping with no other keys than `keys` and with all of `required`.

    Nothing counts as an empty one.
    """
    value = {} if value is None else value
    if not isinstance(value, Mapping):
        raise fail(f"{where}: a mapping is expected, not {value!r}")
    for key in value:
        if key not in keys:
            raise fail(f"{where}: unknown key `{key}`; there are {', '.join(sorted(keys))}")
    for key in required:
        if value.get(key) is None:
            raise fail(f"{where}: `{key}` is missing")
    return value


def listed(value: Any, where: str, fail: Fail) -> list[Any]:
    """The value, once it is known to be a list; nothing counts as an empty one."""
    if value is not None and not isinstance(value, list):
        raise fail(f"{where}: a list is expected, not {value!r}")
    return value or []
