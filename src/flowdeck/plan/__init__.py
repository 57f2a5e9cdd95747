"""From wanted and live to a plan: pure, without the network, the clock or a pen."""

from flowdeck.plan.build import build, forgetting
from flowdeck.plan.drift import is_drifted, only_drift
from flowdeck.plan.gate import blocking, unexpected, way_out
from flowdeck.plan.references import secrets, settle
from flowdeck.plan.select import keep, only_one, selection

__all__ = [
    "blocking",
    "build",
    "forgetting",
    "is_drifted",
    "keep",
    "only_drift",
    "only_one",
    "secrets",
    "selection",
    "settle",
    "unexpected",
    "way_out",
]
