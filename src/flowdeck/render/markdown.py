"""The plan as a comment on a pull request: what a reviewer must know first, the details folded, never too long."""

from flowdeck.model.plan import Plan
from flowdeck.model.principal import UUID
from flowdeck.model.risk import Level
from flowdeck.model.step import Create, Delete, Step
from flowdeck.render import review
from flowdeck.render.change_lines import redrawn, step_lines
from flowdeck.render.graph.mermaid import TooLarge, mermaid
from flowdeck.render.lines import Line, Sign
from flowdeck.render.markdown_fit import Fold, fitted, size
from flowdeck.render.markdown_review import at_a_glance, footer, must_know, remarks, result_line
from flowdeck.render.markdown_text import code
from flowdeck.render.names import Names, with_names
from flowdeck.render.review import SYMBOLS
from flowdeck.render.sides import FULL
from flowdeck.render.values import count

# GitHub takes 65,536 characters a comment, GitLab more.
MOST_BYTES = 60_000
_RESERVE = 600
# A plan of so few lines needs no click.
_OPEN = 30
_COLUMNS = {Sign.ADDED: "+", Sign.REMOVED: "-", Sign.CHANGED: "!"}
_COMPARED = "what an apply changes (+ added, - removed, ~ changed)"


def plan(shown: Plan, next_command: str = "") -> str:
    """The whole plan in at most MOST_BYTES of UTF-8; `next_command` is what applies exactly it."""
    head = [f"<!-- flowdeck plan {shown.project}/{shown.environment} -->", result_line(shown), ""]
    if not shown.steps:
        return "\n".join(head[:-1])
    known = [at_a_glance(shown), "", *must_know(shown)]
    foot = footer(shown, next_command)
    folds = [_fold(step, shown.names) for step in shown.steps]
    room = MOST_BYTES - size([*head, *known, *foot]) - _RESERVE
    details = fitted(folds, room, is_open=sum(len(fold.lines) for fold in folds) <= _OPEN)
    left = details.left_out()
    missing = [f"Left out, to fit into a comment: {', '.join(left)}. `flowdeck plan -v` shows all.", ""] if left else []
    told = remarks(shown.diagnostics, room - size(details.lines))
    return "\n".join([*head, *known, *missing, *details.lines, *told, *foot])


def _fold(step: Step, names: Names) -> Fold:
    fields = ", ".join(review.changed_fields(step))
    worst = max((risk.level for risk in step.risks), key=list(Level).index, default=Level.OFF)
    warned = _counted(step)
    whole = {Create: "+", Delete: "-"}.get(type(step), " ")
    lines = [column(line, whole) for line in step_lines(step, names, FULL)]
    lines += [f"  {risk.level}[{risk.code}] {with_names(risk.message, names)}" for risk in step.risks]
    drawing, why = _drawing(step)
    about = UUID.sub(r"<code>\g<0></code>", review.about(step))
    said = f"{f': {fields}' if fields else ''}{f'; {warned}' if warned else ''}"
    row = f"| {SYMBOLS[step.action]} | {code(step.address)} | {fields or step.action} | {warned} |"
    return Fold(
        f"<b>{SYMBOLS[step.action]} {step.address}</b> {about}{said}",
        (*lines, *([f"  {why}"] if why else [])),
        "" if isinstance(step, Delete) else row,
        drawing,
        {Level.BLOCK: 0, Level.WARN: 1}.get(worst, 2) if not isinstance(step, Delete) else 1,
    )


def _counted(step: Step) -> str:
    levels = [risk.level for risk in step.risks]
    blocks, warnings = levels.count(Level.BLOCK), levels.count(Level.WARN)
    said = ["blocked"] if blocks else []
    return ", ".join([*said, *([count(warnings, "warning")] if warnings else [])])


def column(line: Line, otherwise: str = " ") -> str:
    """A line as a diff has it: the first column says what becomes of it."""
    note = f"  {line.note}" if line.note else ""
    return f"{_COLUMNS.get(line.sign, otherwise)} {'  ' * line.depth}{line.words}{note}"


def _drawing(step: Step) -> tuple[tuple[str, ...], str]:
    """What changes in the states of the flow as Mermaid; or why that is not drawn."""
    drawn = redrawn(step)
    if drawn is None:
        return (), ""
    try:
        text = mermaid(drawn, f"{step.address}: {_COMPARED}" if drawn.is_changed else step.address)
    except TooLarge as why:
        return (), f"not drawn, because {why}"
    return tuple(text.split("\n")), ""
