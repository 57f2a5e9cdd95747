"""References between flows, names of people and groups, and secrets: what plans know and applies make of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from projects import Command
from worlds import GROUP, IDS, SECRET, SEED, URNS, World, opened

PEOPLE = {
    **SEED,
    "groups": [
        {"id": GROUP[-36:], "name": "crew", "members": ["me@example.org"]},
        {"id": "00000000-0000-4000-a000-000000000002", "name": "twins", "members": ["me@example.org"]},
        {"id": "00000000-0000-4000-a000-000000000003", "name": "twins", "members": ["me@example.org"]},
    ],
}
CHILD = {"definition": {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}}


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A service with people, and a project at it."""
    with opened(project, flowdeck, monkeypatch, PEOPLE) as running_world:
        yield running_world


def parent(**parameters: Any) -> dict[str, Any]:
    """A flow that starts another one."""
    state = {
        "Type": "Action",
        "ActionUrl": "https://flows.actions.globus.org/run",
        "Parameters": {"flow_id": "${flow.child.id}", "note": "scope: ${flow.child.scope}", **parameters},
        "End": True,
    }
    return {"definition": {"StartAt": "Run", "States": {"Run": state}}}


def changes(plan: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["address"]: one for one in plan["changes"]}


def running(world: World, name: str) -> dict[str, Any]:
    """The parameters of a live parent's only state."""
    live = next(one for one in world.live() if f"flowdeck:lab/test/{name}" in one["keywords"])
    parameters: dict[str, Any] = live["definition"]["States"]["Run"]["Parameters"]
    return parameters


# References between flows


def test_a_new_child_is_made_first_and_its_parent_learns_the_id(world: World) -> None:
    """A parent waits for its new child whatever their names; then its definition holds the child's id and scope."""
    world.declare({"a-parent": parent(), "child": CHILD})
    text = world.flowdeck("plan").out
    assert "+ flow.a-parent" in text
    result = world.apply("--parallelism", "8")
    ids = {one["address"]: one["id"] for one in result["changes"]}
    assert running(world, "a-parent")["flow_id"] == ids["flow.child"]
    assert running(world, "a-parent")["note"].startswith("scope: https://auth.globus.org/scopes/" + ids["flow.child"])
    world.settled()


def test_a_live_parent_of_a_new_child_is_known_after_apply(world: World) -> None:
    """A reference to a flow that is yet to be created is unknown in the plan, in both faces."""
    world.declare({"parent": {"definition": {"StartAt": "Run", "States": {"Run": {"Type": "Pass", "End": True}}}}})
    world.apply()
    world.declare({"parent": parent(), "child": CHILD})
    document = world.plan()
    unknown = [one for one in changes(document)["flow.parent"]["fields"] if one["unknown"]]
    assert [one["after"] for one in unknown] == [None] * len(unknown) != []
    assert "(known after apply)" in world.flowdeck("plan").out
    assert "\\u0000" not in world.flowdeck("plan", "--format", "json").out
    world.apply("--expect", document["digest"])
    world.settled()


def test_a_child_that_fails_stops_its_parent_only(world: World) -> None:
    """A failed create keeps those that refer to it from starting, and nobody else; exit 4."""
    world.declare({"child": CHILD, "other": CHILD, "parent": parent()})
    world.emulator.inject({"fault": "status", "status": 403, "when": {"method": "POST", "path": "/flows", "nth": 1}})
    ran = world.flowdeck("apply", "--yes", "--format", "json", "--parallelism", "1")
    outcomes = {one["address"]: (one["outcome"], (one["error"] or {}).get("code")) for one in ran.document["changes"]}
    assert ran.code == 4
    assert outcomes == {
        "flow.child": ("failed", "forbidden"),
        "flow.other": ("done", None),
        "flow.parent": ("skipped", "not-attempted"),
    }
    world.apply()
    world.settled()


def test_a_selected_parent_brings_its_new_child(world: World) -> None:
    """A named flow takes along the flows that it refers to and that do not exist yet, and no others."""
    world.declare({"child": CHILD, "other": CHILD, "parent": parent()})
    assert set(changes(world.plan("parent"))) == {"flow.child", "flow.parent"}
    world.apply("parent")
    assert set(changes(world.plan())) == {"flow.other"}


def test_a_cycle_is_told_link_by_link(world: World) -> None:
    """Flows that refer to each other in a circle are refused, and the circle is named."""
    one, two = parent(), parent()
    one["definition"]["States"]["Run"]["Parameters"] = {"x": "${flow.two.id}"}
    two["definition"]["States"]["Run"]["Parameters"] = {"x": "${flow.one.id}"}
    world.declare({"one": one, "two": two})
    said = world.refused("plan", code=1)
    assert "reference-cycle" in said
    assert "one" in said
    assert "two" in said


# Names


def test_names_are_resolved_and_shown(world: World) -> None:
    """Usernames and names of groups become URNs; the plan shows both, and which set and line grants them."""
    world.declare(
        {"a": {"permissions": ["staff"]}},
        principals={"boss": "colleague@example.org"},
        permissions={"staff": {"administrators": ["boss"], "viewers": ["group:crew", "stranger@example.org"]}},
    )
    document = world.plan()
    roles = changes(document)["flow.a"]["roles"]
    assert roles["administrators"]["added"] == [URNS["colleague"]]
    assert roles["viewers"]["added"] == sorted([GROUP, URNS["stranger"]])
    granted = roles["viewers"]["granted_by"][GROUP]
    assert (granted["permission_set"], granted["file"]) == ("staff", "flows.yaml")
    assert document["principals"][URNS["colleague"]] == "boss"
    text = world.flowdeck("plan").out
    assert f"boss (identity {IDS['colleague']})" in text
    assert "by staff (flows.yaml:" in text
    world.apply()
    world.settled()


def test_a_live_principal_that_no_alias_knows_is_named(world: World) -> None:
    """A URN that only the live side has is shown with the username that the service tells."""
    world.declare({"a": {}})
    world.apply()
    live = next(iter(world.live()))
    world.sdk().update_flow(live["id"], flow_viewers=[URNS["stranger"]])
    assert f"stranger@example.org (identity {IDS['stranger']})" in world.flowdeck("plan").out


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("nobody@example.org", "unknown-principal", "nobody@example.org"),
        ("group:nowhere", "unknown-principal", "group:nowhere"),
        ("group:twins", "ambiguous-principal", "00000000-0000-4000-a000-000000000003"),
    ],
)
def test_a_name_that_means_nobody_or_several(world: World, name: str, code: str, told: str) -> None:
    """A name that means nobody, or more than one, is an error at the line that uses it, with the candidates."""
    world.declare({"a": {"permissions": [{"viewers": [name]}]}})
    said = world.refused("plan", code=1)
    assert f"error[{code}]" in said
    assert told in said
    assert "flows.yaml:" in said


def test_deployers_by_name(world: World) -> None:
    """Deployers may be named as people are: whoever is meant may create, and nobody else."""
    here = {"service": "globus", "deployers": ["me@example.org"]}
    world.declare({"a": {}}, environments={"test": here})
    world.apply()
    world.settled()
    world.declare({"b": {}}, environments={"test": {**here, "deployers": ["colleague@example.org"]}})
    assert "not-a-deployer" in world.refused("apply", "--yes")


def test_a_change_that_the_manifest_took_over_by_name_is_no_drift(world: World) -> None:
    """The list compares with what names mean, not with the names."""
    world.declare({"a": {}})
    world.apply()
    live = next(iter(world.live()))
    world.sdk().update_flow(live["id"], flow_viewers=[URNS["stranger"]])
    world.declare({"a": {"permissions": [{"viewers": ["stranger@example.org"]}]}})
    world.settled()
    [listed] = world.flowdeck("list", "--format", "json").document["flows"]
    assert not listed["drifted"]


def test_looking_up_never_makes_an_identity(world: World) -> None:
    """A misspelt username is not provisioned: the plan only asks."""
    world.declare({"a": {"permissions": [{"viewers": ["typo@example.org"]}]}})
    world.flowdeck("plan")
    asked = [one for one in world.emulator.requests() if one.path == "/v2/api/identities"]
    assert asked
    assert all("provision=true" not in one.query.lower() for one in asked)


def test_a_principal_in_a_definition(world: World) -> None:
    """`${principal.NAME}` in a definition becomes the URN, also of a username."""
    states = {"Run": {"Type": "Pass", "Parameters": {"to": "${principal.boss}"}, "End": True}}
    world.declare(
        {"a": {"definition": {"StartAt": "Run", "States": states}}}, principals={"boss": "colleague@example.org"}
    )
    world.apply()
    assert running(world, "a") == {"to": URNS["colleague"]}
    world.settled()


# Secrets

CANARY = "CANARY-of-a-secret-0123456789"


def secretive(world: World, **more: Any) -> None:
    parameters = {"__Private_Parameters": ["key"], "key": "${secret.key}", "n": 1, **more}
    states = {"Run": {"Type": "Pass", "Parameters": parameters, "End": True}}
    world.declare({"a": {"definition": {"StartAt": "Run", "States": states}}}, secrets={"key": {"env": "A_KEY"}})


def test_a_secret_is_applied_and_never_shown(world: World, tmp_path: Path) -> None:
    """A secret reaches the service under its private parameter, and no output, file or document."""
    world.monkeypatch.setenv("A_KEY", CANARY)
    secretive(world)
    out = tmp_path / "plan.json"
    said = [world.flowdeck("plan", "-v", "--out", str(out)), world.flowdeck("plan", "--format", "json")]
    said += [world.flowdeck("apply", "--yes", "-v"), world.flowdeck("show", "a", "--format", "json")]
    assert running(world, "a")["key"] == CANARY
    world.settled()
    world.monkeypatch.setenv("A_KEY", CANARY + "-rotated")
    said += [world.flowdeck(*arguments) for arguments in (["plan"], ["plan", "--format", "json"], ["drift"], ["list"])]
    said += [world.flowdeck("apply", "--yes", "--format", "json"), world.flowdeck("destroy", "--yes")]
    assert all("CANARY" not in ran.out + ran.err for ran in said)
    assert "CANARY" not in out.read_text()


def test_a_rotated_secret_is_a_sensitive_change(world: World) -> None:
    """Another value of a secret is one sensitive change, without before and after, and apply writes it."""
    world.monkeypatch.setenv("A_KEY", CANARY)
    secretive(world)
    world.apply()
    world.monkeypatch.setenv("A_KEY", SECRET)
    [field] = changes(world.plan())["flow.a"]["fields"]
    assert (field["path"], field["sensitive"]) == ("definition.States.Run.Parameters.key", True)
    assert (field["before"], field["after"]) == (None, None)
    world.apply()
    assert running(world, "a")["key"] == SECRET
    world.settled()


def test_an_absent_secret_is_taken_as_unchanged_and_apply_needs_it(world: World) -> None:
    """Without the secret a plan notes it and shows no change of it; an apply that writes the flow refuses."""
    world.monkeypatch.setenv("A_KEY", CANARY)
    secretive(world)
    world.apply()
    world.monkeypatch.delenv("A_KEY")
    ran = world.flowdeck("plan", "--format", "json", "--detailed-exitcode")
    assert ran.code == 0, ran
    assert "secret-absent" in {one["code"] for one in ran.document["diagnostics"]}
    secretive(world, n=2)
    assert [one["path"] for one in changes(world.plan())["flow.a"]["fields"]] == ["definition.States.Run.Parameters.n"]
    assert "secret-absent" in world.refused("apply", "--yes", code=1)
    assert running(world, "a")["key"] == CANARY


def test_an_absent_secret_of_a_new_flow(world: World) -> None:
    """A flow that would be created with a secret that cannot be read is planned, and not applied."""
    secretive(world)
    assert changes(world.plan())["flow.a"]["action"] == "create"
    assert "secret-absent" in world.refused("apply", "--yes", code=1)
