"""flowdeck plan: show what apply would do."""

import shlex
from collections.abc import Callable
from pathlib import Path

import click

from flowdeck.cli.connection import connection
from flowdeck.cli.door import Door, options
from flowdeck.cli.exit_codes import Exit
from flowdeck.cli.project import opened
from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import Invalid, Misused
from flowdeck.model.plan import Plan
from flowdeck.render import document, plan_text
from flowdeck.render.paint import colourless
from flowdeck.render.sides import BRIEF, FULL
from flowdeck.service.globus import GlobusReader
from flowdeck.workflow.planning import make_destroy_plan, make_plan


@click.command()
@options("text", "json", "markdown", "html", "gitlab")
@click.option("--destroy", is_flag=True, help="Plan for the empty manifest, as `flowdeck destroy` would.")
@click.option("--out", multiple=True, metavar="FILE", help="Also write the plan to FILE: .json, .md, .html, .txt.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def command(door: Door, destroy: bool, out: tuple[str, ...], detailed_exitcode: bool, names: tuple[str, ...]) -> int:
    """Show what apply would do; change nothing.

    NAME is a flow's name, its address (flow.two-hop) or a glob; without any, all flows are planned.
    """
    for file in out:
        _face(Path(file).suffix, file)
    loaded = opened(door, definitions=not destroy)
    with connection(door, loaded.manifest) as access:
        make = make_destroy_plan if destroy else make_plan
        plan = make(loaded, GlobusReader(access), names)
    door.warn(plan.diagnostics)
    following = next_command(door, plan, names, destroy=destroy)
    for file in out:
        write(file, plan, following)
    door.say(_shown(door, plan, following))
    return Exit.CHANGES if detailed_exitcode and plan.steps else Exit.DONE


def next_command(door: Door, plan: Plan, names: tuple[str, ...], *, destroy: bool) -> str:
    """The command that applies exactly this plan."""
    where = [*(["-f", door.file] if door.file else []), *(["-e", door.environment] if door.environment else [])]
    where += [part for one in door.variables for part in ("--var", one)]
    verb = "destroy" if destroy else "apply"
    return shlex.join(["flowdeck", verb, *where, "--expect", plan.digest[:12], *names]) if plan.steps else ""


def write(file: str, plan: Plan, following: str) -> None:
    """Write one face of the plan, chosen by the file's suffix. Raises Invalid if the file cannot be written."""
    text = _FACES[_SUFFIXES[Path(file).suffix]](plan, following)
    try:
        Path(file).write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise Invalid(
            Diagnostic("cannot-write", f"`{file}` cannot be written: {error.strerror}", "choose another file")
        ) from None


def _face(suffix: str, file: str) -> None:
    if suffix not in _SUFFIXES:
        wrong = f"a plan cannot be written as `{suffix}`" if suffix else "the file's name has no suffix"
        hint = f"let it end with {', '.join(_SUFFIXES)}"
        raise Misused(Diagnostic("unknown-face", f"`--out {file}`: {wrong}", hint))


def _shown(door: Door, plan: Plan, following: str) -> str:
    if door.is_text:
        return plan_text.plan(plan, door.paint, following, FULL if door.verbose else BRIEF)
    return _FACES[door.format](plan, following)


def _markdown(plan: Plan, following: str) -> str:
    from flowdeck.render import markdown  # noqa: PLC0415 (most plans are read on a terminal)

    return markdown.plan(plan, following)


def _html(plan: Plan, following: str) -> str:
    from flowdeck.render import html  # noqa: PLC0415 (see above)

    return html.plan(plan, following)


_SUFFIXES = {".json": "json", ".md": "markdown", ".html": "html", ".txt": "text"}
_FACES: dict[str, Callable[[Plan, str], str]] = {
    "text": lambda plan, following: plan_text.plan(plan, colourless, following),
    "json": lambda plan, _: document.text(document.plan(plan)),
    "markdown": _markdown,
    "html": _html,
    "gitlab": lambda plan, _: document.gitlab(plan),
}
