"""flowdeck drift: what was changed or deleted outside."""

import click

from flowdeck.cli.connection import connection
from flowdeck.cli.door import Door, options
from flowdeck.cli.exit_codes import Exit
from flowdeck.cli.project import opened
from flowdeck.model.plan import Plan
from flowdeck.plan import only_drift
from flowdeck.render import document, plan_text
from flowdeck.service.globus import GlobusReader
from flowdeck.workflow.planning import make_plan


@click.command()
@options("text", "json", "markdown")
def command(door: Door) -> int:
    """Show what was changed or deleted outside flowdeck; exit with 2 if anything was."""
    loaded = opened(door)
    with connection(door, loaded.manifest) as access:
        drift = only_drift(make_plan(loaded, GlobusReader(access)))
    door.warn(drift.diagnostics)
    door.say(_shown(door, drift))
    return Exit.CHANGES if drift.steps else Exit.DONE


def _shown(door: Door, drift: Plan) -> str:
    match door.format:
        case "json":
            return document.text(document.plan(drift))
        case "markdown":
            from flowdeck.render import markdown_result  # noqa: PLC0415 (most reports are read on a terminal)

            return markdown_result.drift(drift)
        case _:
            return plan_text.drift(drift, door.paint)
