"""What a caller may see of a flow: the roles he holds on it, and the document that the service shows to these."""

from typing import Any

from flowdeck.emulator.exchange import Caller, JsonObject
from flowdeck.emulator.flow import ROLES, Flow
from flowdeck.emulator.settings import Settings

# The three spellings of a role: the list that grants it, the entry of `user_roles`, the deprecated `user_role`
# (the service's OpenAPI document). Strongest first; that run roles come last is unverified.
_USER_ROLES = {
    "flow_administrators": "flow_administrator",
    "flow_starters": "flow_starter",
    "flow_viewers": "flow_viewer",
    "run_managers": "flow_run_manager",
    "run_monitors": "flow_run_monitor",
}
_ADMINISTRATORS = {"flow_owner", "flow_administrator"}


def user_roles(flow: Flow, caller: Caller) -> list[str]:
    """The roles that the caller holds, himself or through a group, strongest first; empty for who may not see it."""
    owner = ["flow_owner"] if flow.flow_owner == caller.urn else []
    granted = [
        spelling for role, spelling in _USER_ROLES.items() if caller.principals.intersection(getattr(flow, role))
    ]
    return owner + granted


def may_administer(roles: list[str]) -> bool:
    """Whether these roles allow to change and to delete the flow."""
    return not _ADMINISTRATORS.isdisjoint(roles)


def document(flow: Flow, caller: Caller, settings: Settings) -> JsonObject:
    """The flow as the service shows it to the caller, key for key as in the fixtures of globus_sdk.testing."""
    roles = user_roles(flow, caller)
    administrator = may_administer(roles)
    runs = administrator or "flow_run_manager" in roles
    shown = {role: list(getattr(flow, role)) if administrator else [] for role in ROLES[:3]}
    shown |= {role: list(getattr(flow, role)) if runs else [] for role in ROLES[3:]}
    page = f"https://flows.globus.org/flows/{flow.id}"
    body: JsonObject = {
        "id": flow.id,
        "definition": flow.definition if administrator else without_private(flow.definition),
        "input_schema": flow.input_schema,
        "globus_auth_scope": flow.globus_auth_scope,
        "synchronous": False,
        "log_supported": True,
        "types": ["Action"],
        "api_version": "1.0",
        "title": flow.title,
        "subtitle": flow.subtitle,
        "description": flow.description,
        "keywords": list(flow.keywords),
        "principal_urn": f"urn:globus:auth:identity:{flow.id}",
        "globus_auth_username": f"{flow.id}@clients.auth.globus.org",
        "created_at": flow.created_at,
        "updated_at": flow.updated_at,
        "user_role": roles[0].replace("flow_run_", "run_") if roles else None,
        "user_roles": roles,
        "created_by": flow.created_by,
        "visible_to": [],
        "runnable_by": [],
        "administered_by": [],
        "action_url": page,
        "flow_url": page,
        "flow_owner": flow.flow_owner,
        **shown,
    }
    if not flow.input_schema and settings.empty_input_schema == "dropped":
        del body["input_schema"]
    if flow.subscription_id:
        body["subscription_id"] = flow.subscription_id
    if flow.authentication_policy_id:
        body |= {"authentication_policy_id": flow.authentication_policy_id, "is_high_assurance": True}
    return body


def listed(flow: Flow, caller: Caller, settings: Settings) -> JsonObject:
    """The document as an item of a list, which hides definition and schema of a high-assurance flow."""
    body = document(flow, caller, settings)
    return body | {"definition": None, "input_schema": None} if flow.authentication_policy_id else body


def deleted(flow: Flow, caller: Caller, settings: Settings) -> JsonObject:
    """The answer to a delete: the document without what the fixture no longer shows of a deleted flow."""
    body = document(flow, caller, settings)
    for key in ("action_url", "flow_url", "run_managers", "run_monitors"):
        del body[key]
    emptied: JsonObject = {
        "flow_administrators": [],
        "flow_starters": [],
        "flow_viewers": [],
        "keywords": [],
        "input_schema": {},
    }
    return body | emptied | {"DELETED": True, "deleted_at": flow.deleted_at}


def without_private(value: Any) -> Any:
    """A definition without the values that `__Private_Parameters` names, however their keys are spelled."""
    if isinstance(value, list):
        return [without_private(item) for item in value]
    if not isinstance(value, dict):
        return value
    names = value.get("__Private_Parameters")
    private = {f"{name}{suffix}" for name in names for suffix in ("", ".$", ".=")} if isinstance(names, list) else ()
    return {key: without_private(item) for key, item in value.items() if key not in private}
