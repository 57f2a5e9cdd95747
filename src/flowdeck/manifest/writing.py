"""New files of a project and a new text of its manifest, written together or not at all."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from flowdeck.manifest.bodies import FOLDER
from flowdeck.model.diagnostic import Diagnostic, Diagnostics
from flowdeck.model.errors import Invalid
from flowdeck.model.flow import address_of

Check = Callable[[Path, bool], Diagnostics]
"""The errors of a manifest, loaded with its definitions or without."""


@dataclass(frozen=True, slots=True)
class Change:
    """The manifest, as the user names it, its new text, and new files by their path in the project folder."""

    manifest: Path
    text: str
    files: Mapping[str, str]


class Unfit(Exception):
    """What was to be added does not load; nothing was written. `reasons` are by the name of the flow concerned."""

    def __init__(self, reasons: Mapping[str, str], diagnostics: Diagnostics) -> None:
        super().__init__(", ".join(sorted(reasons)))
        self.reasons = reasons
        self.diagnostics = diagnostics


def write(change: Change, names: Sequence[str], check: Check) -> None:
    """Make the change, which adds the flows of these names, if what comes of it can be loaded.

    Raises Unfit for flows that cannot, Invalid for anything else, as a full disk; then all is as it was.
    """
    try:
        _write(change, names, check)
    except OSError as error:
        message = f"the import cannot be written: {error.strerror}"
        hint = "nothing was changed; see to the disk, and to who may write there"
        raise Invalid(Diagnostic("cannot-write", message, hint)) from None


def _write(change: Change, names: Sequence[str], check: Check) -> None:
    folder = change.manifest.parent
    stage = Path(tempfile.mkdtemp(prefix=".flowdeck-import-", dir=folder))
    # In the project folder, for its paths are to be read as the manifest's are.
    draft = folder / f"{stage.name}{change.manifest.suffix}"
    undo: list[Callable[[], None]] = []
    try:
        for name, text in change.files.items():
            (stage / name).parent.mkdir(parents=True, exist_ok=True)
            (stage / name).write_text(text, encoding="utf-8", newline="")
        draft.write_text(change.text, encoding="utf-8", newline="")
        shutil.copymode(change.manifest, draft)
        _place(stage, folder, change.files, undo)
        _prove(draft, folder, names, check)
        draft.replace(change.manifest.resolve())
    except BaseException:  # an interrupt too
        if draft.exists():  # else it has become the manifest, and the interrupt came too late
            _take_back(undo)
        raise
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        draft.unlink(missing_ok=True)


def _place(stage: Path, folder: Path, files: Iterable[str], undo: list[Callable[[], None]]) -> None:
    """Move the files to where they belong; `undo` grows before anything is made, or an interrupt would leave it."""
    for name in files:
        target = folder / name
        for parent in reversed(target.parents[: len(Path(name).parts) - 1]):
            if not parent.is_dir():
                undo.append(parent.rmdir)
                parent.mkdir()
        if os.path.lexists(target):
            raise Invalid(Diagnostic("already-there", f"the file {name} exists", "move it out of the way"))
        undo.append(target.unlink)
        (stage / name).rename(target)


def _take_back(undo: Sequence[Callable[[], None]]) -> None:
    for step in reversed(undo):
        with suppress(OSError):  # it was not made yet, or somebody put something into a folder
            step()


def _prove(draft: Path, folder: Path, names: Sequence[str], check: Check) -> None:
    """Raises Unfit for errors of the flows that are added; older errors in definitions are not ours to complain of."""
    addresses = {address_of(name): name for name in names}
    own = {os.path.abspath(folder / FOLDER / name): name for name in names}
    unfit: dict[str, list[Diagnostic]] = {}
    for error in check(draft, True):
        name = addresses.get(error.address or "") or _owner(error, own)
        if name:
            unfit.setdefault(name, []).append(error)
    if unfit:
        reasons = {name: errors[0].message for name, errors in unfit.items()}
        raise Unfit(reasons, tuple(error for errors in unfit.values() for error in errors))
    if errors := check(draft, False):
        raise Invalid(*(replace(one, place=None) for one in errors))  # the places are in the draft, which is going


def _owner(error: Diagnostic, own: Mapping[str, str]) -> str | None:
    """Whose file or folder it is that the error is in."""
    if error.place is None:
        return None
    path = Path(os.path.abspath(error.place.file))
    return own.get(str(path.with_suffix(""))) or own.get(str(path.parent))
