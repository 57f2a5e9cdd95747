"""The plan document: its shape, its paths, where each difference comes from, and what it never shows."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from projects import DEFINITION, Command
from worlds import GROUP, IDS, POLICIES, URNS, World, only, opened, signed

from flowdeck.model.flow import Flow, WantedFlow
from flowdeck.model.json_value import Json
from flowdeck.model.live import LiveFlow
from flowdeck.model.marker import Keywords
from flowdeck.plan.diff import of_update, path_text

TOP = {
    "format_version": str,
    "flowdeck_version": str,
    "project": str,
    "environment": str,
    "service": str,
    "digest": str,
    "summary": dict,
    "changes": list,
    "principals": dict,
    "diagnostics": list,
}
SUMMARY = (
    *("create", "update", "replace", "delete", "adopt", "forget", "withdraw"),
    *("unchanged", "drifted", "missing", "blocked"),
)
CHANGE = ("address", "action", "id", "drifted", "moved_from", "fields", "roles", "scopes", "states", "risks")
FIELD = ("path", "before", "after", "origin", "sensitive", "unknown")
DIAGNOSTIC = ("code", "severity", "message", "hint", "file", "line", "column", "address")
PASS = {"Type": "Pass", "End": True}


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch) as world:
        yield world


def one_state(**keys: Any) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": {**PASS, **keys}}}


def fields_of(plan: dict[str, Any]) -> dict[str, Any]:
    return {one["path"]: one for one in only(plan["changes"])["fields"]}


def well_formed(document: dict[str, Any]) -> None:
    """The documented shape: every key is always there."""
    assert {key: type(value) for key, value in document.items()} == TOP
    assert document["format_version"] == "1.0"
    assert tuple(document["summary"]) == SUMMARY
    assert len(document["digest"]) == 64
    for change in document["changes"]:
        assert set(CHANGE) <= set(change)
        assert change["address"].startswith("flow.")
        assert change["action"] in SUMMARY[:7]
        assert (change["id"] is None) == (change["action"] == "create")
        assert all(set(FIELD) <= set(field) for field in change["fields"])
        assert all({"added", "removed"} <= set(role) for role in change["roles"].values())
        assert set(change["scopes"]) == {"added", "removed"}
        assert set(change["states"]) == {"added", "removed", "changed", "rewired"}
        assert all(set(risk) == {"code", "level", "message"} for risk in change["risks"])
    assert all(tuple(one) == DIAGNOSTIC for one in document["diagnostics"])


def test_shape_of_every_action(world: World) -> None:
    """Create, update, replace, delete, adopt, unchanged: every key is always there, and the counts add up."""
    world.declare({"changed": {}, "swapped": {}, "gone": {"permissions": [{"viewers": ["public"]}]}, "same": {}})
    world.apply()
    by_hand = world.make(title="by hand")
    world.declare(
        {
            "changed": {"title": "new"},
            "swapped": {"authentication_policy": POLICIES[0]},
            "same": {},
            "new": {"permissions": [{"starters": ["all_authenticated_users"]}]},
            "adopted": {"title": "by hand", "id": by_hand["id"]},
        }
    )
    plan = world.plan()
    well_formed(plan)
    counts = {name: count for name, count in plan["summary"].items() if count}
    assert counts == {"create": 1, "update": 1, "replace": 1, "delete": 1, "adopt": 1, "unchanged": 1, "blocked": 1}
    assert {change["address"]: change["action"] for change in plan["changes"]} == {
        "flow.adopted": "adopt",
        "flow.changed": "update",
        "flow.gone": "delete",
        "flow.new": "create",
        "flow.swapped": "replace",
    }
    create = only([change for change in plan["changes"] if change["action"] == "create"])
    assert all(field["before"] is None for field in create["fields"])
    assert create["states"]["added"] == ["Begin", "Finish"]
    well_formed(world.plan("--destroy"))
    ran = world.flowdeck("plan", "--format", "gitlab")
    assert ran.out == '{"create":1,"update":1,"delete":1}\n'


def test_the_faces_show_the_same_plan(world: World) -> None:
    """--out writes the very document of stdout; the text names each address, action and the digest's 12 digits."""
    world.declare({"a": {}, "b": {"title": "ünï"}})
    ran = world.flowdeck("plan", "--format", "json", "--out", "one.json", "--out", "one.txt")
    assert (world.folder / "one.json").read_text(encoding="utf-8") == ran.out
    text = world.flowdeck("plan").out
    assert ran.document["digest"][:12] in text
    assert "flow.a" in text
    assert "ünï" in text
    assert "\x1b" not in text


def test_detailed_exit_codes(world: World) -> None:
    """A plan exits with 0; with --detailed-exitcode, 2 when there is something to do, blocked or not."""
    world.declare({"a": {}})
    assert world.flowdeck("plan").code == 0
    assert world.flowdeck("plan", "--detailed-exitcode").code == 2
    world.apply()
    assert world.flowdeck("plan", "--detailed-exitcode").code == 0
    assert world.flowdeck("plan", "--destroy").code == 0
    assert world.flowdeck("plan", "--destroy", "--detailed-exitcode").code == 2
    world.declare({"b": {}})
    assert world.flowdeck("plan").code == 0  # a blocked plan is a plan


# Paths and values


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Plain_state-1", "definition.States.Plain_state-1.Comment"),
        ("My state", 'definition.States["My state"].Comment'),
        ("a.b", 'definition.States["a.b"].Comment'),
        ('say "hi"', 'definition.States["say \\"hi\\""].Comment'),
        ("it's", 'definition.States["it\'s"].Comment'),
        ("x[0]", 'definition.States["x[0]"].Comment'),
        ("back\\slash", 'definition.States["back\\\\slash"].Comment'),
        ("münchen", 'definition.States["münchen"].Comment'),
        ("root['x']", "definition.States[\"root['x']\"].Comment"),
        ("7", "definition.States.7.Comment"),
        ("__m", "definition.States.__m.Comment"),
        ("", 'definition.States[""].Comment'),
    ],
)
def test_path_of_a_state(world: World, name: str, path: str) -> None:
    """A path names the state exactly, quoted where it holds other characters than letters, digits, _ and -."""
    definition = {"StartAt": name, "States": {name: dict(PASS)}}
    world.declare({"a": {"definition": definition}})
    world.apply()
    definition["States"][name]["Comment"] = "new"  # type: ignore[index]
    world.declare({"a": {"definition": definition}})
    plan = world.plan()
    field = only(only(plan["changes"])["fields"])
    assert (field["path"], field["before"], field["after"]) == (path, None, "new")
    assert only(plan["changes"])["states"]["changed"] == [name]
    world.apply()
    world.settled()


def test_paths_into_lists(world: World) -> None:
    """A changed item of a list is named by its index, an item that comes or goes too."""
    choices = [{"Variable": "$.x", "NumericEquals": number, "Next": "B"} for number in range(3)]
    states = {"A": {"Type": "Choice", "Choices": choices, "Default": "B"}, "B": dict(PASS)}
    definition = {"StartAt": "A", "States": states}
    world.declare({"a": {"definition": definition}})
    world.apply()
    changed = deepcopy(definition)
    changed["States"]["A"]["Choices"][1]["NumericEquals"] = 10  # type: ignore[index]
    world.declare({"a": {"definition": changed}})
    field = only(only(world.plan()["changes"])["fields"])
    assert (field["path"], field["before"], field["after"]) == ("definition.States.A.Choices[1].NumericEquals", 1, 10)
    changed = deepcopy(definition)
    changed["States"]["A"]["Choices"].append({**choices[0], "NumericEquals": 3})  # type: ignore[index]
    world.declare({"a": {"definition": changed}})
    field = only(only(world.plan()["changes"])["fields"])
    assert (field["path"], field["before"]) == ("definition.States.A.Choices[3]", None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (1, True),
        (0, False),
        ([1, "x"], [True, "x"]),
        (1, "1"),
        (None, {}),
        (None, False),
        ([], {}),
        ("", None),
        (1.5, 2),
        ([1, 2], [2, 1]),
    ],
)
def test_values_that_python_confuses(world: World, before: object, after: object) -> None:
    """`true` is not 1, null is not absent or empty inside a document, and the order of a list counts."""
    world.declare({"a": {"definition": one_state(Result={"kept": before})}})
    world.apply()
    world.declare({"a": {"definition": one_state(Result={"kept": after})}})
    change = only(world.plan()["changes"])
    assert change["fields"], "an update that shows no field"
    assert all(one["path"].startswith("definition.States.A.Result.kept") for one in change["fields"])
    assert change["states"]["changed"] == ["A"]
    world.apply()
    world.settled()


def test_a_whole_float_is_an_integer(world: World) -> None:
    """1.0 and 1 are one number in JSON, so there is no difference between them."""
    world.declare({"a": {"definition": one_state(Result={"x": 1.0, "y": 1e3})}})
    world.apply()
    world.declare({"a": {"definition": one_state(Result={"x": 1, "y": 1000})}})
    world.settled()


@pytest.mark.parametrize("key", ["WaitTime", "ExceptionOnActionFailure", "RunAs"])
def test_defaults_are_equal_to_absence(world: World, key: str) -> None:
    """An Action state that spells a known default out is the same as one that leaves it out, in either direction."""
    defaults = {"WaitTime": 300, "ExceptionOnActionFailure": True, "RunAs": "User"}
    action = {"Type": "Action", "ActionUrl": "https://actions.globus.org/hello_world", "Parameters": {}, "End": True}
    bare = {"StartAt": "A", "States": {"A": action}}
    spelled = {"StartAt": "A", "States": {"A": {**action, key: defaults[key]}}}
    for first, second in ((bare, spelled), (spelled, bare)):
        world.declare({"a": {"definition": first}})
        world.apply()
        world.declare({"a": {"definition": second}})
        world.settled()
        assert world.flowdeck("destroy", "--yes").code == 0


def test_states_added_removed_and_changed(world: World) -> None:
    """The plan lists the states that come, go and change, and what the change of StartAt is."""
    states = {"A": {"Type": "Pass", "Next": "B"}, "B": dict(PASS)}
    world.declare({"a": {"definition": {"StartAt": "A", "States": states}}})
    world.apply()
    states = {"A": {"Type": "Pass", "Next": "C d"}, "C d": dict(PASS)}
    world.declare({"a": {"definition": {"StartAt": "C d", "States": states}}})
    plan = world.plan()
    assert only(plan["changes"])["states"] == {
        "added": ["C d"],
        "removed": ["B"],
        "changed": ["A"],
        "rewired": [{"state": "A", "was": ["B"], "now": ["C d"]}],
    }
    assert set(fields_of(plan)) == {
        "definition.StartAt",
        "definition.States.A.Next",
        "definition.States.B",
        'definition.States["C d"]',
    }


def test_scopes(world: World) -> None:
    """Scopes that a definition gains are consents to give again: consent-change; lost ones are shown."""
    action = {"Type": "Action", "ActionUrl": "https://actions.globus.org/hello_world", "End": True}
    before, after = "https://auth.globus.org/scopes/x/one", "https://auth.globus.org/scopes/x/two"
    world.declare({"a": {"definition": {"StartAt": "A", "States": {"A": {**action, "ActionScope": before}}}}})
    world.apply()
    world.declare({"a": {"definition": {"StartAt": "A", "States": {"A": {**action, "ActionScope": after}}}}})
    change = only(world.plan()["changes"])
    assert change["scopes"] == {"added": [after], "removed": [before]}
    assert "consent-change" in {risk["code"] for risk in change["risks"]}


def test_input_schema(world: World) -> None:
    """A schema is compared path by path; {} and none are one."""
    schema = {"type": "object", "properties": {"source path": {"type": "string"}}, "required": ["source path"]}
    world.declare({"a": {"input_schema": schema}})
    world.apply()
    world.settled()
    changed = {**schema, "properties": {"source path": {"type": "integer"}}}
    world.declare({"a": {"input_schema": changed}})
    assert set(fields_of(world.plan())) == {'input_schema.properties["source path"].type'}
    world.declare({"a": {"input_schema": {}}})
    world.apply()
    world.declare({"a": {}})
    world.settled()


def test_what_is_omitted_is_empty(world: World) -> None:
    """Lines that go take their values with them: texts, keywords, roles, schema."""
    full = {
        "title": "T",
        "subtitle": "S",
        "description": "D",
        "keywords": ["k"],
        "input_schema": {"type": "object"},
        "permissions": [{"viewers": ["public"], "run_monitors": [GROUP]}],
    }
    world.declare({"a": full})
    world.apply()
    world.declare({"a": {}})
    plan = world.plan()
    assert {path: (one["before"], one["after"]) for path, one in fields_of(plan).items()} == {
        "title": ("T", "a"),
        "subtitle": ("S", None),
        "description": ("D", None),
        "keywords": (["k"], None),
        "input_schema.type": ("object", None),
    }
    roles = only(plan["changes"])["roles"]
    assert roles["viewers"]["removed"] == ["public"]
    assert roles["run_monitors"]["removed"] == [GROUP]
    assert set(roles) == {"viewers", "run_monitors"}
    world.apply()
    world.settled()
    live = only(world.live())
    assert (live["subtitle"], live["description"], live["flow_viewers"]) == ("", "", [])


def test_roles(world: World) -> None:
    """Who gains and who loses each role is told by URN, sorted, with the risks that it makes."""
    everybody = sorted(URNS.values())
    world.declare({"a": {"permissions": [{"viewers": [URNS["ci"], URNS["me"]], "starters": [URNS["ci"]]}]}})
    world.apply()
    world.declare(
        {
            "a": {
                "permissions": [
                    {"viewers": [*everybody, "public"], "starters": ["all_authenticated_users"]},
                    {"administrators": [GROUP]},
                ]
            }
        }
    )
    change = only(world.plan()["changes"])
    roles = {role: (one["added"], one["removed"]) for role, one in change["roles"].items()}
    assert roles == {
        "viewers": (sorted([*(set(everybody) - {URNS["ci"], URNS["me"]}), "public"]), []),
        "starters": (["all_authenticated_users"], [URNS["ci"]]),
        "administrators": ([GROUP], []),
    }
    assert {"public-view", "open-start", "new-administrator", "group-grant", "access-removed"} <= {
        risk["code"] for risk in change["risks"]
    }
    world.apply()
    world.settled()


# Guardrails


def test_guardrails_set_levels(world: World) -> None:
    """A guardrail makes a warning a block, which --allow lifts once; off hides it, and a note says so."""
    open_flow = {"a": {"permissions": [{"starters": ["all_authenticated_users"]}]}}
    world.declare(open_flow, guardrails={"open-start": "block", "no-subscription": "off"})
    risks = only(world.plan()["changes"])["risks"]
    assert [(risk["code"], risk["level"]) for risk in risks] == [("open-start", "block"), ("guardrail-lowered", "note")]
    assert "open-start" in world.refused("apply", "--yes")
    world.apply("--allow", "open-start:a")
    world.settled()


def test_allow_lifts_what_it_names(world: World) -> None:
    """--allow CODE:NAME lifts for that flow only; another code or flow stays blocked, and nothing is applied."""
    roles = {"permissions": [{"viewers": ["public"]}]}
    world.declare({"a": roles, "b": roles}, guardrails={"public-view": "block"})
    for allowed in (("public-view:a",), ("open-start",), ("public-view:nope",)):
        world.refused("apply", "--yes", *(part for one in allowed for part in ("--allow", one)))
    world.apply("--allow", "public-view:a", "--allow", "public-view:b")


def test_action_hosts_and_required_administrators(world: World) -> None:
    """allowed-action-hosts warns of other hosts, administrators-required blocks a flow without one of them."""
    action = {"Type": "Action", "ActionUrl": "https://evil.example.org/run", "Parameters": {}, "End": True}
    definition = {"StartAt": "A", "States": {"A": action}}
    guardrails = {"allowed-action-hosts": ["actions.globus.org"], "administrators-required": [URNS["ci"], URNS["me"]]}
    world.declare({"a": {"definition": definition}}, guardrails=guardrails)
    risks = {risk["code"]: risk for risk in only(world.plan()["changes"])["risks"]}
    assert "evil.example.org" in risks["action-host"]["message"]
    assert URNS["ci"] in risks["administrators-required"]["message"]
    world.refused("apply", "--yes")


# Origins


def origin_world(world: World, live: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Apply, change the live side, then the manifest; the plan's only change."""
    world.declare({"a": {"title": "T", "keywords": ["k"], "permissions": [{"viewers": [URNS["ci"]]}]}})
    world.apply()
    flow = only(world.marked("a"))
    if "keywords" in live:
        live["keywords"] = [*live["keywords"], *(one for one in flow["keywords"] if one.startswith("flowdeck"))]
    if live:
        world.sdk().update_flow(flow["id"], **live)
    world.declare({"a": {"title": "T", "keywords": ["k"], "permissions": [{"viewers": [URNS["ci"]]}], **wanted}})
    plan = world.plan()
    well_formed(plan)
    return dict(only(plan["changes"]))


@pytest.mark.parametrize(
    ("live", "wanted", "origin"),
    [
        ({}, {"title": "N"}, "manifest"),
        ({"title": "L"}, {}, "outside"),
        ({"title": "L"}, {"title": "N"}, "both"),
        ({"keywords": ["l"]}, {}, "outside"),
        ({"keywords": ["l"]}, {"keywords": ["n"]}, "both"),
        ({"definition": one_state()}, {}, "outside"),
        ({"definition": one_state()}, {"definition": one_state(Comment="n")}, "both"),
        ({"input_schema": {"type": "object"}}, {}, "outside"),
        ({}, {"description": "n"}, "manifest"),
        ({"subtitle": "l"}, {}, "outside"),
    ],
)
def test_origin_of_fields(world: World, live: dict[str, Any], wanted: dict[str, Any], origin: str) -> None:
    """Each field tells who changed it since the last apply: the manifest, somebody outside, or both."""
    change = origin_world(world, live, wanted)
    assert {field["origin"] for field in change["fields"]} == {origin}
    assert change["drifted"] == (origin in ("outside", "both"))
    assert ("drift-overwrite" in {risk["code"] for risk in change["risks"]}) == change["drifted"]


@pytest.mark.parametrize(
    ("live", "wanted", "origin"),
    [
        ({}, ["public"], "manifest"),
        ({"flow_viewers": ["public"]}, [URNS["ci"]], "outside"),
        ({"flow_viewers": ["public"]}, [GROUP], "both"),
    ],
)
def test_origin_of_roles(world: World, live: dict[str, Any], wanted: list[str], origin: str) -> None:
    """A role tells who changed it, too, and makes the change count as drifted."""
    change = origin_world(world, live, {"permissions": [{"viewers": wanted}]})
    assert change["roles"]["viewers"]["origin"] == origin
    assert change["drifted"] == (origin != "manifest")


def test_origin_unknown(world: World) -> None:
    """An adopted flow, and one whose stamp is gone, have differences of unknown origin; nothing counts as drift."""
    by_hand = world.make(title="x")
    world.declare({"a": {"id": by_hand["id"]}})
    change = only(world.plan()["changes"])
    assert (change["action"], {one["origin"] for one in change["fields"]}) == ("adopt", {"unknown"})
    assert change["drifted"] is False
    world.apply()
    flow = only(world.marked("a"))
    world.sdk().update_flow(flow["id"], title="by hand", keywords=["flowdeck:lab/test/a"])
    change = only(world.plan()["changes"])
    assert {one["origin"] for one in change["fields"]} == {"unknown"}
    assert change["drifted"] is False


def test_mixed_origins(world: World) -> None:
    """One flow can have both: each field tells its own."""
    change = origin_world(world, {"title": "L"}, {"description": "N"})
    assert {field["path"]: field["origin"] for field in change["fields"]} == {
        "title": "outside",
        "description": "manifest",
    }


def test_origin_of_protection(world: World) -> None:
    """Protection that somebody takes off outside is no change of the manifest."""
    world.declare({"a": {"protect": True}})
    world.apply()
    flow = only(world.marked("a"))
    kept = [one for one in flow["keywords"] if one != "flowdeck-protect"]
    world.sdk().update_flow(flow["id"], keywords=kept)
    assert only(only(world.plan()["changes"])["fields"])["origin"] in ("outside", "unknown")


# Secrets

CANARIES = ("CANARY-1", "CANARY-2", "CANARY-3")


def private(*names: str, **parameters: Any) -> dict[str, Any]:
    return one_state(Parameters={"__Private_Parameters": list(names), **parameters})


SECRETS = {
    "created": (None, private("token", token=CANARIES[0])),
    "rotated": (private("token", token=CANARIES[0]), private("token", token=CANARIES[1])),
    "removed": (private("token", token=CANARIES[0]), one_state(Parameters={"x": 1})),
    "added": (one_state(Parameters={"x": 1}), private("token", token=CANARIES[0])),
    "renamed": (private("token", token=CANARIES[0]), private("key", key=CANARIES[0])),
    "nested": (
        private("token", token={"deep": [CANARIES[0], {"er": CANARIES[1]}]}),
        private("token", token={"deep": [CANARIES[2], {"er": CANARIES[1]}]}),
    ),
    "another type": (private("token", token=CANARIES[0]), private("token", token={"x": CANARIES[1]})),
    "spelled as a path": (private("token", token=CANARIES[0]), private("token", **{"token.$": "$." + CANARIES[1]})),
    "spelled as an expression": (
        private("token", **{"token.=": f"'{CANARIES[0]}'"}),
        private("token", **{"token.=": f"'{CANARIES[1]}'"}),
    ),
    "no longer private": (private("token", token=CANARIES[0]), private("other", token=CANARIES[0])),
    "private from now on": (private("other", token=CANARIES[0]), private("token", token=CANARIES[0])),
    "in a list": (
        one_state(Parameters={"all": [{"__Private_Parameters": ["t"], "t": CANARIES[0]}, {"x": 1}]}),
        one_state(Parameters={"all": [{"x": 2}, {"__Private_Parameters": ["t"], "t": CANARIES[1]}]}),
    ),
    "state renamed": (
        private("token", token=CANARIES[0]),
        {"StartAt": "B", "States": {"B": private("token", token=CANARIES[0])["States"]["A"]}},
    ),
    "odd name": (private("a b.c[0]", **{"a b.c[0]": CANARIES[0]}), private("a b.c[0]", **{"a b.c[0]": CANARIES[1]})),
}


@pytest.mark.parametrize("case", SECRETS)
def test_no_secret_in_any_output(world: World, case: str) -> None:
    """A value that __Private_Parameters names is in no stream and no file of any command, whatever becomes of it."""
    before, after = SECRETS[case]
    (world.folder / "definition.json").write_text(json.dumps(after, indent=1), encoding="utf-8")
    world.declare({"a": {"definition": before or DEFINITION}, "b": {}})
    said: list[str] = []

    def run(*arguments: str) -> int:
        ran = world.flowdeck(*arguments)
        said.extend((ran.out, ran.err))
        assert ran.code in (0, 2), ran.err
        return ran.code

    run("apply", "--yes", "-v")
    world.declare({"a": {"definition": "definition.json"}, "b": {}})
    run("validate")
    run("plan", "-v", "--out", "plan.json", "--out", "plan.txt")
    run("plan", "--format", "json")
    run("drift")
    run("drift", "--format", "json")
    run("apply", "--yes", "--format", "json")
    world.settled()
    for command in ("show", "list", "output"):
        run(command, *(["a"] if command == "show" else []), "--format", "json")
    run("show", "a")
    run("list")
    run("plan", "--destroy", "--format", "json")
    run("forget", "a")
    said += [path.read_text(encoding="utf-8") for path in world.folder.glob("plan.*")]
    said += [" ".join(flow["keywords"]) for flow in world.live()]
    hidden = CANARIES if case not in ("no longer private", "private from now on") else CANARIES[1:]
    assert not any(canary in text for canary in hidden for text in said)


@pytest.mark.parametrize("case", ["no longer private", "private from now on"])
def test_a_value_that_was_or_will_be_private(world: World, case: str) -> None:
    """While one side calls a value private, the plan shows it on neither side."""
    before, after = SECRETS[case]
    world.declare({"a": {"definition": before}})
    world.apply()
    world.declare({"a": {"definition": after}})
    for arguments in ((), ("--format", "json")):
        assert CANARIES[0] not in world.flowdeck("plan", *arguments).out


def test_a_rotated_secret_is_a_sensitive_change(world: World) -> None:
    """A rotation is shown as a sensitive change without values; the digest does not depend on them."""
    digests = set()
    world.declare({"a": {"definition": private("token", token="old")}})
    world.apply()
    for value in CANARIES:
        world.declare({"a": {"definition": private("token", token=value)}})
        plan = world.plan()
        field = only(only(plan["changes"])["fields"])
        assert field["path"] == "definition.States.A.Parameters.token"
        assert (field["before"], field["after"], field["sensitive"]) == (None, None, True)
        digests.add(plan["digest"])
    assert len(digests) == 1
    world.apply()
    world.settled()


def test_what_is_private_is_a_visible_change(world: World) -> None:
    """A change of the list __Private_Parameters itself is a change of the definition, and is shown."""
    world.declare({"a": {"definition": private("token", token="x", other="y")}})
    world.apply()
    world.declare({"a": {"definition": private("token", "other", token="x", other="y")}})
    paths = fields_of(world.plan())
    assert any(path.startswith("definition.States.A.Parameters.__Private_Parameters") for path in paths), paths


@pytest.mark.parametrize("broken", ["missing", "unknown target", "syntax", "no way on"])
def test_no_secret_in_errors(world: World, broken: str) -> None:
    """Diagnostics with a caret show the line, but no private value on it."""
    definition = private("token", token=CANARIES[0])
    state = definition["States"]["A"]
    del state["End"]
    state |= {"unknown target": {"Next": "nope"}, "no way on": {}}.get(broken, {"End": True})
    text = json.dumps(definition)
    if broken == "syntax":
        text = text.replace('"End": true', '"End": tru')
    (world.folder / "definition.json").write_text(text, encoding="utf-8")
    world.declare({"a": {"definition": "nope.json" if broken == "missing" else "definition.json"}})
    for arguments in (("validate",), ("validate", "--online"), ("apply", "--yes"), ("plan", "--format", "json")):
        ran = world.flowdeck(*arguments)
        assert CANARIES[0] not in ran.out + ran.err
        assert "Traceback" not in ran.err
    assert ran.code == 1


# Pure rules

JSON_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=6)
KEYS = JSON_TEXT | st.sampled_from(["__Private", "a.b", "['x']", "root", "0", "a b"])
SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from([0.5, -1.5]) | JSON_TEXT
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


def update_of(before: object, after: object) -> Any:
    """The difference between two definitions, as an update shows it."""
    live = LiveFlow("x", Flow("t", Json.of(before)), Keywords(frozenset()), frozenset({"flow_owner"}))
    return of_update(WantedFlow("a", Flow("t", Json.of(after))), live, ("definition",))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.dictionaries(KEYS, VALUES, max_size=3), st.dictionaries(KEYS, VALUES, max_size=3))
def test_a_difference_is_shown(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Two documents that differ have at least one field that says so, and no field that says nothing."""
    fields = update_of(before, after).fields
    assert bool(fields) == (Json.of(before) != Json.of(after))
    for field in fields:
        assert (field.before, field.after) != (None, None)
        assert field.before != field.after


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(JSON_TEXT | st.integers(0, 9), min_size=1, max_size=4), st.lists(JSON_TEXT | st.integers(0, 9)))
def test_path_text_is_unambiguous(one: list[str | int], other: list[str | int]) -> None:
    """Two paths with one text are one path."""
    assert (path_text(["definition", *one]) == path_text(["definition", *other])) == (one == other)


def test_the_digest_is_sensitive_to_everything(world: World) -> None:
    """Every field of every flow, the environment and the project change the digest; nothing else does."""
    base: dict[str, Any] = {"title": "T"}
    variants: list[dict[str, Any]] = [
        base,
        {"title": "t"},
        {**base, "subtitle": "s"},
        {**base, "description": "s"},
        {**base, "keywords": ["s"]},
        {**base, "input_schema": {"type": "object"}},
        {**base, "definition": one_state()},
        {**base, "definition": one_state(Comment="c")},
        *({**base, "permissions": [{role: [GROUP]}]} for role in ("viewers", "starters", "administrators")),
        *({**base, "permissions": [{role: [GROUP]}]} for role in ("run_managers", "run_monitors")),
        {**base, "subscription": IDS["me"]},
        {**base, "subscription": "DEFAULT"},
        {**base, "authentication_policy": POLICIES[0]},
        {**base, "authentication_policy": POLICIES[1]},
        {**base, "owner": "self"},
        {**base, "protect": True},
    ]
    digests = []
    for flow in variants:
        world.declare({"a": flow, "b": {}})
        digests.append(world.plan()["digest"])
    world.declare({"b": {}})
    digests.append(world.plan()["digest"])
    world.declare({"a": base, "b": {}}, project="lab-2")
    digests.append(world.plan()["digest"])
    world.declare({"a": base, "b": {}}, environments={"test-2": {"service": "globus"}})
    digests.append(world.plan()["digest"])
    assert len(set(digests)) == len(digests)
    world.declare({"a": base, "b": {}}, guardrails={"no-subscription": "block"})
    world.monkeypatch.setenv("GITHUB_SHA", "0123456789abcdef0123")
    assert world.plan()["digest"] == digests[0]


def test_the_digest_of_updates(world: World) -> None:
    """What an update found counts as much as what it will do."""
    world.declare({"a": {"title": "one"}})
    world.apply()
    world.declare({"a": {"title": "two"}})
    first = world.plan()["digest"]
    world.sdk().update_flow(only(world.live())["id"], title="by hand")
    second = world.plan()["digest"]
    world.sdk().update_flow(only(world.live())["id"], title="one")
    assert (first != second, world.plan()["digest"]) == (True, first)


def test_digests_of_seeded_flows_do_not_depend_on_stamps(world: World) -> None:
    """Stamps are evidence, not content: the digest of a delete is the same whatever the stamp says."""
    world.make(**signed("a"))
    world.declare({"b": {}})
    first = world.plan()
    flow = only(world.marked("a"))
    world.sdk().update_flow(flow["id"], keywords=["flowdeck:lab/test/a"])
    assert world.plan()["digest"] == first["digest"]
