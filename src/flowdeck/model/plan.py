"""A plan: the ordered steps that would make the live side what the manifest says, and what else a reviewer needs."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from flowdeck.model.diagnostic import Diagnostics
from flowdeck.model.step import Action, Step


@dataclass(frozen=True, slots=True)
class Plan:
    """Frozen and hashable. `digest` covers what the steps do and found; `step_digests` are its parts, one a step.

    `service` is `emulator` or the service's URL. `missing` counts declared flows that are not live, in a drift report;
    `names` are what people call the principals in it, and
    `deployers` the URNs of those who may create, empty for "the identity in use";
    `withheld` the steps that were left out although the digest covers them.
    """

    project: str
    environment: str
    service: str
    steps: tuple[Step, ...]
    unchanged: int
    digest: str
    step_digests: tuple[str, ...]
    missing: int = 0
    withheld: int = 0
    diagnostics: Diagnostics = ()
    names: Mapping[str, str] = field(default_factory=dict, compare=False)
    deployers: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def summary(self) -> dict[str, int]:
        """How many changes of each action, in the order of docs/commands.md, and what else is counted."""
        actions = Counter(step.action for step in self.steps)
        return {
            **{action: actions[action] for action in get_args(Action)},
            "unchanged": self.unchanged,
            "drifted": sum(step.difference.drifted for step in self.steps),
            "missing": self.missing,
            "blocked": sum(step.blocked for step in self.steps),
        }
