"""Two definitions compared state by state."""

from collections.abc import Iterator

from flowdeck.definition.layout import targets
from flowdeck.model.change import Rewiring, StatesChange
from flowdeck.model.flow import redacted
from flowdeck.model.json_value import Json


def compare_states(before: object, after: object) -> StatesChange:
    """What became of each state between two definitions; anything that is not an object of states counts as none."""
    old, new = states_of(before), states_of(after)
    both = {name: (Json.of(old[name]), Json.of(new[name])) for name in sorted(old.keys() & new.keys())}
    changed = {name: sides for name, sides in both.items() if sides[0] != sides[1]}
    return StatesChange(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple(changed),
        rewired=tuple(_rewired(changed)),
    )


def states_of(definition: object) -> dict[str, object]:
    """The states of a definition by name, whatever each is; none where there is no object of them."""
    states = definition.get("States") if isinstance(definition, dict) else None
    return states if isinstance(states, dict) else {}


def _rewired(changed: dict[str, tuple[Json, Json]]) -> Iterator[Rewiring]:
    for name, (old, new) in changed.items():
        was, now = _leads_to(redacted(old, new)), _leads_to(redacted(new, old))
        if was != now:
            yield Rewiring(name, was, now)


def _leads_to(state: Json) -> tuple[str, ...]:
    """The states that a state leads to, each once."""
    return tuple(dict.fromkeys(one for one in targets(state.value) if isinstance(one, str)))
