"""flowdeck destroy: plan and apply the empty manifest."""

import click

from flowdeck.cli.applying import Consent, carry_out, consent_options
from flowdeck.cli.door import Door, options
from flowdeck.cli.project import opened
from flowdeck.workflow.planning import make_destroy_plan


@click.command()
@options("text", "json")
@consent_options
@click.argument("names", nargs=-1, metavar="[NAME]...")
def command(
    door: Door, yes: bool, expect: str | None, allow: tuple[str, ...], log: str | None, names: tuple[str, ...]
) -> int:
    """Delete every flow of this environment, or the named ones.

    Flows with `protect` stay: apply `protect: false` first. Definition files may be broken.
    """
    loaded = opened(door, definitions=False)
    consent = Consent(yes, expect, allow, log)
    return carry_out(door, loaded, lambda reader: make_destroy_plan(loaded, reader, names), consent)
