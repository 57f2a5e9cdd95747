"""Rules about where states lead to."""

import difflib
from collections.abc import Mapping
from typing import Any

from flowdeck.definition.machine import Machine
from flowdeck.definition.rule import Breach, Breaches, Rule, error


@error
def unknown_target(machine: Machine) -> Breaches:
    """`StartAt`, `Next`, `Default`, a choice or a catch names a state that there is not."""
    names = machine.definition["States"]
    for edge in machine.edges:
        if edge.target not in names:
            near = difflib.get_close_matches(edge.target, list(names), n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"the states are {_listed(names)}"
            yield Breach(edge.path, f"`{edge.path[-1]}` names `{edge.target}`, which is no state", hint)


def _listed(states: Mapping[str, Any], most: int = 6) -> str:
    names = [f"`{name}`" for name in states]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more if names else "none"


RULES: tuple[Rule, ...] = (unknown_target,)
