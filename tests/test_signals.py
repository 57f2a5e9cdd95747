"""Interruptions: a first signal ends an apply in good order, a second at once, and no kill leaves a trace."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from processes import PATIENCE, started, until
from projects import Command, manifest, write

from flowdeck.emulator import Emulator

SIX = {name: {} for name in ("a", "b", "c", "d", "e", "f")}
SLOW_CREATES = {"fault": "latency", "ms": 300, "times": 99, "when": {"method": "POST", "path": "/flows"}}


def writes(emulator: Emulator) -> list[Any]:
    """The requests that change flows."""
    return [one for one in emulator.requests() if one.path.startswith("/flows") and one.method != "GET"]


def arrived(emulator: Emulator, number: int, method: str | None = None) -> Callable[[], bool]:
    """A condition: so many writes have arrived."""
    return lambda: sum(method in (None, one.method) for one in writes(emulator)) >= number


def settle(emulator: Emulator) -> None:
    """Let the service finish what it was sent by a process that is no more."""
    until(lambda: all(one.status is not None for one in writes(emulator)))
    emulator.clear_faults()


def names(flowdeck: Command) -> list[str]:
    """The names of the managed flows; one that is there twice would be named twice."""
    return [one["address"] for one in flowdeck("list", "--format", "json").document["flows"]]


def converges(flowdeck: Command, emulator: Emulator, expected: list[str]) -> None:
    """One apply makes everything as declared: each flow once, none left over, and nothing more to do."""
    ran = flowdeck("apply", "--yes")
    assert ran.code == 0, ran
    assert names(flowdeck) == expected
    plan = flowdeck("plan", "--format", "json").document
    assert plan["changes"] == []
    assert plan["summary"]["unchanged"] == len(expected)
    assert _count(emulator) == len(expected)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_signal(project: Path, flowdeck: Command, emulator: Emulator, number: signal.Signals) -> None:
    """After the first signal nothing is started, what is in flight ends, the result is written, and the code is 130."""
    write(project, manifest(SIX))
    emulator.inject(SLOW_CREATES)
    with started(project, "apply", "--yes", "--format", "json", "--parallelism", "2") as process:
        until(arrived(emulator, 2))
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    document = json.loads(out)
    assert [one["outcome"] for one in document["changes"]] == ["done"] * 2 + ["skipped"] * 4
    assert {one["error"]["code"] for one in document["changes"][2:]} == {"not-attempted"}
    assert document["outcome"] == "partial"
    assert len(writes(emulator)) == 2
    assert "Traceback" not in err
    emulator.clear_faults()
    converges(flowdeck, emulator, [f"flow.{name}" for name in SIX])


def test_first_signal_in_text(project: Path, emulator: Emulator) -> None:
    """The text face of an interrupted apply says what was done and what was not, and how to resume."""
    write(project, manifest(SIX))
    emulator.inject(SLOW_CREATES)
    with started(project, "apply", "--yes", "--parallelism", "2") as process:
        until(arrived(emulator, 2))
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Partly applied: 2 created, 4 skipped." in out
    assert "the apply was interrupted" in out
    assert "hint: apply again" in out


def test_first_signal_while_the_service_is_busy(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """A signal ends the pause before another try: what was refused has failed, and is not sent again."""
    write(project, manifest({"a": {}, "b": {}}))
    emulator.inject({"fault": "status", "status": 429, "retry_after": 100, "when": {"method": "POST"}})
    with started(project, "apply", "--yes", "--format", "json", "--parallelism", "1") as process:
        until(lambda: any(one.status for one in writes(emulator)))
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert [one["error"]["code"] for one in json.loads(out)["changes"]] == ["service-busy", "not-attempted"]
    assert len(writes(emulator)) == 1
    converges(flowdeck, emulator, ["flow.a", "flow.b"])


def test_deletes_do_not_start(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """A signal during the creates keeps the deletes from starting."""
    write(project, manifest({"old": {}, "kept": {}}))
    flowdeck("apply", "--yes")
    write(project, manifest({"kept": {}, "new": {}}))
    emulator.clear_requests()
    emulator.inject(SLOW_CREATES)
    with started(project, "apply", "--yes", "--format", "json") as process:
        until(arrived(emulator, 1))
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    outcomes = {one["address"]: one["outcome"] for one in json.loads(out)["changes"]}
    assert outcomes == {"flow.new": "done", "flow.old": "skipped"}
    assert not [one for one in writes(emulator) if one.method == "DELETE"]


def test_hanging_service(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """What the service does not answer within the grace is `unknown`; the next apply finds out, with no duplicate."""
    write(project, manifest({"a": {}, "b": {}}))
    emulator.inject({**SLOW_CREATES, "ms": 6500, "times": 1})
    with started(project, "apply", "--yes", "--format", "json", "--parallelism", "1") as process:
        until(arrived(emulator, 1))
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    first, second = json.loads(out)["changes"]
    assert (first["outcome"], first["error"]["code"]) == ("unknown", "outcome-unknown")
    assert second["outcome"] == "skipped"
    settle(emulator)
    converges(flowdeck, emulator, ["flow.a", "flow.b"])


def test_second_signal(project: Path, emulator: Emulator) -> None:
    """A second signal ends the process at once: no grace, no result, and still 130."""
    write(project, manifest(SIX))
    emulator.inject({**SLOW_CREATES, "ms": 60_000})
    with started(project, "apply", "--yes", "--format", "json") as process:
        until(arrived(emulator, 6))
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert (out, "Traceback" in err) == ("", False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["drift"]], ids=" ".join)
def test_signal_while_planning(project: Path, emulator: Emulator, number: signal.Signals, command: list[str]) -> None:
    """A signal while flowdeck only looks ends the command with 130, and nothing is written."""
    write(project, manifest(SIX))
    emulator.inject({"fault": "latency", "ms": 1000, "when": {"method": "GET", "path": "/flows"}})
    with started(project, *command) as process:
        until(lambda: any(one.path == "/flows" for one in emulator.requests()))
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert writes(emulator) == []


@pytest.mark.parametrize("kill_at", [1, 2, 4, 6])
def test_killed_while_creating(project: Path, flowdeck: Command, emulator: Emulator, kill_at: int) -> None:
    """Kill -9 while creates are in flight: one more apply converges, whatever the service did with them."""
    write(project, manifest(SIX))
    emulator.inject({**SLOW_CREATES, "ms": 60})
    with started(project, "apply", "--yes", "--parallelism", "3") as process:
        until(arrived(emulator, kill_at))
        process.kill()
        process.communicate()
    settle(emulator)
    converges(flowdeck, emulator, [f"flow.{name}" for name in SIX])


@pytest.mark.parametrize("kill_at", [1, 2, 3, 4])
def test_killed_in_a_mixed_plan(project: Path, flowdeck: Command, emulator: Emulator, kill_at: int) -> None:
    """Kill -9 between updates, creates and deletes: one more apply converges."""
    write(project, manifest({"a": {}, "b": {}, "gone": {}, "kept": {}}))
    flowdeck("apply", "--yes")
    write(project, manifest({"a": {"title": "A"}, "b": {"subtitle": "B"}, "kept": {}, "new": {}}))
    emulator.clear_requests()
    emulator.inject({"fault": "latency", "ms": 60, "times": 99, "when": {"method": ["POST", "PUT", "DELETE"]}})
    with started(project, "apply", "--yes", "--parallelism", "1") as process:
        until(arrived(emulator, kill_at))
        process.kill()
        process.communicate()
    settle(emulator)
    converges(flowdeck, emulator, [f"flow.{name}" for name in ("a", "b", "kept", "new")])


@pytest.mark.parametrize("kill_at", [1, 3])
def test_killed_with_the_embedded_emulator(project: Path, flowdeck: Command, kill_at: int) -> None:
    """Kill -9 of a process that carries the emulator: its file is whole, and one more apply converges."""
    write(project, manifest(SIX, service="emulator"))
    with started(project, "apply", "--yes", "-v", "--parallelism", "1") as process:
        assert process.stderr
        for line in process.stderr:
            if line.lstrip().startswith("done") and (kill_at := kill_at - 1) == 0:
                break
        process.kill()
        process.communicate()
    assert flowdeck("apply", "--yes").code == 0
    assert names(flowdeck) == [f"flow.{name}" for name in SIX]
    assert flowdeck("plan", "--detailed-exitcode").code == 0


def test_signal_when_all_is_done(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """A signal while the last step is in flight: it ends well, and the result says that all was applied."""
    write(project, manifest({"a": {}}))
    emulator.inject(SLOW_CREATES)
    with started(project, "apply", "--yes", "--format", "json") as process:
        until(arrived(emulator, 1))
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert json.loads(out)["outcome"] == "applied"
    emulator.clear_faults()
    converges(flowdeck, emulator, ["flow.a"])


def _count(emulator: Emulator) -> int:
    """How many flows there are, ours or not."""
    from flowdeck.service.globus import GlobusReader, connect, credentials_from, endpoints_for  # noqa: PLC0415

    environment = emulator.environment()
    access = connect(endpoints_for("globus", environment), credentials_from(environment), writing=False)
    try:
        return len(GlobusReader(access).administered())
    finally:
        access.close()
