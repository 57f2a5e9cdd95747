"""flowdeck whoami: the identity in use."""

from collections.abc import Mapping

import click

from flowdeck.cli.connection import manifest_if_any, reached
from flowdeck.cli.door import Door, options
from flowdeck.cli.exit_codes import Exit
from flowdeck.render import document
from flowdeck.render.escape import plain
from flowdeck.service.globus import AnyCredentials, StoredLogin

_ORIGINS = {
    "FLOWDECK_CLIENT_ID": "the client in FLOWDECK_CLIENT_ID",
    "GLOBUS_CLI_CLIENT_ID": "the client in GLOBUS_CLI_CLIENT_ID",
    "login": "a stored login",
    "emulator": "the emulator's own client",
}


@click.command()
@options("text", "json")
def command(door: Door) -> int:
    """Show the identity in use, and which credentials it comes from."""
    from flowdeck.service.globus.whoami import whoami  # noqa: PLC0415 (only this command needs it)

    with reached(door, manifest_if_any(door)) as (endpoints, credentials):
        identity = whoami(endpoints, credentials)
    shown = {
        "identity": identity.urn,
        "username": identity.username,
        "name": identity.name,
        "credentials": _origin(credentials),
        "client_id": credentials.client_id,
        "service": endpoints.shown,
    }
    door.say(_text(shown) if door.is_text else document.text({"format_version": document.FORMAT_VERSION, **shown}))
    return Exit.DONE


def _origin(credentials: AnyCredentials) -> str:
    return "login" if isinstance(credentials, StoredLogin) else credentials.source or "emulator"


def _text(shown: Mapping[str, str]) -> str:
    rows = {**shown, "credentials": _ORIGINS[shown["credentials"]]}
    return "\n".join(f"{key.replace('_', ' '):<12} {plain(value)}" for key, value in rows.items() if value)
