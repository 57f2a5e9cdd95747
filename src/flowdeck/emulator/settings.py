"""The knobs for what is not known about the service, so that a client can be tried against either answer."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

CHOICES: Mapping[str, tuple[str, ...]] = {
    "key_order": ("service", "kept"),
    "empty_input_schema": ("dropped", "kept"),
    "defaults": ("none", "added"),
    "filter_keywords": ("honoured", "ignored"),
    "free_tier": ("off", "enforced"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """One value for each knob of CHOICES; the first choice is the default.

    key_order: fixtures of globus_sdk.testing show objects in the order of PostgreSQL's JSONB.
    empty_input_schema: whether replies leave out an empty one (reported by users; unverified).
    defaults: whether a write adds defaults to Action states (contradictory reports; unverified).
    filter_keywords: whether a list honours that filter.
    free_tier: whether a flow without a subscription is the only one of its owner and ends after 30 days.
    """

    key_order: str = "service"
    empty_input_schema: str = "dropped"
    defaults: str = "none"
    filter_keywords: str = "honoured"
    free_tier: str = "off"

    def changed(self, wanted: Any) -> "Settings":
        """These settings with `wanted`, a mapping, over them.

        Raises ValueError for anything else, and for an unknown name or choice.
        """
        if not isinstance(wanted, Mapping):
            raise ValueError(f"a mapping is expected, not {wanted!r}")
        for name, choice in wanted.items():
            if name not in CHOICES:
                raise ValueError(f"unknown setting `{name}`; there are {', '.join(CHOICES)}")
            if choice not in CHOICES[name]:
                raise ValueError(f"setting `{name}` is {' or '.join(CHOICES[name])}, not `{choice}`")
        return replace(self, **wanted)
