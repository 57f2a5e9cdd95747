"""What there is to draw of a flow: as declared, and as an apply would change it."""

from collections.abc import Mapping
from pathlib import Path

from flowdeck import manifest, plan
from flowdeck.definition import compared, published
from flowdeck.definition.graph import Graph, can_be_drawn, difference, graph
from flowdeck.model.diagnostic import Diagnostics, has_errors
from flowdeck.model.errors import Invalid, Misused
from flowdeck.model.json_value import EMPTY_OBJECT
from flowdeck.service.ports import Reader
from flowdeck.workflow.looking import Loaded, known_names, look


def declared_graph(
    path: Path, name: str, environment: str | None, variables: Mapping[str, str]
) -> tuple[str, Graph, Diagnostics]:
    """Name and graph of one declared flow, and what is wrong with it; what is wrong elsewhere does not matter.

    Raises Misused for a name that means no flow, Invalid if its definition cannot be read.
    """
    found, diagnostics = manifest.read(path, environment, check=False, variables=variables)
    if found is None:
        raise Invalid(*diagnostics)
    try:
        selected = plan.only_one(name, {flow.name for flow in found.flows})
    except Misused:
        if has_errors(diagnostics):  # which may be why the flow is not there
            raise Invalid(*diagnostics) from None
        raise
    wanted = next(flow for flow in found.flows if selected(flow.name))
    own = tuple(one for one in diagnostics if one.address == wanted.address)
    if not can_be_drawn(wanted.flow.definition):
        raise Invalid(*(own if has_errors(own) else diagnostics))
    return wanted.name, graph(published(wanted.flow, "definition")), own


def compared_graph(loaded: Loaded, reader: Reader, name: str) -> tuple[str, Graph]:
    """Name of one flow, and what an apply would change in it. Raises as `make_plan` does."""
    seen = look(loaded, reader)
    known = known_names(seen.manifest, seen.live)
    selected = plan.only_one(name, known)
    meant = next(one for one in known if selected(one))
    live = {**dict(seen.live.undeclared), **seen.live.found}.get(meant)
    wanted = {one.name: one for one in plan.settle(seen.manifest, seen.live)}.get(meant)
    before = compared(live.flow, "definition") if live else EMPTY_OBJECT
    after = compared(wanted.flow, "definition") if wanted else EMPTY_OBJECT
    left_alone = live and wanted and "definition" not in wanted.managed
    return meant, difference(before, before if left_alone else after)
