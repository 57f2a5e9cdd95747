"""Faults: what goes wrong, when, and how often."""

import http.client
import itertools
import time
from collections.abc import Callable
from contextlib import closing
from email.utils import formatdate
from pathlib import Path
from typing import Any

import globus_sdk
import pytest
import requests

from flowdeck.emulator import Emulator, FaultError

from .conftest import IDS, PASS, Wire


def mine(wire: Wire) -> list[str]:
    return [flow["title"] for flow in wire.flows().list_flows(orderby="title ASC")]


def statuses(emulator: Emulator) -> list[int | None]:
    return [entry.status for entry in emulator.requests() if entry.number is not None]


def test_blind_retries_duplicate(wire: Wire, emulator: Emulator) -> None:
    """A create whose answer is dropped is sent again by the SDK's default retries, and makes two flows."""
    client = wire.flows(retries=5)
    emulator.inject({"fault": "drop", "effect": "after"})
    client.create_flow("t", PASS, {})
    assert mine(wire) == ["t", "t"]
    assert statuses(emulator)[:2] == [None, 201]


def test_no_retries_no_duplicate(wire: Wire, emulator: Emulator) -> None:
    """Without retries the same create is an error to the client, and makes one flow all the same."""
    emulator.inject({"fault": "drop", "effect": "after"})
    with pytest.raises(globus_sdk.GlobusConnectionError):
        wire.flows().create_flow("t", PASS, {})
    assert mine(wire) == ["t"]


def test_drop_before(wire: Wire, emulator: Emulator) -> None:
    """A connection dropped before the effect leaves nothing behind; the socket is really reset."""
    emulator.inject({"fault": "drop"})
    port = int(emulator.url.rpartition(":")[2])
    reset = pytest.raises((ConnectionResetError, BrokenPipeError))  # while sending, or while waiting
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection, reset:
        _asked(connection)
    assert mine(wire) == []


def _asked(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
    connection.request("POST", "/flows", body="{}")
    return connection.getresponse()


@pytest.mark.parametrize(("effect", "left"), [("before", []), ("after", ["t"])])
@pytest.mark.parametrize("status", [403, 429, 500, 502, 503, 504])
def test_status(wire: Wire, emulator: Emulator, status: int, effect: str, left: list[str]) -> None:
    """An error status comes instead of the answer, in the shape of Flows, before or after the effect."""
    emulator.inject({"fault": "status", "status": status, "effect": effect})
    with pytest.raises(globus_sdk.FlowsAPIError) as refused:
        wire.flows().create_flow("t", PASS, {})
    assert refused.value.http_status == status
    assert refused.value.code
    assert mine(wire) == left


@pytest.mark.parametrize("body", [{"error": {"code": "X", "detail": [{"type": "kaboom!"}]}}, [], "text", 0])
def test_a_body_of_ones_own(wire: Wire, emulator: Emulator, body: Any) -> None:
    """An error can have any JSON body, for what only the service would refuse, and for answers that are none of its."""
    emulator.inject({"fault": "status", "status": 422, "body": body})
    answer = wire.send("POST", "/flows", json={"title": "t", "definition": PASS})
    assert (answer.status_code, answer.json()) == (422, body)


@pytest.mark.parametrize("retry_after", [2, formatdate(0, usegmt=True)])
def test_retry_after(wire: Wire, emulator: Emulator, retry_after: Any) -> None:
    """Retry-After is sent as seconds or as a date, as it was written."""
    emulator.inject({"fault": "status", "status": 429, "retry_after": retry_after})
    assert wire.send("GET", "/flows").headers["Retry-After"] == str(retry_after)


def test_latency(wire: Wire, emulator: Emulator) -> None:
    """A slow request lasts at least so long, and is answered as always."""
    emulator.inject({"fault": "latency", "ms": 60})
    before = time.monotonic()
    assert mine(wire) == []
    assert time.monotonic() - before >= 0.06


def test_stale_list(wire: Wire, emulator: Emulator) -> None:
    """A stale list shows no new flow, old fields, and what is deleted; other reads are not stale."""
    client = wire.flows()
    kept, gone = (client.create_flow(title, PASS, {})["id"] for title in ("kept", "gone"))
    time.sleep(0.05)
    before = time.time()
    client.update_flow(kept, title="renamed")
    client.delete_flow(gone)
    client.create_flow("new", PASS, {})
    emulator.inject({"fault": "stale-list", "seconds": time.time() - before + 0.02, "times": None})
    assert mine(wire) == ["gone", "kept"]
    assert client.get_flow(kept)["title"] == "renamed"
    emulator.clear_faults()
    assert mine(wire) == ["new", "renamed"]


def test_edit_behind_a_get(wire: Wire, emulator: Emulator) -> None:
    """Somebody else's edit falls between a client's get and his next write."""
    client = wire.flows()
    flow_id = client.create_flow("t", PASS, {})["id"]
    emulator.inject({"fault": "edit", "set": {"title": "theirs"}, "when": {"method": "GET"}})
    seen = client.get_flow(flow_id)
    assert seen["title"] == "t"
    changed = client.update_flow(flow_id, subtitle="mine")
    assert (changed["title"], changed["subtitle"]) == ("theirs", "mine")
    assert changed["updated_at"] > seen["updated_at"]


def test_edit_before_a_put(wire: Wire, emulator: Emulator) -> None:
    """An edit on a PUT falls just before it."""
    client = wire.flows()
    flow_id = client.create_flow("t", PASS, {}, subtitle="old")["id"]
    emulator.inject({"fault": "edit", "set": {"title": "theirs", "subtitle": "theirs"}, "when": {"method": "PUT"}})
    changed = client.update_flow(flow_id, title="mine")
    assert (changed["title"], changed["subtitle"]) == ("mine", "theirs")


def test_edit_of_a_named_flow(wire: Wire, emulator: Emulator) -> None:
    """An edit may name its flow, by id or by title, and then strikes any request to Flows."""
    client = wire.flows()
    flow_id = client.create_flow("t", PASS, {})["id"]
    for flow, title in (("t", "first"), (flow_id, "second")):
        emulator.inject({"fault": "edit", "flow": flow, "set": {"title": title}})
        client.list_flows()
        assert mine(wire) == [title]
    emulator.inject({"fault": "edit", "flow": "nothing", "set": {"title": "x"}})
    assert mine(wire) == ["second"]


def test_every_request_once(wire: Wire, emulator: Emulator) -> None:
    """A loop over N strikes each request of a program in turn, and ends when N is one too many."""
    client = wire.flows()
    program: list[Callable[[], Any]] = [
        lambda: client.create_flow("t", PASS, {}),
        client.list_flows,
        lambda: client.get_flow(IDS["cy"]),
    ]
    for n in itertools.count(1):
        emulator.clear_requests()
        emulator.inject({"fault": "status", "status": 503, "when": {"request": n}})
        failed = 0
        for call in program:
            try:
                call()
            except globus_sdk.FlowsAPIError as error:
                failed += error.http_status == 503
        if not failed:
            break
        assert statuses(emulator)[n - 1] == 503
        emulator.clear_faults()
    assert n == 4


@pytest.mark.parametrize(
    ("spec", "struck"),
    [
        ({}, [1]),
        ({"times": 2}, [1, 2]),
        ({"times": None}, [1, 2, 3, 4, 5, 6]),
        ({"when": {"request": 3}}, [3]),
        ({"when": {"requests": [2, 5]}}, [2, 5]),
        ({"when": {"method": "POST"}}, [2]),
        ({"when": {"method": ["POST", "GET"], "nth": 3}}, [3]),
        ({"when": {"path": "/flows"}}, [1]),
        ({"when": {"path": "/flows"}, "times": 9}, [1, 2]),
        ({"when": {"path": "/flows/"}, "times": 9}, [3, 4]),
        ({"when": {"path": "/flows*"}, "times": 9}, [1, 2, 3, 4]),
        ({"when": {"path": "/runs", "nth": 2}}, [6]),
        ({"when": {"probability": 0.0}}, []),
        ({"when": {"probability": 1}}, [1, 2, 3, 4, 5, 6]),
        ({"when": {"probability": 1}, "times": 2}, [1, 2]),
        ({"when": {"probability": 0.5, "seed": 1}}, [1, 4, 5, 6]),
    ],
)
def test_when(wire: Wire, emulator: Emulator, spec: dict[str, Any], struck: list[int]) -> None:
    """A fault strikes the requests that meet all its conditions, as often as it says."""
    emulator.inject({"fault": "status", "status": 418, **spec})
    paths = [("GET", "/flows"), ("POST", "/flows"), ("GET", "/flows/x"), ("PUT", "/flows/x")] + [("GET", "/runs")] * 2
    for method, path in paths:
        requests.request(method, emulator.url + path, timeout=10)
    assert [entry.number for entry in emulator.requests() if entry.status == 418] == struck
    assert [entry.number for entry in emulator.requests() if entry.fault == "status"] == struck


def test_one_end_for_one_request(wire: Wire, emulator: Emulator) -> None:
    """Faults that each end a request strike one request after the other, so that a list of them is a script."""
    emulator.inject(*({"fault": "status", "status": status} for status in (503, 502, 429)))
    assert [wire.send("GET", "/flows").status_code for _ in range(4)] == [503, 502, 429, 200]


def test_auth_only_by_path(wire: Wire, emulator: Emulator) -> None:
    """Requests to Auth and Groups are not counted, and struck only by a fault that names their path."""
    emulator.inject({"fault": "status", "status": 503})
    wire.token()
    emulator.inject({"fault": "status", "status": 503, "when": {"path": "/v2/oauth2/token"}})
    with pytest.raises(AssertionError):
        wire.token()
    assert [entry.number for entry in emulator.requests()] == [None, None]


BAD = [
    ("x", "faults[0]: `fault` is one of latency, status, drop, stale-list, edit, not ''"),
    ({}, "faults[0]: `fault` is one of"),
    ({"fault": "fire"}, "not 'fire'"),
    ({"fault": "drop", "ms": 3}, "faults[0]: unknown key `ms`"),
    ({"fault": "drop", "effect": "during"}, "`effect` is before or after"),
    ({"fault": "drop", "times": 0}, "`times` is a whole number"),
    ({"fault": "drop", "when": {"moon": "full"}}, "faults[0].when: unknown key `moon`"),
    ({"fault": "drop", "when": {"request": 0}}, "`request` is a whole number from 1"),
    ({"fault": "drop", "when": {"probability": 2}}, "`probability` is from 0 to 1"),
    ({"fault": "drop", "when": []}, "faults[0].when: a mapping is expected"),
    ({"fault": "latency"}, "faults[0]: `ms` is missing"),
    ({"fault": "latency", "ms": "long"}, "`ms` is a number"),
    ({"fault": "status", "status": 999}, "999"),
    ({"fault": "status", "status": 200}, "an error from 400"),
    ({"fault": "status", "status": 429, "retry_after": "soon"}, "soon"),
    ({"fault": "status", "status": 422, "body": {1, 2}}, "not JSON serializable"),
    ({"fault": "stale-list", "seconds": 7200}, "`seconds` is a number from 0 to 3600"),
    ({"fault": "edit", "set": {"titel": "x"}}, "$.titel: extra fields not permitted"),
]


@pytest.mark.parametrize(("spec", "words"), BAD)
def test_bad_faults(spec: Any, words: str) -> None:
    """A fault that says nonsense is refused at once, in one line that names the key."""
    with pytest.raises(FaultError) as refused:
        Emulator(faults=[spec])
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["- fault: drop\n", '[{"fault": "drop"}]'])
def test_fault_file(tmp_path: Path, text: str) -> None:
    """Faults may come from a YAML or a JSON file."""
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    with Emulator(faults=path) as emulator, pytest.raises(requests.ConnectionError):
        requests.get(f"{emulator.url}/flows", timeout=10)


@pytest.mark.parametrize("text", ["fault: drop", "- [", "\0"])
def test_bad_fault_file(tmp_path: Path, text: str) -> None:
    """A file that holds no list of faults is refused by its name or its content; so is a missing one."""
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    for source in (path, tmp_path / "missing.yaml"):
        with pytest.raises(FaultError):
            Emulator(faults=source)
