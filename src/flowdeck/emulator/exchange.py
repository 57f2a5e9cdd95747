"""What a handler receives and returns: a call by a known caller, and an answer."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flowdeck.emulator.settings import Settings

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever a token speaks for: the identity, the scopes of the token, and the ids of the active memberships."""

    identity: str
    scopes: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()

    @property
    def urn(self) -> str:
        """The caller as a principal of a flow's roles."""
        return identity_urn(self.identity)

    @property
    def principals(self) -> frozenset[str]:
        """Every principal string that means this caller, the two special words included."""
        groups = (f"urn:globus:groups:id:{group}" for group in self.groups)
        return frozenset({self.urn, "public", "all_authenticated_users", *groups})


NOBODY = Caller(identity="")


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way to a handler, inside the transaction `db` that commits before the answer is sent."""

    db: sqlite3.Connection
    settings: Settings
    caller: Caller
    arguments: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    text: bytes = b""
    credentials: tuple[str, str] | None = None
    """The name and password of Basic authentication."""
    moment: float = float("inf")
    """A list shows the flows as they were at this moment, in seconds since the epoch."""

    def parameter(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return self.query.get(name, (default,))[0]

    def words(self, name: str) -> list[str]:
        """The values of a query parameter, given as a comma list, or several times, or both."""
        return [word.strip() for text in self.query.get(name, ()) for word in text.split(",")]


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a JSON body, and headers beyond those of every answer."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def identity_urn(identity: str) -> str:
    """The URN of an identity's id."""
    return f"urn:globus:auth:identity:{identity}"
