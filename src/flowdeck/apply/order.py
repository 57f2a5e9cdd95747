"""The order of steps: a flow that refers to another one waits for it, and learns its id and scope from the result."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from flowdeck.model.live import LiveFlow, told
from flowdeck.model.reference import has_late, late_references, replace_late
from flowdeck.model.step import Adopt, Create, Replace, Step, Update

_FLOW = "flow."


def waits_for(step: Step) -> frozenset[str]:
    """The names of the flows that the step's flow refers to and that are not known yet."""
    if not isinstance(step, Create | Update | Adopt | Replace):
        return frozenset()
    documents = (step.wanted.flow.definition, step.wanted.flow.input_schema)
    marks = [name for one in documents if has_late(one) for _, name in late_references(one.value)]
    return frozenset(name.split(".")[1] for name in marks if name.startswith(_FLOW))


def next_wave(pending: Mapping[int, Step], made: Collection[str]) -> list[int]:
    """The pending steps that can be done now: whatever they wait for is made, or is no step of the plan."""
    ahead = {step.name for step in pending.values()} - set(made)
    return [index for index, step in pending.items() if not (waits_for(step) - {step.name}) & ahead]


def informed(step: Step, made: Mapping[str, LiveFlow]) -> Step:
    """The step with the ids and scopes of the flows made so far in the places that refer to them."""
    if not isinstance(step, Create | Update | Adopt | Replace) or not waits_for(step):
        return step

    flow = step.wanted.flow
    definition, schema = (
        replace_late(one, lambda reference: told(made, reference)) for one in (flow.definition, flow.input_schema)
    )
    return replace(step, wanted=replace(step.wanted, flow=replace(flow, definition=definition, input_schema=schema)))
