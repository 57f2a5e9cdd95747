"""Runs, which a seed declares."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import globus_sdk
import pytest
from globus_sdk.testing import get_response_set

from flowdeck.emulator import Emulator

from .conftest import IDS, PASS, SEED, URNS, Wire

FLOWS = [{"owner": "amy", "title": title, "definition": PASS} for title in ("one", "two")]
RUNS: list[dict[str, Any]] = [
    {"flow": "one", "owner": "ben", "status": "ACTIVE", "label": "active", "start_time": "2024-01-03"},
    {"flow": "one", "owner": "ben", "status": "SUCCEEDED", "label": "done", "start_time": "2024-01-02T10:00:00Z"},
    {"flow": "two", "owner": "amy", "status": "FAILED", "label": "failed", "start_time": "2024-01-01"},
]
RUNS[0]["run_monitors"] = ["cy"]


@pytest.fixture
def wire() -> Iterator[Wire]:
    with ExitStack() as opened:
        emulator = opened.enter_context(Emulator(seed={**SEED, "flows": FLOWS, "runs": RUNS}))
        yield Wire(emulator, opened)
    assert emulator.failures == []


def labels(wire: Wire, who: str, **options: Any) -> list[str]:
    return [run["label"] for run in wire.flows(who).list_runs(**options)]


def test_own_runs(wire: Wire) -> None:
    """Without a filter one's own runs are listed, the newest first."""
    assert labels(wire, "ben") == ["active", "done"]
    assert labels(wire, "amy") == ["failed"]
    assert labels(wire, "cy") == []


def test_runs_of_a_flow(wire: Wire) -> None:
    """Whoever administers a flow can ask for its active runs, or for all runs of several flows."""
    ids = {flow["title"]: flow["id"] for flow in wire.flows("amy").list_flows()}
    role = "flow_run_manager"
    assert labels(wire, "amy", filter_flow_id=ids["one"], filter_roles=role) == ["active", "done"]
    assert labels(wire, "amy", filter_flow_id=list(ids.values()), filter_roles=role) == ["active", "done", "failed"]
    assert labels(wire, "amy", filter_roles=role, query_params={"filter_status": "ACTIVE"}) == ["active"]
    assert labels(wire, "cy", filter_roles="run_monitor") == ["active"]


def test_pages(wire: Wire) -> None:
    """Runs come in pages too, and an unknown role is refused."""
    pages = wire.flows("ben").paginated.list_runs(query_params={"per_page": 1})
    assert [[run["label"] for run in page] for page in pages] == [["active"], ["done"]]
    with pytest.raises(globus_sdk.FlowsAPIError):
        wire.flows().list_runs(filter_roles="flow_owner")


def test_shape(wire: Wire) -> None:
    """A finished run has the keys and types of the fixture, its flow's description on request."""
    [run] = wire.flows("amy").list_runs()
    fixtures: Any = get_response_set("flows.get_run").lookup("default")
    expected = fixtures.responses[-1].json
    whole: Any = wire.flows("amy").get_run(run["run_id"], include_flow_description=True).data
    assert whole.keys() == expected.keys()
    assert {key: type(value) for key, value in whole.items()} == {key: type(value) for key, value in expected.items()}
    assert whole["flow_description"].keys() == expected["flow_description"].keys()
    assert (run["run_owner"], run["user_role"], run["flow_title"]) == (URNS["amy"], "run_owner", "two")


def test_invisible(wire: Wire) -> None:
    """A run on which the caller holds no role is 404, like one that does not exist."""
    [run] = wire.flows("amy").list_runs()
    for run_id in (run["run_id"], IDS["amy"]):
        with pytest.raises(globus_sdk.FlowsAPIError) as refused:
            wire.flows("cy").get_run(run_id)
        assert refused.value.http_status == 404


def test_deleted_flow(wire: Wire) -> None:
    """Runs outlive their flow, and then say when it was deleted."""
    [run] = wire.flows("amy").list_runs()
    deleted = wire.flows("amy").delete_flow(run["flow_id"])
    assert wire.flows("amy").get_run(run["run_id"])["flow_deleted_at"] == deleted["deleted_at"]
