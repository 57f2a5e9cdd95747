"""The flow-definition language: what a definition may say, checked without the service."""

from flowdeck.definition.checking import check, check_shape, refused
from flowdeck.definition.finding import Finding
from flowdeck.definition.layout import in_reading_order
from flowdeck.definition.normal import compared, differing, field_digests, must_replace, outside, published
from flowdeck.definition.states import compare_states

__all__ = [
    "Finding",
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
    "refused",
]
