"""Rules about catchers, the entries of `Catch`."""

from flowdeck.definition.grammar import CATCH_ALL, EXCEPTIONS
from flowdeck.definition.machine import Machine
from flowdeck.definition.names import listed, nearest, quoted
from flowdeck.definition.parts import Part, catchers, unknown_yet
from flowdeck.definition.rules.rule import Breach, Breaches, Rule, warning

# Not documented; a client library (gladier) and flows in use (of the Materials Data Facility) name them.
_HEARD_OF = frozenset(
    (
        "NoTokenException",
        "States.IntrinsicFailure",
        "States.ParameterPathFailure",
        "States.ResultPathMatchFailure",
        "States.Runtime",
    )
)
# What the language that this one began as (Amazon States Language) calls the exceptions of a task.
_FOREIGN = {
    "States.TaskFailed": "ActionFailedException",
    "States.Timeout": "ActionTimeout",
    "States.HeartbeatTimeout": "ActionTimeout",
    "States.Permissions": "ActionUnableToRun",
}


@warning
def unreachable_catcher(machine: Machine) -> Breaches:
    """An earlier catcher of the state catches the exception already."""
    for state in machine.states.values():
        caught: dict[str, int] = {}  # the number of the first catcher of each name
        for catcher in catchers(state):
            yield from _caught_before(catcher, caught)
            for name in _names(catcher).values():
                caught.setdefault(name, int(catcher.path[-1]) + 1)


def _caught_before(catcher: Part, caught: dict[str, int]) -> Breaches:
    if CATCH_ALL in caught:
        message = f"nothing comes to this catcher, since catcher {caught[CATCH_ALL]} has `{CATCH_ALL}`"
        yield Breach(catcher.path, message, f"move the catcher with `{CATCH_ALL}` to the end, or remove this one")
        return
    names = _names(catcher)
    for index, name in names.items():
        if name in caught:
            whole = set(names.values()) <= caught.keys()
            path = catcher.path if whole else (*catcher.path, "ErrorEquals", index)
            hint = f"remove {'this catcher' if whole else 'it'}, or {quoted(name)} there"
            yield Breach(path, f"{quoted(name)} never comes here, since catcher {caught[name]} catches it", hint)
            if whole:
                return


@warning
def catch_all_not_alone(machine: Machine) -> Breaches:
    """`States.ALL` stands beside other names, which it covers."""
    for state in machine.states.values():
        for catcher in catchers(state):
            names = _names(catcher)
            if CATCH_ALL in names.values() and set(names.values()) != {CATCH_ALL}:
                index = next(index for index, name in names.items() if name == CATCH_ALL)
                message = f"`{CATCH_ALL}` catches everything, also what is named beside it"
                hint = f"keep `{CATCH_ALL}` alone, or give it a catcher of its own at the end"
                yield Breach((*catcher.path, "ErrorEquals", index), message, hint)


@warning
def unknown_exception(machine: Machine) -> Breaches:
    """A catcher names an exception that the service does not document."""
    for state in machine.states.values():
        for catcher in catchers(state):
            for index, name in _names(catcher).items():
                if name not in EXCEPTIONS and name not in _HEARD_OF and not unknown_yet(name):
                    near = _FOREIGN.get(name) or nearest(name, EXCEPTIONS)
                    hint = f"did you mean `{near}`?" if near else f"the documented ones are {listed(EXCEPTIONS)}"
                    message = f"{quoted(name) if name else 'an empty name'} is no exception that the service documents"
                    yield Breach((*catcher.path, "ErrorEquals", index), message, hint)


@warning
def empty_catcher(machine: Machine) -> Breaches:
    """A catcher names no exception, and so catches none."""
    for state in machine.states.values():
        for catcher in catchers(state):
            if catcher.fields.get("ErrorEquals") == []:
                hint = f"name the exceptions to catch, or all with `{CATCH_ALL}`"
                yield Breach((*catcher.path, "ErrorEquals"), "this catcher catches nothing", hint)


def _names(catcher: Part) -> dict[int, str]:
    """The names that a catcher catches, by their index."""
    names = catcher.fields.get("ErrorEquals")
    return {index: name for index, name in enumerate(names if isinstance(names, list) else ()) if isinstance(name, str)}


RULES: tuple[Rule, ...] = (unreachable_catcher, catch_all_not_alone, unknown_exception, empty_catcher)
