"""Two definitions compared state by state."""

from dataclasses import dataclass

from flowdeck.model.json_value import Json


@dataclass(frozen=True, slots=True)
class StatesDifference:
    """Names of the states that only the new, only the old, or both definitions hold with another content; sorted."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def compare_states(before: object, after: object) -> StatesDifference:
    """What became of each state between two definitions; anything that is not an object of states counts as none."""
    old, new = _states(before), _states(after)
    return StatesDifference(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple(sorted(name for name in old.keys() & new.keys() if Json.of(old[name]) != Json.of(new[name]))),
    )


def _states(definition: object) -> dict[str, object]:
    states = definition.get("States") if isinstance(definition, dict) else None
    return states if isinstance(states, dict) else {}
