"""What to do with a key that may not be where it is: the hints of the rule unknown-state-field."""

from flowdeck.definition.grammar import CATCHER, DEFINITION, FORMS, HANDLERS, NESTED_RULE, RULE, STATES
from flowdeck.definition.names import listed, quoted
from flowdeck.definition.parts import Part

# Keys of the language that this one began as (Amazon States Language), and of its `Parameters`.
_FOREIGN = {
    "Retry": "Globus Flows has no `Retry`: lead a `Catch` back to the state, through a Wait state",
    "OutputPath": "Globus Flows has no `OutputPath`: `ResultPath` says where the result of a state goes",
    "ResultSelector": "Globus Flows has no `ResultSelector`: take what is needed from the result in an ExpressionEval",
    "__Private_Parameters": "write it inside `Parameters`, beside the keys that it names",
}
# What a manifest says of a flow, beside its definition.
_OF_A_FLOW = frozenset(("title", "subtitle", "description", "keywords", "input_schema", "subscription"))
_STATE_DEPTH = 3


def way_out(part: Part, key: str) -> str:
    """A hint for a key that objects such as this part do not take."""
    if said := _leading_on(part, key):
        return said
    if meant := part.meant(key):
        return f"did you mean `{meant}`?"
    return _FOREIGN.get(key) or _belonging(part, key) or _by_value(part, key) or _takes(part)


def _leading_on(part: Part, key: str) -> str:
    """`Next`, `End` and `Default` where a run is led on otherwise, or not at all."""
    if key not in ("Next", "End", "Default"):
        return ""
    if part.shape is NESTED_RULE:
        if key == "Next":
            return "only the rule that stands in `Choices` itself leads on: move `Next` there"
        return "remove it: a rule inside a rule only says whether it holds"
    if part.shape is RULE:
        if key == "End":
            return "name a state with `End: true` in `Next`"
        return "move it out of the rule: `Default` stands in the state, beside `Choices`"
    if part.shape is STATES["Choice"]:
        instead = "write `Default`" if part.meant(key) else "remove it"
        return f"{instead}: a Choice leads on by its rules, and by `Default` where none of them holds"
    if part.shape is STATES["Fail"]:
        return "remove it: a Fail state ends the run"
    if part.shape is CATCHER and key == "End":
        return "name a state with `End: true` in `Next`"
    return ""


def _belonging(part: Part, key: str) -> str:
    """The objects that do take such a key."""
    if part.shape is DEFINITION and key in _OF_A_FLOW:
        return "write it in the manifest, beside `definition`"
    owners = [kind for kind, shape in STATES.items() if key in shape.fields]
    if owners and part.shape is DEFINITION:
        return "it belongs to a state, in `States`"
    if owners:
        return f"it belongs to {listed(owners, most=len(STATES))} states" if len(owners) < len(STATES) else ""
    if key in RULE.fields:
        return "it belongs to a rule, in `Choices` of a Choice state"
    if key in CATCHER.fields:
        return "it belongs to a catcher, in `Catch`"
    handlers = [kind for kind, shape in HANDLERS.items() if key in shape.fields]
    return f"it belongs to the handler {listed(handlers)}" if handlers else ""


def _by_value(part: Part, key: str) -> str:
    """Where a key belongs by what it holds, or by its end."""
    value = part.fields[key]
    if isinstance(value, dict) and "Type" in value:
        if part.shape is DEFINITION:
            return f"{quoted(key)} looks like a state: indent it, so that it stands in `States`"
        if len(part.path) == _STATE_DEPTH:
            return f"{quoted(key)} looks like a state: indent it less, so that it stands in `States`"
    return "only keys inside `Parameters` may end so" if key.endswith((".$", ".=")) else ""


def _takes(part: Part) -> str:
    """All that such an object takes; of the many comparators of a rule, one."""
    if part.shape in (RULE, NESTED_RULE):
        return f"a rule takes {listed(FORMS)}, and beside `Variable` a comparator such as `StringEquals`"
    return f"{part.shape.name} takes {listed(part.shape.fields, most=len(part.shape.fields))}"
