"""flowdeck output: ids, scopes and URLs for scripts."""

import click

from flowdeck.cli.connection import connection
from flowdeck.cli.door import Door, options
from flowdeck.cli.exit_codes import Exit
from flowdeck.cli.project import opened
from flowdeck.render import document
from flowdeck.service.globus import GlobusReader
from flowdeck.workflow.looking import managed_flows


@click.command()
@options("json", "env", failing=None)
def command(door: Door) -> int:
    """Print ids, scopes and URLs of the flows, for scripts.

    As JSON by name, or with --format env as FLOW_<NAME>_ID=... lines for a shell.
    """
    loaded = opened(door, definitions=False)
    with connection(door, loaded.manifest) as access:
        flows = managed_flows(loaded, GlobusReader(access))
    door.say(document.text(document.output(flows)) if door.format == "json" else document.environment(flows))
    return Exit.DONE
