"""Between the service's documents and our values."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flowdeck.model.flow import OWNER_SELF, ROLES, TEXTS, Flow
from flowdeck.model.json_value import Json
from flowdeck.model.live import LiveFlow
from flowdeck.model.marker import split
from flowdeck.service.ports import Validated

# Our fields by their names on the wire; all others have the same name on both sides.
_WIRE = {
    "viewers": "flow_viewers",
    "starters": "flow_starters",
    "administrators": "flow_administrators",
    "subscription": "subscription_id",
    "authentication_policy": "authentication_policy_id",
    "owner": "flow_owner",
}
_FIELDS = {wire: field for field, wire in _WIRE.items()}


def live_flow(document: Mapping[str, Any]) -> LiveFlow:
    """A flow document of the service as a value; fields that we do not know are ignored."""
    keywords = split(document.get("keywords") or ())
    # Older answers have only the deprecated `user_role` (the service's OpenAPI document).
    roles = document.get("user_roles") or [document.get("user_role")]
    texts: dict[str, str] = {field: document.get(field) or "" for field in TEXTS}
    # A UUID means the same in capitals; manifests are read the same way.
    principals: dict[str, frozenset[str]] = {
        role: frozenset(urn.lower() for urn in document.get(_WIRE.get(role, role)) or ()) for role in ROLES
    }
    return LiveFlow(
        id=document["id"],
        flow=Flow(
            **texts,  # type: ignore[arg-type]  # mypy cannot pair the names of a mapping with arguments
            definition=Json.of(document.get("definition")),
            input_schema=Json.of(document.get("input_schema") or {}),
            keywords=keywords.users,
            **principals,  # type: ignore[arg-type]  # as above
            subscription=document.get("subscription_id"),
            authentication_policy=document.get("authentication_policy_id"),
            owner=(document.get("flow_owner") or "").lower() or None,
        ),
        keywords=keywords,
        our_roles=frozenset(role for role in roles if role),
        scope=document.get("globus_auth_scope") or "",
        url=f"https://app.globus.org/flows/{document['id']}",
        created_at=document.get("created_at") or "",
        updated_at=document.get("updated_at") or "",
    )


def body(flow: Flow, fields: Collection[str], keywords: Sequence[str], identity: str) -> dict[str, Any]:
    """The request body that sets `fields`; keyword arguments of FlowsClient.create_flow and update_flow."""
    sent = {_WIRE.get(field, field): flow.normal(field).value for field in fields if field != "keywords"}
    if sent.get("flow_owner") == OWNER_SELF:
        sent["flow_owner"] = identity
    return {**sent, "keywords": list(keywords)}


def validated(document: Mapping[str, Any]) -> Validated:
    """The answer to a validation, which may tell no scopes (globus-cli's own tests); what is no scope is ignored."""
    scopes = document.get("scopes")
    if not isinstance(scopes, Mapping):
        return Validated()
    listed = {role: needed for role, needed in scopes.items() if isinstance(needed, list)}
    return Validated({role: frozenset(one for one in listed[role] if isinstance(one, str)) for role in listed})


def field_of(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """A location in a request body, in our field names."""
    if not location:
        return ()
    first = location[0]
    return (_FIELDS.get(first, first) if isinstance(first, str) else first, *location[1:])
