"""A definition in reading order: the service does not keep the order of keys, so an exported one must be given one."""

from collections.abc import Iterable, Mapping
from typing import Any

_TOP = ("Comment", "StartAt", "States")
_STATE = (
    *("Comment", "Type", "ActionUrl", "Handler", "ActionScope", "RunAs", "InputPath", "Parameters", "ResultPath"),
    *("Result", "WaitTime", "ExceptionOnActionFailure", "Variable", "Choices", "Seconds", "SecondsPath", "Timestamp"),
    *("TimestampPath", "Error", "ErrorPath", "Cause", "CausePath"),
)
_RULE = ("Comment", "ErrorEquals", "Variable", "And", "Or", "Not")
# Where a state leads to is read last.
_WAYS = ("ResultPath", "Default", "Catch", "Next", "End")
_SCHEMA = ("$schema", "$id", "title", "description", "type", "format", "properties", "items", "required")
_SCHEMA_END = ("additionalProperties", "propertyOrder", "$defs", "definitions")
# Keywords whose values are schemas by names of the user's own, which keep their order.
_NAMED_SCHEMAS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
# Keywords whose values are data.
_DATA = ("default", "const", "enum", "examples")


def in_reading_order(definition: Any) -> Any:
    """The same definition, its states in the order in which a run can reach them, keys as people write them."""
    if not isinstance(definition, dict) or not isinstance(definition.get("States"), dict):
        return definition
    states = definition["States"]
    ordered = {name: _state(states[name]) for name in _walk(definition.get("StartAt"), states)}
    rest = {name: _state(state) for name, state in states.items() if name not in ordered}
    return _arranged({**definition, "States": {**ordered, **rest}}, _TOP)


def schema_in_reading_order(schema: Any) -> Any:
    """The same JSON Schema, keys as people write them; names of properties stay in their order."""
    if isinstance(schema, list):
        return [schema_in_reading_order(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return _arranged({key: _schema_part(key, value) for key, value in schema.items()}, _SCHEMA, _SCHEMA_END)


def _schema_part(key: str, value: Any) -> Any:
    if key in _DATA:
        return value
    if key in _NAMED_SCHEMAS and isinstance(value, dict):
        return {name: schema_in_reading_order(one) for name, one in value.items()}
    return schema_in_reading_order(value)


def _state(state: Any) -> Any:
    if not isinstance(state, dict):
        return state
    ways = {
        key: [_arranged(one, _RULE, _WAYS) for one in state[key]]
        for key in ("Choices", "Catch", "Retry")
        if isinstance(state.get(key), list)
    }
    return _arranged({**state, **ways}, _STATE, tuple(key for key in _WAYS if key not in _STATE))


def _arranged(value: Any, first: Iterable[str], last: Iterable[str] = ()) -> Any:
    """The mapping with the keys `first` at its beginning and `last` at its end, each in that order."""
    if not isinstance(value, dict):
        return value
    begin = {key: value[key] for key in first if key in value}
    end = {key: value[key] for key in last if key in value and key not in begin}
    return {**begin, **{key: value[key] for key in value if key not in begin and key not in end}, **end}


def _walk(start: Any, states: Mapping[str, Any]) -> list[str]:
    """Names of the states from the first on, each before the states that it leads to."""
    seen: dict[str, None] = {}
    pending = [start]
    while pending:
        name = pending.pop(0)
        if isinstance(name, str) and name in states and name not in seen:
            seen[name] = None
            # The main way first: what follows a state is read right after it.
            pending[:0] = targets(states[name])
    return list(seen)


def targets(state: Any) -> list[Any]:
    """What a state gives as the states that it leads to, the main way first; None for a way that it does not have."""
    if not isinstance(state, dict):
        return []
    entries = [entry for key in ("Choices", "Catch") if isinstance(state.get(key), list) for entry in state[key]]
    branches = [entry.get("Next") for entry in entries if isinstance(entry, dict)]
    return [state.get("Next"), *branches, state.get("Default")]
