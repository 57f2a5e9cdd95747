"""Rules about reads of what is not there, and about input that nobody reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flowdeck.definition.grammar import STATES
from flowdeck.definition.machine import Machine
from flowdeck.definition.names import listed, nearest, quoted
from flowdeck.definition.rules.rule import Breach, Breaches, Rule, error, warning
from flowdeck.definition.values.dataflow import CONTEXT, before
from flowdeck.definition.values.jsonpath import definite, read, shown
from flowdeck.definition.values.parameters import PRIVATE, Role, places
from flowdeck.definition.values.reads import Read, reads
from flowdeck.definition.values.shapes import INPUT, Missing, missing


@dataclass(frozen=True, slots=True)
class _Absent:
    """A read of a key that is not there on any way; what was tested for, anywhere, may be there."""

    read: Read
    found: Missing

    @property
    def key(self) -> str:
        return str(self.found.steps[-1])

    @property
    def keys(self) -> list[str]:
        """The keys that there are."""
        return [key for key in self.found.holder.keys if key not in (CONTEXT, PRIVATE)]

    @property
    def of_input(self) -> bool:
        """Whether the key may come with the input, against its schema."""
        return INPUT in self.found.holder.writers

    def breach(self, why: str, hint: str) -> Breach:
        """`why` tells what has not the key; it and `hint` are left out where they tell a part of a private value."""
        if self.read.private:
            message = f"{self.read.said} asks for a key that is not there"
            return Breach(self.read.path, message, "read a key that is there, or write this one before")
        return Breach(self.read.path, f"{self.read.said} asks for {quoted(self.key)}, which {why}", hint)


@error
def impossible_path(machine: Machine) -> Breaches:
    """A state reads a key that cannot be there: a state before wrote the value without it."""
    for absent in _absent(machine):
        if absent.read.certain and not absent.of_input:
            yield _written_without(absent)


@warning
def doubtful_path(machine: Machine) -> Breaches:
    """A read that is made only on some condition cannot succeed: a state before wrote the value without the key."""
    for absent in _absent(machine):
        if not absent.read.certain and not absent.of_input:
            yield _written_without(absent)


def _written_without(absent: _Absent) -> Breach:
    writers = sorted(absent.found.holder.writers)
    since = f"since state {quoted(writers[0])}" if len(writers) == 1 else f"since states {listed(writers)}"
    where = quoted(shown(absent.found.steps[:-1])) if absent.found.steps[1:] else "the run's state"
    holds = f"holds only {listed(absent.keys)}" if absent.keys else "is an object without keys"
    near = nearest(absent.key, absent.keys)
    hint = f"did you mean `{near}`?" if near else "read a key that is there, or write this one before"
    return absent.breach(f"{where} does not have: {since} it {holds}", hint)


@warning
def undeclared_input(machine: Machine) -> Breaches:
    """A state reads a key that neither the input schema declares nor any state before has written."""
    groups: dict[tuple[str | int, ...], list[_Absent]] = {}
    for absent in _absent(machine):
        if absent.of_input:
            groups.setdefault(absent.found.steps, []).append(absent)
    for steps, group in groups.items():
        first = next((one for one in group if not one.read.private), group[0])
        where = f" in {quoted(shown(steps[:-1]))}" if steps[1:] else ""
        others = len(group) - 1
        asking = "place asks" if others == 1 else "places ask"
        more = f" ({others} more {asking} for it)" if others else ""
        why = f"the input schema does not declare{where} and no state before writes{more}"
        yield first.breach(why, _way_out(machine, first, steps))


def _way_out(machine: Machine, absent: _Absent, steps: tuple[str | int, ...]) -> str:
    near, writers = nearest(absent.key, absent.keys), _writers(machine, steps)
    if near:
        return f"did you mean `{near}`?"
    if writers:
        return f"{listed(writers)} {'write' if writers[1:] else 'writes'} it, but on no way that leads here"
    if len(steps) == 1 and absent.key in machine.states:
        path = machine.states[absent.key].fields.get("ResultPath")
        where = f": its result is at {quoted(path)}" if isinstance(path, str) else ", which writes nothing there"
        return f"{quoted(absent.key)} is a state{where}"
    return "declare it in the input schema, or write it in a state before"


@warning
def unused_input(machine: Machine) -> Breaches:
    """The input schema requires a property that no state reads."""
    schema = machine.input_schema if isinstance(machine.input_schema, Mapping) else {}
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, Mapping) or not isinstance(required, list):
        return
    used = {definite(one.steps)[:1] for one in reads(machine)}
    if () in used or any(state.type not in STATES for state in machine.states.values()):
        return
    for name in dict.fromkeys(name for name in required if isinstance(name, str)):
        # `_tokens`, for example, is read by the service itself.
        if name in properties and (name,) not in used and not name.startswith("_"):
            hint = "read it in a state, or take it out of `required`"
            message = f"the input schema requires {quoted(name)}, which no state reads"
            yield Breach(("input_schema", "properties", name), message, hint)


def _absent(machine: Machine) -> tuple[_Absent, ...]:
    return machine.once(_find)


def _find(machine: Machine) -> tuple[_Absent, ...]:
    return tuple(_each(machine))


def _each(machine: Machine) -> Iterator[_Absent]:
    shapes = before(machine)
    asked = reads(machine)
    tested = {definite(one.steps)[:length] for one in asked if one.tests for length in range(len(one.steps) + 1)}
    anything = any(one.tests and not definite(one.steps) for one in asked)
    for one in asked:
        shape = shapes.get(one.state)
        found = missing(shape, one.steps) if shape and not one.tests and not anything else None
        if found and found.steps not in tested:
            yield _Absent(one, found)


def _writers(machine: Machine, steps: tuple[str | int, ...]) -> list[str]:
    """The states that write there, or above or below."""
    found = []
    for place in places(machine):
        if place.role is Role.WRITE and (target := definite(read(place.value).steps)):
            shorter = min(len(target), len(steps))
            if target[:shorter] == steps[:shorter] and len(target) <= len(steps):
                found.append(place.state.name)
    return list(dict.fromkeys(found))


RULES: tuple[Rule, ...] = (impossible_path, doubtful_path, undeclared_input, unused_input)
