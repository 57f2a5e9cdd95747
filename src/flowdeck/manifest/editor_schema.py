"""The JSON Schema of flows.yaml, for editors, and the keys that it knows at a place."""

from functools import cache
from typing import Any

from flowdeck.manifest.problem import Path
from flowdeck.manifest.schema import Environment, Flow, Guardrails, Manifest, PermissionSet, Roles, SubscriptionEntry
from flowdeck.model.risk import DEFAULT_LEVELS, Level

_DIALECT = "http://json-schema.org/draft-07/schema#"
_PREFIX = "#/definitions/"
_REFERENCE = "Reference"


def json_schema() -> dict[str, Any]:
    """The schema in draft 7, which every editor's YAML support understands."""
    schema = Manifest.model_json_schema(ref_template=_PREFIX + "{model}")
    definitions = schema.pop("$defs")
    levels = {
        code: {"enum": [*Level, None], "description": f"Level of the risk {code}; default: {level}"}
        for code, level in DEFAULT_LEVELS.items()
        if code not in definitions[Guardrails.__name__]["properties"]
    }
    definitions[Guardrails.__name__]["properties"].update(levels)
    definitions[_REFERENCE] = {"type": "string", "pattern": r"\$\{", "description": "Text with `${...}`"}
    replaceable = [definitions[Environment.__name__]["properties"]["deployers"]]
    for model in (Flow, PermissionSet, Roles, SubscriptionEntry):
        replaceable += definitions[model.__name__]["properties"].values()
    for below in replaceable:
        below["anyOf"].append({"$ref": _PREFIX + _REFERENCE})
    whole = _plain({**schema, "title": "flows.yaml of flowdeck", "definitions": definitions})
    assert isinstance(whole, dict)
    return {"$schema": _DIALECT, **whole}


def known_keys(path: Path) -> frozenset[str]:
    """The keys that a mapping at this path may have."""
    schema = _cached()
    options = _expanded(schema, schema)
    for step in path:
        options = [deeper for option in options for deeper in _expanded(_below(option, step), schema)]
    return frozenset(key for option in options for key in option.get("properties", {}))


@cache
def _cached() -> dict[str, Any]:
    return json_schema()


def _below(schema: dict[str, Any], step: str | int) -> dict[str, Any]:
    if isinstance(step, int):
        return dict(schema.get("items", {}))
    named = schema.get("properties", {}).get(step)
    others = [schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]
    return named or next((other for other in others if isinstance(other, dict)), {})


def _expanded(schema: dict[str, Any], root: dict[str, Any]) -> list[dict[str, Any]]:
    """The alternatives of a schema, references followed."""
    if "$ref" in schema:
        return _expanded(root["definitions"][schema["$ref"].removeprefix(_PREFIX)], root)
    parts = [part for key in ("anyOf", "oneOf", "allOf") for part in schema.get(key, [])]
    return [one for part in parts for one in _expanded(part, root)] if parts else [schema]


def _plain(schema: Any, *, named: bool = False) -> Any:
    """Draft 7 ignores what stands beside `$ref`; titles and null defaults only repeat."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if named:  # keys are the user's names
        return {key: _plain(item) for key, item in schema.items()}
    kept = {
        key: _plain(item, named=key in ("properties", "patternProperties", "definitions"))
        for key, item in schema.items()
        if key not in ("title", "default")
    }
    if "patternProperties" in kept:  # what has another name is wrong
        kept["additionalProperties"] = False
    if "$ref" in kept and len(kept) > 1:
        return {"allOf": [{"$ref": kept.pop("$ref")}], **kept}
    return kept
