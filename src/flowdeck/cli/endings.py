"""How a command ends that an exception stopped: what is said, and the exit code. No error leaves a traceback."""

import os
import sys
from collections.abc import Sequence

import click

from flowdeck.cli.door import Unwritable, paint_for
from flowdeck.cli.exit_codes import Exit, of_exception
from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import FlowdeckError
from flowdeck.render import diagnostics as face


def ended(error: BaseException) -> Exit:
    """Say what stopped the command, and return its exit code; no error leaves a traceback."""
    match error:
        case click.Abort() | KeyboardInterrupt():
            pass
        case click.ClickException():
            error.show()
        case FlowdeckError():
            _show(error.diagnostics)
        case Unwritable():
            if not error.is_silent:
                _show((Diagnostic("cannot-write", f"the output cannot be written: {error}", "see to the disk"),))
            # Or the interpreter would try once more at its end, and complain.
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (for the rest of the process)
        case _:
            _show((_bug(error),))
    return of_exception(error)


def _show(diagnostics: Sequence[Diagnostic]) -> None:
    click.echo(face.text(diagnostics, paint_for(sys.stderr)), err=True)


def _bug(error: BaseException) -> Diagnostic:
    place, trace = "", error.__traceback__
    while trace:
        place, trace = (
            f"{trace.tb_frame.f_code.co_filename.rpartition('flowdeck/')[2]}:{trace.tb_lineno}",
            trace.tb_next,
        )
    return Diagnostic(
        "internal-error",
        f"{type(error).__name__} at {place}: this is a bug in flowdeck",
        "please report it with the command that you ran",
    )
