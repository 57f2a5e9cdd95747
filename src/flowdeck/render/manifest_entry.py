"""A live flow as the manifest entry that would declare it, and the files beside it."""

import json
from dataclasses import dataclass
from typing import Any

from flowdeck.definition import in_reading_order
from flowdeck.model.flow import ROLES
from flowdeck.model.live import LiveFlow


@dataclass(frozen=True, slots=True)
class Entry:
    """What declares a flow: the values under its name, and texts by file name for the folder flows/<name>/."""

    values: dict[str, Any]
    files: dict[str, str]


def entry(live: LiveFlow, name: str) -> Entry:
    """The shortest entry that plans no difference: what is empty, or follows from the name, is left out."""
    flow = live.flow
    roles = [{role: sorted(flow.role(role)) for role in ROLES if flow.role(role)}]
    values = {
        "title": flow.title if flow.title != name else "",
        "subtitle": flow.subtitle,
        "description": flow.description,
        "keywords": sorted(flow.keywords),
        "permissions": [one for one in roles if one],
        "subscription": flow.subscription,
        "authentication_policy": flow.authentication_policy,
        "protect": live.keywords.protected,
    }
    files = {"definition.json": _json(in_reading_order(flow.definition.value))}
    if not flow.input_schema.is_empty:
        files["input_schema.json"] = _json(flow.input_schema.value)
    return Entry(_literal({key: value for key, value in values.items() if value}), files)


def _json(value: Any) -> str:
    return json.dumps(_literal(value), indent=2, ensure_ascii=False) + "\n"


def _literal(value: Any) -> Any:
    """The value with every `${` in its texts escaped: in a live flow none of them is a reference."""
    match value:
        case str():
            return value.replace("${", "$${")
        case dict():
            return {key: _literal(item) for key, item in value.items()}
        case list():
            return [_literal(item) for item in value]
        case _:
            return value
