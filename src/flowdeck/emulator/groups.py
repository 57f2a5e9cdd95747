"""Globus Groups as far as clients of Flows need it: the caller's groups, one group, a subscription's group."""

from flowdeck.emulator import people
from flowdeck.emulator.exchange import Answer, Call, JsonObject
from flowdeck.emulator.people import Group
from flowdeck.emulator.refusals import Refusal


def my_groups(call: Call) -> Answer:
    """GET /v2/groups/my_groups: the caller's groups, of the membership statuses asked (a comma list), else active."""
    statuses = call.words("statuses") or ["active"]
    own = people.memberships(call.db, call.caller.identity)
    listed = (people.group(call.db, entry.group_id) for entry in own if entry.status in statuses)
    return Answer(200, [_document(call, group) for group in listed if group])


def read(call: Call) -> Answer:
    """GET /v2/groups/{id}: a group that the caller belongs to, or that every authenticated user may see.

    The service's refusal of others is unverified; here it is 403 for a private group, 404 for an unknown one.
    """
    group = people.group(call.db, call.arguments["group_id"])
    if group is None:
        raise Refusal(404, "NOT_FOUND", f"Group {call.arguments['group_id']} does not exist")
    document = _document(call, group)
    if group.visibility == "private" and not document["my_memberships"]:
        raise Refusal(403, "FORBIDDEN", f"Group {group.id} is not visible to you")
    return Answer(
        200,
        document
        | {
            "description": group.description,
            "subscription_id": group.subscription,
            "subscription_info": _subscription(group) | {"name": group.name} if group.subscription else None,
        },
    )


def subscription(call: Call) -> Answer:
    """GET /v2/subscription_info/{id}: the group of a subscription."""
    group = people.subscription_group(call.db, call.arguments["subscription_id"])
    if group is None:
        raise Refusal(404, "NOT_FOUND", f"Subscription {call.arguments['subscription_id']} does not exist")
    return Answer(
        200,
        {
            "group_id": group.id,
            "subscription_id": group.subscription,
            "subscription_info": _subscription(group),
        },
    )


def _document(call: Call, group: Group) -> JsonObject:
    me = people.identity(call.db, call.caller.identity)
    return {
        "id": group.id,
        "name": group.name,
        "parent_id": None,
        "group_type": "plus" if group.subscription else "regular",
        "enforce_session": group.high_assurance,
        "session_limit": 28800,
        "session_timeouts": {},
        "my_memberships": [
            {
                "group_id": group.id,
                "identity_id": entry.identity,
                "username": me.username if me else None,
                "role": entry.role,
                "status": entry.status,
            }
            for entry in people.memberships(call.db, call.caller.identity)
            if entry.group_id == group.id
        ],
        "policies": {"group_visibility": group.visibility, "group_members_visibility": "managers"},
    }


def _subscription(group: Group) -> JsonObject:
    return {"is_high_assurance": group.high_assurance, "is_baa": False, "connectors": {}}
