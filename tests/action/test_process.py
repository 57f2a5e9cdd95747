"""A job that is cancelled: its signals reach flowdeck itself, which ends in order, and the result is told."""

import json
import signal
from pathlib import Path

import pytest
import tell
from start import LOG

from flowdeck.emulator import Emulator

from .comments import only, record
from .conftest import MERGED, Checkout
from .github import GitHub
from .runner import Signals

with_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="it looks at processes through /proc")


def hang(emulator: Emulator, milliseconds: int, method: str = "POST") -> None:
    """Let the service take its time."""
    emulator.inject({"fault": "latency", "ms": milliseconds, "times": 99, "when": {"method": method, "path": "/flows"}})


def merged(checkout: Checkout, github: GitHub, flows: str) -> None:
    """A pull request with these flows that was planned and merged."""
    checkout.write({name: {} for name in flows})
    checkout.plan(7)
    github.merge(7, MERGED)


@with_proc
def test_the_step_is_flowdeck(checkout: Checkout, github: GitHub, emulator: Emulator) -> None:
    """The process that the runner began as the step's shell is flowdeck by then, and it has no process below it."""
    merged(checkout, github, "a")
    hang(emulator, 500)
    seen = []

    def look(pid: int) -> bool:
        if checkout.written():
            process = Path(f"/proc/{pid}")
            children = "".join((one / "children").read_text() for one in process.glob("task/*"))
            seen.append((process.joinpath("cmdline").read_bytes().split(b"\0")[1], children))
        return bool(seen)

    checkout.cancel = look
    checkout.apply()
    ((script, children),) = seen
    assert Path(script.decode()).name == "start.py"
    assert children == ""


def test_a_cancelled_apply(checkout: Checkout, github: GitHub, emulator: Emulator) -> None:
    """INT to the step's process alone: what is in flight ends, the comment tells it, and a re-run does the rest."""
    checkout.write({name: {} for name in ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j")})
    checkout.plan(7)
    github.merge(7, MERGED)
    emulator.inject({"fault": "latency", "ms": 1500, "times": 99, "when": {"method": "POST", "path": "/flows"}})
    checkout.cancel = lambda _: len(checkout.written()) > 0
    ended = checkout.apply()
    checkout.cancel = None
    assert (ended.outcomes["run"], ended.outcomes["tell"]) == ("cancelled", "success")
    assert ended.outputs["exit-code"] == "130"
    done = len(checkout.written())
    assert 0 < done < 10
    body = only(github, 7)
    assert record(body).state == "interrupted"
    assert f"{done} created, {10 - done} skipped" in body
    assert "Run this job again" in body

    emulator.clear_faults()
    again = checkout.apply()
    assert (again.failed, again.outputs["exit-code"]) == (False, "0")
    assert len(checkout.written()) == 10
    assert f"**Applied: {10 - done} created**" in only(github, 7)


@pytest.mark.parametrize("signals", [((signal.SIGINT, 7.5),), ((signal.SIGTERM, 7.5),)], ids=["INT", "TERM"])
def test_a_service_that_hangs(checkout: Checkout, github: GitHub, emulator: Emulator, signals: Signals) -> None:
    """Before the 7.5 seconds after the first signal are over flowdeck has written its result, whatever is in flight."""
    merged(checkout, github, "a")
    hang(emulator, 30_000)
    checkout.cancel, checkout.signals = lambda _: len(checkout.written()) > 0, signals
    ended = checkout.apply()
    emulator.clear_faults()
    assert (ended.outcomes["run"], ended.outcomes["tell"], ended.outputs["exit-code"]) == (
        "cancelled",
        "success",
        "130",
    )
    last = json.loads(Path(ended.outputs["log"]).read_text(encoding="utf-8").splitlines()[-1])
    assert (last["event"], last["interrupted"]) == ("apply-finished", True)
    assert record(only(github, 7)).state == "interrupted"


def test_an_apply_that_was_killed(checkout: Checkout, github: GitHub, emulator: Emulator) -> None:
    """If flowdeck could not write its result, the comment does not claim one, and says to run the job again."""
    merged(checkout, github, "a")
    hang(emulator, 500)
    checkout.cancel, checkout.signals = lambda _: len(checkout.written()) > 0, ()
    ended = checkout.apply()
    assert (ended.outcomes["run"], ended.outputs["exit-code"]) == ("cancelled", "")
    assert record(only(github, 7)).state == "lost"
    assert "Ended without a result" in only(github, 7)
    assert "in flight" not in only(github, 7)


@pytest.mark.parametrize(
    ("code", "log", "outcome", "found"),
    [
        ("4", '{"event":"apply-finished","exit_code":130}', "cancelled", 4),
        (None, '{"event":"apply-started"}\n{"event":"apply-finished","exit_code":130}', "cancelled", 130),
        (None, '{"event":"apply-started"}\n{"event":"step-st', "cancelled", None),
        (None, '{"event":"apply-started"}', "failure", None),
        (None, None, "cancelled", 130),
        (None, None, "skipped", 1),
        (None, None, "failure", None),
    ],
)
def test_how_it_ended(tmp_path: Path, code: str | None, log: str | None, outcome: str, found: int | None) -> None:
    """The exit code is the one that was kept, or the log's; an apply that had begun and wrote no end was killed."""
    for name, text in (("exit-code", code), (LOG, log)):
        if text is not None:
            (tmp_path / name).write_text(text, encoding="utf-8")
    assert tell.exit_code(tmp_path, outcome) == found


def test_a_cancelled_plan_says_nothing(checkout: Checkout, github: GitHub, emulator: Emulator) -> None:
    """A plan that was cancelled made room for another: it leaves the comment to that one."""
    checkout.write({"one": {}})
    checkout.plan(7)
    before = only(github, 7)
    emulator.inject({"fault": "latency", "ms": 30_000, "times": 99, "when": {"method": "GET", "path": "/flows"}})
    emulator.clear_requests()
    checkout.cancel = lambda _: any(one.path == "/flows" for one in emulator.requests())
    ended = checkout.plan(7)
    assert (ended.outcomes["run"], ended.outcomes["tell"]) == ("cancelled", "success")
    assert ended.outputs["exit-code"] == "130"
    assert only(github, 7) == before
    emulator.clear_faults()
