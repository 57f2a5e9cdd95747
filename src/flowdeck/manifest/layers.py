"""Values laid over each other, files and overrides, with the place of every part in the topmost layer that has it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any

from flowdeck.manifest.document import Document
from flowdeck.manifest.problem import Path, Problem, quoted
from flowdeck.model.diagnostic import Diagnostic, Place

SECTIONS = (
    "environments", "variables", "secrets", "principals", "subscriptions", "permissions", "guardrails", "flows"
)  # fmt: skip
SCALARS = ("version", "project", "default_environment")
OVERRIDABLE = ("flows", "permissions", "subscriptions", "principals", "secrets", "guardrails")
# A flow's fields that an override replaces whole.
WHOLE = ("definition", "input_schema")
_KEEP_ONE = "rename or remove one"
_ENTRY_DEPTH = 2  # section, name
_FIELD_DEPTH = 3  # flows, name, field


@dataclass(frozen=True)
class Source:
    """A manifest file; `folder` is what its paths are relative to."""

    document: Document
    folder: FilePath


@dataclass(frozen=True)
class Layer:
    """The part of a source, at `root`, that lies over others."""

    source: Source
    root: Path
    value: Any


@dataclass(frozen=True)
class Layers:
    """A merged value and what it was merged from, the topmost first."""

    value: dict[str, Any]
    layers: tuple[Layer, ...]

    def place(self, path: Path, *, key: bool = False) -> Place:
        """Where the user wrote the value at `path`, or its deepest part that is written."""
        layer = self._holder(path)
        return layer.source.document.place((*layer.root, *path), key=key)

    def folder(self, path: Path) -> FilePath:
        """What a file path written at `path` is relative to."""
        return self._holder(path).source.folder

    def at(self, problem: Problem) -> Diagnostic:
        """The problem as a diagnostic."""
        return problem.at(self.place(problem.path, key=problem.at_key))

    @cached_property
    def _named(self) -> dict[tuple[str | int, ...], list[tuple[Layer, Any]]]:
        """The layers that hold each entry of each section; a project may have a file a flow."""
        named: dict[tuple[str | int, ...], list[tuple[Layer, Any]]] = {}
        for layer in self.layers:
            for section, entries in layer.value.items():
                for name, entry in entries.items() if isinstance(entries, dict) else ():
                    named.setdefault((section, name), []).append((layer, entry))
        return named

    def _holder(self, path: Path) -> Layer:
        holding = self._named.get(path[:_ENTRY_DEPTH], [])
        known = _ENTRY_DEPTH if holding else 0
        holding = holding or [(layer, layer.value) for layer in self.layers]
        for depth, step in enumerate(path[known:], start=known + 1):
            deeper = [(layer, part) for layer, value in holding for part in _part(value, step)]
            if not deeper:
                break
            # What lies below a value that is replaced whole does not show.
            holding = deeper if isinstance(deeper[0][1], dict) and not is_whole(path[:depth]) else deeper[:1]
        return holding[0][0]


def _part(value: Any, step: str | int) -> list[Any]:
    if isinstance(value, dict):
        return [value[step]] if step in value else []
    if isinstance(value, list) and isinstance(step, int):
        return value[step : step + 1]
    return []


def is_whole(path: Path) -> bool:
    """True for the path of a flow's definition or input_schema."""
    return len(path) == _FIELD_DEPTH and path[0] == "flows" and path[2] in WHOLE


def combine(sources: tuple[Source, ...]) -> tuple[Layers, list[Diagnostic]]:
    """The files of a project as one value: sections by name, where a name twice is an error; scalars once or equal."""
    combined: dict[str, Any] = {}
    first: dict[Path, Source] = {}
    wrong: list[Diagnostic] = []
    for source in sources:
        for path, value in _entries(source.document.value):
            key, *names = path
            if not names and key in combined:
                if key not in SCALARS or combined[key] != value:
                    wrong.append(_twice(path, first[path], source))
            elif not names:
                combined[key] = value
            elif not isinstance(section := combined.setdefault(key, {}), dict) or names[0] in section:
                wrong.append(_twice(path, first.get(path, first[key,]), source))
            else:
                section[names[0]] = value
            first.setdefault(path, source)
            first.setdefault((key,), source)
    return Layers(combined, tuple(Layer(source, (), source.document.value) for source in sources)), wrong


def _entries(value: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, entry in value.items():
        if key in SECTIONS and isinstance(entry, dict):
            yield from (((key, name), one) for name, one in entry.items())
        elif key != "include" and not (key in SECTIONS and entry is None):
            yield (key,), entry


def _twice(path: Path, first: Source, second: Source) -> Diagnostic:
    there = first.document.place(path, key=True)
    here = second.document.place(path, key=True)
    name = quoted(str(path[-1]))
    if path[0] in SCALARS:
        problem = Problem("conflicting-value", f"{name} has another value at {there}", hint="give it once")
    elif path[0] == "flows":
        problem = Problem("duplicate-flow", f"flow {name} is also declared at {there}", hint=_KEEP_ONE)
    else:
        problem = Problem("duplicate-name", f"{name} is also given at {there}", hint=_KEEP_ONE)
    return problem.at(here)


def override(base: Layers, environment: str) -> Layers:
    """What the manifest says in one environment: its overrides laid over the base, without `environments`."""
    declared = base.value.get("environments")
    entry = declared.get(environment) if isinstance(declared, dict) else None
    overrides = {key: entry[key] for key in OVERRIDABLE if key in entry} if isinstance(entry, dict) else {}
    plain = {key: value for key, value in base.value.items() if key != "environments"}
    at: Path = ("environments", environment)
    above = tuple(
        Layer(layer.source, at, overrides)
        for layer in base.layers
        if overrides and _holds_environment(layer.value, environment)
    )
    return Layers(merged(plain, overrides), (*above[:1], *base.layers))


def _holds_environment(value: Any, environment: str) -> bool:
    declared = value.get("environments")
    return isinstance(declared, dict) and environment in declared


def merged(under: Any, over: Any, path: Path = ()) -> Any:
    """`over` laid on `under`: mappings merge, null removes the key, anything else replaces; as in JSON Merge Patch."""
    if not isinstance(over, dict) or is_whole(path):
        return over
    result: dict[str, Any] = dict(under) if isinstance(under, Mapping) else {}
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value, (*path, key))
    return result
