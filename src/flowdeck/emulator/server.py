"""The emulator's face: an object that serves while it is open, and that tests can ask and tell."""

import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flowdeck.emulator import fault_spec, seeding
from flowdeck.emulator.app import App
from flowdeck.emulator.faults import Faults
from flowdeck.emulator.log import Logged, RequestLog
from flowdeck.emulator.people import Identity
from flowdeck.emulator.serving import serving
from flowdeck.emulator.store import Store


class Emulator:
    """The other side of the wire: Globus Flows, and of Globus Auth and Groups what its clients need, on one port.

    `url` is where it serves, as `http://127.0.0.1:PORT`. `failures` is what went wrong inside the emulator itself; each
    was answered with status 500.
    """

    url: str

    def __init__(
        self,
        data: Path | None = None,
        seed: Path | Mapping[str, Any] | None = None,
        faults: Path | Iterable[Any] | None = None,
        latency_ms: float = 0,
        port: int = 0,
    ) -> None:
        """An emulator that does not serve yet.

        data: the SQLite file that remembers, made with its folders when missing; None forgets everything at the end.
        seed, faults: files (YAML or JSON), or their content. latency_ms: how long every request waits.
        port: 0 takes a free one.

        Raises FaultError for faults that say nonsense.
        """
        self._data, self._seed, self._latency_ms, self._port = data, seed, latency_ms, port
        self._log, self._faults = RequestLog(), Faults()
        self._running: ExitStack | None = None
        self._faults.inject(fault_spec.parse(faults))
        self.failures: list[Exception] = []

    def start(self) -> None:
        """Serve in a thread of its own; return once connections are accepted. Does nothing while it serves.

        Raises SeedError, and EmulatorError for a file that is not the emulator's or a port that is taken.
        """
        if self._running is not None:
            return
        with ExitStack() as opened:
            store = opened.enter_context(closing(Store(self._data or _forgotten(opened))))
            self._client = _seeded(store, self._seed)
            app = App(store, self._faults, self._log, self._latency_ms, self.failures)
            self.url = opened.enter_context(serving(app, self._port))
            self._running = opened.pop_all()

    def close(self) -> None:
        """Answer what is in flight, then stop: threads, port and file are released."""
        running, self._running = self._running, None
        if running is not None:
            running.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def environment(self) -> dict[str, str]:
        """The environment variables that point globus-sdk and globus-cli here, credentials included."""
        services = {f"GLOBUS_SDK_SERVICE_URL_{name}": self.url for name in ("FLOWS", "AUTH", "GROUPS")}
        secret = self._client.secret or ""
        return services | {"GLOBUS_CLI_CLIENT_ID": self._client.id, "GLOBUS_CLI_CLIENT_SECRET": secret}

    def requests(self) -> list[Logged]:
        """The requests since the log was last cleared, in order of their arrival."""
        return self._log.entries()

    def clear_requests(self) -> None:
        """Forget the requests; the next one to Flows is number 1."""
        self._log.clear()

    def inject(self, *faults: Mapping[str, Any]) -> None:
        """Put faults in force, beside those that are. Raises FaultError."""
        self._faults.inject(fault_spec.parse(faults))

    def clear_faults(self) -> None:
        """Put no fault in force."""
        self._faults.clear()


def _forgotten(opened: ExitStack) -> Path:
    """A file that is gone when the emulator closes."""
    return Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="flowdeck-emulator-"))) / "emulator.db"


def _seeded(store: Store, seed: Path | Mapping[str, Any] | None) -> Identity:
    """Plant the default seed and the given one; return the client that programs are told to use."""
    with store.transaction(write=True) as db:
        client = seeding.plant(db, seeding.DEFAULT)
        if seed is not None:
            client = seeding.plant(db, seed) or client
    assert client is not None  # the default seed names one
    return client
