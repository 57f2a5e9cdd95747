"""The only writer: does the steps of a plan through a Writer, and settles what became of each."""

from flowdeck.apply.execute import execute
from flowdeck.apply.pace import Throttle

__all__ = ["Throttle", "execute"]
