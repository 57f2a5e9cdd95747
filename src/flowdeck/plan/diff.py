"""What differs between two sides of a flow, field by field and path by path; the only home of deepdiff."""

from collections.abc import Callable, Iterator
from typing import Any

from flowdeck.definition import (
    compare_states,
    compared,
    field_digests,
    outside,
    published,
)
from flowdeck.model.change import Difference, FieldChange, NamesChange, Origin, RoleChange
from flowdeck.model.flow import (
    FIELDS,
    ROLES,
    Flow,
    Role,
    WantedFlow,
    private_parameters,
    redacted,
)
from flowdeck.model.json_value import Json
from flowdeck.model.live import LiveFlow
from flowdeck.model.marker import PROTECT
from flowdeck.model.path import path_text
from flowdeck.model.reference import has_late

_DOCUMENTS = ("definition", "input_schema")
_ABSENT = object()


def of_create(wanted: Flow) -> Difference:
    """A flow that does not exist yet: every field that is not empty appears."""
    fields = (field for field in FIELDS if field not in ROLES and not wanted.normal(field).is_empty)
    return Difference(
        fields=tuple(
            FieldChange(field, None, published(wanted, field), Origin.MANIFEST, unknown=has_late(wanted.normal(field)))
            for field in fields
        ),
        roles=tuple(
            RoleChange(role, tuple(sorted(wanted.role(role))), (), Origin.MANIFEST)
            for role in ROLES
            if wanted.role(role)
        ),
        scopes=NamesChange(added=_scopes(wanted)),
        states=compare_states({}, wanted.definition.value),
    )


def of_delete(live: Flow) -> Difference:
    """A flow that goes: whoever had a role loses it."""
    return Difference(
        roles=tuple(
            RoleChange(role, (), tuple(sorted(live.role(role))), Origin.MANIFEST) for role in ROLES if live.role(role)
        ),
        scopes=NamesChange(removed=_scopes(live)),
        states=compare_states(live.definition.value, {}),
    )


def of_update(wanted: WantedFlow, live: LiveFlow, fields: tuple[str, ...]) -> Difference:
    """The named fields, with the origin of each difference, and whether protection is set or lifted."""
    before, after = live.flow, wanted.flow
    origins = {field: _origin(field, wanted, live) for field in fields}
    changes = [
        change for field in fields if field not in ROLES for change in _field(field, before, after, origins[field])
    ]
    if wanted.protect != live.keywords.protected:
        changes.append(
            FieldChange(
                PROTECT, Json.of(live.keywords.protected), Json.of(wanted.protect), _origin(PROTECT, wanted, live)
            )
        )
    redefined = "definition" in fields
    sides = [compared(flow, "definition").value for flow in (before, after)] if redefined else [{}, {}]
    old, new = (frozenset(_scopes(flow)) if redefined else frozenset() for flow in (before, after))
    return Difference(
        fields=tuple(changes),
        roles=tuple(_role(role, before, after, origins[role]) for role in ROLES if role in fields),
        scopes=NamesChange(tuple(sorted(new - old)), tuple(sorted(old - new))),
        states=compare_states(*sides),
    )


def _scopes(flow: Flow) -> tuple[str, ...]:
    """The scopes that runs are known to need, in any role; a reference among them as it is written."""
    from flowdeck.definition.consents import consents  # noqa: PLC0415 (most plans find nothing to compare)

    return tuple(sorted(consents(published(flow, "definition").value).scopes))


def _origin(field: str, wanted: WantedFlow, live: LiveFlow) -> Origin:
    stamped = live.keywords.stamp.digests.get(field) if live.keywords.stamp else None
    if stamped is None:
        return Origin.UNKNOWN
    manifest = field_digests(wanted.flow, [field], protected=wanted.protect)[field] != stamped
    match field in outside(live), manifest:
        case True, True:
            return Origin.BOTH
        case True, False:
            return Origin.OUTSIDE
        case False, True:
            return Origin.MANIFEST
        case _:  # only a private value differs, which no digest covers
            return Origin.UNKNOWN


def _role(role: Role, before: Flow, after: Flow, origin: Origin) -> RoleChange:
    old, new = before.role(role), after.role(role)
    return RoleChange(role, tuple(sorted(new - old)), tuple(sorted(old - new)), origin)


def _field(field: str, before: Flow, after: Flow, origin: Origin) -> Iterator[FieldChange]:
    if field not in _DOCUMENTS:
        yield FieldChange(field, _shown(before.normal(field)), _shown(after.normal(field)), origin)
        return
    old, new = compared(before, field), compared(after, field)
    changes = [*_private(field, old, new, origin), *_open(field, old, new, origin)]
    yield from sorted(changes, key=lambda change: change.path)


def _open(field: str, old: Json, new: Json, origin: Origin) -> Iterator[FieldChange]:
    """Every difference that may be shown, and private values that come or go."""
    private = private_parameters(old.value) | private_parameters(new.value)
    for path, was, becomes in _leaves(redacted(old, new).value, redacted(new, old).value):
        sensitive = tuple(path) in private
        after_it = None if becomes is _ABSENT or sensitive else Json.of(becomes)
        unknown = after_it is not None and has_late(after_it)
        yield FieldChange(
            path_text([field, *path]),
            None if was is _ABSENT or sensitive else Json.of(was),
            None if unknown else after_it,
            origin,
            sensitive=sensitive,
            unknown=unknown,
        )


def _private(field: str, old: Json, new: Json, origin: Origin) -> Iterator[FieldChange]:
    """Private values that both sides have and that differ: said, never shown."""
    for path in sorted(private_parameters(old.value) | private_parameters(new.value), key=str):
        was, becomes = _at(old.value, path), _at(new.value, path)
        if _ABSENT not in (was, becomes) and Json.of(was) != Json.of(becomes):
            yield FieldChange(path_text([field, *path]), None, None, origin, sensitive=True)


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for segment in path:
        try:
            value = value[segment]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
    return value


def _shown(normal: Json) -> Json | None:
    return None if normal.is_empty else normal


def leaves(before: Any, after: Any) -> Iterator[tuple[list[str | int], Json | None, Json | None]]:
    """Each place in which two documents differ: path, value before and value after, None for nothing there."""
    for path, was, becomes in _leaves(before, after):
        before_it, after_it = (None if one is _ABSENT else Json.of(one) for one in (was, becomes))
        yield path, before_it, after_it


def _leaves(before: Any, after: Any) -> list[tuple[list[str | int], Any, Any]]:
    """Each place in which two documents differ: path, value before and value after; sorted by path."""
    from deepdiff import DeepDiff  # noqa: PLC0415 (slow to import, and most plans find nothing to compare)

    tree = DeepDiff(
        _told_apart(before), _told_apart(after), view="tree", threshold_to_diff_deeper=0, ignore_private_variables=False
    )
    leaves = [
        (
            level.path(output_format="list"),
            _ABSENT if kind.endswith("_added") else _as_it_was(level.t1),
            _ABSENT if kind.endswith("_removed") else _as_it_was(level.t2),
        )
        for kind, levels in tree.items()
        for level in levels
    ]
    return sorted(leaves, key=lambda leaf: path_text(leaf[0]))


# Python's 1 and True are equal, also to the difflib inside deepdiff; a text that no document holds stands for a truth.
_TRUTHS = {True: "\x00true", False: "\x00false"}
_MEANINGS = {text: truth for truth, text in _TRUTHS.items()}


def _told_apart(value: Any) -> Any:
    return _TRUTHS[value] if isinstance(value, bool) else _mapped(value, _told_apart)


def _as_it_was(value: Any) -> Any:
    return _MEANINGS.get(value, value) if isinstance(value, str) else _mapped(value, _as_it_was)


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    match value:
        case dict():
            return {key: change(item) for key, item in value.items()}
        case list():
            return [change(item) for item in value]
        case _:
            return value
