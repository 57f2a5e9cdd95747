"""flowdeck validate: check manifests and definitions."""

import click

from flowdeck import manifest
from flowdeck.cli.door import Door, options
from flowdeck.cli.exit_codes import Exit
from flowdeck.cli.project import given
from flowdeck.model.diagnostic import has_errors
from flowdeck.render import diagnostics as face
from flowdeck.render import document


@click.command()
@options("text", "json", failing=lambda error: document.validation(error.diagnostics))
@click.option("--online", is_flag=True, help="Also ask the service, with credentials.")
def command(door: Door, online: bool) -> int:
    """Check manifests and definitions: offline, without credentials, everything that can be known so."""
    found, loaded = manifest.load(manifest.find(door.file), door.environment, variables=given(door))
    # Whether a secret can be read here says nothing of the manifest: plans tell.
    diagnostics = tuple(one for one in loaded if one.code != "secret-absent")
    if found and online:
        from flowdeck.cli.connection import connection  # noqa: PLC0415 (offline, nothing of the service is needed)
        from flowdeck.service.globus import GlobusReader  # noqa: PLC0415
        from flowdeck.workflow import ask_service  # noqa: PLC0415

        with connection(door, found, writing=True) as access:
            diagnostics = ask_service(found, GlobusReader(access), diagnostics)
    if not door.is_text:
        door.say(document.text(document.validation(diagnostics)))
    else:
        door.say(face.text(diagnostics, door.paint))
        if found:
            counted = f"{len(found.flows)} flow{'' if len(found.flows) == 1 else 's'}"
            said = f"{len(diagnostics)} to look at" if diagnostics else "no problems"
            door.tell(f"{found.project} / {found.environment}: {counted}, {said}.")
    return Exit.FAILED if has_errors(diagnostics) else Exit.DONE
