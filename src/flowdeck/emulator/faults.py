"""Faults: what goes wrong, when, and how often."""

import random
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True, slots=True)
class Latency:
    """The request waits `ms` milliseconds before it is looked at."""

    ms: float


@dataclass(frozen=True, slots=True)
class Status:
    """The answer is this error instead; with `after` the request took effect all the same.

    `retry_after` is the header's value: seconds, or an HTTP date. `body` is the whole answer; without one it is in the
    form of the service.
    """

    status: int
    retry_after: str | None
    after: bool
    body: Any = None


@dataclass(frozen=True, slots=True)
class Drop:
    """The connection is reset without an answer; with `after` the request took effect all the same."""

    after: bool


@dataclass(frozen=True, slots=True)
class StaleList:
    """A list shows the flows as they were `seconds` ago."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Edit:
    """Somebody else sets fields of a flow: after the answer to a GET was made, or before a PUT or DELETE is looked at.

    `flow` is an id or a title; without one it is the flow that the request is about.
    """

    fields: Mapping[str, Any]
    flow: str | None


Kind = Latency | Status | Drop | StaleList | Edit


@dataclass(frozen=True, slots=True)
class When:
    """Which requests a fault strikes: those that meet all conditions. No condition: every request to Flows.

    requests: numbers of Flows requests, counted from 1 since the log was last cleared.
    methods: HTTP methods. path: a glob in which `*` also passes `/`; one that ends in `/` is a prefix.
    nth: only the nth request that meets the conditions before it, counted since the fault was injected.
    probability: from 0 to 1, by draws that `seed` makes repeatable.
    """

    requests: frozenset[int] = frozenset()
    methods: frozenset[str] = frozenset()
    path: str | None = None
    nth: int | None = None
    probability: float | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its name in the specification, what goes wrong, when, and how often (None: always)."""

    name: str
    kind: Kind
    when: When
    times: int | None
    written: Mapping[str, Any]


class Faults:
    """The faults in force, counted down as they strike; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []

    def inject(self, faults: Iterable[Fault]) -> None:
        """Put faults in force, beside those that are."""
        with self._lock:
            self._armed += map(_Armed, faults)

    def clear(self) -> None:
        """Put no fault in force."""
        with self._lock:
            self._armed = []

    def pending(self) -> list[Mapping[str, Any]]:
        """The faults that can still strike, as they were written."""
        with self._lock:
            return [armed.fault.written for armed in self._armed if armed.left != 0]

    def striking(self, number: int | None, method: str, path: str) -> list[Fault]:
        """The faults that strike this request, which is no Flows request when it has no number.

        Of several that would each be the end of the request the first one strikes; the others wait.
        """
        struck: list[Fault] = []
        with self._lock:
            for armed in self._armed:
                ended = any(isinstance(fault.kind, Status | Drop) for fault in struck)
                if armed.meets(number, method, path) and not (ended and isinstance(armed.fault.kind, Status | Drop)):
                    armed.spend()
                    struck.append(armed.fault)
        return struck


class _Armed:
    """A fault with its counts: how often it can still strike, how many requests met its conditions."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.left = fault.times
        self._met = 0
        self._draws = random.Random(fault.when.seed)

    def meets(self, number: int | None, method: str, path: str) -> bool:
        """Whether the request meets the fault's conditions, and the fault can still strike."""
        when = self.fault.when
        if self.left == 0 or not _concerns(when, number, method, path):
            return False
        self._met += 1
        if when.nth is not None and self._met != when.nth:
            return False
        return when.probability is None or self._draws.random() < when.probability

    def spend(self) -> None:
        """Count that the fault has struck."""
        if self.left is not None:
            self.left -= 1


def _concerns(when: When, number: int | None, method: str, path: str) -> bool:
    if when.path is None and number is None:
        return False
    if when.path is not None and not fnmatchcase(path, when.path + "*" * when.path.endswith("/")):
        return False
    return (not when.requests or number in when.requests) and (not when.methods or method in when.methods)
