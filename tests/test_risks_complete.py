"""Every risk: a real plan raises it, its page shows it, each environment may set its level, and --allow lifts it."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from projects import DEFINITION, Command, manifest, write
from worlds import GROUP, IDS, POLICIES, URNS, World, opened, signed

from flowdeck.model.risk import DEFAULT_LEVELS, Level

PAGE = Path(__file__).parents[1] / "docs" / "risks.md"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SEEDED = "00000000-0000-4000-f000-000000000001"
GROUPS = [{"id": GROUP[-36:], "name": "operators", "members": ["me@example.org", "colleague@example.org"]}]
SEEDS = {
    "delete-active-runs": {
        "flows": [{"id": SEEDED, "owner": IDS["me"], **signed("nightly")}],
        "runs": [{"flow": SEEDED, "owner": IDS["colleague"], "status": status} for status in ("ACTIVE", "INACTIVE")],
    }
}
Manifest = dict[str, Any]
Worlds = Callable[..., AbstractContextManager[World]]


@pytest.fixture
def worlds(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Worlds:
    """A function that opens a world, in which what a risk needs is there already."""
    return lambda code="": opened(project, flowdeck, monkeypatch, {"groups": GROUPS, **SEEDS.get(code, {})})


def declared(flows: Manifest, deployers: tuple[str, ...] = (), **more: Any) -> Manifest:
    """The arguments of `World.declare`; flows are of the environment `test`."""
    return {"flows": flows, "deployers": [URNS[who] for who in deployers], **more}


def apply(world: World, flows: Manifest, deployers: tuple[str, ...] = ()) -> None:
    """Make these flows live."""
    written(world, declared(flows, deployers))
    world.apply()


def written(world: World, document: Manifest, **guardrails: Any) -> None:
    """Write a manifest, with guardrails for the environment `test` alone."""
    document = {**document}
    deployers = document.pop("deployers")
    environment = {"service": "globus", **({"deployers": deployers} if deployers else {})}
    world.declare(document.pop("flows"), environments={"test": {**environment, "guardrails": guardrails}}, **document)


def calling(scope: str = "", run_as: str = "", url: str = "https://transfer.actions.globus.org/transfer") -> Manifest:
    """A flow with one action."""
    action = {"Type": "Action", "ActionUrl": url, "Parameters": {}, "ResultPath": "$.Done", "End": True}
    action |= {"ActionScope": scope} if scope else {}
    action |= {"RunAs": run_as} if run_as else {}
    return {"definition": {"StartAt": "Copy", "States": {"Copy": action}}}


def taking(*required: str) -> Manifest:
    """A flow whose input must have these."""
    schema = {"type": "object", "required": [*required], "properties": {"source": {"type": "string"}}}
    return {"input_schema": {**schema, "additionalProperties": True}}


def granting(**roles: Any) -> Manifest:
    """A flow with these roles."""
    return {"permissions": [roles]}


# --- by code: what makes the plan raise it; each returns the manifest to plan


def protected(world: World) -> Manifest:
    apply(world, {"nightly": {"protect": True}, "other": {}})
    return declared({"other": {}})


def mass_delete(world: World) -> Manifest:
    apply(world, {"nightly": {}, "weekly": {}})
    return declared({"other": {}})


def lock_out(world: World) -> Manifest:
    world.act_as("ci")
    apply(world, {"nightly": granting(administrators=[URNS["me"]], viewers=[URNS["me"]])}, ("ci", "me"))
    world.act_as("me")
    return declared({"nightly": granting(viewers=[URNS["me"]])}, ("ci", "me"))


def administrators_required(world: World) -> Manifest:
    return declared({"nightly": {}}, guardrails={"administrators-required": [URNS["ci"]]})


def replaced(world: World) -> Manifest:
    apply(world, {"nightly": {}})
    return declared({"nightly": {"authentication_policy": POLICIES[0]}})


def marker_lost(world: World) -> Manifest:
    world.make(title="Nightly copy")
    return declared({"nightly": {"title": "Nightly copy"}})


def access_removed(world: World) -> Manifest:
    apply(world, {"nightly": granting(starters=[URNS["colleague"], GROUP])})
    return declared({"nightly": granting(starters=[URNS["colleague"]])})


def public_view(world: World) -> Manifest:
    return declared({"nightly": granting(viewers=["public"])})


def open_start(world: World) -> Manifest:
    return declared({"nightly": granting(starters=["all_authenticated_users"])})


def new_administrator(world: World) -> Manifest:
    return declared({"nightly": granting(administrators=[URNS["colleague"]])})


def owner_change(world: World) -> Manifest:
    theirs = world.make("colleague", "nightly", flow_administrators=[URNS["me"]])
    return declared({"nightly": {"id": theirs["id"], "owner": "self", **granting(administrators=[URNS["me"]])}})


def consent_change(world: World) -> Manifest:
    apply(world, {"nightly": {}})
    return declared({"nightly": calling()})


def input_breaking(world: World) -> Manifest:
    apply(world, {"nightly": taking()})
    return declared({"nightly": taking("source")})


def input_loosened(world: World) -> Manifest:
    apply(world, {"nightly": taking("source")})
    return declared({"nightly": taking()})


def delete_active_runs(world: World) -> Manifest:
    return declared({"other": {}})


def drift_overwrite(world: World) -> Manifest:
    apply(world, {"nightly": {}})
    [flow] = world.marked("nightly")
    world.sdk().update_flow(flow["id"], title="Nightly (test)")
    return declared({"nightly": {}})


def action_host(world: World) -> Manifest:
    elsewhere = calling(url="https://actions.example.org/copy", scope="https://auth.globus.org/scopes/example/copy")
    return declared({"nightly": elsewhere}, guardrails={"allowed-action-hosts": ["transfer.actions.globus.org"]})


def run_as_change(world: World) -> Manifest:
    apply(world, {"nightly": calling()})
    return declared({"nightly": calling(run_as="Flow")})


def no_subscription(world: World) -> Manifest:
    return declared({"nightly": {}})


def delete(world: World) -> Manifest:
    apply(world, {"nightly": {}, "other": {}})
    return declared({"other": {}})


def group_grant(world: World) -> Manifest:
    return declared({"nightly": granting(starters=[GROUP], viewers=[GROUP])})


def guardrail_lowered(world: World) -> Manifest:
    return declared({"nightly": granting(starters=["all_authenticated_users"])}, guardrails={"open-start": "note"})


SCENARIOS: dict[str, Callable[[World], Manifest]] = {
    "protected": protected,
    "mass-delete": mass_delete,
    "lock-out": lock_out,
    "administrators-required": administrators_required,
    "replace": replaced,
    "marker-lost": marker_lost,
    "access-removed": access_removed,
    "public-view": public_view,
    "open-start": open_start,
    "new-administrator": new_administrator,
    "owner-change": owner_change,
    "consent-change": consent_change,
    "input-breaking": input_breaking,
    "input-loosened": input_loosened,
    "delete-active-runs": delete_active_runs,
    "drift-overwrite": drift_overwrite,
    "action-host": action_host,
    "run-as-change": run_as_change,
    "no-subscription": no_subscription,
    "delete": delete,
    "group-grant": group_grant,
    "guardrail-lowered": guardrail_lowered,
}
# The key of this one holds its list, so that an environment gives another list and not another level.
BY_LIST = "administrators-required"
EVERY_CODE = pytest.mark.parametrize("code", SCENARIOS)


def raised(plan: dict[str, Any], code: str) -> list[tuple[str, str, str]]:
    """Address, level and message of each risk of that code, with people by their names."""
    found = []
    for change in plan["changes"]:
        for risk in change["risks"]:
            if risk["code"] == code:
                message = risk["message"]
                for urn, name in plan["principals"].items():
                    message = message.replace(urn, name)
                found.append((change["address"], risk["level"], message))
    return found


def test_every_code_has_its_scenario() -> None:
    """There is no risk that no plan here raises, and none raised that is not known."""
    assert SCENARIOS.keys() == DEFAULT_LEVELS.keys()


@EVERY_CODE
def test_a_plan_raises_it(worlds: Worlds, code: str) -> None:
    """A real plan has the risk at its default level, and the page of risks shows those very words."""
    with worlds(code) as world:
        written(world, SCENARIOS[code](world))
        found = raised(world.plan(), code)
    assert found
    assert {level for _, level, _ in found} == {DEFAULT_LEVELS[code]}
    shown = f"{found[0][1]}[{code}] {UUID.sub('ID', found[0][2])}"
    section = re.search(rf"^## {code}$(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert section
    examples = re.findall(r"```text\n(.*?)\n```", section[1], re.DOTALL)
    assert shown in [UUID.sub("ID", line) for example in examples for line in example.splitlines()]


@EVERY_CODE
def test_each_environment_sets_its_level(worlds: Worlds, code: str) -> None:
    """A guardrail of the environment wins over the manifest's, at any level; `protected` blocks whatever they say."""
    with worlds(code) as world:
        document = SCENARIOS[code](world)
        if code == BY_LIST:
            written(world, document, **{BY_LIST: []})
            assert raised(world.plan(), code) == []
            return
        everywhere = {**document, "guardrails": {**document.get("guardrails", {}), code: "note"}}
        for level in Level:
            written(world, everywhere, **{code: level.value})
            expected = {"block"} if code == "protected" else {level.value} - {"off"}
            assert {told for _, told, _ in raised(world.plan(), code)} == expected
        written(world, everywhere)
        assert {told for _, told, _ in raised(world.plan(), code)} == {"block" if code == "protected" else "note"}


@EVERY_CODE
def test_it_blocks_until_it_is_allowed(worlds: Worlds, code: str) -> None:
    """At the level block it refuses the apply by itself, whatever else is allowed; --allow CODE:NAME lifts it."""
    with worlds(code) as world:
        written(world, SCENARIOS[code](world), **({} if code == BY_LIST else {code: "block"}))
        names = [address for address, _, _ in raised(world.plan(), code)]
        others = [part for one in DEFAULT_LEVELS if one != code for part in ("--allow", one)]
        said = world.refused("apply", "--yes", *others)
        assert f"error[{code}]" in said
        assert "hint:" in said
        allowing = [part for name in names for part in ("--allow", f"{code}:{name}")]
        ran = world.flowdeck("apply", "--yes", *others, *allowing)
        # Who has locked itself out no longer sees what became of it.
        assert ran.code in {"protected": [3], "lock-out": [0, 4]}.get(code, [0]), ran
        assert bool(world.writes()) == (code != "protected")


def test_access_removed_blocks_an_adoption(worlds: Worlds) -> None:
    """By an adoption access-removed blocks by default; a guardrail of `warn` is then a lowered one."""
    with worlds() as world:
        by_hand = world.make(title="nightly", flow_starters=[GROUP])
        for guardrails, level in (({}, "block"), ({"access-removed": "warn"}, "warn")):
            written(world, declared({"nightly": {"id": by_hand["id"]}}), **guardrails)
            plan = world.plan()
            assert [told for _, told, _ in raised(plan, "access-removed")] == [level]
            assert bool(raised(plan, "guardrail-lowered")) == bool(guardrails)


# --- guardrail-lowered


@pytest.mark.parametrize(
    ("code", "level", "told"),
    [
        ("open-start", "off", "the guardrails set `open-start` to off; by default it is warn"),
        ("open-start", "note", "the guardrails set `open-start` to note; by default it is warn"),
        ("open-start", "warn", None),
        ("open-start", "block", None),
        ("group-grant", "off", None),
        ("public-view", "off", None),
    ],
)
def test_lowered(worlds: Worlds, code: str, level: str, told: str | None) -> None:
    """The note is told once on each change that has the risk, also where it is off; a note that is off is no news."""
    starters = ["all_authenticated_users", GROUP]
    flows = {"nightly": granting(starters=starters), "quiet": {}}
    with worlds() as world:
        written(world, declared(flows), **{code: level})
        expected = [("flow.nightly", "note", told)] if told else []
        assert raised(world.plan(), "guardrail-lowered") == expected
        written(world, declared(flows), **{code: level, "guardrail-lowered": "off"})
        assert raised(world.plan(), "guardrail-lowered") == []


def test_what_destroy_lifts_is_not_lowered(worlds: Worlds) -> None:
    """A destroy asks for a mass delete: it warns, whatever the guardrails say of it, and nobody lowered anything."""
    with worlds() as world:
        apply(world, {"nightly": {}, "weekly": {}})
        for guardrails in ({}, {"mass-delete": "off"}, {"mass-delete": "block"}):
            written(world, declared({"nightly": {}, "weekly": {}}), **guardrails)
            plan = world.plan("--destroy")
            assert {level for _, level, _ in raised(plan, "mass-delete")} == {"warn"}
            assert raised(plan, "guardrail-lowered") == []
        written(world, declared({"other": {}}), **{"mass-delete": "warn"})
        assert [address for address, _, _ in raised(world.plan(), "guardrail-lowered")] == [
            "flow.nightly",
            "flow.weekly",
        ]


# --- --allow


@pytest.mark.parametrize(
    ("allow", "code", "told"),
    [
        (["public-view:lab-*"], 3, []),
        (["public-view:lab-*", "public-view:flow.other"], 0, []),
        (["public-view:*"], 0, []),
        (["public-view:flow.lab-?", "public-view:other"], 0, []),
        (["public-view:"], 3, ["public-view:"]),
        (["public-view:Lab-a"], 3, ["public-view:Lab-a"]),
        (["public-view", "public-view:lab-a"], 0, []),
        (["public-view", "open-start"], 0, ["open-start"]),
        (["public-view", "replace:lab-a", "replace:lab-a"], 0, ["replace:lab-a"]),
        (["public-view", "no-subscription"], 0, ["no-subscription"]),
        (["public-view", "public-view:nobody"], 0, ["public-view:nobody"]),
        (["public-view", "protected"], 0, ["protected"]),
        (["public-view:lab-a:other"], 3, ["public-view:lab-a:other"]),
    ],
    ids=str,
)
def test_allow(worlds: Worlds, allow: list[str], code: int, told: list[str]) -> None:
    """NAME is a name, an address or a glob; each --allow that lifts nothing of the plan is told, with a way out."""
    with worlds() as world:
        flows = dict.fromkeys(("lab-a", "lab-b", "other"), granting(viewers=["public"]))
        written(world, declared(flows), **{"public-view": "block"})
        options = [part for one in allow for part in ("--allow", one)]
        ran = world.flowdeck("apply", "--yes", "--format", "json", *options)
        assert ran.code == code, ran
        notes = [one for one in ran.document["diagnostics"] if one["code"] == "unused-allow"]
        assert [one["message"] for one in notes] == [f"`--allow {one}` lifts nothing" for one in told]
        assert all(one["severity"] == "note" and one["hint"] for one in notes)
        assert bool(world.writes()) == (code == 0)


def test_allow_hints(worlds: Worlds) -> None:
    """A slip in NAME is met with the name that was meant; with --quiet, and when there is nothing to do, no note."""
    with worlds() as world:
        written(world, declared({"nightly": granting(viewers=["public"])}), **{"public-view": "block"})
        ran = world.flowdeck("apply", "--yes", "--allow", "public-view:nighly")
        assert "note[unused-allow]" in ran.out
        assert "did you mean `public-view:nightly`?" in ran.out
        assert "unused-allow" not in world.flowdeck("apply", "--yes", "-q", "--allow", "public-view:nighly").out
        world.apply("--allow", "public-view")
        assert world.apply("--allow", "public-view", "--allow", "replace")["diagnostics"] == []


# --- how much a guardrail looked at


@pytest.mark.parametrize(
    ("flows", "guardrails", "told"),
    [
        (
            {"a": calling(), "b": calling(url="https://actions.example.org/x"), "c": {}},
            {"allowed-action-hosts": ["transfer.actions.globus.org", "compute.actions.globus.org"]},
            "`allowed-action-hosts` was compared with 2 actions of 3 flows: 1 elsewhere; "
            "no action is on `compute.actions.globus.org`",
        ),
        (
            {"a": {"definition": DEFINITION}},
            {"allowed-action-hosts": []},
            "`allowed-action-hosts` was compared with 0 actions of 1 flow: 0 elsewhere",
        ),
        (
            {"a": {}, "b": {"ignore": ["administrators"]}},
            {"administrators-required": [URNS["ci"]]},
            "`administrators-required` was compared with the administrators of 1 of 2 flows",
        ),
        ({"a": calling()}, {"open-start": "block"}, None),
    ],
)
def test_coverage(project: Path, flowdeck: Command, flows: Manifest, guardrails: Manifest, told: str | None) -> None:
    """`validate -v` says how much each list under guardrails was compared with; without -v it says nothing of it."""
    write(project, manifest(flows, guardrails=guardrails))
    found = flowdeck("validate", "-v", "--format", "json").document["diagnostics"]
    assert [one["message"] for one in found if one["code"] == "guardrail-coverage"] == ([told] if told else [])
    assert "guardrail-coverage" not in flowdeck("validate").out
