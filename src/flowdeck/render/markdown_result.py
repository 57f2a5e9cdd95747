"""What an apply did, and what drifted, as Markdown: the result first, what needs somebody next, never too long."""

from dataclasses import replace

from flowdeck.model.change import Origin
from flowdeck.model.errors import FlowdeckError
from flowdeck.model.plan import Plan
from flowdeck.model.result import ApplyOutcome, Result, StepOutcome, StepResult
from flowdeck.model.step import Create, Step, id_of
from flowdeck.render.change_lines import drift_lines
from flowdeck.render.markdown import column
from flowdeck.render.markdown_fit import Fold, fitted, within
from flowdeck.render.markdown_review import access_table, remark
from flowdeck.render.markdown_text import code
from flowdeck.render.result_text import outcome_line, problems
from flowdeck.render.review import SYMBOLS
from flowdeck.render.sides import FULL
from flowdeck.render.values import count

# Each part so many bytes; together they stay below what a comment takes.
_MISSING, _PROBLEMS, _STEPS, _FOLDS = 8_000, 20_000, 25_000, 22_000
_LEFT = "see the log of the job"
_AGAIN = "Run the same again: what is done is not done twice."


def result(plan: Plan, shown: Result) -> str:
    """What became of each step, those that failed first."""
    lines = [
        f"<!-- flowdeck apply {plan.project}/{plan.environment} -->",
        f"**{outcome_line(shown)}** - {_where(plan)}",
    ]
    found = problems(shown)
    if found:
        lines += ["", *within([f"- {remark(one)}" for one in found], _PROBLEMS, f"- and {{}} more: {_LEFT}")]
    if shown.outcome is ApplyOutcome.PARTIAL:
        lines += ["", _AGAIN]
    tried = shown.outcome is not ApplyOutcome.REFUSED
    if shown.steps and tried:
        steps = sorted(shown.steps, key=lambda one: one.outcome is StepOutcome.DONE)
        lines += ["", "| | flow | action | outcome | id |", "|---|---|---|---|---|"]
        lines += within([_row(one) for one in steps], _STEPS, f"| | and {{}} more | | {_LEFT} | |")
    return "\n".join([*lines, "", f"Digest of the whole plan: `{shown.digest}`"])


def failure(error: FlowdeckError) -> str:
    """What a command says that could not do its work."""
    rows = [f"- {remark(one)}" for one in error.diagnostics]
    return "\n".join(["**Nothing was done**", "", *within(rows, _PROBLEMS, f"- and {{}} more: {_LEFT}")])


def drift(shown: Plan) -> str:
    """What somebody changed or deleted outside, of a plan that holds only drift."""
    marker = f"<!-- flowdeck drift {shown.project}/{shown.environment} -->"
    if not shown.steps:
        return f"{marker}\n**No drift** - {_where(shown)}: {count(shown.unchanged, 'flow')} as declared."
    summary = shown.summary
    lines = [marker, f"**{summary['drifted']} changed outside, {summary['missing']} missing** - {_where(shown)}", ""]
    missing = [
        f"- {code(step.address)}: never applied, or deleted outside" for step in shown.steps if _is_missing(step)
    ]
    if missing:
        lines += ["Missing:", "", *within(missing, _MISSING, f"- and {{}} more: {_LEFT}"), ""]
    changed = [step for step in shown.steps if not _is_missing(step)]
    lines += access_table(replace(shown, steps=tuple(_turned(step) for step in changed)))
    folds = [_fold(step, shown) for step in changed]
    details = fitted(folds, _FOLDS, is_open=len(folds) == 1)
    left = details.left_out()
    lines += [f"Left out: {', '.join(left)}; {_LEFT}.", ""] if left else []
    return "\n".join([*lines, *details.lines, "To keep a change, write it into the manifest; to undo it, apply."])


def _where(plan: Plan) -> str:
    return f"{plan.project} / {plan.environment} on {code(plan.service)}"


def _row(one: StepResult) -> str:
    step = one.step
    outcome = one.outcome.value if one.outcome is StepOutcome.DONE else f"**{one.outcome}**"
    id = code(one.id) if one.id else ""
    return f"| {SYMBOLS[step.action]} | {code(step.address)} | {step.action} | {outcome} | {id} |"


def _is_missing(step: Step) -> bool:
    return isinstance(step, Create)


def _turned(step: Step) -> Step:
    """The step with its roles the other way round: who was given access outside gains it."""
    roles = tuple(
        replace(one, added=one.removed, removed=one.added, grants=(), origin=Origin.UNKNOWN)
        for one in step.difference.roles
    )
    return replace(step, difference=replace(step.difference, roles=roles))


def _fold(step: Step, shown: Plan) -> Fold:
    lines = tuple(column(line) for line in drift_lines(step, shown.names, FULL))
    summary = f"<b>~ {step.address}</b> <code>{id_of(step)}</code>"
    return Fold(summary, lines, f"| ~ | {code(step.address)} | {count(len(lines), 'line')} | |")
