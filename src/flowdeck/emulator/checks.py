"""What the service refuses in the body of a create, an update or a validate, field by field."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any
from uuid import UUID

from flowdeck.emulator.complaints import complaints
from flowdeck.emulator.exchange import JsonObject
from flowdeck.emulator.flow import Flow
from flowdeck.emulator.refusals import Location, Refusal, problem, refuse

Problems = Iterator[JsonObject]

MOST_PRINCIPALS = 16
KEYWORD_CHARACTERS = 1024
DEFAULT_SUBSCRIPTION = "DEFAULT"
_LANGUAGE = {"definition", "input_schema"}

_PRINCIPAL = re.compile(r"urn:globus:(auth:identity|groups:id):[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def json_body(text: bytes) -> object:
    """The JSON value of a request body. Raises Refusal for what is no JSON, or cannot be written as UTF-8."""
    try:
        value: object = json.loads(text, parse_constant=_refuse_constant)
        json.dumps(value, ensure_ascii=False).encode()
    except ValueError as error:
        raise Refusal(400, "BAD_REQUEST", "The request body is not valid JSON") from error
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def creation(body: object) -> JsonObject:
    """The body of POST /flows. Raises Refusal with all its problems."""
    return _checked(body, CREATION, {"definition"}, _NULLABLE)


def change(body: object, found: Flow | None = None) -> JsonObject:
    """The body of PUT /flows/{id}, of which every field may be absent; what `found` holds stays then.

    Raises Refusal with all its problems.
    """
    kept = {"definition": found.definition, "input_schema": found.input_schema} if found else {}
    return _checked(body, _FIELDS.keys(), set(), frozenset(), kept)


def validation(body: object) -> JsonObject:
    """The body of POST /flows/validate. Raises Refusal with all its problems."""
    return _checked(body, _LANGUAGE, {"definition"}, frozenset())


def _checked(
    body: object,
    allowed: Set[str],
    required: Set[str],
    nullable: frozenset[str],
    kept: Mapping[str, JsonObject] | None = None,
) -> JsonObject:
    if not isinstance(body, dict):
        raise Refusal(400, "BAD_REQUEST", "The request body is not a JSON object")
    problems, of_data = [*_problems(body, allowed, required, nullable)], None
    whole = {**(kept or {}), **body}
    definition, schema = whole.get("definition"), whole.get("input_schema")
    if isinstance(definition, dict) and _LANGUAGE & body.keys():
        said, of_data = complaints(definition, schema if isinstance(schema, dict) else {})
        problems += [one for one in said if one["loc"][0] in body]
    refuse(problems)
    if of_data:
        raise of_data
    return body


def _problems(body: JsonObject, allowed: Set[str], required: Set[str], nullable: frozenset[str]) -> Problems:
    for name, check in _FIELDS.items():
        if name not in body:
            if name in required:
                yield problem((name,), "field required", "value_error.missing")
        elif name not in allowed:
            continue
        elif body[name] is not None:
            yield from check((name,), body[name])
        elif name not in nullable:
            yield problem((name,), "none is not an allowed value", "type_error.none.not_allowed")
    for name in body:
        if name not in allowed:
            yield problem((name,), "extra fields not permitted", "value_error.extra")


def _text(least: int, most: int) -> Callable[[Location, Any], Problems]:
    def check(location: Location, value: Any) -> Problems:
        if not isinstance(value, str):
            yield problem(location, "str type expected", "type_error.str")
        elif len(value) < least:
            message = f"ensure this value has at least {least} characters"
            yield problem(location, message, "value_error.any_str.min_length", limit_value=least)
        elif len(value) > most:
            message = f"ensure this value has at most {most} characters"
            yield problem(location, message, "value_error.any_str.max_length", limit_value=most)

    return check


def _object(location: Location, value: Any) -> Problems:
    if not isinstance(value, dict):
        yield problem(location, "value is not a valid dict", "type_error.dict")


def _strings(location: Location, value: Any) -> Problems:
    if not isinstance(value, list):
        yield problem(location, "value is not a valid list", "type_error.list")
        return
    for index, item in enumerate(value):
        if not isinstance(item, str):
            yield problem((*location, index), "str type expected", "type_error.str")
            return
    if len(set(value)) < len(value):
        yield problem(location, "the list has duplicated items", "value_error.list.unique_items")


def _keywords(location: Location, value: Any) -> Problems:
    yield from (broken := list(_strings(location, value)))
    if not broken and sum(map(len, value)) > KEYWORD_CHARACTERS:
        message = f"ensure the total length of all keywords is at most {KEYWORD_CHARACTERS} characters"
        yield problem(location, message, "value_error", limit_value=KEYWORD_CHARACTERS)


def _principals(role: str, special: str | None = None) -> Callable[[Location, Any], Problems]:
    kinds = "<AuthGroupUrn>, <AuthIdentityUrn>" + (f', "{special}"' if special else "")

    def check(location: Location, value: Any) -> Problems:
        yield from (broken := list(_strings(location, value)))
        if broken:
            return
        if len(value) > MOST_PRINCIPALS:
            message = f"ensure this value has at most {MOST_PRINCIPALS} items"
            yield problem(location, message, "value_error.list.max_items", limit_value=MOST_PRINCIPALS)
        for index, item in enumerate(value):
            if item != special and not _PRINCIPAL.fullmatch(item):
                message = (
                    f'Unrecognized principal string: "{item}". Allowed principal types in role "{role}": [{kinds}]'
                )
                yield problem((*location, index), message, "value_error")

    return check


def _owner(location: Location, value: Any) -> Problems:
    if not isinstance(value, str) or not value.startswith("urn:globus:auth:identity:"):
        message = f'Unrecognized principal string: "{value}". Allowed principal types in role "FlowOwner": '
        yield problem(location, message + "[<AuthIdentityUrn>]", "value_error")


def _uuid(location: Location, value: Any) -> Problems:
    try:
        UUID(value)
    except (ValueError, TypeError, AttributeError):
        yield problem(location, "value is not a valid uuid", "type_error.uuid")


def _subscription(location: Location, value: Any) -> Problems:
    if value != DEFAULT_SUBSCRIPTION:
        yield from _uuid(location, value)


# In the order in which problems are told. Lengths: the service's published API description.
_FIELDS: dict[str, Callable[[Location, Any], Problems]] = {
    "title": _text(1, 128),
    "definition": _object,
    "input_schema": _object,
    "subtitle": _text(0, 128),
    "description": _text(0, 4096),
    "flow_owner": _owner,
    "flow_viewers": _principals("FlowViewer", "public"),
    "flow_starters": _principals("FlowStarter", "all_authenticated_users"),
    "flow_administrators": _principals("FlowAdministrator"),
    "run_managers": _principals("RunManager"),
    "run_monitors": _principals("RunMonitor"),
    "keywords": _keywords,
    "subscription_id": _subscription,
    "authentication_policy_id": _uuid,
}
CREATION = _FIELDS.keys() - {"flow_owner"}
_NULLABLE = frozenset({"subscription_id", "authentication_policy_id"})
