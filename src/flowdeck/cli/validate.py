"""flowdeck validate: check manifests and definitions."""

import click

from flowdeck import manifest
from flowdeck.cli.door import Door, options
from flowdeck.cli.exit_codes import Exit
from flowdeck.cli.project import given
from flowdeck.cli.repository import file_from_root, from_root
from flowdeck.model.diagnostic import Diagnostics, has_errors
from flowdeck.model.errors import FlowdeckError
from flowdeck.model.manifest import Manifest
from flowdeck.render import diagnostics as face
from flowdeck.render import document


@click.command()
@options("text", "json", "github", "sarif", "junit", failing=None)
@click.option("--online", is_flag=True, help="Also ask the service, with credentials.")
def command(door: Door, online: bool) -> int:
    """Check manifests and definitions: offline, without credentials, everything that can be known so."""
    try:
        readable, diagnostics = _checked(door, online=online)
    except FlowdeckError as error:
        if not door.is_text:  # a promised document is there whatever happens; the error itself is told at the end
            door.say(_document(door, None, error.diagnostics))
        raise
    if door.is_text:
        door.say(face.text(diagnostics, door.paint))
        if readable and not has_errors(diagnostics):
            counted = f"{len(readable.flows)} flow{'' if len(readable.flows) == 1 else 's'}"
            said = f"{len(diagnostics)} to look at" if diagnostics else "no problems"
            door.tell(f"{readable.project} / {readable.environment}: {counted}, {said}.")
    else:
        door.say(_document(door, readable, diagnostics))
    if door.format == "github":  # the commands stand in the log without places, and GitHub shows some of them only
        door.warn(diagnostics)
    return Exit.FAILED if has_errors(diagnostics) else Exit.DONE


def _checked(door: Door, *, online: bool) -> tuple[Manifest | None, Diagnostics]:
    """What can be made of the manifest, also of a wrong one, and everything that there is to say of it."""
    path, variables = manifest.find(door.file), given(door)
    readable, loaded = manifest.read(path, door.environment, variables=variables)
    # Whether a secret can be read here says nothing of the manifest: plans tell.
    diagnostics = tuple(one for one in loaded if one.code != "secret-absent")
    if online:
        # What the rules of the flow language call an error is asked about all the same: one of the two may be wrong.
        sound = readable if not has_errors(loaded) else None
        usable = sound or manifest.load(path, door.environment, check=False, variables=variables)[0]
        if usable:
            diagnostics = _asked(door, usable, diagnostics)
    if door.verbose and readable and not has_errors(diagnostics):
        from flowdeck.plan.coverage import coverage  # noqa: PLC0415 (only who wants to know more needs it)

        diagnostics += coverage(readable)
    return readable, diagnostics


def _document(door: Door, readable: Manifest | None, diagnostics: Diagnostics) -> str:
    """What a machine reads, with files as it finds them in the repository."""
    match door.format:
        case "github":
            from flowdeck.render import annotations  # noqa: PLC0415 (each face is for those who ask for it)

            return annotations.text(from_root(diagnostics))
        case "sarif":
            from flowdeck.render import sarif  # noqa: PLC0415

            return document.text(sarif.document(from_root(diagnostics), file_from_root(str(manifest.named(door.file)))))
        case "junit":
            from flowdeck.render import junit  # noqa: PLC0415

            suite = f"{readable.project}/{readable.environment}" if readable else "flowdeck"
            flows = [one.name for one in readable.flows] if readable else []
            return junit.text(from_root(diagnostics), suite, flows)
        case _:
            return document.text(document.validation(diagnostics))


def _asked(door: Door, readable: Manifest, known: Diagnostics) -> Diagnostics:
    """What is known and what the service says. Raises FlowdeckError, with what is known, where it does not answer."""
    from flowdeck.cli.connection import connection  # noqa: PLC0415 (offline, nothing of the service is needed)
    from flowdeck.service.globus import GlobusReader  # noqa: PLC0415
    from flowdeck.workflow.asking import ask_service  # noqa: PLC0415

    try:
        with connection(door, readable, writing=True) as access:
            found = ask_service(readable, GlobusReader(access), known)
    except FlowdeckError as error:
        raise type(error)(*known, *error.diagnostics) from error
    return tuple(one for one in found if door.verbose or one.code != "scope-resolved")
