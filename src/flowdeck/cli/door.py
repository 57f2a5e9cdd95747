"""What every command has in common: the options, where output goes, and how the service is reached."""

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TextIO, TypeVar

import click

from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.model.errors import FlowdeckError
from flowdeck.render import document
from flowdeck.render.paint import Paint, coloured, colourless

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Door:
    """The common options of one invocation. Results go to stdout, everything else to stderr."""

    file: str | None = None
    environment: str | None = None
    variables: tuple[str, ...] = ()
    format: str = "text"
    parallelism: int = 8
    color: bool = True
    quiet: bool = False
    verbose: bool = False

    @property
    def is_text(self) -> bool:
        """Whether people read the output."""
        return self.format == "text"

    @property
    def paint(self) -> Paint:
        """The colours of stdout."""
        return self.paint_on(sys.stdout)

    def paint_on(self, stream: TextIO) -> Paint:
        """The colours of one stream."""
        return paint_for(stream) if self.color else colourless

    def say(self, text: str) -> None:
        """Print a result."""
        if text:
            _write(text, err=False)

    def tell(self, text: str) -> None:
        """Print something about the result, unless --quiet."""
        if text and not self.quiet:
            _write(text, err=True)

    def warn(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Print diagnostics, also with --quiet if they are errors; in a document they stand already."""
        from flowdeck.render import diagnostics as face  # noqa: PLC0415 (commands without diagnostics do not need it)

        shown = [one for one in diagnostics if one.severity is Severity.ERROR or not self.quiet]
        if shown:
            _write(face.text(shown, self.paint_on(sys.stderr)) + "\n", err=True)


class Unwritable(Exception):
    """The output cannot be written: its reader went away, or the disk is full."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror)
        self.is_silent = isinstance(error, BrokenPipeError)


def _write(text: str, *, err: bool) -> None:
    try:
        click.echo(text, err=err, color=True)
    except OSError as error:
        raise Unwritable(error) from None


class WholeNumber(click.ParamType[int]):
    """A whole number within bounds, told in words where it is not."""

    name = "N"

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number. Raises click.BadParameter."""
        try:
            number = int(value)
        except ValueError:
            number = self._least - 1
        if not self._least <= number <= self._most:
            self.fail(f"{value!r} is no whole number from {self._least} to {self._most}.", param, ctx)
        return number


def paint_for(stream: TextIO) -> Paint:
    """Colour on a terminal, unless NO_COLOR is set or the terminal is dumb (no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or "--no-color" in sys.argv
    return coloured if stream.isatty() and not plain else colourless


def options(
    *formats: str, failing: Callable[[FlowdeckError], dict[str, Any]] | None = document.failure
) -> Callable[[F], F]:
    """The common options, gathered into the command's first argument, a Door; the first of `formats` is the default.

    `failing` makes the JSON document of a command that could not do its work; None for one that then prints nothing.
    """

    def decorate(function: F) -> F:
        def command(**given: Any) -> Any:
            names = ("file", "environment", "variables", "format", "parallelism", "color", "quiet", "verbose")
            door = Door(**{name: given.pop(name) for name in names if name in given})
            try:
                return function(door, **given)
            except FlowdeckError as error:
                if door.format == "json" and failing:  # a promised document is there whatever happens
                    door.say(document.text(failing(error)))
                elif door.format == "markdown":
                    from flowdeck.render import markdown_result  # noqa: PLC0415 (only on the way out)

                    door.say(markdown_result.failure(error))
                raise

        command.__doc__ = function.__doc__
        command.__name__ = function.__name__
        command.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]  # click's own
        for option in reversed(_common(formats)):
            command = option(command)
        return command  # type: ignore[return-value]  # click does not care for the wrapped signature

    return decorate


def _common(formats: tuple[str, ...]) -> list[Callable[[Any], Any]]:
    return [
        click.option("-f", "--file", metavar="PATH", help="flows.yaml, or the folder that holds it. [FLOWDECK_FILE]"),
        click.option(
            "-e", "--env", "environment", envvar="FLOWDECK_ENV", metavar="NAME", help="The environment. [FLOWDECK_ENV]"
        ),
        click.option(
            "--var", "variables", multiple=True, metavar="NAME=VALUE", help="Give a variable of the manifest its value."
        ),
        *(
            [
                click.option(
                    "--format",
                    type=click.Choice(formats),
                    default=formats[0],
                    help=f"The face of the output; {formats[0]} unless told.",
                )
            ]
            if len(formats) > 1
            else []
        ),
        click.option(
            "--parallelism",
            type=WholeNumber(1, 64),
            default=8,
            metavar="N",
            help="So many requests side by side; 8 unless told.",
        ),
        click.option("--color/--no-color", default=True, help="Colour on terminals; NO_COLOR turns it off too."),
        click.option("-q", "--quiet", is_flag=True, help="Only results and errors."),
        click.option("-v", "--verbose", is_flag=True, help="Say more on the way."),
    ]
