"""The comment that a pull request has for each environment: found by its first line and its author, edited in place."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import marker
from forge import NOT_FOUND, Forge, ForgeError, Unsettled
from marker import Record
from step import Inputs, StepError

# GitHub refuses more than 65,536 characters; bytes are the safer thing to count.
MOST_BYTES = 65_000
APPLIED = "applied"
# A key of our own in a plan document that is not whole.
OUTLINE = "outline"
_PLAN_FOLLOWS = "<!-- flowdeck: the plan -->"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Comment:
    """One of our comments."""

    id: int
    record: Record
    text: str


def ours(forge: Forge, pull_request: int, inputs: Inputs) -> list[Comment]:
    """Our comments on a pull request about one environment, oldest first; what others wrote is none, marker or not."""
    found = []
    for one in forge.every(f"/issues/{pull_request}/comments"):
        body = one.get("body") or ""
        record = marker.read(body) if marker.is_by(one, inputs.author) else None
        if record and record.is_about("plan", inputs.path, inputs.environment):
            found.append(Comment(one["id"], record, marker.rest(body)))
    return sorted(found, key=lambda comment: comment.id)


def keep(forge: Forge, pull_request: int, inputs: Inputs, record: Record, text: str, *, opens: bool) -> None:
    """Bring the comment of an environment up to date: edited in place, and opened only if `opens`."""
    body = assembled(record, text)
    for attempt in range(_TRIES):
        earlier = ours(forge, pull_request, inputs)
        if (earlier and _edited(forge, earlier[-1], body)) or not opens:
            return
        try:
            _open(forge, pull_request, inputs, body)
        except Unsettled:
            if attempt == _TRIES - 1:
                raise
        else:
            return


def conclude(forge: Forge, pull_request: int, inputs: Inputs, record: Record, result: str) -> None:
    """Put the result of an apply above the plan that it applied, in the same comment; opens one if there is none."""
    for last in ours(forge, pull_request, inputs)[-1:]:
        before, separator, after = last.text.partition(f"{_PLAN_FOLLOWS}\n")
        # What stands there without a digest is an earlier result, and no plan.
        plan = after if separator or not last.record.digest else before
        whole, short = f"{result}\n\n{_PLAN_FOLLOWS}\n{plan}", f"{result}\n\nThe plan is in an earlier version."
        if _edited(forge, last, assembled(record, whole, short)):
            return
    keep(forge, pull_request, inputs, record, result, opens=True)


def assembled(record: Record, *texts: str) -> str:
    """A body within GitHub's limit: the first of the texts that fits, if need be with a shorter first line."""
    for text in texts:
        for plan in (record.plan, outlined(record.plan), ""):
            body = f"{marker.line(replace(record, plan=plan))}\n{text}"
            if len(body.encode()) <= MOST_BYTES:
                return body
    raise StepError("a comment is too long for GitHub; the job's summary has its text")


def _edited(forge: Forge, comment: Comment, body: str) -> bool:
    """Edit a comment; False if somebody deleted it in the meantime."""
    try:
        forge.patch(f"/issues/comments/{comment.id}", {"body": body})
    except ForgeError as error:
        if error.status == NOT_FOUND:
            return False
        raise
    return True


def _open(forge: Forge, pull_request: int, inputs: Inputs, body: str) -> None:
    check_author(forge.post(f"/issues/{pull_request}/comments", {"body": body}), inputs)


def outlined(plan: str) -> str:
    """A plan document without what its changes are in detail, marked as such: enough to recognise them by."""
    try:
        whole = json.loads(plan)
        changes = [
            {"address": one["address"], "action": one["action"], "digest": one["digest"], "fields": [], "roles": {}}
            for one in whole["changes"]
        ]
        kept = {key: whole[key] for key in ("format_version", "project", "environment", "service", "digest")}
    except (ValueError, KeyError, TypeError):  # there is none, or somebody changed it in the comment
        return ""
    return json.dumps({**kept, "changes": changes, OUTLINE: True}, separators=(",", ":"))


def check_author(made: Mapping[str, Any], inputs: Inputs) -> None:
    """Raises StepError if what was just written is by another login than the one that we look for."""
    if not marker.is_by(made, inputs.author):
        login = (made.get("user") or {}).get("login")
        raise StepError(f"the token writes as {login}: say `author: {login}`, or the action will not know it again")
