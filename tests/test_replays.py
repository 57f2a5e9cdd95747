"""Every bug that the fault campaign found, replayed: what happened is the name of the test."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from campaign import ALLOW, Work, at_rest
from hypothesis import given
from hypothesis import strategies as st
from processes import PATIENCE, started, until
from projects import Command
from worlds import IDS, POLICIES, World, codes, only, opened, signed

from flowdeck.service.globus import GlobusReader, GlobusWriter
from flowdeck.service.globus.errors import _retry_after
from flowdeck.service.ports import Done

CREATE = {"method": "POST", "path": "/flows"}
UPDATE = {"method": "PUT", "path": "/flows/*"}
DELETE = {"method": "DELETE", "path": "/flows/*"}
READ = {"method": "GET", "path": "/flows/*"}
LIST = {"method": "GET", "path": "/flows"}
LAGGING = {"fault": "stale-list", "seconds": 600, "times": None}
POLICY = {"authentication_policy": POLICIES[0]}


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch) as world:
        yield world


def outcomes(result: dict[str, Any]) -> dict[str, str]:
    return {change["address"]: change["outcome"] for change in result["changes"]}


def codes_of(change: dict[str, Any]) -> str:
    return str(change["error"]["code"]) if change["error"] else ""


# A replace that was cut short


def test_replay_a_replace_under_a_new_name_was_cut_short(world: World) -> None:
    """A replace that is a move too, cut between create and delete: the old flow goes, and there is no conflict."""
    world.declare({"old": {}})
    world.apply()
    world.declare({"new": {**POLICY, "moved_from": "old"}})
    world.emulator.inject({"fault": "status", "status": 403, "when": DELETE})
    world.apply(*ALLOW, code=4)
    assert len(world.live()) == 2
    at_rest(world, Work({"new": POLICY}))


@pytest.mark.parametrize("marked", [True, False])
def test_replay_a_replace_of_a_flow_named_by_id_was_cut_short(world: World, marked: bool) -> None:
    """A replace of a flow that the manifest names by id, cut short: the successor stays, with a warning of the id."""
    made = world.make(**(signed("a") if marked else {"title": "a"}))
    world.declare({"a": {**POLICY, "id": made["id"]}})
    world.emulator.inject({"fault": "status", "status": 403, "when": DELETE})
    world.apply(*ALLOW, code=4)
    assert len(world.live()) == 2
    plan = world.plan()
    assert [(one["action"], one["id"]) for one in plan["changes"]] == [("withdraw", made["id"])]
    assert codes(plan) == {"id-replaced"}
    world.apply()
    assert only(world.live())["id"] != made["id"]
    assert codes(world.plan()) == {"id-replaced"}


def test_replay_the_successor_was_updated_before_the_old_flow_went(world: World) -> None:
    """An update of the successor does not forget what it replaces, so the old flow still loses, however old it is."""
    seed = {"flows": [{"id": IDS["ci"], "owner": IDS["me"], "created_at": "2024-03-01", **signed("a")}]}
    with opened(world.folder, world.flowdeck, world.monkeypatch, seed) as old:
        old.declare({"a": POLICY})
        old.emulator.inject({"fault": "status", "status": 403, "when": DELETE, "times": 2})
        old.apply(*ALLOW, code=4)
        old.declare({"a": {**POLICY, "title": "new"}})
        old.apply(*ALLOW, code=4)
        assert [one["action"] for one in old.plan()["changes"]] == ["withdraw"]
        at_rest(old, Work({"a": {**POLICY, "title": "new"}}))


def test_replay_an_id_that_was_replaced_and_then_updated(world: World) -> None:
    """A manifest that still names the replaced id stays plannable after the successor was updated."""
    made = world.make(title="a")
    for title in ("a", "b", "c"):
        world.declare({"a": {**POLICY, "id": made["id"], "title": title}})
        world.apply(*ALLOW)
    assert codes(world.plan()) == {"id-replaced"}
    assert only(world.live())["title"] == "c"


def test_replay_half_a_replace_was_told_as_done(world: World) -> None:
    """A replace whose old flow still stands, since another step failed, is not done; what was made counts: exit 4."""
    world.declare({"a": {}, "b": {}})
    world.apply()
    world.declare({"a": POLICY, "b": {"title": "new"}})
    world.emulator.inject({"fault": "status", "status": 403, "when": UPDATE})
    result = world.apply(*ALLOW, code=4)
    assert outcomes(result) == {"flow.a": "skipped", "flow.b": "failed"}
    assert codes(result) == {"not-attempted", "forbidden"}
    made = next(flow["id"] for flow in world.marked("a") if world.read(flow["id"]).get("authentication_policy_id"))
    assert made in result["changes"][0]["error"]["message"]
    at_rest(world, Work({"a": POLICY, "b": {"title": "new"}}))


def test_replay_a_replaced_flow_had_changed(world: World) -> None:
    """A replace of a flow that changed since the plan is refused before anything is made."""
    world.declare({"a": {}})
    world.apply()
    world.declare({"a": POLICY})
    world.emulator.inject({"fault": "edit", "set": {"subtitle": "by hand"}, "flow": "a", "when": {"path": "/runs"}})
    world.emulator.clear_requests()
    assert codes(world.apply(*ALLOW, code=3)) == {"changed-since-plan"}
    assert world.writes() == []


def test_replay_a_replace_without_an_answer_took_a_duplicate_for_its_own(world: World) -> None:
    """A create that never arrived is not taken for done because another flow carries the marker."""
    world.declare({"a": {}})
    world.apply()
    world.emulator.inject(LAGGING)
    world.apply()
    world.emulator.clear_faults()
    assert len(world.marked("a")) == 2
    world.declare({"a": POLICY})
    world.emulator.inject({"fault": "drop", "when": CREATE})
    result = world.apply(*ALLOW, code=4)
    assert [(one["action"], one["outcome"]) for one in result["changes"]] == [
        ("replace", "unknown"),
        ("withdraw", "skipped"),
    ]
    at_rest(world, Work({"a": POLICY}))


def test_replay_a_create_without_an_answer_took_an_older_flow_for_its_own(world: World) -> None:
    """A create without an answer, planned from a lagging list, does not put its stamp on the flow of an earlier one."""
    world.declare({"a": {"title": "old"}})
    world.apply()
    before = only(world.live())
    world.declare({"a": {"title": "new"}})
    world.emulator.inject({**LAGGING, "times": 2}, {"fault": "drop", "when": CREATE})
    assert outcomes(world.apply(code=4)) == {"flow.a": "unknown"}
    assert world.live() == [before]
    at_rest(world, Work({"a": {"title": "new"}}))


# Two at once


def test_replay_two_applies_deleted_the_same_flow(world: World) -> None:
    """A delete that comes second, after the read, is done."""
    world.declare({"a": {}, "b": {}})
    world.apply()
    world.declare({"b": {}})
    gone = only(world.marked("a"))["id"]
    deleting = GlobusWriter.delete

    def second(writer: GlobusWriter, id: str) -> Any:
        world.sdk().delete_flow(id)
        return deleting(writer, id)

    world.monkeypatch.setattr(GlobusWriter, "delete", second)
    assert outcomes(world.apply()) == {"flow.a": "done"}
    assert gone not in [flow["id"] for flow in world.live()]


def test_replay_the_last_flow_of_an_address_was_withdrawn(world: World) -> None:
    """A duplicate is not withdrawn when the flow that it yields to is gone, though a lagging list still shows it."""
    world.declare({"a": {}})
    first = only(world.apply()["changes"])["id"]
    world.emulator.inject(LAGGING)
    second = only(world.apply()["changes"])["id"]
    world.emulator.clear_faults()
    time.sleep(0.3)
    world.sdk().delete_flow(first)
    world.emulator.inject({**LAGGING, "seconds": 0.2})
    assert codes(world.apply(code=3)) == {"changed-since-plan"}
    world.emulator.clear_faults()
    assert only(world.live())["id"] == second
    world.settled()


def test_replay_a_duplicate_of_a_flow_that_goes_too(world: World) -> None:
    """A duplicate of a flow that is no longer declared goes in the same apply as the flow itself."""
    world.declare({"a": {}, "b": {}})
    world.apply()
    world.emulator.inject(LAGGING)
    world.apply()
    world.emulator.clear_faults()
    assert len(world.live()) == 4
    world.declare({"b": {}})
    at_rest(world, Work({"b": {}}))


# Changed under our feet


def test_replay_a_flow_was_deleted_between_read_and_write(world: World) -> None:
    """An update of a flow that is deleted after it was read is refused as changed, and is no failure of the service."""
    world.declare({"a": {}})
    world.apply()
    world.declare({"a": {"title": "new"}})
    world.emulator.inject({"fault": "status", "status": 404, "when": UPDATE})
    result = world.apply(code=3)
    assert (outcomes(result), codes(result)) == ({"flow.a": "refused"}, {"changed-since-plan"})


def test_replay_an_edit_between_read_and_write_was_stamped_as_ours(world: World) -> None:
    """What somebody changes between read and write is refused with the time, exit 4, and is drift for the next plan."""
    world.declare({"a": {}, "b": {}})
    world.apply()
    world.declare({"a": {"title": "new"}, "b": {}})
    world.emulator.inject({"fault": "edit", "set": {"subtitle": "by hand"}, "when": UPDATE})
    result = world.apply(code=4)
    assert (outcomes(result), codes(result)) == ({"flow.a": "refused"}, {"changed-since-plan"})
    live = only(world.marked("a"))
    assert (live["title"], live["subtitle"]) == ("new", "by hand")
    error = only(result["changes"])["error"]
    assert "`subtitle`" in error["message"]
    assert live["updated_at"] in error["message"]
    field = only(only(world.plan()["changes"])["fields"])
    assert (field["path"], field["origin"]) == ("subtitle", "outside")
    at_rest(world, Work({"a": {"title": "new"}, "b": {}}))


def test_replay_an_unknown_update_was_told_as_refused(world: World) -> None:
    """An update without an answer whose flow then has another form is unknown: it may have been written."""
    world.declare({"a": {"title": "one"}})
    world.apply()
    id = only(world.live())["id"]
    world.sdk().update_flow(id, title="drifted")  # the stamp of the repair will be the stamp that is there
    world.emulator.inject(
        {"fault": "drop", "effect": "after", "when": UPDATE},
        {"fault": "edit", "set": {"subtitle": "by hand"}, "when": {**READ, "nth": 2}},
        {"fault": "status", "status": 500, "effect": "after", "when": {**READ, "nth": 2}},
    )
    result = world.apply(code=4)
    assert outcomes(result) == {"flow.a": "unknown"}
    assert only(world.live())["title"] == "one"
    at_rest(world, Work({"a": {"title": "one"}}))


# What the service makes of it


def keeping(world: World, fields: dict[str, Any]) -> None:
    """From now on the service keeps these fields otherwise than they are sent."""
    sending = GlobusWriter._sent

    def sent(writer: GlobusWriter, send: Callable[[], Any]) -> Any:
        outcome = sending(writer, send)
        if not isinstance(outcome, Done):
            return outcome
        world.sdk().update_flow(outcome.live.id, **fields)
        return Done(read(GlobusReader(writer._access), outcome.live.id))

    read: Any = GlobusReader.read
    world.monkeypatch.setattr(GlobusWriter, "_sent", sent)


@pytest.mark.parametrize("fault", [{"fault": "drop"}, {"fault": "status", "status": 503}], ids=["drop", "503"])
def test_replay_the_second_stamp_was_lost(world: World, fault: dict[str, Any]) -> None:
    """What the service keeps otherwise is stamped as it is, also when that must be sent twice: no false drift."""
    world.declare({"a": {"subtitle": "sent"}})
    keeping(world, {"subtitle": "kept"})
    world.emulator.inject({**fault, "when": {**UPDATE, "nth": 2}})  # the first is the service's own
    assert codes(world.apply()) == {"not-as-sent"}
    field = only(only(world.plan()["changes"])["fields"])
    assert (field["path"], field["origin"]) == ("subtitle", "manifest")


def test_replay_nobody_heard_that_the_second_stamp_was_refused(world: World) -> None:
    """When the second stamp cannot be written, the warning says so."""
    world.declare({"a": {"subtitle": "sent"}})
    keeping(world, {"subtitle": "kept"})
    world.emulator.inject({"fault": "status", "status": 403, "when": {**UPDATE, "nth": 2}})
    warning = only(world.apply()["diagnostics"])
    assert warning["code"] == "not-as-sent"
    assert "stamp" in warning["message"]


def test_replay_a_status_that_nobody_thought_of(world: World) -> None:
    """Any 4xx is a refusal and not an unknown outcome, but for a request that the service did not receive in time."""
    world.declare({"a": {}})
    world.emulator.inject({"fault": "status", "status": 413, "when": CREATE})
    result = world.apply(code=1)
    assert (outcomes(result), codes(result)) == ({"flow.a": "failed"}, {"refused-by-service"})
    world.emulator.inject({"fault": "status", "status": 408, "effect": "after", "when": CREATE})
    assert outcomes(world.apply()) == {"flow.a": "done"}
    assert len(world.live()) == 1


# What is told


def test_replay_progress_that_nobody_read_ended_the_apply(world: World) -> None:
    """Progress goes to a reader that went away: the apply goes on, and its result is there."""
    world.declare({"a": {}, "b": {}, "c": {}})
    reading, writing = os.pipe()
    os.close(reading)
    with started(world.folder, "apply", "--yes", "-v", "--format", "json", err=writing) as process:
        os.close(writing)
        out, _ = process.communicate(timeout=PATIENCE)
    assert outcomes(json.loads(out)) == {"flow.a": "done", "flow.b": "done", "flow.c": "done"}
    assert process.returncode == 0


def test_replay_a_bug_in_one_step_lost_the_result_of_all(world: World) -> None:
    """A step that raises what nobody expects is unknown and a bug; the others' results are told all the same."""
    world.declare({"a": {}, "b": {}})
    creating = GlobusWriter.create

    def broken(writer: GlobusWriter, flow: Any, keywords: Any) -> Any:
        if flow.title == "a":
            raise ZeroDivisionError("CANARY")
        return creating(writer, flow, keywords)

    world.monkeypatch.setattr(GlobusWriter, "create", broken)
    ran = world.flowdeck("apply", "--yes", "--format", "json")
    assert ran.code == 4
    assert outcomes(ran.document) == {"flow.a": "unknown", "flow.b": "done"}
    assert "CANARY" not in ran.out + ran.err


def test_replay_a_list_that_lags_behind_an_update_was_not_waited_for(world: World) -> None:
    """Apply ends when the list shows what was written: also the new form of a flow that was there before."""
    world.declare({"a": {}})
    world.apply()
    time.sleep(0.3)
    world.declare({"a": {"title": "new"}})
    world.emulator.inject({**LAGGING, "seconds": 0.3})
    assert codes(world.apply()) == {"list-lags"}


def test_replay_two_flows_of_one_address_and_nobody_said_so(world: World) -> None:
    """An apply whose last look shows a second flow of ours for an address says so, with the ids and the way out."""
    world.declare({"a": {}, "b": {}})
    creating = GlobusWriter.create

    def twice(writer: GlobusWriter, flow: Any, keywords: Any) -> Any:
        if flow.title == "a":
            creating(writer, flow, keywords)
        return creating(writer, flow, keywords)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(GlobusWriter, "create", twice)
        result = world.apply()
    warning = only(result["diagnostics"])
    assert (warning["code"], warning["severity"], warning["address"]) == ("ambiguous-owner", "warning", "flow.a")
    assert all(flow["id"] in warning["message"] for flow in world.marked("a"))
    at_rest(world, Work({"a": {}, "b": {}}))


# Interrupted


def interrupted(world: World, condition: Callable[[], bool], *arguments: str) -> tuple[int, str, float]:
    """A process that gets one signal once the condition holds: its exit code, output, and seconds until it ended."""
    with started(world.folder, *arguments) as process:
        until(condition)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        out, _ = process.communicate(timeout=PATIENCE * 2)
    return process.returncode, out, time.monotonic() - began


def struck(world: World) -> Callable[[], bool]:
    """A condition: a fault has struck."""
    return lambda: any(one.fault for one in world.emulator.requests())


def test_replay_a_signal_during_the_last_look_had_no_effect(world: World) -> None:
    """A service that is busy when all is written does not keep a signal waiting: the result is there in seconds."""
    world.declare({"a": {}})
    world.emulator.inject({"fault": "status", "status": 429, "retry_after": 40, "when": {**LIST, "nth": 3}})
    code, out, seconds = interrupted(world, struck(world), "apply", "--yes", "--format", "json")
    assert code == 130
    assert outcomes(json.loads(out)) == {"flow.a": "done"}
    assert seconds < 20


def test_replay_a_signal_while_a_page_was_waited_for(world: World) -> None:
    """A signal during a plan ends it at once, also while the next page is being asked for again."""
    for number in range(101):
        world.make(title=f"t{number}", keywords=[f"flowdeck:lab/test/f{number}"])
    world.declare({"a": {}})
    world.emulator.clear_requests()
    world.emulator.inject({"fault": "status", "status": 429, "retry_after": 40, "when": {**LIST, "nth": 2}})
    code, _, seconds = interrupted(world, struck(world), "plan")
    assert code == 130
    assert seconds < 20


def test_replay_an_interrupted_replace_was_told_as_applied(world: World) -> None:
    """A signal between the two halves of a replace: the result says that the old flow is still there."""
    world.declare({"a": {}})
    world.apply()
    world.declare({"a": POLICY})
    world.emulator.inject({"fault": "latency", "ms": 500, "when": CREATE})
    world.emulator.clear_requests()
    code, out, _ = interrupted(world, lambda: bool(world.writes()), "apply", "--yes", "--format", "json", *ALLOW)
    assert code == 130
    document = json.loads(out)
    assert (document["outcome"], outcomes(document)) == ("partial", {"flow.a": "skipped"})
    at_rest(world, Work({"a": POLICY}))


# The wire


@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ [+-]?\d+"))
def test_replay_a_retry_after_that_cannot_be_read(written: str) -> None:
    """Whatever stands in Retry-After, it is a number of seconds from 0, or it is none."""
    seconds = _retry_after(written)
    assert seconds is None or seconds >= 0
