"""The fault campaign: everything goes wrong everywhere, and one more apply converges. `make soak` runs all of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from campaign import FAULTS, at_rest, attempted, fault, honest, prepared, written
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from machine import Lab
from projects import Command
from worlds import World, opened

# Requests to Flows of the work without a fault, one after the other.
REQUESTS = 32


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch) as world:
        yield world


def test_the_work_without_a_fault(world: World) -> None:
    """The work takes as many requests as the campaign strikes, and ends at rest without another apply."""
    work = prepared(world)
    assert attempted(world, "--parallelism", "1").code == 0
    assert max(one.number or 0 for one in world.emulator.requests()) == REQUESTS
    at_rest(world, work, applies=0)


CASES = [(number, name) for number in range(1, REQUESTS + 1) for name in FAULTS]


@pytest.mark.parametrize(("number", "name"), [pytest.param(*case, id=f"{case[0]}-{case[1]}") for case in CASES])
def test_one_fault(world: World, number: int, name: str) -> None:
    """Whatever goes wrong with whichever request, the apply tells the truth, and one more converges."""
    work = prepared(world, rested=name == "lagging")
    before = written(world)
    world.emulator.clear_requests()
    world.emulator.inject(fault(name, number))
    ran = attempted(world, "--parallelism", "1")
    if name not in ("edit", "429-after"):
        honest(world, ran, before)
    at_rest(world, work)


SHORT = settings(
    max_examples=4,
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(
    SHORT, max_examples=100, stateful_step_count=20, derandomize=False, phases=[Phase.generate, Phase.shrink]
)


def test_a_short_history() -> None:
    """Edits, faults, crashes and other applies in any order, and then one apply converges."""
    run_state_machine_as_test(Lab, settings=SHORT)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(4))
def test_any_history(part: int, request: pytest.FixtureRequest) -> None:
    """The same for many and longer histories, with the seed of the session."""
    seeded = seed(request.config.getoption("randomly_seed") * 100 + part)(type("Lab", (Lab,), {}))
    run_state_machine_as_test(seeded, settings=LONG)
