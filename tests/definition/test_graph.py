"""The graph of a definition and of two: whatever is in them, everything is there, in one order, and nothing private."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flowdeck.definition import compare_states
from flowdeck.definition.graph import Arrow, Graph, Mark, Node, can_be_drawn, difference, graph
from flowdeck.definition.machine import Machine, Way
from flowdeck.definition.words import rule
from flowdeck.model.change import Rewiring, StatesChange
from flowdeck.model.json_value import Json
from flowdeck.render.graph.dot import dot
from flowdeck.render.graph.mermaid import TooLarge, mermaid
from flowdeck.render.graph.table import table

TRANSFER = "https://transfer.actions.globus.org/transfer"
NOTIFY = "https://actions.globus.org/notification/notify"

# --- anything at all, and things that look like definitions

NAMES = st.sampled_from(["Copy", "Check it", "Tell", "end", "", "a\nb", "\x00{flow.other.id}", "$$x$$"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | NAMES, inner, max_size=3),
    max_leaves=8,
)
RULES = st.recursive(
    st.fixed_dictionaries({"Variable": NAMES | ANYTHING}, optional={"StringEquals": ANYTHING, "IsPresent": ANYTHING}),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"And": st.lists(inner, max_size=2) | ANYTHING}),
        st.fixed_dictionaries({"Or": st.lists(inner, max_size=2)}),
        st.fixed_dictionaries({"Not": inner}),
    ),
    max_leaves=3,
)
STATES = st.fixed_dictionaries(
    {"Type": st.sampled_from(["Action", "Choice", "Wait", "Fail", "Pass", "ExpressionEval"]) | ANYTHING},
    optional={
        "Next": NAMES | ANYTHING,
        "Default": NAMES,
        "End": st.booleans() | ANYTHING,
        "Choices": st.lists(
            st.tuples(RULES, NAMES).map(lambda made: {**made[0], "Next": made[1]}) | ANYTHING, max_size=2
        ),
        "Catch": st.lists(st.fixed_dictionaries({"ErrorEquals": ANYTHING, "Next": NAMES}) | ANYTHING, max_size=2),
        "ActionUrl": st.sampled_from([TRANSFER, "https://[", "", "x"]) | ANYTHING,
        "Handler": ANYTHING,
        "Seconds": ANYTHING,
        "Timestamp": ANYTHING,
        "Error": ANYTHING,
        "ResultPath": ANYTHING,
    },
)
DEFINITIONS = st.fixed_dictionaries({"StartAt": NAMES, "States": st.dictionaries(NAMES, STATES | ANYTHING, max_size=5)})
EITHER = DEFINITIONS | ANYTHING


def faces(drawn: Graph) -> list[str]:
    """The graph in every face that needs no program."""
    made = [dot(drawn, "flow.x"), table(drawn, "flow.x", "for a test")]
    try:
        return [mermaid(drawn, "flow.x"), *made]
    except TooLarge:
        return made


def shuffled(value: Any, random: Any) -> Any:
    """The same value with the keys of its objects in another order."""
    if isinstance(value, dict):
        keys = list(value)
        random.shuffle(keys)
        return {key: shuffled(value[key], random) for key in keys}
    return [shuffled(one, random) for one in value] if isinstance(value, list) else value


@given(EITHER, EITHER)
@example({"States": {"Rest": {"Type": "Wait", "Seconds": 10**400}}}, {"States": []})
def test_anything_can_be_drawn(one: Any, other: Any) -> None:
    """No JSON value makes drawing fail, alone or compared with another."""
    for drawn in (graph(Json.of(one)), difference(Json.of(one), Json.of(other))):
        assert all(faces(drawn))


@given(DEFINITIONS, DEFINITIONS, st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(one: Any, other: Any, random: Any) -> None:
    """The same definition gives the same bytes, however its keys are ordered."""
    again, other_again = shuffled(one, random), shuffled(other, random)
    assert faces(graph(Json.of(one))) == faces(graph(Json.of(again)))
    compared = faces(difference(Json.of(one), Json.of(other)))
    assert compared == faces(difference(Json.of(again), Json.of(other_again)))


@given(DEFINITIONS)
def test_everything_is_there(definition: Any) -> None:
    """Each state is a node, each edge of the machine an arrow, each target that is no state a node that says so."""
    machine, drawn = Machine.of(definition), graph(Json.of(definition))
    assert can_be_drawn(Json.of(definition))
    assert {node.name for node in drawn.nodes if node.exists} == set(definition["States"])
    assert len({node.name for node in drawn.nodes}) == len(drawn.nodes)
    plain = {edge for edge in machine.edges if "\x00" not in edge.target}
    assert {(one.source, one.target, one.way) for one in plain} <= {
        (one.source, one.target, one.way) for one in drawn.arrows
    }
    ends = [name for name, state in machine.states.items() if state.fields.get("End") is True]
    assert len(drawn.arrows) == len(machine.edges) + len(ends)
    assert {arrow.target for arrow in drawn.arrows} - {None} <= {node.name for node in drawn.nodes}
    assert {node.name for node in drawn.nodes if not node.exists} == {
        arrow.target for arrow in drawn.arrows if arrow.target is not None
    } - set(definition["States"])


@given(EITHER)
def test_what_is_equal_has_no_marks(definition: Any) -> None:
    """A definition compared with itself is its own graph."""
    same = difference(Json.of(definition), Json.of(definition))
    assert same == graph(Json.of(definition))
    assert not same.is_changed


def without(drawn: Graph, mark: Mark) -> tuple[set[str], Counter[Any]]:
    """The states and arrows of a difference, but for those of one mark."""
    arrows = (arrow for arrow in drawn.arrows if arrow.mark is not mark)
    states = {node.name for node in drawn.nodes if node.mark is not mark}
    return states, Counter((one.source, one.target, one.way, one.label) for one in arrows)


def bare(drawn: Graph) -> tuple[set[str], Counter[Any]]:
    """The states and arrows of one definition."""
    states = {node.name for node in drawn.nodes}
    return states, Counter((one.source, one.target, one.way, one.label) for one in drawn.arrows)


@given(DEFINITIONS, DEFINITIONS)
def test_a_difference_holds_both_versions(before: Any, after: Any) -> None:
    """What is not removed is the new version, what is not added the old one: states and arrows."""
    old, new = Json.of(before), Json.of(after)
    drawn = difference(old, new)
    missing = {node.name for node in drawn.nodes if not node.exists}
    for version, mark in ((old, Mark.ADDED), (new, Mark.REMOVED)):
        states, arrows = without(drawn, mark)
        expected_states, expected_arrows = bare(graph(version))
        assert arrows == expected_arrows
        assert states - missing <= expected_states
        assert {node.name for node in graph(version).nodes if node.exists} <= states | missing


@given(DEFINITIONS, DEFINITIONS)
def test_a_difference_is_told_the_same_way(before: Any, after: Any) -> None:
    """The marks of a drawing and the states of a plan agree on what is added, removed and changed."""
    drawn, told = difference(Json.of(before), Json.of(after)), compare_states(before, after)
    marks = {node.name: node.mark for node in drawn.nodes}
    assert all(marks[name] is Mark.ADDED for name in told.added)
    assert all(marks[name] is Mark.REMOVED for name in told.removed)
    assert {name for name, mark in marks.items() if mark in (Mark.CHANGED, Mark.REWIRED)} == set(told.changed)
    assert {one.state for one in told.rewired} <= set(told.changed)


# --- what it says, by example


def machine(**states: dict[str, Any]) -> dict[str, Any]:
    """A definition that starts with its first state."""
    return {"StartAt": next(iter(states)), "States": states}


BEFORE = machine(
    Copy={"Type": "Action", "ActionUrl": TRANSFER, "WaitTime": 60, "Next": "Settle"},
    Settle={"Type": "Wait", "Seconds": 30, "Next": "Done"},
    Done={"Type": "Pass", "End": True},
)
AFTER = machine(
    Copy={
        "Type": "Action",
        "ActionUrl": TRANSFER,
        "WaitTime": 90,
        "Catch": [{"ErrorEquals": ["ActionTimeout"], "Next": "Tell"}],
        "Next": "Settle",
    },
    Settle={"Type": "Wait", "Seconds": 30, "Next": "Check"},
    Check={
        "Type": "Choice",
        "Choices": [{"Variable": "$.n", "NumericGreaterThan": 10, "Next": "Tell"}],
        "Default": "No",
    },
    Tell={"Type": "Action", "ActionUrl": NOTIFY, "Next": "Lost"},
    Lost={"Type": "Fail", "Error": "ActionTimeout"},
)


def test_a_graph() -> None:
    """States come in the order of a run, ways say when they are taken, and what is odd is noted."""
    drawn = graph(Json.of(AFTER))
    assert drawn.nodes == (
        Node("Copy", "Action", "transfer.actions.globus.org/transfer"),
        Node("Settle", "Wait", "30 s"),
        Node("Check", "Choice"),
        Node("Tell", "Action", "actions.globus.org/notification/notify"),
        Node("Lost", "Fail", "ActionTimeout"),
        Node("No", notes=("no such state",), exists=False),
    )
    assert drawn.arrows == (
        Arrow(None, "Copy", Way.START),
        Arrow("Copy", "Settle", Way.NEXT),
        Arrow("Copy", "Tell", Way.CATCH, "catch ActionTimeout"),
        Arrow("Settle", "Check", Way.NEXT),
        Arrow("Check", "Tell", Way.CHOICE, "$.n > 10"),
        Arrow("Check", "No", Way.DEFAULT, "default"),
        Arrow("Tell", "Lost", Way.NEXT),
    )


def test_a_difference() -> None:
    """One drawing of two versions: what comes, what goes, what is another, and what only leads elsewhere."""
    drawn = difference(Json.of(BEFORE), Json.of(AFTER))
    assert [(node.name, node.mark, node.notes) for node in drawn.nodes] == [
        ("Copy", Mark.CHANGED, ("changes Catch, WaitTime", "leads elsewhere")),
        ("Settle", Mark.REWIRED, ("leads elsewhere",)),
        ("Done", Mark.REMOVED, ()),
        ("Check", Mark.ADDED, ()),
        ("Tell", Mark.ADDED, ()),
        ("Lost", Mark.ADDED, ()),
        ("No", Mark.ADDED, ("no such state",)),
    ]
    assert [(one.source, one.target) for one in drawn.arrows if one.mark is Mark.REMOVED] == [
        ("Settle", "Done"),
        ("Done", None),
    ]
    assert drawn.is_changed


def test_what_a_state_does_is_told_with_what_it_did() -> None:
    """A state that does something else says what it did, instead of the key that changed."""
    after = machine(**{**BEFORE["States"], "Settle": {"Type": "Wait", "Seconds": 7200, "Comment": "x", "Next": "Done"}})
    [node] = [one for one in difference(Json.of(BEFORE), Json.of(after)).nodes if one.mark is not Mark.SAME]
    assert (node.does, node.notes, node.mark) == ("2 h", ("was 30 s", "changes Comment"), Mark.CHANGED)


def test_a_removed_state_that_something_leads_to_yet() -> None:
    """A state that is gone but still named is removed, and says that there is no such state."""
    after = machine(Copy=BEFORE["States"]["Copy"], Done=BEFORE["States"]["Done"])
    settle = next(one for one in difference(Json.of(BEFORE), Json.of(after)).nodes if one.name == "Settle")
    assert (settle.mark, settle.notes, settle.exists) == (Mark.REMOVED, ("no such state",), False)


def test_another_start() -> None:
    """A definition that starts elsewhere has an arrow from the start that goes, and one that comes."""
    drawn = difference(Json.of(BEFORE), Json.of({**BEFORE, "StartAt": "Settle"}))
    assert [(one.target, one.mark) for one in drawn.arrows if one.source is None] == [
        ("Settle", Mark.ADDED),
        ("Copy", Mark.REMOVED),
    ]


def test_what_is_odd() -> None:
    """States that no run comes to, that lead nowhere, and that are no states at all say so."""
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass"}, "B": {"Type": "Pass", "End": True}, "C": 1}}
    assert {node.name: node.notes for node in graph(Json.of(definition)).nodes} == {
        "A": ("leads nowhere",),
        "B": ("never reached",),
        "C": ("not an object",),
    }


@pytest.mark.parametrize(
    ("state", "does"),
    [
        ({"Type": "Action", "ActionUrl": "https://example.org/api/v1/jobs/run/"}, "example.org/…/run"),
        ({"Type": "Action", "ActionUrl": "https://ada:pass@example.org/run?token=1#x"}, "example.org/run"),
        ({"Type": "Action", "ActionUrl": "https://example.org"}, "example.org"),
        ({"Type": "Action", "ActionUrl": "https://["}, ""),
        ({"Type": "Action", "ActionUrl": 5}, ""),
        ({"Type": "Action", "Handler": {"Type": "ActionProvider", "Url": TRANSFER}}, TRANSFER[8:]),
        ({"Type": "Action", "Handler": {"Type": "RegisteredAPI", "Id": "1234"}}, "registered API 1234"),
        ({"Type": "Action", "Handler": "urn:globus:flows:handle:globus:TRANSFER.LS"}, "globus:TRANSFER.LS"),
        ({"Type": "Wait", "Seconds": 0}, "0 s"),
        ({"Type": "Wait", "Seconds": 90}, "90 s"),
        ({"Type": "Wait", "Seconds": 300}, "5 min"),
        ({"Type": "Wait", "Seconds": 86400}, "1 day"),
        ({"Type": "Wait", "SecondsPath": "$.pause"}, "$.pause s"),
        ({"Type": "Wait", "Timestamp": "2026-01-01T00:00:00Z"}, "until 2026-01-01T00:00:00Z"),
        ({"Type": "Wait", "TimestampPath": "$.when"}, "until $.when"),
        ({"Type": "Wait", "Seconds": True}, ""),
        ({"Type": "Fail", "ErrorPath": "$.error"}, "$.error"),
        ({"Type": "Pass", "ResultPath": "$.done", "Parameters": {"a": 1}}, "sets $.done"),
        ({"Type": "CreateWebInput", "Parameters": {"a": 1}}, ""),
    ],
)
def test_what_a_state_does(state: dict[str, Any], does: str) -> None:
    """A state says in a few words what it does, and never who logs in or with which parameters."""
    [node] = graph(Json.of(machine(A={**state, "End": True}))).nodes
    assert node.does == does


@pytest.mark.parametrize(
    ("given_rule", "words"),
    [
        ({"Variable": "$.n", "NumericGreaterThan": 10}, "$.n > 10"),
        ({"Variable": "$.n", "NumericLessThanEqualsPath": "$.most"}, "$.n ≤ $.most"),
        ({"Variable": "$.s", "StringEquals": "FAILED"}, '$.s = "FAILED"'),
        ({"Variable": "$.s", "StringMatches": "a*"}, '$.s matches "a*"'),
        ({"Variable": "$.b", "BooleanEquals": False}, "not $.b"),
        ({"Variable": "$.b", "IsPresent": True}, "$.b is present"),
        ({"Variable": "$.b", "IsNumeric": False}, "$.b is not a number"),
        (
            {"And": [{"Variable": "ls.total", "NumericEquals": 0}, {"Variable": "$.done", "BooleanEquals": False}]},
            "ls.total = 0 and not $.done",
        ),
        (
            {"And": [{"Or": [{"Variable": "a", "IsNull": True}, {"Variable": "b", "IsNull": True}]}, {"Not": {}}]},
            "(a is null or b is null) and not (? ?)",
        ),
        ({"Not": {"Variable": "$.b", "BooleanEquals": True}}, "not $.b"),
        ({"Not": {"And": [{"Variable": "a", "IsNull": True}, {"Variable": "b", "IsNull": True}]}},
         "not (a is null and b is null)"),
        ({"And": []}, "?"),
        ({}, "? ?"),
        (5, "?"),
    ],
)  # fmt: skip
def test_rules_in_words(given_rule: Any, words: str) -> None:
    """A choice's rule reads as a person would write it down."""
    assert rule(given_rule) == words


def test_private_values_are_not_drawn() -> None:
    """What `__Private_Parameters` lists, here or in the other version, is nowhere; that it changes is told."""
    private = {"__Private_Parameters": ["Error", "ActionUrl", "Next"]}
    secret = {"Error": "CANARY", "ActionUrl": "https://CANARY/", "Next": "CANARY"}
    states = {"A": {"Type": "Action", **secret}, "B": {"Type": "Fail", **secret}}
    open_one = Json.of(machine(**states))
    listing = Json.of(machine(**{name: {**state, **private} for name, state in states.items()}))
    assert "CANARY" in "".join(faces(graph(open_one)))
    for drawn in (graph(listing), difference(listing, open_one), difference(open_one, listing)):
        assert "CANARY" not in "".join(faces(drawn))
    parameters = {"__Private_Parameters": ["key"], "key": "CANARY"}
    one, other = (
        machine(A={"Type": "Pass", "Parameters": {**parameters, "key": key}}) for key in ("CANARY", "CANARY2")
    )
    drawn = difference(Json.of(one), Json.of(other))
    assert drawn.nodes[0].notes == ("changes Parameters", "leads nowhere")
    assert "CANARY" not in "".join(faces(drawn))


# --- the same, for plans


def test_rewired_states_of_a_plan() -> None:
    """A plan is told which states lead elsewhere, with what they led to; a content that changes is no rewiring."""
    assert compare_states(BEFORE, AFTER) == StatesChange(
        added=("Check", "Lost", "Tell"),
        removed=("Done",),
        changed=("Copy", "Settle"),
        rewired=(Rewiring("Copy", ("Settle",), ("Settle", "Tell")), Rewiring("Settle", ("Done",), ("Check",))),
    )
    slower = machine(**{**BEFORE["States"], "Settle": {"Type": "Wait", "Seconds": 31, "Next": "Done"}})
    assert compare_states(BEFORE, slower) == StatesChange(changed=("Settle",))
    assert compare_states(BEFORE, 5) == StatesChange(removed=("Copy", "Done", "Settle"))
