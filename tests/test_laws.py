"""Laws: what holds for every project, whatever it declares and whatever goes wrong on the way."""

import json
import os
import random
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from projects import DEFINITION, Command, manifest
from worlds import FLOWDECK, GROUP, IDS, URNS, World, codes, only, opened

from flowdeck.definition.rules.every import RULES
from flowdeck.model.risk import DEFAULT_LEVELS

# What the rules of the flow language remark of definitions that chance wrote.
REMARKS = {rule.code for rule in RULES if rule.severity == "warning"}
ALLOW = [part for code in DEFAULT_LEVELS for part in ("--allow", code)]


def law(examples: int) -> settings:
    """Examples that are the same everywhere, as many as are worth their time."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],  # to make an example smaller takes minutes, as each opens a world
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )


# What may be written raw in YAML: no controls, halves of characters, other line ends, unassigned code points.
CHARACTERS = st.characters(exclude_categories=["Cs", "Cc", "Cn", "Zl", "Zp"], exclude_characters="\ufeff")
TEXT = st.text(CHARACTERS, max_size=12) | st.sampled_from(
    ["on", "012", "y", "null", "2024-01-01", "{a}", "# x", "a: b", "'", '"', "\\", "é☃😀", " ", "- a", "*", "&a", "\t"]
)
LONG = st.sampled_from(["x" * 128, "☃" * 128, '"' * 128])
ODD_NAMES = st.sampled_from(
    ["A", "b c", "d.e", "f'g", 'h"i', "j[0]", "k\\l", "é☃", "7", "root", "__m", "States", "Next", "n" * 80, "o/p", "%q"]
)
KEY = st.text(CHARACTERS, min_size=1, max_size=6) | st.sampled_from(["__z", "a b", "0"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e6, 1e6) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3),
    max_leaves=5,
)
# Texts under these keys are read as a path and as an expression, and a mapping under this one as a schema.
PARAMETERS = st.dictionaries(KEY.filter(lambda key: not key.endswith((".$", ".="))), JSON, max_size=2)
READING = st.sampled_from([{}, {"x.$": "$._context.run_id"}, {"y.=": "_context.username + '/'"}])
SCHEMA = st.fixed_dictionaries({"properties": st.dictionaries(KEY, st.fixed_dictionaries({"const": JSON}))})
PRINCIPALS = st.lists(st.sampled_from([*URNS.values(), GROUP]), unique=True, max_size=4)
IGNORABLE = ("title", "subtitle", "description", "keywords", "definition", "input_schema", "viewers", "run_monitors")


@st.composite
def states(draw: st.DrawFn) -> dict[str, Any]:
    """A sound definition: every state leads on to a later one or ends, some hold private parameters."""
    names = draw(st.lists(ODD_NAMES, min_size=1, max_size=4, unique=True))
    made: dict[str, Any] = {}
    for number, name in enumerate(names):
        later = names[number + 1 :]
        state: dict[str, Any] = {"Type": draw(st.sampled_from(["Pass", "Wait", "Action"]))}
        if state["Type"] == "Wait":
            state["Seconds"] = draw(st.integers(0, 9))
        if state["Type"] == "Action":
            state["ActionUrl"] = "https://actions.globus.org/hello_world"
            state |= draw(st.sampled_from([{}, {"WaitTime": 300}, {"WaitTime": 60}, {"RunAs": "User"}]))
        if state["Type"] != "Wait":
            state["Parameters"] = {**draw(PARAMETERS), **draw(READING), "p": draw(TEXT)}
            state["Parameters"] |= draw(st.sampled_from([{}, {"__Private_Parameters": ["p"]}]))
        if draw(st.booleans()):
            state["Comment"] = draw(TEXT)
        state |= {"Next": draw(st.sampled_from(later))} if later else {"End": True}
        made[name] = state
    return {"StartAt": names[0], "States": made}


@st.composite
def declared(draw: st.DrawFn) -> dict[str, Any]:
    """A flow of any kind."""
    roles = {
        "viewers": draw(PRINCIPALS) + draw(st.sampled_from([[], ["public"]])),
        "starters": draw(PRINCIPALS) + draw(st.sampled_from([[], ["all_authenticated_users"]])),
        "administrators": draw(PRINCIPALS),
        "run_managers": draw(PRINCIPALS),
        "run_monitors": draw(PRINCIPALS),
    }
    flow = {
        "title": draw(TEXT.filter(bool) | LONG),
        "subtitle": draw(TEXT | LONG),
        "description": draw(TEXT | st.just("☃" * 4096)),
        "keywords": draw(st.lists(TEXT.filter(bool), max_size=3, unique=True)),
        "definition": draw(states()),
        "input_schema": draw(st.just({}) | SCHEMA),
        "permissions": [{role: sorted(set(principals)) for role, principals in roles.items()}],
        "protect": draw(st.booleans()),
        "ignore": draw(st.lists(st.sampled_from(IGNORABLE), max_size=2, unique=True)),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(flow))))
    return {key: value for key, value in flow.items() if key in chosen | {"definition"}}


NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,12}", fullmatch=True) | st.just("n" * 48)
PROJECTS = st.dictionaries(NAMES, declared(), min_size=1, max_size=4).filter(
    lambda flows: "${" not in json.dumps(flows)
)


@pytest.fixture
def worlds(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that opens a fresh world, for each example one; the SDK's own pauses take no time."""
    monkeypatch.setattr("globus_sdk.transport.requests.time.sleep", lambda seconds: None)
    return lambda seed=None: opened(project, flowdeck, monkeypatch, seed)


@pytest.fixture
def world(worlds: Any) -> Iterator[World]:
    with worlds() as world:
        yield world


@law(20)
@given(PROJECTS, st.data())
def test_apply_then_plan_is_empty(worlds: Any, flows: dict[str, Any], data: st.DataObject) -> None:
    """After an apply nothing is left to do; after any change of the same flows and the apply of that, neither."""
    with worlds() as world:
        world.declare(flows)
        assert codes(world.apply(*ALLOW)) <= REMARKS
        world.settled()
        assert world.flowdeck("drift").code == 0
        changed = {name: data.draw(declared()) for name in flows}
        if "${" in json.dumps(changed):
            return
        world.declare(changed)
        plan = world.plan()
        assert {change["action"] for change in plan["changes"]} <= {"update"}
        for change in plan["changes"]:
            assert change["fields"] or change["roles"], "an update that shows nothing"
        ran = world.flowdeck("apply", "--expect", plan["digest"], "--format", "json", *ALLOW)
        assert ran.code == 0, ran
        assert codes(ran) <= REMARKS
        world.settled()
        assert len(world.live()) == len(flows)


@law(12)
@given(PROJECTS, PROJECTS)
def test_looking_writes_nothing(worlds: Any, flows: dict[str, Any], others: dict[str, Any]) -> None:
    """validate, plan, drift, list, show and output send GET only, whatever there would be to do."""
    with worlds() as world:
        world.declare(flows)
        world.apply(*ALLOW)
        world.declare(others)
        before = world.snapshot()
        world.emulator.clear_requests()
        for command in ("validate", "plan", "drift", "list", "output"):
            assert world.flowdeck(command).code in (0, 2)
        assert world.flowdeck("plan", "--destroy").code == 0
        assert world.flowdeck("show", min(flows)).code == 0
        sent = {one.method for one in world.emulator.requests() if not one.path.startswith("/v2/")}
        assert sent == {"GET"}
        assert world.snapshot() == before


COMMANDS = ("plan", "apply", "destroy", "forget", "drift", "list", "other flows")


@law(20)
@given(st.lists(st.sampled_from(COMMANDS), min_size=2, max_size=6), PROJECTS, st.randoms(use_true_random=False))
def test_what_is_not_ours_is_never_written(
    worlds: Any, commands: list[str], flows: dict[str, Any], chance: random.Random
) -> None:
    """Flows without our marker, or with it in other hands, are byte for byte the same after any commands."""
    name = min(flows)
    title = flows[name].get("title", name)
    marker = f"flowdeck:lab/test/{name}"
    with worlds() as world:
        made = [
            ("me", world.make(title=title)),
            ("me", world.make(title=title, keywords=[f"see {marker}", f"x{marker}", f"{marker} "])),
            ("me", world.make(title="x", keywords=[marker.replace("/test/", "/prod/")])),
            ("colleague", world.make("colleague", title, keywords=[marker], flow_viewers=["public"])),
            ("stranger", world.make("stranger", title, keywords=[f"{marker}z"], flow_administrators=[URNS["me"]])),
        ]
        foreign = {flow["id"]: who for who, flow in made}
        before = {id: json.dumps(world.read(id, who)) for id, who in foreign.items()}
        for command in commands:
            others = {chance.choice(["a", "b", name]): {"title": title}}
            world.declare(others if command == "other flows" else flows)
            match command:
                case "apply" | "other flows":
                    world.flowdeck("apply", "--yes", *ALLOW)
                case "destroy":
                    world.flowdeck("destroy", "--yes", *ALLOW)
                case "forget":
                    world.flowdeck("forget", name)
                case _:
                    world.flowdeck(command)
            assert {id: json.dumps(world.read(id, who)) for id, who in foreign.items()} == before


# The same input, the same bytes

ENVIRONMENTS = [
    {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
    {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "4711", "TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    {"PYTHONHASHSEED": "random", "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_the_same_bytes_everywhere(world: World, encoding: str) -> None:
    """The JSON plan has the same bytes under any hash seed, locale, time zone and encoding of the terminal."""
    flow = {"keywords": list("zyxwvu"), "permissions": [{"viewers": list(URNS.values()), "starters": [GROUP]}]}
    world.declare({"changed": flow, "gone": flow, "same": {}}, service="emulator")
    assert world.flowdeck("apply", "--yes").code == 0
    states = {"c": {"Type": "Pass", "Next": "ü b"}, "d": {"Type": "Pass", "End": True}}
    states |= {"Begin": {"Type": "Pass", "Next": "d"}, "ü b": {"Type": "Pass", "Next": "Begin"}}
    changed = {"title": "☃ é", "keywords": list("abcu"), "definition": {"StartAt": "c", "States": states}}
    world.declare({"changed": changed, "new": {**flow, **changed}, "same": {}}, service="emulator")
    expected = world.flowdeck("plan", "--format", "json").out
    assert json.loads(expected)["summary"]["create"] == 1
    for environment in ENVIRONMENTS if encoding == "utf-8" else [{"PYTHONIOENCODING": encoding}]:
        variables = {"PATH": os.environ["PATH"], "HOME": str(world.folder), **environment}
        command = [str(FLOWDECK), "plan", "--format", "json"]
        ran = subprocess.run(command, cwd=world.folder, env=variables, capture_output=True, timeout=60, check=False)
        assert (ran.returncode, ran.stderr, ran.stdout) == (0, b"", expected.encode())


SETS = ("keywords", "viewers", "starters", "administrators", "run_managers", "run_monitors", "ignore")


def shuffled(value: Any, chance: random.Random, key: str = "") -> Any:
    """The same document: the keys of mappings, and the lists that are sets, in another order."""
    if isinstance(value, dict):
        return {one: shuffled(value[one], chance, one) for one in chance.sample(list(value), len(value))}
    if isinstance(value, list):
        return chance.sample(value, len(value)) if key in SETS else [shuffled(one, chance) for one in value]
    return value


@law(20)
@given(PROJECTS, PROJECTS, st.randoms(use_true_random=False))
def test_order_means_nothing(worlds: Any, flows: dict[str, Any], after: dict[str, Any], chance: random.Random) -> None:
    """Keys, flows, keywords and principals in another order make the same plan, but for the lines that it names."""
    plain = {name: {**flow, "definition": DEFINITION, "input_schema": {}} for name, flow in flows.items()}
    with worlds() as world:
        world.declare(plain)
        world.apply(*ALLOW)
        world.write(shuffled(manifest(plain), chance))
        world.settled()
        world.declare(after)
        first = without_lines(world.plan())
        world.write(shuffled(manifest(after), chance))
        assert without_lines(world.plan()) == first


def without_lines(plan: dict[str, Any]) -> str:
    """The plan as text, but for the lines of the manifest that it names: these move with their text."""
    for change in plan["changes"]:
        for role in change["roles"].values():
            for grant in role["granted_by"].values():
                grant["line"] = None
    remarks = [{**one, "line": None, "column": None} for one in plan["diagnostics"]]
    return json.dumps({**plan, "diagnostics": sorted(remarks, key=json.dumps)})


def changes(document: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The manifest with one thing changed."""
    changed = deepcopy(document)
    flow = changed["flows"][chance.choice(sorted(changed["flows"]))]
    states = flow["definition"]["States"]
    state = states[chance.choice(sorted(states))]
    role = chance.choice(["viewers", "starters", "administrators", "run_managers", "run_monitors"])
    match chance.randrange(9):
        case 0:
            flow["title"] = "changed " + flow.get("title", "")[:100]
        case 1:
            flow["subtitle"] = "changed " + flow.get("subtitle", "")[:100]
        case 2:
            flow["description"] = "changed " + flow.get("description", "")[:100]
        case 3:
            flow["keywords"] = [*flow.get("keywords", []), "changed by the law"]
        case 4:
            state["Comment"] = "changed " + state.get("Comment", "")
        case 5:
            flow["input_schema"] = {"changed": flow.get("input_schema", {})}
        case 6:
            flow["permissions"] = [
                *flow.get("permissions", []),
                {role: [f"urn:globus:auth:identity:{IDS['me'][:-1]}f"]},
            ]
        case 7:
            flow["protect"] = not flow.get("protect", False)
        case _:
            changed["project"] = "another"
    return changed


@law(40)
@given(PROJECTS, st.randoms(use_true_random=False))
def test_a_changed_manifest_is_another_plan(world: World, flows: dict[str, Any], chance: random.Random) -> None:
    """Any change of any flow or of the project changes the digest; --expect with the old one writes nothing."""
    path = world.declare(flows)
    document = json.loads(path.read_text("utf-8"))
    reviewed = world.plan()["digest"]
    world.write(changes(document, chance))
    assert world.plan()["digest"] != reviewed
    world.emulator.clear_requests()
    for expected in (reviewed, reviewed[:12]):
        assert world.flowdeck("apply", "--expect", expected, *ALLOW).code == 3
    assert world.writes() == []
    assert world.live() == []


# Whatever goes wrong

KINDS = st.sampled_from(
    [
        {"fault": "drop"},
        {"fault": "drop", "effect": "after"},
        *({"fault": "status", "status": status, "retry_after": 0} for status in (403, 429, 500, 503)),
        *({"fault": "status", "status": status, "effect": "after", "retry_after": 0} for status in (500, 504)),
        {"fault": "stale-list", "seconds": 600},
        {"fault": "edit", "set": {"subtitle": "by hand"}},
    ]
)
FAULTS = st.lists(st.tuples(KINDS, st.integers(1, 14)), min_size=1, max_size=3)


@law(40)
@given(FAULTS, st.sampled_from(["create", "update", "delete", "replace", "all"]))
def test_after_any_fault_one_more_apply_converges(worlds: Any, faults: list[tuple[Any, int]], work: str) -> None:
    """After faults at any requests, an apply without faults ends with one flow an address, as declared."""
    with worlds() as world:
        world.declare({"a": {}, "b": {"title": "to change"}, "c": {"title": "to go"}})
        world.apply()
        after = {
            "create": {"a": {}, "b": {"title": "to change"}, "c": {"title": "to go"}, "d": {}, "e": {}},
            "update": {"a": {}, "b": {"title": "changed"}, "c": {"title": "changed too"}},
            "delete": {"b": {"title": "to change"}},
            "replace": {"a": {"authentication_policy": "00000000-0000-4000-c000-000000000001"}, "b": {}, "c": {}},
            "all": {"a": {}, "b": {"title": "changed"}, "d": {}},
        }[work]
        world.declare(after)
        world.emulator.clear_requests()
        world.emulator.inject(*({**kind, "when": {"request": number}} for kind, number in faults))
        ran = world.flowdeck("apply", "--yes", "--format", "json", "--parallelism", "1", *ALLOW)
        assert ran.code in (0, 1, 3, 4)
        assert "Traceback" not in ran.err
        assert "internal-error" not in ran.err
        posts = [one for one in world.writes() if one[0] == "POST"]
        assert len(posts) <= {"create": 2, "replace": 1, "all": 1}.get(work, 0) + (3 if stale(faults) else 0)
        world.emulator.clear_faults()
        ran = world.flowdeck("apply", "--yes", "--format", "json", *ALLOW)
        assert ran.code == 0, ran
        world.settled()
        assert {only(world.marked(name))["id"] for name in after} == {flow["id"] for flow in world.live()}


def stale(faults: list[tuple[Any, int]]) -> bool:
    """Whether a list may have shown the time before our first apply."""
    return any(kind["fault"] == "stale-list" for kind, _ in faults)


def test_two_applies_at_once(world: World) -> None:
    """Two jobs that apply one manifest at once end, after one more apply, with one flow an address."""
    world.declare({"a": {}, "b": {}, "c": {}})
    world.emulator.inject({"fault": "latency", "ms": 150, "times": None})
    command = [str(FLOWDECK), "apply", "--yes"]
    variables = {"PATH": os.environ["PATH"], **world.emulator.environment()}
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    jobs = [subprocess.Popen(command, cwd=world.folder, env=variables, **silent) for _ in range(2)]
    assert [job.wait(timeout=60) for job in jobs] == [0, 0]
    world.emulator.clear_faults()
    world.apply()
    world.settled()
    assert {flow["title"] for flow in world.live()} == {"a", "b", "c"}
    assert len(world.live()) == 3
