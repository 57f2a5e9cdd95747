"""flowdeck apply: make the service what the manifest says."""

import click

from flowdeck.cli.applying import Consent, carry_out, consent_options
from flowdeck.cli.door import Door, options
from flowdeck.cli.project import opened
from flowdeck.model.plan import Plan
from flowdeck.service.ports import Reader
from flowdeck.workflow.planning import make_plan, without_deletes


@click.command()
@options("text", "json", "markdown")
@consent_options
@click.option("--no-delete", is_flag=True, help="Leave the plan's deletes for another time.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def command(
    door: Door,
    yes: bool,
    expect: str | None,
    allow: tuple[str, ...],
    log: str | None,
    no_delete: bool,
    names: tuple[str, ...],
) -> int:
    """Make the service what the manifest says.

    Plans anew, shows the plan, asks, and does it. In CI give --expect with the digest, or the plan file, that was
    reviewed: when the plan is another by now, nothing is done and the exit code is 3.
    """
    loaded = opened(door)

    def make(reader: Reader) -> Plan:
        plan = make_plan(loaded, reader, names)
        return without_deletes(plan) if no_delete else plan

    return carry_out(door, loaded, make, Consent(yes, expect, allow, log))
