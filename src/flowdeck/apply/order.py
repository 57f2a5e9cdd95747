"""The order of steps: a flow that refers to another one waits for it, and learns its id and scope from the result."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from flowdeck.model.live import LiveFlow, told
from flowdeck.model.reference import flows_among, references_in, replace_late
from flowdeck.model.step import Adopt, Create, Replace, Step, Update


def waits_for(step: Step) -> frozenset[str]:
    """The names of the flows that the step's flow refers to and that are not known yet."""
    if not isinstance(step, Create | Update | Adopt | Replace):
        return frozenset()
    return flows_among(references_in(step.wanted.flow.definition, step.wanted.flow.input_schema))


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
