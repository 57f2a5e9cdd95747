"""flowdeck logout: end a login."""

import os

import click

from flowdeck.cli.connection import manifest_if_any
from flowdeck.cli.door import Door, options
from flowdeck.cli.exit_codes import Exit
from flowdeck.model.manifest import EMULATOR, GLOBUS
from flowdeck.service.globus import endpoints_for, stored_login_from


@click.command()
@options("text")
def command(door: Door) -> int:
    """Revoke the tokens of the stored login, and remove its file.

    The file is removed also if Globus Auth cannot be reached.
    """
    manifest = manifest_if_any(door)
    if manifest is not None and manifest.service == EMULATOR:
        door.tell("This environment is on the emulator, which needs no login.")
        return Exit.DONE
    login = stored_login_from(os.environ)
    endpoints = endpoints_for(manifest.service if manifest else GLOBUS, os.environ)

    from flowdeck.service.globus.login import log_out  # noqa: PLC0415 (heavy)

    match log_out(endpoints, login):
        case (False, _):
            door.tell("Nobody was logged in.")
        case (True, True):
            door.tell("Logged out: the tokens are revoked, and their file is removed.")
        case _:
            door.tell("The file is removed, but its tokens could not be revoked: see https://app.globus.org/consents")
    return Exit.DONE
