"""When to ask or write again: pauses that grow, what the service itself asks for, and a deadline for all of it."""

import random
from dataclasses import dataclass

from flowdeck.service.ports import Problem

# Another try may succeed: the service asked to slow down, broke, or was not reached.
_PASSING = ("busy", "failed", "unreachable")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one request is worth trying; times in seconds.

    `first` and `most` bound the pauses that double from try to try, `deadline` bounds tries and pauses together.
    """

    tries: int = 6
    first: float = 0.5
    most: float = 10.0
    deadline: float = 120.0

    def pause(self, problem: Problem, attempt: int, spent: float) -> float | None:
        """Seconds until the next try, after `attempt` of them took `spent`; None when this was the last.

        Jittered, so that jobs that failed together do not come back together; never sooner than Retry-After says.
        """
        if problem.kind not in _PASSING or attempt >= self.tries:
            return None
        pause = min(self.most, self.first * 2 ** (attempt - 1)) * random.uniform(0.5, 1)
        if problem.retry_after is not None:
            pause += problem.retry_after
        return pause if spent + pause <= self.deadline else None


PATIENCE = Patience()
