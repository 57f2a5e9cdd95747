"""The gate before an apply: is this the plan that was reviewed, and does no risk forbid it."""

from collections import Counter
from collections.abc import Iterable

from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.plan import Plan
from flowdeck.model.risk import Level
from flowdeck.plan.allowing import NEVER_ALLOWED, lifts
from flowdeck.plan.departures import departures
from flowdeck.plan.reviewed import Reviewed, place


def unexpected(plan: Plan, reviewed: Reviewed) -> tuple[Diagnostic, ...]:
    """Why `plan` is not what was reviewed, and in what; empty also for one that holds some of a file's steps only."""
    part = reviewed.where == place(plan) and set(plan.step_digests) <= reviewed.step_digests
    if part or plan.digest.startswith(reviewed.digest.lower()):
        return ()
    differs = departures(plan, reviewed)
    mismatch = Diagnostic(
        "digest-mismatch",
        f"the plan is now {plan.digest[:12]} ({_counts(plan)}), but {reviewed.digest[:12]} was expected",
        "the manifest or the service changed since the review: review the new plan (`flowdeck plan`)"
        + ("" if differs else "; --expect with a file of `flowdeck plan --out plan.json` also tells what differs"),
    )
    return (mismatch, *differs)


def _counts(plan: Plan) -> str:
    counts = Counter(step.action for step in plan.steps)
    return ", ".join(f"{number} to {action}" for action, number in counts.items())


def blocking(plan: Plan, allowed: Iterable[str]) -> tuple[Diagnostic, ...]:
    """The risks that forbid applying the plan; `allowed` are those that `--allow` accepts."""
    accepted = tuple(allowed)
    return tuple(
        Diagnostic(risk.code, risk.message, way_out(risk.code, step.name), address=step.address)
        for step in plan.steps
        for risk in step.risks
        if risk.level is Level.BLOCK and not any(lifts(one, risk.code, step.name) for one in accepted)
    )


def way_out(code: str, name: str) -> str:
    """What lifts a risk that blocks the step of the flow `name`; `*` for all flows that it blocks."""
    if code == NEVER_ALLOWED:
        return "nothing else lifts it, also not --allow"
    allow = f"--allow {code}" if name == "*" else f"--allow {code}:{name}"
    if code == "marker-lost":
        where = "each `id:` under its flow" if name == "*" else f"that `id:` under flows.{name}"
        return f"write {where}; or create a second one with {allow}"
    return f"if that is meant, apply with {allow}"
