"""flowdeck import: manifest and files for a live flow."""

import shutil
from dataclasses import replace
from pathlib import Path

import click

from flowdeck import manifest
from flowdeck.cli.connection import connection
from flowdeck.cli.door import Door, options
from flowdeck.cli.exit_codes import Exit
from flowdeck.cli.project import opened
from flowdeck.manifest.edit import CannotEdit, has_mapping, with_entry
from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.model.errors import Invalid, Misused
from flowdeck.model.flow import private_parameters
from flowdeck.model.live import LiveFlow
from flowdeck.model.marker import NAME
from flowdeck.render.manifest_entry import Entry, entry
from flowdeck.service.globus import GlobusReader
from flowdeck.workflow import Loaded, importable, load


@click.command()
@options("text")
@click.argument("flow_id", metavar="FLOW_ID", type=click.UUID)
@click.argument("name")
def command(door: Door, flow_id: object, name: str) -> int:
    """Write manifest and files for a live flow, so that the next apply adopts it.

    The definition goes to flows/NAME/, the entry into flows.yaml, whose comments and order stay as they are.
    """
    loaded = opened(door, definitions=False)
    _check_name(loaded, name)
    with connection(door, loaded.manifest) as access:
        live = importable(loaded, GlobusReader(access), str(flow_id))
    _write(manifest.find(door.file).resolve(), loaded, name, live)
    door.warn(_secrets(name, live))
    door.say(f"Wrote flow.{name} into the manifest, and flows/{name}/.")
    door.tell("Next: flowdeck plan shows the adoption")
    return Exit.DONE


def _check_name(loaded: Loaded, name: str) -> None:
    if not NAME.fullmatch(name):
        raise Misused(
            Diagnostic("invalid-name", f"`{name}` cannot name a flow", "use lower-case letters, digits and hyphens")
        )
    if any(flow.name == name for flow in loaded.manifest.flows):
        raise Invalid(
            Diagnostic(
                "duplicate-flow",
                f"flow.{name} is declared already",
                "choose another name",
                loaded.manifest.places.of(name),
            )
        )


def _write(path: Path, loaded: Loaded, name: str, live: LiveFlow) -> None:
    """All or nothing: the files are new, the result loads, and the manifest takes the old one's place at last."""
    folder = loaded.manifest.folder / "flows" / name
    if folder.exists():
        raise Invalid(
            Diagnostic("already-there", f"the folder flows/{name}/ exists", "choose another name, or remove the folder")
        )
    written = entry(live, name)
    with path.open(encoding="utf-8", newline="") as opened_file:  # line ends stay as they are
        text = opened_file.read()
    text = _edited(path, text, loaded.manifest.environment, name, written, live.id)
    draft = path.with_name(f".{path.name}.import{path.suffix}")
    try:
        folder.mkdir(parents=True)
        for file, content in written.files.items():
            (folder / file).write_text(content, encoding="utf-8")
        draft.write_text(text, encoding="utf-8", newline="")
        shutil.copymode(path, draft)
        load(draft, loaded.manifest.environment, definitions=False)
        draft.replace(path)
    except (OSError, Invalid) as error:
        shutil.rmtree(folder, ignore_errors=True)
        draft.unlink(missing_ok=True)
        if isinstance(error, Invalid):  # its places are in the draft, which is gone
            raise Invalid(*(replace(one, place=None) for one in error.diagnostics)) from None
        raise Invalid(
            Diagnostic("cannot-write", f"`{error.filename}` cannot be written: {error.strerror}", "see to the file")
        ) from None


def _edited(path: Path, text: str, environment: str, name: str, written: Entry, id: str) -> str:
    """The manifest with the flow's entry, and its id under the environment that it came from."""
    try:
        if path.suffix == ".json":
            raise CannotEdit("it is JSON")
        return _with_flow(text, environment, name, written, id)
    except CannotEdit as error:
        raise Invalid(
            Diagnostic(
                "cannot-edit",
                f"`{path.name}` cannot be edited: {error}",
                "write the manifest as YAML, and `flows:` as a block",
            )
        ) from None


def _with_flow(text: str, environment: str, name: str, written: Entry, id: str) -> str:
    if not has_mapping(text, ("environments", environment)):  # the implied sandbox, or one that an include declares
        return with_entry(text, ("flows", name), {**written.values, "id": id})
    text = with_entry(text, ("flows", name), written.values)
    return with_entry(text, ("environments", environment, "flows", name), {"id": id})


def _secrets(name: str, live: LiveFlow) -> list[Diagnostic]:
    count = len(private_parameters(live.flow.definition.value))
    warning = Diagnostic(
        "secret-imported",
        f"flows/{name}/definition.json now holds {count} private parameter{'' if count == 1 else 's'} in clear text",
        "keep the file out of version control, or change the secret after removing it",
        address=f"flow.{name}",
        severity=Severity.WARNING,
    )
    return [warning] if count else []
