"""The fault campaign: everything goes wrong everywhere, and one more apply converges.

`make test` runs a sample of it, `make soak` all. What a case does stands in its id, its seed too; what happens in a
history is drawn by the seed of the session, and one that fails prints how to have it again.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from campaign import ALLOW, FAULTS, ONCE, REST, at_rest, attempted, fault, honest, prepared, written
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from machine import Lab
from processes import PATIENCE, started, until
from projects import Command
from worlds import World, opened

# Requests to Flows of the work without a fault, one after the other; the first write is number 9.
REQUESTS = 32
# What an apply cannot see through: a service that lies.
LIES = ("429-after", "404")


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch) as world:
        yield world


def sampled(cases: list[tuple[Any, ...]], sample: list[tuple[Any, ...]]) -> list[Any]:
    """The cases by their ids; those that are not in the sample wait for the soak."""
    assert set(sample) <= set(cases)
    return [
        pytest.param(*case, id="-".join(map(str, case)), marks=() if case in sample else pytest.mark.soak)
        for case in cases
    ]


def test_the_work_without_a_fault(world: World) -> None:
    """The work takes as many requests as the campaign strikes, and ends at rest without another apply."""
    work = prepared(world)
    assert attempted(world, "--parallelism", "1").code == 0
    assert max(one.number or 0 for one in world.emulator.requests()) == REQUESTS
    at_rest(world, work, applies=0)


# One fault at each request


ALL = [(number, name) for number in range(1, REQUESTS + 1) for name in FAULTS]
# Every request once, and every fault.
FEW = [(number, FAULTS[number * 5 % len(FAULTS)]) for number in range(1, REQUESTS + 1)]


@pytest.mark.parametrize(("number", "name"), sampled(ALL, FEW))
def test_one_fault(world: World, number: int, name: str) -> None:
    """Whatever goes wrong with whichever request, the apply tells the truth, and one more converges."""
    work = prepared(world, rested=name == "lagging")
    before = written(world)
    world.emulator.clear_requests()
    world.emulator.inject(fault(name, number))
    ran = attempted(world, "--parallelism", "1")
    if name not in ("edit", *LIES):
        honest(world, ran, before)
    at_rest(world, work)


@pytest.mark.soak
@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("share", [0.1, 0.3])
@pytest.mark.parametrize("draws", [1, 2, 3])
def test_many_faults(world: World, name: str, share: float, draws: int) -> None:
    """The same for faults that strike again and again, with eight steps side by side."""
    work = prepared(world, rested=name == "lagging")
    once = {**ONCE, "lagging": {"fault": "stale-list", "seconds": REST - 0.1}}.get(name) or fault(name, draws * 8)
    by_chance = once.get("when", {"probability": share, "seed": draws, "path": "/flows*"})
    if once["fault"] in ("stale-list", "edit"):
        by_chance.pop("path")
    world.emulator.inject({**once, "when": by_chance})
    attempted(world)
    at_rest(world, work)


# Killed


@pytest.mark.parametrize(
    ("number", "effect"),
    sampled(
        [(number, effect) for number in range(1, REQUESTS + 1) for effect in ("before", "after")],
        [(16, "after"), (23, "before"), (30, "after")],
    ),
)
def test_killed_at_a_request(world: World, number: int, effect: str) -> None:
    """Kill -9 while a request is on its way, which then takes effect or not: one more apply converges."""
    work = prepared(world)
    at = {"when": {"request": number}}
    world.emulator.inject({"fault": "latency", "ms": 250, **at}, *([{"fault": "drop", **at}] * (effect == "before")))
    with started(world.folder, "apply", "--yes", "--parallelism", "1", *ALLOW) as process:
        until(lambda: any(one.number == number for one in world.emulator.requests()))
        process.kill()
        process.communicate()
    until(lambda: all(one.status or one.fault for one in world.emulator.requests()))
    at_rest(world, work)


# Two at once


@pytest.mark.parametrize(
    ("lag", "turn"), sampled([(lag, turn) for lag in (0, REST - 0.1, 600) for turn in range(1, 9)], [(600, 1)])
)
def test_two_processes_at_once(world: World, lag: float, turn: int) -> None:
    """Two jobs apply one manifest at once, from a list that lags: one more apply converges."""
    work = prepared(world, rested=True)
    if lag > REST:
        # A list that hides a flow which is to be renamed lets a second one be made, and no rule knows which is meant.
        del work.flows["is"]["moved_from"]
        world.declare(work.flows)
    world.emulator.inject({"fault": "latency", "ms": 30, "times": None, "when": {"probability": 0.5, "seed": turn}})
    if lag:
        world.emulator.inject({"fault": "stale-list", "seconds": lag, "times": None})
    jobs = [started(world.folder, "apply", "--yes", *ALLOW) for _ in range(2)]
    ended = [job.communicate(timeout=PATIENCE * 2) for job in jobs]
    assert [job.returncode in (0, 1, 3, 4) for job in jobs] == [True, True], ended
    at_rest(world, work)


# Any history


SHORT = settings(
    max_examples=4,
    stateful_step_count=10,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # to make a history smaller takes longer than to read it
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(SHORT, max_examples=30, stateful_step_count=20, derandomize=False)


def test_a_short_history() -> None:
    """Edits, faults, crashes and other applies in any order, and then one apply converges."""
    run_state_machine_as_test(Lab, settings=SHORT)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(8))
def test_any_history(part: int, request: pytest.FixtureRequest) -> None:
    """The same for many and longer histories, from the seed of the session."""
    session = request.config.getoption("randomly_seed")
    drawn = session * 100 + part
    print(f"again: pytest -n 0 -m soak --randomly-seed={session} 'tests/test_campaign.py::test_any_history[{part}]'")
    run_state_machine_as_test(seed(drawn)(type(f"Lab{drawn}", (Lab,), {})), settings=LONG)
