"""The plan for people: one block a flow, what changes in it and what to mind, then the sum and what to run next."""

from collections.abc import Iterator

from flowdeck.definition import in_reading_order
from flowdeck.model.change import Difference, FieldChange, NamesChange, Origin, RoleChange
from flowdeck.model.json_value import Json
from flowdeck.model.plan import Plan
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
# So many removed states are named; more of them say only that the whole machine goes.
_FEW = 3


def plan(shown: Plan, paint: Paint, next_command: str = "") -> str:
    """The whole plan; `next_command` is what applies exactly it."""
    title = f"{shown.project} / {shown.environment}"
    blocks = [f"{paint(title, 'bold')} on {plain(shown.service)}"]
    blocks += ["\n".join(_step(step, paint)) for step in shown.steps]
    blocks.append("\n".join(_closing(shown, paint, next_command)))
    return "\n\n".join(blocks)


def drift(shown: Plan, paint: Paint) -> str:
    """The drift report of a plan that holds only drift."""
    title = paint(f"{shown.project} / {shown.environment}", "bold")
    if not shown.steps:
        return f"{title}: no drift. {_count(shown.unchanged, 'flow')} as declared."
    blocks = ["\n".join(_drifted(step, paint)) for step in shown.steps]
    summary = shown.summary
    blocks.append(
        paint("Drift: ", "bold")
        + f"{summary['drifted']} changed outside, {summary['missing']} missing.\n"
        + "To keep a change, write it into the manifest; to undo it, apply."
    )
    return "\n\n".join([f"{title} on {plain(shown.service)}", *blocks])


def _step(step: Step, paint: Paint) -> Iterator[str]:
    symbol, style = SYMBOLS[step.action]
    yield f"  {paint(f'{symbol} {step.address}', style)}  {step.action}{_about(step)}"
    yield from _difference(step.difference, paint, with_origin=not isinstance(step, Create))
    for risk in step.risks:
        yield _INDENT + _risk(risk, paint)


def _about(step: Step) -> str:
    id = f" {id_of(step)}" if id_of(step) else ""
    match step:
        case Update(moved_from=str(former)):
            return f"{id}, was flow.{former}"
        case Withdraw(keeps=keeps):
            return f"{id}, a second flow of this address; {keeps} stays"
        case _:
            return id


def _drifted(step: Step, paint: Paint) -> Iterator[str]:
    if isinstance(step, Create):
        yield f"  {paint(f'? {step.address}', 'red')}  missing: never applied, or deleted outside"
        return
    yield f"  {paint(f'~ {step.address}', 'yellow')}  changed outside {id_of(step)}"
    # Drift is told the other way round: from what was applied to what somebody made of it.
    for change in step.difference.fields:
        yield f"{_INDENT}{plain(change.path)}: {_values(change.after, change.before, change)}{_origin(change.origin)}"
    for role in step.difference.roles:
        grants = [f"+ {plain(one)}" for one in role.removed] + [f"- {plain(one)}" for one in role.added]
        yield f"{_INDENT}{role.role}: {', '.join(grants)}{_origin(role.origin)}"


def _difference(difference: Difference, paint: Paint, *, with_origin: bool) -> Iterator[str]:
    states = difference.states
    for change in difference.fields:
        shown = _change(change, paint) + _origin(change.origin) if with_origin else _new(change, states)
        yield f"{_INDENT}{plain(change.path)}: {shown}"
    for role in difference.roles:
        yield from _role(role, paint, with_origin=with_origin)
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
        return f"{_count(len(names), 'state')}: {plain(', '.join(names))}"
    if change.path == "input_schema" and isinstance(value, dict) and isinstance(value.get("properties"), dict):
        required = value.get("required") or ()
        names = [f"{name} (required)" if name in required else name for name in value["properties"]]
        return plain(", ".join(names)) or "no properties"
    return _value(change.after, change)


def _role(change: RoleChange, paint: Paint, *, with_origin: bool) -> Iterator[str]:
    grants = [paint(f"+ {plain(one)}", "green") for one in change.added]
    grants += [paint(f"- {plain(one)}", "red") for one in change.removed]
    yield f"{_INDENT}{change.role}: {', '.join(grants)}{_origin(change.origin) if with_origin else ''}"


def _change(change: FieldChange, paint: Paint) -> str:
    if not change.sensitive and change.before is None:
        return paint(f"+ {_value(change.after, change)}", "green")
    if not change.sensitive and change.after is None:
        return paint(f"- {_value(change.before, change)}", "red")
    return _values(change.before, change.after, change)


def _values(before: Json | None, after: Json | None, change: FieldChange) -> str:
    if change.sensitive:
        return "(sensitive) changes"
    return f"{_value(before, change)} -> {_value(after, change)}"


def _value(value: Json | None, change: FieldChange) -> str:
    if change.sensitive:
        return "(sensitive)"
    if change.unknown and value is None:
        return "(known after apply)"
    return quoted(value) if value else "nothing"


def _origin(origin: Origin) -> str:
    words = {
        Origin.MANIFEST: "",
        Origin.OUTSIDE: "  (changed outside)",
        Origin.BOTH: "  (changed outside and in the manifest)",
        Origin.UNKNOWN: "  (origin unknown)",
    }
    return words[origin]


def _risk(risk: Risk, paint: Paint) -> str:
    label = f"{risk.level}[{risk.code}]"
    return f"{paint(label, _RISK_STYLES[risk.level])} {plain(risk.message)}"


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
