"""Reading a file of the project as text: only regular files, not too large, UTF-8."""

import os
import stat
from pathlib import Path

from flowdeck.manifest.problem import Fault, Unusable

LARGEST = 1024 * 1024

# A link that appears after the path was resolved is not followed; a FIFO does not block the open.
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def content(path: Path) -> bytes:
    """The bytes of a regular file of at most 1 MiB; raises Unusable for anything else."""
    try:
        file = os.open(path, _FLAGS)
        try:
            mode = os.fstat(file).st_mode
            if not stat.S_ISREG(mode):
                kind = "a folder" if stat.S_ISDIR(mode) else "a device, not a file"
                raise Unusable("not-a-file", f"`{path.name}` is {kind}", "name a regular file")
            found = _read(file)
        finally:
            os.close(file)
    except FileNotFoundError:
        raise Unusable("file-not-found", f"there is no file `{path.name}`", "correct the path, or add it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise Unusable(
            "file-unreadable", f"`{path.name}` cannot be read: {reason}", "check the path and who may read it"
        ) from None
    if len(found) > LARGEST:
        raise Unusable("file-too-large", f"`{path.name}` is larger than 1 MiB", "split it")
    return found


def _read(file: int) -> bytes:
    """All bytes, or one more than is allowed; a read may give less than there is."""
    found = b""
    while len(found) <= LARGEST and (part := os.read(file, LARGEST + 1 - len(found))):
        found += part
    return found


def decoded(raw: bytes) -> tuple[str, Fault | None]:
    """The text without a byte order mark; where it is not UTF-8, what can be shown of it and the fault."""
    try:
        return raw.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        # The codec counts from behind a byte order mark.
        text = raw.decode("utf-8-sig", errors="replace")
        behind_mark = raw.removeprefix(b"\xef\xbb\xbf")
        good = behind_mark[: error.start].decode("utf-8", errors="ignore")
        return text, Fault("not-utf-8", "the file is not UTF-8 text", len(good), "save it as UTF-8")


def shown(path: Path) -> str:
    """The path as a user would write it: relative to the working directory where it lies below it."""
    here = os.getcwd()
    whole = os.path.normpath(os.path.join(here, path))
    below = os.path.join(here, "")
    return (whole.removeprefix(below) if whole.startswith(below) else whole).replace(os.sep, "/")
