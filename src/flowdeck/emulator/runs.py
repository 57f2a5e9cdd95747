"""GET /runs: the runs that a seed declared; the emulator starts none."""

import json
import sqlite3
from functools import partial

from flowdeck.emulator import flow, paging
from flowdeck.emulator.exchange import Answer, Call, JsonObject
from flowdeck.emulator.refusals import Refusal

_ROLES = ("run_owner", "run_manager", "run_monitor", "flow_run_manager", "flow_run_monitor")
_STATE = ("roles", "flows", "statuses", "limit", "offset")


def save(db: sqlite3.Connection, run: JsonObject) -> None:
    """Store a run, in the form in which GET answers it but for what depends on the caller."""
    db.execute(
        "REPLACE INTO runs VALUES (?, ?, ?, ?)", (run["run_id"], run["flow_id"], run["start_time"], json.dumps(run))
    )


def runs(call: Call) -> Answer:
    """GET /runs, newest first. Without `filter_roles` the caller's own runs; `filter_status` is unverified."""
    state = paging.resumed(call.parameter("marker"), _STATE) if "marker" in call.query else _asked(call)
    found = [
        run
        for run, roles in map(partial(_seen, call), _stored(call, state["flows"]))
        if not set(roles).isdisjoint(state["roles"]) and run["status"] in (state["statuses"] or [run["status"]])
    ]
    first, after = state["offset"], state["offset"] + state["limit"]
    following = paging.marker({**state, "offset": after}) if len(found) > after else None
    return Answer(200, paging.page("runs", found[first:after], state["limit"], following))


def read(call: Call) -> Answer:
    """GET /runs/{id}, with the flow's description if the parameter include_flow_description asks for it."""
    run_id = call.arguments["run_id"]
    row = call.db.execute("SELECT document FROM runs WHERE id = ?", (run_id.lower(),)).fetchone()
    run, roles = _seen(call, json.loads(row["document"])) if row else ({}, [])
    if not roles:
        raise Refusal(404, "NOT_FOUND", f"No run exists with id value {run_id}")
    if call.parameter("include_flow_description").lower() == "true":
        run["flow_description"] = _flow_description(call, run["flow_id"])
    return Answer(200, run)


def _asked(call: Call) -> JsonObject:
    # globus-cli sends these filters empty when it has none.
    roles, flow_ids = ([word for word in call.words(name) if word] for name in ("filter_roles", "filter_flow_id"))
    for role in roles:
        if role not in _ROLES:
            raise paging.bad_parameter(f"filter_roles: unknown role '{role}'")
    return {
        "roles": roles or ["run_owner"],
        "flows": [flow_id.lower() for flow_id in flow_ids],
        "statuses": call.words("filter_status"),
        "limit": paging.limit(call),
        "offset": paging.offset(call),
    }


def _stored(call: Call, flow_ids: list[str]) -> list[JsonObject]:
    wanted = "WHERE flow_id IN (SELECT value FROM json_each(?))" if flow_ids else "WHERE ? IS NOT NULL"
    rows = call.db.execute(f"SELECT document FROM runs {wanted} ORDER BY start_time DESC, id", (json.dumps(flow_ids),))
    return [json.loads(row["document"]) for row in rows]


def _seen(call: Call, run: JsonObject) -> tuple[JsonObject, list[str]]:
    """The run as the caller sees it, and the roles that let him, strongest first: with none he may not see it.

    The administrators of a flow manage its runs, also those of a flow that is deleted.
    """
    of_flow = flow.newest(call.db, run["flow_id"])
    assert of_flow is not None  # a seed declares runs of flows that exist, and no flow is ever forgotten
    granted = {
        "run_owner": [run["run_owner"]],
        "run_manager": run["run_managers"],
        "run_monitor": run["run_monitors"],
        "flow_run_manager": [of_flow.flow_owner, *of_flow.flow_administrators, *of_flow.run_managers],
        "flow_run_monitor": of_flow.run_monitors,
    }
    roles = [role for role, principals in granted.items() if not call.caller.principals.isdisjoint(principals)]
    deleted = {"flow_deleted_at": of_flow.deleted_at} if of_flow.deleted_at else {}
    return {**run, "user_role": roles[0] if roles else None, **deleted}, roles


def _flow_description(call: Call, flow_id: str) -> JsonObject:
    of_flow = flow.newest(call.db, flow_id)
    names = (
        "created_at",
        "created_by",
        "description",
        "flow_owner",
        "globus_auth_scope",
        "id",
        "keywords",
        "subtitle",
        "title",
        "updated_at",
    )
    return {name: getattr(of_flow, name) for name in names}
