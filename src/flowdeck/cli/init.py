"""flowdeck init: a small project that applies at once on the emulator."""

import re
import shlex
from importlib.resources import files
from pathlib import Path

import click

from flowdeck.cli.exit_codes import Exit
from flowdeck.manifest.yaml_scalar import plain
from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import Invalid

_FILES = ("flows.yaml", "flows/hello/definition.json", "flows/hello/input_schema.json", ".gitignore")


@click.command()
@click.argument("folder", default=".", metavar="[DIR]", type=click.Path(path_type=Path, file_okay=False))
def command(folder: Path) -> int:
    """Write a small project that applies at once on the emulator.

    Nothing that exists is overwritten.
    """
    if (folder / "flows.yaml").exists():
        raise Invalid(
            Diagnostic("already-there", f"`{folder / 'flows.yaml'}` exists", "choose another folder, or edit that file")
        )
    template = files("flowdeck.cli") / "template"
    try:
        for name in _FILES:
            target = folder / name
            if target.exists():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            text = template.joinpath(name.removeprefix(".")).read_text(encoding="utf-8")
            target.write_text(text.replace("my-project", _project(folder)), encoding="utf-8")
    except OSError as error:
        raise Invalid(
            Diagnostic("cannot-write", f"`{error.filename}` cannot be written: {error.strerror}", "name another folder")
        ) from None
    where = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    click.echo(f"Wrote {folder / 'flows.yaml'} and flows/hello/.\nNext: {where}flowdeck plan")
    return Exit.DONE


def _project(folder: Path) -> str:
    """A project name made of the folder's, quoted if YAML would not take it for text."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")[:48].strip("-") or "my-project"
    return name if plain(name) == name else f'"{name}"'
