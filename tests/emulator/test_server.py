"""The life of an emulator: its port, its threads, its own routes."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from flowdeck.emulator import Emulator, EmulatorError

from .conftest import IDS, SECRET, Wire


def test_no_traces(capfd: pytest.CaptureFixture[str]) -> None:
    """After close no thread is left and nothing was written, also when connections are idle or were broken."""
    before = set(threading.enumerate())
    with Emulator() as emulator:
        port = int(emulator.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as broken:
            broken.sendall(b"nonsense\r\n\r\n")
        idle = socket.create_connection(("127.0.0.1", port))
        requests.get(f"{emulator.url}/flows", timeout=10)
    idle.close()
    assert set(threading.enumerate()) == before
    assert capfd.readouterr() == ("", "")


def test_close_answers_what_is_in_flight() -> None:
    """A request that is waiting when the emulator closes gets its answer, and at once."""
    with ThreadPoolExecutor(1) as pool:
        with Emulator(latency_ms=60_000) as emulator:
            waiting = pool.submit(requests.get, f"{emulator.url}/flows", timeout=30)
            while not emulator.requests():
                time.sleep(0.001)
        assert waiting.result().status_code == 401
    assert emulator.requests()[0].status == 401


def test_taken_port() -> None:
    """A port that is taken is refused with a way out; any other is used as told."""
    with Emulator() as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(EmulatorError, match=f"port {port} .* choose another"):
            Emulator(port=port).start()
    with Emulator(port=port) as again:
        assert again.url == first.url


def test_start_again() -> None:
    """Starting twice serves once; an emulator that was closed can be opened again."""
    emulator = Emulator()
    for _ in range(2):
        emulator.start()
        url = emulator.url
        with emulator:
            assert emulator.url == url
            assert requests.get(f"{emulator.url}/_emulator/health", timeout=10).json() == {"status": "ok"}
    emulator.close()


def test_log(wire: Wire, emulator: Emulator) -> None:
    """The log tells each request, its caller and its answer, and counts those to Flows."""
    wire.send("GET", "/flows?per_page=1")
    wire.send("GET", "/flows/x", who="ben")
    entries = emulator.requests()
    assert [(entry.number, entry.method, entry.path) for entry in entries] == [
        (None, "POST", "/v2/oauth2/token"),
        (1, "GET", "/flows"),
        (None, "POST", "/v2/oauth2/token"),
        (2, "GET", "/flows/x"),
    ]
    assert (entries[1].query, entries[1].status, entries[1].identity) == ("per_page=1", 200, IDS["amy"])
    assert (entries[3].status, entries[3].identity, entries[3].fault) == (404, IDS["ben"], None)
    emulator.clear_requests()
    wire.flows().list_flows()
    assert emulator.requests()[-1].number == 1


def test_admin_requests(wire: Wire) -> None:
    """The log can be read and cleared over HTTP, without a token and without a trace in it."""
    wire.send("GET", "/flows")
    url = f"{wire.emulator.url}/_emulator/requests"
    listed = requests.get(url, timeout=10).json()["requests"]
    assert [(entry["number"], entry["status"]) for entry in listed] == [(None, 200), (1, 200)]
    assert requests.delete(url, timeout=10).json() == {"requests": []} == requests.get(url, timeout=10).json()


def test_admin_faults(wire: Wire) -> None:
    """Faults can be read, injected one by one or as a list, and cleared over HTTP."""
    url = f"{wire.emulator.url}/_emulator/faults"
    fault: Any = {"fault": "status", "status": 503}
    assert requests.post(url, json=fault, timeout=10).json() == {"faults": [fault]}
    assert requests.post(url, json=[fault, fault], timeout=10).json() == {"faults": [fault] * 3}
    assert wire.send("GET", "/flows").status_code == 503
    assert requests.get(url, timeout=10).json() == {"faults": [fault] * 2}
    assert requests.delete(url, timeout=10).json() == {"faults": []}
    refused = requests.post(url, json={"fault": "fire"}, timeout=10)
    assert (refused.status_code, refused.json()["error"]) == (422, "invalid_fault")


def test_admin_settings(wire: Wire) -> None:
    """Settings can be read and changed one by one over HTTP."""
    url = f"{wire.emulator.url}/_emulator/settings"
    before = requests.get(url, timeout=10).json()
    assert requests.patch(url, json={"key_order": "kept"}, timeout=10).json() == {**before, "key_order": "kept"}
    assert requests.get(url, timeout=10).json()["key_order"] == "kept"
    bodies: list[Any] = [{"key_order": "random"}, {"speed": 1}, []]
    for body in bodies:
        refused = requests.patch(url, json=body, timeout=10)
        assert (refused.status_code, refused.json()["error"]) == (422, "invalid_setting")


def test_environment(emulator: Emulator) -> None:
    """The environment names the three services and the seed's client."""
    assert emulator.environment() == {
        "GLOBUS_SDK_SERVICE_URL_FLOWS": emulator.url,
        "GLOBUS_SDK_SERVICE_URL_AUTH": emulator.url,
        "GLOBUS_SDK_SERVICE_URL_GROUPS": emulator.url,
        "GLOBUS_CLI_CLIENT_ID": IDS["amy"],
        "GLOBUS_CLI_CLIENT_SECRET": SECRET,
    }
