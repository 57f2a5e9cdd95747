"""What happens while a command works, as it happens."""

import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Lock

from flowdeck.cli.door import Door, Unwritable
from flowdeck.model.event import Event


def progress(door: Door) -> Callable[[Event], None]:
    """Tells events on stderr, one at a time; they come from several threads."""
    if not tells(door):
        return lambda _: None
    from flowdeck.render import result_text  # noqa: PLC0415 (nobody looks, most of the time)

    lock, paint = Lock(), door.paint_on(sys.stderr)

    def on_event(event: Event) -> None:
        # Whoever looked on may be gone; the work goes on.
        with lock, suppress(Unwritable):
            door.tell(result_text.event(event, paint))

    return on_event


def tells(door: Door) -> bool:
    """Progress is for terminals, and for whoever asks with --verbose."""
    return (sys.stderr.isatty() or door.verbose) and not door.quiet
