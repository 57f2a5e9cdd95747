"""A flow's definition as a state machine: its states and the ways between them, however broken the rest of it is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from flowdeck.definition.finding import Path

STATES: Path = ("definition", "States")
Derived = TypeVar("Derived")


class Way(StrEnum):
    """What makes a run take an edge."""

    START = "start"
    NEXT = "next"
    CHOICE = "choice"
    DEFAULT = "default"
    CATCH = "catch"


@dataclass(frozen=True, slots=True)
class State:
    """One state; `type` is empty where the definition does not give a text. `path` leads to it."""

    name: str
    type: str
    fields: Mapping[str, Any]
    path: Path

    def entries(self, key: str) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        """The objects in a list of the state, such as `Choices` and `Catch`, with the path of each."""
        listed = self.fields.get(key)
        for index, entry in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(entry, Mapping):
                yield (*self.path, key, index), entry


@dataclass(frozen=True, slots=True)
class Edge:
    """A place that names a state: `path` leads to the key, `source` is None for `StartAt`, `target` may not exist."""

    source: str | None
    target: str
    way: Way
    path: Path


@dataclass(frozen=True)
class Machine:
    """A definition, its input schema ({} where there is none), and the part of it that can be read as a machine."""

    definition: Mapping[str, Any]
    input_schema: Any
    states: Mapping[str, State]
    edges: tuple[Edge, ...]

    @classmethod
    def of(cls, definition: Mapping[str, Any], input_schema: Any = None) -> "Machine":
        """The machine of a definition whose States is an object; what is no state or names none is passed over."""
        states = {
            name: State(name, kind if isinstance(kind := fields.get("Type"), str) else "", fields, (*STATES, name))
            for name, fields in definition["States"].items()
            if isinstance(fields, Mapping)
        }
        return cls(definition, {} if input_schema is None else input_schema, states, tuple(_edges(definition, states)))

    @cached_property
    def following(self) -> Mapping[str, tuple[str, ...]]:
        """The existing states that each state can lead to, in the order of the definition, each once."""
        found: dict[str, dict[str, None]] = {name: {} for name in self.states}
        for edge in self.edges:
            if edge.source is not None and edge.target in self.states:
                found[edge.source][edge.target] = None
        return {name: tuple(targets) for name, targets in found.items()}

    @cached_property
    def reachable(self) -> frozenset[str]:
        """The states that a run can come to from `StartAt`."""
        return self.reached_from(*(edge.target for edge in self.edges if edge.way is Way.START))

    def once(self, derive: Callable[["Machine"], Derived]) -> Derived:
        """What a function makes of this machine, made once however many rules ask for it."""
        if derive not in self._derived:
            self._derived[derive] = derive(self)
        found: Derived = self._derived[derive]
        return found

    @cached_property
    def _derived(self) -> dict[Callable[["Machine"], Any], Any]:
        return {}

    def reached_from(self, *names: str) -> frozenset[str]:
        """These states, where they exist, and every state that can be reached from them."""
        seen: set[str] = set()
        pending = [name for name in names if name in self.states]
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                pending += self.following[name]
        return frozenset(seen)


def _edges(definition: Mapping[str, Any], states: Mapping[str, State]) -> Iterator[Edge]:
    if isinstance(start := definition.get("StartAt"), str):
        yield Edge(None, start, Way.START, ("definition", "StartAt"))
    for state in states.values():
        yield from _listed(state, "Choices", Way.CHOICE)
        for key, way in (("Default", Way.DEFAULT), ("Next", Way.NEXT)):
            if isinstance(target := state.fields.get(key), str):
                yield Edge(state.name, target, way, (*state.path, key))
        yield from _listed(state, "Catch", Way.CATCH)


def _listed(state: State, key: str, way: Way) -> Iterator[Edge]:
    for path, entry in state.entries(key):
        if isinstance(target := entry.get("Next"), str):
            yield Edge(state.name, target, way, (*path, "Next"))
