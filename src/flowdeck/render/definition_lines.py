"""What changes in a definition: a line a state, below it its fields, and in words where it leads to."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from flowdeck.definition import in_reading_order
from flowdeck.definition.graph import Arrow, Mark, Node, difference, graph
from flowdeck.definition.machine import Way
from flowdeck.model.json_value import Json
from flowdeck.model.path import Path, path_text
from flowdeck.render.escape import plain
from flowdeck.render.lines import Line, Sign
from flowdeck.render.sides import Change, Detail, changed
from flowdeck.render.values import Side, count, cut, few, named, shown, text_of

_STATES = "States"
_STATE = 2  # steps to a state: `States.Copy`
# What a label of a way says of a rule, beside its one comparison; and what is made of rules.
_SAID = frozenset(("Variable", "Next"))
_NESTED = frozenset(("And", "Or", "Not"))
_SCHEME = "https://"
_FEW = 3
_SOME = 12
_DEEPEST = 4

Ways = dict[str, list[Arrow]]


def changed_states(changes: Iterable[Change], before: Json, after: Json, detail: Detail) -> Iterator[Line]:
    """What changes between two definitions; `changes` have paths such as `States.Copy.WaitTime`."""
    by_state: dict[str, list[Change]] = {}
    for change in changes:
        if change.path[0] == _STATES and len(change.path) >= _STATE:
            by_state.setdefault(str(change.path[1]), []).append(change.below(_STATE))
        else:
            yield from changed(change, path_text(change.path), detail, depth=1)
    if not by_state:
        return
    drawn = difference(before, after)
    ways = _by_source(drawn.arrows)
    states = _contents(after)
    for node in drawn.nodes:
        if told := by_state.pop(node.name, None):
            yield from _state(node, told, ways.get(node.name, []), states.get(node.name), detail)
    for name, left in by_state.items():  # where there are no states to draw
        for change in left:
            yield from changed(change, path_text((_STATES, name, *change.path)), detail, depth=1)


def new_states(definition: Json, detail: Detail) -> Iterator[Line]:
    """The states of a definition that has no other side: how many, and which."""
    drawn = graph(definition)
    ways, states = _by_source(drawn.arrows), _contents(definition)
    nodes = [node for node in drawn.nodes if node.exists]
    if not detail.lists:
        yield Line(Sign.NONE, _listed(nodes), "definition")
        return
    yield Line(Sign.NONE, count(len(nodes), "state"), "definition")
    for node in nodes:
        leading = ways.get(node.name, [])
        yield _entry(Sign.ADDED, node, _leads(leading))
        yield from _content(states.get(node.name), node, leading, detail)


def old_states(definition: Json) -> Line:
    """The states of a definition that goes."""
    return Line(Sign.REMOVED, _listed([node for node in graph(definition).nodes if node.exists]), "definition")


def _listed(nodes: list[Node]) -> str:
    names = few([named(node.name) for node in nodes], _SOME)
    return f"{count(len(nodes), 'state')}{f': {names}' if nodes else ''}"


def _by_source(arrows: Iterable[Arrow]) -> Ways:
    ways: Ways = {}
    for arrow in arrows:
        if arrow.source is not None:
            ways.setdefault(arrow.source, []).append(arrow)
    return ways


def _contents(definition: Json) -> dict[str, Any]:
    value = in_reading_order(definition.value)
    states = value.get(_STATES) if isinstance(value, dict) else None
    return states if isinstance(states, dict) else {}


def _state(node: Node, changes: list[Change], ways: list[Arrow], content: Any, detail: Detail) -> Iterator[Line]:
    match node.mark:
        case Mark.ADDED:
            yield _entry(Sign.ADDED, node, _leads(ways))
            yield from _content(content, node, ways, detail)
        case Mark.REMOVED:
            yield _entry(Sign.REMOVED, node)
        case _:
            yield Line(Sign.CHANGED, f"{named(node.name)}  {_kind(node)}".rstrip(), depth=1, is_entry=True)
            come, gone = _moved(ways)
            if come or gone:
                yield Line(Sign.CHANGED, _rewired(come, gone, ways), depth=2)
            for change in changes:
                if not _is_told(change, come, gone):
                    yield from changed(change, path_text(change.path) or "all of it", detail, depth=2)


def _entry(sign: Sign, node: Node, leads: str = "") -> Line:
    about = " ".join(part for part in (_kind(node), plain(node.does)) if part)
    return Line(sign, "  ".join(part for part in (named(node.name), about + leads) if part), depth=1, is_entry=True)


def _kind(node: Node) -> str:
    return named(node.type) if node.type else ""


# --- where a state leads to


def _leads(ways: Iterable[Arrow]) -> str:
    targets = [_target(arrow) for arrow in ways]
    return f", then {few(targets, _FEW)}" if targets else ""


def _target(arrow: Arrow) -> str:
    name = "end" if arrow.target is None else named(arrow.target)
    return f"{name} ({cut(plain(arrow.label))})" if arrow.label else name


def _moved(ways: Iterable[Arrow]) -> tuple[list[Arrow], list[Arrow]]:
    """The ways that come and those that go; one whose condition alone is another is neither."""
    sides = {mark: [arrow for arrow in ways if arrow.mark is mark] for mark in (Mark.ADDED, Mark.REMOVED)}
    counts = {mark: Counter(arrow.target for arrow in arrows) for mark, arrows in sides.items()}
    same = counts[Mark.ADDED] & counts[Mark.REMOVED]
    return _but(sides[Mark.ADDED], same), _but(sides[Mark.REMOVED], same)


def _but(arrows: list[Arrow], same: Counter[str | None]) -> list[Arrow]:
    left, moved = Counter(same), []
    for arrow in arrows:
        if left[arrow.target]:
            left[arrow.target] -= 1
        else:
            moved.append(arrow)
    return moved


def _rewired(come: list[Arrow], gone: list[Arrow], ways: list[Arrow]) -> str:
    new, old = (few([_target(arrow) for arrow in arrows], _FEW) for arrows in (come, gone))
    if not gone:
        also = "also " if any(arrow.mark is not Mark.ADDED for arrow in ways) else ""
        return f"now {also}leads to {new}"
    return f"now leads to {new}, no longer to {old}" if come else f"no longer leads to {old}"


def _is_told(change: Change, come: list[Arrow], gone: list[Arrow]) -> bool:
    """Whether the line about the ways says all of a change; of many ways, it says only the first."""
    if max(len(come), len(gone)) > _FEW or change.sensitive:
        return False
    match change.path:
        case ("Next" | "Default",) | ("Choices" | "Catch", int(), "Next"):
            return _leads_there(change.was, gone) and _leads_there(change.becomes, come)
        case ("End",):
            return _ends(change.was, gone) and _ends(change.becomes, come)
        case ("Catch",):
            return (
                change.sign is Sign.ADDED
                and isinstance(change.becomes, Json)
                and _is_clear(change.becomes.value, come, Way.CATCH)
            )
        case _:
            return False


def _leads_there(value: Side, ways: list[Arrow]) -> bool:
    return value is None or text_of(value) in {arrow.target for arrow in ways} - {None}


def _ends(value: Side, ways: list[Arrow]) -> bool:
    return value is None or (value == Json.of(True) and any(arrow.target is None for arrow in ways))


def _is_clear(entries: Any, ways: list[Arrow], kind: Way) -> bool:
    """Whether the labels of the ways say everything of the rules of a choice, or of what is caught."""
    labels = [arrow.label for arrow in ways if arrow.way is kind]
    if not isinstance(entries, list) or not len(entries) == len(labels) > 0 or len(ways) > _FEW:
        return False
    plain_rules = (
        isinstance(one, dict) and len(one.keys() - _SAID) == 1 and not one.keys() & _NESTED for one in entries
    )
    return all(plain_rules) and not any(mark in label for label in labels for mark in "…?")


# --- what a state that comes holds


def _content(state: Any, node: Node, ways: list[Arrow], detail: Detail) -> Iterator[Line]:
    """Its fields but for those that its own line says, each value by its path."""
    if not isinstance(state, dict):
        return
    left = {key: value for key, value in state.items() if not _is_said(key, value, node, ways)}
    values = _values(left, ()) if left else iter(())
    for path, value in islice(values, detail.fields):
        yield Line(Sign.ADDED, shown(Json.of(value), detail.longest), plain(path_text(path)), depth=2)
    if more := sum(1 for _ in values):
        yield Line(Sign.NONE, f"... ({count(more, 'more value')})", depth=2)


def _is_said(key: str, value: Any, node: Node, ways: list[Arrow]) -> bool:
    match key:
        case "ActionUrl":
            return bool(value == _SCHEME + node.does)
        case "Error":
            return bool(value == node.does)
        case "ResultPath":
            return node.does == f"sets {value}"
        case "Seconds":
            return node.type == "Wait" and isinstance(value, int)
        case "End":
            return value is True
        case "Choices":
            return _is_clear(value, ways, Way.CHOICE)
        case "Catch":
            return _is_clear(value, ways, Way.CATCH)
        case _:
            return isinstance(value, str) and (key in ("Type", "Next") or (key == "Default" and len(ways) <= _FEW))


def _values(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """The single values of a document; a list of those, and what is deep, are one."""
    if isinstance(value, dict) and value and len(path) < _DEEPEST:
        for key, item in value.items():
            yield from _values(item, (*path, key))
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value) and len(path) < _DEEPEST:
        for index, item in enumerate(value):
            yield from _values(item, (*path, index))
    else:
        yield path, value
