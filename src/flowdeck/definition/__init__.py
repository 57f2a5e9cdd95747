"""The flow-definition language: what a definition may say, checked without the service."""

from flowdeck.definition.checks import RULES, check, check_shape
from flowdeck.definition.finding import Finding
from flowdeck.definition.layout import in_reading_order
from flowdeck.definition.normal import compared, differing, field_digests, must_replace, outside, published
from flowdeck.definition.scopes import scopes
from flowdeck.definition.states import StatesDifference, compare_states

__all__ = [
    "RULES",
    "Finding",
    "StatesDifference",
    "check",
    "check_shape",
    "compare_states",
    "compared",
    "differing",
    "field_digests",
    "in_reading_order",
    "must_replace",
    "outside",
    "published",
    "scopes",
]
