"""The plan for people: one block a flow, what changes in it and what to mind, then the sum and what to run next."""

from collections.abc import Iterable, Iterator

from flowdeck.model.plan import Plan
from flowdeck.model.risk import Level, Risk
from flowdeck.model.step import Action, Create, Step, id_of
from flowdeck.render import review
from flowdeck.render.escape import plain
from flowdeck.render.lines import Line, Sign
from flowdeck.render.names import Names, with_names
from flowdeck.render.paint import Paint
from flowdeck.render.review import SYMBOLS
from flowdeck.render.sides import BRIEF, Detail
from flowdeck.render.values import count, few

STYLES: dict[Action, str] = {
    "create": "green",
    "update": "yellow",
    "replace": "magenta",
    "delete": "red",
    "adopt": "cyan",
    "forget": "cyan",
    "withdraw": "red",
}
_SIGN_STYLES = {Sign.ADDED: "green", Sign.REMOVED: "red", Sign.CHANGED: "yellow"}
_RISK_STYLES = {Level.BLOCK: "red", Level.WARN: "yellow", Level.NOTE: "dim", Level.OFF: "dim"}
_INDENT = " " * 6
_STEP = " " * 2
_FEW = 5


def plan(shown: Plan, paint: Paint, next_command: str = "", detail: Detail = BRIEF) -> str:
    """The whole plan; `next_command` is what applies exactly it."""
    title = f"{shown.project} / {shown.environment}"
    blocks = [f"{paint(title, 'bold')} on {plain(shown.service)}"]
    blocks += ["\n".join(_step(step, shown.names, paint, detail)) for step in shown.steps]
    blocks.append("\n".join(_closing(shown, paint, next_command)))
    return "\n\n".join(blocks)


def drift(shown: Plan, paint: Paint) -> str:
    """The drift report of a plan that holds only drift."""
    title = paint(f"{shown.project} / {shown.environment}", "bold")
    if not shown.steps:
        return f"{title}: no drift. {count(shown.unchanged, 'flow')} as declared."
    blocks = ["\n".join(_drifted(step, shown.names, paint)) for step in shown.steps]
    summary = shown.summary
    blocks.append(
        paint("Drift: ", "bold")
        + f"{summary['drifted']} changed outside, {summary['missing']} missing.\n"
        + "To keep a change, write it into the manifest; to undo it, apply."
    )
    return "\n\n".join([f"{title} on {plain(shown.service)}", *blocks])


def _step(step: Step, names: Names, paint: Paint, detail: Detail) -> Iterator[str]:
    from flowdeck.render.change_lines import step_lines  # noqa: PLC0415 (many modules, and most plans are empty)

    yield f"  {paint(f'{SYMBOLS[step.action]} {step.address}', STYLES[step.action])}  {review.about(step)}"
    yield from _painted(step_lines(step, names, detail), paint)
    for risk in step.risks:
        yield _INDENT + _risk(risk, names, paint)


def _drifted(step: Step, names: Names, paint: Paint) -> Iterator[str]:
    from flowdeck.render.change_lines import drift_lines  # noqa: PLC0415 (as above)

    if isinstance(step, Create):
        yield f"  {paint(f'? {step.address}', 'red')}  missing: never applied, or deleted outside"
        return
    yield f"  {paint(f'~ {step.address}', 'yellow')}  changed outside {id_of(step)}"
    yield from _painted(drift_lines(step, names, BRIEF), paint)


def _painted(lines: Iterable[Line], paint: Paint) -> Iterator[str]:
    for line in lines:
        note = f"  {paint(line.note, 'dim')}" if line.note else ""
        yield f"{_INDENT}{_STEP * line.depth}{_signed(line, paint)}{note}"


def _signed(line: Line, paint: Paint) -> str:
    """An entry after its sign; a field with the sign before its value, unless the value says that it changes."""
    style = _SIGN_STYLES.get(line.sign)
    if style is None:
        return line.words
    if line.is_entry:
        return paint(f"{line.sign} {line.words}", style)
    if line.sign is Sign.CHANGED:
        return line.words
    return f"{line.label}: {paint(f'{line.sign} {line.value}', style)}"


def _risk(risk: Risk, names: Names, paint: Paint) -> str:
    return f"{paint(f'{risk.level}[{risk.code}]', _RISK_STYLES[risk.level])} {with_names(risk.message, names)}"


def _closing(shown: Plan, paint: Paint, next_command: str) -> Iterator[str]:
    withheld = [f"{count(shown.withheld, 'delete')} left for another time"] if shown.withheld else []
    if not shown.steps and withheld:
        yield f"Nothing to do: {withheld[0]}."
        return
    if not shown.steps:
        yield f"No changes. {count(shown.unchanged, 'flow')} as declared." if shown.unchanged else "Nothing to do."
        return
    yield f"{paint('Plan:', 'bold')} {', '.join([*review.counts(shown), *withheld])}, {shown.unchanged} unchanged."
    blocked = review.by_code(review.told(shown, Level.BLOCK))
    if blocked:
        yield f"{paint('Blocked:', 'red')} this plan is refused until each of these is dealt with or allowed:"
        for one in blocked:
            yield f"  {one.code}: {one.message if one.is_of_plan else few([*one.addresses], _FEW)}; {one.way_out}"
    warned = review.by_code(review.told(shown, Level.WARN))
    if warned:
        said = (one.code if len(one.addresses) == 1 else f"{len(one.addresses)} {one.code}" for one in warned)
        yield f"{paint('Warnings:', 'yellow')} {', '.join(said)}."
    yield f"Digest: {shown.digest[:12]}"
    if next_command and not blocked:
        yield f"Next: {paint(plain(next_command), 'green')}"
