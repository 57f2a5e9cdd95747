"""Files as CI systems name them: from the root of the repository, not from the folder of the command."""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from flowdeck.model.diagnostic import Diagnostic, Diagnostics


def from_root(diagnostics: Iterable[Diagnostic]) -> Diagnostics:
    """The diagnostics with each place's file as `file_from_root` names it."""
    return tuple(
        replace(one, place=replace(one.place, file=file_from_root(one.place.file))) if one.place else one
        for one in diagnostics
    )


def file_from_root(file: str) -> str:
    """A path relative to the repository's root; an absolute one for what lies elsewhere."""
    folder = Path.cwd()
    path = os.path.normpath(folder / file)
    relative = os.path.relpath(path, _root(folder))
    return path if relative.split(os.sep)[0] == os.pardir else relative


def _root(folder: Path) -> Path:
    """The folder above that git calls the repository's; without one, what GitHub calls so, else the folder itself."""
    above = (folder, *folder.parents)
    for one in above:
        if (one / ".git").exists():
            return one
    workspace = Path(os.environ.get("GITHUB_WORKSPACE") or folder)
    return workspace if workspace in above else folder
