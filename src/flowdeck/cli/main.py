"""The front door: the commands, each loaded when it is used, and the one place where errors become exit codes."""

import importlib
import io
import os
import signal
import sys
from collections.abc import Sequence

import click

from flowdeck import __version__
from flowdeck.cli.door import Unwritable
from flowdeck.cli.exit_codes import Exit, of_error
from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import FlowdeckError

# Command, module and the sentence that `flowdeck --help` shows, so that help imports no command.
_COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init", "Write a small project that applies at once on the emulator."),
    "validate": ("validate", "Check manifests and definitions, offline."),
    "plan": ("plan", "Show what apply would do; change nothing."),
    "apply": ("apply", "Make the service what the manifest says."),
    "destroy": ("destroy", "Delete every flow of this environment."),
    "drift": ("drift", "Show what was changed or deleted outside flowdeck."),
    "import": ("import_", "Write manifest and files for live flows, so that the next apply adopts them."),
    "forget": ("forget", "Stop managing a flow, and leave it as it is."),
    "list": ("list_", "List the flows of this environment."),
    "show": ("show", "Show one live flow."),
    "output": ("output", "Print ids, scopes and URLs for scripts."),
    "login": ("login", "Log in as a person."),
    "logout": ("logout", "Revoke and remove the stored login."),
    "whoami": ("whoami", "Show the identity in use."),
    "emulator": ("emulator", "Run the embedded service on its own."),
    "schema": ("schema", "Print the JSON Schema of flows.yaml, for editors."),
    "completion": ("completion", "Print a shell's completion script."),
}


class _Doors(click.Group):
    """A group whose commands are imported when they are asked for: most invocations need one of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"flowdeck.cli.{_COMMANDS[cmd_name][0]}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in _COMMANDS.items()])


@click.command(cls=_Doors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="flowdeck %(version)s")
def flowdeck() -> None:
    """Infrastructure as code for Globus Flows.

    Describe flows, permissions and subscriptions in flows.yaml; `flowdeck plan` shows what would change on the
    service, and `flowdeck apply` does exactly that. New here? Run `flowdeck init demo`, then `cd demo` and
    `flowdeck plan`: it works at once, on an emulator, without credentials.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code; no error leaves a traceback."""
    # A cancelled job sends TERM: until an apply takes both signals over, it means what INT means.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # the same bytes whatever the locale says
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    try:
        code = flowdeck.main(args=arguments, prog_name="flowdeck", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return Exit.USAGE
    except click.Abort:
        return Exit.INTERRUPTED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return Exit.FAILED
    except FlowdeckError as error:
        _show(error.diagnostics)
        return of_error(error)
    except Unwritable as error:
        if not error.is_silent:
            _show((Diagnostic("cannot-write", f"the output cannot be written: {error}", "see to the disk"),))
        # Or the interpreter would try once more at its end, and complain.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (for the rest of the process)
        return Exit.FAILED
    except Exception as error:
        _show((_bug(error),))
        return Exit.FAILED
    return code if isinstance(code, int) else Exit.DONE


def _show(diagnostics: Sequence[Diagnostic]) -> None:
    from flowdeck.cli.door import paint_for  # noqa: PLC0415 (only on the way out)
    from flowdeck.render import diagnostics as face  # noqa: PLC0415

    click.echo(face.text(diagnostics, paint_for(sys.stderr)), err=True)


def _bug(error: Exception) -> Diagnostic:
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
