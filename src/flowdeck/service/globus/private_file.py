"""A file that is its owner's alone: refused where others could read it, replaced whole or not at all."""

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import Invalid

_OTHERS = 0o077
_MOST_BYTES = 1 << 20


class PrivateFile:
    """The file `name` in a folder for private files; whoever has opened it holds the folder's lock.

    Everything happens relative to the open folder, so that nobody can put another one in its place meanwhile.
    """

    def __init__(self, folder: Path, name: str, descriptor: int) -> None:
        self._folder, self._name, self._descriptor = folder, name, descriptor

    def read(self) -> bytes | None:
        """The content, None when there is no file. Raises Invalid (`lax-token-file`)."""
        path = self._folder / self._name
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            opened = os.open(self._name, flags, dir_fd=self._descriptor)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _lax(path, _reason(error), "") from None
        try:
            found = os.fstat(opened)
            if not stat.S_ISREG(found.st_mode):
                raise _lax(path, "is no file", "")
            _require_private(path, found, "600")
            with open(opened, "rb", closefd=False) as file:
                return file.read(_MOST_BYTES)
        finally:
            os.close(opened)

    def replace(self, content: bytes) -> None:
        """Put the content in place of the file. Raises Invalid (`cannot-write`), and then the former file is there."""
        temporary = f".{self._name}.{secrets.token_hex(8)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._sweep()
            opened = os.open(temporary, flags, 0o600, dir_fd=self._descriptor)
            try:
                with open(opened, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(opened)
                os.rename(temporary, self._name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=self._descriptor)
                raise
            os.fsync(self._descriptor)
        except OSError as error:
            raise _unwritable(self._folder / self._name, error) from None

    def remove(self) -> bool:
        """Remove the file, whatever it is; False when there was none. Raises Invalid (`cannot-write`)."""
        try:
            self._sweep()
            os.unlink(self._name, dir_fd=self._descriptor)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _unwritable(self._folder / self._name, error) from None
        return True

    def _sweep(self) -> None:
        """Remove what a process that was killed while it replaced the file has left."""
        for entry in os.listdir(self._descriptor):
            if entry.startswith(f".{self._name}."):
                os.unlink(entry, dir_fd=self._descriptor)


@contextmanager
def opened(path: Path, *, create: bool = False) -> Iterator[PrivateFile | None]:
    """The file of this path, for one process at a time; None when its folder is missing and not to be made.

    Raises Invalid: `lax-token-file` when others can get at the folder, `cannot-write` when it cannot be made.
    """
    folder = path.parent
    try:
        if create:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EEXIST):
            raise _lax(folder, "is no folder, or a link to one", "") from None
        raise _unwritable(folder, error) from None
    try:
        _require_private(folder, os.fstat(descriptor), "700")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield PrivateFile(folder, path.name, descriptor)
    finally:
        os.close(descriptor)  # and with it goes the lock


def _require_private(path: Path, found: os.stat_result, mode: str) -> None:
    if found.st_uid != os.geteuid():
        raise _lax(path, "belongs to somebody else", "")
    if found.st_mode & _OTHERS:
        raise _lax(path, f"is open to others (mode {stat.S_IMODE(found.st_mode):o})", f"chmod {mode} {path}")


def _lax(path: Path, what: str, hint: str) -> Invalid:
    way_out = hint or "move it away, and run `flowdeck login`"
    return Invalid(Diagnostic("lax-token-file", f"`{path}` {what}, and logins are kept there", way_out))


def _reason(error: OSError) -> str:
    return "is a link" if error.errno == errno.ELOOP else f"cannot be read: {error.strerror}"


def _unwritable(path: Path, error: OSError) -> Invalid:
    message = f"`{path}` cannot be written: {error.strerror}"
    return Invalid(Diagnostic("cannot-write", message, "logins are kept there; see to the folder and the disk"))
