"""flowdeck completion: a shell's completion script."""

import click
from click.shell_completion import get_completion_class

from flowdeck.cli.exit_codes import Exit


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print a shell's completion script.

    For bash: eval "$(flowdeck completion bash)".
    """
    from flowdeck.cli.main import flowdeck  # noqa: PLC0415 (it imports this module)

    scripts = get_completion_class(shell)
    assert scripts is not None  # the choice above names click's own
    click.echo(scripts(flowdeck, {}, "flowdeck", "_FLOWDECK_COMPLETE").source())
    return Exit.DONE
