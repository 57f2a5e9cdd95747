"""Rules about where states lead to."""

from flowdeck.definition.machine import Machine
from flowdeck.definition.names import did_you_mean, quoted
from flowdeck.definition.parts import known, unknown_yet
from flowdeck.definition.rules.rule import Breach, Breaches, Rule, error

# Of more wrong names than these, nobody needs to be told what was meant by each, and it would take long.
_MOST = 20


@error
def unknown_target(machine: Machine) -> Breaches:
    """`StartAt`, `Next`, `Default`, a choice or a catch names a state that there is not."""
    names = machine.definition["States"]
    wrong = [edge for edge in machine.edges if edge.target not in names and not unknown_yet(edge.target)]
    for index, edge in enumerate(wrong):
        known = names if index < _MOST else ()
        message = f"`{edge.path[-1]}` names {quoted(edge.target)}, which is no state"
        yield Breach(edge.path, message, did_you_mean(edge.target, known, "the states are") if known else "")


@error
def no_transition(machine: Machine) -> Breaches:
    """A state that is no Choice and no Fail has neither `Next` nor `End: true`."""
    for state in known(machine):
        if "Next" in state.shape.fields and state.lacks("Next"):
            name, end = state.name, state.fields.get("End")
            if end is False:
                message = f"state {name} does not end the run, and has no `Next` either"
                yield Breach((*state.path, "End"), message, "write `End: true`, or `Next` instead")
            elif end is None and state.lacks("End"):
                message = f"state {name} has neither `Next` nor `End: true`"
                yield Breach(state.path, message, "add `Next` with the name of a state, or `End: true`")


@error
def next_and_end(machine: Machine) -> Breaches:
    """A state has both `Next` and `End: true`."""
    for state in known(machine):
        if "Next" in state.shape.fields and state.has("Next") and state.fields.get("End") is True:
            message = f"state {state.name} ends the run, and has a `Next` all the same"
            yield Breach((*state.path, "End"), message, "keep the one that is meant")


RULES: tuple[Rule, ...] = (unknown_target, no_transition, next_and_end)
