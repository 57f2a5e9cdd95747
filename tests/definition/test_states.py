"""What the rules about states, their keys and their ways do with definitions that nobody would write by hand."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeck.definition import check
from flowdeck.definition.grammar import COMPARATORS, FORMS, KEYS, STATES
from flowdeck.definition.rules import (
    alternatives,
    catchers,
    choices,
    field_values,
    fields,
    handlers,
    limits,
    reach,
    times,
    transitions,
)
from flowdeck.model.reference import late

# The rules of these tests; what else may be wrong with their definitions is not asked.
OURS = {
    rule.code
    for module in (alternatives, catchers, choices, field_values, fields, handlers, limits, reach, times, transitions)
    for rule in module.RULES
}
DONE = {"Type": "Pass", "End": True}
URL = "https://transfer.actions.globus.org/transfer"


def codes(*states: dict[str, Any], **named: dict[str, Any]) -> list[str]:
    """The codes that these rules find in a definition of these states, the first of which it starts at."""
    every = {f"s{index}": state for index, state in enumerate(states)} | named
    return [one.code for one in check({"StartAt": next(iter(every)), "States": every}) if one.code in OURS]


def action(**fields: Any) -> dict[str, Any]:
    return {"Type": "Action", "ResultPath": "$.s0", "End": True, **fields}


def choice(*rules: Any, **fields: Any) -> dict[str, Any]:
    return {"Type": "Choice", "Choices": [{**rule, "Next": "done"} for rule in rules], **fields}


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
NAMES = st.sampled_from(["a", "b", "c", "x", "\x00{flow.child.id}"])
TEXTS = st.sampled_from(
    ["$.a", "https://", "https://[", "https://a@b/run", "true", "5", "2026-12-24", "States.ALL", "\ud800", "0" * 5000]
)
JUNK = st.recursive(
    SCALARS | NAMES | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(KEYS)), inner, max_size=4),
    max_leaves=12,
)
TYPES = st.sampled_from([*STATES, "Task", "action", ""])
STATE = st.builds(
    lambda kind, fields, right: {**fields, **right, **kind},
    st.fixed_dictionaries({}, optional={"Type": TYPES | JUNK}),
    st.dictionaries(st.sampled_from(sorted(KEYS)) | st.text(max_size=4), JUNK, max_size=5),
    st.fixed_dictionaries({}, optional={"Next": NAMES, "Default": NAMES, "End": st.booleans(), "WaitTime": SCALARS}),
)
DEFINITIONS = st.fixed_dictionaries(
    {"StartAt": NAMES, "States": st.dictionaries(NAMES, STATE, max_size=4)},
    optional={"Comment": JUNK, "title": JUNK},
)


@given(DEFINITIONS)
def test_no_value_is_too_odd(definition: Any) -> None:
    """Whatever states hold, the rules find the same every time, raise nothing, and point at what is there."""
    found = check(definition)
    assert check(definition) == found
    for one in found:
        value: Any = {"definition": definition}
        for step in one.path:
            value = value[step]
        assert one.message


def test_numbers_without_end_and_very_large_ones() -> None:
    """Numbers that JSON has not, or that have more digits than Python writes, raise nothing either."""
    for number in (float("nan"), float("inf"), 10**5000, -(10**5000)):
        states = [{"Type": "Wait", "Seconds": number, "Comment": number, "Next": "s1"}, choice({"And": number})]
        rule = {"Variable": "$.a", "NumericLessThan": number}
        check({"StartAt": "s0", "States": {"s0": states[0], "s1": states[1], "s2": choice(rule), "done": DONE}})


def test_long_and_deep_definitions() -> None:
    """A chain of ten thousand states and a rule of two hundred levels are no trouble, and no loop is missed in them."""
    chain = {f"s{index}": {"Type": "Pass", "Next": f"s{index + 1}"} for index in range(10_000)}
    assert codes(**chain, s10000={"Type": "Pass", "Next": "s9999"}) == ["no-way-out"]
    rule: dict[str, Any] = {"Variable": "$.a", "IsPresent": 1}
    for _ in range(100):
        rule = {"Not": {"And": [rule]}}
    assert codes(choice(rule, Default="done"), done=DONE) == ["wrong-state-value"]


# --- values


@pytest.mark.parametrize("value", [5, 5.0, 0])
def test_whole_numbers(value: Any) -> None:
    """A whole number may be written as 5.0, as in JSON Schema."""
    assert codes({"Type": "Wait", "Seconds": value, "End": True}) == []


@pytest.mark.parametrize("value", [True, False, 2.5, "5", None, [5]])
def test_what_is_no_whole_number(value: Any) -> None:
    """Neither true nor a fraction nor a text is a whole number."""
    assert codes({"Type": "Wait", "Seconds": value, "End": True}) == ["wrong-state-value"]


@pytest.mark.parametrize(("key", "kind"), COMPARATORS.items())
def test_every_comparator_takes_its_kind_only(key: str, kind: str) -> None:
    """A comparator takes a value of its kind, and one of another kind is told once."""
    good = {"text": "2026-12-24T20:00:00Z", "true or false": True, "a number": 2.5}[kind]
    bad = True if kind != "true or false" else "true"
    assert codes(choice({"Variable": "$.a", key: good}, Default="done"), done=DONE) == []
    assert codes(choice({"Variable": "$.a", key: bad}, Default="done"), done=DONE) == ["wrong-state-value"]


@pytest.mark.parametrize(
    "state",
    [
        action(ActionUrl=late("secret.url")),
        action(Handler=late("flow.child.id")),
        action(Handler={"Type": "RegisteredAPI", "Id": late("flow.child.id")}),
        action(Handler={"Type": late("secret.kind"), "Url": f"http://{late('flow.child.id')}"}),
        action(ActionUrl=URL, Catch=[{"ErrorEquals": [f"x{late('secret.name')}"], "Next": "s0"}]),
        {"Type": "Wait", "Timestamp": f"{late('secret.day')}T00", "End": True},
        {"Type": late("secret.kind"), "End": True},
        {"Type": "Pass", "Next": late("secret.name")},
    ],
)
def test_what_is_not_known_yet_is_valid(state: dict[str, Any]) -> None:
    """No rule about the form of a text asks one of which a part is a late reference."""
    assert codes(state) == []


@pytest.mark.parametrize(
    "state",
    [
        action(ActionUrl="https://beamline:hunter2@example.org/"),
        action(ActionUrl="ftp://beamline:hunter2@example.org/"),
        action(Handler="https://example.org/?key=hunter2"),
        action(ActionUrl=URL, Parameters='{"password": "hunter2"}'),
        action(ActionUrl=URL, WaitTime="hunter2", __Private_Parameters=["WaitTime"]),
    ],
)
def test_a_password_is_not_quoted(state: dict[str, Any]) -> None:
    """What may hold a password is wrong without being shown."""
    found = check({"StartAt": "s0", "States": {"s0": state}})
    assert found
    assert "hunter2" not in "".join(one.message + one.hint for one in found)


# --- one mistake, one finding


@pytest.mark.parametrize(
    "state",
    [
        {"type": "Pass", "End": True},
        {"Type": "Pss", "Next": "done", "Foo": 1, "Catch": 5},
        {"Type": "Pass", "next": "done"},
        {"Type": "Pass", "Next": None, "End": True},
        {"Type": "Wait", "Minutes": 5, "End": True},
        {"Type": "Wait", "Seconds": None, "End": True},
        {"Type": "Wait", "Seconds": 5, "Timestamp": None, "End": True},
        {"Type": "Choice", "choices": [], "Default": "done"},
        {"Type": "Choice", "Choices": [], "Default": "done"},
        {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "done"}], "Next": "done"},
        {"Type": "Choice", "Choices": [{"variable": "$.a", "IsPresent": True, "Next": "done"}], "Default": "done"},
        {"Type": "Choice", "Choices": [{"Variable": "$.a", "Equals": True, "Next": "done"}], "Default": "done"},
        {
            "Type": "Choice",
            "Choices": [{"Not": {"Variable": "$.a", "IsNull": True, "Next": "done"}}],
            "Default": "done",
        },
        {"Type": "Choice", "Choices": [{"And": None, "Next": "done"}], "Default": "done"},
        {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": None, "Next": "done"}], "Default": "done"},
        action(Resource=URL),
        action(ActionUrl=None),
        action(ActionUrl=URL, Handler=None),
        action(ActionUrl="http://example.org/a b?c/run"),
        action(Handler={"Type": "ActionProvder", "Url": URL}),
        action(Handler={"Url": URL}),
        action(ActionUrl=URL, Catch=[{"ErrorEqual": ["States.ALL"], "Next": "done"}]),
        action(ActionUrl=URL, Catch={"ErrorEquals": ["States.ALL"], "Next": "done"}),
    ],
)
def test_one_mistake_is_told_once(state: dict[str, Any]) -> None:
    """A key that is misspelt, missing, misplaced or of the wrong kind is one finding, and nothing follows from it."""
    named = {"done": DONE} if "done" in json.dumps(state) else {}
    assert len(codes(state, **named)) == 1


def test_a_state_of_unknown_type_still_leads_on() -> None:
    """Of a state whose type is unknown nothing else is told, and the states that it names are reached."""
    named = {"Type": "ActionWait", "Next": "next", "Catch": [{"ErrorEquals": [], "Next": "caught"}], "Foo": 1}
    assert codes(named, next=DONE, caught=DONE) == ["unknown-state-type"]
    assert codes(named, next=DONE, caught=DONE, alone=DONE) == ["unknown-state-type", "unreachable-state"]


@pytest.mark.parametrize(
    "broken",
    [
        {"Type": "Pass", "Next": "dne"},
        {"Type": "Pass", "Next": 5},
        {"Type": "Pass"},
        {"Type": "Pass", "Nxt": "done"},
        {"Type": "Choice", "Choices": ["done"]},
        {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": True}]},
        {"Type": "Choice", "Choices": 5},
        {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "s0"}], "Default": 5},
        {"Type": "Succeed"},
    ],
)
def test_a_broken_way_may_be_the_one(broken: dict[str, Any]) -> None:
    """While a way of a reached state is broken, no state is called unreachable and no loop endless."""
    assert not {"unreachable-state", "no-way-out"} & set(codes(broken, done=DONE))
    assert not {"unreachable-state", "no-way-out"} & set(codes({"Type": "Pass", "Next": "s1"}, broken, done=DONE))


# --- ways


GRAPHS = st.integers(1, 6).flatmap(
    lambda size: st.lists(
        st.lists(st.integers(0, size - 1), min_size=1, max_size=3) | st.none(), min_size=size, max_size=size
    )
)


def drawn(ways: list[int] | None) -> dict[str, Any]:
    """A state that leads to the states of these numbers, or, for None, ends the run."""
    if ways is None:
        return DONE
    rules = [{"Variable": "$.a", "NumericEquals": way, "Next": f"s{way}"} for way in ways]
    return {"Type": "Choice", "Choices": rules, "Default": f"s{ways[0]}"}


@given(GRAPHS)
def test_reachability(graph: list[list[int] | None]) -> None:
    """Exactly the states without a way from the first one are unreachable, and each endless loop is told once."""
    reach = [{index} for index in range(len(graph))]
    for _ in graph:
        for index, ways in enumerate(graph):
            for way in ways or ():
                reach[index] |= reach[way]
    endless = {index for index in reach[0] if all(graph[one] is not None for one in reach[index])}
    loops = {frozenset(reach[index]) for index in endless if all(index in reach[one] for one in reach[index])}
    found = check({"StartAt": "s0", "States": {f"s{index}": drawn(ways) for index, ways in enumerate(graph)}})
    told = [int(str(one.path[-1])[1:]) for one in found if one.code == "no-way-out"]
    assert {one.path[-1] for one in found if one.code == "unreachable-state"} == {
        f"s{index}" for index in range(len(graph)) if index not in reach[0]
    }
    if None not in graph:
        assert len(told) == 1
        assert told[0] in frozenset().union(*loops)
    else:
        assert len(told) == len(loops)
        assert all(sum(one in loop for one in told) == 1 for loop in loops)


A = {"Variable": "$.a", "BooleanEquals": True}
NOT_A = {"Variable": "$.a", "BooleanEquals": False}
B = {"Variable": "$.b", "StringEquals": "x"}


def number(order: str, value: Any, path: str = "") -> dict[str, Any]:
    return {"Variable": "$.n", f"Numeric{order}{path}": value}


@pytest.mark.parametrize(
    "rules",
    [
        [A, NOT_A],
        [A, {"Not": A}],
        [B, {"Not": B}],
        [{"Or": [A, NOT_A]}],
        [{"And": [A, B]}, {"Not": B}, {"And": [NOT_A, B]}],
        [{"And": [A, B]}, {"Not": {"And": [B, A]}}],
        [{"Variable": "$.a", "IsPresent": False}, {"Variable": "$.a", "IsPresent": True}],
        [number("LessThan", 10), number("GreaterThanEquals", 10.0)],
        [number("LessThan", 10), number("GreaterThan", 5)],
        [number("LessThan", 5), number("Equals", 5), number("GreaterThan", 5)],
        [number("LessThanEquals", "$.m", "Path"), number("GreaterThan", "$.m", "Path")],
        [{"Variable": "$.a", "StringMatches": "a*"}, {"Not": {"Variable": "$.a", "StringMatches": "a*"}}],
    ],
)
def test_rules_that_cover_every_case_need_no_default(rules: list[Any]) -> None:
    """A Choice whose rules cover every case needs no `Default`; without the last rule it does."""
    assert codes(choice(*rules), done=DONE) == []
    if rules[1:]:
        assert codes(choice(*rules[:-1]), done=DONE) == ["choice-without-default"]


@pytest.mark.parametrize(
    "rules",
    [
        [A, {"Variable": "$.b", "BooleanEquals": False}],
        [A, {"Variable": "$.a", "IsPresent": False}],
        [B, {"Variable": "$.b", "StringEquals": "y"}],
        [{"And": [A, NOT_A]}],
        [number("LessThan", 5), number("GreaterThan", 5)],
        [number("LessThan", 5), number("GreaterThanEquals", 6)],
        [number("LessThan", "$.m", "Path"), number("GreaterThanEquals", "$.k", "Path")],
        [number("Equals", value) for value in range(200)],
    ],
)
def test_rules_that_leave_a_case_out_want_a_default(rules: list[Any]) -> None:
    """A Choice is told when there may be a case in which none of its rules holds."""
    assert codes(choice(*rules), done=DONE) == ["choice-without-default"]
    assert codes(choice(*rules, Default="done"), done=DONE) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_rule_has_one_form(form: str) -> None:
    """Two forms in one rule are one error, wherever the rule stands."""
    both = {form: {"Variable": A, "Not": A, "And": [A], "Or": [A]}[form], "Or" if form == "And" else "And": [B]}
    if form == "Variable":
        both = {**A, "Or": [B]}
    assert codes(choice(both, Default="done"), done=DONE) == ["choice-rule-form"]
    assert codes(choice({"Not": {"And": [B, both]}}, Default="done"), done=DONE) == ["choice-rule-form"]


def test_definitions_are_left_as_they_are() -> None:
    """The rules change nothing in what they look at."""
    definition = {"StartAt": "s0", "States": {"s0": choice(A), "done": DONE, "x": action(Foo=[1, {"a": 2}])}}
    before = json.dumps(definition)
    check(definition)
    assert json.dumps(definition) == before
