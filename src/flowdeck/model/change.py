"""Differences: what becomes of a field or a role, and where the difference came from."""

from dataclasses import dataclass
from enum import StrEnum

from flowdeck.model.diagnostic import Place
from flowdeck.model.flow import Role
from flowdeck.model.json_value import Json


class Origin(StrEnum):
    """Who made a difference, as the stamp of the last apply tells; unknown without a stamp that we can read."""

    MANIFEST = "manifest"
    OUTSIDE = "outside"
    BOTH = "both"
    UNKNOWN = "unknown"

    @property
    def is_drift(self) -> bool:
        """Whether somebody changed the live side outside flowdeck."""
        return self in (Origin.OUTSIDE, Origin.BOTH)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value: None stands for "not there". A sensitive change never holds its values; an unknown one not yet."""

    path: str
    before: Json | None
    after: Json | None
    origin: Origin
    sensitive: bool = False
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """What in the manifest gives a principal a role: a permission set, or the flow itself, and the line."""

    principal: str
    permission_set: str | None
    place: Place | None


@dataclass(frozen=True, slots=True)
class RoleChange:
    """Principals that gain and lose one role, each list sorted, and what grants those that gain it."""

    role: Role
    added: tuple[str, ...]
    removed: tuple[str, ...]
    origin: Origin
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True, slots=True)
class NamesChange:
    """Names that come or go, such as the scopes of a definition; each sorted."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rewiring:
    """A state that leads elsewhere: the states that it led to, and those that it leads to now, the main way first."""

    state: str
    was: tuple[str, ...]
    now: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatesChange:
    """States that come, go, stay with another content, or lead elsewhere; each sorted by name.

    A rewired state has another content, so it is among the changed ones too.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    rewired: tuple[Rewiring, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that one step changes on a flow, as a reviewer reads it."""

    fields: tuple[FieldChange, ...] = ()
    roles: tuple[RoleChange, ...] = ()
    scopes: NamesChange = NamesChange()
    states: StatesChange = StatesChange()

    @property
    def drifted(self) -> bool:
        """Whether any of it was changed outside."""
        return any(one.is_drift for one in self.origins)

    @property
    def origins(self) -> tuple[Origin, ...]:
        """The origin of each changed field and role."""
        return (*(change.origin for change in self.fields), *(change.origin for change in self.roles))


NO_DIFFERENCE = Difference()
