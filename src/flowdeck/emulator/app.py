"""The WSGI application: the log and the faults around every request, and the bytes of its answer."""

import json
import socket
import struct
import threading
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import uuid4

from werkzeug.wrappers import Request, Response

from flowdeck.emulator.admin import Admin
from flowdeck.emulator.dispatch import Dispatcher
from flowdeck.emulator.edits import edit
from flowdeck.emulator.exchange import Answer
from flowdeck.emulator.faults import Drop, Edit, Faults, Kind, Latency, StaleList, Status
from flowdeck.emulator.log import RequestLog
from flowdeck.emulator.refusals import Refusal
from flowdeck.emulator.routes import ADMIN_PREFIX, ROUTES, admin_routes, service_of
from flowdeck.emulator.store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Closing a socket that lingers for no time sends a reset instead of the usual end.
_RESET = struct.pack("ii", 1, 0)


class App:
    """All emulated services behind one port."""

    def __init__(
        self, store: Store, faults: Faults, log: RequestLog, latency_ms: float, failures: list[Exception]
    ) -> None:
        self._store, self._faults, self._log, self._latency_ms = store, faults, log, latency_ms
        self._stopping = threading.Event()
        self._dispatcher = Dispatcher(store, (*ROUTES, *admin_routes(Admin(faults, log))), failures)

    def stop(self) -> None:
        """End every wait, so that what is in flight is answered at once."""
        self._stopping.set()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request. Raises ConnectionAbortedError where a fault drops the connection."""
        request = Request(environ)
        if request.path.startswith(ADMIN_PREFIX):
            answer, _ = self._dispatcher.answer(request)
        else:
            answer = self._observed(request)
        return _response(answer)(environ, start_response)

    def _observed(self, request: Request) -> Answer:
        """The answer to a request that is logged, and that faults may strike."""
        numbered = service_of(request.path) == "flows"
        query = request.query_string.decode(errors="replace")
        key, number = self._log.opened(request.method, request.path, query, numbered=numbered)
        faults = self._faults.striking(number, request.method, request.path)
        status = identity = None
        try:
            answer, identity = self._struck(request, [fault.kind for fault in faults])
            status = answer.status
        finally:
            self._log.completed(key, status, identity, faults[-1].name if faults else None)
        return answer

    def _struck(self, request: Request, kinds: list[Kind]) -> tuple[Answer, str | None]:
        waits = sum(kind.ms for kind in kinds if isinstance(kind, Latency))
        self._stopping.wait((self._latency_ms + waits) / 1000)
        end = next((kind for kind in kinds if isinstance(kind, Status | Drop)), None)
        if end and not end.after:
            return _end(end, request), None
        edits = [kind for kind in kinds if isinstance(kind, Edit)]
        reads = request.method == "GET"
        if not reads:
            self._edit(edits, request.path)
        ages = [kind.seconds for kind in kinds if isinstance(kind, StaleList)]
        moment = time.time() - max(ages) if ages else float("inf")
        answer, identity = self._dispatcher.answer(request, moment)
        if reads:
            self._edit(edits, request.path)
        return (_end(end, request) if end else answer), identity

    def _edit(self, edits: Iterable[Edit], path: str) -> None:
        for kind in edits:
            with self._store.transaction(write=True) as db:
                edit(db, kind, path)


def _end(kind: Status | Drop, request: Request) -> Answer:
    """What the client gets instead of the answer. Raises ConnectionAbortedError for a connection that is dropped."""
    if isinstance(kind, Drop):
        connection: socket.socket = request.environ["werkzeug.socket"]
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        raise ConnectionAbortedError("dropped by a fault")
    status = HTTPStatus(kind.status)
    headers = {} if kind.retry_after is None else {"Retry-After": kind.retry_after}
    if kind.body is not None:
        return Answer(status, kind.body, headers)
    refusal = Refusal(status, status.name, status.phrase, headers=headers)
    return refusal.answer(service_of(request.path))


def _response(answer: Answer) -> Response:
    # Which header the service uses for its request ids is unverified; SDK errors read theirs from the body.
    headers = {"X-Request-Id": str(uuid4()), **answer.headers}
    return Response(json.dumps(answer.body), answer.status, headers, content_type="application/json")
