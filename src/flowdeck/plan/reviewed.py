"""What was reviewed: a digest alone, or a plan's document with each of its changes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flowdeck.model.json_value import Json
from flowdeck.model.plan import Plan
from flowdeck.model.step import Step
from flowdeck.plan.digest import plan_digest

Where = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Side:
    """A field before and after a change; None is nothing, or not to be told."""

    before: Json | None
    after: Json | None


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a plan, as far as a reviewer reads it: fields by path, and who gains or loses which role."""

    address: str
    action: str
    digest: str
    fields: Mapping[str, Side] = field(default_factory=dict)
    gains: frozenset[tuple[str, str]] = frozenset()
    loses: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A plan's digest, or its beginning; with a document also its changes, and where it would apply them."""

    digest: str
    changes: tuple[Change, ...] = ()
    where: Where | None = None

    @property
    def step_digests(self) -> frozenset[str]:
        """The digests of its changes."""
        return frozenset(change.digest for change in self.changes)


def place(plan: Plan) -> Where:
    """Where a plan would be applied: service, project, environment."""
    return plan.service, plan.project, plan.environment


def changes(plan: Plan) -> tuple[Change, ...]:
    """The changes of a plan, as its document has them."""
    return tuple(_change(step, digest) for step, digest in zip(plan.steps, plan.step_digests, strict=True))


def read_document(text: str) -> Reviewed:
    """A plan document.

    Raises ValueError, with a sentence, if it is none, is of another format, or its parts are not what its digest says.
    """
    try:
        document = json.loads(text)
        version, digest = _text(document["format_version"]), _text(document["digest"])
        where = (_text(document["service"]), _text(document["project"]), _text(document["environment"]))
        found = tuple(_read(change) for change in document["changes"])
        computed = plan_digest(*where, [one.digest for one in found])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("it is not a plan document") from None
    if version.split(".")[0] != "1":
        raise ValueError("its format_version is not 1")
    if computed != digest:
        raise ValueError("its digest does not belong to its changes")
    return Reviewed(digest, found, where)


def _change(step: Step, digest: str) -> Change:
    roles = step.difference.roles
    return Change(
        step.address,
        step.action,
        digest,
        {one.path: Side(_told(one.before), _told(one.after)) for one in step.difference.fields},
        frozenset((one.role, principal) for one in roles for principal in one.added),
        frozenset((one.role, principal) for one in roles for principal in one.removed),
    )


def _told(value: Json | None) -> Json | None:
    return None if value is None or value.value is None else value


def _read(change: Any) -> Change:
    return Change(
        _text(change["address"]),
        _text(change["action"]),
        _text(change["digest"]),
        {_text(one["path"]): Side(_value(one["before"]), _value(one["after"])) for one in change["fields"]},
        frozenset(_principals(change["roles"], "added")),
        frozenset(_principals(change["roles"], "removed")),
    )


def _principals(roles: Mapping[str, Any], which: str) -> Iterator[tuple[str, str]]:
    for role, told in roles.items():
        yield from ((role, str(principal)) for principal in told[which])


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _value(value: Any) -> Json | None:
    return None if value is None else Json.of(value)
