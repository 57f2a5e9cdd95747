"""A live flow as the manifest entry that would declare it, and the files beside it."""

import json
from collections.abc import Mapping
from typing import Any

from flowdeck.definition import in_reading_order
from flowdeck.definition.layout import schema_in_reading_order
from flowdeck.manifest.adding import NewFlow
from flowdeck.model.flow import ROLES
from flowdeck.model.live import LiveFlow

_INDENT = 2
_WIDTH = 80


def entry(live: LiveFlow, name: str, called: Mapping[str, str]) -> NewFlow:
    """The shortest entry that plans no difference: what is empty, or follows from the name, is left out.

    `called` is what people write for a principal.
    """
    flow = live.flow
    roles = {role: sorted(called.get(urn, urn) for urn in flow.role(role)) for role in ROLES if flow.role(role)}
    values = {
        "title": flow.title if flow.title != name else "",
        "subtitle": flow.subtitle,
        "description": flow.description,
        "keywords": sorted(flow.keywords),
        "permissions": [roles] if roles else [],
        "subscription": flow.subscription,
        "authentication_policy": flow.authentication_policy,
        "protect": live.keywords.protected,
    }
    files = {"definition.json": _json(in_reading_order(flow.definition.value))}
    if not flow.input_schema.is_empty:
        files["input_schema.json"] = _json(schema_in_reading_order(flow.input_schema.value))
    return NewFlow(name, live.id, _literal({key: value for key, value in values.items() if value}), files)


def _json(value: Any) -> str:
    text = _written(_literal(value), 0)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a pair: JSON has a way to write it, UTF-8 has none
        text = json.dumps(_literal(value), indent=_INDENT)
    return text + "\n"


def _written(value: Any, column: int) -> str:
    """JSON as people indent it: a list of a few texts or numbers stays in its line."""
    if not isinstance(value, dict | list) or not value:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        line = json.dumps(value, ensure_ascii=False)
        if column + len(line) <= _WIDTH:
            return line
    inner = column + _INDENT
    if isinstance(value, dict):
        items = [f"{json.dumps(key, ensure_ascii=False)}: {_written(item, inner)}" for key, item in value.items()]
    else:
        items = [_written(item, inner) for item in value]
    first, last = "{}" if isinstance(value, dict) else "[]"
    between = f",\n{' ' * inner}"
    return f"{first}\n{' ' * inner}{between.join(items)}\n{' ' * column}{last}"


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
