"""What does not succeed is tried again where that is safe, with pauses that the service may set, and is told."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any

import pytest
from globus_sdk import AccessTokenAuthorizer, FlowsClient, GlobusAPIError, GlobusError
from globus_sdk.transport import RetryConfig
from hypothesis import given
from hypothesis import strategies as st
from projects import Command
from worlds import IDS, SECRET, World, codes, only, opened, token

from flowdeck.apply import Throttle
from flowdeck.model.event import Retrying
from flowdeck.service.globus.errors import outcome_of, problem_of
from flowdeck.service.ports import Failed, Kind, Problem
from flowdeck.service.retry import Patience

CREATE = {"method": "POST", "path": "/flows"}
UPDATE = {"method": "PUT", "path": "/flows/*"}
DELETE = {"method": "DELETE", "path": "/flows/*"}
READ = {"method": "GET", "path": "/flows/*"}
NOWHERE = "http://127.0.0.1:9/"
LIST = {"method": "GET", "path": "/flows"}
PASSING: tuple[Kind, ...] = ("busy", "failed", "unreachable")
FINAL: tuple[Kind, ...] = ("unauthenticated", "forbidden", "gone", "invalid")


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch) as world:
        yield world


def applied(world: World, fault: dict[str, Any], *when: dict[str, Any]) -> list[str]:
    """Apply once with a fault in each of these requests; the methods of the writes that were sent."""
    for one in when:
        world.emulator.inject({**fault, "when": one})
    world.emulator.clear_requests()
    assert codes(world.apply()) == set()
    sent = [method for method, _ in world.writes()]
    world.settled()
    return sent


# Which requests


def test_a_busy_create_is_sent_again(world: World) -> None:
    """429 on a create had no effect: it is sent again, and there is one flow."""
    world.declare({"a": {}})
    assert applied(world, {"fault": "status", "status": 429, "retry_after": 0}, CREATE) == ["POST", "POST"]
    assert len(world.live()) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_update_is_sent_again(world: World, status: int) -> None:
    """An update that was answered with a passing failure is sent again in the same apply."""
    world.declare({"a": {}})
    world.apply()
    world.declare({"a": {"title": "new"}})
    assert applied(world, {"fault": "status", "status": status}, UPDATE) == ["PUT", "PUT"]


def test_an_update_that_took_effect_is_not_sent_again(world: World) -> None:
    """An update is read back before it would be sent again."""
    world.declare({"a": {}})
    world.apply()
    world.declare({"a": {"title": "new"}})
    assert applied(world, {"fault": "drop", "effect": "after"}, UPDATE) == ["PUT"]


def test_a_delete_is_sent_again(world: World) -> None:
    """A delete without effect and answer is sent again."""
    world.declare({"a": {}, "b": {}})
    world.apply()
    world.declare({"b": {}})
    assert applied(world, {"fault": "drop"}, DELETE) == ["DELETE", "DELETE"]


def test_a_delete_that_took_effect_is_not_sent_again(world: World) -> None:
    """A delete whose answer got lost is looked for before it would be sent again."""
    world.declare({"a": {}, "b": {}})
    world.apply()
    world.declare({"b": {}})
    assert applied(world, {"fault": "drop", "effect": "after"}, DELETE) == ["DELETE"]


def test_an_unknown_outcome_says_what_is_not_known(world: World) -> None:
    """Whoever reads `outcome-unknown` is told of which write it is not known whether it took effect."""
    world.declare({"a": {}})
    world.emulator.inject({"fault": "drop", "when": CREATE})
    error = only(world.apply(code=4)["changes"])["error"]
    assert error["code"] == "outcome-unknown"
    assert "the create may have taken effect or not" in error["message"]


def test_a_forget_is_sent_again(world: World) -> None:
    """So is the write that takes our keywords off a flow."""
    world.declare({"a": {}})
    world.apply()
    world.emulator.inject({"fault": "drop", "when": UPDATE})
    world.emulator.clear_requests()
    assert world.flowdeck("forget", "a").code == 0
    assert [method for method, _ in world.writes()] == ["PUT", "PUT"]
    assert only(world.live())["keywords"] == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_reads_are_asked_again(world: World, status: int) -> None:
    """A list or a read that does not succeed is asked again, page by page."""
    world.declare({"a": {}})
    world.apply()
    world.declare({"a": {"title": "new"}})
    assert applied(world, {"fault": "status", "status": status}, LIST, READ) == ["PUT"]


def test_what_the_service_refuses_is_not_sent_again(world: World) -> None:
    """422 and 403 are answers: one request, and the step has failed."""
    world.declare({"a": {}})
    for status in (422, 403):
        world.emulator.inject({"fault": "status", "status": status, "when": CREATE})
        world.emulator.clear_requests()
        world.apply(code=1)
        assert [method for method, _ in world.writes()] == ["POST"]


def test_it_gives_up_in_the_end(world: World) -> None:
    """A service that stays busy fails the step after a bounded number of tries, and the exit code says so."""
    world.declare({"a": {}})
    world.emulator.inject({"fault": "status", "status": 429, "when": CREATE, "times": None})
    assert codes(world.apply(code=1)) == {"service-busy"}
    assert [method for method, _ in world.writes()] == ["POST"] * Patience().tries
    world.emulator.clear_faults()
    world.apply()
    world.settled()


def test_a_service_that_asks_for_longer_than_the_deadline(world: World) -> None:
    """When the service asks to wait for longer than an apply waits, it is not waited for: the step has failed."""
    world.declare({"a": {}})
    world.emulator.inject({"fault": "status", "status": 429, "retry_after": 3600, "when": CREATE})
    assert codes(world.apply(code=1)) == {"service-busy"}
    assert [method for method, _ in world.writes()] == ["POST"]


def test_an_update_that_is_kept_otherwise_and_not_answered(world: World) -> None:
    """An update without an answer, of which somebody changed a field at once, is known by its stamp as our own."""
    world.declare({"a": {}})
    world.apply()
    world.declare({"a": {"title": "ours", "subtitle": "ours too"}})
    world.emulator.inject(
        {"fault": "drop", "effect": "after", "when": UPDATE},
        {"fault": "edit", "set": {"subtitle": "otherwise"}, "when": {**READ, "nth": 2}},
        {"fault": "status", "status": 500, "effect": "after", "when": {**READ, "nth": 2}},
    )
    assert codes(world.apply()) == {"not-as-sent"}
    assert only(world.plan()["changes"])["fields"][0]["path"] == "subtitle"


def test_a_connection_that_was_never_made_had_no_effect() -> None:
    """A refused connection is a failure and no unknown outcome: nothing was sent."""
    client = FlowsClient(
        base_url="http://127.0.0.1:9/",
        authorizer=AccessTokenAuthorizer("none"),
        retry_config=RetryConfig(max_retries=0),
    )
    with client, pytest.raises(GlobusError) as caught:
        client.create_flow("t", {}, {})
    outcome = outcome_of(caught.value)
    assert isinstance(outcome, Failed)
    assert outcome.problem.kind == "unreachable"


# How long


@given(
    kind=st.sampled_from(PASSING),
    attempt=st.integers(1, 5),
    asked=st.none() | st.floats(0, 50),
)
def test_pauses_grow_and_are_never_shorter_than_asked(kind: Kind, attempt: int, asked: float | None) -> None:
    """A pause lies between half and the whole of a doubling, bounded time, after what Retry-After asks."""
    patience = Patience()
    pause = patience.pause(Problem(kind, "", retry_after=asked), attempt, spent=0)
    grown = min(patience.most, patience.first * 2 ** (attempt - 1))
    assert pause is not None
    assert grown / 2 <= pause - (asked or 0) <= grown + 1e-9


def test_patience_ends() -> None:
    """The last try is the sixth; no pause goes over the deadline; a final answer is not tried again."""
    patience = Patience()
    busy = Problem("busy", "")
    assert patience.pause(busy, patience.tries, spent=0) is None
    assert patience.pause(Problem("busy", "", retry_after=600), 1, spent=0) is None
    assert patience.pause(busy, 1, spent=patience.deadline) is None
    assert [patience.pause(Problem(kind, ""), 1, spent=0) for kind in FINAL] == [None] * len(FINAL)


def asked_to_wait(world: World, written: object) -> float | None:
    world.emulator.inject({"fault": "status", "status": 429, "retry_after": written, "when": LIST})
    with pytest.raises(GlobusAPIError) as caught:
        world.sdk().list_flows()
    return problem_of(caught.value).retry_after


def test_retry_after_is_seconds_or_a_date(world: World) -> None:
    """Retry-After is understood in both of its forms; a date that has passed asks for nothing."""
    now = datetime.now(UTC)
    assert asked_to_wait(world, 7) == 7
    later = asked_to_wait(world, format_datetime(now + timedelta(seconds=90), usegmt=True))
    assert later is not None
    assert 60 < later <= 90
    assert asked_to_wait(world, format_datetime(now - timedelta(days=1), usegmt=True)) == 0


def test_retry_after_is_kept(world: World) -> None:
    """A create is not sent again before the time that the service asked for."""
    world.declare({"a": {}})
    world.emulator.inject({"fault": "status", "status": 429, "retry_after": 1, "when": CREATE})
    began = time.monotonic()
    world.apply()
    assert time.monotonic() - began >= 1


def test_a_retry_after_that_is_a_date_is_kept(world: World) -> None:
    """Nor is it sent again before the date that the service asked for."""
    world.declare({"a": {}})
    until = (datetime.now(UTC) + timedelta(seconds=3)).replace(microsecond=0)
    written = format_datetime(until, usegmt=True)
    world.emulator.inject({"fault": "status", "status": 429, "retry_after": written, "when": CREATE})
    world.apply()
    assert datetime.now(UTC) >= until
    assert [method for method, _ in world.writes()] == ["POST", "POST"]


# How many at once


def busy(pause: float = 0.0) -> Retrying:
    return Retrying("flow.a", "slow down", 1, pause, busy=True)


def test_the_throttle_halves_and_creeps_back() -> None:
    """Each busy answer halves what may go on at once, down to one; as many successes as that add one."""
    throttle, stop = Throttle(8), Flag()
    limits = []
    for _ in range(4):
        throttle.hear(busy())
        limits.append(throttle.limit)
    assert limits == [4, 2, 1, 1]
    for _ in range(100):
        assert throttle.begin(stop)
        throttle.end(well=True)
    assert throttle.limit == 8


def test_one_burst_counts_once() -> None:
    """Answers to requests that were under way at the first busy one do not halve again."""
    throttle = Throttle(8)
    for _ in range(8):
        throttle.hear(busy(pause=60))
    assert throttle.limit == 4


def test_other_failures_do_not_slow_down() -> None:
    """Only a service that asks for it is slowed down for; a failed step gives nothing back either."""
    throttle = Throttle(8)
    throttle.hear(Retrying("", "broken", 1, 0.0, busy=False))
    assert throttle.limit == 8


def test_a_throttled_step_hears_of_the_stop() -> None:
    """Who waits for a place does not wait any longer once the apply is to stop."""
    throttle, stop, began = Throttle(1), Flag(), []
    assert throttle.begin(stop)
    waiting = Thread(target=lambda: began.append(throttle.begin(stop)))
    waiting.start()
    stop.set()
    waiting.join(timeout=10)
    assert began == [False]


@pytest.mark.parametrize("when", [CREATE, LIST], ids=["create", "list"])
def test_an_apply_slows_down_and_recovers(world: World, when: dict[str, Any]) -> None:
    """A busy answer to a write or to a read halves the apply's own parallelism, and its successes restore it."""
    limits: list[int] = []

    class Watched(Throttle):
        def hear(self, event: Retrying) -> None:
            super().hear(event)
            limits.append(self.limit)

        def end(self, *, well: bool) -> None:
            super().end(well=well)
            limits.append(self.limit)

    world.monkeypatch.setattr("flowdeck.cli.applying.Throttle", Watched)
    world.declare({f"f{number}": {} for number in range(16)})
    world.emulator.inject({"fault": "status", "status": 429, "when": when})
    world.apply("--parallelism", "4")
    assert (min(limits), limits[-1]) == (2, 4)
    world.settled()


def test_many_busy_answers_and_many_steps(world: World) -> None:
    """A service that is busy for one request in three gets every flow exactly once."""
    world.declare({f"f{number}": {} for number in range(12)})
    world.emulator.inject(
        {"fault": "status", "status": 429, "when": {"probability": 0.3, "seed": 11, "path": "/flows*"}, "times": 40}
    )
    world.apply("--parallelism", "6")
    world.emulator.clear_faults()
    assert len(world.live()) == 12
    world.settled()


# Who hears of it


def test_every_attempt_is_told_when_asked(world: World) -> None:
    """With -v each try that failed is told with its reason and the pause; without it, and in a pipe, nothing is."""
    world.declare({"a": {}})
    for loud in ((), ("-v",)):
        world.emulator.inject({"fault": "status", "status": 503, "when": LIST})
        ran = world.flowdeck("plan", *loud)
        assert ran.code == 0
        assert ("attempt 1 failed" in ran.err) == bool(loud)
        assert "attempt" not in ran.out
    world.emulator.inject({"fault": "status", "status": 429, "when": CREATE})
    ran = world.flowdeck("apply", "--yes", "-v")
    assert "flow.a: attempt 1 failed" in ran.err


def test_each_of_many_attempts_is_told(world: World) -> None:
    """Every attempt but the last is told with its number, write and read alike; the last one is the error."""
    world.declare({"a": {}})
    for when, address in ((LIST, ""), (CREATE, "flow.a: ")):
        world.emulator.inject({"fault": "status", "status": 429, "when": when, "times": None})
        ran = world.flowdeck("apply", "--yes", "-v")
        told = [line.strip().partition(" failed (")[0] for line in ran.err.splitlines() if "attempt" in line]
        assert told == [f"{address}attempt {number}" for number in range(1, Patience().tries)]
        assert "error[service-busy]" in ran.out + ran.err
        world.emulator.clear_faults()


def test_no_secret_is_told(world: World) -> None:
    """What is told of an attempt holds neither the token nor the client's secret."""
    world.declare({"a": {}})
    world.emulator.inject({"fault": "status", "status": 503, "when": LIST})
    ran = world.flowdeck("plan", "-v")
    assert SECRET not in ran.err
    assert token(world.emulator.url, IDS["me"], SECRET) not in ran.err
