"""Lists of flows: roles, filters, orders and pages."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import globus_sdk
import pytest

from .conftest import GROUP, PASS, URNS, Wire

EVERY_ROLE = ["flow_owner", "flow_administrator", "flow_starter", "flow_viewer", "run_manager", "run_monitor"]


def make(wire: Wire, *titles: str, who: str = "amy", **options: Any) -> list[str]:
    client = wire.flows(who)
    return [client.create_flow(title, PASS, {}, **options)["id"] for title in titles]


def titles(wire: Wire, who: str = "amy", **options: Any) -> list[str]:
    return [flow["title"] for flow in wire.flows(who).list_flows(orderby="title ASC", **options)]


def everything(client: globus_sdk.FlowsClient, per_page: int, orderby: str = "id ASC") -> list[str]:
    pages = client.paginated.list_flows(orderby=orderby, query_params={"per_page": per_page})
    return [flow["id"] for page in pages for flow in page]


def test_only_own_by_default(wire: Wire) -> None:
    """Without filter_roles a list holds the flows that the caller owns, and no others that he may see."""
    make(wire, "mine")
    make(wire, "shared", who="ben", flow_administrators=[URNS["amy"]], flow_viewers=["public"])
    assert titles(wire) == ["mine"]
    assert titles(wire, filter_roles=EVERY_ROLE) == ["mine", "shared"]


@pytest.mark.parametrize("role", EVERY_ROLE[1:])
def test_roles(wire: Wire, role: str) -> None:
    """Each role filters in both spellings, for roles held in person, through a group, or as anybody."""
    field = {"run_manager": "run_managers", "run_monitor": "run_monitors"}.get(role, f"{role}s")
    make(wire, "in person", who="ben", **{field: [URNS["amy"], URNS["dan"]]})
    make(wire, "through a group", who="ben", **{field: [f"urn:globus:groups:id:{GROUP}"]})
    make(wire, "not at all", who="ben")
    for spelling in (role, field):
        assert titles(wire, filter_roles=spelling) == ["in person"]
        assert titles(wire, "dan", filter_roles=spelling) == ["in person", "through a group"]


def test_repeated_parameters(wire: Wire) -> None:
    """Several roles and several orders may come as a comma list or as a repeated parameter."""
    make(wire, "b", "a", "a")
    make(wire, "c", who="ben", flow_viewers=["public"])
    for roles in (
        {"filter_roles": "flow_owner,flow_viewer"},
        [("filter_roles", r) for r in ("flow_owner", "flow_viewer")],
    ):
        assert len(wire.send("GET", "/flows", params=roles).json()["flows"]) == 4
    for order in ({"orderby": "title ASC,id DESC"}, [("orderby", "title ASC"), ("orderby", "id DESC")]):
        flows = wire.send("GET", "/flows", params=order).json()["flows"]
        assert [flow["title"] for flow in flows] == ["a", "a", "b"]
        assert flows[0]["id"] > flows[1]["id"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"filter_title": "LPH"}, ["Alpha"]),
        ({"filter_title": "a"}, ["Alpha", "Beta"]),
        ({"filter_subtitle": "Sub"}, ["Alpha"]),
        ({"filter_description": "ÄPFEL"}, ["Beta"]),
        ({"filter_keywords": "OT"}, ["Beta"]),
        ({"filter_keywords": "one,t"}, []),
        ({"filter_fulltext": "sub"}, ["Alpha"]),
        ({"filter_fulltext": URNS["amy"]}, ["Alpha", "Beta"]),
        ({"filter_scope_string": "/flow_"}, ["Alpha", "Beta"]),
        ({"filter_title": "%"}, []),
    ],
)
def test_substrings(wire: Wire, filters: dict[str, str], found: list[str]) -> None:
    """Text filters match substrings, whatever their case, of one field or one keyword."""
    make(wire, "Alpha", subtitle="a subtitle", keywords=["one"])
    make(wire, "Beta", description="frische Äpfel", keywords=["two", "other"])
    assert titles(wire, query_params=filters) == found


def test_ignored_keywords(wire: Wire) -> None:
    """A service that ignores filter_keywords lists everything."""
    make(wire, "a", keywords=["one"])
    make(wire, "b")
    wire.send("PATCH", "/_emulator/settings", json={"filter_keywords": "ignored"})
    assert titles(wire, query_params={"filter_keywords": "one"}) == ["a", "b"]


@pytest.mark.parametrize(
    "order", ["id", "scope_string", "flow_owner", "flow_administrators", "title", "created_at", "updated_at"]
)
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_orders(wire: Wire, order: str, direction: str) -> None:
    """Every order pages through all flows, each once, and DESC is ASC backwards where the values differ."""
    made = make(wire, "c", "a", "d", "b")
    wire.flows().update_flow(made[1], subtitle="later")
    listed = everything(wire.flows(), per_page=3, orderby=f"{order} {direction}")
    assert sorted(listed) == sorted(made)
    if order not in ("flow_owner", "flow_administrators"):
        other = {"ASC": "DESC", "DESC": "ASC"}[direction]
        assert listed[::-1] == everything(wire.flows(), per_page=2, orderby=f"{order} {other}")


def test_pages(wire: Wire) -> None:
    """A page holds 20 flows unless told, a marker leads on and carries the whole query, the last page has none."""
    make(wire, *(f"flow {number:02}" for number in range(25)), "other")
    query: dict[str, Any] = {"filter_title": "flow", "orderby": "title DESC"}
    first = wire.send("GET", "/flows", params=query).json()
    assert (len(first["flows"]), first["limit"], first["has_next_page"]) == (20, 20, True)
    second = wire.send("GET", "/flows", params={"marker": first["marker"]}).json()
    assert [flow["title"] for flow in second["flows"]] == [f"flow {number:02}" for number in (4, 3, 2, 1, 0)]
    assert (second["has_next_page"], second["marker"]) == (False, None)
    page = wire.send("GET", "/flows", params={**query, "page": 3, "per_page": 10}).json()
    assert [flow["id"] for flow in page["flows"]] == [flow["id"] for flow in second["flows"]]


@pytest.mark.parametrize(
    "query",
    [
        "per_page=0",
        "per_page=101",
        "per_page=x",
        "page=0",
        "marker=x",
        "marker=",
        "marker=e30=",
        "filter_roles=",
        "filter_roles=king",
        "orderby=title",
        "orderby=definition ASC",
        "orderby=title UP",
        "orderby=",
    ],
)
def test_impossible_queries(wire: Wire, query: str) -> None:
    """A parameter that cannot be is refused with status 400, an empty filter_roles among them."""
    assert wire.send("GET", f"/flows?{query}").status_code == 400


def test_paging_under_inserts(wire: Wire) -> None:
    """In the order `id ASC` each flow that is there all the time is listed once, whatever comes and goes meanwhile."""
    stay = make(wire, *("stays",) * 12)
    listed: list[str] = []
    pages = wire.flows().paginated.list_flows(orderby="id ASC", query_params={"per_page": 3})
    for page in pages:
        listed += [flow["id"] for flow in page]
        passing = make(wire, *("passing",) * 4)
        for flow_id in passing[:2]:
            wire.flows().delete_flow(flow_id)
        if len(listed) > 60:
            break
    for flow_id in stay:
        assert listed.count(flow_id) <= 1
    assert len(set(listed)) == len(listed)
    assert {flow_id for flow_id in stay if flow_id <= max(listed)} <= set(listed)


def test_concurrent_writes(wire: Wire) -> None:
    """32 creates at once make 32 flows, and 32 updates at once of one flow move its time 32 times."""
    client = wire.flows()
    with ThreadPoolExecutor(32) as pool:
        made = [*pool.map(lambda number: client.create_flow(f"{number}", PASS, {})["id"], range(32))]
        times = [*pool.map(lambda number: client.update_flow(made[0], title=f"{number}")["updated_at"], range(32))]
    assert sorted(everything(client, per_page=10)) == sorted(set(made))
    assert len(set(times)) == 32
    assert client.get_flow(made[0])["updated_at"] == max(times)
