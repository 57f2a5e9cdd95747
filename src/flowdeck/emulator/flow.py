"""A flow as the emulator stores it, and the reading and writing of its versions."""

import dataclasses
import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flowdeck.emulator.exchange import JsonObject
from flowdeck.emulator.settings import Settings

HISTORY_SECONDS = 3600  # how long a superseded version is kept: a list can be stale by so much and no more
FREE_TIER = timedelta(days=30)  # the service's documented limits

ROLES = ("flow_administrators", "flow_starters", "flow_viewers", "run_managers", "run_monitors")

# The SQL condition that version `v` is the one that was its flow's newest at :moment.
CURRENT = "v.sequence = (SELECT max(sequence) FROM versions w WHERE w.flow_id = v.flow_id AND w.at <= :moment)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One version of a flow. Field names are those of the service's documents; times are its strings."""

    id: str
    flow_owner: str
    created_by: str
    created_at: str
    updated_at: str
    definition: JsonObject
    input_schema: JsonObject
    title: str = ""
    subtitle: str = ""
    description: str = ""
    keywords: Sequence[str] = ()
    flow_administrators: Sequence[str] = ()
    flow_starters: Sequence[str] = ()
    flow_viewers: Sequence[str] = ()
    run_managers: Sequence[str] = ()
    run_monitors: Sequence[str] = ()
    subscription_id: str | None = None
    authentication_policy_id: str | None = None
    deleted_at: str | None = None

    @property
    def globus_auth_scope(self) -> str:
        """The scope that a caller needs to start this flow."""
        return f"https://auth.globus.org/scopes/{self.id}/flow_{self.id.replace('-', '_')}_user"


def now() -> str:
    """The time as the service writes it, in microseconds of UTC."""
    return timestamp(datetime.now(UTC))


def timestamp(moment: datetime) -> str:
    """`2020-09-01T17:59:20.711845+00:00`, so that times sort as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def touched(flow: Flow) -> str:
    """A time for the flow's next version: now, yet always later than its last one."""
    return max(now(), timestamp(datetime.fromisoformat(flow.updated_at) + timedelta(microseconds=1)))


def read(db: sqlite3.Connection, flow_id: str, settings: Settings) -> Flow | None:
    """The flow of this id, unless it is unknown, deleted or expired."""
    row = db.execute(
        f"SELECT document FROM versions WHERE flow_id = ? AND {alive(settings)} AND sequence ="
        " (SELECT max(sequence) FROM versions WHERE flow_id = ?)",
        (flow_id.lower(), flow_id.lower()),
    ).fetchone()
    return from_document(row["document"]) if row else None


def newest(db: sqlite3.Connection, flow_id: str) -> Flow | None:
    """The newest version of the flow, even when it says that the flow is deleted."""
    row = db.execute(
        "SELECT document FROM versions WHERE flow_id = ? ORDER BY sequence DESC LIMIT 1", (flow_id,)
    ).fetchone()
    return from_document(row["document"]) if row else None


def titled(db: sqlite3.Connection, title: str) -> str | None:
    """The id of the newest flow that ever had this title."""
    row = db.execute("SELECT flow_id FROM versions WHERE title = ? ORDER BY sequence DESC", (title,)).fetchone()
    return row["flow_id"] if row else None


def has_free(db: sqlite3.Connection, owner: str, settings: Settings) -> bool:
    """Whether the owner has a flow without a subscription."""
    row = db.execute(
        f"SELECT 1 FROM versions v WHERE {CURRENT} AND {alive(settings)}"
        " AND flow_owner = :owner AND subscription_id IS NULL",
        {"owner": owner, "moment": float("inf")},
    ).fetchone()
    return row is not None


def write(db: sqlite3.Connection, flow: Flow) -> None:
    """Make this the flow's newest version, and forget those that even the most stale list no longer shows."""
    at = time.time()
    fields = {field.name: getattr(flow, field.name) for field in dataclasses.fields(flow)}
    columns: dict[str, Any] = {
        name: fields[name]
        for name in ("flow_owner", "subscription_id", "created_at", "updated_at", "title", "subtitle", "description")
    }
    columns |= {"flow_id": flow.id, "at": at, "deleted": flow.deleted_at is not None}
    columns["keywords"] = json.dumps(list(flow.keywords))
    columns["roles"] = json.dumps({role: list(fields[role]) for role in ROLES})
    columns["document"] = json.dumps(fields)
    names = ", ".join(columns)
    db.execute(f"INSERT INTO versions ({names}) VALUES ({', '.join('?' * len(columns))})", list(columns.values()))
    db.execute(
        "DELETE FROM versions WHERE flow_id = :flow AND sequence <"
        " (SELECT max(sequence) FROM versions WHERE flow_id = :flow AND at < :past)",
        {"flow": flow.id, "past": at - HISTORY_SECONDS},
    )


def alive(settings: Settings) -> str:
    """The SQL condition of a version that is neither deleted nor, where the free tier is enforced, expired."""
    if settings.free_tier == "off":
        return "NOT deleted"
    oldest = timestamp(datetime.now(UTC) - FREE_TIER)
    return f"NOT deleted AND (subscription_id IS NOT NULL OR created_at > '{oldest}')"


def from_document(text: str) -> Flow:
    """The flow of a stored document."""
    return Flow(**json.loads(text))
