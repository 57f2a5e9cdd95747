"""What a state does, and when a run takes a way, in a few words; whatever a definition holds, there are some."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flowdeck.definition.machine import Edge, State, Way

_SIGNS = {"Equals": "=", "LessThan": "<", "GreaterThan": ">", "LessThanEquals": "≤", "GreaterThanEquals": "≥"}
_COMPARISONS = {
    f"{kind}{word}{path}": sign
    for kind in ("String", "Numeric", "Timestamp", "Boolean")
    for word, sign in _SIGNS.items()
    for path in ("", "Path")
} | {"StringMatches": "matches"}
_KINDS = {
    "IsPresent": "present",
    "IsNull": "null",
    "IsString": "a text",
    "IsNumeric": "a number",
    "IsBoolean": "true or false",
    "IsTimestamp": "a time",
}
_HANDLE = "urn:globus:flows:handle:"
_UNITS = ((86400, "day"), (3600, "h"), (60, "min"))
# Longer texts and deeper rules are cut: a drawing is no place to read them.
_LONGEST = 80
_LONGEST_CONSTANT = 40
_DEEPEST = 4
_STEPS = 2


def does(state: State) -> str:
    """What the state does beyond its type: an action's provider, how long a wait is, the name of a failure; or ""."""
    fields = state.fields
    match state.type:
        case "Action":
            return _called(fields)
        case "Wait":
            return _waits(fields)
        case "Fail":
            return _text(fields.get("Error")) or _text(fields.get("ErrorPath"))
        case "Pass" | "ExpressionEval":
            result = _text(fields.get("ResultPath"))
            return f"sets {result}" if result else ""
        case _:
            return ""


def taken(edge: Edge, state: State) -> str:
    """When a run takes an edge of the state: the rule of a choice, `default`, `catch ActionTimeout`; "" for always."""
    if edge.way not in (Way.CHOICE, Way.CATCH):
        return "default" if edge.way is Way.DEFAULT else ""
    key, index = edge.path[-3], edge.path[-2]
    entry = state.fields[str(key)][int(index)]
    return rule(entry) if edge.way is Way.CHOICE else _caught(entry)


def rule(given: object, depth: int = 0) -> str:
    """A choice's rule as `$.n > 10 and not $.done`; `?` for what is none."""
    if not isinstance(given, Mapping) or depth > _DEEPEST:
        return "…" if isinstance(given, Mapping) else "?"
    for key, word in (("And", " and "), ("Or", " or ")):
        if isinstance(parts := given.get(key), list):
            inner = word.join(rule(part, depth + 1) for part in parts) or "?"
            return f"({inner})" if depth and len(parts) > 1 else inner
    if "Not" in given:
        inner = rule(given["Not"], depth + 1)
        return f"not {inner}" if inner.startswith("(") or " " not in inner else f"not ({inner})"
    return _compared(given)


def _compared(given: Mapping[str, Any]) -> str:
    variable = _text(given.get("Variable")) or "?"
    for key in sorted(given):
        value = given[key]
        if key in _KINDS:
            return f"{variable} is {'' if value is True else 'not '}{_KINDS[key]}"
        if key == "BooleanEquals" and isinstance(value, bool):
            return variable if value else f"not {variable}"
        if key in _COMPARISONS:
            return f"{variable} {_COMPARISONS[key]} {_path(value) if key.endswith('Path') else _constant(value)}"
    return f"{variable} ?"


def _called(fields: Mapping[str, Any]) -> str:
    handler = fields.get("Handler")
    if isinstance(handler, str):
        return _cut(handler.removeprefix(_HANDLE))
    if isinstance(handler, Mapping):
        api = _text(handler.get("Id"))
        return _address(handler.get("Url")) or (f"registered API {api}" if api else "")
    return _address(fields.get("ActionUrl"))


def _address(url: object) -> str:
    """Host and path of a URL, of a long path its last step; who logs in and what is asked are nobody's business."""
    if not isinstance(url, str):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that hold no address, for example
        return ""
    host, steps = parts.netloc.rpartition("@")[2], [step for step in parts.path.split("/") if step]
    shown = [host, *(steps if len(steps) <= _STEPS else ("…", steps[-1]))]
    return _cut("/".join(step for step in shown if step))


def _waits(fields: Mapping[str, Any]) -> str:
    seconds = fields.get("Seconds")
    if isinstance(seconds, int | float) and not isinstance(seconds, bool):
        return _duration(seconds)
    if path := _text(fields.get("SecondsPath")):
        return f"{path} s"
    until = _text(fields.get("Timestamp")) or _text(fields.get("TimestampPath"))
    return f"until {until}" if until else ""


def _duration(seconds: float) -> str:
    for size, unit in _UNITS:
        if seconds and seconds % size == 0:
            count = int(seconds // size)
            return f"{count} {unit}s" if unit == "day" and count != 1 else f"{count} {unit}"
    return f"{_constant(seconds)} s"


def _caught(entry: Mapping[str, Any]) -> str:
    names = entry.get("ErrorEquals")
    caught = [_cut(name) for name in names if isinstance(name, str)] if isinstance(names, list) else []
    return f"catch {', '.join(caught) or '?'}"


def _path(value: object) -> str:
    return _text(value) or "?"


def _constant(value: object) -> str:
    return _cut(json.dumps(value, ensure_ascii=False), _LONGEST_CONSTANT)


def _text(value: object) -> str:
    return _cut(value) if isinstance(value, str) else ""


def _cut(text: str, most: int = _LONGEST) -> str:
    """The text, of a long one its beginning and its end: a path is told from others by its last steps."""
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-(most // 2 - 1) :]}"
