"""What `--allow CODE[:NAME]` lifts: a risk that blocks, of all flows or of those that NAME means."""

import difflib
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.model.plan import Plan
from flowdeck.model.risk import Level

# Only an apply that sets `protect: false` lifts it.
NEVER_ALLOWED = "protected"


def lifts(allowed: str, code: str, name: str) -> bool:
    """Whether one `--allow` lifts the risk of the flow; NAME is a name, an address or a glob, and empty means none."""
    wanted, colon, pattern = allowed.partition(":")
    means = not colon or fnmatchcase(name, pattern.removeprefix("flow."))
    return wanted == code != NEVER_ALLOWED and means


def unused(plan: Plan, allowed: Iterable[str]) -> tuple[Diagnostic, ...]:
    """A note on each `--allow` that lifts nothing of the plan; none on a plan that does nothing."""
    return tuple(_note(plan, one) for one in dict.fromkeys(allowed) if plan.steps and not _lifts_any(plan, one))


def _lifts_any(plan: Plan, allowed: str) -> bool:
    return any(lifts(allowed, code, name) for code, name in _blocks(plan))


def _blocks(plan: Plan) -> Iterator[tuple[str, str]]:
    return ((risk.code, step.name) for step in plan.steps for risk in step.risks if risk.level is Level.BLOCK)


def _note(plan: Plan, allowed: str) -> Diagnostic:
    code, colon, pattern = allowed.partition(":")
    names = [name for blocking, name in _blocks(plan) if blocking == code]
    near = difflib.get_close_matches(pattern.removeprefix("flow."), names, n=1)
    if code == NEVER_ALLOWED:
        hint = "an apply of `protect: false` lifts the protection"
    elif names and colon:
        hint = f"did you mean `{code}:{near[0]}`?" if near else f"it blocks {', '.join(sorted({*names}))}"
    else:
        hint = "no change of this plan is blocked by that risk; leave it out"
    return Diagnostic("unused-allow", f"`--allow {allowed}` lifts nothing", hint, severity=Severity.NOTE)
