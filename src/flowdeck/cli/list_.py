"""flowdeck list: the flows of an environment."""

import click

from flowdeck.cli.connection import connection
from flowdeck.cli.door import Door, options
from flowdeck.cli.exit_codes import Exit
from flowdeck.cli.project import opened_for_looking
from flowdeck.render import document, table
from flowdeck.service.globus import GlobusReader
from flowdeck.workflow.looking import managed_flows


@click.command()
@options("text", "json")
def command(door: Door) -> int:
    """List the flows of this environment that flowdeck manages."""
    loaded = opened_for_looking(door)
    with connection(door, loaded.manifest) as access:
        flows = managed_flows(loaded, GlobusReader(access))
    door.say(table.listing(flows, door.paint) if door.is_text else document.text(document.listing(flows)))
    return Exit.DONE
