"""Rules about names that are too long, and waits that are too long or none."""

from flowdeck.definition.machine import Machine
from flowdeck.definition.names import quoted
from flowdeck.definition.parts import known
from flowdeck.definition.rules.field_values import is_number
from flowdeck.definition.rules.rule import Breach, Breaches, Rule, warning

# An unmerged model of definitions by the Flows team (globus-automate-client, ft/pydantic-flow-def-validation).
_NAME = 128
# A run ends after a year (docs.globus.org/api/flows/limits).
_YEAR = 31_536_000  # seconds
# The types of state with a number of seconds, and its key.
_WAITS = (("Wait", "Seconds"), ("Action", "WaitTime"))


@warning
def state_name_too_long(machine: Machine) -> Breaches:
    """The name of a state has more than 128 characters."""
    for state in machine.states.values():
        if len(state.name) > _NAME:
            message = f"the name of state {quoted(state.name)} has {len(state.name)} characters"
            yield Breach(state.path, message, f"shorten it to {_NAME}; the rest goes into `Comment`")


@warning
def wait_too_long(machine: Machine) -> Breaches:
    """A state waits longer than a year, which is as long as a run may last."""
    for kind, key in _WAITS:
        for state in known(machine, kind):
            seconds = state.fields.get(key)
            if is_number(seconds) and seconds > _YEAR:
                message = f"`{key}` is longer than a year, after which the service ends a run"
                hint = f"write at most {_YEAR} seconds; is this number in seconds?"
                yield Breach((*state.path, key), message, hint)


@warning
def wait_not_positive(machine: Machine) -> Breaches:
    """`Seconds` is negative, or `WaitTime` is not positive."""
    for kind, key in _WAITS:
        for state in known(machine, kind):
            seconds = state.fields.get(key)
            if is_number(seconds) and (seconds < 0 or (seconds == 0 and key == "WaitTime")):
                said = "negative" if seconds < 0 else "0, so that no action has time to end"
                yield Breach((*state.path, key), f"`{key}` is {said}", "write a positive number of seconds")


RULES: tuple[Rule, ...] = (state_name_too_long, wait_too_long, wait_not_positive)
