"""The rule about whom a web input is for."""

import re

from flowdeck.definition.machine import Machine
from flowdeck.definition.parts import unknown_yet
from flowdeck.definition.rules.rule import Breach, Breaches, Rule, warning
from flowdeck.definition.values.parameters import Place, Role, places
from flowdeck.model.principal import ALL_AUTHENTICATED, GROUP, IDENTITY, PUBLIC, UUID, is_urn

# The lists of principals of a web input: `respondent_urns` and `viewer_urns` of the service's replies.
_LISTS = ("RespondentUrns", "ViewerUrns")
_ID = re.compile(rf"urn:globus:([a-z:_-]*):({UUID.pattern})", re.IGNORECASE)
_FORMS = f"write `{IDENTITY}<uuid>` or `{GROUP}<uuid>`"


@warning
def web_input_principal(machine: Machine) -> Breaches:
    """A principal of a web input is no URN of an identity or a group."""
    for place in places(machine):
        if place.state.type == "CreateWebInput" and place.role is Role.CONSTANT and _is_principal(place):
            if not isinstance(place.value, str):
                yield Breach(place.path, f"`{place.path[4]}` lists URNs, and this is no text", _FORMS)
            elif not _may_be(place.value):
                hint = _FORMS if place.private else _way_out(place.value)
                yield Breach(place.path, f"{place.said} is no URN of an identity or a group", hint)


def _is_principal(place: Place) -> bool:
    return place.path[3] == "Parameters" and place.path[4] in _LISTS


def _may_be(text: str) -> bool:
    """Whether a text is a principal, may become one, or is a path, of which another rule tells."""
    return is_urn(text) or unknown_yet(text) or text.startswith("$.") or text in (PUBLIC, ALL_AUTHENTICATED)


def _way_out(value: str) -> str:
    """The URN that is meant, as far as it can be told."""
    if UUID.fullmatch(value):
        return f"write `{IDENTITY}{value}` for a person, `{GROUP}{value}` for a group"
    if found := _ID.fullmatch(value):
        form = GROUP if "group" in found[1].lower() else IDENTITY
        return f"write `{form}{found[2]}`"
    if "@" in value:
        return f"write the URN of the identity, `{IDENTITY}<uuid>`, which `globus get-identities {value}` finds"
    return _FORMS


RULES: tuple[Rule, ...] = (web_input_principal,)
