"""The log of requests, from which a test reads what a client did."""

import itertools
import threading
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Logged:
    """One request. `number` counts the requests to Flows from 1, others have none.

    `status` is None while there is no answer, and for ever when the connection was dropped. `identity` is the id of the
    caller, where a token named one. `fault` names what struck the request: the last one, if there were several.
    """

    number: int | None
    method: str
    path: str
    query: str
    status: int | None = None
    identity: str | None = None
    fault: str | None = None


class RequestLog:
    """The requests since the log was last cleared, in order of their arrival; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys = itertools.count()
        self.clear()

    def clear(self) -> None:
        """Forget every request; the next one to Flows is number 1."""
        with self._lock:
            self._entries: dict[int, Logged] = {}
            self._numbers = itertools.count(1)

    def entries(self) -> list[Logged]:
        """The requests so far."""
        with self._lock:
            return list(self._entries.values())

    def opened(self, method: str, path: str, query: str, *, numbered: bool) -> tuple[int, int | None]:
        """Add a request that has just arrived; return the key to complete it with, and its number."""
        with self._lock:
            key, number = next(self._keys), next(self._numbers) if numbered else None
            self._entries[key] = Logged(number, method, path, query)
        return key, number

    def completed(self, key: int, status: int | None, identity: str | None, fault: str | None) -> None:
        """Add what became of the request, unless the log was cleared meanwhile."""
        with self._lock:
            if key in self._entries:
                self._entries[key] = replace(self._entries[key], status=status, identity=identity, fault=fault)
