"""flowdeck plan: show what apply would do."""

import shlex
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
from flowdeck.service.globus import GlobusReader
from flowdeck.workflow import make_destroy_plan, make_plan


@click.command()
@options("text", "json", "gitlab")
@click.option("--destroy", is_flag=True, help="Plan for the empty manifest, as `flowdeck destroy` would.")
@click.option("--out", multiple=True, metavar="FILE", help="Also write the plan to FILE: .json or .txt.")
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
    for file in out:
        write(file, plan)
    door.say(_shown(door, plan, next_command(door, plan, names, destroy=destroy)))
    return Exit.CHANGES if detailed_exitcode and plan.steps else Exit.DONE


def next_command(door: Door, plan: Plan, names: tuple[str, ...], *, destroy: bool) -> str:
    """The command that applies exactly this plan."""
    where = [*(["-f", door.file] if door.file else []), *(["-e", door.environment] if door.environment else [])]
    where += [part for one in door.variables for part in ("--var", shlex.quote(one))]
    verb = "destroy" if destroy else "apply"
    return " ".join(["flowdeck", verb, *where, "--expect", plan.digest[:12], *names]) if plan.steps else ""


def write(file: str, plan: Plan) -> None:
    """Write one face of the plan, chosen by the file's suffix. Raises Invalid if the file cannot be written."""
    suffix = Path(file).suffix
    text = document.text(document.plan(plan)) if suffix == ".json" else plan_text.plan(plan, colourless)
    try:
        Path(file).write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise Invalid(
            Diagnostic("cannot-write", f"`{file}` cannot be written: {error.strerror}", "choose another file")
        ) from None


def _face(suffix: str, file: str) -> None:
    if suffix not in (".json", ".txt"):
        raise Misused(Diagnostic("unknown-face", f"`--out {file}`: there is no `{suffix}` face", "use .json or .txt"))


def _shown(door: Door, plan: Plan, following: str) -> str:
    match door.format:
        case "json":
            return document.text(document.plan(plan))
        case "gitlab":
            return document.gitlab(plan)
        case _:
            return plan_text.plan(plan, door.paint, following)
