"""The JSON documents: plan, apply result, validation, list; the same input gives the same bytes."""

import json
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from flowdeck import __version__
from flowdeck.model.change import Grant, StatesChange
from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import FlowdeckError, Refused
from flowdeck.model.flow import ROLES, TEXTS
from flowdeck.model.live import ManagedFlow
from flowdeck.model.plan import Plan
from flowdeck.model.result import ApplyOutcome, Result
from flowdeck.model.step import Step, Update, id_of
from flowdeck.render.escape import plain

FORMAT_VERSION = "1.0"


def text(document: Mapping[str, Any]) -> str:
    """A document as text, keys in the order given; what could act where it is looked at is escaped."""
    # Foreign text stands in strings only, where JSON means the same by these escapes.
    return "\n".join(map(plain, json.dumps(document, indent=2, ensure_ascii=False).split("\n")))


def plan(shown: Plan) -> dict[str, Any]:
    """The plan document; every key is always there."""
    return {
        "format_version": FORMAT_VERSION,
        "flowdeck_version": __version__,
        "project": shown.project,
        "environment": shown.environment,
        "service": shown.service,
        "digest": shown.digest,
        "summary": shown.summary,
        "changes": [_change(step, digest) for step, digest in zip(shown.steps, shown.step_digests, strict=True)],
        "principals": dict(sorted(shown.names.items())),
        "diagnostics": diagnostics(shown.diagnostics),
    }


def result(shown: Result) -> dict[str, Any]:
    """What an apply did."""
    return {
        "format_version": FORMAT_VERSION,
        "digest": shown.digest,
        "outcome": shown.outcome.value,
        "changes": [
            {
                "address": one.step.address,
                "action": one.step.action,
                "id": one.id,
                "outcome": one.outcome.value,
                "error": _diagnostic(one.error) if one.error else None,
            }
            for one in shown.steps
        ],
        "diagnostics": diagnostics([*(detail for one in shown.steps for detail in one.details), *shown.diagnostics]),
    }


def failure(error: FlowdeckError) -> dict[str, Any]:
    """What any command says that could not do its work: the keys of an apply's result, with nothing done."""
    return {
        "format_version": FORMAT_VERSION,
        "digest": None,
        "outcome": (ApplyOutcome.REFUSED if isinstance(error, Refused) else ApplyOutcome.FAILED).value,
        "changes": [],
        "diagnostics": diagnostics(error.diagnostics),
    }


def validation(found: Iterable[Diagnostic]) -> dict[str, Any]:
    """What is wrong with a manifest, or a command."""
    return {"format_version": FORMAT_VERSION, "diagnostics": diagnostics(found)}


def gitlab(shown: Plan) -> str:
    """The counts that GitLab's merge request widget reads (its documentation of `artifacts:reports:terraform`)."""
    counts = {action: shown.summary[action] for action in ("create", "update", "delete")}
    return json.dumps(counts, separators=(",", ":"))


def listing(flows: Iterable[ManagedFlow]) -> dict[str, Any]:
    """The flows of an environment."""
    return {
        "format_version": FORMAT_VERSION,
        "flows": [
            {
                "address": one.address,
                "id": one.live.id,
                "title": one.live.flow.title,
                "url": one.live.url,
                "scope": one.live.scope,
                "updated_at": one.live.updated_at,
                "drifted": one.drifted,
            }
            for one in flows
        ],
    }


def flow(shown: ManagedFlow, names: Mapping[str, str]) -> dict[str, Any]:
    """One live flow with all its fields, and what people call its principals; private parameters are hidden."""
    live, settings = shown.live, shown.live.flow
    return {
        "format_version": FORMAT_VERSION,
        "flow": {
            "address": shown.address,
            "id": live.id,
            **{field: getattr(settings, field) for field in TEXTS},
            "keywords": sorted(settings.keywords),
            **{role: sorted(settings.role(role)) for role in ROLES},
            "subscription": settings.subscription,
            "authentication_policy": settings.authentication_policy,
            "owner": settings.owner,
            "protect": live.keywords.protected,
            "url": live.url,
            "scope": live.scope,
            "created_at": live.created_at,
            "updated_at": live.updated_at,
            "commit": live.keywords.stamp.commit if live.keywords.stamp else "",
            "drifted": shown.drifted,
            "definition": shown.definition.value,
            "input_schema": settings.input_schema.value,
        },
        "principals": dict(sorted(names.items())),
    }


def output(flows: Iterable[ManagedFlow]) -> dict[str, Any]:
    """What scripts need, by name."""
    return {one.name: {"id": one.live.id, "scope": one.live.scope, "url": one.live.url} for one in flows}


def environment(flows: Iterable[ManagedFlow]) -> str:
    """The same as lines for a shell."""
    lines = []
    for one in flows:
        prefix = f"FLOW_{one.name.upper().replace('-', '_')}"
        values = {"ID": one.live.id, "SCOPE": one.live.scope, "URL": one.live.url}
        lines += [f"{prefix}_{key}={shlex.quote(value)}" for key, value in values.items()]
    return "\n".join(lines)


def diagnostics(found: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Diagnostics as docs/commands.md shows them."""
    return [_diagnostic(one) for one in found]


def _diagnostic(one: Diagnostic) -> dict[str, Any]:
    place = one.place
    return {
        "code": one.code,
        "severity": one.severity.value,
        "message": one.message,
        "hint": one.hint,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "address": one.address,
    }


def _change(step: Step, digest: str) -> dict[str, Any]:
    difference = step.difference
    return {
        "address": step.address,
        "action": step.action,
        "id": id_of(step),
        "drifted": difference.drifted,
        "moved_from": step.moved_from if isinstance(step, Update) else None,
        "fields": [
            {
                "path": change.path,
                "before": change.before.value if change.before else None,
                "after": change.after.value if change.after else None,
                "origin": change.origin.value,
                "sensitive": change.sensitive,
                "unknown": change.unknown,
            }
            for change in difference.fields
        ],
        "roles": {
            change.role: {
                "added": list(change.added),
                "removed": list(change.removed),
                "origin": change.origin.value,
                "granted_by": {grant.principal: _grant(grant) for grant in change.grants},
            }
            for change in difference.roles
        },
        "scopes": {"added": list(difference.scopes.added), "removed": list(difference.scopes.removed)},
        "states": _states(difference.states),
        "risks": [{"code": risk.code, "level": risk.level.value, "message": risk.message} for risk in step.risks],
        "digest": digest,
    }


def _grant(grant: Grant) -> dict[str, Any]:
    place = grant.place
    return {
        "permission_set": grant.permission_set,
        "file": place.file if place else None,
        "line": place.line if place else None,
    }


def _states(change: StatesChange) -> dict[str, Any]:
    return {
        "added": list(change.added),
        "removed": list(change.removed),
        "changed": list(change.changed),
        "rewired": [{"state": one.state, "was": list(one.was), "now": list(one.now)} for one in change.rewired],
    }
