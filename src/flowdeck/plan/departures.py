"""In what a plan is not the reviewed one: changes that are new, gone, or different now, in one screen."""

from collections.abc import Iterable, Iterator, Mapping

from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.model.json_value import Json
from flowdeck.model.path import path_of, path_text
from flowdeck.model.plan import Plan
from flowdeck.plan.diff import leaves
from flowdeck.plan.reviewed import Change, Reviewed, Side, changes, place

# So many changes are told, and of each so many differences, of so many characters a value.
_MOST, _FEW, _LONGEST = 8, 3, 60


def departures(plan: Plan, reviewed: Reviewed) -> tuple[Diagnostic, ...]:
    """Notes on each change that is not as reviewed; none where only a digest was given."""
    if reviewed.where is None:
        return ()
    if reviewed.where != place(plan):
        service, project, environment = reviewed.where
        return (_note(f"the reviewed plan is for {project} / {environment} on {service}"),)
    live = {step.address: flow.updated_at for step in plan.steps if (flow := getattr(step, "live", None))}
    found = list(_departures(changes(plan), reviewed.changes, live, partial=plan.withheld > 0))
    more = len(found) - _MOST
    return (*found[:_MOST], *([_note(f"{more} more changes are not as reviewed")] if more > 0 else []))


def _departures(
    now: Iterable[Change], before: Iterable[Change], updated_at: Mapping[str, str], *, partial: bool
) -> Iterator[Diagnostic]:
    # A flow can have two changes, of which one withdraws its second copy.
    was = {(one.address, one.action == "withdraw"): one for one in before}
    digests = {one.digest for one in was.values()}
    for change in now:
        reviewed = was.pop((change.address, change.action == "withdraw"), None)
        if change.digest not in digests:
            message = _different(change, reviewed) if reviewed else _new(change)
            when = updated_at.get(change.address) if reviewed is None or _live_differs(change, reviewed) else None
            yield _note(f"{message} (the flow was last changed at {when})" if when else message, change.address)
    for reviewed in () if partial else was.values():
        yield _note(f"reviewed as {reviewed.action}, and no longer in the plan", reviewed.address)


def _live_differs(now: Change, was: Change) -> bool:
    """Whether somebody changed the live flow since the review, and not only the manifest."""
    if (now.fields, now.gains, now.loses) == (was.fields, was.gains, was.loses):
        return True
    return any(now.fields[path].before != was.fields[path].before for path in now.fields.keys() & was.fields.keys())


def _note(message: str, address: str | None = None) -> Diagnostic:
    return Diagnostic("changed-since-review", message, address=address, severity=Severity.NOTE)


def _new(change: Change) -> str:
    roles = sorted({role for role, _ in change.gains | change.loses})
    touched = [] if change.action == "create" else [f"`{one}`" for one in (*change.fields, *roles)]
    return f"not in the reviewed plan: {change.action}" + (f" of {_few(touched, ', ')}" if touched else "")


def _different(now: Change, was: Change) -> str:
    if now.action != was.action:
        return f"reviewed as {was.action}, and now {now.action}"
    told = [*_fields(now, was), *_grants(now, was)]
    # A flow that goes is not told field by field, but all of it is in the digest.
    return f"reviewed otherwise: {_few(told, '; ')}" if told else "the live flow is another than the reviewed one"


def _fields(now: Change, was: Change) -> Iterator[str]:
    for path in sorted({*now.fields, *was.fields}):
        ours, theirs = now.fields.get(path), was.fields.get(path)
        if ours is None:
            yield f"`{path}` no longer changes"
        elif theirs is None:
            yield f"`{path}` changes too"
        elif ours != theirs:
            yield from _sides(path, ours, theirs)


def _sides(path: str, now: Side, was: Side) -> Iterator[str]:
    if now.after == was.after:
        yield f"`{path}` is {_shown(now.before)} now, not {_shown(was.before)}"
    elif now.after and was.after and all(isinstance(one.value, dict) for one in (now.after, was.after)):
        for steps, before, after in leaves(was.after.value, now.after.value):
            yield f"`{path_text([*path_of(path), *steps])}` becomes {_shown(after)}, not {_shown(before)}"
    else:
        yield f"`{path}` becomes {_shown(now.after)}, not {_shown(was.after)}"


def _grants(now: Change, was: Change) -> Iterator[str]:
    for verb, ours, theirs in (("gains", now.gains, was.gains), ("loses", now.loses, was.loses)):
        yield from (f"`{role}` {verb} {who} too" for role, who in sorted(ours - theirs))
        yield from (f"`{role}` no longer {verb} {who}" for role, who in sorted(theirs - ours))


def _shown(value: Json | None) -> str:
    text = "nothing" if value is None else value.text
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _few(texts: list[str], between: str) -> str:
    more = f" and {len(texts) - _FEW} more" if len(texts) > _FEW else ""
    return between.join(texts[:_FEW]) + more
