"""What the service holds: one live flow, and everything that a plan must know of the live side."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flowdeck.model.flow import Flow, address_of
from flowdeck.model.json_value import Json
from flowdeck.model.marker import Keywords

OWNER = "flow_owner"
ADMINISTRATOR = "flow_administrator"


@dataclass(frozen=True, slots=True)
class LiveFlow:
    """A flow as the service told it. `flow.keywords` are the user's; ours are in `keywords`.

    `our_roles` are the roles of the identity in use; times are the service's own text, not parsed.
    """

    id: str
    flow: Flow
    keywords: Keywords
    our_roles: frozenset[str]
    scope: str = ""
    url: str = ""
    created_at: str = ""
    updated_at: str = ""

    @property
    def administered(self) -> bool:
        """Whether the identity in use may change the flow, and so sees its roles and private parameters."""
        return bool(self.our_roles & {OWNER, ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Runs:
    """How many runs of a flow are active now, and how many there ever were that the service still knows."""

    active: int = 0
    ever: int = 0


@dataclass(frozen=True, slots=True)
class Loser:
    """A second flow of the address that `name` stands for, which is to go; `winner` stays."""

    name: str
    flow: LiveFlow
    winner: LiveFlow


@dataclass(frozen=True, slots=True)
class Live:
    """The live side of one environment.

    `found` pairs each declared flow that exists with it, by declared name, also under its `moved_from` name or `id`.
    `undeclared` are ours, by marker name, that the manifest does not declare. `surplus` are second flows of an address,
    to be withdrawn, and `replaced` the losers of a replace. `namesakes` are ids of
    administered flows without any marker that have the title of a declared flow that does not exist.
    """

    identity: str
    found: Mapping[str, LiveFlow] = field(default_factory=dict)
    undeclared: tuple[tuple[str, LiveFlow], ...] = ()
    surplus: tuple[Loser, ...] = ()
    replaced: tuple[Loser, ...] = ()
    namesakes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    runs: Mapping[str, Runs] = field(default_factory=dict)

    @property
    def managed(self) -> int:
        """How many live flows are ours already; one that is only named by id is not."""
        return sum(bool(flow.keywords.markers) for flow in self.found.values()) + len(self.undeclared)


@dataclass(frozen=True, slots=True)
class ManagedFlow:
    """A live flow of ours as it is listed: its name, whether it drifted, and its definition without private values."""

    name: str
    live: LiveFlow
    drifted: bool
    definition: Json

    @property
    def address(self) -> str:
        """The resource address."""
        return address_of(self.name)


def told(flows: Mapping[str, LiveFlow], reference: str) -> str | None:
    """What `flow.NAME.id` or `flow.NAME.scope` means, if NAME is among the flows; None for any other reference."""
    match reference.split("."):
        case ["flow", name, "id"] if name in flows:
            return flows[name].id
        case ["flow", name, "scope"] if name in flows:
            return flows[name].scope
        case _:
            return None
