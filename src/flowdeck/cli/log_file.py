"""The file of `--log`: one line of JSON after another, each written as its thing happens."""

import errno
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock

from flowdeck.cli.exit_codes import Exit, of_exception, of_result
from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.model.errors import FlowdeckError, Invalid, Refused
from flowdeck.model.event import Event, StepFinished
from flowdeck.model.result import ApplyOutcome, Result, StepResult
from flowdeck.model.step import id_of
from flowdeck.render import log as face

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_OWNER_ONLY = 0o600


class Log:
    """Appends to an open file, or to none. Events are told from several threads."""

    def __init__(self, descriptor: int | None, file: str) -> None:
        self._descriptor, self._file = descriptor, file
        self._apply = secrets.token_hex(6)
        self._lock = Lock()
        self._begun = self._ended = False
        self._told: set[tuple[str, ...]] = set()
        self._hide: Callable[[str], str] = lambda text: text
        self.trouble: tuple[Diagnostic, ...] = ()
        """Why the log is not complete, as a warning; empty while it is."""

    def begin(self, facts: face.Facts, hide: Callable[[str], str]) -> None:
        """Write the first line. Raises Invalid if that fails: nothing was applied yet."""
        self._hide = hide
        try:
            self._append("apply-started", facts)
        except OSError as error:
            raise Invalid(_unwritable(self._file, error)) from None
        self._begun = True

    def hear(self, event: Event) -> None:
        """Write what happens between the first line and the last."""
        if self._begun:
            if isinstance(event, StepFinished):
                self._told.add(_key(event.result))
            self._write(*face.happened(event, self._hide))

    def end(self, result: Result) -> None:
        """Write what became of the steps that were not tried, or not finished, and the last line."""
        for one in result.steps:
            if _key(one) not in self._told:
                self._write("step-finished", face.finished(one, None))
        self._write("apply-finished", face.ended(result, of_result(result)), last=True)

    def stopped(self, error: BaseException) -> None:
        """Write the last line of an apply that something stopped before it wrote anything."""
        code = of_exception(error)
        outcome = ApplyOutcome.REFUSED if isinstance(error, Refused) else ApplyOutcome.FAILED
        diagnostics = error.diagnostics if isinstance(error, FlowdeckError) else ()
        interrupted = code is Exit.INTERRUPTED
        self._write("apply-finished", face.stopped(diagnostics, outcome, code, interrupted=interrupted), last=True)

    def _write(self, event: str, facts: face.Facts, *, last: bool = False) -> None:
        """Write a line that is not the first; a file that cannot be written any more stops no apply."""
        with self._lock:
            if not self._ended and not self.trouble:
                try:
                    self._append(event, facts)
                except OSError as error:
                    self.trouble = (_incomplete(self._file, error),)
            self._ended = self._ended or last

    def _append(self, event: str, facts: face.Facts) -> None:
        if self._descriptor is not None:
            rest = f"{face.line(self._apply, datetime.now(UTC), event, facts)}\n".encode()
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]


@contextmanager
def log_file(file: str | None) -> Iterator[Log]:
    """The log of one apply. Raises Invalid (`cannot-write`) if the file cannot be opened."""
    descriptor = None if file is None else _opened(file)
    log = Log(descriptor, file or "")
    try:
        yield log
    except BaseException as error:
        log.stopped(error)
        raise
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _key(one: StepResult) -> tuple[str, ...]:
    return one.step.address, one.step.action, id_of(one.step) or ""


def _opened(file: str) -> int:
    try:
        descriptor = os.open(file, _FLAGS, _OWNER_ONLY)
    except (OSError, ValueError) as error:
        raise Invalid(_unwritable(file, error)) from None
    os.set_blocking(descriptor, True)  # only the opening of a pipe that nobody reads must not wait
    return descriptor


def _unwritable(file: str, error: Exception) -> Diagnostic:
    why = error.strerror if isinstance(error, OSError) else error
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        why = "it is a link, which could lead anywhere"
    return Diagnostic("cannot-write", f"the log `{file}` cannot be written: {why}", "choose another file")


def _incomplete(file: str, error: OSError) -> Diagnostic:
    message = f"the log `{file}` ends before the apply did: {error.strerror}"
    return Diagnostic("log-incomplete", message, "keep what this command says instead", severity=Severity.WARNING)
