"""What the run's state may look like before each state of a definition, over all ways that a run can take."""

from collections.abc import Mapping
from typing import Any

from flowdeck.definition.machine import Edge, Machine, State, Way
from flowdeck.definition.values.jsonpath import Steps, read
from flowdeck.definition.values.parameters import EXPRESSION, PRIVATE, REFERENCE, bare, has
from flowdeck.definition.values.reads import moved
from flowdeck.definition.values.shapes import (
    ANYTHING,
    OPEN,
    Fields,
    Items,
    Shape,
    constant,
    copied,
    declared,
    either,
    part,
    written,
)

# What the service always has there, and nobody can overwrite (its documentation of the run context).
CONTEXT = "_context"
# States that write nothing, and those of which the result may be anything.
_UNTOUCHED = ("Choice", "Wait", "Fail")
_UNKNOWN = ("Action", "CreateWebInput", "AwaitWebInput")
# After so many changes before one state, its data may be anything; so may what is written deeper than so many names.
_PATIENCE = 8
_LONGEST = 16


def before(machine: Machine) -> Mapping[str, Shape]:
    """The shape of the run's state before each state that a run can come to."""
    return machine.once(_before)


def _before(machine: Machine) -> Mapping[str, Shape]:
    leaving: dict[str, list[Edge]] = {name: [] for name in machine.states}
    coming: dict[str, Shape] = {}
    for edge in machine.edges:
        if edge.target in machine.states:
            if edge.source is None:
                coming[edge.target] = _rooted(declared(machine.input_schema))
            else:
                leaving[edge.source].append(edge)
    order = _order(machine, coming)
    found: dict[str, Shape] = {}
    changes = dict.fromkeys(machine.states, 0)
    while coming:
        name = min(coming, key=order.__getitem__)
        shape = coming.pop(name)
        old = found.get(name)
        shape = either(old, shape) if old else shape
        if shape == old or changes[name] > _PATIENCE:
            continue
        changes[name] += 1
        found[name] = shape if changes[name] <= _PATIENCE else OPEN
        for edge in leaving[name]:
            left = _after(machine.states[name], found[name], edge)
            coming[edge.target] = either(coming[edge.target], left) if edge.target in coming else left
    return found


def _order(machine: Machine, starts: Mapping[str, Any]) -> Mapping[str, int]:
    """A number for each state, so that where there is no loop a state comes after all that lead to it."""
    entered: set[str] = set()
    done: list[str] = []
    pending = [(name, False) for name in starts]
    while pending:
        name, leaves = pending.pop()
        if leaves:
            done.append(name)
        elif name not in entered:
            entered.add(name)
            pending.append((name, True))
            pending += [(target, False) for target in machine.following[name]]
    return {name: index for index, name in enumerate(reversed(done))}


def _after(state: State, shape: Shape, edge: Edge) -> Shape:
    """The run's state after a state, on one of its ways."""
    if edge.way is Way.CATCH:
        # The result of a state that failed is not written, its error is: anything.
        catcher = state.fields["Catch"][edge.path[-2]]
        return _put(shape, catcher.get("ResultPath", "$"), ANYTHING, state.name)
    if state.type in _UNTOUCHED:
        return shape
    path = state.fields.get("ResultPath", "$")
    if state.type in ("Pass", "ExpressionEval"):
        return _put(shape, path, _result(state, shape, whole=path == "$"), state.name)
    return _put(shape, path, ANYTHING, state.name) if state.type in _UNKNOWN else OPEN


def _put(shape: Shape, path: Any, value: Shape, writer: str) -> Shape:
    """The run's state after a value was written where a ResultPath says."""
    if not isinstance(path, str):
        return OPEN
    steps = read(path).steps
    if steps[:1] == (CONTEXT,):
        return shape
    names = _names(steps)
    return _rooted(written(shape, names, value if len(names) == len(steps) else ANYTHING, writer))


def _names(steps: Steps) -> tuple[str, ...]:
    """The steps before the first that is no name; where the rest leads, anything may be after a write."""
    found: list[str] = []
    for step in steps[:_LONGEST]:
        if not isinstance(step, str):
            break
        found.append(step)
    return tuple(found)


def _rooted(shape: Shape) -> Shape:
    """The same as a whole run's state, in which there is always the context."""
    if not isinstance(shape, Fields):
        return OPEN
    return shape if shape.open else Fields({**shape.keys, CONTEXT: ANYTHING}, open=False, writers=shape.writers)


def _result(state: State, shape: Shape, *, whole: bool) -> Shape:
    """What a Pass or ExpressionEval state writes; `whole`: as the whole run's state."""
    if "Result" in state.fields and state.type == "Pass":
        # Whether an empty one, or one beside Parameters, counts is not known.
        result = state.fields["Result"]
        return constant(result, state.name) if result and "Parameters" not in state.fields else ANYTHING
    if "Parameters" in state.fields:
        if moved(state):
            return ANYTHING
        given = _given(state.fields["Parameters"], state.name, shape)
        # The keys of parameters that become the whole state are taken for some of many, lest an error be false.
        return Fields(given.keys, open=True) if whole and isinstance(given, Fields) else given
    path = state.fields.get("InputPath", "$") if has(state, "InputPath") else "$"
    if not isinstance(path, str):
        return ANYTHING
    return shape if whole and path == "$" else copied(part(shape, read(path).steps))


def _given(value: Any, writer: str, shape: Shape) -> Shape:
    """The shape of evaluated parameters."""
    match value:
        case Mapping():
            keys: dict[str, Shape] = {}
            for key, inner in value.items():
                name = key if key == PRIVATE else bare(key)
                given = _parameter(key, inner, writer, shape)
                keys[name] = either(keys[name], given) if name in keys else given
            return Fields(keys, any("\x00{" in key for key in keys), frozenset((writer,)))
        case [first, *rest]:
            item = _given(first, writer, shape)
            for other in rest:
                item = either(item, _given(other, writer, shape))
            return Items(item)
        case _:
            return ANYTHING


def _parameter(key: str, value: Any, writer: str, shape: Shape) -> Shape:
    if key.endswith(REFERENCE):
        return copied(part(shape, read(value).steps)) if isinstance(value, str) else ANYTHING
    return ANYTHING if key.endswith(EXPRESSION) else _given(value, writer, shape)
