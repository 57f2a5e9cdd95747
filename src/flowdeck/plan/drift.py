"""The drift report: the part of a plan that nobody asked for in the manifest."""

from dataclasses import replace

from flowdeck.definition import field_digests
from flowdeck.model.change import Difference
from flowdeck.model.live import LiveFlow
from flowdeck.model.plan import Plan
from flowdeck.model.step import Create, Step
from flowdeck.plan.select import keep


def only_drift(plan: Plan) -> Plan:
    """The plan reduced to what changed outside: drifted fields and roles, and declared flows that are not live.

    There is no record of our own, so a flow deleted outside looks like one that was never applied: both are missing.
    """
    drift = keep(plan, lambda step: step.difference.drifted or isinstance(step, Create))
    steps = tuple(_outside(step) for step in drift.steps)
    return replace(drift, steps=steps, missing=sum(isinstance(step, Create) for step in steps))


def is_drifted(flow: LiveFlow) -> bool:
    """Whether a live flow is no longer what its stamp says the last apply wrote; False without a readable stamp."""
    stamp = flow.keywords.stamp
    return stamp is not None and field_digests(flow.flow, stamp.digests) != stamp.digests


def _outside(step: Step) -> Step:
    if isinstance(step, Create):
        return step
    difference = Difference(
        fields=tuple(change for change in step.difference.fields if change.origin.is_drift),
        roles=tuple(change for change in step.difference.roles if change.origin.is_drift),
        scopes=step.difference.scopes,
        states=step.difference.states,
    )
    return replace(step, difference=difference)
