"""flowdeck forget: take our marker off a flow."""

import click

from flowdeck.cli.applying import Consent, carry_out
from flowdeck.cli.door import Door, options
from flowdeck.cli.project import opened
from flowdeck.workflow.planning import make_forget_plan


@click.command()
@options("text", "json")
@click.argument("name")
def command(door: Door, name: str) -> int:
    """Stop managing a flow, and leave it as it is.

    Takes flowdeck's keywords off the flow. Remove it from the manifest too: a flow that is still declared would be
    created again, which the risk `marker-lost` blocks.
    """
    loaded = opened(door, definitions=False)
    return carry_out(door, loaded, lambda reader: make_forget_plan(loaded, reader, name), Consent(yes=True))
