"""The exit codes, which scripts rely on, and which error or result ends in which."""

from enum import IntEnum

import click

from flowdeck.model.errors import FlowdeckError, Misused, Refused
from flowdeck.model.result import ApplyOutcome, Result


class Exit(IntEnum):
    """What a command's exit code means."""

    DONE = 0
    FAILED = 1
    CHANGES = 2
    REFUSED = 3
    PARTIAL = 4
    USAGE = 64
    INTERRUPTED = 130


def of_error(error: FlowdeckError) -> Exit:
    """The exit code of a command that an error stopped."""
    match error:
        case Refused():
            return Exit.REFUSED
        case Misused():
            return Exit.USAGE
        case _:
            return Exit.FAILED


def of_exception(error: BaseException) -> Exit:
    """The exit code of a command that anything stopped."""
    match error:
        case FlowdeckError():
            return of_error(error)
        case click.UsageError():
            return Exit.USAGE
        case click.Abort() | KeyboardInterrupt():
            return Exit.INTERRUPTED
        case _:
            return Exit.FAILED


def of_result(result: Result) -> Exit:
    """The exit code of an apply."""
    if result.interrupted:
        return Exit.INTERRUPTED
    return {
        ApplyOutcome.APPLIED: Exit.DONE,
        ApplyOutcome.NOTHING: Exit.DONE,
        ApplyOutcome.PARTIAL: Exit.PARTIAL,
        ApplyOutcome.REFUSED: Exit.REFUSED,
        ApplyOutcome.FAILED: Exit.FAILED,
    }[result.outcome]
