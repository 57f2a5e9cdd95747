"""What is read but cannot be there: random flows are run, and no read that is called impossible may ever succeed."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowdeck.definition import Finding
from flowdeck.definition.machine import Machine
from flowdeck.definition.rules import absent, value_forms, web_inputs
from flowdeck.definition.rules.rule import Rule

RULES: tuple[Rule, ...] = (*value_forms.RULES, *web_inputs.RULES, *absent.RULES)
MISSING = {"impossible-path", "doubtful-path", "undeclared-input"}
KEYS = ("a", "b", "c")
MOST_RUNS = 150
Place = tuple[str | int, ...]


def findings(definition: Any, schema: Any = None) -> tuple[Finding, ...]:
    """What the rules about values find."""
    machine = Machine.of(definition, schema)
    return tuple(finding for rule in RULES for finding in rule.findings(machine))


class Author:
    """Writes flows of a few states that move small values around."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def path(self) -> str:
        """A path of up to three keys, now and then with an index."""
        steps = [self.random.choice(KEYS) for _ in range(self.random.randint(1, 3))]
        return "$." + ".".join(steps) + ("[0]" if self.random.random() < 0.1 else "")

    def value(self, depth: int = 2) -> Any:
        kind = self.random.random()
        if depth and kind < 0.6:
            few = self.random.sample(KEYS, self.random.randint(1, 2))
            return {key: self.value(depth - 1) for key in few}
        if depth and kind < 0.75:
            return [self.value(depth - 1) for _ in range(self.random.randint(1, 2))]
        return self.random.choice((1, "text", True, None))

    def parameters(self, depth: int = 1) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key in self.random.sample(KEYS, self.random.randint(1, 2)):
            kind = self.random.random()
            if kind < 0.35:
                found[f"{key}.$"] = self.path()
            elif kind < 0.5:
                found[f"{key}.="] = self.path().removeprefix("$.")
            elif kind < 0.6:
                found[f"{key}.="] = f"getattr('{self.path().removeprefix('$.')}', 1)"
            elif kind < 0.75 and depth:
                found[key] = self.parameters(depth - 1)
            elif kind < 0.85 and depth:
                found[key] = [self.parameters(depth - 1)]
            else:
                found[key] = self.value(1)
        return found

    def state(self, names: list[str]) -> dict[str, Any]:
        following = self.random.choice(names)
        kind = self.random.random()
        if kind < 0.15:
            choices = [
                {"Variable": self.path(), self.random.choice(("NumericEquals", "IsPresent")): 1, "Next": name}
                for name in self.random.sample(names, min(2, len(names)))
            ]
            return {"Type": "Choice", "Choices": choices, "Default": following}
        state: dict[str, Any] = {"Type": "Pass"}
        if self.random.random() < 0.7:
            state["ResultPath"] = self.random.choice(("$.a", "$.b", "$.c", "$.a.b", "$.b.c", "$.a[0]", "$"))
        if self.random.random() < 0.85:
            state["Next"] = following
        else:
            state["End"] = True
        if kind < 0.3:
            state["Type"] = "Action"
            state["InputPath"] = self.path()
            if self.random.random() < 0.5:
                path = {"ResultPath": self.random.choice(("$.a", "$.c"))} if self.random.random() < 0.7 else {}
                state["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": self.random.choice(names), **path}]
        elif kind < 0.55:
            state["Result"] = self.value() if self.random.random() < 0.3 else {"a": self.value(), "b": self.value(1)}
            if not isinstance(state["Result"], dict):
                state["Result"] = {"c": state["Result"]}
        elif kind < 0.85:
            state["Parameters"] = self.parameters()
        elif kind < 0.95:
            state["InputPath"] = self.path()
        return state

    def definition(self) -> dict[str, Any]:
        names = [f"S{number}" for number in range(self.random.randint(2, 6))]
        # A state leads on more often than back, so that most of them are run.
        states = {
            name: self.state(names[number + 1 :] if names[number + 1 :] and self.random.random() < 0.75 else names)
            for number, name in enumerate(names)
        }
        if self.random.random() < 0.4:  # nothing of the input is left
            states["S0"] = {"Type": "Pass", "Result": {"a": self.value(), "b": self.value()}, "Next": "S1"}
        return {"StartAt": "S0", "States": states}

    def schema(self) -> dict[str, Any] | None:
        if self.random.random() < 0.5:
            return None
        nested = {"type": "object", "properties": {"b": {}}, "additionalProperties": False}
        properties = {key: self.random.choice(({}, nested)) for key in self.random.sample(KEYS, 2)}
        return {"type": "object", "properties": properties, "additionalProperties": False}


class Runs:
    """All runs of a flow, as far as they are short: what each place read, and whether that was there."""

    def __init__(self, definition: dict[str, Any], *, merging: bool) -> None:
        self.states = definition["States"]
        self.merging = merging  # whether Parameters that become the whole state leave the other keys alone
        self.seen: Counter[Place] = Counter()
        self.there: Counter[Place] = Counter()

    def run(self, start: str, data: Any) -> None:
        """Take every way from a start with an input, until there is nothing new."""
        pending = [(start, data)]
        done = set()
        while pending and len(done) < MOST_RUNS:
            name, data = pending.pop(0)
            known = (name, json.dumps(data, sort_keys=True))
            if known not in done and len(known[1]) < 2000:
                done.add(known)
                pending += self.step(name, copy(data))

    def step(self, name: str, data: Any) -> Iterator[tuple[str, Any]]:
        """The states, each with its data, that come after one state."""
        state, place = self.states[name], ("definition", "States", name)
        if state["Type"] == "Choice":
            for index, rule in enumerate(state["Choices"]):
                if "IsPresent" not in rule:
                    try:
                        self.look(data, rule["Variable"], (*place, "Choices", index, "Variable"))
                    except LookupError:
                        if index == 0:
                            return
            targets = [*(rule["Next"] for rule in state["Choices"]), state["Default"]]
            yield from ((target, data) for target in targets)
            return
        try:
            results = self.results(state, place, data)
        except LookupError:
            return
        for catcher in state.get("Catch", ()):
            yield catcher["Next"], write(copy(data), catcher.get("ResultPath", "$"), {"Error": "no"})
        if "Next" in state:
            for result in results:
                after = write(copy(data), state.get("ResultPath", "$"), copy(result))
                if self.merging and "Parameters" in state and state.get("ResultPath", "$") == "$":
                    after = {**data, **result} if isinstance(data, dict) else after
                yield state["Next"], after

    def results(self, state: dict[str, Any], place: Place, data: Any) -> list[Any]:
        """What the state may have for a result."""
        if "Parameters" in state:
            return [self.evaluated(state["Parameters"], (*place, "Parameters"), data)]
        given = self.look(data, state["InputPath"], (*place, "InputPath")) if "InputPath" in state else data
        if state["Type"] == "Action":
            return [{"status": "SUCCEEDED"}, {"a": {"b": {"c": [1]}}, "c": [{"a": 1}]}]
        return [state.get("Result", given)]

    def evaluated(self, value: Any, place: Place, data: Any) -> Any:
        """Parameters with their paths and expressions looked up."""
        if isinstance(value, list):
            return [self.evaluated(item, (*place, index), data) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        found = {}
        for key, item in value.items():
            if key.endswith(".="):
                found[key[:-2]] = 1 if "getattr" in item else self.look(data, f"$.{item}", (*place, key))
            elif key.endswith(".$"):
                found[key[:-2]] = self.look(data, item, (*place, key))
            else:
                found[key] = self.evaluated(item, (*place, key), data)
        return found

    def look(self, data: Any, path: str, place: Place) -> Any:
        """The value at a path; raises LookupError where there is none."""
        self.seen[place] += 1
        for step in steps(path):
            if isinstance(data, dict) and step in data:
                data = data[step]
            elif isinstance(data, list) and step == 0 and data:
                data = data[0]
            else:
                raise LookupError
        self.there[place] += 1
        return data


def copy(value: Any) -> Any:
    """A copy of which no two parts are one."""
    return json.loads(json.dumps(value))


def steps(path: str) -> list[str | int]:
    """The steps of such paths as the author writes."""
    return [int(step) if step == "0" else step for step in path.replace("[0]", ".0").split(".")[1:]]


def write(data: Any, path: str, value: Any) -> Any:
    """The data with the value at the path; what is in the way makes room."""
    if not steps(path):
        return value
    holder = data = data if isinstance(data, dict) else {}
    *inner, last = steps(path)
    if last == 0:
        *inner, last = inner
        value = [value]
    for step in inner:
        if not isinstance(holder.get(step), dict):
            holder[step] = {}
        holder = holder[step]
    holder[last] = value
    return data


def inputs(schema: dict[str, Any] | None) -> list[Any]:
    """Inputs that the schema takes, with as many keys as it lets."""
    some: list[Any] = [1, {"b": 1}, {"b": {"c": [{"a": 1}]}}]
    if schema is None:
        full = {key: {inner: {last: [1] for last in KEYS} for inner in KEYS} for key in KEYS}
        return [{}, full, {"a": [{"b": 1}], "b": full, "c": 1}, dict.fromkeys(KEYS, some[2])]
    return [
        {},
        *({key: one if part == {} or one != 1 else {} for key, part in schema["properties"].items()} for one in some),
    ]


def ran(seed: int) -> tuple[tuple[Finding, ...], Runs]:
    """A random flow's findings, and its runs."""
    author = Author(seed)
    definition, schema = author.definition(), author.schema()
    runs = Runs(definition, merging=author.random.random() < 0.5)
    for one in inputs(schema):
        runs.run("S0", one)
    return findings(definition, schema), runs


@settings(max_examples=1000)
@given(st.integers(0, 2**63))
def test_what_is_called_missing_is_never_there(seed: int) -> None:
    """No run of a flow, whatever way it takes, has a key that is said to be missing."""
    found, runs = ran(seed)
    for finding in found:
        assert finding.code not in MISSING or not runs.there[finding.path], (finding, Author(seed).definition())
    assert {finding.code for finding in found} <= MISSING | {"unused-input", "duplicate-parameter"}


def test_much_that_is_never_there_is_called_missing() -> None:
    """The flows have many such reads, and of those that fail in every run most of what can be told is told."""
    codes: Counter[str] = Counter()
    never = told = 0
    for seed in range(400):
        found, runs = ran(seed)
        missing = {finding.path for finding in found if finding.code in MISSING}
        codes.update(finding.code for finding in found)
        failing = {place for place in runs.seen if not runs.there[place]}
        never += len(failing)
        told += len(failing & missing)
    assert codes["impossible-path"] > 60
    assert codes["doubtful-path"] > 5
    assert codes["undeclared-input"] > 15
    assert told > never / 4


def flow(*states: dict[str, Any]) -> dict[str, Any]:
    """States A, B, C..., each leading to the next unless it says otherwise."""
    names = [chr(ord("A") + number) for number in range(len(states))]
    named = {}
    for number, state in enumerate(states):
        leads = {"Next", "End", "Choices"} & state.keys() or state["Type"] == "Fail"
        way = {} if leads else {"Next": names[number + 1]} if number + 1 < len(names) else {"End": True}
        named[names[number]] = {**state, **way}
    return {"StartAt": "A", "States": named}


def state(kind: str, path: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"Type": kind, **({} if path is None else {"ResultPath": path}), **fields}


def init(path: str | None = "$.loop", **fields: Any) -> dict[str, Any]:
    """A state that writes an object with no other key than `n`."""
    return state("Pass", path, Result={"n": 1}, **fields)


def evaluated(path: str, **parameters: Any) -> dict[str, Any]:
    return state("ExpressionEval", path, Parameters={key.replace("_eq", ".="): one for key, one in parameters.items()})


def choice(variable: str, **fields: Any) -> dict[str, Any]:
    """A state that leads to C or to B, by whether there is a value."""
    return state("Choice", Choices=[{"Variable": variable, "IsPresent": True, "Next": "C"}], Default="B", **fields)


def action(path: str | None, *catch: str | None) -> dict[str, Any]:
    """An action, whose catchers lead to C and write where `catch` says."""
    all_ = {"ErrorEquals": ["States.ALL"], "Next": "C"}
    return state("Action", path, Parameters={}, Catch=[all_ | ({"ResultPath": one} if one else {}) for one in catch])


READ = state("Wait", SecondsPath="$.loop.m")
FAIL = state("Fail")
SILENT = {
    "an action wrote it": flow(init(), action("$.loop"), READ),
    "an action wrote the whole state": flow(init(), action(None), READ),
    "a catcher wrote it": flow(init(), action("$.x", "$.loop"), READ),
    "a catcher wrote the whole state": flow(init(), action("$.x", None), READ),
    "an expression wrote it": flow(evaluated("$", loop_eq="x"), READ),
    "an expression wrote the key": flow(init(), evaluated("$.loop", m_eq="x"), READ),
    "a state added the key": flow(init(), state("Pass", "$.loop.m", Parameters={}), READ),
    "a state wrote to several places": flow(init(), state("Pass", "$.loop.*", Parameters={}), READ),
    "a state wrote where nobody knows": flow(init(), state("Pass", "$.\x00{flow.x.id}", Parameters={}), READ),
    "a state wrote nowhere": flow(init(), state("Pass", "loop", Parameters={}), READ),
    "parameters became the whole state": flow(state("Pass", Parameters={"loop.$": "$.x"}), READ),
    "another way leads there": flow(choice("$.x"), init(), READ),
    "it is tested for": flow(choice("$.loop.m"), init(), READ),
    "what lies in it is tested for": flow(choice("$.loop.m.k"), init(), READ),
    "an expression tests for it": flow(init(), evaluated("$.y", x_eq="loop.m if 'm' in loop else 1")),
    "anything may be tested for": flow(init(), evaluated("$.y", x_eq="getattr(name)"), READ),
    "a state of an unknown type": flow(init(), state("Task", "$.y"), READ),
    "several places": flow(init(), state("Wait", SecondsPath="$.loop[*].m")),
    "a method": flow(init(), evaluated("$.y", x_eq="loop.items")),
    "the context": flow(init(None), state("Wait", SecondsPath="$._context.token_info.exp")),
    "a context that cannot be written": flow(init("$._context"), state("Wait", SecondsPath="$._context.m")),
    "an empty result": flow(state("Pass", Result={}), READ),
    "a result with suffixes": flow(state("Pass", Result={"loop.$": "$.x"}), READ),
    "a result beside parameters": flow(init(Parameters={"m": 1}), READ),
    "within an input path": flow(init(), state("Pass", "$.z", InputPath="$.x", Parameters={"y.$": "$.loop.m"})),
    "a key of a list": flow(state("Pass", "$.loop", Result={"m": [1]}), state("Wait", SecondsPath="$.loop.m.n")),
    "a state that nothing leads to": flow(state("Pass", End=True), init(), READ),
}


@pytest.mark.parametrize("why", SILENT)
def test_where_a_key_may_be_there_nothing_is_said(why: str) -> None:
    """A read is left alone as soon as anything but a closed value may stand there."""
    assert {finding.code for finding in findings(SILENT[why])} & MISSING == set()


TWO_WAYS = (choice("$.x"), init(Next="D"), state("Pass", "$.loop", Result={"k": 1}), READ)
COPY = state("Pass", "$.x", Parameters={"l.$": "$.first"})
IN_A_LIST = state("Pass", "$.loop", Result={"l": [{"k": 1}, {"j": 1}]})
FIRST_RULE = state("Choice", Choices=[{"And": [{"Variable": "$.x", "NumericEqualsPath": "$.loop.m"}], "Next": "C"}])
SAID = {
    "a result": flow(init(), READ),
    "a result as the whole state": flow(init(None), READ),
    "parameters": flow(state("Pass", "$.loop", Parameters={"n.$": "$.x"}), READ),
    "after a state that writes elsewhere": flow(init(), action("$.other"), READ),
    "in a loop": flow(init(), READ, {**evaluated("$.loop", n_eq="loop.n + 1"), "Next": "B"}),
    "the same on two ways": flow(*TWO_WAYS),
    "a copy": flow(init("$.first"), state("Pass", "$.loop", InputPath="$.first"), READ),
    "a copy in parameters": flow(init("$.first"), COPY, {**READ, "SecondsPath": "$.x.l.m"}),
    "a copy of the whole state": flow(init(None), state("Pass", "$.loop"), READ),
    "in a list": flow(IN_A_LIST, {**READ, "SecondsPath": "$.loop.l[1].m"}),
    "in an expression": flow(init(), evaluated("$.y", x_eq="loop['m'] + 1")),
    "in the first rule of a choice": flow(init(), FIRST_RULE, FAIL),
    "what a failed state has not written": flow(init(None), {**action("$.loop", "$.e"), "Next": "D"}, READ, FAIL),
}


@pytest.mark.parametrize("why", SAID)
def test_where_a_key_cannot_be_there_it_is_an_error(why: str) -> None:
    """A read of a key that no way to it can have written is an error, once, at its place."""
    found = [finding for finding in findings(SAID[why]) if finding.code in MISSING]
    assert [finding.code for finding in found] == ["impossible-path"]


EQUAL = [{"Variable": path, "NumericEquals": 1} for path in ("$.z", "$.loop.m")]
DOUBTFUL = {
    "a branch of a condition": flow(init(), evaluated("$.y", x_eq="loop.n if z else loop.m")),
    "the right side of or": flow(init(), evaluated("$.y", x_eq="loop.n or loop.m")),
    "inside a comprehension": flow(init(), evaluated("$.y", x_eq="[one + loop.m for one in z]")),
    "a default": flow(init(), evaluated("$.y", x_eq="getattr('z', loop.m)")),
    "a later rule": flow(init(), state("Choice", Choices=[{**rule, "Next": "C"} for rule in EQUAL]), FAIL),
    "a later part of a rule": flow(init(), state("Choice", Choices=[{"And": EQUAL, "Next": "C"}]), FAIL),
}


@pytest.mark.parametrize("why", DOUBTFUL)
def test_what_may_never_be_evaluated_is_a_warning(why: str) -> None:
    """A read that is made only on some condition is a warning, since a run may do without it."""
    found = [finding for finding in findings(DOUBTFUL[why]) if finding.code in MISSING]
    assert [(finding.code, finding.severity) for finding in found] == [("doubtful-path", "warning")]


def test_as_the_service_refuses_it() -> None:
    """What the service is known to refuse is refused here: its own two examples, from the tests of globus-cli."""
    write_bar = state("Pass", Result={"bar": [0]})
    for read in (state("Pass", InputPath="$.foo[0]"), state("Wait", SecondsPath="$.foo[0]")):
        (found,) = findings(flow(write_bar, read))
        assert found.code == "impossible-path"
        assert found.path == ("definition", "States", "B", next(key for key in read if key != "Type"))


SCHEMAS: list[tuple[Any, bool]] = [
    ({"properties": {"a": {}}}, True),
    ({"properties": {"a": {}}, "additionalProperties": False}, True),
    ({"properties": {"a": {}}, "additionalProperties": True}, False),
    ({"properties": {"a": {}}, "additionalProperties": {"type": "string"}}, False),
    ({"properties": {"a": {}}, "patternProperties": {"^lo": {}}}, False),
    ({"properties": {"a": {}}, "allOf": [{"$ref": "#/x"}]}, False),
    ({"properties": {"a": {}}, "$ref": "#/x"}, False),
    ({"properties": {"loop": {}}}, False),
    ({"properties": {"loop": {"type": "object", "properties": {"n": {}}}}}, True),
    ({"properties": {"loop": {"type": "object", "properties": {"m": {}}}}}, False),
    ({"properties": {"loop": {"format": "globus-collection", "properties": {"n": {}}}}}, True),
    ({"properties": {"loop": {"format": "globus-transfer-transfer#0.10", "properties": {"n": {}}}}}, False),
    ({"properties": {"loop": {"type": ["object", "null"], "properties": {"n": {}}}}}, False),
    ({"properties": {"loop": {"type": "array", "items": {"properties": {"n": {}}}}}}, False),
    ({"properties": {}, "additionalProperties": False}, False),
    ({"additionalProperties": False}, False),
    ({"properties": [1]}, False),
    (True, False),
    (None, False),
]


@pytest.mark.parametrize(("schema", "closed"), SCHEMAS)
def test_only_what_a_schema_declares_as_all_is_all(schema: Any, closed: bool) -> None:
    """A read is undeclared where `properties` say all that an input may have, as far as they do."""
    assert ["undeclared-input"] * closed == [finding.code for finding in findings(flow(READ), schema)]


def test_an_undeclared_key_is_told_once() -> None:
    """Reads of the same key that is not declared are one warning, at the first place that reads it."""
    reads = state("Pass", "$.x", Parameters={"k.$": "$.loop.m", "l.$": "$.loop.n", "m.=": "loop"})
    (found,) = (one for one in findings(flow(reads), {"properties": {"a": {}}}) if one.code == "undeclared-input")
    assert found.path[-1] == "k.$"
    assert "(2 more places ask for it)" in found.message


UNUSED: list[tuple[dict[str, Any], set[str]]] = [
    (flow(READ), {"a", "b"}),
    (flow(state("Pass", "$.x", Parameters={"k": [{"l.=": "`$.a.x` + getattr('b')"}]})), set()),
    (flow(state("Pass", "$.x", Parameters={"k.$": "$.b[*].x"})), {"a"}),
    (flow(choice("$.a"), READ, READ), {"b"}),
    (flow(state("Pass", "$.x", Parameters={"k.$": "$"})), set()),
    (flow(state("Pass", "$.x", Parameters={"k.$": "$..a"})), set()),
    (flow(state("Pass", "$.x", Parameters={"k.$": "$.\x00{flow.x.id}"})), set()),
    (flow(state("Pass", "$.x", Parameters={"k.=": "a +"})), set()),
    (flow(state("Pass", "$.x", InputPath="$")), set()),
    (flow(state("Pass", "$.x")), set()),
    (flow(state("Pass")), {"a", "b"}),
    (flow(init()), {"a", "b"}),
    (flow(state("Action")), set()),
    (flow(state("Task")), set()),
    (flow(state("Pass", "$.x", Parameters={"__Private_Parameters": ["k"], "k.$": "$.a", "l.=": "b"})), set()),
]


@pytest.mark.parametrize(("definition", "unused"), UNUSED)
def test_what_an_input_schema_requires_is_to_be_read(definition: dict[str, Any], unused: set[str]) -> None:
    """A required property that no state reads is a warning, unless something reads everything."""
    schema = {"properties": {"a": {}, "b": {}, "c": {}, "_tokens": {}}, "required": ["a", "b", "_tokens", "d", 1]}
    found = [finding for finding in findings(definition, schema) if finding.code == "unused-input"]
    assert {finding.path for finding in found} == {("input_schema", "properties", name) for name in unused}
