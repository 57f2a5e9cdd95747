"""A risk: what a reviewer must know about a change, with a code and a level that guardrails may set."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """`off` hides a risk, `note` and `warn` show it, `block` refuses the apply unless it is allowed."""

    OFF = "off"
    NOTE = "note"
    WARN = "warn"
    BLOCK = "block"


# Every risk code with its default level; docs/risks.md has a heading for each.
DEFAULT_LEVELS: dict[str, Level] = {
    "protected": Level.BLOCK,
    "mass-delete": Level.BLOCK,
    "lock-out": Level.BLOCK,
    "administrators-required": Level.BLOCK,
    "replace": Level.BLOCK,
    "marker-lost": Level.BLOCK,
    "public-view": Level.WARN,
    "open-start": Level.WARN,
    "new-administrator": Level.WARN,
    "owner-change": Level.WARN,
    "consent-change": Level.WARN,
    "input-breaking": Level.WARN,
    "delete-active-runs": Level.WARN,
    "drift-overwrite": Level.WARN,
    "action-host": Level.WARN,
    "run-as-change": Level.WARN,
    "no-subscription": Level.WARN,
    "access-removed": Level.WARN,
    "delete": Level.NOTE,
    "group-grant": Level.NOTE,
    "input-loosened": Level.NOTE,
    "guardrail-lowered": Level.NOTE,
}


@dataclass(frozen=True, slots=True)
class Risk:
    """One thing to know about a change; `message` is a sentence without a final period."""

    code: str
    level: Level
    message: str
