"""An application served over HTTP on a port of the loopback interface, by a thread that ends without a trace."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from flowdeck.emulator.app import App
from flowdeck.emulator.errors import EmulatorError

_HOST = "127.0.0.1"
_POLL_SECONDS = 0.02  # how soon the accepting thread notices that it should end
_WAITING_CONNECTIONS = 128


@contextmanager
def serving(app: App, port: int) -> Iterator[str]:
    """Serve on the port (0: a free one) and yield the URL; at the end answer what is in flight and join the threads.

    Raises EmulatorError for a port that is taken.
    """
    try:
        listening = socket.create_server((_HOST, port), backlog=_WAITING_CONNECTIONS)
    except OSError as error:
        raise EmulatorError(f"port {port} of {_HOST} cannot be opened ({error.strerror}): choose another") from error
    with listening:
        server = _Server(_HOST, listening.getsockname()[1], app, _Handler, fd=listening.fileno())
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name="flowdeck-emulator")
    thread.start()
    try:
        yield f"http://{_HOST}:{server.port}"
    finally:
        app.stop()
        server.shutdown()
        server.hang_up()
        thread.join()


class _Handler(WSGIRequestHandler):
    """One connection, handled in silence."""

    def log(self, type: str, message: str, *args: Any) -> None:
        pass

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        self.close_connection = True


class _Server(ThreadedWSGIServer):
    """One thread for every connection, all of them joined when the server closes."""

    daemon_threads = False  # or closing would not wait for them

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._connections: set[socket.socket] = set()

    def hang_up(self) -> None:
        """End the reading of every connection: one that is idle closes, one in flight still gets its answer."""
        for connection in tuple(self._connections):
            try:
                connection.shutdown(socket.SHUT_RD)
            except OSError:  # the other side was faster
                self._connections.discard(connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        if _is_to_be_reset(request):
            self.close_request(request)
        else:
            super().shutdown_request(request)


def _is_to_be_reset(connection: socket.socket) -> bool:
    """Whether a fault has marked the connection: the usual shutdown would still end it politely."""
    return any(connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
