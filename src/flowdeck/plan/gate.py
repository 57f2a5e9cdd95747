"""The gate before an apply: is this the plan that was reviewed, and does no risk forbid it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.plan import Plan
from flowdeck.model.risk import Level
from flowdeck.plan.digest import plan_digest

# Only an apply that sets `protect: false` lifts it.
_NEVER_ALLOWED = "protected"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What was reviewed: a plan's digest, or its beginning, and its steps' digests if it came as a file."""

    digest: str
    step_digests: frozenset[str] = frozenset()


def read_document(text: str, plan: Plan) -> Reviewed:
    """A plan document, for comparison with `plan`.

    Raises ValueError, with a sentence, if it is none, is of another format, or its parts are not what its digest says.
    """
    try:
        document = json.loads(text)
        version, digest = document["format_version"], document["digest"]
        steps = [change["digest"] for change in document["changes"]]
        where = (document["service"], document["project"], document["environment"])
        whole = all(isinstance(one, str) for one in (version, digest, *steps, *where))
        computed = plan_digest(*where, steps) if whole else None
    except (ValueError, KeyError, TypeError, RecursionError):
        whole = False
    if not whole:
        raise ValueError("it is not a plan document")
    if version.split(".")[0] != "1":
        raise ValueError("its format_version is not 1")
    if computed != digest:
        raise ValueError("its digest does not belong to its changes")
    same_place = where == (plan.service, plan.project, plan.environment)
    return Reviewed(digest, frozenset(steps) if same_place else frozenset())


def unexpected(plan: Plan, reviewed: Reviewed) -> Diagnostic | None:
    """Why `plan` is not what was reviewed; a plan that holds only some of a reviewed file's steps is."""
    if plan.digest.startswith(reviewed.digest.lower()) or (
        reviewed.step_digests and set(plan.step_digests) <= reviewed.step_digests
    ):
        return None
    return Diagnostic(
        "digest-mismatch",
        f"the plan is now {plan.digest[:12]}, but {reviewed.digest[:12]} was expected",
        "the manifest or the service changed since the review: review the new plan",
    )


def blocking(plan: Plan, allowed: Iterable[str]) -> tuple[Diagnostic, ...]:
    """The risks that forbid applying the plan; `allowed` holds codes, `code:name`s and `code:flow.name`s."""
    lifted = {one.replace(":flow.", ":") for one in allowed if one.split(":")[0] != _NEVER_ALLOWED}
    return tuple(
        Diagnostic(risk.code, risk.message, _way_out(risk.code, step.name), address=step.address)
        for step in plan.steps
        for risk in step.risks
        if risk.level is Level.BLOCK and not {risk.code, f"{risk.code}:{step.name}"} & lifted
    )


def _way_out(code: str, name: str) -> str:
    if code == _NEVER_ALLOWED:
        return "nothing else lifts it, also not --allow"
    if code == "marker-lost":
        return f"write that `id:` under flows.{name}; or create a second one with --allow {code}:{name}"
    return f"if that is meant, apply with --allow {code}:{name}"
