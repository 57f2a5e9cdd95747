"""The digest law: what changes the thing that an apply would do changes the plan's digest, and nothing else does."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from projects import Command, manifest
from worlds import URNS, World, opened

from flowdeck.apply import execute
from flowdeck.model.diagnostic import Place, has_errors
from flowdeck.model.flow import FIELDS, OWNER_SELF, SUBSCRIPTION_DEFAULT, Flow, WantedFlow, redacted
from flowdeck.model.json_value import EMPTY_OBJECT, Json
from flowdeck.model.live import LiveFlow, Runs
from flowdeck.model.manifest import Guardrails, Manifest
from flowdeck.model.marker import Keywords, Marker, Stamp, split
from flowdeck.model.plan import Plan
from flowdeck.model.reference import late
from flowdeck.model.risk import Level
from flowdeck.observe import observe
from flowdeck.plan import build
from flowdeck.service.ports import Candidate, Done, Gone, Outcome, Problem, Validated

ME, OTHER = "urn:globus:auth:identity:me", "urn:globus:auth:identity:other"
SUBSCRIPTION, POLICY = "00000000-0000-4000-b000-000000000001", "00000000-0000-4000-c000-000000000001"
FIRST, AGAIN = "2026-01-01T00:00:00+00:00", "2026-03-01T00:00:00+00:00"


class Nowhere:
    """The places of a manifest that has no files."""

    def of(self, flow: str, path: tuple[str | int, ...] = (), *, key: bool = False) -> Place | None:
        return None

    def granted_by(self, flow: str, role: str, principal: str) -> tuple[str | None, Place | None]:
        return None, None


@dataclass
class Service:
    """A service in memory, behind the ports; `effects` tells what became of what, and nothing of stamps and times."""

    identity: str
    flows: dict[str, LiveFlow]
    running: Runs = field(default_factory=Runs)
    service: str = "memory"
    effects: list[str] = field(default_factory=list)

    def marked(self, prefix: str) -> list[LiveFlow]:
        return [one for one in self._all() if any(str(marker).startswith(prefix) for marker in one.keywords.markers)]

    def administered(self) -> list[LiveFlow]:
        return [one for one in self._all() if one.administered]

    def _all(self) -> list[LiveFlow]:
        return sorted(self.flows.values(), key=lambda one: one.id)

    def read(self, id: str) -> LiveFlow | Gone:
        return self.flows.get(id) or Gone(id)

    def runs(self, id: str) -> Runs:
        return self.running

    def resolve(self, names: Collection[str]) -> dict[str, tuple[Candidate, ...]]:
        return {}

    def names(self, urns: Collection[str]) -> dict[str, str]:
        return {}

    def validate(self, definition: Json, input_schema: Json) -> Validated | Problem:
        return Validated()

    def create(self, flow: Flow, keywords: Sequence[str]) -> Outcome:
        ours = split(keywords)
        id = f"new-{ours.markers[0].name}"
        made = LiveFlow(
            id, replace(self._kept(flow), owner=self.identity), ours, frozenset({"flow_owner"}), f"scope of {id}"
        )
        return self._done("create", None, made, told(flow, FIELDS))

    def update(self, id: str, flow: Flow, fields: Collection[str], keywords: Sequence[str]) -> Outcome:
        was, ours, kept = self.flows[id], split(keywords), self._kept(flow)
        settings = {**{name: getattr(kept, name) for name in fields}, "keywords": ours.users}
        made = replace(was, flow=replace(was.flow, **settings), keywords=ours)
        return self._done("update", was, made, [told(was.flow, fields), told(flow, fields)])

    def delete(self, id: str) -> Outcome:
        was = self.flows.pop(id)
        self.effects.append(json.dumps(["delete", id, told(was.flow, FIELDS)]))
        return Done(was)

    def _kept(self, flow: Flow) -> Flow:
        owner = self.identity if flow.owner == OWNER_SELF else flow.owner
        subscription = SUBSCRIPTION if flow.subscription == SUBSCRIPTION_DEFAULT else flow.subscription
        return replace(flow, owner=owner, subscription=subscription)

    def _done(self, kind: str, was: LiveFlow | None, made: LiveFlow, fields: Any) -> Outcome:
        self.flows[made.id] = made
        ours = [[str(one.markers), one.protected] if one else None for one in (was and was.keywords, made.keywords)]
        self.effects.append(json.dumps([kind, made.id, fields, ours]))
        return Done(made)


def told(flow: Flow, fields: Collection[str]) -> dict[str, str]:
    """Fields as they are sent, or were found, without private values; what is empty is nothing."""
    hidden = replace(flow, definition=redacted(flow.definition))
    return {name: hidden.normal(name).text for name in FIELDS if name in fields and not flow.normal(name).is_empty}


# --- worlds of few values, so that two of them are often alike in what matters


def passing(**keys: Any) -> Json:
    return Json.of({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True, **keys}}})


def private(token: str) -> Json:
    return passing(Parameters={"__Private_Parameters": ["token"], "token": token})


DEFINITIONS = [passing(), passing(Comment="x"), private("x"), private("y"), passing(Comment="${flow.b.id}")]
REFERRING = passing(Comment=late("flow.b.id"))
NAMES = ("a", "b")
ROLES = [frozenset[str](), frozenset({"public"}), frozenset({"public", OTHER})]
# What decides: of each flow what is declared, and what is live.
DECLARED: dict[str, st.SearchStrategy[Any]] = {
    "there": st.sampled_from([True, True, True, False]),
    "title": st.sampled_from(["T", "U"]),
    "subtitle": st.sampled_from(["", "S"]),
    "keywords": st.sampled_from([frozenset[str](), frozenset({"k"})]),
    "definition": st.sampled_from([*DEFINITIONS, REFERRING]),
    "input_schema": st.sampled_from([EMPTY_OBJECT, Json.of({"type": "object"})]),
    "viewers": st.sampled_from(ROLES),
    "administrators": st.sampled_from([frozenset[str](), frozenset({OTHER})]),
    "subscription": st.sampled_from([None, SUBSCRIPTION_DEFAULT, SUBSCRIPTION]),
    "authentication_policy": st.sampled_from([None, POLICY]),
    "owner": st.sampled_from([None, None, OWNER_SELF]),
    "protect": st.booleans(),
    "ignore": st.sampled_from([frozenset[str](), frozenset({"title"}), frozenset({"definition", "keywords"})]),
    "by_id": st.booleans(),
}
LIVE: dict[str, st.SearchStrategy[Any]] = {
    **{name: DECLARED[name] for name in ("there", "title", "subtitle", "keywords", "input_schema", "viewers")},
    "administrators": DECLARED["administrators"],
    "definition": st.sampled_from(DEFINITIONS),
    "subscription": st.sampled_from([None, SUBSCRIPTION]),
    "authentication_policy": st.sampled_from([None, POLICY]),
    "owner": st.sampled_from([ME, ME, OTHER]),
    "marked": st.sampled_from([True, True, False]),
    "protected": st.booleans(),
}
# What must not: evidence, levels, names, times.
BESIDE: dict[str, st.SearchStrategy[Any]] = {
    "stamp": st.sampled_from([None, Stamp({}), Stamp({"title": "000000", "definition": "abcdef"}, "c0ffee")]),
    "time": st.sampled_from([FIRST, AGAIN]),
    "runs": st.sampled_from([Runs(), Runs(2, 5)]),
    "level": st.sampled_from(list(Level)),
    "hosts": st.sampled_from([None, (), ("x.example.org",)]),
    "aliases": st.sampled_from([{}, {"ada": OTHER}]),
    "commit": st.sampled_from(["", "c0ffee"]),
    "reversed": st.booleans(),
}
ALL = {
    **{("declared", name, key): values for name in NAMES for key, values in DECLARED.items()},
    **{("live", name, key): values for name in NAMES for key, values in LIVE.items()},
    **{("beside", "", key): values for key, values in BESIDE.items()},
    # The only reference is from `a` to `b`.
    ("declared", "b", "definition"): st.sampled_from(DEFINITIONS),
    ("beside", "", "identity"): st.sampled_from([ME, ME, ME, OTHER]),
}
Values = dict[tuple[str, str, str], Any]


def of(values: Values, kind: str, name: str = "") -> dict[str, Any]:
    """The values of one side of one flow."""
    return {key: value for (a, b, key), value in values.items() if (a, b) == (kind, name)}


def declared(values: Values) -> tuple[WantedFlow, ...]:
    found = []
    for name in NAMES:
        flow = of(values, "declared", name)
        there, ignore, protect, by_id = (flow.pop(key) for key in ("there", "ignore", "protect", "by_id"))
        if there:
            id = f"id-{name}" if by_id and values["live", name, "there"] else None
            found.append(WantedFlow(name, Flow(**flow), ignore, id, None, protect))
    return tuple(found)


def live(values: Values) -> dict[str, LiveFlow]:
    found = {}
    beside, identity = of(values, "beside"), values["beside", "", "identity"]
    for name in NAMES:
        flow = of(values, "live", name)
        there, marked, protected = (flow.pop(key) for key in ("there", "marked", "protected"))
        if there:
            roles = {ME: "flow_owner"}.get(flow["owner"], "") if flow["owner"] == identity else ""
            markers = (Marker("lab", "test", name),) if marked else ()
            found[f"id-{name}"] = LiveFlow(
                f"id-{name}",
                Flow(**flow),
                Keywords(flow["keywords"], markers, beside["stamp"] if marked else None, protected),
                frozenset({roles or "flow_administrator"}),
                f"scope of id-{name}",
                created_at=FIRST,
                updated_at=beside["time"],
            )
    return dict(reversed(found.items())) if beside["reversed"] else found


@dataclass
class Planned:
    """A plan, and what an apply of it did."""

    plan: Plan
    effects: list[str]


def planned(values: Values) -> Planned:
    """Plan one world and apply the plan; what cannot be planned is no example."""
    beside = of(values, "beside")
    flows = declared(values)
    assume(flows)
    assume(len(flows) == len(NAMES) or flows[0].flow.definition != REFERRING)
    manifest = Manifest(
        *("lab", "test", "memory", Path()),
        flows=tuple(reversed(flows)) if beside["reversed"] else flows,
        places=Nowhere(),
        guardrails=Guardrails({"no-subscription": beside["level"], "public-view": beside["level"]}, beside["hosts"]),
        aliases=beside["aliases"],
    )
    service = Service(beside["identity"], live(values), beside["runs"])
    seen, diagnostics = observe(manifest, service)
    assume(not has_errors(diagnostics))
    plan = build(manifest, seen, "memory")
    result = execute(plan, service, service, Nowhere(), lambda _: None, commit=beside["commit"])
    assert {one.outcome.value for one in result.steps} <= {"done"}, result
    return Planned(plan, sorted(service.effects))


@settings(max_examples=300, derandomize=True)
@given(st.fixed_dictionaries(ALL), st.data())
def test_the_law(values: Values, data: st.DataObject) -> None:
    """Two worlds have plans of one digest exactly when applying them does the same to the same."""
    keys = data.draw(st.sets(st.sampled_from(sorted(ALL)), min_size=1, max_size=2))
    other = {**values, **{key: data.draw(ALL[key]) for key in sorted(keys)}}
    one, two = planned(values), planned(other)
    assert (one.plan.digest == two.plan.digest) == (one.effects == two.effects), (one.effects, two.effects)


@settings(max_examples=60, derandomize=True)
@given(st.fixed_dictionaries(ALL), st.fixed_dictionaries(BESIDE))
def test_what_is_beside(values: Values, beside: dict[str, Any]) -> None:
    """Stamps, times, runs, levels and lists of guardrails, people's names, commits and orders are in no digest."""
    other = {**values, **{("beside", "", key): value for key, value in beside.items()}}
    one, two = planned(values), planned(other)
    assert (one.plan.digest, one.effects) == (two.plan.digest, two.effects)


@pytest.mark.parametrize("exists", [False, True])
def test_where_it_applies(exists: bool) -> None:
    """The same steps elsewhere are another plan: on another service, in another environment, of another project."""
    live = {"id-a": LiveFlow("id-a", Flow("T", passing()), Keywords(frozenset()), frozenset({"flow_owner"}))}
    wanted = WantedFlow("a", Flow("U", passing()), id="id-a" if exists else None)
    places = [("lab", "test", "one"), ("lab-2", "test", "one"), ("lab", "test-2", "one"), ("lab", "test", "two")]
    digests = set()
    for project, environment, name in places:
        manifest = Manifest(project, environment, name, Path(), (wanted,), Nowhere())
        seen, _ = observe(manifest, Service(ME, dict(live) if exists else {}))
        digests.add(build(manifest, seen, name).digest)
    assert len(digests) == len(places)


def rich(**changed: Any) -> Flow:
    """A flow with something in every field, and values that could be written in several ways."""
    definition = passing(
        Parameters={
            "__Private_Parameters": ["token"],
            "token": "t",
            "of": [1, 1.0, -0.0, 1e-7, 10**20, True, None, ""],
        },
        Comment='\u00e9 \u2028 \U0001f52d \\ " </script>',
    )
    roles = {
        "viewers": frozenset({"public", OTHER}),
        "starters": frozenset({"all_authenticated_users"}),
        "administrators": frozenset({OTHER, ME}),
        "run_managers": frozenset({OTHER}),
        "run_monitors": frozenset({ME}),
    }
    schema = Json.of({"type": "object", "required": ["b", "a"], "properties": {"b": {}, "a": {"default": 0.1}}})
    texts = {"title": "T", "subtitle": "S", "description": "D\n", "keywords": frozenset({"k", "\u00e9"})}
    more = {
        "subscription": SUBSCRIPTION,
        "authentication_policy": POLICY,
        "definition": definition,
        "input_schema": schema,
    }
    return Flow(**{**texts, **more, **roles, **changed})


def of_ours(id: str, flow: Flow, *markers: str, protected: bool = False) -> LiveFlow:
    """A flow on the service that we own, with these names in its markers."""
    ours = tuple(Marker("lab", "test", name) for name in markers)
    return LiveFlow(
        id, flow, Keywords(flow.keywords, ours, None, protected), frozenset({"flow_owner"}), f"scope of {id}"
    )


# Written down once. A change of one makes every digest void that was reviewed before: then say so in the changelog.
GOLDEN = {
    "adopt flow.adopted": "ba7a036db05ed02796bb2b131345292f68552247411412a19d7f7e487b1ca1bb",
    "create flow.late": "ba695f499ec54b8f5621eedc1cc31ebea1804fc77143cd334ed78a75ff966226",
    "create flow.new": "c68ffa9101cb72fccc5837a77bc045135eda611958f9e32cfa49456372c2cc9d",
    "delete flow.gone": "d763afaedd9722b7597a2ce52d099e7473d607541d765ff3846f3d0c2e7856fd",
    "replace flow.swapped": "cffe552d86a6e3a5f4f4f5f064bae7716c2ab4d76813a09145bfc56c306d5823",
    "update flow.changed": "2284a49fa680e9549f3a49d6a08bc232f520c99a0b2508b79342cc4c5b6c38c9",
}
GOLDEN_PLAN = "2dae08b5cc8979c35735056980d0b000cbc78900997c926fcbf9e460fe7ab59e"


def test_golden_digests() -> None:
    """A plan has the same digest in every release, on every machine and with every Python: here it is in digits."""
    late_one = rich(definition=passing(Comment=late("flow.new.id")))
    wanted = (
        WantedFlow("new", rich()),
        WantedFlow("late", late_one, protect=True),
        WantedFlow("changed", rich(title="U", viewers=frozenset({"public"}), owner=None)),
        WantedFlow("swapped", rich()),
        WantedFlow("adopted", rich(), id="id-adopted"),
        WantedFlow("same", rich()),
    )
    live = [
        *(of_ours(f"id-{name}", rich(owner=ME), name) for name in ("changed", "same", "gone")),
        of_ours("id-swapped", rich(owner=ME, authentication_policy=None), "swapped"),
        of_ours("id-adopted", rich(owner=ME, subtitle="")),
    ]
    manifest = Manifest("lab", "test", "https://flows.example.org", Path(), wanted, Nowhere())
    seen, diagnostics = observe(manifest, Service(ME, {one.id: one for one in live}))
    assert not has_errors(diagnostics)
    plan = build(manifest, seen, manifest.service)
    steps = zip(plan.steps, plan.step_digests, strict=True)
    assert {f"{step.action} {step.address}": digest for step, digest in steps} == GOLDEN
    assert plan.digest == GOLDEN_PLAN


# --- and with a real service


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch) as world:
        yield world


def one_state(**keys: Any) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True, **keys}}}


@pytest.mark.parametrize("where", ["definition", "input_schema"])
def test_a_reference_is_no_text(world: World, where: str) -> None:
    """A reference that is not known yet and the text that looks like it do different things: two digests."""

    def digest(text: str) -> str:
        body = {"Comment": text} if where == "definition" else {"title": text}
        flow = {"definition": one_state(**body)} if where == "definition" else {"input_schema": body}
        world.declare({"parent": flow, "child": {}})
        return str(world.plan()["digest"])

    assert digest("${flow.child.id}") == digest("${flow.child.id}")
    assert len({digest("${flow.child.id}"), digest("$${flow.child.id}"), digest("${flow.child.scope}")}) == 3
    assert digest("see ${flow.child.id}") != digest("see $${flow.child.id}")


def test_ways_to_write_the_same(world: World) -> None:
    """The same flows are one plan however they are written: files, variables, names of people, sets, includes."""
    flow = {"title": "T", "definition": one_state(), "permissions": [{"viewers": [URNS["colleague"]]}]}
    world.declare({"a": flow})
    digest = world.plan()["digest"]
    (world.folder / "a.json").write_text(json.dumps(one_state()), encoding="utf-8")
    (world.folder / "b.yaml").write_text("StartAt: A\nStates: {A: {End: true, Type: Pass}}\n", encoding="utf-8")
    (world.folder / "more.yaml").write_text(
        f"permissions: {{crew: {{viewers: [{URNS['colleague']}]}}}}", encoding="utf-8"
    )
    for changed, more in (
        ({"definition": "a.json"}, {}),
        ({"definition": "b.yaml"}, {}),
        ({"title": "${var.t}"}, {"variables": {"t": "T"}}),
        ({"permissions": [{"viewers": ["ada"]}]}, {"principals": {"ada": URNS["colleague"]}}),
        ({"permissions": [{"viewers": ["colleague@example.org"]}]}, {}),
        ({"permissions": ["crew"]}, {"include": ["more.yaml"]}),
        ({}, {"permissions": {"crew": {"flows": ["*"], "viewers": [URNS["colleague"]]}}}),
        ({}, {"guardrails": {"no-subscription": "block", "administrators-required": [URNS["ci"]]}}),
    ):
        world.declare({"a": {**flow, **changed}}, **more)
        assert world.plan()["digest"] == digest, changed
    world.declare({"a": {**flow, "title": "${var.t}"}}, variables={"t": "T"})
    assert world.plan("--var", "t=U")["digest"] != digest


def test_what_is_not_in_the_plan(world: World) -> None:
    """Flows that the plan leaves alone, ours and others', comments, orders of keys, names of files are in no digest."""
    changed, other = {"title": "a", "definition": one_state(Comment="x")}, {"title": "b", "definition": one_state()}
    world.declare({"a": changed, "b": other})
    world.apply()
    world.declare({"a": {**changed, "title": "new"}, "b": other})
    digest = world.plan()["digest"]
    world.sdk().create_flow("of somebody else", one_state(), {}, keywords=["flowdeck:lab-2/test/a"])
    assert world.plan()["digest"] == digest

    [b] = world.marked("b")
    world.sdk().update_flow(b["id"], title="retitled")
    world.declare({"a": {**changed, "title": "new"}, "b": {**other, "title": "retitled"}})
    assert world.plan()["digest"] == digest

    flows = {"b": dict(reversed({**other, "title": "retitled"}.items())), "a": {**changed, "title": "new"}}
    document = manifest(flows)
    text = yaml.safe_dump(dict(reversed(document.items())), sort_keys=False)
    (world.folder / "flows.yaml").unlink()
    (world.folder / "deploy.yaml").write_text(f"# a comment\n{text}# another\n", encoding="utf-8")
    assert world.plan("--file", "deploy.yaml")["digest"] == digest
    (world.folder / "deploy.yaml").write_text(text.replace("new", "newer"), encoding="utf-8")
    assert world.plan("--file", "deploy.yaml")["digest"] != digest


def test_who_plans(world: World) -> None:
    """Whoever of the deployers plans finds the same plan; one to whom the flows are not ours finds another."""
    both = {"test": {"service": "globus", "deployers": [URNS["me"], URNS["ci"]]}}
    roles = {"permissions": [{"administrators": [URNS["ci"]]}]}
    world.declare({"a": roles, "b": roles}, environments=both)
    world.apply()
    world.declare({"a": {**roles, "title": "new"}, "c": {}}, environments=both)
    digest = world.plan()["digest"]
    world.act_as("ci")
    assert world.plan()["digest"] == digest
    world.act_as("stranger")
    assert world.plan()["digest"] != digest


@pytest.mark.parametrize("change", ["title", "keywords", "definition", "flow_viewers"])
def test_what_somebody_changed_outside(world: World, change: str) -> None:
    """A live change that the apply would undo is another plan; one that it leaves alone, or that is undone, is not."""
    outside = {
        "title": "by hand",
        "keywords": ["flowdeck:lab/test/a", "k"],
        "definition": one_state(Comment="by hand"),
        "flow_viewers": ["public"],
    }[change]
    flow = {"title": "a", "definition": one_state()}
    world.declare({"a": flow})
    world.apply()
    [before] = world.live()
    world.declare({"a": {**flow, "subtitle": "new"}})
    digest = world.plan()["digest"]
    world.sdk().update_flow(before["id"], **{change: outside})
    assert world.plan()["digest"] != digest
    name = change.removeprefix("flow_")
    world.declare({"a": {**flow, "subtitle": "new", "ignore": [name]}})
    assert world.plan()["digest"] == digest
    world.sdk().update_flow(before["id"], **{change: before[change]})
    world.declare({"a": {**flow, "subtitle": "new"}})
    assert world.plan()["digest"] == digest
