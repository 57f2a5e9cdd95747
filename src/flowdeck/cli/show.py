"""flowdeck show: one live flow."""

import click

from flowdeck.cli.connection import connection
from flowdeck.cli.door import Door, options
from flowdeck.cli.exit_codes import Exit
from flowdeck.cli.project import opened_for_looking
from flowdeck.render import document, table
from flowdeck.service.globus import GlobusReader
from flowdeck.workflow.looking import flow_and_names


@click.command()
@options("text", "json")
@click.argument("name")
def command(door: Door, name: str) -> int:
    """Show one live flow: settings, roles, states; with --format json the definition too."""
    loaded = opened_for_looking(door)
    with connection(door, loaded.manifest) as access:
        flow, names = flow_and_names(loaded, GlobusReader(access), name)
    door.say(table.flow(flow, names, door.paint) if door.is_text else document.text(document.flow(flow, names)))
    return Exit.DONE
