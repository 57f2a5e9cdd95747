"""References between flows: none may lead back to the flow that it begins at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flowdeck.manifest.circles import links, ordered
from flowdeck.manifest.problem import Path, Problem
from flowdeck.model.diagnostic import Diagnostic, Place
from flowdeck.model.flow import address_of
from flowdeck.model.json_value import Json
from flowdeck.model.reference import has_late, late_references

_HINT = "a flow's id is known only after it was made: give one of them the id as a variable"


@dataclass(frozen=True, slots=True)
class Link:
    """A text of a flow, in `what` at `path`, that refers to another."""

    what: str
    path: Path


def circles(bodies: Mapping[tuple[str, str], Json], place: Callable[[str, str, Path], Place]) -> tuple[Diagnostic, ...]:
    """An error for each circle of flows, at its first link."""
    graph: dict[str, dict[str, Link]] = {name: {} for name, _ in bodies}
    for (name, what), json in bodies.items():
        for path, reference in late_references(json.value) if has_late(json) else ():
            kind, other, *_ = reference.split(".")
            if kind == "flow":
                graph[name].setdefault(other, Link(what, path))
    return tuple(_circle(circle, graph, place) for circle in ordered(graph)[1])


def _circle(
    circle: tuple[str, ...], graph: Mapping[str, Mapping[str, Link]], place: Callable[[str, str, Path], Place]
) -> Diagnostic:
    chain = [(one, other, place(one, graph[one][other].what, graph[one][other].path)) for one, other in links(circle)]
    if len(chain) == 1:
        message = f"flow `{circle[0]}` refers to itself"
    else:
        steps = ", ".join(f"`{one}` needs `{other}` ({at})" for one, other, at in chain)
        message = f"flows refer to each other in a circle: {steps}"
    return Problem("reference-cycle", message, (), _HINT, address=address_of(circle[0])).at(chain[0][2])
