"""What an apply did: one result a step, and the whole."""

from dataclasses import dataclass
from enum import StrEnum

from flowdeck.model.diagnostic import Diagnostic, Diagnostics
from flowdeck.model.live import LiveFlow
from flowdeck.model.step import Step


class StepOutcome(StrEnum):
    """What became of a step. `unknown`: a write was sent and its answer never came; the next plan settles it."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class ApplyOutcome(StrEnum):
    """What became of the plan."""

    APPLIED = "applied"
    NOTHING = "nothing"
    PARTIAL = "partial"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step's outcome; `id` is the flow's, also of a new one, `live` what the service answered to the write.

    `error` says why the step is not done. With `live` a part of it is: something was written. `request_id` is the
    service's own name for the write, where it told one.
    """

    step: Step
    outcome: StepOutcome
    id: str | None = None
    error: Diagnostic | None = None
    details: Diagnostics = ()
    live: LiveFlow | None = None
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The whole apply, in the plan's order."""

    digest: str
    steps: tuple[StepResult, ...]
    diagnostics: Diagnostics = ()
    interrupted: bool = False

    @property
    def outcome(self) -> ApplyOutcome:
        """Applied when all is done; partial once a step or a part of one is, or may be; else refused or failed."""
        outcomes = {one.outcome for one in self.steps}
        if not outcomes:
            return ApplyOutcome.NOTHING
        if outcomes == {StepOutcome.DONE}:
            return ApplyOutcome.APPLIED
        if outcomes & {StepOutcome.DONE, StepOutcome.UNKNOWN} or any(one.live for one in self.steps):
            return ApplyOutcome.PARTIAL
        return ApplyOutcome.FAILED if StepOutcome.FAILED in outcomes else ApplyOutcome.REFUSED
