"""Events: what an apply tells while it works, for progress and logs."""

from dataclasses import dataclass

from flowdeck.model.result import StepResult
from flowdeck.model.step import Step


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step is about to be done."""

    step: Step


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step ended, well or not; `seconds` is its wall time."""

    result: StepResult
    seconds: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """Apply waits for the service, and says for what."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retrying:
    """A request did not succeed and is sent again after `pause` seconds; `attempt` counts from 1, `about` may be empty.

    `busy` says that the service asked to slow down.
    """

    about: str
    reason: str
    attempt: int
    pause: float
    busy: bool


Event = StepStarted | StepFinished | Waiting | Retrying
