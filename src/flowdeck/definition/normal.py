"""The normal forms in which flows are compared, shown and stamped, and the fields in which two of them differ."""

from collections.abc import Iterable
from typing import Any

from flowdeck.model.flow import SUBSCRIPTION_DEFAULT, Flow, WantedFlow, redacted
from flowdeck.model.json_value import Json
from flowdeck.model.live import LiveFlow
from flowdeck.model.marker import PROTECT, field_digest
from flowdeck.model.reference import replace_late

# Values that mean the same as an absent key (the service's documentation of the Action state). Whether the service
# writes them into a definition is not known; either way they are no difference.
_STATE_DEFAULTS: dict[str, dict[str, Any]] = {
    "Action": {"WaitTime": 300, "ExceptionOnActionFailure": True, "RunAs": "User"},
}


def differing(wanted: WantedFlow, live: LiveFlow, identity: str) -> tuple[str, ...]:
    """The managed fields in which the live flow is not as wanted by `identity`, in the order of FIELDS."""
    return tuple(field for field in wanted.managed if not _satisfied(field, wanted.flow, live.flow, identity))


def _satisfied(field: str, wanted: Flow, live: Flow, identity: str) -> bool:
    if field == "subscription" and wanted.subscription == SUBSCRIPTION_DEFAULT:
        return live.subscription is not None
    if field == "owner":
        return live.owner == identity
    # What is equal as it stands needs no normal form, and nearly everything is.
    return getattr(wanted, field) == getattr(live, field) or compared(wanted, field) == compared(live, field)


def compared(flow: Flow, field: str) -> Json:
    """A field as it is compared with the other side's."""
    normal = flow.normal(field)
    return without_defaults(normal) if field == "definition" else normal


def published(flow: Flow, field: str) -> Json:
    """A field as it may leave this process: in plans, digests and stamps, with private parameters hidden."""
    form = compared(flow, field)
    form = redacted(form) if field == "definition" else form
    return replace_late(form, lambda name: f"${{{name}}}")


def field_digests(flow: Flow, fields: Iterable[str], *, protected: bool) -> dict[str, str]:
    """The digests that a stamp keeps of these fields, of which `protect` may be one."""
    return {field: field_digest(Json.of(protected) if field == PROTECT else published(flow, field)) for field in fields}


def outside(live: LiveFlow) -> frozenset[str]:
    """The stamped fields that are no longer what the last apply wrote; none without a stamp that can be read."""
    stamped = live.keywords.stamp.digests if live.keywords.stamp else {}
    now = field_digests(live.flow, stamped, protected=live.keywords.protected)
    return frozenset(field for field in stamped if now[field] != stamped[field])


def must_replace(wanted: WantedFlow, live: LiveFlow) -> bool:
    """Whether only a new flow can be as wanted.

    The service sets a policy at creation only; later it can be swapped but not added (globus-cli's own help).
    """
    policy = "authentication_policy"
    return policy in wanted.managed and live.flow.authentication_policy is None


def without_defaults(definition: Json) -> Json:
    """The definition without the keys that say what their absence says too."""
    value = definition.value
    states = value.get("States") if isinstance(value, dict) else None
    if not isinstance(states, dict):
        return definition
    return Json.of({**value, "States": {name: _state(state) for name, state in states.items()}})


def _state(state: object) -> object:
    if not isinstance(state, dict):
        return state
    defaults = _STATE_DEFAULTS.get(str(state.get("Type")), {})
    return {key: value for key, value in state.items() if not (key in defaults and _same(value, defaults[key]))}


def _same(value: object, default: object) -> bool:
    return type(value) is type(default) and value == default
