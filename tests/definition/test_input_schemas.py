"""The rules about input schemas: junk, late references, secrets, strangers' references and strangers' patterns."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeck.definition import Finding, check
from flowdeck.definition.schemas.formats import is_format
from flowdeck.definition.schemas.judge import Judge
from flowdeck.definition.schemas.keywords import misspelled
from flowdeck.definition.schemas.patterns import is_quick
from flowdeck.definition.schemas.subschemas import KEYWORDS

DEFINITION = {"StartAt": "A", "States": {"A": {"Type": "Pass", "InputPath": "$", "ResultPath": "$.a", "End": True}}}
CODES = {
    *("input-schema-invalid", "unresolvable-schema-ref", "unknown-format", "globus-format-shape"),
    *("required-not-declared", "misspelled-keyword", "default-not-valid"),
}


def found(schema: Any) -> list[Finding]:
    """What these rules find in a schema."""
    return [one for one in check(DEFINITION, schema) if one.code in CODES]


def codes(schema: Any) -> set[str]:
    return {one.code for one in found(schema)}


# --- whatever a schema holds ------------------------------------------------------------------------------------------

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(["string", "object", "\x00{flow.a.id}", "#", "#/properties/a", "#/x~1y", "(a+)+$", "[", "uuid"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*sorted(KEYWORDS), "a", "requried", "__Private_Parameters"]), inner, max_size=5
        )
    ),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(sorted(KEYWORDS)), JUNK, max_size=6))
def test_no_schema_makes_a_rule_stumble(schema: dict[str, Any]) -> None:
    """A rule finds something or nothing, and nothing twice, at paths into the schema, whatever stands in its place."""
    findings = found(schema)
    assert len({(one.code, one.path) for one in findings}) == len(findings)
    for one in findings:
        assert one.path[0] == "input_schema"
        assert one.message
        assert one.hint
        part: Any = schema
        for step in one.path[1:]:
            part = part[step]


@given(JUNK)
def test_the_order_of_keys_does_not_matter(value: Any) -> None:
    """The same schema gives the same findings, whatever the order of its keys."""
    schema = {"properties": {"a": value}, "type": "object", "default": value}
    turned = json.loads(json.dumps(schema, sort_keys=True))
    assert sorted(map(repr, found(schema))) == sorted(map(repr, found(turned)))


def test_large_schemas_come_to_an_end() -> None:
    """Sixty levels, enums of a hundred thousand values, references that multiply or never end: all rules answer."""
    nested: Any = {"type": "string", "default": "x"}
    for _ in range(31):
        nested = {"type": "object", "properties": {"a": nested}, "required": ["a"], "default": {}}
    assert {one.path[-1] for one in found(nested)} == {"default"}
    many = {"properties": {"run": {"type": "string", "enum": [f"run-{number}" for number in range(100_000)]}}}
    assert found(many) == []
    steps = {f"s{n}": {"allOf": [{"$ref": f"#/definitions/s{n + 1}"}] * 2} for n in range(40)}
    bomb = {"default": 1, "allOf": [{"$ref": "#/definitions/s0"}], "definitions": {**steps, "s40": {"minimum": 0}}}
    assert found(bomb) == []
    tree = {"properties": {"left": {"$ref": "#"}}, "required": ["left"], "default": {"left": {"left": {}}}}
    assert codes(tree) == {"default-not-valid"}


# --- what is not known, and what is nobody's business -----------------------------------------------------------------


def test_late_references_are_taken_as_right() -> None:
    """A text that is not known yet breaks no rule about its form, and no value is judged by it."""
    late = "\x00{flow.child.id}"
    fields = {"type": late, "format": late, "pattern": late, "$ref": late, "title": late}
    assert found({"properties": {"a": fields, "b": {"default": late, "type": "integer"}}, "required": [late]}) == []
    assert found({"properties": {"a": {"enum": [late], "default": "x"}, "b": {"const": late, "default": "y"}}}) == []
    assert codes({"properties": {"a": {"title": late, "type": "integer", "default": "x"}}}) == {"default-not-valid"}


def test_private_values_are_not_told() -> None:
    """What `__Private_Parameters` lists is quoted by no rule, and judged by none."""
    private = {"default": "hush", "type": "hush", "format": "hush", "enum": ["hush"], "const": "hush", "$ref": "hush"}
    schema = {"properties": {"key": {**private, "__Private_Parameters": [*private]}}}
    assert "hush" not in str(found(schema))
    assert "hush" in str(found({"properties": {"key": private}}))


# --- references -------------------------------------------------------------------------------------------------------


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine, and the paths that it is asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"type": "string"}')

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("draft", ["draft-04/schema#", "draft-07/schema#", "draft/2020-12/schema"])
def test_nothing_is_fetched(draft: str, tmp_path: Any) -> None:
    """No reference is followed out of the schema, neither to a server nor to a file, by whatever keyword it is made."""
    file = tmp_path / "secret.json"
    file.write_text('{"const": "hush"}', encoding="utf-8")
    with listening() as (url, asked):
        schema = {
            "$schema": f"http://json-schema.org/{draft}",
            "$id": f"{url}/root.json",
            "properties": {
                "a": {"$ref": f"{url}/a.json", "default": 1},
                "b": {"$ref": "b.json", "default": 1},
                "c": {"$ref": file.as_uri(), "default": 1},
                "d": {"$dynamicRef": f"{url}/d.json", "default": 1},
                "e": {"$recursiveRef": f"{url}/e.json", "default": 1},
                "f": {"allOf": [{"$ref": f"{url}/f.json"}], "unevaluatedProperties": False, "default": {"x": 1}},
            },
        }
        assert codes(schema) == {"unresolvable-schema-ref"}
        changing = {**schema, "properties": {"g": {"$schema": f"{url}/g.json", "$ref": f"{url}/g.json", "default": 1}}}
        assert codes(changing) == {"unresolvable-schema-ref"}
        properties: Any = schema["properties"]
        judged = [Judge(schema).takes("hush", properties[name]) for name in properties]
        assert judged[:3] == [None, None, None]
    assert asked == []


@pytest.mark.parametrize(
    "reference",
    [
        "#",
        "#/definitions/place",
        "#/definitions/of~1all~0/items/0",
        "#/definitions/with%20space",
        "#anchor",
        "place.json",
        "https://example.org/input.json#/definitions/place",
        "http://json-schema.org/draft-07/schema#",
    ],
)
def test_references_that_lead_somewhere(reference: str) -> None:
    """A reference to a place, an anchor or an id of the schema itself, or to a metaschema, is right."""
    definitions = {
        "place": {"$id": "place.json"},
        "of/all~": {"items": [{"type": "string"}]},
        "with space": {},
        "named": {"$id": "#anchor"},
    }
    schema = {"$id": "https://example.org/input.json", "definitions": definitions}
    assert found({**schema, "properties": {"a": {"$ref": reference}}}) == []


# --- patterns, formats, keywords --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "length", "quick"),
    [
        ("^[a-f0-9]{8}-([a-f0-9]{4}-){3}[a-f0-9]{12}$", 36, True),
        ("^urn:globus:(auth:identity|groups:id):.+$", 200, True),
        (r"^[^@]+@[^@]+\.[^@]+$", 80, True),
        ("^(fast|slow)$", 10_000, True),
        ("^/[a-z(+*]+$", 10_000, True),
        (r"^(\d{4}-\d{2})?$", 20, True),
        ("^(a+)+$", 30, False),
        ("(a|a)*b", 30, False),
        ("(.*,)*x", 30, False),
        ("^((a?b)*c)*$", 30, False),
        ("(?:a{1,5}){2,}$", 30, False),
        (".*.*.*x", 1000, False),
        ("a?" * 30 + "a" * 30, 30, False),
        ("(" * 3000, 1, False),
    ],
)
def test_patterns_that_may_never_end_are_not_tried(pattern: str, length: int, quick: bool) -> None:
    """A pattern is tried only on texts for which it ends soon, however it ends."""
    assert is_quick(pattern, "a" * length) is quick


def test_a_pattern_that_may_never_end_keeps_nobody_waiting() -> None:
    """A default is not judged by a pattern that may never end, nor by one that Python cannot read."""
    for pattern in ("^(a+)+$", "[", r"^\p{L}+$"):
        assert found({"properties": {"a": {"pattern": pattern, "default": "a" * 60 + "!"}}}) == []
        named = {"patternProperties": {pattern: {"type": "integer"}}, "additionalProperties": False}
        assert found({"properties": {"a": {**named, "default": {"a" * 60 + "!": "x"}}}}) == []


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("requried", "required"),
        ("additionalproperties", "additionalProperties"),
        ("additonalPropertes", "additionalProperties"),
        ("min_length", "minLength"),
        ("tpye", "type"),
        ("types", "type"),
        ("item", "items"),
        ("propertes", "properties"),
        ("Description", "description"),
        ("example", None),
        ("propertyOrder", None),
        ("enumNames", None),
        ("x-order", None),
        ("ui:widget", None),
        ("when", None),
        ("label", None),
        ("name", None),
        ("units", None),
        ("comment", None),
        ("defs", None),
        ("$refs", "$ref"),
        ("$scheme", "$schema"),
        ("", None),
        ("q" * 10_000, None),
    ],
)
def test_only_slips_are_misspelt(key: str, meant: str | None) -> None:
    """A key is misspelt if a slip away from a keyword; other keys of one's own are nobody's business."""
    assert misspelled(key) == meant


def test_what_a_reference_leads_through_is_not_misspelt() -> None:
    """Schemas may be kept under any key that references lead through, however near to a keyword."""
    schema = {"properties": {"a": {"$ref": "#/definition/place"}}, "definition": {"place": {"type": "string"}}}
    assert found(schema) == []
    assert codes({"definition": {"place": {"type": "string"}}}) == {"misspelled-keyword"}


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("uuid", True),
        ("date-time", True),
        ("globus-collection", True),
        ("globus-principal", True),
        ("globus-transfer-transfer#0.10", True),
        ("globus-transfer-transfer#1.0", True),
        ("globus-transfer-transfer", False),
        ("globus-transfer-transfer#new", False),
        ("globus-group", False),
        ("UUID", False),
    ],
)
def test_formats(name: str, known: bool) -> None:
    """The formats are those of JSON Schema and those that Globus documents."""
    assert is_format(name) is known


@pytest.mark.parametrize(
    ("draft", "schema", "wrong"),
    [
        ("draft-07", {"exclusiveMinimum": True}, True),
        ("draft-04", {"minimum": 0, "exclusiveMinimum": True}, False),
        ("draft-04", {"required": []}, True),
        ("draft-03", {"properties": {"a": {"required": True}}}, False),
        ("draft-06", {"const": 1, "if": {}}, False),
        ("draft/2019-09", {"items": [{}]}, False),
        ("draft/2020-12", {"items": [{}]}, True),
        ("draft-99", {"items": [{}]}, False),
    ],
)
def test_a_schema_is_of_the_draft_that_it_names(draft: str, schema: dict[str, Any], wrong: bool) -> None:
    """`$schema` decides by which metaschema a schema is checked; one that there is not means draft-07."""
    for scheme, end in (("http", "#"), ("https", "")):
        name = f"{scheme}://json-schema.org/{draft}/schema{end}"
        assert ("input-schema-invalid" in codes({"$schema": name, **schema})) is wrong


def test_values_are_compared_as_json() -> None:
    """1 is no truth and 1.0 is 1, in `enum`, in `const` and among unique items."""
    judge = Judge({"properties": {"a": {"enum": [1, "x"]}, "b": {"const": True}, "c": {"uniqueItems": True}}})
    assert judge.takes({"a": 1.0, "b": True, "c": [1, True, "1"]})
    assert judge.takes({"a": True}) is judge.takes({"b": 1}) is judge.takes({"c": [1, 1.0]}) is False


def test_jsonschema_is_imported_only_for_a_schema() -> None:
    """A flow without an input schema, or with an empty one, does not wait for the import of jsonschema."""
    code = (
        "import json, sys; from flowdeck.definition import check; "
        f"check({DEFINITION!r}, json.loads(sys.argv[1])); print('jsonschema' in sys.modules)"
    )
    for schema, imported in (("null", False), ("{}", False), ('{"type": "object"}', True)):
        ran = subprocess.run(
            [sys.executable, "-c", code, schema], capture_output=True, text=True, check=True, timeout=60
        )
        assert ran.stdout == f"{imported}\n"
