"""The front door: the commands, each loaded when it is used."""

import gc
import importlib
import io
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

import click

from flowdeck import __version__

_INTERRUPTED = 130

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
    "graph": ("graph", "Draw the states of a flow, or what an apply would change in them."),
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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, but a command that does not exist is answered with those it may have been."""
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches  # noqa: PLC0415 (only on the way out)

            near = " or ".join(f"'{one}'" for one in get_close_matches(name, _COMMANDS))
            ctx.fail(f"No such command {name!r}.{f' Did you mean {near}?' if near else ''}")
        return super().resolve_command(ctx, args)

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
    # A command keeps what it reads until it ends: looking for garbage as often as usual finds none, and takes a tenth.
    gc.set_threshold(50_000, 50, 100)
    # Pydantic would look for plugins in every package that is installed, and show them the manifest.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # A cancelled job sends TERM: until an apply takes both signals over, it means what INT means.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # the same bytes whatever the locale says
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    code = run(arguments)
    if code == _INTERRUPTED:
        # Requests that wait for their turn would keep the process alive.
        with suppress(OSError):
            sys.stdout.flush()
        os._exit(code)
    # Nothing is looked through once more on the way out: that would take a fifth of a small plan.
    gc.freeze()
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    try:
        code = flowdeck.main(args=arguments, prog_name="flowdeck", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:
        from flowdeck.cli.endings import ended  # noqa: PLC0415 (only on the way out)

        return ended(error)
    return code if isinstance(code, int) else 0
