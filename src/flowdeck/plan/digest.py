"""The digest of a plan: equal for two plans exactly when they would do the same to the same."""

import hashlib
from collections.abc import Iterable

from flowdeck.definition import compared
from flowdeck.model.flow import FIELDS, Flow, redacted
from flowdeck.model.json_value import Json
from flowdeck.model.step import Adopt, Create, Delete, Forget, Replace, Step, Update, Withdraw, id_of


def step_digest(step: Step) -> str:
    """SHA-256 of one step: address, action, id, and the fields that it touches before and after.

    Private values are not in it, nor stamps, risks and people's names.
    """
    return _sha256([step.address, step.action, id_of(step), _touched(step)])


def plan_digest(service: str, project: str, environment: str, step_digests: Iterable[str]) -> str:
    """SHA-256 of the whole plan: where it applies, and its steps in any order."""
    return _sha256([service, project, environment, sorted(step_digests)])


def _sha256(value: object) -> str:
    return hashlib.sha256(Json.of(value).text.encode()).hexdigest()


def _touched(step: Step) -> object:
    match step:
        case Create():
            return {"after": _whole(step.wanted.flow), "protect": step.wanted.protect}
        case Update() | Adopt():
            return {
                "before": {field: _form(step.live.flow, field) for field in step.sends},
                "after": {field: _form(step.wanted.flow, field) for field in step.sends},
                "private": sorted(change.path for change in step.difference.fields if change.sensitive),
                "protect": [step.live.keywords.protected, step.wanted.protect],
            }
        case Replace():
            return {"before": _whole(step.live.flow), "after": _whole(step.wanted.flow), "protect": step.wanted.protect}
        case Delete() | Withdraw():
            return {"before": _whole(step.live.flow)}
        case Forget():
            return {}


def _whole(flow: Flow) -> dict[str, str]:
    return {field: _form(flow, field) for field in FIELDS if not flow.normal(field).is_empty}


def _form(flow: Flow, field: str) -> str:
    """A field as it is compared, without private values; a reference stays marked, so that no text is equal to it."""
    form = compared(flow, field)
    return (redacted(form) if field == "definition" else form).text
