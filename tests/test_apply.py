"""Apply when things go wrong: answers that never come, edits in between, refusals, and services that are not there."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from projects import DEFINITION, Command
from worlds import SUBSCRIPTION, URNS, World, codes, only, opened, signed

from flowdeck.service.globus import GlobusWriter
from flowdeck.service.ports import Detail, Failed, Problem

PASS = {"Type": "Pass", "End": True}

CREATE = {"method": "POST", "path": "/flows"}
UPDATE = {"method": "PUT", "path": "/flows/*"}
DELETE = {"method": "DELETE", "path": "/flows/*"}
LIST = {"method": "GET", "path": "/flows"}


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch) as world:
        yield world


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """globus-sdk's pauses between its own retries take no time."""
    monkeypatch.setattr("globus_sdk.transport.requests.time.sleep", lambda seconds: None)


def outcomes(result: dict[str, Any]) -> dict[str, str]:
    return {change["address"]: change["outcome"] for change in result["changes"]}


# Creates


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "drop", "effect": "after"},
        *({"fault": "status", "status": n, "effect": "after"} for n in (500, 502, 503, 504)),
    ],
    ids=lambda fault: str(fault.get("status", "drop")),
)
def test_a_create_whose_answer_never_came(world: World, fault: dict[str, Any]) -> None:
    """A create that took effect without an answer is found by its marker: exit 0, one request, exactly one flow."""
    world.declare({"a": {}})
    world.emulator.inject({**fault, "when": CREATE})
    result = world.apply()
    assert outcomes(result) == {"flow.a": "done"}
    assert [method for method, _ in world.writes()] == ["POST"]
    assert only(world.live())["id"] == only(result["changes"])["id"]
    world.settled()


@pytest.mark.parametrize(
    "fault",
    [{"fault": "drop"}, {"fault": "status", "status": 500}, {"fault": "status", "status": 503, "retry_after": 0}],
    ids=["drop", "500", "503"],
)
def test_a_create_that_never_arrived(world: World, fault: dict[str, Any]) -> None:
    """A create without effect and answer is unknown or tried again, never doubled; the next apply makes it."""
    world.declare({"a": {}, "b": {}})
    world.emulator.inject({**fault, "when": CREATE})
    ran = world.flowdeck("apply", "--yes", "--format", "json")
    assert ran.code in (0, 4)
    assert len(world.live()) == (2 if ran.code == 0 else 1)
    world.apply()
    assert len(world.live()) == 2
    world.settled()


def test_an_unknown_create_in_a_stale_list(world: World) -> None:
    """A create whose effect the list does not show yet is unknown, and the next apply makes no second flow."""
    world.declare({"a": {}})
    world.emulator.inject({"fault": "drop", "effect": "after", "when": CREATE})
    world.emulator.inject({"fault": "stale-list", "seconds": 600, "times": None})
    result = world.apply(code=4)
    assert outcomes(result) == {"flow.a": "unknown"}
    assert codes(result) == {"outcome-unknown"}
    world.emulator.clear_faults()
    assert len(world.live()) == 1
    world.apply()
    assert len(world.live()) == 1
    world.settled()


def test_a_list_that_lags_makes_no_lasting_duplicate(world: World) -> None:
    """An apply that a lagging list made blind creates a second flow; the next one withdraws it, and the first stays."""
    world.declare({"a": {}})
    first = only(world.apply()["changes"])["id"]
    world.emulator.inject({"fault": "stale-list", "seconds": 600, "times": None})
    result = world.apply()
    assert codes(result) <= {"list-lags"}
    world.emulator.clear_faults()
    world.apply()
    assert only(world.live())["id"] == first
    world.settled()


def test_a_list_that_lags_is_told(world: World) -> None:
    """Apply waits a bounded time for the list, and warns when that was not enough; it is done all the same."""
    world.declare({"a": {}})
    world.emulator.inject({"fault": "stale-list", "seconds": 600, "times": None})
    assert codes(world.apply()) == {"list-lags"}


def test_a_busy_service_fails_the_step_or_is_waited_for(world: World) -> None:
    """429 on a create is no unknown outcome: it had no effect, whether the step waits or fails."""
    world.declare({"a": {}})
    world.emulator.inject({"fault": "status", "status": 429, "retry_after": 0, "when": CREATE})
    ran = world.flowdeck("apply", "--yes", "--format", "json")
    assert ran.code in (0, 1)
    assert ran.code == 0 or codes(ran) == {"service-busy"}
    world.apply()
    world.settled()


# Updates and deletes


@pytest.mark.parametrize(
    "fault",
    [{"fault": "drop", "effect": "after"}, {"fault": "status", "status": 500, "effect": "after"}],
    ids=["drop", "500"],
)
def test_an_update_whose_answer_never_came(world: World, fault: dict[str, Any]) -> None:
    """An update that took effect without an answer is read back: exit 0."""
    world.declare({"a": {}})
    world.apply()
    world.declare({"a": {"title": "new", "keywords": ["k"], "permissions": [{"viewers": ["public"]}]}})
    world.emulator.inject({**fault, "when": UPDATE})
    assert outcomes(world.apply()) == {"flow.a": "done"}
    world.settled()


def test_an_update_that_never_arrived(world: World) -> None:
    """An update without effect and answer is not called done; the next apply does it."""
    world.declare({"a": {}})
    world.apply()
    world.declare({"a": {"title": "new"}})
    world.emulator.inject({"fault": "drop", "when": UPDATE})
    ran = world.flowdeck("apply", "--yes", "--format", "json")
    assert (only(world.live())["title"] == "new") == (ran.code == 0)
    assert ran.code in (0, 4)
    world.apply()
    world.settled()


@pytest.mark.parametrize("effect", ["before", "after"])
def test_a_delete_whose_answer_never_came(world: World, effect: str) -> None:
    """A delete without an answer is looked up: done when the flow is gone, else unknown."""
    world.declare({"a": {}, "b": {}})
    world.apply()
    world.declare({"a": {}})
    world.emulator.inject({"fault": "drop", "effect": effect, "when": DELETE})
    ran = world.flowdeck("apply", "--yes", "--format", "json")
    assert (len(world.live()) == 1) == (ran.code == 0)
    if effect == "after":
        assert ran.code == 0
    world.apply()
    world.settled()


def test_a_flow_deleted_by_somebody_else_meanwhile(world: World) -> None:
    """A delete of a flow that is gone already is done."""
    world.declare({"a": {}, "b": {}})
    world.apply()
    world.declare({"b": {}})
    gone = only(world.marked("a"))["id"]
    reading = {"method": "GET", "path": f"/flows/{gone}"}
    world.emulator.inject({"fault": "status", "status": 404, "when": reading})
    assert outcomes(world.apply()) == {"flow.a": "done"}


def test_an_edit_between_plan_and_write(world: World) -> None:
    """A flow that somebody edits after the plan saw it is refused, with when; the others go on: exit 4."""
    world.declare({"a": {}, "b": {}})
    world.apply()
    edited = only(world.marked("a"))["id"]
    world.declare({"a": {"title": "new a"}, "b": {"title": "new b"}})
    world.emulator.inject({"fault": "edit", "set": {"subtitle": "by hand"}, "flow": edited, "when": LIST})
    result = world.apply(code=4)
    assert outcomes(result) == {"flow.a": "refused", "flow.b": "done"}
    error = only([change["error"] for change in result["changes"] if change["error"]])
    assert error["code"] == "changed-since-plan"
    assert world.read(edited)["updated_at"] in error["message"]
    live = world.read(edited)
    assert (live["title"], live["subtitle"]) == ("a", "by hand")


def test_an_edit_of_the_only_flow(world: World) -> None:
    """When every step is refused because its flow changed, nothing was applied: exit 3."""
    world.declare({"a": {}})
    world.apply()
    world.declare({"a": {"title": "new"}})
    world.emulator.inject({"fault": "edit", "set": {"subtitle": "by hand"}, "flow": "a", "when": LIST})
    result = world.apply(code=3)
    assert result["outcome"] == "refused"
    assert only(world.live())["subtitle"] == "by hand"


def test_an_edit_to_what_we_want_is_done(world: World) -> None:
    """A flow that somebody makes exactly as declared, between plan and write, is done."""
    world.declare({"a": {}})
    world.apply()
    world.declare({"a": {"title": "new"}})
    world.emulator.inject({"fault": "edit", "set": {"title": "new"}, "flow": "a", "when": LIST})
    assert outcomes(world.apply()) == {"flow.a": "done"}
    world.settled()


def test_an_edit_of_an_ignored_field_is_nobodys_business(world: World) -> None:
    """An ignored field that changes between plan and write stands in nobody's way, and keeps its value."""
    world.declare({"a": {"ignore": ["description", "viewers"]}})
    world.apply()
    world.declare({"a": {"ignore": ["description", "viewers"], "title": "new"}})
    theirs = {"description": "theirs", "flow_viewers": ["public"]}
    world.emulator.inject({"fault": "edit", "set": theirs, "flow": "a", "when": LIST})
    assert outcomes(world.apply()) == {"flow.a": "done"}
    live = only(world.live())
    assert (live["title"], live["description"], live["flow_viewers"]) == ("new", "theirs", ["public"])
    world.settled()


def test_ignored_keywords_survive(world: World) -> None:
    """With `ignore: [keywords]` the keywords that others set stay through every update, and ours do too."""
    world.declare({"a": {"ignore": ["keywords"], "keywords": ["first"]}})
    world.apply()
    flow = only(world.live())
    assert "first" in flow["keywords"]
    world.sdk().update_flow(flow["id"], keywords=[*(one for one in flow["keywords"] if one != "first"), "theirs"])
    world.settled()
    world.declare({"a": {"ignore": ["keywords"], "keywords": ["first"], "title": "new"}})
    world.apply()
    kept = only(world.live())["keywords"]
    assert [one for one in kept if not one.startswith("flowdeck")] == ["theirs"]
    world.settled()


def test_a_delete_refused_because_somebody_edited(world: World) -> None:
    """A flow that somebody edits after the plan decided to delete it is not deleted."""
    world.declare({"a": {}, "b": {}})
    world.apply()
    world.declare({"b": {}})
    edit = {"fault": "edit", "set": {"description": "still needed"}, "flow": "a"}
    world.emulator.inject({**edit, "when": {"path": "/runs"}})
    assert codes(world.apply(code=3)) == {"changed-since-plan"}
    assert len(world.live()) == 2


def test_deletes_wait_for_success(world: World) -> None:
    """When a step fails, its neighbours are done, and the deletes are not attempted: exit 4, a re-run resumes."""
    world.declare({"a": {}, "b": {}, "c": {}})
    world.apply()
    world.declare({"a": {"title": "new"}, "b": {"title": "new too"}})
    failing = only(world.marked("a"))["id"]
    world.emulator.inject({"fault": "status", "status": 403, "when": {"method": "PUT", "path": f"/flows/{failing}"}})
    result = world.apply(code=4)
    assert outcomes(result) == {"flow.a": "failed", "flow.b": "done", "flow.c": "skipped"}
    assert codes(result) == {"forbidden", "not-attempted"}
    assert len(world.live()) == 3
    world.apply()
    world.settled()


def test_nothing_applied_is_exit_1(world: World) -> None:
    """When the only step fails, nothing was applied: exit 1, outcome failed."""
    world.declare({"a": {}})
    world.emulator.inject({"fault": "status", "status": 403, "when": CREATE})
    result = world.apply(code=1)
    assert (result["outcome"], codes(result)) == ("failed", {"forbidden"})
    assert world.live() == []


@pytest.mark.parametrize("when", [CREATE, UPDATE, DELETE], ids=["POST", "PUT", "DELETE"])
def test_a_write_is_sent_once(world: World, when: dict[str, str]) -> None:
    """The SDK retries every method by itself; flowdeck's writes are sent once, and a 5xx is no reason for a second."""
    world.declare({"a": {}, "b": {}})
    world.apply()
    world.declare({"a": {"title": "new"}, "c": {}})
    world.emulator.clear_requests()
    world.emulator.inject({"fault": "status", "status": 500, "effect": "after", "when": when})
    world.flowdeck("apply", "--yes")
    assert sorted(method for method, _ in world.writes()) in (["DELETE", "POST", "PUT"], ["POST", "PUT"])


# What the service makes of it


def test_defaults_added_by_the_service(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Known defaults that the service writes into a definition are no difference, neither now nor after an edit."""
    action = {"Type": "Action", "ActionUrl": "https://actions.globus.org/hello_world", "Parameters": {}, "End": True}
    definition = {"StartAt": "Go", "States": {"Go": {"Type": "Pass", "Next": "Act"}, "Act": action}}
    with opened(project, flowdeck, monkeypatch, {"settings": {"defaults": "added"}}) as world:
        world.declare({"a": {"definition": definition}})
        assert codes(world.apply()) == set()
        assert only(world.live())["definition"]["States"]["Act"]["WaitTime"] == 300
        world.settled()
        definition["States"]["Go"]["Comment"] = "edited"  # type: ignore[index]
        world.declare({"a": {"definition": definition}})
        change = only(world.plan()["changes"])
        assert [one["path"] for one in change["fields"]] == ["definition.States.Go.Comment"]
        assert change["states"]["changed"] == ["Go"]
        world.apply()
        world.settled()


@pytest.mark.parametrize("setting", [{"key_order": "kept"}, {"empty_input_schema": "kept"}])
def test_either_answer_of_the_service(
    project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch, setting: dict[str, str]
) -> None:
    """Whatever the service does about key order and empty schemas, apply then plan is empty."""
    with opened(project, flowdeck, monkeypatch, {"settings": setting}) as world:
        world.declare({"a": {}, "b": {"input_schema": {"type": "object", "properties": {"z": {}, "a": {}}}}})
        world.apply()
        world.settled()


def refusing(location: list[str], message: str, path: str) -> dict[str, Any]:
    """The fault of a service that finds wrong what no rule of flowdeck's knows."""
    detail = [{"loc": location, "msg": message, "type": "value_error"}]
    body = {"error": {"code": "UNPROCESSABLE_ENTITY", "detail": detail}}
    return {"fault": "status", "status": 422, "body": body, "when": {"method": "POST", "path": path}}


def test_what_the_service_refuses_has_a_place(world: World) -> None:
    """A definition that the service refuses is told at the file and line of the state that it means, per step."""
    definition = {"StartAt": "Go", "States": {"Go": {"Type": "Pass", "Next": "The end"}, "The end": PASS}}
    text = json.dumps(definition, indent=1)
    (world.folder / "definition.json").write_text(text, encoding="utf-8")
    line = 1 + next(number for number, one in enumerate(text.splitlines()) if '"The end": ' in one)
    world.declare({"a": {"definition": "definition.json"}, "b": {}})
    for path in ("/flows", "/flows/validate"):
        world.emulator.inject(refusing(["definition", "States", "The end"], "not today", path))
    result = world.apply("--parallelism", "1", code=4)
    assert outcomes(result) == {"flow.a": "failed", "flow.b": "done"}
    told = only(result["diagnostics"])
    assert (told["code"], told["file"], told["line"]) == ("refused-by-service", "definition.json", line)
    ran = world.flowdeck("validate", "--online", "--format", "json")
    assert ran.code == 1
    assert [(one["file"], one["line"]) for one in ran.document["diagnostics"]] == [("definition.json", line)]


def test_a_refused_value_of_the_manifest_has_a_place(world: World) -> None:
    """A refusal of a field is told at its line of flows.yaml."""
    world.declare({"a": {"subscription": SUBSCRIPTION}})
    result = world.apply(code=1)
    assert codes(result) == {"forbidden"}
    policy = "00000000-0000-4000-c000-00000000000f"
    path = world.declare({"a": {"authentication_policy": policy}})
    line = 1 + next(number for number, one in enumerate(path.read_text().splitlines()) if policy in one)
    told = only(world.apply(code=1)["diagnostics"])
    assert (told["file"], told["line"]) == ("flows.yaml", line)


def test_what_the_service_quotes_is_not_shown(world: World) -> None:
    """The words of a refusal never hold a private parameter, whatever its shape."""
    parameters = {"__Private_Parameters": ["token"], "token": {"deep": ["CANARY-1"]}}
    states = {"A": {"Type": "Pass", "Parameters": parameters, "End": True}}
    world.declare({"a": {"definition": {"StartAt": "A", "States": states}}})
    for arguments in (("apply", "--yes"), ("apply", "--yes", "--format", "json"), ("validate", "--online")):
        world.emulator.inject(refusing(["definition", "States", "A"], "no CANARY-1, nor ['CANARY-1']", "/flows*"))
        ran = world.flowdeck(*arguments)
        assert ran.code == 1
        assert "CANARY" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("secret", "quoted"),
    [
        ("CANARY-1", "CANARY-1"),
        (["CANARY-1"], "CANARY-1"),
        ({"deep": {"er": "CANARY-1"}}, "CANARY-1"),
        (7304711, "7304711"),
        ("new", "CANARY-0"),
    ],
    ids=["text", "list", "mapping", "number", "the old one"],
)
def test_a_service_that_quotes_a_secret(world: World, secret: object, quoted: str) -> None:
    """A refusal that quotes a private parameter, of any JSON type, old or new, is shown without it."""
    refusing = Failed(Problem("invalid", f"bad {quoted}", (Detail(f"bad {quoted}", ("definition", "States", "A")),)))

    def declare(value: object) -> None:
        parameters = {"__Private_Parameters": ["token"], "token": value}
        world.declare({"a": {"definition": {"StartAt": "A", "States": {"A": {**PASS, "Parameters": parameters}}}}})

    declare("CANARY-0")
    world.apply()
    declare(secret)
    world.monkeypatch.setattr(GlobusWriter, "update", lambda *_: refusing)
    for arguments in (("apply", "--yes"), ("apply", "--yes", "--format", "json")):
        ran = world.flowdeck(*arguments)
        assert ran.code == 1
        assert quoted not in ran.out + ran.err


def test_a_short_secret_leaves_the_message_readable(world: World) -> None:
    """Hiding a private value of one letter or digit does not take the service's words apart."""
    parameters = {"__Private_Parameters": ["t"], "t": {"number": 1, "letter": "e", "truth": True}}
    states = {"A": {"Type": "Pass", "Parameters": parameters, "End": True}}
    world.declare({"a": {"definition": {"StartAt": "A", "States": states}}})
    world.emulator.inject(refusing(["definition", "States", "A"], "must be defined as either terminal", "/flows"))
    told = only(world.apply(code=1)["diagnostics"])["message"]
    assert told == "must be defined as either terminal"


# A service that is not as it should be


def test_wrong_secret(world: World) -> None:
    """A wrong secret ends with exit 1, bad-credentials and a hint, and the secret in no output."""
    world.declare({"a": {}})
    world.monkeypatch.setenv("GLOBUS_CLI_CLIENT_SECRET", "CANARY-secret")
    for arguments in (("plan",), ("apply", "--yes"), ("apply", "--yes", "--format", "json"), ("drift",), ("list",)):
        ran = world.flowdeck(*arguments)
        assert ran.code == 1, arguments
        assert "bad-credentials" in ran.err
        assert "hint:" in ran.err
        assert "CANARY" not in ran.out + ran.err
        assert "Traceback" not in ran.err


def test_no_credentials(world: World) -> None:
    """Without credentials the commands that need some say which: exit 1."""
    world.declare({"a": {}})
    world.monkeypatch.delenv("GLOBUS_CLI_CLIENT_ID")
    ran = world.flowdeck("plan")
    assert (ran.code, ran.out) == (1, "")
    assert "no-credentials" in ran.err
    assert "FLOWDECK_CLIENT_ID" in ran.err
    assert world.flowdeck("validate").code == 0


@pytest.mark.usefixtures("impatient")
def test_service_down(world: World) -> None:
    """Where nobody listens, every command ends with exit 1, service-unreachable and a hint."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    world.declare({"a": {}}, service=f"http://127.0.0.1:{port}")
    for arguments in (("plan",), ("apply", "--yes"), ("drift",), ("list",)):
        ran = world.flowdeck(*arguments)
        assert ran.code == 1, arguments
        assert "service-unreachable" in ran.err
        assert "hint:" in ran.err
        assert "Traceback" not in ran.err


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "bad-credentials"),
        (403, "forbidden"),
        (429, "service-busy"),
        (500, "service-failed"),
        (503, "service-failed"),
    ],
)
def test_a_service_that_answers_errors(world: World, status: int, code: str) -> None:
    """An error of the service while planning ends with exit 1, its code and a hint; no plan is printed."""
    world.declare({"a": {}})
    world.emulator.inject({"fault": "status", "status": status, "retry_after": 0, "times": None})
    ran = world.flowdeck("plan")
    assert (ran.code, ran.out) == (1, "")
    assert f"error[{code}]" in ran.err
    assert "hint:" in ran.err


@pytest.mark.usefixtures("impatient")
def test_reads_are_repeated(world: World) -> None:
    """A plan survives a few errors and dropped connections, for reading may be repeated."""
    world.declare({"a": {}})
    world.apply()
    world.emulator.inject(
        {"fault": "status", "status": 503, "retry_after": 0, "when": LIST},
        {"fault": "drop", "when": LIST},
        {"fault": "status", "status": 429, "retry_after": 0, "when": LIST},
    )
    world.settled()


def test_credentials_go_to_trusted_hosts_only(world: World) -> None:
    """A service on a strange host is refused before anything is sent there."""
    world.declare({"a": {}}, service="https://flows.example.com/")
    assert "untrusted-host" in world.refused("plan", code=1)
    world.declare({"a": {}}, service="http://flows.globus.org/")
    assert "untrusted-host" in world.refused("plan", code=1)


# What was reviewed


def test_expect_refuses_another_plan(world: World) -> None:
    """--expect with the digest of an earlier plan refuses with exit 3 and no write, for a change on either side."""
    world.declare({"a": {"title": "one"}, "b": {}})
    reviewed = world.plan()["digest"]
    world.declare({"a": {"title": "two"}, "b": {}})
    assert "digest-mismatch" in world.refused("apply", "--expect", reviewed)
    world.declare({"a": {"title": "one"}, "b": {}})
    world.apply("--expect", reviewed)
    world.declare({"a": {"title": "three"}, "b": {}})
    reviewed = world.plan()["digest"]
    world.sdk().update_flow(only(world.marked("a"))["id"], title="by hand")
    assert "digest-mismatch" in world.refused("apply", "--expect", reviewed[:12])


def test_expect_resumes(world: World) -> None:
    """After exit 4 the reviewed plan file still allows what is left of it, and nothing else."""
    world.declare({"a": {}, "b": {}, "c": {}})
    world.apply()
    world.declare({"a": {"title": "new a"}, "b": {"title": "new b"}})
    world.flowdeck("plan", "--out", "plan.json")
    failing = only(world.marked("a"))["id"]
    world.emulator.inject({"fault": "status", "status": 403, "when": {"method": "PUT", "path": f"/flows/{failing}"}})
    assert world.flowdeck("apply", "--expect", "plan.json").code == 4
    assert world.flowdeck("apply", "--expect", "plan.json").code == 0
    world.settled()
    world.declare({"a": {"title": "new a"}, "b": {"title": "newer b"}})
    world.refused("apply", "--expect", "plan.json")


def test_no_consent_no_write(world: World) -> None:
    """Without a terminal, --yes or --expect nothing is applied: exit 64."""
    world.declare({"a": {}})
    assert "--yes" in world.refused("apply", code=64)
    assert "unknown-name" in world.refused("apply", "--yes", "nope", code=64)
    assert "unknown-risk" in world.refused("apply", "--yes", "--allow", "nope", code=64)
    world.refused("apply", "--yes", "--env", "nope", code=64)


def test_names_apply_a_part(world: World) -> None:
    """Names, addresses and globs choose flows; what is not chosen stays."""
    world.declare({"ab": {}, "ac": {}, "b": {}})
    result = world.apply("flow.a*")
    assert outcomes(result) == {"flow.ab": "done", "flow.ac": "done"}
    world.declare({"ac": {}, "b": {}})
    assert outcomes(world.apply("b")) == {"flow.b": "done"}
    assert outcomes(world.apply("ab")) == {"flow.ab": "done"}
    world.settled()


def test_the_commit_is_stamped(world: World) -> None:
    """The stamp says which commit was applied, and an older commit alone is never a change."""
    world.monkeypatch.setenv("GITHUB_SHA", "0123456789abcdef0123")
    world.declare({"a": {}})
    world.apply()
    world.monkeypatch.setenv("GITHUB_SHA", "fedcba9876543210fedc")
    world.settled()
    shown = world.flowdeck("show", "a", "--format", "json").document["flow"]
    assert shown["commit"] == "0123456789ab"
    assert shown["owner"] == URNS["me"]


def test_the_stamp_of_another_version_is_no_error(world: World) -> None:
    """A stamp that this flowdeck cannot read changes nothing but the origin of differences."""
    fields = signed("a")
    fields["keywords"] = [one.replace("flowdeck-stamp:1:", "flowdeck-stamp:9:") for one in fields["keywords"]]
    world.make(**fields)
    world.declare({"a": {}})
    world.settled()
    world.declare({"a": {"title": "new"}})
    assert only(only(world.plan()["changes"])["fields"])["origin"] == "unknown"
    world.apply()
    world.settled()


def test_sixteen_principals_and_long_texts(world: World) -> None:
    """Everything that the service's limits allow is applied and then found unchanged."""
    people = [f"identity:00000000-0000-4000-9000-{number:012}" for number in range(1, 17)]
    roles = dict.fromkeys(("viewers", "starters", "administrators", "run_managers", "run_monitors"), people)
    flow = {"title": "T" * 128, "subtitle": "é" * 128, "description": "☃" * 4096, "permissions": [roles]}
    world.declare({"a" * 48: {**flow, "definition": DEFINITION, "protect": True}})
    world.apply()
    world.settled()
