"""Every place of a definition that reads or writes the run's state, once, and whether it is private."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from flowdeck.definition import parts
from flowdeck.definition.finding import Path
from flowdeck.definition.grammar import COMPARATORS, STATES
from flowdeck.definition.machine import Machine, State
from flowdeck.definition.names import quoted
from flowdeck.model.flow import SENSITIVE

PRIVATE = "__Private_Parameters"
REFERENCE = ".$"
EXPRESSION = ".="
_READ = ("InputPath", "SecondsPath", "TimestampPath", "CausePath", "ErrorPath")
_WRITE = "ResultPath"


class Role(Enum):
    """What a value is there for: JSONPaths to read and to write, expressions, and constant parameters."""

    READ = "read"
    WRITE = "write"
    EXPRESSION = "expression"
    CONSTANT = "constant"


@dataclass(frozen=True, slots=True)
class Place:
    """One value of a state; `path` leads to it.

    `tests`: it is only asked whether the value is there. `certain`: it is read whenever the state is run. `parameter`:
    it stands in Parameters, where its value may be of any type; elsewhere it is text.
    """

    role: Role
    state: State
    path: Path
    value: Any
    private: bool = False
    tests: bool = False
    certain: bool = True
    parameter: bool = False

    @property
    def said(self) -> str:
        """The value as a message may quote it."""
        return f"`{SENSITIVE}`" if self.private else quoted(self.value if isinstance(self.value, str) else "")


@dataclass(frozen=True, slots=True)
class Parameters:
    """One object in the Parameters of a state, at any depth; `private` where it lies in a private parameter."""

    state: State
    path: Path
    fields: Mapping[str, Any]
    private: bool


def bare(key: str) -> str:
    """The name of the parameter that a key gives, without the suffix that says how."""
    return key.removesuffix(REFERENCE).removesuffix(EXPRESSION)


def hidden(fields: Mapping[str, Any]) -> frozenset[str]:
    """The names, without suffixes, that an object's own list declares private; all, where the list is none."""
    match fields.get(PRIVATE, []):
        case str() as name:
            return frozenset((bare(name),))
        case list() as names:
            return frozenset(bare(name) for name in names if isinstance(name, str))
        case _:
            return frozenset(map(bare, fields))


def places(machine: Machine) -> tuple[Place, ...]:
    """All places of the definition, state by state."""
    return machine.once(_places)


def objects(machine: Machine) -> tuple[Parameters, ...]:
    """Each object in the Parameters of each state, before those inside it."""
    return machine.once(_objects)


def has(state: State, key: str) -> bool:
    """Whether the state has the key and may have it; of an unknown type it is not known what it may have."""
    shape = STATES.get(state.type)
    return key in state.fields and (shape is None or key in shape.fields)


def _objects(machine: Machine) -> tuple[Parameters, ...]:
    return tuple(
        one
        for state in machine.states.values()
        if has(state, "Parameters")
        for one in _inside(state, (*state.path, "Parameters"), state.fields["Parameters"], private=False)
    )


def _inside(state: State, path: Path, value: Any, private: bool) -> Iterator[Parameters]:
    if isinstance(value, Mapping):
        yield Parameters(state, path, value, private)
        names = hidden(value)
        for key, item in value.items():
            if isinstance(item, Mapping | list) and not key.endswith((REFERENCE, EXPRESSION)):
                yield from _inside(state, (*path, key), item, private or bare(key) in names)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, Mapping | list):
                yield from _inside(state, (*path, index), item, private)


def _places(machine: Machine) -> tuple[Place, ...]:
    found = [place for state in machine.states.values() for place in _of_state(state)]
    return (*found, *(place for one in objects(machine) for place in _of_object(one)))


def _of_state(state: State) -> Iterator[Place]:
    for key, role in (*((key, Role.READ) for key in _READ), (_WRITE, Role.WRITE)):
        if has(state, key) and isinstance(value := state.fields[key], str):
            yield Place(role, state, (*state.path, key), value)
    for catcher in parts.catchers(state):
        if isinstance(value := catcher.fields.get(_WRITE), str):
            yield Place(Role.WRITE, state, (*catcher.path, _WRITE), value)
    certain = True
    for rule in parts.rules(state):
        tests = any(key.startswith("Is") for key in rule.fields)
        for key, value in rule.fields.items():
            if isinstance(value, str) and (key == "Variable" or (key in COMPARATORS and key.endswith("Path"))):
                yield Place(Role.READ, state, (*rule.path, key), value, tests=tests, certain=certain)
        # The first comparison is always made; the others depend on what it and the rules before them say.
        certain = certain and "Variable" not in rule.fields


def _of_object(given: Parameters) -> Iterator[Place]:
    names = hidden(given.fields)
    for key, value in given.fields.items():
        private = given.private or bare(key) in names
        path = (*given.path, key)
        if key == PRIVATE:
            continue
        if key.endswith((REFERENCE, EXPRESSION)):
            role = Role.READ if key.endswith(REFERENCE) else Role.EXPRESSION
            yield Place(role, given.state, path, value, private, parameter=True)
        else:
            yield from _constants(given.state, path, value, private)


def _constants(state: State, path: Path, value: Any, private: bool) -> Iterator[Place]:
    """The constants of one parameter: itself, or what a list of it holds; objects have their own."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _constants(state, (*path, index), item, private)
    elif not isinstance(value, Mapping):
        yield Place(Role.CONSTANT, state, path, value, private, parameter=True)
