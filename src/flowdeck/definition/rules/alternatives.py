"""Rules about keys of which a state takes one, or exactly one."""

from flowdeck.definition.grammar import DURATIONS, KEYS
from flowdeck.definition.machine import Machine
from flowdeck.definition.names import listed
from flowdeck.definition.parts import known
from flowdeck.definition.rules.rule import Breach, Breaches, Rule, error


@error
def no_action_provider(machine: Machine) -> Breaches:
    """An Action state has neither `ActionUrl` nor `Handler`."""
    for state in known(machine, "Action"):
        if state.lacks("ActionUrl", "Handler"):
            hint = "add `ActionUrl` with the URL of an action provider, or a `Handler`"
            yield Breach(state.path, f"state {state.name} has neither `ActionUrl` nor `Handler`", hint)


@error
def two_action_providers(machine: Machine) -> Breaches:
    """An Action state has both `ActionUrl` and `Handler`."""
    for state in known(machine, "Action"):
        if state.has("ActionUrl", "Handler"):
            message = f"state {state.name} has both `ActionUrl` and `Handler`"
            yield Breach((*state.path, "Handler"), message, "keep the one that is to do the action")


@error
def parameters_and_input_path(machine: Machine) -> Breaches:
    """An Action state has both `Parameters` and `InputPath`."""
    for state in known(machine, "Action"):
        if state.has("Parameters", "InputPath"):
            message = f"state {state.name} has both `Parameters` and `InputPath`"
            hint = "keep one: `Parameters` can hold paths too, under keys that end in `.$`"
            yield Breach((*state.path, "InputPath"), message, hint)


@error
def wait_duration(machine: Machine) -> Breaches:
    """A Wait state has not exactly one of `Seconds`, `SecondsPath`, `Timestamp` and `TimestampPath`."""
    for state in known(machine, "Wait"):
        given = [key for key in DURATIONS if state.has(key)]
        if len(given) > 1:
            message = f"state {state.name} waits for {len(given)} things at once: {listed(given)}"
            yield Breach((*state.path, given[1]), message, "keep one of them")
        elif not any(key in state.fields for key in DURATIONS) and all(key in KEYS for key in state.strangers()):
            hint = "add `Seconds`, `SecondsPath`, `Timestamp` or `TimestampPath`"
            yield Breach(state.path, f"state {state.name} does not say how long it waits", hint)


@error
def fail_text_and_path(machine: Machine) -> Breaches:
    """A Fail state has both `Cause` and `CausePath`, or both `Error` and `ErrorPath`."""
    for state in known(machine, "Fail"):
        for key in ("Cause", "Error"):
            if state.has(key, f"{key}Path"):
                message = f"state {state.name} has both `{key}` and `{key}Path`"
                hint = f"keep `{key}` for a fixed text, or `{key}Path` for one from the data of the run"
                yield Breach((*state.path, f"{key}Path"), message, hint)


RULES: tuple[Rule, ...] = (
    no_action_provider,
    two_action_providers,
    parameters_and_input_path,
    wait_duration,
    fail_text_and_path,
)
