"""The log of an apply: who did what on whose word, line by line as it happened, whatever happens."""

import json
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from projects import Command
from worlds import FLOWDECK, POLICIES, URNS, World, only, opened

from flowdeck import __version__
from flowdeck.model.codes import CODES
from flowdeck.render import log as log_lines
from flowdeck.service.globus import GlobusWriter
from flowdeck.service.ports import Problem, Unknown

DOCS = Path(__file__).parents[1] / "docs"
KEYS = {
    "apply-started": {
        *("format_version", "flowdeck_version", "command", "identity", "service", "project", "environment", "commit"),
        *("digest", "reviewed", "allow", "summary"),
    },
    "step-started": {"address", "action", "id"},
    "step-finished": {"address", "action", "id", "outcome", "error", "seconds", "request_id"},
    "retry": {"address", "reason", "attempt", "pause"},
    "waiting": {"reason"},
    "apply-finished": {"outcome", "exit_code", "interrupted", "errors"},
}
THREE: dict[str, Any] = {"a": {}, "b": {}, "c": {}}
PATIENCE = 30
Line = dict[str, Any]


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch) as world:
        yield world


def lines(world: World, file: str = "log.jsonl") -> list[Line]:
    """The lines of a log, each with exactly its documented keys, in the order of their times."""
    read = [json.loads(line) for line in (world.folder / file).read_text(encoding="ascii").splitlines()]
    for one in read:
        assert list(one)[:3] == ["time", "apply", "event"]
        assert set(one) - {"time", "apply", "event"} == KEYS[one["event"]]
        moment = datetime.fromisoformat(one["time"])
        assert one["time"].endswith("Z")
        assert moment.utcoffset() == timedelta(0)
    assert [one["time"] for one in read] == sorted(one["time"] for one in read)
    return read


def of(event: str, read: list[Line]) -> list[Line]:
    """The lines of one event."""
    return [one for one in read if one["event"] == event]


def finished(read: list[Line]) -> dict[str, str]:
    """The outcome of each step by its address."""
    return {one["address"]: one["outcome"] for one in of("step-finished", read)}


def told(read: list[Line]) -> tuple[str, int, bool, list[str]]:
    """What the last line says."""
    last = only(of("apply-finished", read))
    assert last is read[-1]
    return last["outcome"], last["exit_code"], last["interrupted"], last["errors"]


def started(world: World, *arguments: str, **more: Any) -> "subprocess.Popen[str]":
    """A command as a process of its own."""
    return subprocess.Popen(
        [str(FLOWDECK), *arguments],
        cwd=world.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
        **more,
    )


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)


# --- what is in it


def test_every_action(world: World) -> None:
    """A first line says who, where and what for; each step begins and ends with its ids."""
    world.declare({"changed": {}, "gone": {}, "swapped": {}})
    world.apply()
    swapped = only(world.marked("swapped"))["id"]
    world.declare({"changed": {"title": "new"}, "new": {}, "swapped": {"authentication_policy": POLICIES[0]}})
    world.monkeypatch.setenv("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567")
    digest = world.plan()["digest"]
    arguments = ("--expect", digest[:12], "--allow", "replace:swapped", "--allow", "delete", "--log", "log.jsonl")
    result = world.flowdeck("apply", *arguments, "--format", "json")
    assert result.code == 0, result
    read = lines(world)
    assert {key: read[0][key] for key in KEYS["apply-started"] - {"summary"}} == {
        "format_version": "1.0",
        "flowdeck_version": __version__,
        "command": "apply",
        "identity": URNS["me"],
        "service": world.emulator.url,
        "project": "lab",
        "environment": "test",
        "commit": "0123456789ab",
        "digest": digest,
        "reviewed": digest[:12],
        "allow": ["replace:swapped", "delete"],
    }
    counts = {key: count for key, count in read[0]["summary"].items() if count}
    assert counts == {"create": 1, "update": 1, "replace": 1, "delete": 1, "blocked": 1}
    ids = {change["address"]: change["id"] for change in result.document["changes"]}
    assert {(one["address"], one["action"], one["id"]) for one in of("step-finished", read)} == {
        ("flow.changed", "update", ids["flow.changed"]),
        ("flow.new", "create", ids["flow.new"]),
        ("flow.swapped", "replace", ids["flow.swapped"]),
        ("flow.swapped", "replace", swapped),
        ("flow.gone", "delete", ids["flow.gone"]),
    }
    assert len(of("step-started", read)) == len(of("step-finished", read)) == 5
    assert all(one["outcome"] == "done" and one["error"] is None for one in of("step-finished", read))
    assert all(one["seconds"] >= 0 for one in of("step-finished", read))
    requests = [one["request_id"] for one in of("step-finished", read)]
    assert len({*requests}) == 5
    assert all(re.fullmatch("[0-9a-f-]{36}", one) for one in requests)
    assert told(read) == ("applied", 0, False, [])
    assert len({one["apply"] for one in read}) == 1


def test_times_are_utc() -> None:
    """Wherever a command runs, the times in its log are UTC, to the millisecond, and sort as text."""
    tokyo = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=timezone(timedelta(hours=9)))
    assert json.loads(log_lines.line("a", tokyo, "waiting", {}))["time"] == "2026-01-01T18:04:05.678Z"
    assert json.loads(log_lines.line("a", tokyo.replace(microsecond=0), "waiting", {}))["time"][-5:] == ".000Z"


def test_lines_are_appended(world: World) -> None:
    """Every apply and destroy adds to the file, also one that had nothing to do; each has its own mark."""
    world.declare({"a": {}})
    for command in ("apply", "apply", "destroy"):
        assert world.flowdeck(command, "--yes", "--log", "log.jsonl").code == 0
    read = lines(world)
    begun = of("apply-started", read)
    assert [one["command"] for one in begun] == ["apply", "apply", "destroy"]
    assert [one["outcome"] for one in of("apply-finished", read)] == ["applied", "nothing", "applied"]
    assert list(dict.fromkeys(one["apply"] for one in read)) == [one["apply"] for one in begun]
    assert len({one["apply"] for one in read}) == 3


def test_a_log_changes_nothing_else(world: World) -> None:
    """What the command says is the same with a log and without one."""
    world.declare({"a": {}})
    with_log = world.flowdeck("apply", "--yes", "--log", "log.jsonl")
    world.flowdeck("destroy", "--yes")
    without = world.flowdeck("apply", "--yes")
    unnamed = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
    assert unnamed.sub("ID", with_log.out) == unnamed.sub("ID", without.out)
    assert (with_log.code, with_log.err) == (without.code, without.err)


def test_a_failed_step(world: World) -> None:
    """A step that failed has its code and the service's id of the request, those it stopped are skipped."""
    world.declare(THREE)
    world.emulator.inject({"fault": "status", "status": 403, "when": {"method": "POST", "path": "/flows", "nth": 2}})
    ran = world.flowdeck("apply", "--yes", "--parallelism", "1", "--log", "log.jsonl", "--format", "json")
    assert ran.code == 4
    read = lines(world)
    assert finished(read) == {"flow.a": "done", "flow.b": "failed", "flow.c": "done"}
    [failed] = [one for one in of("step-finished", read) if one["outcome"] == "failed"]
    [error] = [change["error"] for change in ran.document["changes"] if change["error"]]
    assert failed["error"] == error["code"] == "forbidden"
    assert f"(request {failed['request_id']})" in error["message"]
    assert told(read) == ("partial", 4, False, ["forbidden"])


def test_retries_are_logged(world: World) -> None:
    """Each request that is sent again is told: which step, why, how often, and the pause; reads have no step."""
    world.declare({"a": {}})
    world.emulator.inject(
        {"fault": "status", "status": 429, "retry_after": 0, "times": 2, "when": {"method": "POST", "path": "/flows"}}
    )
    assert world.flowdeck("apply", "--yes", "--log", "log.jsonl").code == 0
    retries = of("retry", lines(world))
    assert [(one["address"], one["attempt"]) for one in retries] == [("flow.a", 1), ("flow.a", 2)]
    assert all(one["reason"] and one["pause"] > 0 for one in retries)
    world.declare({"a": {"title": "new"}})
    world.emulator.inject({"fault": "status", "status": 503, "when": {"method": "GET", "path": "/flows/*"}})
    assert world.flowdeck("apply", "--yes", "--log", "second.jsonl").code == 0
    assert [one["address"] for one in of("retry", lines(world, "second.jsonl"))] == [None]


@pytest.mark.parametrize("format", [[], ["--format", "json"], ["-v"]], ids=str)
def test_a_reason_that_quotes_a_secret(world: World, format: list[str]) -> None:
    """Neither the log nor the progress tells a secret that the service's words of a retry quote."""
    private = {"__Private_Parameters": ["token", "key"], "token": "CANARY-1", "key": "Bearer ${secret.key}"}
    states = {"A": {"Type": "Pass", "Parameters": private, "End": True}}
    world.monkeypatch.setenv("A_KEY", "CANARY-2")
    world.declare({"a": {"definition": {"StartAt": "A", "States": states}}}, secrets={"key": {"env": "A_KEY"}})
    world.monkeypatch.setattr(
        GlobusWriter, "create", lambda *_: Unknown(Problem("failed", "bad CANARY-1 and CANARY-2"))
    )
    world.emulator.inject(
        {"fault": "status", "status": 503, "body": {"code": "X", "message": "no CANARY-2"}, "times": 1}
    )
    ran = world.flowdeck("apply", "--yes", "--log", "log.jsonl", *format)
    assert ran.code in (1, 4)
    assert "CANARY" not in (world.folder / "log.jsonl").read_text(encoding="utf-8")
    assert "CANARY" not in ran.out


# --- when it does not go well


def test_a_refused_plan(world: World) -> None:
    """An apply that the gate refuses is logged: what was to be done, each step refused, and why."""
    world.declare({"a": {"permissions": [{"viewers": ["public"]}]}}, guardrails={"public-view": "block"})
    for arguments, code in ((["--yes"], "public-view"), (["--expect", "0" * 12], "digest-mismatch")):
        ran = world.flowdeck("apply", *arguments, "--log", f"{code}.jsonl")
        assert ran.code == 3
        read = lines(world, f"{code}.jsonl")
        assert [one["event"] for one in read] == ["apply-started", "step-finished", "apply-finished"]
        assert (read[1]["outcome"], read[1]["error"], read[1]["seconds"]) == ("refused", code, None)
        assert told(read) == ("refused", 3, False, [code])
    assert read[0]["reviewed"] == "0" * 12


def test_without_consent(world: World) -> None:
    """An apply that nobody agreed to says so in its last line; one that had no plan says why."""
    world.declare({"a": {}})
    assert world.flowdeck("apply", "--log", "asked.jsonl").code == 64
    assert told(lines(world, "asked.jsonl")) == ("failed", 64, False, ["not-confirmed"])
    world.monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_FLOWS", "http://127.0.0.1:9/")
    assert world.flowdeck("apply", "--yes", "--log", "down.jsonl").code == 1
    assert told(lines(world, "down.jsonl")) == ("failed", 1, False, ["service-unreachable"])


def test_an_interrupted_apply(world: World) -> None:
    """After a signal the log ends in good order: what was done, what was not attempted, and that it was interrupted."""
    world.declare(THREE)
    world.emulator.inject({"fault": "latency", "ms": 300, "times": 9, "when": {"method": "POST", "path": "/flows"}})
    with started(world, "apply", "--yes", "--parallelism", "1", "--log", "log.jsonl") as process:
        until(lambda: bool(world.writes()))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    read = lines(world)
    assert finished(read) == {"flow.a": "done", "flow.b": "skipped", "flow.c": "skipped"}
    assert told(read) == ("partial", 130, True, ["not-attempted"])


def test_a_killed_apply(world: World) -> None:
    """Each line is in the file when its thing happened: a killed apply leaves what it did and what it was doing."""
    world.declare(THREE)
    world.emulator.inject({"fault": "latency", "ms": 300, "times": 9, "when": {"method": "POST", "path": "/flows"}})
    with started(world, "apply", "--yes", "--parallelism", "1", "--log", "log.jsonl") as process:
        until(lambda: len(world.writes()) >= 2)
        process.kill()
        process.communicate(timeout=PATIENCE)
    read = lines(world)
    assert [(one["event"], one.get("address")) for one in read] == [
        ("apply-started", None),
        ("step-started", "flow.a"),
        ("step-finished", "flow.a"),
        ("step-started", "flow.b"),
    ]
    until(lambda: len(world.live()) == 2)  # what the killed one had sent


# --- the file


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_log_is_its_owners(world: World, umask: int) -> None:
    """A log that is made is for its owner's eyes alone; one that is there keeps its mode."""
    world.declare({"a": {}})
    before = os.umask(umask)
    try:
        world.apply("--log", "log.jsonl")
    finally:
        os.umask(before)
    assert (world.folder / "log.jsonl").stat().st_mode & 0o777 == 0o600
    (world.folder / "log.jsonl").chmod(0o640)
    world.apply("--log", "log.jsonl")
    assert (world.folder / "log.jsonl").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("kind", ["link", "link to nothing", "folder", "no folder", "pipe", "full", "", "x\0y"])
@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_a_log_that_cannot_be_written(world: World, kind: str, command: str) -> None:
    """A log that cannot be opened, or not begun, ends the command with 1 before anything is applied."""
    world.declare({"a": {}})
    if command == "destroy":
        world.apply()
    file = world.folder / "log.jsonl"
    match kind:
        case "link" | "link to nothing":
            file.symlink_to(world.folder / ("flows.yaml" if kind == "link" else "nothing"))
        case "folder":
            file.mkdir()
        case "no folder":
            file = world.folder / "nowhere" / "log.jsonl"
        case "pipe":
            os.mkfifo(file)
        case "full":
            file = Path("/dev/full")
    before = (world.folder / "flows.yaml").read_bytes()
    live = world.snapshot()
    world.emulator.clear_requests()
    ran = world.flowdeck(command, "--yes", "--log", str(file) if kind not in ("", "x\0y") else kind)
    assert ran.code == 1
    assert "error[cannot-write]" in ran.err
    assert "hint:" in ran.err
    if kind == "full":
        assert world.writes() == []
    else:
        assert world.emulator.requests() == []
    assert world.snapshot() == live
    assert (world.folder / "flows.yaml").read_bytes() == before
    assert not (world.folder / "nothing").exists()


def test_a_disk_that_fills_up(world: World) -> None:
    """A log that cannot go on is told once, as a warning; the apply goes on, and its exit code is its own."""
    world.declare(THREE)
    command = ["apply", "--yes", "--log", "log.jsonl", "--parallelism", "1"]
    limit = 1200

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    with started(world, *command, "--format", "json", preexec_fn=small) as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    document = json.loads(out)
    assert (document["outcome"], len(world.live())) == ("applied", 3)
    [warning] = document["diagnostics"]
    assert (warning["code"], warning["severity"]) == ("log-incomplete", "warning")
    written = (world.folder / "log.jsonl").read_bytes()
    assert 0 < len(written) <= limit
    assert json.loads(written.splitlines()[0])["event"] == "apply-started"


# --- its page


def test_the_page_shows_real_lines() -> None:
    """The example of docs/audit.md has every kind of line, with the keys that lines have, and known codes."""
    text = (DOCS / "audit.md").read_text(encoding="utf-8")
    shown = [json.loads(line) for line in re.findall(r'^\{"time".*\}$', text, re.MULTILINE)]
    assert {one["event"] for one in shown} == set(KEYS)
    for one in shown:
        assert set(one) - {"time", "apply", "event"} == KEYS[one["event"]]
        assert {*one.get("errors", []), *([one["error"]] if one.get("error") else [])} <= CODES
    assert {key for keys in KEYS.values() for key in keys} <= set(re.findall(r"`([a-z_]+)`", text))


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_the_questions_of_the_page(tmp_path: Path) -> None:
    """What docs/audit.md asks of a log with jq has the answers that its example gives."""
    text = (DOCS / "audit.md").read_text(encoding="utf-8")
    shown = re.findall(r'^\{"time".*\}$', text, re.MULTILINE)
    killed = [line.replace("9ef607298b8f", "000000000000") for line in shown[:4]]
    (tmp_path / "apply.jsonl").write_text("\n".join([*shown, *killed]) + "\n", encoding="utf-8")
    answers = []
    for question in re.findall(r"^```sh\n(jq .*?)^```$", text, re.MULTILINE | re.DOTALL):
        jq, *arguments = shlex.split(question)
        ran = subprocess.run([jq, "-c", *arguments], cwd=tmp_path, capture_output=True, text=True, check=True)
        answers.append([json.loads(line) for line in ran.stdout.splitlines()])
    who, failed, accepted, under_way = answers
    identity = json.loads(shown[0])["identity"]
    assert who == [["2026-11-22T15:43:15.948Z", "create", "done", identity, "51d3b3b18355"]]
    assert [one["request_id"] for one in failed] == ["fd868e9d-861f-428d-8db5-4ebde7149f3a"] * 2
    assert [one["event"] for one in accepted] == ["apply-started"] * 2
    assert under_way == [["flow.two-hop"]]
