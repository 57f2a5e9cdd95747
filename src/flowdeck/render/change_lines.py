"""What one step changes in its flow, as lines that every face shows: fields, states, inputs, roles."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from flowdeck.definition import compared
from flowdeck.definition.graph import Graph, difference, graph
from flowdeck.model.change import RoleChange
from flowdeck.model.flow import redacted
from flowdeck.model.json_value import EMPTY_OBJECT, Json
from flowdeck.model.path import path_of, path_text
from flowdeck.model.reference import replace_late
from flowdeck.model.step import Adopt, Create, Delete, Replace, Step, Update
from flowdeck.render.definition_lines import changed_states, new_states, old_states
from flowdeck.render.escape import plain
from flowdeck.render.lines import Line, Sign
from flowdeck.render.names import Names, granted_by, principal
from flowdeck.render.schema_lines import changed_inputs, new_inputs
from flowdeck.render.sides import Change, Detail, changed, noted
from flowdeck.render.values import Side, named, shown, text_of

_IN_DOCUMENTS = {"definition": changed_states, "input_schema": changed_inputs}
_NEW_DOCUMENTS = {"definition": new_states, "input_schema": new_inputs}

Sides = tuple[Json, Json]


def step_lines(step: Step, names: Names, detail: Detail) -> Iterator[Line]:
    """What the step changes, from what is live to what is declared."""
    changes = [Change.of(field) for field in step.difference.fields]
    match step:
        case Create():
            yield from _new_fields(step, changes, detail)
        case Delete():
            yield old_states(opened(step, "definition")[0])
            yield from _lost(step, names, detail)
            return
        case _:
            documents = {field: opened(step, field) for field in _IN_DOCUMENTS}
            yield from _fields(changes, documents, names, detail)
    for role in step.difference.roles:
        yield from _role(role, names, tells_origin=isinstance(step, Update | Adopt | Replace))


def _lost(step: Delete, names: Names, detail: Detail) -> Iterator[Line]:
    """Who had a role on a flow that goes; where there is little room, in one line and without ids."""
    if detail.lists:
        for role in step.difference.roles:
            yield from _role(role, names, tells_origin=False)
        return
    roles: dict[str, list[str]] = {}
    for change in step.difference.roles:
        for urn in change.removed:
            roles.setdefault(urn, []).append(change.role.replace("_", " "))
    said = [f"{named(names[urn]) if urn in names else plain(urn)} ({', '.join(held)})" for urn, held in roles.items()]
    if said:
        yield Line(Sign.REMOVED, ", ".join(said), "access")


def drift_lines(step: Step, names: Names, detail: Detail) -> Iterator[Line]:
    """The same the other way round: from what was applied to what somebody made of it."""
    changes = [Change.of(field).backwards() for field in step.difference.fields]
    documents = {field: opened(step, field)[::-1] for field in _IN_DOCUMENTS}
    yield from _fields(changes, documents, names, detail)
    for role in step.difference.roles:
        yield from _role(replace(role, added=role.removed, removed=role.added, grants=()), names, tells_origin=True)


def opened(step: Step, field: str) -> Sides:
    """A document before and after a step, as it may be shown; `{}` where there is none."""
    before, after = _sides(step, field)
    return _open(before, after), _open(after, before)


def _sides(step: Step, field: str) -> Sides:
    live = None if isinstance(step, Create) else step.live.flow
    wanted = step.wanted.flow if isinstance(step, Create | Update | Adopt | Replace) else None
    before, after = (compared(flow, field) if flow else EMPTY_OBJECT for flow in (live, wanted))
    return before, after


def redrawn(step: Step) -> Graph | None:
    """The states of a new flow, or what changes in those of a live one; None where nothing does."""
    if not any(path_of(change.path)[0] == "definition" for change in step.difference.fields):
        return None
    before, after = _sides(step, "definition")
    return graph(after) if isinstance(step, Create) else difference(before, after)


def _open(document: Json, other: Json) -> Json:
    return replace_late(redacted(document, other), lambda name: f"${{{name}}}")


def _new_fields(step: Create, changes: Iterable[Change], detail: Detail) -> Iterator[Line]:
    """The fields of a flow that does not exist yet; of a document, what it is made of."""
    for change in changes:
        field = str(change.path[0])
        if field in _NEW_DOCUMENTS:
            late = "with references (known after apply)" if isinstance(change.becomes, str) else ""
            first, *rest = _NEW_DOCUMENTS[field](opened(step, field)[1], detail)
            yield replace(first, note=late)
            yield from rest
        else:
            yield Line(Sign.NONE, shown(change.becomes, detail.longest), field)


def _fields(changes: Iterable[Change], documents: dict[str, Sides], names: Names, detail: Detail) -> Iterator[Line]:
    for field, grouped in groupby(changes, lambda change: str(change.path[0])):
        group = [*grouped]
        note = noted(group[0].origin)
        if field in documents:
            yield Line(Sign.NONE, label=field, note=note)
            yield from _IN_DOCUMENTS[field]([change.below(1) for change in group], *documents[field], detail)
        elif field == "keywords":
            yield from _keywords(group[0], note)
        else:
            for change in group:
                said = replace(change, was=_owner(change.was, names), becomes=_owner(change.becomes, names))
                yield from changed(said if field == "owner" else change, path_text(change.path), detail, note=note)


def _keywords(change: Change, note: str) -> Iterator[Line]:
    was, becomes = ({*side.value} if isinstance(side, Json) else set() for side in (change.was, change.becomes))
    come = [(Sign.ADDED, shown(Json.of(one))) for one in sorted(becomes - was)]
    gone = [(Sign.REMOVED, shown(Json.of(one))) for one in sorted(was - becomes)]
    yield from _listed("keywords", [Line(sign, text, is_entry=True) for sign, text in (*come, *gone)], note)


def _owner(value: Side, names: Names) -> Side:
    owner = text_of(value)
    return principal(owner, names) if owner else value


def _role(change: RoleChange, names: Names, *, tells_origin: bool) -> Iterator[Line]:
    by = {grant.principal: grant for grant in change.grants}
    come = [
        Line(Sign.ADDED, principal(one, names), note=granted_by(by.get(one)), is_entry=True) for one in change.added
    ]
    gone = [Line(Sign.REMOVED, principal(one, names), is_entry=True) for one in change.removed]
    yield from _listed(change.role, [*come, *gone], noted(change.origin) if tells_origin else "")


def _listed(label: str, entries: list[Line], note: str) -> Iterator[Line]:
    """One entry beside its label, several below it."""
    if len(entries) == 1:
        notes = (entries[0].note, note)
        yield replace(entries[0], label=label, note="  ".join(one for one in notes if one), is_entry=False)
        return
    yield Line(Sign.NONE, label=label, note=note)
    yield from (replace(entry, depth=1) for entry in entries)
