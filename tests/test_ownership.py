"""Whose flow is it: markers, copies, duplicates, deployers, moves, protection and the numbers of a mass delete."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from projects import DEFINITION, Command
from worlds import GROUP, IDS, POLICIES, URNS, World, codes, only, opened, signed

OLD = "2024-03-01T10:00:00+00:00"
SOON = "2024-03-01T10:30:00+00:00"
LATER = "2024-03-01T11:30:00+00:00"
FIRST, SECOND = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2))


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch) as world:
        yield world


def duplicates(second: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A seed with two flows of mine that claim flow.a."""
    first = {"id": FIRST, "owner": IDS["me"], "created_at": OLD, **signed("a")}
    return {"flows": [first, {"id": SECOND, "owner": IDS["me"], **signed("a"), **second}], **more}


# Claims of others


def test_a_copy_beside_ours_is_reported_and_left_alone(world: World) -> None:
    """A flow with our marker and another owner is reported as ambiguous-owner, and no command ever writes to it."""
    world.declare({"a": {}})
    world.apply()
    ours = only(world.marked("a"))
    copy = world.make(
        "colleague", "a", keywords=ours["keywords"], flow_administrators=[URNS["me"]], flow_viewers=["public"]
    )
    before = world.read(copy["id"], "colleague")
    plan = world.plan()
    assert plan["changes"] == []
    warned = only([one for one in plan["diagnostics"] if one["code"] == "ambiguous-owner"])
    assert (warned["severity"], warned["address"]) == ("warning", "flow.a")
    assert copy["id"] in warned["message"]
    world.declare({"a": {"title": "new"}})
    world.apply()
    assert world.flowdeck("forget", "a").code == 0
    world.declare({"a": {"id": ours["id"]}})
    world.apply()
    assert world.flowdeck("destroy", "--yes").code == 0
    assert world.read(copy["id"], "colleague") == before


def test_a_copy_alone_that_we_administer_refuses(world: World) -> None:
    """Where the only claimant is a stranger's flow in our hands, a create would double it: exit 3, with its id."""
    copy = world.make("colleague", "a", keywords=["flowdeck:lab/test/a"], flow_administrators=[URNS["me"]])
    world.declare({"a": {}})
    for command in (("plan",), ("apply", "--yes")):
        said = world.refused(*command)
        assert "ambiguous-owner" in said
        assert copy["id"] in said


def test_a_copy_alone_that_we_only_see_does_not_stop_us(world: World) -> None:
    """Anybody could block us with a public copy, so a claim that we do not administer warns, and ours is created."""
    copy = world.make("stranger", "a", keywords=["flowdeck:lab/test/a"], flow_viewers=["public"])
    before = world.read(copy["id"], "stranger")
    world.declare({"a": {}})
    world.apply()
    assert {flow["flow_owner"] for flow in world.marked("a")} == {URNS["me"], URNS["stranger"]}
    world.settled()
    assert world.read(copy["id"], "stranger") == before


@pytest.mark.parametrize(
    "keyword",
    [
        "flowdeck:lab/test/a b",
        "flowdeck:lab/testing/a",
        "flowdeck:slab/test/a",
        "xflowdeck:lab/test/a",
        "flowdeck:lab/test/A",
    ],
)
def test_a_marker_is_matched_exactly(world: World, keyword: str) -> None:
    """The service's filter is a substring; a keyword that only contains our marker, or is another's, is not ours."""
    other = world.make(title="other", keywords=[keyword, "seen flowdeck:lab/test/a here"])
    world.declare({"a": {}})
    world.apply()
    world.settled()
    assert world.read(other["id"]) == other
    assert len([flow for flow in world.live() if "flowdeck:lab/test/a" in flow["keywords"]]) == 1


def test_two_markers_of_this_environment_are_never_a_delete(world: World) -> None:
    """A flow that claims two addresses, one of them declared, is not deleted for the sake of the other."""
    world.declare({"b": {}})
    world.apply()
    ours = only(world.marked("b"))
    world.sdk().update_flow(ours["id"], keywords=[*ours["keywords"], "flowdeck:lab/test/a"])
    ran = world.flowdeck("plan", "--format", "json")
    actions = {change["action"] for change in ran.document["changes"]} if ran.code == 0 else set()
    assert not actions & {"delete", "create"}, ran.out


# A marker that is gone


def test_a_wiped_marker_blocks_until_adopted(world: World) -> None:
    """A flow whose marker somebody wiped is marker-lost: exit 3, no duplicate; `id:` adopts it, and all is well."""
    world.declare({"a": {"title": "Move it", "keywords": ["mine"]}})
    world.apply()
    ours = only(world.marked("a"))
    world.sdk().update_flow(ours["id"], keywords=["x"])
    change = only(world.plan()["changes"])
    assert change["action"] == "create"
    assert {"code": "marker-lost", "level": "block"}.items() <= change["risks"][0].items()
    assert ours["id"] in change["risks"][0]["message"]
    said = world.refused("apply", "--yes")
    assert "marker-lost" in said
    assert ours["id"] in said
    world.declare({"a": {"title": "Move it", "keywords": ["mine"], "id": ours["id"]}})
    adopt = only(world.plan()["changes"])
    assert (adopt["action"], adopt["id"]) == ("adopt", ours["id"])
    world.apply()
    world.settled()
    world.declare({"a": {"title": "Move it", "keywords": ["mine"]}})
    world.settled()
    assert len(world.live()) == 1


def test_marker_lost_can_be_allowed(world: World) -> None:
    """`--allow marker-lost` makes a second flow all the same, and leaves the first alone."""
    by_hand = world.make(title="a")
    world.declare({"a": {}})
    world.apply("--allow", "marker-lost:b", code=3)
    world.apply("--allow", "marker-lost:a")
    assert world.read(by_hand["id"]) == by_hand
    assert len(world.live()) == 2
    world.settled()


def test_a_namesake_that_is_being_adopted_is_not_lost(world: World) -> None:
    """A flow that the same manifest adopts by id is not the lost twin of a new flow with an equal title."""
    by_hand = world.make(title="Move it")
    world.declare({"a": {"title": "Move it", "id": by_hand["id"]}, "b": {"title": "Move it"}})
    plan = world.plan()
    assert plan["summary"]["blocked"] == 0, plan["changes"]


def test_a_filter_that_the_service_ignores_is_no_duplicate(
    project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the service ignores filter_keywords, strangers' flows are still not ours, and ours are still found."""
    with opened(project, flowdeck, monkeypatch, {"settings": {"filter_keywords": "ignored"}}) as world:
        other = world.make(title="other", keywords=["x"])
        world.declare({"a": {}})
        world.apply()
        world.settled()
        assert world.flowdeck("destroy", "--yes").code == 0
        assert world.live() == [other]


# Two of ours


@pytest.mark.parametrize(
    ("second", "more"),
    [
        ({"created_at": LATER}, {}),
        ({"created_at": SOON, "subtitle": "somebody wrote this"}, {}),
        ({"created_at": SOON, "keywords": ["flowdeck:lab/test/a"]}, {}),
        ({"created_at": SOON}, {"runs": [{"flow": SECOND, "owner": IDS["me"], "status": "SUCCEEDED"}]}),
        ({"created_at": SOON}, {"runs": [{"flow": SECOND, "owner": IDS["me"], "status": "ACTIVE"}]}),
    ],
    ids=["an hour and more", "changed since", "no stamp", "has run", "runs"],
)
def test_two_of_ours_that_somebody_may_use(
    project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch, second: dict[str, Any], more: dict[str, Any]
) -> None:
    """Two of ours that are not surely a mishap of ours refuse with ambiguous-owner, exit 3 and both ids."""
    with opened(project, flowdeck, monkeypatch, duplicates(second, **more)) as world:
        world.declare({"a": {}})
        for command in (("plan",), ("apply", "--yes"), ("destroy", "--yes"), ("drift",)):
            said = world.refused(*command)
            assert "ambiguous-owner" in said
            assert FIRST in said
            assert SECOND in said


def test_a_young_untouched_duplicate_is_withdrawn(
    project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The younger of two that our own creates made is withdrawn, visibly in the plan; the older stays as it is."""
    with opened(project, flowdeck, monkeypatch, duplicates({"created_at": SOON})) as world:
        world.declare({"a": {}})
        before = world.read(FIRST)
        plan = world.plan()
        change = only(plan["changes"])
        assert (change["action"], change["id"], change["address"]) == ("withdraw", SECOND, "flow.a")
        assert plan["summary"]["withdraw"] == 1
        assert plan["summary"]["blocked"] == 0
        world.apply()
        assert world.live() == [before]
        world.settled()


def test_a_tie_is_settled_by_id(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two flows made at the same instant the one with the smaller id stays, whoever looks."""
    with opened(project, flowdeck, monkeypatch, duplicates({"created_at": OLD})) as world:
        world.declare({"a": {}})
        world.apply()
        assert only(world.live())["id"] == FIRST


def test_a_duplicate_that_gets_a_run_after_the_plan_stays_when_changed(
    project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A duplicate that somebody edits between the plan and its withdrawal is not deleted."""
    with opened(project, flowdeck, monkeypatch, duplicates({"created_at": SOON})) as world:
        world.declare({"a": {}})
        world.emulator.inject({"fault": "edit", "set": {"subtitle": "kept"}, "flow": SECOND, "when": {"path": "/runs"}})
        result = world.apply(code=3)
        assert codes(result) == {"changed-since-plan"}
        assert world.read(SECOND)["subtitle"] == "kept"


# Who may


def test_not_administrator(world: World) -> None:
    """A deployer's flow that we see but may not administer is refused: its roles are hidden from us."""
    theirs = world.make("ci", "a", keywords=["flowdeck:lab/test/a"], flow_viewers=[URNS["me"]])
    world.declare({"a": {}}, environments={"test": {"service": "globus", "deployers": [URNS["ci"], URNS["me"]]}})
    for command in (("plan",), ("apply", "--yes"), ("destroy", "--yes")):
        said = world.refused(*command)
        assert "not-administrator" in said
        assert theirs["id"] in said


def test_not_administrator_by_id(world: World) -> None:
    """A flow that the manifest names by id, and that we may only see, is refused."""
    theirs = world.make("colleague", "theirs", flow_viewers=[URNS["me"]])
    world.declare({"a": {"id": theirs["id"]}})
    assert "not-administrator" in world.refused("plan")


def test_an_id_that_is_not_there(world: World) -> None:
    """An id that no flow has, or that we may not see, is a located error: exit 1."""
    hidden = world.make("colleague", "hidden")
    for id in (hidden["id"], FIRST):
        world.declare({"a": {"id": id}})
        said = world.refused("plan", code=1)
        assert "flow-not-found" in said
        assert "flows.yaml:" in said


@pytest.mark.parametrize("marker", ["flowdeck:other/test/a", "flowdeck:lab/production/a", "flowdeck:lab/test/b"])
def test_claimed_elsewhere(world: World, marker: str) -> None:
    """A flow that another address claims is not adopted by id: exit 3, with the place and whose it is."""
    theirs = world.make(title="a", keywords=[marker])
    world.declare({"a": {"id": theirs["id"]}, "b": {}})
    said = world.refused("apply", "--yes")
    assert "claimed-elsewhere" in said
    assert marker.removeprefix("flowdeck:") in said
    assert "flows.yaml:" in said


def test_deployers_share_their_flows(world: World) -> None:
    """What one deployer made is ours for another one who administers it: updated and deleted, no second flow."""
    environments = {"test": {"service": "globus", "deployers": [URNS["ci"], URNS["me"]]}}
    roles = {"permissions": [{"administrators": [URNS["me"], URNS["ci"]]}]}
    world.act_as("ci")
    world.declare({"a": roles, "b": roles}, environments=environments)
    world.apply()
    world.act_as("me")
    world.settled()
    world.declare({"a": {**roles, "title": "new"}}, environments=environments)
    world.apply()
    world.settled()
    flow = only(world.live("ci"))
    assert (flow["title"], flow["flow_owner"]) == ("new", URNS["ci"])


def test_without_deployers_only_our_own(world: World) -> None:
    """By default only what the identity in use owns is ours."""
    world.act_as("ci")
    world.declare({"a": {"permissions": [{"administrators": [URNS["me"]]}]}})
    world.apply()
    world.act_as("me")
    assert "ambiguous-owner" in world.refused("plan")


def test_only_deployers_create(world: World) -> None:
    """An identity that is not among the deployers may plan, and is refused before it creates: not-a-deployer."""
    world.declare({"a": {}}, environments={"test": {"service": "globus", "deployers": [URNS["ci"]]}})
    assert world.plan()["summary"]["create"] == 1
    assert "not-a-deployer" in world.refused("apply", "--yes")


def test_taking_ownership_away_from_the_deployers(world: World) -> None:
    """An identity that is no deployer may not take a flow over by `owner: self`: the next plan would disown it."""
    deployers = {"test": {"service": "globus", "deployers": [URNS["ci"]]}}
    roles = {"permissions": [{"administrators": [URNS["me"]]}]}
    world.act_as("ci")
    world.declare({"a": roles}, environments=deployers)
    world.apply()
    world.act_as("me")
    world.declare({"a": {**roles, "owner": "self"}}, environments=deployers)
    world.refused("apply", "--yes")


def test_lock_out(world: World) -> None:
    """A deployer that is not the owner does not lose its administrator role by accident: lock-out blocks."""
    environments = {"test": {"service": "globus", "deployers": [URNS["ci"], URNS["me"]]}}
    world.act_as("ci")
    world.declare({"a": {"permissions": [{"administrators": [URNS["me"]]}]}}, environments=environments)
    world.apply()
    world.act_as("me")
    world.declare({"a": {}}, environments=environments)
    assert "lock-out" in world.refused("apply", "--yes")


def test_owner_self_takes_the_flow_over(world: World) -> None:
    """`owner: self` on a flow that a colleague owns and the manifest names by id makes it ours, with a warning."""
    theirs = world.make("colleague", "a", flow_administrators=[URNS["me"]])
    flow = {"id": theirs["id"], "owner": "self", "permissions": [{"administrators": [URNS["me"]]}]}
    world.declare({"a": flow})
    change = only(world.plan()["changes"])
    assert "owner-change" in {risk["code"] for risk in change["risks"]}
    world.apply()
    assert world.read(theirs["id"])["flow_owner"] == URNS["me"]
    world.settled()


# Moves


def test_moved_from_keeps_the_flow(world: World) -> None:
    """A flow under a new name keeps its id, content and roles; the old address is gone, the new one planned empty."""
    world.declare({"old": {"title": "T"}})
    world.apply()
    id = only(world.live())["id"]
    world.declare({"new": {"title": "T", "moved_from": "old"}})
    change = only(world.plan()["changes"])
    assert (change["action"], change["id"], change["moved_from"], change["fields"]) == ("update", id, "old", [])
    world.apply()
    world.settled()
    assert only(world.live())["id"] == id
    world.declare({"new": {"title": "T"}})
    world.settled()


def test_moved_from_nowhere(world: World) -> None:
    """Where the old address does not exist live, moved_from has nothing to do."""
    world.declare({"new": {"moved_from": "old"}})
    assert only(world.plan()["changes"])["action"] == "create"
    world.apply()
    world.settled()


def test_moved_from_conflict(world: World) -> None:
    """A flow live under both names is a located error, and nothing is deleted."""
    world.declare({"old": {}, "new": {}})
    world.apply()
    world.declare({"new": {"moved_from": "old"}})
    ran = world.flowdeck("apply", "--yes")
    assert ran.code in (1, 3)
    assert "moved-from-conflict" in ran.err
    assert "flows.yaml:" in ran.err
    assert len(world.live()) == 2


def test_moved_from_with_protection(world: World) -> None:
    """A protected flow may be renamed, and stays protected under its new name."""
    world.declare({"old": {"protect": True}, "other": {}})
    world.apply()
    world.declare({"new": {"protect": True, "moved_from": "old"}, "other": {}})
    world.apply()
    world.settled()
    assert "flowdeck-protect" in only(world.marked("new"))["keywords"]


# Protection


@pytest.fixture
def guarded(world: World) -> World:
    """A protected flow, and one that is not."""
    world.declare({"precious": {"protect": True}, "plain": {}})
    world.apply()
    return world


def test_protected_flows_are_not_deleted(guarded: World) -> None:
    """Nothing on the command line and no guardrail deletes a protected flow."""
    guarded.declare({"plain": {}})
    change = only(guarded.plan()["changes"])
    assert change["action"] == "delete"
    assert ("protected", "block") in {(risk["code"], risk["level"]) for risk in change["risks"]}
    assert "protected" in guarded.refused("apply", "--yes")
    for allowed in ("protected", "protected:precious"):
        assert "protected" in guarded.refused("apply", "--yes", "--allow", allowed)
        assert "protected" in guarded.refused("destroy", "--yes", "--allow", allowed)
    digest = guarded.plan()["digest"]
    assert "protected" in guarded.refused("apply", "--expect", digest)


def test_protection_is_lifted_by_an_apply_of_its_own(guarded: World) -> None:
    """`protect: false` and removing the lines at once deletes nothing; applied on its own first, it does."""
    guarded.declare({"precious": {"protect": False}, "plain": {}})
    change = only(guarded.plan()["changes"])
    assert [(one["path"], one["before"], one["after"]) for one in change["fields"]] == [("protect", True, False)]
    guarded.apply()
    guarded.settled()
    guarded.declare({"plain": {}})
    guarded.apply()
    assert only(guarded.live())["title"] == "plain"


def test_guardrails_do_not_lower_protection(guarded: World) -> None:
    """A guardrail `protected: off` is refused or has no effect."""
    guarded.declare({"plain": {}}, guardrails={"protected": "off"})
    ran = guarded.flowdeck("apply", "--yes")
    assert ran.code in (1, 3)
    assert len(guarded.live()) == 2


def test_no_delete_leaves_protected_flows_in_peace(guarded: World) -> None:
    """With --no-delete a delete that would be blocked stands in nobody's way."""
    guarded.declare({"plain": {"title": "new"}})
    result = guarded.apply("--no-delete")
    assert [one["address"] for one in result["changes"]] == ["flow.plain"]
    assert len(guarded.live()) == 2


def test_protection_wiped_outside_is_drift(guarded: World) -> None:
    """Somebody who takes the protection off outside leaves drift, which the plan puts right."""
    precious = only(guarded.marked("precious"))
    guarded.sdk().update_flow(
        precious["id"], keywords=[word for word in precious["keywords"] if word != "flowdeck-protect"]
    )
    field = only(only(guarded.plan()["changes"])["fields"])
    assert (field["path"], field["before"], field["after"]) == ("protect", False, True)
    guarded.apply()
    guarded.settled()
    assert "flowdeck-protect" in only(guarded.marked("precious"))["keywords"]


# Mass delete


@pytest.mark.parametrize(
    ("live", "kept", "blocked"),
    [
        (1, 0, True),
        (2, 0, True),
        (2, 1, False),
        (9, 3, False),
        (10, 7, False),
        (10, 6, True),
        (11, 8, False),
        (11, 7, True),
    ],
)
def test_mass_delete(world: World, live: int, kept: int, blocked: bool) -> None:
    """Deleting all, or more than 30 % of ten or more, blocks; fewer do not."""
    world.declare({f"f{number}": {} for number in range(live)})
    world.apply()
    # A manifest must declare something: what stays is joined by a new flow.
    world.declare({**{f"f{number}": {} for number in range(kept)}, "new": {}})
    plan = world.plan()
    codes_found = {risk["code"] for change in plan["changes"] for risk in change["risks"] if risk["level"] == "block"}
    assert codes_found == ({"mass-delete"} if blocked else set())
    if blocked:
        assert "mass-delete" in world.refused("apply", "--yes")
        world.apply("--allow", "mass-delete")
    else:
        world.apply()
    assert len(world.live()) == kept + 1


def test_a_selection_counts_against_all(world: World) -> None:
    """Named deletes are compared with all managed flows, not with the named ones."""
    world.declare({f"f{number}": {} for number in range(10)})
    world.apply()
    world.declare({"f0": {}})
    assert world.plan("f1", "f2", "f3")["summary"]["blocked"] == 0
    assert world.plan("f1", "f2", "f3", "f4")["summary"]["blocked"] == 4
    world.apply("f1", "f2", "f3")
    assert len(world.live()) == 7


def test_destroy_lifts_mass_delete_only(world: World) -> None:
    """A destroy deletes all without --allow, and also a single named one."""
    world.declare({"a": {}, "b": {}, "c": {}})
    world.apply()
    assert world.flowdeck("destroy", "--yes", "b").code == 0
    assert {flow["title"] for flow in world.live()} == {"a", "c"}
    assert world.flowdeck("destroy", "--yes").code == 0
    assert world.live() == []


def test_destroy_works_with_broken_definitions(world: World) -> None:
    """A destroy needs no definition file to be sound, or to be there."""
    world.declare({"a": {}})
    world.apply()
    world.declare({"a": {"definition": "nowhere.json"}})
    assert world.flowdeck("plan").code == 1
    assert world.flowdeck("destroy", "--yes").code == 0
    assert world.live() == []


def test_an_empty_manifest_is_an_error(world: World) -> None:
    """A manifest without flows deletes nothing."""
    world.declare({"a": {}})
    world.apply()
    world.declare({})
    assert "empty-manifest" in world.refused("apply", "--yes", "--allow", "mass-delete", code=1)


def test_a_delete_tells_of_active_runs(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A delete of a flow with active runs says how many."""
    seed = {
        "flows": [{"id": FIRST, "owner": IDS["me"], **signed("a")}, {"id": SECOND, "owner": IDS["me"], **signed("b")}],
        "runs": [
            {"flow": FIRST, "owner": IDS["colleague"], "status": "ACTIVE", "label": "1"},
            {"flow": FIRST, "owner": IDS["me"], "status": "INACTIVE", "label": "2"},
            {"flow": FIRST, "owner": IDS["me"], "status": "SUCCEEDED", "label": "3"},
        ],
    }
    with opened(project, flowdeck, monkeypatch, seed) as world:
        world.declare({"b": {}})
        risks = {risk["code"]: risk for risk in only(world.plan()["changes"])["risks"]}
        assert risks["delete-active-runs"]["level"] == "warn"
        assert "2" in risks["delete-active-runs"]["message"]


# Replace


def test_replace(world: World) -> None:
    """A policy that the live flow lacks makes a new flow: blocked unless allowed, then a new id, the old one gone."""
    world.declare({"a": {"title": "T"}, "b": {}})
    world.apply()
    old = only(world.marked("a"))["id"]
    world.declare({"a": {"title": "T", "authentication_policy": POLICIES[0]}, "b": {}})
    change = only(world.plan()["changes"])
    assert (change["action"], change["id"]) == ("replace", old)
    assert "replace" in world.refused("apply", "--yes")
    result = only(world.apply("--allow", "replace:a")["changes"])
    new = only(world.marked("a"))
    assert new["id"] == result["id"] != old
    assert world.read(new["id"])["authentication_policy_id"] == POLICIES[0]
    world.settled()
    assert len(world.live()) == 2


def test_a_policy_can_be_swapped(world: World) -> None:
    """A flow that has a policy gets another one in place, and keeps it when the manifest no longer names it."""
    world.declare({"a": {"authentication_policy": POLICIES[0]}})
    world.apply()
    id = only(world.live())["id"]
    world.declare({"a": {"authentication_policy": POLICIES[1]}})
    assert only(world.plan()["changes"])["action"] == "update"
    world.apply()
    assert world.read(id)["authentication_policy_id"] == POLICIES[1]
    world.declare({"a": {}})
    world.settled()


def test_a_protected_flow_is_not_replaced(world: World) -> None:
    """A replace deletes, so protection blocks it however it is allowed."""
    world.declare({"a": {"protect": True}})
    world.apply()
    world.declare({"a": {"protect": True, "authentication_policy": POLICIES[0]}})
    assert "protected" in world.refused("apply", "--yes", "--allow", "replace", "--allow", "protected")


def test_a_replace_that_was_cut_short_is_finished(world: World) -> None:
    """When the old flow could not be deleted after a replace, the next apply withdraws it: the successor stays."""
    world.declare({"a": {}})
    world.apply()
    old = only(world.live())["id"]
    world.declare({"a": {"authentication_policy": POLICIES[0]}})
    world.emulator.inject({"fault": "status", "status": 403, "when": {"method": "DELETE", "path": "/flows/*"}})
    world.apply("--allow", "replace", code=4)
    assert len(world.live()) == 2
    change = only(world.plan()["changes"])
    assert (change["action"], change["id"]) == ("withdraw", old)
    world.apply()
    world.settled()
    assert only(world.live())["id"] != old


def test_a_replace_of_an_adopted_flow_stays_plannable(world: World) -> None:
    """After a replace of a flow that the manifest names by id, the plan is empty or says what to do with the id."""
    by_hand = world.make(title="a")
    world.declare({"a": {"id": by_hand["id"]}})
    world.apply()
    world.declare({"a": {"id": by_hand["id"], "authentication_policy": POLICIES[0]}})
    ran = world.flowdeck("apply", "--yes", "--allow", "replace")
    if ran.code == 0:
        world.settled()


def test_a_replace_tells_of_active_runs(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replace deletes the old flow, so it warns of its active runs as a delete does."""
    seed = {
        "flows": [{"id": FIRST, "owner": IDS["me"], **signed("a")}],
        "runs": [{"flow": FIRST, "owner": IDS["colleague"], "status": "ACTIVE"}],
    }
    with opened(project, flowdeck, monkeypatch, seed) as world:
        world.declare({"a": {"authentication_policy": POLICIES[0]}})
        assert "delete-active-runs" in {risk["code"] for risk in only(world.plan()["changes"])["risks"]}


# Adoption and forgetting


def test_adoption_that_takes_access_away_is_blocked(world: World) -> None:
    """An adoption whose manifest grants less than the live flow does blocks with access-removed."""
    by_hand = world.make(title="a", flow_starters=[GROUP])
    world.declare({"a": {"id": by_hand["id"]}})
    change = only(world.plan()["changes"])
    assert (change["action"], change["roles"]["starters"]["removed"]) == ("adopt", [GROUP])
    assert "access-removed" in world.refused("apply", "--yes")
    world.apply("--allow", "access-removed")
    world.settled()


def test_forget_takes_only_our_keywords_off(world: World) -> None:
    """A forgotten flow is as it was before flowdeck, keywords of the user's own included."""
    world.declare({"a": {"keywords": ["mine"], "protect": True}, "b": {}})
    world.apply()
    flow = only(world.marked("a"))
    assert world.flowdeck("forget", "a").code == 0
    after = world.read(flow["id"])
    assert after["keywords"] == ["mine"]
    strip = ("keywords", "updated_at")
    assert {k: v for k, v in after.items() if k not in strip} == {k: v for k, v in flow.items() if k not in strip}
    ran = world.flowdeck("forget", "a")
    assert ran.code == 64


def test_a_foreign_flow_is_never_written(world: World) -> None:
    """Flows without our marker, also with our title, are byte for byte the same after every command."""
    others = [world.make(title="b"), world.make("colleague", "a", flow_administrators=[URNS["me"]])]
    before = {flow["id"]: json.dumps(world.read(flow["id"])) for flow in others}
    world.declare({"c": {"definition": DEFINITION}, "d": {}})
    world.apply()
    world.declare({"c": {"title": "new"}})
    world.apply()
    assert world.flowdeck("forget", "c").code == 0
    assert world.flowdeck("destroy", "--yes").code == 0
    assert {flow["id"]: json.dumps(world.read(flow["id"])) for flow in others} == before


def test_forget_leaves_the_claims_of_others(world: World) -> None:
    """What forget takes off is our own marker, stamp and protection; another project's marker stays."""
    world.declare({"a": {"keywords": ["mine"]}, "b": {}})
    world.apply()
    flow = only(world.marked("a"))
    world.sdk().update_flow(flow["id"], keywords=[*flow["keywords"], "flowdeck:other/prod/a"])
    if world.flowdeck("forget", "a").code == 0:
        assert sorted(world.read(flow["id"])["keywords"]) == ["flowdeck:other/prod/a", "mine"]


def test_a_flow_that_two_projects_claim(world: World) -> None:
    """A flow that carries another project's marker beside ours is refused, or keeps that marker through an update."""
    world.declare({"a": {}, "b": {}})
    world.apply()
    flow = only(world.marked("a"))
    world.sdk().update_flow(flow["id"], keywords=[*flow["keywords"], "flowdeck:other/prod/a"])
    world.declare({"a": {"title": "new"}, "b": {}})
    world.flowdeck("apply", "--yes")
    assert "flowdeck:other/prod/a" in world.read(flow["id"])["keywords"]


def test_forget_of_a_flow_that_was_given_away(world: World) -> None:
    """A flow that somebody gave to another project, after forget planned, is not written."""
    world.declare({"a": {}, "b": {}})
    world.apply()
    flow = only(world.marked("a"))
    theirs = {"keywords": ["flowdeck:other/prod/a"]}
    world.emulator.inject({"fault": "edit", "set": theirs, "flow": flow["id"], "when": {"path": "/flows"}})
    assert world.flowdeck("forget", "a").code in (0, 3)
    assert world.read(flow["id"])["keywords"] == ["flowdeck:other/prod/a"]


def test_forget_of_an_address_with_two_flows(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """After forget nothing claims the address any more, also where two flows of ours did."""
    with opened(project, flowdeck, monkeypatch, duplicates({"created_at": SOON})) as world:
        world.declare({"a": {}})
        if world.flowdeck("forget", "a").code == 0:
            assert world.marked("a") == []
