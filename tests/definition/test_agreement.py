"""flowdeck and the published JSON Schema of definitions agree, but for what docs/agreement.md argues."""

import json
import random
import re
from collections import Counter
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowdeck.definition import check
from flowdeck.definition.rules.every import RULES

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT.parent / "shared" / "reference" / "flow_definition_schema.json"
NAMES = ("Transfer", "Ask", "Done")
# What a value may become by mistake.
JUNK = (None, True, False, 0, -1, 2.5, 3.0, "", "x", "$.a", [], ["x"], {}, {"x": 1}, "https://example.org", "Transfer")

pytestmark = pytest.mark.skipif(not PUBLISHED.exists(), reason="the published schema is not part of the project")


@cache
def argued() -> dict[str, set[str]]:
    """The codes in the two tables of docs/agreement.md, by the heading above each."""
    text = (ROOT / "docs" / "agreement.md").read_text(encoding="utf-8")
    tables = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    return {one.partition("\n")[0]: set(re.findall(r"^\| \[`([a-z-]+)`", one, re.MULTILINE)) for one in tables}


@cache
def published() -> Any:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 (slow to import, and often skipped)

    return Draft202012Validator(json.loads(PUBLISHED.read_text(encoding="utf-8")))


class Author:
    """Writes definitions as the published schema describes them, then makes mistakes."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.schema: Any = published().schema

    def definition(self) -> Any:
        names = NAMES[: self.random.randint(1, 3)]
        definition = {
            "StartAt": names[0],
            "States": {name: self.value(self.schema["properties"]["States"]["additionalProperties"]) for name in names},
        }
        for _ in range(self.random.choice((0, 0, 1, 1, 2, 3))):
            self.mistake(definition)
        return definition

    def value(self, schema: Any, key: str = "") -> Any:
        """An instance of a part of the schema; `key` is where it stands."""
        if "$ref" in schema:
            return self.value(self.schema["definitions"][schema["$ref"].rpartition("/")[2]], key)
        for several in ("oneOf", "anyOf"):
            if several in schema:
                # The last one does not nest, for rules of choices and for handlers; so every definition ends.
                choices = schema[several] if several == "oneOf" or self.random.random() < 0.4 else schema[several][-1:]
                return self.value(self.random.choice(choices), key)
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        match schema.get("type"):
            case "object":
                return self.object(schema)
            case "array":
                return [self.value(schema["items"], key) for _ in range(self.random.randint(1, 2))]
            case "boolean":
                return self.random.choice((True, False))
            case "integer":
                return self.random.choice((0, 30, 600))
            case "number":
                return self.random.choice((1, 2.5))
            case _:
                return self.text(schema, key)

    def object(self, schema: Any) -> Any:
        properties = schema.get("properties", {})
        keys = set(schema.get("required", ()))
        optional = sorted(properties.keys() - keys)
        few = self.random.sample(optional, min(len(optional), self.random.randint(0, 4)))
        return {key: self.value(properties[key], key) for key in properties if key in keys or key in few}

    def text(self, schema: Any, key: str) -> str:
        if key in ("Next", "Default"):
            return self.random.choice(NAMES)
        if schema.get("format") == "date-time":
            return "2026-11-22T12:00:00Z"
        if schema.get("format") == "uuid":
            return "24bc4997-b483-4c25-a19c-64b0afc00743"
        if "pattern" in schema:
            return "https://transfer.actions.globus.org/transfer"
        return "$.a" if key.endswith("Path") or key == "Variable" else self.random.choice(("", "text"))

    def mistake(self, definition: Any) -> None:
        """One thing wrong, or at least other, anywhere in the definition."""
        places = list(self.places(definition))
        if not places:
            return
        holder, key = self.random.choice(places)
        match self.random.randrange(5):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[self.random.choice(("Next", "End", "Nxt", "Type", "Catch", "And", "Comment", "Url"))] = (
                    self.junk()
                )
            case 2:
                other, from_ = self.random.choice(places)
                holder[key] = deepcopy(other[from_])
            case 3 if isinstance(holder, dict):
                holder[self.random.choice(("Type", "StringEquals", "Seconds", "ActionUrl"))] = deepcopy(holder[key])
            case _:
                holder[key] = self.junk()

    def junk(self) -> Any:
        return deepcopy(self.random.choice(JUNK))

    def places(self, value: Any) -> Any:
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            if isinstance(value[key], dict | list):
                yield from self.places(value[key])


def test_the_page_argues_existing_rules() -> None:
    """Every code of docs/agreement.md is that of a rule that is an error."""
    errors = {rule.code for rule in RULES if rule.severity == "error"} | {"definition-shape"}
    assert set().union(*argued().values()) <= errors


@settings(max_examples=10_000)
@given(seed=st.integers(0, 2**63))
def test_what_the_schema_refuses_is_an_error_here_and_the_rest_is_argued(seed: int) -> None:
    """A definition breaks the published schema exactly when it breaks a rule that is not argued on the page."""
    tables = argued()
    definition = Author(seed).definition()
    refused = not published().is_valid(definition)
    ours = {finding.code for finding in check(definition) if finding.severity == "error"}
    if refused:
        assert ours - tables["Stricter than the schema"], json.dumps(definition)
    else:
        assert ours <= tables["Stricter than the schema"] | tables["Stricter in part"], (ours, json.dumps(definition))


def test_the_definitions_are_worth_comparing() -> None:
    """Among them are many that the schema takes, and many that it refuses for several reasons."""
    seen: Counter[bool] = Counter()
    codes: set[str] = set()
    for seed in range(1500):
        definition = Author(seed).definition()
        seen[published().is_valid(definition)] += 1
        codes |= {finding.code for finding in check(definition) if finding.severity == "error"}
    assert min(seen.values()) > 300
    assert codes >= {"unknown-state-field", "missing-state-field", "wrong-state-value", "missing-state-type"}
