"""flowdeck graph: the states of a flow, drawn."""

import click

from flowdeck import manifest
from flowdeck.cli.door import Door, options
from flowdeck.cli.exit_codes import Exit
from flowdeck.cli.project import given, opened, opened_for_looking
from flowdeck.definition.graph import Graph, graph
from flowdeck.render.graph.dot import dot
from flowdeck.render.graph.mermaid import TooLarge, mermaid
from flowdeck.render.graph.svg import svg
from flowdeck.render.graph.table import table
from flowdeck.workflow.drawing import compared_graph, declared_graph
from flowdeck.workflow.looking import managed_flow


@click.command()
@options("mermaid", "dot", "svg", failing=None)
@click.option("--live", is_flag=True, help="Draw the flow as it is live.")
@click.option("--diff", is_flag=True, help="Draw what an apply would change: the live flow and the manifest's in one.")
@click.argument("name")
def command(door: Door, live: bool, diff: bool, name: str) -> int:
    """Draw the states of a flow and where they lead to.

    As the manifest has them: that needs neither the service nor credentials. With --live as they are now, with --diff
    what an apply would change. The Mermaid text goes into Markdown; SVG needs Graphviz.
    """
    if live and diff:
        raise click.UsageError("--diff draws the live flow already: leave out --live.")
    if diff:
        title, drawn = _compared(door, name)
    else:
        title, drawn = _live(door, name) if live else _declared(door, name)
    door.say(_drawn(door, drawn, title))
    return Exit.DONE


def _declared(door: Door, name: str) -> tuple[str, Graph]:
    known, drawn, diagnostics = declared_graph(manifest.find(door.file), name, door.environment, given(door))
    door.warn(diagnostics)
    return f"flow.{known}", drawn


def _live(door: Door, name: str) -> tuple[str, Graph]:
    from flowdeck.cli.connection import connection  # noqa: PLC0415 (offline, nothing of the service is needed)
    from flowdeck.service.globus import GlobusReader  # noqa: PLC0415

    loaded = opened_for_looking(door)
    with connection(door, loaded.manifest) as access:
        flow = managed_flow(loaded, GlobusReader(access), name)
    return f"{flow.address}, live", graph(flow.definition)


def _compared(door: Door, name: str) -> tuple[str, Graph]:
    from flowdeck.cli.connection import connection  # noqa: PLC0415 (see above)
    from flowdeck.service.globus import GlobusReader  # noqa: PLC0415

    loaded = opened(door)
    with connection(door, loaded.manifest) as access:
        known, drawn = compared_graph(loaded, GlobusReader(access), name)
    if not drawn.is_changed:
        door.tell(f"An apply changes nothing in the states of flow.{known}.")
        return f"flow.{known}", drawn
    return f"flow.{known}: what an apply changes (+ added, - removed, ~ changed)", drawn


def _drawn(door: Door, drawn: Graph, title: str) -> str:
    match door.format:
        case "dot":
            return dot(drawn, title)
        case "svg":
            return svg(drawn, title)
        case _:
            try:
                return mermaid(drawn, title)
            except TooLarge as why:
                door.tell(f"Written as a table: the drawing would be too large ({why}). --format dot draws everything.")
                return table(drawn, title, str(why))
