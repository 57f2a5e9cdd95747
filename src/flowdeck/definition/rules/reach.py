"""Rules about what a run can reach: states that it cannot come to, and states from which it cannot come to an end."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from flowdeck.definition.grammar import STATES
from flowdeck.definition.machine import Edge, Machine, State
from flowdeck.definition.names import listed, quoted
from flowdeck.definition.parts import Part
from flowdeck.definition.rules.rule import Breach, Breaches, Rule, warning

Graph = Mapping[str, Sequence[str]]

_WAYS = frozenset(("Next", "End", "Default", "Choices", "Catch"))


@warning
def unreachable_state(machine: Machine) -> Breaches:
    """No way from `StartAt` leads to the state."""
    reached, unsure = machine.reachable, machine.once(_unsure)
    # A way that is missing or wrong, which another rule tells, may be the one that should lead here.
    if not reached or reached & unsure:
        return
    before = {target: name for name in machine.states if name not in reached for target in machine.following[name]}
    for name, state in machine.states.items():
        if name not in reached:
            hint = "name it in a `Next`, in `Default`, in a choice or in a catch, or remove it"
            if (source := before.get(name, name)) != name:
                hint = f"only {quoted(source)} leads to it, to which no run comes either"
            yield Breach(state.path, f"no run comes to state {quoted(name)}", hint)


@warning
def no_way_out(machine: Machine) -> Breaches:
    """A run that comes to the state goes round without an end, until somebody cancels it or a year is over."""
    unsure = machine.once(_unsure)
    ends = {name for name, state in machine.states.items() if name in unsure or _may_end(state)}
    stuck = machine.reachable - _leading_to(machine.following, ends)
    if not stuck:
        return
    starts = [edge.target for edge in machine.edges if edge.source is None]
    order = {name: index for index, name in enumerate(_walk(machine.following, starts, machine.reachable))}
    found = _final_loops(machine.following, [name for name in order if name in stuck])
    for loop in sorted((sorted(one, key=order.__getitem__) for one in found), key=lambda one: order[one[0]]):
        path, names = machine.states[loop[0]].path, listed(loop, most=8)
        if not ends:
            message = f"no state of the definition ends a run, which goes round {names}"
            yield Breach(path, message, "give the last state `End: true`")
            return
        message = f"a run goes round {names} and comes to no end"
        if len(loop) == 1:
            message = f"state {names} leads to nothing but itself"
        yield Breach(path, message, "lead out of it with a Choice, or end the run in it with `End: true`")


def _may_end(state: State) -> bool:
    """Whether a run may end in the state; in a Choice it may, with an error, where no rule holds."""
    if state.type == "Choice":
        return "Default" not in state.fields
    return state.type == "Fail" or state.type not in STATES or state.fields.get("End") is True


def _unsure(machine: Machine) -> frozenset[str]:
    """The states of which a way is wrong or missing, so that it is not known where they lead."""
    ways: dict[str, list[Edge]] = {name: [] for name in machine.states}
    for edge in machine.edges:
        if edge.source is not None:
            ways[edge.source].append(edge)
    return frozenset(
        name
        for name, state in machine.states.items()
        if any(edge.target not in machine.states for edge in ways[name]) or not _sure(state, bool(ways[name]))
    )


def _sure(state: State, leads_on: bool) -> bool:
    """Whether all ways of the state can be read; `leads_on` where there is one."""
    fields = state.fields
    shape = STATES.get(state.type)
    if shape is None:
        return leads_on or fields.get("End") is True
    part = Part(shape, state.path, fields)
    if any(part.meant(key) in _WAYS for key in part.strangers()):
        return False
    for key in ("Choices", "Catch"):
        if key in fields:
            entries = fields[key]
            named = [entry.get("Next") for _, entry in state.entries(key)]
            if not isinstance(entries, list) or len(named) < len(entries) or not all(isinstance(x, str) for x in named):
                return False
    if not isinstance(fields.get("Default", ""), str):
        return False
    if state.type == "Choice":
        return "Choices" in fields
    return state.type == "Fail" or isinstance(fields.get("Next"), str) or fields.get("End") is True


def _leading_to(graph: Graph, ends: Iterable[str]) -> frozenset[str]:
    """These nodes and all from which one of them can be reached."""
    back: dict[str, list[str]] = {name: [] for name in graph}
    for name, targets in graph.items():
        for target in targets:
            back[target].append(name)
    return frozenset(_walk(back, ends, back))


def _walk(graph: Graph, starts: Iterable[str], within: Container[str]) -> Iterator[str]:
    """The nodes that are reached, inside `within`, in the order of a run that takes each first way first."""
    seen: set[str] = set()
    pending = list(starts)[::-1]
    while pending:
        name = pending.pop()
        if name not in seen and name in within:
            seen.add(name)
            yield name
            pending += graph[name][::-1]


def _final_loops(graph: Graph, names: Sequence[str]) -> Iterator[set[str]]:
    """The sets of nodes that lead to each other and nowhere else, among names that lead only to each other.

    Kosaraju's algorithm, without recursion, since a definition may be one long chain.
    """
    back: dict[str, list[str]] = {name: [] for name in names}
    for name in names:
        for target in graph[name]:
            back[target].append(name)
    remaining = set(names)
    for name in reversed(list(_left(back, names))):
        if name in remaining:
            loop = set(_walk(graph, [name], remaining))
            remaining -= loop
            if all(target in loop for member in loop for target in graph[member]):
                yield loop


def _left(graph: Graph, starts: Iterable[str]) -> Iterator[str]:
    """The nodes that are reached, in the order in which a walk leaves them for good."""
    seen: set[str] = set()
    pending = [(name, False) for name in starts]
    while pending:
        name, leaving = pending.pop()
        if leaving:
            yield name
        elif name not in seen:
            seen.add(name)
            pending.append((name, True))
            pending += [(target, False) for target in graph[name]]


RULES: tuple[Rule, ...] = (unreachable_state, no_way_out)
