"""A definition in reading order: the service does not keep the order of keys, so an exported one must be given one."""

from collections.abc import Iterable, Mapping
from typing import Any

_TOP = ("Comment", "StartAt", "States")
_STATE = (
    *("Comment", "Type", "ActionUrl", "Handler", "ActionScope", "RunAs", "InputPath", "Parameters", "ResultPath"),
    *("Result", "WaitTime", "ExceptionOnActionFailure", "Variable", "Choices", "Seconds", "SecondsPath", "Timestamp"),
    *("TimestampPath", "Error", "ErrorPath", "Cause", "CausePath", "Default", "Catch", "Next", "End"),
)


def in_reading_order(definition: Any) -> Any:
    """The same definition, its states in the order in which a run can reach them, keys as people write them."""
    if not isinstance(definition, dict) or not isinstance(definition.get("States"), dict):
        return definition
    states = definition["States"]
    ordered = {name: _arranged(states[name], _STATE) for name in _walk(definition.get("StartAt"), states)}
    rest = {name: _arranged(state, _STATE) for name, state in states.items() if name not in ordered}
    return _arranged({**definition, "States": {**ordered, **rest}}, _TOP)


def _arranged(value: Any, keys: Iterable[str]) -> Any:
    if not isinstance(value, dict):
        return value
    known = {key: value[key] for key in keys if key in value}
    return {**known, **{key: value[key] for key in value if key not in known}}


def _walk(start: Any, states: Mapping[str, Any]) -> list[str]:
    """Names of the states from the first on, each before the states that it leads to."""
    seen: dict[str, None] = {}
    pending = [start]
    while pending:
        name = pending.pop(0)
        if isinstance(name, str) and name in states and name not in seen:
            seen[name] = None
            # The main way first: what follows a state is read right after it.
            pending[:0] = _targets(states[name])
    return list(seen)


def _targets(state: Any) -> list[Any]:
    if not isinstance(state, dict):
        return []
    entries = [entry for key in ("Choices", "Catch") if isinstance(state.get(key), list) for entry in state[key]]
    branches = [entry.get("Next") for entry in entries if isinstance(entry, dict)]
    return [state.get("Next"), *branches, state.get("Default")]
