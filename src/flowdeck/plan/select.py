"""Which flows a command is about: names, addresses and globs; and a part of a plan."""

import difflib
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import Misused
from flowdeck.model.plan import Plan
from flowdeck.model.step import Step

_ADDRESS = "flow."


def selection(names: Iterable[str], known: Collection[str]) -> Callable[[str], bool]:
    """A test for the flows that `names` mean; no names mean all.

    Raises Misused (`unknown-name`) for a name or glob that means none of the `known` flows, declared or live.
    """
    patterns = [name.removeprefix(_ADDRESS) for name in names]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            near = difflib.get_close_matches(pattern, known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"the flows are: {', '.join(sorted(known)) or 'none'}"
            raise Misused(Diagnostic("unknown-name", f"there is no flow `{pattern}`, declared or live", hint))
    return lambda name: not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def only_one(name: str, known: Collection[str]) -> Callable[[str], bool]:
    """As `selection`, for commands that are about one flow. Raises Misused also for a glob that means several."""
    selected = selection([name], known)
    meant = sorted(one for one in known if selected(one))
    if len(meant) > 1:
        message = f"`{name}` means several flows: {', '.join(meant)}"
        raise Misused(Diagnostic("unknown-name", message, "name one of them"))
    return selected


def keep(plan: Plan, wanted: Callable[[Step], bool]) -> Plan:
    """The plan with only the wanted steps, under the digest of the whole: it may do less, never something else."""
    kept = [(step, digest) for step, digest in zip(plan.steps, plan.step_digests, strict=True) if wanted(step)]
    return replace(
        plan,
        steps=tuple(step for step, _ in kept),
        step_digests=tuple(digest for _, digest in kept),
        withheld=len(plan.steps) - len(kept),
    )
