"""flowdeck schema: the JSON Schema of flows.yaml."""

import click

from flowdeck import manifest
from flowdeck.cli.exit_codes import Exit
from flowdeck.render import document


@click.command()
def command() -> int:
    """Print the JSON Schema of flows.yaml, for editors.

    Save it beside flows.yaml as flowdeck.schema.json; the first line of the manifest tells editors where it is.
    """
    click.echo(document.text(manifest.json_schema()))
    return Exit.DONE
