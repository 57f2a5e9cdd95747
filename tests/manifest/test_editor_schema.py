"""The JSON Schema that editors read: draft 7, complete, and of one mind with the loader."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from flowdeck import manifest
from flowdeck.model.risk import DEFAULT_LEVELS

from .test_loading import PROJECT
from .test_wrong_manifests import WRONG


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for key, value in schema.items():
            yield from (one for part in value.values() for one in nodes(part)) if key in (
                "properties", "definitions", "patternProperties"
            ) else nodes(value)  # fmt: skip
    elif isinstance(schema, list):
        for item in schema:
            yield from nodes(item)


def test_it_is_draft_7() -> None:
    """Editors understand draft 7: no newer keyword, and nothing beside `$ref`, where draft 7 would ignore it."""
    schema = manifest.json_schema()
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    for node in nodes(schema):
        assert not node.keys() & {
            "$defs",
            "prefixItems",
            "unevaluatedProperties",
            "unevaluatedItems",
            "dependentSchemas",
        }
        assert "$ref" not in node or node.keys() == {"$ref"}
        assert node.get("$ref", "#/definitions/").removeprefix("#/definitions/") in {"", *schema["definitions"]}


def test_every_key_has_a_description() -> None:
    """The editor says of every key what it is for."""
    described = [
        (key, one) for node in nodes(manifest.json_schema()) for key, one in node.get("properties", {}).items()
    ]
    assert len(described) > 60
    assert [key for key, one in described if not one.get("description")] == []


def test_it_knows_every_key_of_the_contract() -> None:
    """The sections of a manifest and the fields of a flow are all there, and no others are allowed."""
    schema = manifest.json_schema()
    assert schema["properties"].keys() == {
        "version", "project", "default_environment", "include", "environments", "variables", "secrets", "principals",
        "subscriptions", "permissions", "guardrails", "flows",
    }  # fmt: skip
    flow = schema["definitions"]["Flow"]
    assert flow["properties"].keys() == {
        "title", "subtitle", "description", "keywords", "definition", "input_schema", "permissions", "subscription",
        "authentication_policy", "protect", "ignore", "id", "moved_from", "owner",
    }  # fmt: skip
    assert (schema["additionalProperties"], flow["additionalProperties"]) == (False, False)
    guardrails = schema["definitions"]["Guardrails"]
    assert guardrails["properties"].keys() == {*DEFAULT_LEVELS, "allowed-action-hosts"}
    assert guardrails["additionalProperties"] is False


def fits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Validate with the few keywords that the schema uses."""
    if "$ref" in schema:
        return fits(value, root["definitions"][schema["$ref"].removeprefix("#/definitions/")], root)
    types = schema.get("type", [])
    if types and not any(isinstance(value, TYPES[one]) for one in ([types] if isinstance(types, str) else types)):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "const" in schema and value != schema["const"]:
        return False
    if isinstance(value, str):
        within = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
        if not within or not re.search(schema.get("pattern", ""), value):
            return False
    if isinstance(value, list) and not all(fits(item, schema.get("items", {}), root) for item in value):
        return False
    if isinstance(value, dict) and not all(fits_key(key, item, schema, root) for key, item in value.items()):
        return False
    combined = {word: [fits(value, one, root) for one in schema.get(word, [])] for word in ("anyOf", "oneOf", "allOf")}
    return (
        all(combined["allOf"])
        and (any(combined["anyOf"]) or not combined["anyOf"])
        and (sum(combined["oneOf"]) == 1 or not combined["oneOf"])
        and not (isinstance(value, dict) and set(schema.get("required", [])) - value.keys())
    )


def fits_key(key: str, value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    if key in schema.get("properties", {}):
        return fits(value, schema["properties"][key], root)
    for pattern, one in schema.get("patternProperties", {}).items():
        if re.search(pattern, key):
            return fits(value, one, root)
    return schema.get("additionalProperties", True) is not False


TYPES: dict[str, Any] = {
    "string": str, "number": (int, float), "boolean": bool, "array": list, "object": dict, "null": type(None),
}  # fmt: skip


def test_it_accepts_a_manifest_with_every_key() -> None:
    """What the loader takes, the editor does not underline."""
    schema = manifest.json_schema()
    assert fits(yaml.safe_load(PROJECT), schema, schema)


def test_it_accepts_references() -> None:
    """A reference may stand where another type is wanted, and text that is none is still underlined there."""
    schema = manifest.json_schema()
    for text, accepted in (("${var.x}", True), ("true", False)):
        for key in ("protect", "id", "permissions", "keywords", "authentication_policy"):
            assert fits({"flows": {"one": {key: text}}}, schema, schema) == accepted
        assert fits({"environments": {"a": {"service": "globus", "deployers": text}}}, schema, schema) == accepted
        assert fits({"permissions": {"all": {"viewers": text}}}, schema, schema) == accepted
    assert fits({"environments": {"a": {"service": "${var.x}", "deployers": ["${principal.x}"]}}}, schema, schema)


@pytest.mark.parametrize(
    "name",
    [
        "unknown-field", "wrong-types", "wrong-types-in-flow", "wrong-sections", "wrong-version", "wrong-lengths",
        "wrong-names", "wrong-variables", "wrong-guardrails", "missing-in-section", "not-selected-environment",
    ],
)  # fmt: skip
def test_it_refuses_what_the_loader_refuses(name: str) -> None:
    """A manifest of a wrong shape is underlined in the editor too."""
    schema = manifest.json_schema()
    assert not fits(yaml.safe_load((WRONG / f"{name}.yaml").read_text()), schema, schema)


def test_each_call_gives_its_own_schema() -> None:
    """A caller may change what it gets."""
    manifest.json_schema().clear()
    assert manifest.json_schema()["definitions"]
