"""The one issue that an environment has while it drifts: opened, kept up to date, closed, opened again."""

from dataclasses import dataclass
from typing import Any

import marker
from comment import assembled, check_author
from forge import Forge, Unsettled
from marker import Record
from step import Inputs, StepError

LABEL = "flowdeck-drift"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Issue:
    """One of our issues."""

    number: int
    is_open: bool


def ours(forge: Forge, inputs: Inputs) -> list[Issue]:
    """Our issues about an environment, oldest first. GitHub lists pull requests among issues: they are none."""
    found = []
    for one in forge.every(f"/issues?state=all&labels={LABEL}"):
        is_mine = marker.is_by(one, inputs.author) and "pull_request" not in one
        record = marker.read(one.get("body") or "") if is_mine else None
        if record and record.is_about("drift", inputs.path, inputs.environment):
            found.append(Issue(one["number"], one["state"] == "open"))
    return sorted(found, key=lambda issue: issue.number)


def keep(forge: Forge, inputs: Inputs, text: str, *, drifted: bool) -> None:
    """Bring the issue up to date. The oldest one is kept; others, made when two jobs ran at once, are closed."""
    record = Record("drift", inputs.path, inputs.environment, "drifted" if drifted else "clean")
    body = assembled(record, text)
    issues = ours(forge, inputs)
    for attempt in range(_TRIES):
        if issues or not drifted:
            break
        try:
            _open(forge, inputs, body)
        except Unsettled:
            if attempt == _TRIES - 1:
                raise
            issues = ours(forge, inputs)
        else:
            return
    for issue in issues[:1]:
        if drifted or issue.is_open:
            state: dict[str, Any] = {"state": "open"} if drifted else {"state": "closed", "state_reason": "completed"}
            forge.patch(f"/issues/{issue.number}", {"body": body, **state})
    for issue in issues[1:]:
        if issue.is_open:
            forge.patch(f"/issues/{issue.number}", {"state": "closed", "state_reason": "not_planned"})


def title(inputs: Inputs) -> str:
    """The issue's title, for people: it is not what the issue is found by."""
    return f"Drift in {inputs.environment}{'' if inputs.path == '.' else f' ({inputs.path})'}"


def _open(forge: Forge, inputs: Inputs, body: str) -> None:
    made = forge.post("/issues", {"title": title(inputs), "body": body, "labels": [LABEL]})
    check_author(made, inputs)
    if LABEL not in [label.get("name") for label in made.get("labels", ())]:
        raise StepError(f"the issue did not get the label {LABEL}, by which it is found: create that label")
