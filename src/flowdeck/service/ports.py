"""The two faces of a flow service: a Reader for everything up to the plan, a Writer for apply alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from flowdeck.model.flow import Flow
from flowdeck.model.json_value import Json
from flowdeck.model.live import LiveFlow, Runs

Kind = Literal["unreachable", "failed", "busy", "unauthenticated", "forbidden", "gone", "invalid"]


@dataclass(frozen=True, slots=True)
class Detail:
    """One complaint of the service; `location` is a path that begins with a field of the flow, if it tells one."""

    message: str
    location: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request did not succeed. `request_id` is the service's own, for a support request.

    `retry_after` is how many seconds the service asked to wait, if it did.
    """

    kind: Kind
    message: str
    details: tuple[Detail, ...] = ()
    request_id: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The write took effect; `live` is the service's answer, `request_id` its own name for it, if it told one."""

    live: LiveFlow
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The write surely had no effect."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows whether the write took effect: the answer never came, or said only that something broke."""

    problem: Problem


Outcome = Done | Failed | Unknown


@dataclass(frozen=True, slots=True)
class Validated:
    """The service takes a definition. `scopes` are those that each role (`RunAs`) needs; None where it tells none."""

    scopes: Mapping[str, frozenset[str]] | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """There is no such flow, or the identity in use may not see it; the service does not tell which."""

    id: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody, or a group, that a name may mean; `description` tells it from others of the same name."""

    urn: str
    description: str


class Reader(Protocol):
    """What may be asked. Each method raises model.errors.ServiceError when the service does not answer properly."""

    @property
    def identity(self) -> str:
        """The principal URN in use."""

    @property
    def service(self) -> str:
        """Which service it is, as plans show it: `emulator` or the URL."""

    def marked(self, prefix: str) -> list[LiveFlow]:
        """The flows visible to us in any role that carry a marker beginning with `prefix`, by id."""

    def administered(self) -> list[LiveFlow]:
        """Every flow that we own or administer, by id."""

    def read(self, id: str) -> LiveFlow | Gone:
        """One flow, as it is now."""

    def runs(self, id: str) -> Runs:
        """The runs of one flow that we may see."""

    def resolve(self, names: Collection[str]) -> dict[str, tuple[Candidate, ...]]:
        """Whom each name means: `ada@example.edu` a username, `group:Staff` a group of ours; nobody for no entry."""

    def names(self, urns: Collection[str]) -> dict[str, str]:
        """Usernames and group names of principal URNs, as far as the service tells; asked in batches."""

    def validate(self, definition: Json, input_schema: Json) -> Validated | Problem:
        """What the service says of a definition, or why it refuses it. It writes nothing."""


class Writer(Protocol):
    """What may be done, one request a call and never a second one: whether to try again is for apply to decide."""

    def create(self, flow: Flow, keywords: Sequence[str]) -> Outcome:
        """Make a flow. Empty fields are left out: the service may refuse empty text on create."""

    def update(self, id: str, flow: Flow, fields: Collection[str], keywords: Sequence[str]) -> Outcome:
        """Set `fields` to what `flow` holds, and the keywords; an empty value clears. Other fields stay."""

    def delete(self, id: str) -> Outcome:
        """Delete a flow; `Done` carries it as it was last answered."""
