"""The form in which the service keeps the definition and the input schema that it was given."""

from functools import lru_cache
from typing import Any

from flowdeck.emulator.exchange import JsonObject
from flowdeck.emulator.settings import Settings

# The documented defaults of an Action state; whether the service writes them into a definition is unverified.
_ACTION_DEFAULTS = {"ExceptionOnActionFailure": True, "WaitTime": 300}


def normal(fields: JsonObject, settings: Settings) -> JsonObject:
    """Checked fields of a flow, definition and input schema as they are kept under these settings."""
    kept = dict(fields)
    if "definition" in kept and settings.defaults == "added":
        kept["definition"] = _with_defaults(kept["definition"])
    if settings.key_order == "service":
        kept |= {name: _reordered(kept[name]) for name in ("definition", "input_schema") if name in kept}
    return kept


def _with_defaults(definition: JsonObject) -> JsonObject:
    states = {
        name: _ACTION_DEFAULTS | state if state.get("Type") == "Action" else state
        for name, state in definition["States"].items()
    }
    return {**definition, "States": states}


def _reordered(value: Any) -> Any:
    """The value with the keys of each object by length, then by bytes, which is the order of PostgreSQL's JSONB."""
    if isinstance(value, dict):
        return {key: _reordered(value[key]) for key in sorted(value, key=_length_and_bytes)}
    if isinstance(value, list):
        return [_reordered(item) for item in value]
    return value


@lru_cache(maxsize=4096)  # the same few keys come again and again
def _length_and_bytes(key: str) -> tuple[int, bytes]:
    encoded = key.encode()
    return len(encoded), encoded
