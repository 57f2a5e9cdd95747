"""flowdeck login: log in as a person."""

import os
import sys

import click

from flowdeck.cli.connection import manifest_if_any
from flowdeck.cli.door import Door, options
from flowdeck.cli.exit_codes import Exit
from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import Misused
from flowdeck.model.manifest import EMULATOR, GLOBUS
from flowdeck.service.globus import endpoints_for, stored_login_from

_WINNERS = ("FLOWDECK_CLIENT_ID", "GLOBUS_CLI_CLIENT_ID")


@click.command()
@options("text")
def command(door: Door) -> int:
    """Log in as a person, and store the tokens for the commands to come.

    Prints the URL at which to log in, and reads the code that is shown there; no browser is needed on this machine.
    In CI use client credentials instead.
    """
    manifest = manifest_if_any(door)
    if manifest is not None and manifest.service == EMULATOR:
        door.tell("This environment is on the emulator, which needs no login.")
        return Exit.DONE
    login = stored_login_from(os.environ)
    endpoints = endpoints_for(manifest.service if manifest else GLOBUS, os.environ)

    from flowdeck.service.globus.login import log_in  # noqa: PLC0415 (heavy)

    identity = log_in(endpoints, login, _asked)
    door.tell(f"Logged in as identity {identity}. `flowdeck whoami` says more, `flowdeck logout` ends it.")
    for name in _WINNERS:
        if os.environ.get(name):
            door.tell(f"{name} is set, and is used instead of this login.")
    return Exit.DONE


def _asked(url: str) -> str:
    """The code that the person was shown at the URL; a line of stdin, so that it can be piped too."""
    click.echo(f"Log in here:\n\n{url}\n\nEnter the code that you are shown: ", nl=False, err=True)
    code = sys.stdin.readline().strip()
    if not sys.stdin.isatty():
        click.echo(err=True)  # nobody has pressed Enter
    if not code:
        raise Misused(
            Diagnostic(
                "login-failed", "no code was entered", "run `flowdeck login` in a terminal, or pipe the code to it"
            )
        )
    return code
