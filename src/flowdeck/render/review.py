"""What a reviewer must know of a whole plan: what blocks it, what it warns of, what goes, and who gains access."""

import re
from dataclasses import dataclass

from flowdeck.model.change import Grant, Origin
from flowdeck.model.flow import Role
from flowdeck.model.path import path_of
from flowdeck.model.plan import Plan
from flowdeck.model.principal import ALL_AUTHENTICATED, PUBLIC
from flowdeck.model.risk import DEFAULT_LEVELS, Level
from flowdeck.model.step import Action, Adopt, Delete, Replace, Step, Update, Withdraw, id_of
from flowdeck.plan import way_out
from flowdeck.render.names import Names, with_names
from flowdeck.render.values import count

SYMBOLS: dict[Action, str] = {
    "create": "+",
    "update": "~",
    "replace": "±",
    "delete": "-",
    "adopt": ">",
    "forget": ".",
    "withdraw": "x",
}
RUNS = "delete-active-runs"
# What the review of access says already, in the faces that have one.
ABOUT_ACCESS = ("public-view", "open-start", "new-administrator", "access-removed")
# The gravest first: what somebody can do with a role.
_GRAVITY: tuple[Role, ...] = ("administrators", "run_managers", "starters", "run_monitors", "viewers")
_EVERYBODY = (PUBLIC, ALL_AUTHENTICATED)
_OUTSIDE = ("taken away outside", "given outside")
_ALLOW = re.compile(r"(--allow \S+)")


@dataclass(frozen=True, slots=True)
class Told:
    """A risk of one flow, or of several of which it says the same."""

    code: str
    message: str
    addresses: tuple[str, ...]

    @property
    def is_of_plan(self) -> bool:
        """Whether it is about the whole plan, and not about each of the flows."""
        return self.code == "mass-delete"

    @property
    def way_out(self) -> str:
        """What lifts it where it blocks."""
        only = self.addresses[0].partition(".")[2]
        return way_out(self.code, only if len(self.addresses) == 1 else "*")

    @property
    def marked_way_out(self) -> str:
        """The same with backticks around the option."""
        return _ALLOW.sub(r"`\1`", self.way_out)


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody who gains or loses a role on some flows, and what in the manifest grants it.

    `outside` says what somebody else did, where the manifest is as it was.
    """

    principal: str
    role: Role
    gains: bool
    grant: Grant | None
    outside: str
    addresses: tuple[str, ...]


def counts(shown: Plan) -> list[str]:
    """`2 to create`, `1 to update`: the steps of each kind that there are."""
    return [f"{shown.summary[action]} to {action}" for action in SYMBOLS if shown.summary[action]]


def about(step: Step) -> str:
    """The step in words: what is done to which flow."""
    id = f" {id_of(step)}" if id_of(step) else ""
    match step:
        case Update(moved_from=str(former)):
            return f"{step.action}{id}, was flow.{former}"
        case Withdraw(keeps=keeps):
            return f"{step.action}{id}, a second flow of this address; {keeps} stays"
        case _:
            return f"{step.action}{id}"


def changed_fields(step: Step) -> tuple[str, ...]:
    """The fields that the step changes, and how many roles; of a flow that goes there is nothing to name."""
    if isinstance(step, Delete):
        return ()
    fields = (str(path_of(change.path)[0]) for change in step.difference.fields)
    roles = len(step.difference.roles)
    return (*dict.fromkeys(fields), *([count(roles, "role")] if roles else []))


def facts(shown: Plan) -> dict[str, str]:
    """What a reviewer asks first, with "" for none; no guardrail hides anything of it."""
    live = [step for step in shown.steps if isinstance(step, Update | Adopt | Replace)]
    scopes = sum(bool(step.difference.scopes.added) or _has(step, "consent-change") for step in live)
    inputs = sum("input_schema" in changed_fields(step) for step in live)
    breaking = sum(_has(step, "input-breaking") for step in live)
    breaks = f", {breaking} breaking" if breaking < inputs else ", breaking"
    return {
        "Deletes": _many(len(gone(shown))),
        "Access": _moved(shown),
        "New scopes": _many(scopes),
        "Input schemas": f"{_many(inputs)}{breaks if breaking else ''}",
        "Changed outside": _many(shown.summary["drifted"]),
    }


def _moved(shown: Plan) -> str:
    """How many gain access, lose it, or lose a whole flow."""
    changes = access(shown)
    gain, lose = ({one.principal for one in changes if one.gains is gains} for gains in (True, False))
    deletes = (step for step in shown.steps if isinstance(step, Delete))
    without = {one for step in deletes for change in step.difference.roles for one in change.removed}
    said = ((gain, "gain", ""), (lose, "lose", ""), (without, "lose", " it with a deleted flow"))
    return ", ".join(f"{len(who)} {verb}{'s' if len(who) == 1 else ''}{what}" for who, verb, what in said if who)


def _has(step: Step, code: str) -> bool:
    return any(risk.code == code for risk in step.risks)


def _many(number: int) -> str:
    return count(number, "flow") if number else ""


def told(shown: Plan, level: Level) -> tuple[Told, ...]:
    """The risks of one level: by code, the gravest first, then in the order of the steps."""
    found: dict[str, dict[str, list[str]]] = {code: {} for code in DEFAULT_LEVELS}
    for step in shown.steps:
        for risk in step.risks:
            if risk.level is level:
                found[risk.code].setdefault(with_names(risk.message, shown.names), []).append(step.address)
    return tuple(
        Told(code, message, tuple(dict.fromkeys(addresses)))
        for code, by_message in found.items()
        for message, addresses in by_message.items()
    )


def by_code(risks: tuple[Told, ...]) -> tuple[Told, ...]:
    """The same with one entry a code; where several things are told, none of them is."""
    codes = {one.code: [other for other in risks if other.code == one.code] for one in risks}
    return tuple(
        Told(
            code,
            alike[0].message if len(alike) == 1 else "",
            tuple(dict.fromkeys(address for one in alike for address in one.addresses)),
        )
        for code, alike in codes.items()
    )


def gone(shown: Plan) -> tuple[Delete | Withdraw | Replace, ...]:
    """The steps after which a flow is not there any more."""
    return tuple(step for step in shown.steps if isinstance(step, Delete | Withdraw | Replace))


def access(shown: Plan) -> tuple[Access, ...]:
    """Who gains and loses which role on the flows that stay: gains first, the gravest first."""
    found: dict[tuple[str, Role, bool, Grant | None, str], list[str]] = {}
    for step in shown.steps:
        if isinstance(step, Delete):
            continue
        for change in step.difference.roles:
            grants = {grant.principal: grant for grant in change.grants}
            taken, given = _OUTSIDE if change.origin is Origin.OUTSIDE else ("", "")
            for one in change.added:
                found.setdefault((one, change.role, True, grants.get(one), taken), []).append(step.address)
            for one in change.removed:
                found.setdefault((one, change.role, False, None, given), []).append(step.address)
    entries = [Access(*key, tuple(addresses)) for key, addresses in found.items()]
    return tuple(sorted(entries, key=lambda one: _rank(one, shown.names)))


def _rank(one: Access, names: Names) -> tuple[object, ...]:
    by = (one.grant.permission_set or "", str(one.grant.place or "")) if one.grant else ("", "")
    called = names.get(one.principal, one.principal)
    gravity = (not one.gains, one.principal not in _EVERYBODY, _GRAVITY.index(one.role))
    return (*gravity, called, one.principal, by, one.outside, one.addresses)
