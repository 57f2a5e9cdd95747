"""A step: one thing that an apply does. The plan's faces say each step, apply does each step."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from flowdeck.model.change import NO_DIFFERENCE, Difference
from flowdeck.model.flow import WantedFlow, address_of
from flowdeck.model.live import LiveFlow
from flowdeck.model.risk import Level, Risk

Action = Literal["create", "update", "replace", "delete", "adopt", "forget", "withdraw"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    name: str
    difference: Difference = NO_DIFFERENCE
    risks: tuple[Risk, ...] = ()

    @property
    def address(self) -> str:
        """The resource address that the step is about."""
        return address_of(self.name)

    @property
    def blocked(self) -> bool:
        """Whether a risk forbids the step unless it is allowed."""
        return any(risk.level is Level.BLOCK for risk in self.risks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(_Step):
    """A declared flow does not exist: make it."""

    action: ClassVar[Action] = "create"
    wanted: WantedFlow


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(_Step):
    """A flow of ours differs from its declaration: send `sends`, the fields that differ."""

    action: ClassVar[Action] = "update"
    wanted: WantedFlow
    live: LiveFlow
    sends: tuple[str, ...] = ()
    moved_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt(_Step):
    """A flow that the manifest names by id becomes ours: mark it, and send what differs."""

    action: ClassVar[Action] = "adopt"
    wanted: WantedFlow
    live: LiveFlow
    sends: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace(_Step):
    """A difference that the service cannot make on a live flow: create a new one, then delete the old."""

    action: ClassVar[Action] = "replace"
    wanted: WantedFlow
    live: LiveFlow


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(_Step):
    """A flow of ours is no longer declared."""

    action: ClassVar[Action] = "delete"
    live: LiveFlow


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget(_Step):
    """Take our keywords off a flow and leave everything else."""

    action: ClassVar[Action] = "forget"
    live: LiveFlow


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(_Step):
    """Delete the second flow of one address: a duplicate nobody used, or the loser of a replace; `keeps` stays."""

    action: ClassVar[Action] = "withdraw"
    live: LiveFlow
    keeps: str


Step = Create | Update | Adopt | Replace | Delete | Forget | Withdraw


def id_of(step: Step) -> str | None:
    """The id of the live flow that the step is about; None for a create."""
    return None if isinstance(step, Create) else step.live.id


def redefined(step: Step) -> WantedFlow | None:
    """The wanted flow whose definition or input schema the step sends; None where it sends neither."""
    match step:
        case Create() | Replace():
            return step.wanted
        case Update() | Adopt() if {"definition", "input_schema"} & {*step.sends}:
            return step.wanted
        case _:
            return None
