"""The endpoints of one flow: create, read, update, delete and validate."""

from dataclasses import replace
from uuid import uuid4

from flowdeck.emulator import analysis, checks, flow, people, visibility
from flowdeck.emulator.exchange import Answer, Call, JsonObject
from flowdeck.emulator.flow import Flow
from flowdeck.emulator.normal import normal
from flowdeck.emulator.refusals import Refusal, problem, refuse


def create(call: Call) -> Answer:
    """POST /flows. A title may be taken twice: every call makes another flow."""
    fields = checks.creation(checks.json_body(call.text))
    return Answer(201, visibility.document(created(call, fields), call.caller, call.settings))


def created(call: Call, fields: JsonObject, **given: str) -> Flow:
    """Store a flow of the caller with these checked fields; `given` are an id and times that a seed may choose."""
    made = flow.now()
    fields = {name: value for name, value in fields.items() if value is not None}
    if "subscription_id" in fields:
        fields["subscription_id"] = _subscription(call, fields["subscription_id"])
    else:
        _without_subscription(call)
    _check_policy(call, fields)
    new: JsonObject = {"id": str(uuid4()), "created_at": made, "updated_at": given.get("created_at", made)}
    new |= {"flow_owner": call.caller.urn, "created_by": call.caller.urn, "input_schema": {}}
    stored = Flow(**(new | given | normal(fields, call.settings)))
    flow.write(call.db, stored)
    return stored


def read(call: Call) -> Answer:
    """GET /flows/{id}."""
    return Answer(200, visibility.document(_visible(call), call.caller, call.settings))


def update(call: Call) -> Answer:
    """PUT /flows/{id}: fields that the body does not name stay as they are."""
    found = _administered(call, "UPDATE")
    fields = dict(checks.change(checks.json_body(call.text), found))
    if "flow_owner" in fields and fields["flow_owner"] != call.caller.urn:
        message = "flow_owner must be the identity of the calling user"
        refuse([problem(("flow_owner",), message, "value_error")])
    if "authentication_policy_id" in fields:
        if found.authentication_policy_id is None:
            message = "an authentication policy can only be set when the flow is created"
            refuse([problem(("authentication_policy_id",), message, "value_error")])
        _check_policy(call, fields)
    if "subscription_id" in fields:
        fields["subscription_id"] = _subscription(call, fields["subscription_id"])
    return Answer(200, visibility.document(overwrite(call, found, fields), call.caller, call.settings))


def overwrite(call: Call, found: Flow, fields: JsonObject) -> Flow:
    """Store the next version of the flow, with these checked fields over its own."""
    changed = replace(found, updated_at=flow.touched(found), **normal(fields, call.settings))
    flow.write(call.db, changed)
    return changed


def delete(call: Call) -> Answer:
    """DELETE /flows/{id}: the flow is kept, but nobody can reach it any more."""
    found = _administered(call, "DELETE")
    gone = replace(found, updated_at=flow.touched(found), deleted_at=flow.now())
    flow.write(call.db, gone)
    return Answer(200, visibility.deleted(gone, call.caller, call.settings))


def validate(call: Call) -> Answer:
    """POST /flows/validate."""
    definition = checks.validation(checks.json_body(call.text))["definition"]
    body = {
        "scopes": analysis.scopes(definition),
        "analysis": {"number_of_possibilities": analysis.possibilities(definition)},
    }
    return Answer(200, body)


def _visible(call: Call) -> Flow:
    flow_id = call.arguments["flow_id"]
    found = flow.read(call.db, flow_id, call.settings)
    if found is None or not visibility.user_roles(found, call.caller):
        raise Refusal(404, "NOT_FOUND", f"No flow exists with id value {flow_id}")
    return found


def _administered(call: Call, permission: str) -> Flow:
    found = _visible(call)
    if not visibility.may_administer(visibility.user_roles(found, call.caller)):
        detail = (
            "You do not have the necessary permissions to perform this action"
            f" on the flow with id value {found.id}. Missing permissions: {permission}."
        )
        raise Refusal(403, "FORBIDDEN", detail)
    return found


def _subscription(call: Call, wanted: str) -> str:
    """The id of the subscription, DEFAULT resolved to the caller's own."""
    if wanted == checks.DEFAULT_SUBSCRIPTION:
        if len(call.caller.subscriptions) == 1:
            return call.caller.subscriptions[0]
        if call.caller.subscriptions:
            raise _ambiguous_subscription()
    elif wanted.lower() in call.caller.subscriptions:
        return wanted.lower()
    raise Refusal(403, "FORBIDDEN", f"You are not a member of the subscription {wanted}")


def _without_subscription(call: Call) -> None:
    """Whether the caller may create a flow that names no subscription."""
    if len(call.caller.subscriptions) > 1:
        raise _ambiguous_subscription()
    if call.settings.free_tier == "enforced" and flow.has_free(call.db, call.caller.urn, call.settings):
        raise Refusal(403, "FREE_TIER_LIMIT", "Only one flow without a subscription is allowed; name a subscription_id")


def _ambiguous_subscription() -> Refusal:
    detail = "You belong to several subscriptions: subscription_id must be specified"
    return Refusal(403, "SUBSCRIPTION_MUST_BE_SPECIFIED", detail)


def _check_policy(call: Call, fields: JsonObject) -> None:
    policy = fields.get("authentication_policy_id")
    if policy is not None and not people.demands_high_assurance(call.db, policy):
        message = "the authentication policy does not exist or does not require high assurance"
        refuse([problem(("authentication_policy_id",), message, "value_error")])
