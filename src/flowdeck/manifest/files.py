"""The files of a project: found by the paths that manifests write, kept inside the project folder, read once."""

import glob
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from flowdeck.manifest import document
from flowdeck.manifest.document import Document
from flowdeck.manifest.problem import Unusable, quoted
from flowdeck.manifest.text import content, shown
from flowdeck.model.diagnostic import Diagnostics

SUFFIXES = (".json", ".yaml", ".yml")
_CONTROL = re.compile("[\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class File:
    """A file that was read: `path` as it was named, made absolute; `document` is None when nothing can be used."""

    path: Path
    document: Document | None
    diagnostics: Diagnostics


@dataclass(frozen=True)
class Files:
    """Reads files of the project, each once. `folder` holds flows.yaml; `root` is it, absolute and without links."""

    folder: Path
    root: Path
    _read: dict[Path, File] = field(default_factory=dict)
    _folders: dict[str, str | None] = field(default_factory=dict)
    _names: dict[str, frozenset[str]] = field(default_factory=dict)

    def open(self, written: str, folder: Path) -> File:
        """The file that a manifest in `folder` names; raises Unusable where it must not or cannot be read."""
        return self.read(self.locate(written, folder), folder / written)

    def read(self, resolved: Path, path: Path) -> File:
        """The file at a located path; `path` is how the user knows it."""
        known = self._read.get(resolved)
        if known is None:
            found, diagnostics = document.read(shown(path), content(resolved))
            known = self._read[resolved] = File(path, found, diagnostics)
        return known

    def locate(self, written: str, folder: Path) -> Path:
        """Where the file lies, links followed; raises Unusable for one outside the project or of another kind."""
        path = folder / _relative(written)
        if plain := self._plain(path):
            return plain
        resolved = self._inside(path, written)
        try:
            exists = resolved.exists()
        except OSError:  # a name that is too long
            raise _not_followed(written) from None
        if not exists:
            raise _missing(written, path)
        if resolved.is_dir():
            raise Unusable("not-a-file", f"{quoted(written)} is a folder", "name a file in it")
        if path.suffix not in SUFFIXES:
            raise Unusable("unknown-suffix", f"{quoted(written)} is neither JSON nor YAML", "use .json, .yaml or .yml")
        return resolved

    def _plain(self, path: Path) -> Path | None:
        """The path of a regular file that no link leads to, with a suffix that is read: nearly every file is one."""
        folder, name = os.path.split(path)
        try:
            real = self._real(folder)
            if real is None or not name.endswith(SUFFIXES) or not stat.S_ISREG(os.lstat(path).st_mode):
                return None
        except (OSError, ValueError):
            return None
        return Path(real, name)

    def _real(self, folder: str) -> str | None:
        """The folder without links, None for one outside the project; each is looked at once."""
        if folder not in self._folders:
            real = os.path.realpath(folder)
            root = str(self.root)
            self._folders[folder] = real if real == root or real.startswith(os.path.join(root, "")) else None
        return self._folders[folder]

    def _inside(self, path: Path, written: str) -> Path:
        """The path without links, which lies in the project whether it exists or not."""
        try:
            resolved = path.resolve()
        except (OSError, RuntimeError):  # RuntimeError: links in a circle
            raise _not_followed(written) from None
        if not resolved.is_relative_to(self.root):
            raise _outside(written)
        return resolved

    def names_in(self, written: str) -> frozenset[str]:
        """The names in a folder of the project, none where there is no such folder."""
        if written not in self._names:
            try:
                self._names[written] = frozenset(os.listdir(os.path.join(self.root, written)))
            except OSError:
                self._names[written] = frozenset()
        return self._names[written]

    def matching(self, pattern: str, folder: Path) -> list[str]:
        """The files that a glob beside `folder` matches, sorted; the pattern itself when it is a plain path."""
        parts = Path(_relative(pattern)).parts
        plain = next((number for number, part in enumerate(parts) if glob.has_magic(part)), None)
        if plain is None:
            return [pattern]
        # Nothing outside is even looked for.
        self._inside(folder.joinpath(*parts[:plain]), pattern)
        if ".." in parts[plain:]:
            raise _outside(pattern)
        found = sorted(glob.glob(pattern, root_dir=folder, recursive=True))
        return [written for written in found if not (folder / written).is_dir()]


def _relative(written: str) -> str:
    if not written or _CONTROL.search(written):
        raise Unusable("file-unreadable", "this is not a path", "write a path relative to this file")
    if written.startswith(("/", "~", "\\")) or PurePath(written).is_absolute() or PurePath(written).drive:
        raise _outside(written)
    return written


def _not_followed(written: str) -> Unusable:
    return Unusable("file-unreadable", f"{quoted(written)} cannot be followed to a file", "correct the path")


def _outside(written: str) -> Unusable:
    hint = (
        "paths are relative to the file that names them, and stay inside the folder of flows.yaml, also through links"
    )
    return Unusable("path-outside-project", f"{quoted(written)} is not inside the project folder", hint)


def _missing(written: str, path: Path) -> Unusable:
    if path.is_symlink():
        return Unusable("file-not-found", f"the link {quoted(written)} leads nowhere", "correct the link")
    hint = "paths are relative to the file that names them"
    return Unusable("file-not-found", f"there is no file {quoted(written)}", hint)
