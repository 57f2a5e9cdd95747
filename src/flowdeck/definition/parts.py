"""The objects in a definition that have a shape of their own: states, handlers, catchers and choice rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flowdeck.definition.finding import Path
from flowdeck.definition.grammar import CATCHER, DEFINITION, HANDLER, HANDLERS, KEYS, NESTED_RULE, RULE, STATES, Shape
from flowdeck.definition.machine import Machine, State
from flowdeck.definition.names import nearest, quoted

# How alike a key must be to one that there is, to be a misspelling of it.
_ALIKE = 0.75
# What other languages, and earlier clients, call a key.
_SYNONYMS = {
    "Resource": "ActionUrl",
    "Url": "ActionUrl",
    "Scope": "ActionScope",
    "Arguments": "Parameters",
    "TimeoutSeconds": "WaitTime",
    "Timeout": "WaitTime",
    "Description": "Comment",
    "Next": "Default",  # in a Choice
}


@dataclass(frozen=True, slots=True)
class Part:
    """An object of the definition and the shape that it should have; `path` leads to it."""

    shape: Shape
    path: Path
    fields: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The last step of the path; of a state its name, in backticks."""
        return quoted(str(self.path[-1]))

    def has(self, *keys: str) -> bool:
        """Whether it has all these keys, each with a value; of a null another rule tells."""
        return all(self.fields.get(key) is not None for key in keys)

    def strangers(self) -> Iterator[str]:
        """The keys that such an object may not have."""
        return (key for key in self.fields if key not in self.shape.fields)

    def meant(self, stranger: str) -> str | None:
        """The key, still absent, that a strange one stands for; None for a key of another kind of object."""
        absent = [key for key in self.shape.fields if key not in self.fields]
        if (synonym := _SYNONYMS.get(stranger)) in absent:
            return synonym
        return None if stranger in KEYS else nearest(stranger, absent, _ALIKE)

    def lacks(self, *keys: str) -> bool:
        """Whether it has none of these keys, not even misspelt, which the rule of unknown keys tells."""
        if any(key in self.fields for key in keys):
            return False
        return not any(self.meant(stranger) in keys for stranger in self.strangers())


def unknown_yet(text: str) -> bool:
    """Whether a part of the text is a late reference; then nothing can be said of its form."""
    return "\x00{" in text


def known(machine: Machine, *types: str) -> Iterator[Part]:
    """The states of these types, or of any that there is; what another type may hold is not known."""
    for state in machine.states.values():
        shape = STATES.get(state.type)
        if shape and (not types or state.type in types):
            yield Part(shape, state.path, state.fields)


def every(machine: Machine) -> tuple[Part, ...]:
    """The definition and all objects in it, each before those that it holds."""
    return machine.once(_found)


def _found(machine: Machine) -> tuple[Part, ...]:
    return tuple(_all(machine))


def _all(machine: Machine) -> Iterator[Part]:
    yield Part(DEFINITION, ("definition",), machine.definition)
    for state in machine.states.values():
        shape = STATES.get(state.type)
        if shape:
            yield Part(shape, state.path, state.fields)
            yield from handlers(state)
            yield from catchers(state)
            yield from rules(state)


def handlers(state: State) -> Iterator[Part]:
    """The handler of an Action state, where it is an object."""
    handler = state.fields.get("Handler")
    if state.type == "Action" and isinstance(handler, Mapping):
        kind = handler.get("Type")
        shape = HANDLERS.get(kind, HANDLER) if isinstance(kind, str) else HANDLER
        yield Part(shape, (*state.path, "Handler"), handler)


def catchers(state: State) -> Iterator[Part]:
    """The catchers of a state that can have some."""
    shape = STATES.get(state.type)
    if shape and "Catch" in shape.fields:
        for path, entry in state.entries("Catch"):
            yield Part(CATCHER, path, entry)


def rules(state: State) -> Iterator[Part]:
    """The rules of a Choice state, each before those inside it."""
    if state.type != "Choice":
        return
    pending = [Part(RULE, path, entry) for path, entry in state.entries("Choices")][::-1]
    while pending:
        rule = pending.pop()
        yield rule
        pending += list(inside(rule))[::-1]


def inside(rule: Part) -> Iterator[Part]:
    """The rules that `And`, `Or` and `Not` of a rule hold."""
    for key in ("And", "Or"):
        listed = rule.fields.get(key)
        for index, entry in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(entry, Mapping):
                yield Part(NESTED_RULE, (*rule.path, key, index), entry)
    if isinstance(entry := rule.fields.get("Not"), Mapping):
        yield Part(NESTED_RULE, (*rule.path, "Not"), entry)
