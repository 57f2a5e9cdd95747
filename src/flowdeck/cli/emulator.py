"""flowdeck emulator: the embedded service on its own."""

import shlex
import signal
import sys
import threading
from pathlib import Path

import click

from flowdeck.cli.door import WholeNumber
from flowdeck.cli.exit_codes import Exit
from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import Invalid


@click.command()
@click.option("--port", type=WholeNumber(0, 65535), default=0, metavar="N", help="The port; a free one unless told.")
@click.option("--data", type=click.Path(path_type=Path), help="Remember everything in this file.")
@click.option("--seed", type=click.Path(path_type=Path), help="People, groups, subscriptions and flows to begin with.")
@click.option(
    "--latency-ms", type=WholeNumber(0, 600_000), default=0, metavar="N", help="Answer each request so much later."
)
@click.option("--faults", type=click.Path(path_type=Path), help="What goes wrong, and when.")
@click.option("--env-file", type=click.Path(path_type=Path), help="Also write the export lines to this file.")
def command(
    port: int, data: Path | None, seed: Path | None, latency_ms: int, faults: Path | None, env_file: Path | None
) -> int:
    """Run the embedded service on its own, until it is interrupted.

    It plays Globus Flows, Auth and Groups on this machine. The printed lines point globus-cli, globus-sdk and
    flowdeck (with `service: globus`) at it: eval them in a shell, or use --env-file.
    """
    try:
        from flowdeck.emulator import Emulator, EmulatorError  # noqa: PLC0415 (an extra)
    except ModuleNotFoundError as error:
        raise Invalid(
            Diagnostic("emulator-missing", f"the emulator needs `{error.name}`", "pip install 'flowdeck[emulator]'")
        ) from None
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with Emulator(data=data, seed=seed, faults=faults, latency_ms=latency_ms, port=port) as emulator:
            lines = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in emulator.environment().items())
            if env_file:
                env_file.write_text(lines, encoding="utf-8")
            click.echo(lines, nl=False)
            sys.stdout.flush()
            stop.wait()
    except (EmulatorError, OSError, ValueError) as error:
        raise Invalid(Diagnostic("emulator-failed", str(error), "correct the file or option that it names")) from None
    return Exit.DONE
