"""Any history: people, faults, crashes and other applies in any order; then one apply, and all is as declared."""

import io
import itertools
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from campaign import FAULTS, MARKER, Work, at_rest, attempted, calling, fault, honest, name_of, owned, seen, written
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from projects import Ran
from worlds import POLICIES, World, opened

from flowdeck.apply import Throttle
from flowdeck.cli.main import run
from flowdeck.model.errors import FlowdeckError
from flowdeck.model.risk import DEFAULT_LEVELS
from flowdeck.service.globus import GlobusReader, GlobusWriter, connect, credentials_from, endpoints_for
from flowdeck.workflow.applying import do, gate
from flowdeck.workflow.looking import load
from flowdeck.workflow.planning import make_plan

PICK = st.integers(0, 99)
REQUEST = st.integers(1, 20)
STRUCK = st.lists(st.tuples(st.sampled_from(FAULTS), REQUEST), min_size=1, max_size=3)
PARALLELISM = st.sampled_from(["1", "4"])
LAG = st.sampled_from([0.0, 0.0, 0.0, 0.2, 600.0])
COMMIT = st.lists(
    st.tuples(st.sampled_from(["declare", "alter", "replace", "remove", "rename"]), PICK), min_size=1, max_size=4
)
# What an apply cannot know better: a lie of the service, and what it was shown or what somebody did meanwhile.
BLINDING = ("429-after", "404", "stale-list", "lagging", "edit")

Changes = list[tuple[str, int]]
Struck = list[tuple[str, int]]


class Killed(BaseException):
    """The process ends here: nothing of ours catches it."""


def command(*arguments: str) -> Ran:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(arguments)
    return Ran(code, out.getvalue(), err.getvalue())


@contextmanager
def killed_at(number: int, *, answered: bool) -> Iterator[None]:
    """The process ends before the request of that number is sent, or when it is `answered`."""
    sent, lock = itertools.count(1), threading.Lock()

    def deadly(send: Callable[..., Any]) -> Callable[..., Any]:
        def sending(*arguments: Any) -> Any:
            with lock:
                mine = next(sent)
            if mine > number or (mine == number and not answered):
                raise Killed
            return send(*arguments)

        return sending

    with pytest.MonkeyPatch.context() as patched:
        for owner, method in ((GlobusWriter, "_sent"), (GlobusReader, "_asked")):
            patched.setattr(owner, method, deadly(getattr(owner, method)))
        try:
            yield
        except Killed:
            return


def job(path: Path) -> None:
    """An apply without a door: several fit into one process."""
    access = connect(endpoints_for("globus", os.environ), credentials_from(os.environ), writing=True, people=True)
    reader = GlobusReader(access)
    try:
        loaded = load(path)
        made = make_plan(loaded, reader)
        assert not gate(made, reader.identity, None, DEFAULT_LEVELS)
        do(
            made,
            loaded.manifest,
            reader,
            GlobusWriter(access),
            lambda _: None,
            commit="",
            throttle=Throttle(4),
            stop=threading.Event(),
        )
    except FlowdeckError:  # what the service did may forbid it
        pass
    finally:
        access.close()


class Lab(RuleBasedStateMachine):
    """One project and everything that may happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self._open = ExitStack()
        folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="campaign-")))
        patched = self._open.enter_context(pytest.MonkeyPatch.context())
        patched.chdir(folder)
        self.world: World = self._open.enter_context(opened(folder, command, patched))
        self.work = Work({})
        self._numbers = itertools.count()
        self._before = folder / "before.yaml"

    def teardown(self) -> None:
        try:
            self.rest()
        finally:
            self._open.close()

    # What people write

    @initialize()
    def begin(self) -> None:
        """Three flows, of which some know each other."""
        self.apply([("declare", 0), ("declare", 1), ("declare", 3)], 0, "4")

    def _commit(self, changes: Changes) -> None:
        """Other flows are declared. What was declared so far is what a slower job may still apply."""
        self.world.declare(self.work.flows).rename(self._before)
        for kind, pick in changes:
            getattr(self, f"_{kind}")(pick)
        self.world.declare(self.work.flows)

    def _declare(self, pick: int) -> None:
        """A new flow; it may refer to one that is declared."""
        if len(self.work.flows) < 6:
            flow: dict[str, Any] = {"title": "same"} if pick % 3 == 0 else {}
            if self.work.flows and pick % 2:
                flow["definition"] = calling(self._named(pick))
            self.work.flows[f"f{next(self._numbers)}"] = flow

    def _alter(self, pick: int) -> None:
        """Another value of a field."""
        field, value = ("title", "subtitle", "keywords")[pick % 3], ("x", "y")[pick % 2]
        self.work.flows[self._named(pick)][field] = [value] if field == "keywords" else value

    def _replace(self, pick: int) -> None:
        """A policy, which only a new flow can have."""
        self.work.flows[self._named(pick)]["authentication_policy"] = POLICIES[0]

    def _remove(self, pick: int) -> None:
        """A flow less; who refers to it does not any more."""
        if len(self.work.flows) > 1:
            gone = self._named(pick)
            del self.work.flows[gone]
            self._refer(gone, None)

    def _rename(self, pick: int) -> None:
        """Another name for a flow. A second flow of the old name would be a conflict that people have to settle."""
        if not self._doubled():
            old, new = self._named(pick), f"f{next(self._numbers)}"
            self.work.flows[new] = {**self.work.flows.pop(old), "moved_from": old}
            self._refer(old, new)

    def _refer(self, old: str, new: str | None) -> None:
        """Who refers to `old` refers to `new` from now on, or to nothing."""
        for flow in self.work.flows.values():
            if flow.get("definition") == calling(old):
                del flow["definition"]
                if new:
                    flow["definition"] = calling(new)

    def _named(self, pick: int) -> str:
        names = sorted(self.work.flows)
        return names[pick % len(names)]

    # What happens at the service

    @rule(pick=PICK, value=st.sampled_from(["by hand", "by a hand"]))
    def edit(self, pick: int, value: str) -> None:
        """Somebody changes a flow of ours, the oldest of its name: a second one would be a person's to settle."""
        if oldest := self._oldest():
            self.world.sdk().update_flow(oldest[pick % len(oldest)], subtitle=value)

    @rule(pick=PICK)
    def wipe(self, pick: int) -> None:
        """Somebody takes our keywords off a flow; from now on it is not ours."""
        if oldest := self._oldest():
            id = oldest[pick % len(oldest)]
            self.world.sdk().update_flow(id, keywords=["mine"])
            self.work.foreign["me", id] = seen(self.world, "me", id)

    @rule(pick=PICK)
    def copy(self, pick: int) -> None:
        """Somebody else makes a flow that carries our marker."""
        made = self.world.make(
            "colleague", keywords=[f"{MARKER}{self._named(pick)}", "flowdeck-protect"], flow_viewers=["public"]
        )
        self.work.foreign["colleague", made["id"]] = seen(self.world, "colleague", made["id"])

    def _ours(self) -> list[dict[str, Any]]:
        mine = set(owned(self.world)) - {id for _, id in self.work.foreign}
        return sorted(
            (flow for flow in self.world.live() if flow["id"] in mine),
            key=lambda flow: (flow["created_at"], flow["id"]),
        )

    def _oldest(self) -> list[str]:
        oldest: dict[str, str] = {}
        for flow in self._ours():
            oldest.setdefault(name_of(flow), flow["id"])
        return list(oldest.values())

    def _doubled(self) -> bool:
        return len(self._ours()) > len(self._oldest())

    # Applies, each of a commit

    @rule(changes=COMMIT, lag=LAG, parallelism=PARALLELISM)
    def apply(self, changes: Changes, lag: float, parallelism: str) -> None:
        """Nothing happens, but the list may lag."""
        self._commit(changes)
        with self._faults([], lag):
            attempted(self.world, "--parallelism", parallelism)

    @rule(changes=COMMIT, struck=STRUCK, lag=LAG, parallelism=PARALLELISM)
    def apply_with_faults(self, changes: Changes, struck: Struck, lag: float, parallelism: str) -> None:
        """Up to three requests go wrong."""
        self._commit(changes)
        before = written(self.world)
        with self._faults(struck, lag):
            ran = attempted(self.world, "--parallelism", parallelism)
        if not lag and not {name for name, _ in struck} & {*BLINDING}:
            honest(self.world, ran, before)

    @rule(changes=COMMIT, number=REQUEST, answered=st.booleans(), lag=LAG, parallelism=PARALLELISM)
    def crash(self, changes: Changes, number: int, answered: bool, lag: float, parallelism: str) -> None:
        """The process is no more from one request on."""
        self._commit(changes)
        with self._faults([], lag), killed_at(number, answered=answered):
            attempted(self.world, "--parallelism", parallelism)

    @rule(changes=COMMIT, struck=STRUCK | st.just([]), lag=LAG, slower=st.booleans(), seed=st.integers(1, 1000))
    def race(self, changes: Changes, struck: Struck, lag: float, slower: bool, seed: int) -> None:
        """Two applies at once, one perhaps of what was declared before."""
        self._commit(changes)
        late = {"fault": "latency", "ms": 8, "times": None, "when": {"probability": 0.5, "seed": seed}}
        now = self.world.folder / "flows.yaml"
        other = self._before if slower and not self._moving() else now
        with self._faults(struck, lag, late), ThreadPoolExecutor(2) as jobs:
            running = [jobs.submit(job, path) for path in (now, other)]
        for one in running:
            one.result()

    def _moving(self) -> bool:
        """Whether a flow may be live under a name that it had."""
        return any("moved_from" in flow for flow in self.work.flows.values())

    @contextmanager
    def _faults(self, struck: Struck, lag: float, *more: dict[str, Any]) -> Iterator[None]:
        """Faults in force, but those after which a person would have to say which flow is meant.

        These are: a list that hides a flow which is to be renamed, and an edit where a second flow may be struck.
        """
        hiding = {name for name, _ in struck} & {"stale-list", "lagging"}
        if self._moving():
            struck = [one for one in struck if one[0] not in hiding]
        if hiding or lag or self._doubled():
            struck = [one for one in struck if one[0] != "edit"]
        self.world.emulator.clear_requests()
        self.world.emulator.inject(*(fault(*one) for one in struck), *more)
        if lag and not self._moving():
            self.world.emulator.inject({"fault": "stale-list", "seconds": lag, "times": None})
        try:
            yield
        finally:
            self.world.emulator.clear_faults()

    @rule()
    def rest(self) -> None:
        """Everything is well again: one apply, and all is as declared. What was renamed has its name."""
        at_rest(self.world, self.work)
        for flow in self.work.flows.values():
            flow.pop("moved_from", None)
        self.world.declare(self.work.flows)
