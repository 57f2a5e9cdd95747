"""What the states of a definition read of the run's state."""

from collections.abc import Iterator
from dataclasses import dataclass

from flowdeck.definition.finding import Path
from flowdeck.definition.machine import Machine, State
from flowdeck.definition.values.expressions import understand
from flowdeck.definition.values.jsonpath import ANYWHERE, Steps, read
from flowdeck.definition.values.parameters import Place, Role, has, places

# What these send is the whole state, where they say nothing else.
_SENDERS = ("Action", "CreateWebInput", "AwaitWebInput")


@dataclass(frozen=True, slots=True)
class Read:
    """One value that a state asks for; `path` leads to the place, `said` is how a message may quote that.

    `tests`: only whether it is there. `certain`: whenever the state is run, not on a condition.
    """

    state: str
    path: Path
    steps: Steps
    said: str = ""
    tests: bool = False
    certain: bool = True
    private: bool = False


def reads(machine: Machine) -> tuple[Read, ...]:
    """All reads, those of Parameters after those of the other fields."""
    return machine.once(_reads)


def moved(state: State) -> bool:
    """Whether Parameters may be read within what InputPath selects, so that their places are not known."""
    return has(state, "InputPath") and has(state, "Parameters")


def _reads(machine: Machine) -> tuple[Read, ...]:
    found = [one for place in places(machine) for one in _of_place(place)]
    return (*found, *(Read(state.name, state.path, ()) for state in machine.states.values() if _takes_all(state)))


def _of_place(place: Place) -> Iterator[Read]:
    if place.role is Role.READ:
        steps = read(place.value).steps if isinstance(place.value, str) else ANYWHERE
        yield _read(place, steps, place.tests, place.certain)
    elif place.role is Role.EXPRESSION:
        for use in understand(place.value).uses if isinstance(place.value, str) else ():
            yield _read(place, use.steps, use.tests, use.certain)


def _read(place: Place, steps: Steps, tests: bool, certain: bool) -> Read:
    steps = ANYWHERE if place.parameter and moved(place.state) else steps
    return Read(place.state.name, place.path, steps, place.said, tests, certain, place.private)


def _takes_all(state: State) -> bool:
    """Whether the state takes the whole run's state without saying so."""
    if any(has(state, key) for key in ("Parameters", "InputPath")):
        return False
    if state.type == "Pass":
        return "Result" not in state.fields and has(state, "ResultPath") and state.fields["ResultPath"] != "$"
    return state.type in _SENDERS
