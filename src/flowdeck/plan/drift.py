"""The drift report: the part of a plan that nobody asked for in the manifest."""

from dataclasses import replace

from flowdeck.definition import differing, outside
from flowdeck.model.change import Difference
from flowdeck.model.flow import WantedFlow
from flowdeck.model.live import LiveFlow
from flowdeck.model.marker import PROTECT
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


def is_drifted(flow: LiveFlow, wanted: WantedFlow | None, identity: str) -> bool:
    """Whether something of a live flow was changed outside that the manifest, if it declares the flow, wants else."""
    changed = outside(flow)
    if wanted is None:
        return bool(changed)
    protection = wanted.protect != flow.keywords.protected
    return bool(changed & {*differing(wanted, flow, identity), *([PROTECT] if protection else [])})


def _outside(step: Step) -> Step:
    if isinstance(step, Create):
        return step
    fields = tuple(change for change in step.difference.fields if change.origin.is_drift)
    roles = tuple(change for change in step.difference.roles if change.origin.is_drift)
    if any(change.path.startswith("definition") for change in fields):
        return replace(step, difference=replace(step.difference, fields=fields, roles=roles))
    return replace(step, difference=Difference(fields, roles))
