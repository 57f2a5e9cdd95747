"""What a step is done with."""

from collections.abc import Callable
from dataclasses import dataclass

from flowdeck.apply.keywords import Signature
from flowdeck.model.event import Retrying, Waiting
from flowdeck.model.manifest import Places
from flowdeck.service.ports import Reader, Writer


@dataclass(frozen=True, slots=True)
class Wire:
    """The service's two faces, in whose name to write, and where the user's files say what."""

    reader: Reader
    writer: Writer
    signature: Signature
    places: Places
    wait: Callable[[Waiting | Retrying, float], bool]
    """Tells why it waits, sleeps that many seconds, and returns False when the apply was interrupted."""
