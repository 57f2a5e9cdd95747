"""The rules about values as a whole: nothing makes them fail, nothing private is told, nothing is told twice."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flowdeck.definition import Finding
from flowdeck.definition.finding import Path
from flowdeck.definition.machine import Machine
from flowdeck.definition.rules import absent, value_forms, web_inputs
from flowdeck.model.flow import private_parameters

RULES = (*value_forms.RULES, *web_inputs.RULES, *absent.RULES)
KINDS = ("Action", "Pass", "Choice", "Wait", "Fail", "ExpressionEval", "CreateWebInput", "AwaitWebInput", "Odd")
FIELDS = ("Parameters", "Result", "ResultPath", "InputPath", "Choices", "Catch", "Next", "SecondsPath", "CausePath")
KEYS = (
    *("Type", "Parameters", "Result", "ResultPath", "InputPath", "Choices", "Catch", "Next", "Variable", "And", "Not"),
    *("ErrorEquals", "IsPresent", "StringEqualsPath", "RespondentUrns", "k.$", "k.=", "k", "__Private_Parameters"),
    *("properties", "required", "items", "type", "additionalProperties"),
)
TEXTS = ("$.a", "$.a[", "a + 1", "\x00{secret.x}", "A", "B", "Pass", "Action", "Choice", "object", "array")
LEAVES = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(TEXTS)),
)
JUNK = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.text(max_size=4), st.sampled_from(KEYS)), inner, max_size=4),
    ),
    max_leaves=12,
)
STATES = st.dictionaries(st.sampled_from("AB"), st.dictionaries(st.sampled_from(FIELDS), JUNK))


def findings(definition: Any, schema: Any = None) -> tuple[Finding, ...]:
    """What the rules about values find."""
    machine = Machine.of(definition, schema)
    return tuple(finding for rule in RULES for finding in rule.findings(machine))


def one(**state: Any) -> dict[str, Any]:
    """A flow of one state."""
    return {"StartAt": "A", "States": {"A": {"End": True, **state}}}


def exists(value: Any, path: Path) -> bool:
    for step in path:
        value = value[step]
    return True


@given(STATES, st.sampled_from(KINDS), JUNK)
@example(
    {"A": {"Catch": [{"Next": "A", "ResultPath": 1}], "Parameters": {"a": [[{"b.$": 1}]]}}},
    "Action",
    {"required": [[]]},
)
@example({"A": {"Choices": [{"Not": {"Not": {"Variable": 1}}, "Next": "A"}]}}, "Choice", {"properties": {"a": 1}})
@example({"A": {"Parameters": {"RespondentUrns": {"a": [None]}}, "InputPath": "\ud800"}}, "CreateWebInput", None)
def test_no_value_makes_a_rule_fail(states: dict[str, Any], kind: str, schema: Any) -> None:
    """Whatever a definition and a schema hold, the rules answer, and every place that they name exists."""
    definition = {"StartAt": "A", "States": {name: {"Type": kind, **state} for name, state in states.items()}}
    for finding in findings(definition, schema):
        assert exists({"definition": definition, "input_schema": schema}, finding.path)
        assert finding.message
        assert finding.hint


@given(STATES, st.sampled_from(KINDS), JUNK)
def test_no_place_is_told_the_same_twice(states: dict[str, Any], kind: str, schema: Any) -> None:
    """A rule says the same of a place once."""
    definition = {"StartAt": "A", "States": {name: {"Type": kind, **state} for name, state in states.items()}}
    found = findings(definition, schema)
    assert len(set(found)) == len(found)


def test_deep_values_and_large_loops_come_to_an_end() -> None:
    """Values nested 64 deep, paths of many steps, and loops that copy the whole state into itself are judged."""
    deep: Any = {"k.$": "$.x"}
    for _ in range(62):
        deep = {"k": deep, "l": [deep]} if len(json.dumps(deep)) < 1000 else {"k": deep}
    states: dict[str, Any] = {
        "A": {"Type": "Pass", "Result": deep, "ResultPath": "$" + ".k" * 400, "Next": "B"},
        "B": {"Type": "Pass", "Parameters": deep, "ResultPath": "$.x", "Next": "C0"},
    }
    for number in range(20):
        states[f"C{number}"] = {"Type": "Pass", "ResultPath": f"$.c{number}", "Next": f"C{number + 1}"}
    ways = [{"Variable": "$.x.y", "IsPresent": True, "Next": name} for name in states]
    states["C20"] = {"Type": "Choice", "Choices": ways, "Default": "A"}
    assert {finding.code for finding in findings({"StartAt": "A", "States": states})} == {"literal-path"}


WRONG = ("$.loop.secret", "secret[", "secret &&", "$.secret", "lambda: secret", "secret()", "urn:secret", "`secret`")


@pytest.mark.parametrize("text", WRONG)
@pytest.mark.parametrize("key", ["k", "k.$", "k.="])
@pytest.mark.parametrize("listing", [["k"], ["k.$", "k.="], "k", {"k": True}, 1])
def test_what_is_private_is_never_quoted(text: str, key: str, listing: Any) -> None:
    """No message tells a part of a value that `__Private_Parameters` names, however it is wrong."""
    for value in (text, [text], {"inner.$": text, "inner.=": text, "inner": text}):
        asks = {"Type": "CreateWebInput", "Parameters": {key: value, "__Private_Parameters": listing}, "End": True}
        writes = {"Type": "Pass", "Result": {"n": 1}, "ResultPath": "$.loop", "Next": "B"}
        found = findings({"StartAt": "A", "States": {"A": writes, "B": asks}}, {"properties": {"a": {}}})
        assert not any("secret" in finding.message + finding.hint for finding in found)


def test_a_private_principal_is_never_quoted() -> None:
    """A list of principals may be private too."""
    parameters = {"RespondentUrns": ["secret@example.org"], "__Private_Parameters": ["RespondentUrns"]}
    (found,) = findings(one(Type="CreateWebInput", Parameters=parameters))
    assert found.code == "web-input-principal"
    assert "secret" not in found.message + found.hint


@pytest.mark.parametrize("listing", [["k"], ["k", "nothing"]])
def test_what_counts_as_private_is_what_flowdeck_hides(listing: list[str]) -> None:
    """A name covers its parameter with and without a suffix, as everywhere in flowdeck."""
    for key in ("k", "k.$", "k.="):
        definition = one(Type="Pass", Parameters={key: "x", "__Private_Parameters": listing}, ResultPath="$.x")
        assert ("States", "A", "Parameters", key) in private_parameters(definition)
        unknown = [finding.path[-1] for finding in findings(definition) if finding.code == "unknown-private-parameter"]
        assert unknown == list(range(1, len(listing)))


LATE = "\x00{secret.key}"


@pytest.mark.parametrize("key", ["k", "k.$", "k.=", "RespondentUrns"])
@pytest.mark.parametrize("text", [LATE, f"$.{LATE}", f"a + {LATE}", f"'{LATE}", f"$.a[{LATE}", f"urn:{LATE}"])
def test_a_late_reference_is_taken_as_valid(key: str, text: str) -> None:
    """No rule is about the form of a text of which a part is not known yet."""
    assert findings(one(Type="CreateWebInput", Parameters={key: [text] if key == "RespondentUrns" else text})) == ()
    assert findings(one(Type="Pass", InputPath=text, ResultPath=text)) == ()


def test_a_good_flow_is_left_alone() -> None:
    """Everything that the documentation shows of values is taken, and nothing is said of it."""
    parameters = {
        "constant": 10,
        "price": "$5 each",
        "reference.$": "$.path.to.value",
        "all.$": "$",
        "expression.=": "'constant ' + path.to.suffix + str(len(path.list[1:])) + `$['a b'].c`",
        "nested": {"child": True, "path.$": "$.child[0]", "list": [{"deep.=": "x if is_present('x') else 10"}]},
        "secret": "x",
        "__Private_Parameters": ["secret", "expression"],
    }
    for kind in ("Action", "Pass", "ExpressionEval", "CreateWebInput", "AwaitWebInput"):
        assert findings(one(Type=kind, Parameters=parameters, ResultPath="$.result.here")) == ()
