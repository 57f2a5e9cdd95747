"""What stands around the folds of a plan in Markdown: the result, what a reviewer must know, and how to go on."""

from collections.abc import Sequence

from flowdeck.model.diagnostic import Diagnostic, Diagnostics
from flowdeck.model.plan import Plan
from flowdeck.model.risk import Level
from flowdeck.model.step import Delete, Replace, Withdraw
from flowdeck.render import review
from flowdeck.render.escape import plain
from flowdeck.render.markdown_fit import size, within
from flowdeck.render.markdown_text import code, fence, prose, sentence
from flowdeck.render.names import EVERYBODY, Names, id_in, kind_of, role_words
from flowdeck.render.review import Access, Told
from flowdeck.render.values import count, few

# Of each part so many bytes at most, so that all of them and the end of the plan always have room; deletes have what
# the others leave of the whole.
_BLOCKED, _TABLE, _ACCESS, _WARNINGS, _REMARKS = 7_000, 13_000, 18_000, 7_000, 4_000
_MUST_KNOW = 52_000
_MOST_COMMAND = 2_000
_EVERYBODY = {principal: f"**{who}**" for principal, who in EVERYBODY.items()}
_FEW, _SEVERAL, _LIST = 3, 12, 8
_MORE = "see `flowdeck plan` in the log of the job"


def result_line(shown: Plan) -> str:
    """How many of what, and where."""
    blocked = [f"{shown.summary['blocked']} blocked"] if shown.summary["blocked"] else []
    where = f"{shown.project} / {shown.environment} on {code(shown.service)}"
    if not shown.steps:
        left = f"; {count(shown.withheld, 'delete')} left for another time" if shown.withheld else ""
        return f"**No changes** - {where}: {count(shown.unchanged, 'flow')} as declared{left}."
    return f"**{', '.join([*review.counts(shown), *blocked])}** - {where}"


def at_a_glance(shown: Plan) -> str:
    """What a reviewer asks first, also where the answer is none."""
    facts = [f"{name}: {f'**{value}**' if value else 'none'}" for name, value in review.facts(shown).items()]
    return " · ".join([*facts, f"Unchanged: {count(shown.unchanged, 'flow') if shown.unchanged else 'none'}"])


def must_know(shown: Plan) -> list[str]:
    """Blocked, deleted, access, warnings: each only where there is something of it."""
    blocked, *others = _blocked(shown), access_table(shown), _warnings(shown)
    room = _MUST_KNOW - size(blocked) - sum(map(size, others))
    return [*blocked, *_gone(shown, room), *(line for part in others for line in part)]


def access_table(shown: Plan) -> list[str]:
    """Who gains and loses which role, and what in the manifest grants it; of very many, who gains and loses what."""
    changes = review.access(shown)
    rows = [_row(one, shown.names) for one in changes]
    if not rows:
        return []
    if size(rows) <= _TABLE:
        return ["| | who | role | on | granted by |", "|---|---|---|---|---|", *rows, ""]
    by_role: dict[str, list[str]] = {}
    for one in changes:
        who = _EVERYBODY.get(one.principal) or code(shown.names.get(one.principal, one.principal))
        flows = f" on {count(len(one.addresses), 'flow')}" if len(one.addresses) > 1 else ""
        kind = f"{'gain' if one.gains else 'lose'} the role of {one.role.replace('_', ' ')}"
        by_role.setdefault(kind, []).append(f"{who}{flows}")
    lines = []
    for kind, found in by_role.items():
        names = within([f"{one}," for one in found], _ACCESS // len(by_role), f"and {{}} more ({_MORE})")
        lines += [f"**{len(found)} {kind}:** {' '.join(names).removesuffix(',')}", ""]
    return lines


def footer(shown: Plan, next_command: str) -> list[str]:
    """The digest of the whole plan, and the command that applies exactly it."""
    lines = [f"Digest of the whole plan: `{shown.digest}`", ""]
    if next_command and len(next_command.encode()) <= _MOST_COMMAND:
        blocked = ", once nothing blocks it or each risk has its `--allow`" if shown.summary["blocked"] else ""
        lines += [f"To apply exactly this plan{blocked}:", "", *fence("sh", [plain(next_command)])]
    return lines


def remarks(found: Diagnostics, room: int) -> list[str]:
    """The diagnostics of the manifest, folded."""
    if not found:
        return []
    summary = f"<details><summary>{count(len(found), 'remark')} on the manifest</summary>"
    most = min(_REMARKS, room - len(summary) - 20)
    rows = within([f"- {remark(one)}" for one in found], most, f"- and {{}} more: {_MORE}")
    return [summary, "", *rows, "", "</details>", ""]


def remark(one: Diagnostic) -> str:
    """One diagnostic in a line."""
    where = f" at {code(str(one.place))}" if one.place else f" in {code(one.address)}" if one.address else ""
    hint = f" {sentence(one.hint[:1].upper() + one.hint[1:])}" if one.hint else ""
    return f"**{one.severity}** `{one.code}`{where}: {sentence(one.message)}{hint}"


def _part(title: str, rows: Sequence[str], most: int, more: str = f"- and {{}} more: {_MORE}") -> list[str]:
    return [title, "", *within(rows, most, more), ""] if rows else []


def _blocked(shown: Plan) -> list[str]:
    risks = review.told(shown, Level.BLOCK)
    rows = [f"- {_risk(one, _SEVERAL)}. {_way(one)}" for one in risks]
    if size(rows) > _BLOCKED:
        codes = review.by_code(risks)
        rows = [_many(one, _BLOCKED // len(codes)) for one in codes]
    title = "**Blocked:** apply refuses this plan until each of these is dealt with or allowed."
    return _part(title, rows, _BLOCKED)


def _many(one: Told, most: int) -> str:
    """A risk of very many flows, with as many of their names as there is room for."""
    why = prose(one.message) if one.message else "each for its own reason"
    way = _way(one)
    names = _names(one.addresses, most - len(why.encode()) - len(way.encode()) - 100)
    return f"- `{one.code}` on {count(len(one.addresses), 'flow')}, {why}: {names}. {way}"


def _way(one: Told) -> str:
    return f"**To go on:** {prose(one.marked_way_out)}."


def _names(addresses: Sequence[str], most: int) -> str:
    names = within([f"{code(one)}," for one in addresses], most, f"and {{}} more ({_MORE})")
    return " ".join(names).removesuffix(",")


def _gone(shown: Plan, most: int) -> list[str]:
    steps = review.gone(shown)
    title = f"**Deletes {count(len(steps), 'flow')}**, for good, with id and scope:"
    runs = {
        address: one for one in review.told(shown, Level.WARN) if one.code == review.RUNS for address in one.addresses
    }
    rows = [f"- {_goes(step)}{_running(runs.get(step.address))}" for step in steps]
    if len(rows) <= _LIST:
        return _part(title, rows, most)
    running = [row for step, row in zip(steps, rows, strict=True) if step.address in runs]
    told = [*within(running, most // 2, f"- and {{}} more: {_MORE}"), ""] if running else []
    others = [step.address for step in steps if step.address not in runs]
    return [title, "", *told, _names(others, most - size(told)), ""]


def _goes(step: Delete | Withdraw | Replace) -> str:
    match step:
        case Withdraw():
            return f"{code(step.address)}: a second flow of this address, `{step.live.id}`; `{step.keeps}` stays"
        case Replace():
            return f"{code(step.address)}: a new flow takes the place of `{step.live.id}`"
        case Delete():
            return f"{code(step.address)} (`{step.live.id}`)"


def _running(risk: Told | None) -> str:
    return f", **{prose(risk.message)}**" if risk else ""


def _row(one: Access, names: Names) -> str:
    cells = (
        "**gains**" if one.gains else "loses",
        _who(one.principal, names),
        role_words(one.role),
        _flows(one.addresses, _FEW),
        _by(one),
    )
    return f"| {' | '.join(cells)} |"


def _who(principal: str, names: Names) -> str:
    if principal in _EVERYBODY:
        return f"{_EVERYBODY[principal]} (`{principal}`)"
    if principal in names:
        return f"{code(names[principal])} ({kind_of(principal)} {code(id_in(principal))})"
    return code(principal)


def _by(one: Access) -> str:
    said = [one.outside] if one.outside else []
    if grant := one.grant:
        place = f" ({code(f'{grant.place.file}:{grant.place.line}')})" if grant.place else ""
        said.insert(0, f"{code(grant.permission_set) if grant.permission_set else 'its own entry'}{place}")
    return ", ".join(said)


def _warnings(shown: Plan) -> list[str]:
    told = [one for one in review.told(shown, Level.WARN) if one.code not in (*review.ABOUT_ACCESS, review.RUNS)]
    return _part("**Look at:**", [f"- {_risk(one, _FEW)}" for one in told], _WARNINGS)


def _risk(one: Told, most: int) -> str:
    on = "" if one.is_of_plan else f" on {_flows(one.addresses, most)}"
    return f"`{one.code}`{on}: {prose(one.message)}"


def _flows(addresses: Sequence[str], most: int) -> str:
    return few([code(one) for one in addresses], most)
