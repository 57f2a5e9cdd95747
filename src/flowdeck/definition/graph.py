"""A definition as a graph of states and the ways between them, and two definitions as one graph that marks changes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from flowdeck.definition.layout import in_reading_order
from flowdeck.definition.machine import Machine, State, Way
from flowdeck.definition.states import compare_states, states_of
from flowdeck.definition.words import does, taken
from flowdeck.model.flow import redacted
from flowdeck.model.json_value import Json
from flowdeck.model.reference import replace_late

_UNCONDITIONAL = (Way.NEXT, Way.DEFAULT, Way.CHOICE)
# What only says where a state leads to; `Next` also within choices and catches.
_LEADING = ("Next", "Default", "End")
_BRANCHES = ("Choices", "Catch")
_REWIRED = "leads elsewhere"
# What a node says of itself is made of these, so that it need not say that they changed.
_TOLD = frozenset(
    ("Type", "ActionUrl", "Handler", "Seconds", "SecondsPath", "Timestamp", "TimestampPath", "Error", "ErrorPath")
)
_FEW = 4


class Mark(StrEnum):
    """What became of a state or of an arrow; a rewired state differs only in where it leads to."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    REWIRED = "rewired"


@dataclass(frozen=True, slots=True)
class Node:
    """A state: what it does in a few words, and what there is to know of it.

    Where `exists` is false something leads to a state that there is not. `type` may be any text, or none.
    """

    name: str
    type: str = ""
    does: str = ""
    notes: tuple[str, ...] = ()
    exists: bool = True
    mark: Mark = Mark.SAME


@dataclass(frozen=True, slots=True)
class Arrow:
    """A way between two states. The source None is the start of a run, the target None its end (`End: true`)."""

    source: str | None
    target: str | None
    way: Way
    label: str = ""
    mark: Mark = Mark.SAME


@dataclass(frozen=True, slots=True)
class Graph:
    """States in the order in which a run can reach them, and arrows in the order of their sources.

    Parameters are not in it, and private values are nowhere in it.
    """

    nodes: tuple[Node, ...] = ()
    arrows: tuple[Arrow, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether anything in it is marked."""
        marks = {*(node.mark for node in self.nodes), *(arrow.mark for arrow in self.arrows)}
        return marks - {Mark.SAME} != set()


def graph(definition: Json) -> Graph:
    """The graph of a definition, of which as much is drawn as can be read; any JSON will do."""
    return _graph(_machine(redacted(definition)))


def can_be_drawn(definition: Json) -> bool:
    """Whether there is an object of states at all."""
    value = definition.value
    return isinstance(value, Mapping) and isinstance(value.get("States"), Mapping)


def difference(before: Json, after: Json) -> Graph:
    """Two definitions in one graph; `{}` stands for one that there is not, or not any more."""
    old, new = _graph(_machine(redacted(before, after))), _graph(_machine(redacted(after, before)))
    was, becomes = ({node.name: node for node in one.nodes} for one in (old, new))
    changes = _changes(before.value, after.value)
    nodes = [_merged(was.get(name), becomes.get(name), changes.get(name)) for name in _woven(list(was), list(becomes))]
    places = {node.name: place for place, node in enumerate(nodes)}
    arrows = sorted(
        _marked(old.arrows, new.arrows), key=lambda arrow: -1 if arrow.source is None else places[arrow.source]
    )
    return Graph(tuple(nodes), tuple(arrows))


def _machine(definition: Json) -> Machine:
    value = in_reading_order(replace_late(definition, lambda name: f"${{{name}}}").value)
    readable = value if isinstance(value, Mapping) else {}
    return Machine.of(readable if isinstance(readable.get("States"), Mapping) else {**readable, "States": {}})


def _graph(machine: Machine) -> Graph:
    named: Mapping[str, Any] = machine.definition["States"]
    arrows = tuple(_arrows(machine))
    leading = {arrow.source for arrow in arrows if arrow.way in _UNCONDITIONAL}
    starts = any(arrow.source is None and arrow.target in machine.states for arrow in arrows)
    nodes = []
    for name in named:
        if name not in machine.states:
            nodes.append(Node(name, notes=("not an object",)))
            continue
        state = machine.states[name]
        notes = ["leads nowhere"] if name not in leading and state.type != "Fail" else []
        notes += ["never reached"] if starts and name not in machine.reachable else []
        nodes.append(Node(name, state.type, does(state), tuple(notes)))
    missing = dict.fromkeys(arrow.target for arrow in arrows if arrow.target is not None and arrow.target not in named)
    nodes += [Node(name, notes=("no such state",), exists=False) for name in missing]
    return Graph(tuple(nodes), arrows)


def _arrows(machine: Machine) -> Iterator[Arrow]:
    """Every edge of the machine and every end, in the order of the states."""
    by_source: dict[str | None, list[Arrow]] = {None: [], **{name: [] for name in machine.states}}
    for edge in machine.edges:
        label = taken(edge, machine.states[edge.source]) if edge.source is not None else ""
        by_source[edge.source].append(Arrow(edge.source, edge.target, edge.way, label))
    for name, state in machine.states.items():
        if _ends(state):
            by_source[name].append(Arrow(name, None, Way.NEXT))
    for arrows in by_source.values():
        yield from arrows


def _ends(state: State) -> bool:
    return state.fields.get("End") is True


def _merged(was: Node | None, becomes: Node | None, change: "_Change | None") -> Node:
    """One node for both versions; `change` is None unless both hold the state, and it is not the same."""
    if was is None or becomes is None:
        node = was or becomes
        assert node is not None
        mark = Mark.REMOVED if becomes is None else Mark.ADDED
        # What was odd about a state that goes does not matter any more.
        return replace(node, mark=mark, notes=node.notes if becomes or not node.exists else ())
    if was.exists != becomes.exists:
        return replace(becomes, mark=Mark.ADDED if becomes.exists else Mark.REMOVED)
    if change is None:
        return becomes
    sides = ((was.type, becomes.type), (was.does, becomes.does))
    former = [f"was {old or 'nothing'}" for old, new in sides if old != new]
    keys = [key for key in change.keys if not (former and key in _TOLD)]
    more = (f"{len(keys) - _FEW} more",) if len(keys) > _FEW else ()
    said = [f"changes {', '.join((*keys[:_FEW], *more))}"] if keys else []
    rewired = [_REWIRED] if change.rewired else []
    mark = Mark.CHANGED if change.keys else Mark.REWIRED
    return replace(becomes, notes=(*former, *said, *rewired, *becomes.notes), mark=mark)


@dataclass(frozen=True, slots=True)
class _Change:
    """What differs in a state that both versions hold: keys, never values, and whether it leads elsewhere."""

    keys: tuple[str, ...]
    rewired: bool


def _changes(before: object, after: object) -> dict[str, _Change]:
    states, old, new = compare_states(before, after), states_of(before), states_of(after)
    rewired = {one.state for one in states.rewired}
    keys = {name: _differing(_content(old[name]), _content(new[name])) for name in states.changed}
    return {name: _Change(keys[name], name in rewired or not keys[name]) for name in states.changed}


def _content(state: object) -> dict[str, Any]:
    """A state without where it leads to; one that is no object has no keys, and is all content."""
    if not isinstance(state, dict):
        return {"it all": state}
    return {key: _unaimed(value) if key in _BRANCHES else value for key, value in state.items() if key not in _LEADING}


def _unaimed(value: object) -> object:
    if not isinstance(value, list):
        return value
    return [{key: one[key] for key in one if key != "Next"} if isinstance(one, dict) else one for one in value]


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys with another value, or on one side only."""
    absent = object()
    return tuple(
        key
        for key in sorted(old.keys() | new.keys())
        if (one := old.get(key, absent)) is absent
        or (other := new.get(key, absent)) is absent
        or Json.of(one) != Json.of(other)
    )


def _woven(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """The new names in their order; each that is gone follows the one that it followed."""
    kept, after = set(new), dict[str | None, list[str]]()
    last: str | None = None
    for name in old:
        if name in kept:
            last = name
        else:
            after.setdefault(last, []).append(name)
    yield from after.get(None, ())
    for name in new:
        yield name
        yield from after.get(name, ())


def _marked(old: Iterable[Arrow], new: Iterable[Arrow]) -> Iterator[Arrow]:
    """The arrows of both versions: those that stay or come in their order, then those that go."""
    left = Counter(old)
    for arrow in new:
        if left[arrow]:
            left[arrow] -= 1
            yield arrow
        else:
            yield replace(arrow, mark=Mark.ADDED)
    for arrow in left.elements():
        yield replace(arrow, mark=Mark.REMOVED)
