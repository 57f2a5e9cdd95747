"""The plan for people: one block a flow, what changes in it and what to mind, then the sum and what to run next."""

from collections.abc import Iterator, Mapping

from flowdeck.definition import in_reading_order
from flowdeck.model.change import Difference, FieldChange, Grant, NamesChange, Origin, RoleChange
from flowdeck.model.json_value import Json
from flowdeck.model.plan import Plan
from flowdeck.model.principal import IDENTITY
from flowdeck.model.risk import Level, Risk
from flowdeck.model.step import Action, Create, Step, Update, Withdraw, id_of
from flowdeck.render.escape import plain, quoted
from flowdeck.render.paint import Paint

SYMBOLS: dict[Action, tuple[str, str]] = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "replace": ("±", "magenta"),
    "delete": ("-", "red"),
    "adopt": (">", "cyan"),
    "forget": (".", "cyan"),
    "withdraw": ("x", "red"),
}
_RISK_STYLES = {Level.BLOCK: "red", Level.WARN: "yellow", Level.NOTE: "dim", Level.OFF: "dim"}
_INDENT = " " * 6
Names = Mapping[str, str]
# So many removed states are named; more of them say only that the whole machine goes.
_FEW = 3


def plan(shown: Plan, paint: Paint, next_command: str = "") -> str:
    """The whole plan; `next_command` is what applies exactly it."""
    title = f"{shown.project} / {shown.environment}"
    blocks = [f"{paint(title, 'bold')} on {plain(shown.service)}"]
    blocks += ["\n".join(_step(step, shown.names, paint)) for step in shown.steps]
    blocks.append("\n".join(_closing(shown, paint, next_command)))
    return "\n\n".join(blocks)


def drift(shown: Plan, paint: Paint) -> str:
    """The drift report of a plan that holds only drift."""
    title = paint(f"{shown.project} / {shown.environment}", "bold")
    if not shown.steps:
        return f"{title}: no drift. {_count(shown.unchanged, 'flow')} as declared."
    blocks = ["\n".join(_drifted(step, shown.names, paint)) for step in shown.steps]
    summary = shown.summary
    blocks.append(
        paint("Drift: ", "bold")
        + f"{summary['drifted']} changed outside, {summary['missing']} missing.\n"
        + "To keep a change, write it into the manifest; to undo it, apply."
    )
    return "\n\n".join([f"{title} on {plain(shown.service)}", *blocks])


def _step(step: Step, names: Names, paint: Paint) -> Iterator[str]:
    symbol, style = SYMBOLS[step.action]
    yield f"  {paint(f'{symbol} {step.address}', style)}  {step.action}{_about(step)}"
    yield from _difference(step.difference, names, paint, with_origin=not isinstance(step, Create))
    for risk in step.risks:
        yield _INDENT + _risk(risk, names, paint)


def _about(step: Step) -> str:
    id = f" {id_of(step)}" if id_of(step) else ""
    match step:
        case Update(moved_from=str(former)):
            return f"{id}, was flow.{former}"
        case Withdraw(keeps=keeps):
            return f"{id}, a second flow of this address; {keeps} stays"
        case _:
            return id


def _drifted(step: Step, names: Names, paint: Paint) -> Iterator[str]:
    if isinstance(step, Create):
        yield f"  {paint(f'? {step.address}', 'red')}  missing: never applied, or deleted outside"
        return
    yield f"  {paint(f'~ {step.address}', 'yellow')}  changed outside {id_of(step)}"
    # Drift is told the other way round: from what was applied to what somebody made of it.
    for change in step.difference.fields:
        told = "(sensitive)" if change.sensitive else f"{_value(change.after)} -> {_value(change.before)}"
        yield f"{_INDENT}{plain(change.path)}: {told}{_origin(change.origin)}"
    for role in step.difference.roles:
        grants = [f"+ {_principal(one, names)}" for one in role.removed]
        grants += [f"- {_principal(one, names)}" for one in role.added]
        yield from _listed(role.role, grants, _origin(role.origin))


def _difference(difference: Difference, names: Names, paint: Paint, *, with_origin: bool) -> Iterator[str]:
    states = difference.states
    for change in difference.fields:
        shown = _change(change, paint) + _origin(change.origin) if with_origin else _new(change, states)
        yield f"{_INDENT}{plain(change.path)}: {shown}"
    for role in difference.roles:
        yield from _role(role, names, paint, with_origin=with_origin)
    if with_origin and len(states.removed) > _FEW and not states.added:
        yield f"{_INDENT}states: {paint(f'- {len(states.removed)} states', 'red')}"
    elif with_origin and (states.added or states.removed):
        parts = [*(paint(f"+ {plain(one)}", "green") for one in states.added)]
        parts += [paint(f"- {plain(one)}", "red") for one in states.removed]
        yield f"{_INDENT}states: {', '.join(parts)}"


def _new(change: FieldChange, states: NamesChange) -> str:
    """A field of a flow that does not exist yet; of a document, what it is made of."""
    value = change.after.value if change.after else None
    if change.path == "definition" and states.added:
        names = in_reading_order(value)["States"]
        late = ", with references (known after apply)" if change.unknown else ""
        return f"{_count(len(names), 'state')}{late}: {plain(', '.join(names))}"
    if change.path == "input_schema" and isinstance(value, dict) and isinstance(value.get("properties"), dict):
        required = value.get("required") or ()
        names = [f"{name} (required)" if name in required else name for name in value["properties"]]
        return plain(", ".join(names)) or "no properties"
    return _value(change.after)


def _role(change: RoleChange, names: Names, paint: Paint, *, with_origin: bool) -> Iterator[str]:
    by = {grant.principal: grant for grant in change.grants}
    grants = [paint(f"+ {_principal(one, names)}", "green") + _by(by.get(one), paint) for one in change.added]
    grants += [paint(f"- {_principal(one, names)}", "red") for one in change.removed]
    yield from _listed(change.role, grants, _origin(change.origin) if with_origin else "")


def _listed(role: str, grants: list[str], origin: str) -> Iterator[str]:
    """One grant beside its role, several below it."""
    if len(grants) == 1:
        yield f"{_INDENT}{role}: {grants[0]}{origin}"
        return
    yield f"{_INDENT}{role}:{origin}"
    yield from (f"{_INDENT}  {grant}" for grant in grants)


def _principal(urn: str, names: Names) -> str:
    """What people call a principal, with its id; the URN alone where nobody calls it anything."""
    kind = "identity" if urn.startswith(IDENTITY) else "group"
    return f"{plain(names[urn])} ({kind} {urn.rpartition(':')[2]})" if urn in names else plain(urn)


def _by(grant: Grant | None, paint: Paint) -> str:
    """What in the manifest gives a role, where that is not the flow's own entry."""
    if grant is None or grant.permission_set is None:
        return ""
    place = f" ({grant.place.file}:{grant.place.line})" if grant.place else ""
    return paint(plain(f"  by {grant.permission_set}{place}"), "dim")


def _change(change: FieldChange, paint: Paint) -> str:
    if change.sensitive:
        return "(sensitive) changes"
    after = "(known after apply)" if change.unknown else _value(change.after)
    if change.before is None:
        return paint(f"+ {after}", "green")
    if change.after is None and not change.unknown:
        return paint(f"- {_value(change.before)}", "red")
    return f"{_value(change.before)} -> {after}"


def _value(value: Json | None) -> str:
    return quoted(value) if value else "nothing"


def _origin(origin: Origin) -> str:
    words = {
        Origin.MANIFEST: "",
        Origin.OUTSIDE: "  (changed outside)",
        Origin.BOTH: "  (changed outside and in the manifest)",
        Origin.UNKNOWN: "  (origin unknown)",
    }
    return words[origin]


def _risk(risk: Risk, names: Names, paint: Paint) -> str:
    label, message = f"{risk.level}[{risk.code}]", risk.message
    for urn, name in names.items():
        message = message.replace(urn, name)
    return f"{paint(label, _RISK_STYLES[risk.level])} {plain(message)}"


def _closing(shown: Plan, paint: Paint, next_command: str) -> Iterator[str]:
    summary = shown.summary
    withheld = [f"{_count(shown.withheld, 'delete')} left for another time"] if shown.withheld else []
    if not shown.steps and withheld:
        yield f"Nothing to do: {withheld[0]}."
        return
    if not shown.steps:
        yield f"No changes. {_count(shown.unchanged, 'flow')} as declared." if shown.unchanged else "Nothing to do."
        return
    parts = [*(f"{summary[action]} to {action}" for action in SYMBOLS if summary[action]), *withheld]
    yield f"{paint('Plan:', 'bold')} {', '.join(parts)}, {shown.unchanged} unchanged."
    blocked = [step for step in shown.steps if step.blocked]
    if blocked:
        names = ", ".join(f"{step.address} ({', '.join(_blockers(step))})" for step in blocked)
        yield f"{paint('Blocked:', 'red')} {names}. This plan is refused until each of these is dealt with or allowed."
    yield f"Digest: {shown.digest[:12]}"
    if next_command and not blocked:
        yield f"Next: {paint(next_command, 'green')}"


def _blockers(step: Step) -> list[str]:
    return [risk.code for risk in step.risks if risk.level is Level.BLOCK]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
