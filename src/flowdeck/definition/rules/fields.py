"""Rules about the type of a state, and about keys that it, or an object in it, has too many or too few."""

from flowdeck.definition.grammar import HANDLERS, RULE, STATES
from flowdeck.definition.machine import Machine, State
from flowdeck.definition.names import did_you_mean, listed, quoted
from flowdeck.definition.parts import Part, every, inside, unknown_yet
from flowdeck.definition.rules.misplaced import way_out
from flowdeck.definition.rules.rule import Breach, Breaches, Rule, error

# Types of the language that this one began as (Amazon States Language), and of its own first years.
_FOREIGN = {
    "ActionWait": "did you mean `Action`? an Action state itself waits for its action, as long as `WaitTime` says",
    "Task": "Globus Flows has no Task: `Type: Action` calls an action provider",
    "Parallel": "Globus Flows has no Parallel: run the branches one after the other, or as flows of their own",
    "Map": "Globus Flows has no Map: go round a loop with a Choice, or give an action the whole list",
    "Succeed": "Globus Flows has no Succeed: `Type: Pass` with `End: true` ends a run well",
}


@error
def missing_state_type(machine: Machine) -> Breaches:
    """A state has no `Type`."""
    for state in machine.states.values():
        if "Type" not in state.fields:
            misspelt = next((key for key in state.fields if key.casefold() == "type"), None)
            hint = f"did you mean `Type` by {quoted(misspelt)}?" if misspelt else _likely_types(state)
            yield Breach(state.path, f"state {quoted(state.name)} has no `Type`", hint)


def _likely_types(state: State) -> str:
    """A hint: the type that alone has all keys of the state, or all types."""
    able = [kind for kind, shape in STATES.items() if state.fields.keys() <= shape.fields.keys()]
    if len(able) == 1:
        return f"add `Type: {able[0]}`"
    return f"add `Type` with one of {listed(able or STATES, most=len(STATES))}"


@error
def unknown_state_type(machine: Machine) -> Breaches:
    """`Type` names a type of state that Globus Flows does not have."""
    for state in machine.states.values():
        kind = state.fields.get("Type")
        if isinstance(kind, str) and kind not in STATES and not unknown_yet(kind):
            message = f"{quoted(kind)} is no type of state" if kind else "`Type` is empty"
            hint = _FOREIGN.get(kind) or did_you_mean(kind, STATES, "the types are")
            yield Breach((*state.path, "Type"), message, hint)


@error
def unknown_state_field(machine: Machine) -> Breaches:
    """A definition, state, catcher, handler or choice rule has a key that there is not."""
    for part in every(machine):
        for key in part.strangers():
            yield Breach((*part.path, key), f"{part.shape.name} takes no {quoted(key)}", way_out(part, key))


@error
def missing_state_field(machine: Machine) -> Breaches:
    """A state, catcher, handler or choice rule lacks a key that it must have."""
    for part in every(machine):
        for key in part.shape.required:
            if part.lacks(key) and not (part.shape is RULE and _leads_on_inside(part)):
                yield Breach(part.path, f"{part.shape.name} must have `{key}`", f"add `{key}`{_MEANINGS[key]}")


_MEANINGS = {
    "Next": " with the name of the state to go on with",
    "ErrorEquals": ": a list of the exceptions to catch, or `[States.ALL]`",
    "ResultPath": ", the path under which the results are kept",
    "Choices": ": a list of rules",
    "Parameters": ": an object with what is to be computed",
    "Type": f" with {' or '.join(map(quoted, HANDLERS))}",
    "Url": " with the URL of the action provider",
    "Id": " with the UUID of the registered API",
}


def _leads_on_inside(rule: Part) -> bool:
    """Whether a rule inside this one has the `Next` that should stand here; that is told there."""
    pending = list(inside(rule))
    while pending:
        one = pending.pop()
        if "Next" in one.fields:
            return True
        pending += inside(one)
    return False


RULES: tuple[Rule, ...] = (missing_state_type, unknown_state_type, unknown_state_field, missing_state_field)
