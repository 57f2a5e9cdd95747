"""Ask the service what it says of definitions."""

from flowdeck.model.diagnostic import Diagnostics, in_order
from flowdeck.model.manifest import Manifest
from flowdeck.observe.opinions import ask
from flowdeck.service.ports import Reader


def ask_service(manifest_: Manifest, reader: Reader, known: Diagnostics) -> Diagnostics:
    """What is known already, what the service says of each definition, and where flowdeck and the service disagree."""
    return in_order((*known, *ask(manifest_, reader)))
