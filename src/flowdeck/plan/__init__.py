"""From wanted and live to a plan: pure, without the network, the clock or a pen."""

from flowdeck.plan.allowing import unused
from flowdeck.plan.build import build, forgetting
from flowdeck.plan.coverage import coverage
from flowdeck.plan.drift import is_drifted, only_drift
from flowdeck.plan.gate import blocking, unexpected, way_out
from flowdeck.plan.references import secrets, settle
from flowdeck.plan.reviewed import Reviewed, read_document
from flowdeck.plan.select import keep, only_one, selection

__all__ = [
    "Reviewed",
    "blocking",
    "build",
    "coverage",
    "forgetting",
    "is_drifted",
    "keep",
    "only_drift",
    "only_one",
    "read_document",
    "secrets",
    "selection",
    "settle",
    "unexpected",
    "unused",
    "way_out",
]
