"""What became of an apply, for the pull request: flowdeck's own words, and how to go on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from step import DONE, FAILED, INTERRUPTED, MISUSED, PARTLY, REFUSED

_STATES = {
    DONE: "applied",
    FAILED: "failed",
    REFUSED: "refused",
    PARTLY: "partly",
    MISUSED: "failed",
    INTERRUPTED: "interrupted",
}
# Where flowdeck itself could not say it any more, or what it says would mislead.
_HEADLINES = {
    "failed": "Failed: nothing was applied",
    "refused": "Refused: nothing was applied",
    "interrupted": "Interrupted",
}
_REVIEW = (
    "To go on, review the plan as it is now: open a pull request, if need be with a change of a comment in "
    "`flows.yaml`, look at the plan there, and merge it. Or run this workflow by hand, with the digest of a plan that "
    "you have looked at."
)
_AGAIN = "Run this job again: what is done stays done, and only the rest of the reviewed plan is applied."
_ADVICE = {
    "applied": "",
    "refused": (
        "A risk that blocks is accepted under `allow` in the workflow that applies, in a pull request whose plan you "
        "merge. When any other reason is mended, run this job again."
    ),
    "failed": "When the cause is mended, run this job again.",
    "partly": "In this job that means: run it again, and only the rest of the reviewed plan is applied.",
    "interrupted": f"What was in flight was given five seconds to finish, and nothing else was begun. {_AGAIN}",
    "lost": f"flowdeck was ended before it could tell what it did. {_AGAIN}",
}


@dataclass(frozen=True, slots=True)
class Told:
    """The state for the hidden line, whether there was nothing to do, and the text."""

    state: str
    is_nothing: bool
    text: str


def log(path: Path) -> dict[str, Any]:
    """What the log of an apply says at its beginning and at its end; empty if there is none."""
    found: dict[str, Any] = {}
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event.get("event") in ("apply-started", "apply-finished"):
                found |= event
    except (OSError, ValueError, AttributeError):
        pass  # a process that was killed may leave half a line: what was read until then counts
    return found


def told(code: int | None, logged: Mapping[str, Any], words: str, why: str, environment: str) -> Told:
    """Put the result of an apply into words.

    `code` is None if flowdeck was killed, `words` are flowdeck's Markdown, `why` says why there is no reviewed plan.
    """
    state = "lost" if code is None else _STATES.get(code, "failed")
    is_nothing = state == "applied" and logged.get("outcome") == "nothing"
    if why and state == "refused":
        parts = [_headline(state, environment), f"There is no reviewed plan to apply: {why}.", _REVIEW]
    else:
        parts = [words or _headline(state, environment), _advice(state, logged.get("errors", ()))]
    return Told(state, is_nothing, "\n\n".join(part for part in parts if part))


def _headline(state: str, environment: str) -> str:
    return f"**{_HEADLINES.get(state, 'Ended without a result')}**: `{environment}`"


def _advice(state: str, errors: list[str]) -> str:
    if state == "refused" and "digest-mismatch" in errors:
        return f"Since the review, the manifest or the service changed. {_REVIEW}"
    if state == "failed" and "bad-expectation" in errors:
        return f"Somebody changed the hidden first line of this comment, and so it is no review any more. {_REVIEW}"
    return _ADVICE[state]
