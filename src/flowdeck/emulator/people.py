"""Identities, groups, subscriptions and tokens as they are stored, and who a token speaks for."""

import secrets
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from flowdeck.emulator.exchange import Caller

TOKEN_SECONDS = 172800  # a fixture of globus_sdk.testing: two days
CODE_SECONDS = 600
REFRESH_SECONDS = 180 * 86400  # globus-sdk's documentation: six months without use; here, since it was issued


@dataclass(frozen=True, slots=True)
class Identity:
    """A person, or with a `secret` a confidential client."""

    id: str
    username: str
    name: str | None = None
    email: str | None = None
    organization: str | None = None
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A group; one with a `subscription` is that subscription's group, its members may use the subscription."""

    id: str
    name: str
    description: str = ""
    visibility: str = "private"
    subscription: str | None = None
    high_assurance: bool = False


@dataclass(frozen=True, slots=True)
class Membership:
    """An identity's place in a group: role member, manager or admin; status active, invited, pending and so on."""

    group_id: str
    identity: str
    role: str = "member"
    status: str = "active"


@dataclass(frozen=True, slots=True)
class Policy:
    """An authentication policy; only one that demands high assurance may be set on a flow."""

    id: str
    high_assurance: bool


@dataclass(frozen=True, slots=True)
class Token:
    """An access token for one resource server; times are seconds since the epoch."""

    token: str
    identity: str
    scope: str
    issued: float
    expires: float


@dataclass(frozen=True, slots=True)
class Grant:
    """What a native client may turn into access tokens: a `code`, for a challenge, or a `refresh` token.

    A `code-online` is a code that brings no refresh tokens.
    """

    kind: str
    identity: str
    client: str
    scope: str
    challenge: str = ""
    redirect: str = ""


_TABLES: Mapping[type, str] = {
    Identity: "identities",
    Group: "groups",
    Membership: "memberships",
    Policy: "policies",
    Token: "tokens",
}


def save(db: sqlite3.Connection, value: Identity | Group | Membership | Policy | Token) -> None:
    """Store the value in place of the one with its key."""
    table = _TABLES[type(value)]
    columns = [getattr(value, name) for name in value.__slots__]
    db.execute(f"REPLACE INTO {table} VALUES ({', '.join('?' * len(columns))})", columns)


def identity(db: sqlite3.Connection, identity_id: str) -> Identity | None:
    """The identity of this id."""
    row = db.execute("SELECT * FROM identities WHERE id = ?", (identity_id.lower(),)).fetchone()
    return Identity(**row) if row else None


def identity_named(db: sqlite3.Connection, username: str) -> Identity | None:
    """The identity of this username."""
    row = db.execute("SELECT * FROM identities WHERE username = ?", (username,)).fetchone()
    return Identity(**row) if row else None


def first(db: sqlite3.Connection) -> Identity | None:
    """The person who was seeded first."""
    row = db.execute("SELECT * FROM identities WHERE secret IS NULL ORDER BY rowid LIMIT 1").fetchone()
    return Identity(**row) if row else None


def provisioned(db: sqlite3.Connection, username: str) -> Identity:
    """The identity of this username, made when there is none, always under the same id."""
    found = identity_named(db, username) or Identity(id=str(uuid5(NAMESPACE_URL, username)), username=username)
    save(db, found)
    return found


def group(db: sqlite3.Connection, group_id: str) -> Group | None:
    """The group of this id."""
    return _group(db.execute("SELECT * FROM groups WHERE id = ?", (group_id.lower(),)).fetchone())


def group_named(db: sqlite3.Connection, name: str) -> Group | None:
    """The group of this name, the one of the smallest id when there are several: names are not unique."""
    return _group(db.execute("SELECT * FROM groups WHERE name = ? ORDER BY id", (name,)).fetchone())


def subscription_group(db: sqlite3.Connection, subscription: str) -> Group | None:
    """The group whose members may use this subscription."""
    return _group(db.execute("SELECT * FROM groups WHERE subscription = ?", (subscription.lower(),)).fetchone())


def memberships(db: sqlite3.Connection, identity_id: str) -> list[Membership]:
    """Every membership of the identity, whatever its status."""
    rows = db.execute("SELECT * FROM memberships WHERE identity = ? ORDER BY group_id", (identity_id,))
    return [Membership(**row) for row in rows]


def issue(db: sqlite3.Connection, identity_id: str, scopes: Sequence[str]) -> Token:
    """Store and return a new token for the scopes, which all belong to one resource server."""
    now = time.time()
    token = Token(secrets.token_urlsafe(32), identity_id, " ".join(scopes), now, now + TOKEN_SECONDS)
    save(db, token)
    return token


def token(db: sqlite3.Connection, value: str) -> Token | None:
    """The token of this value, unless it is unknown, revoked or expired."""
    row = db.execute("SELECT * FROM tokens WHERE token = ? AND expires > ?", (value, time.time())).fetchone()
    return Token(**row) if row else None


def revoke(db: sqlite3.Connection, value: str) -> None:
    """Forget the token, the refresh token or the code."""
    db.execute("DELETE FROM tokens WHERE token = ?", (value,))
    db.execute("DELETE FROM grants WHERE value = ?", (value,))


def grant(db: sqlite3.Connection, given: Grant) -> str:
    """Store a new grant; return the secret text that stands for it."""
    value = secrets.token_urlsafe(32)
    expires = time.time() + (REFRESH_SECONDS if given.kind == "refresh" else CODE_SECONDS)
    fields = [getattr(given, name) for name in given.__slots__]
    db.execute("INSERT INTO grants VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [value, expires, *fields])
    return value


def granted(db: sqlite3.Connection, value: str) -> Grant | None:
    """The grant of this value, unless it is unknown, used, revoked or expired."""
    query = "SELECT kind, identity, client, scope, challenge, redirect FROM grants WHERE value = ? AND expires > ?"
    row = db.execute(query, (value, time.time())).fetchone()
    return Grant(**row) if row else None


def caller(db: sqlite3.Connection, identity_id: str, scopes: Sequence[str] = ()) -> Caller:
    """The identity with its active groups, its subscriptions among them."""
    rows = db.execute(
        "SELECT id, subscription FROM groups JOIN memberships ON id = group_id"
        " WHERE identity = ? AND status = 'active' ORDER BY id",
        (identity_id,),
    ).fetchall()
    return Caller(
        identity=identity_id,
        scopes=frozenset(scopes),
        groups=tuple(row["id"] for row in rows),
        subscriptions=tuple(row["subscription"] for row in rows if row["subscription"]),
    )


def demands_high_assurance(db: sqlite3.Connection, policy_id: str) -> bool:
    """Whether there is such an authentication policy, and it demands high assurance."""
    row = db.execute("SELECT high_assurance FROM policies WHERE id = ?", (policy_id.lower(),)).fetchone()
    return row is not None and bool(row["high_assurance"])


def _group(row: sqlite3.Row | None) -> Group | None:
    return Group(**{**row, "high_assurance": bool(row["high_assurance"])}) if row else None
