"""Open the project that a command is about."""

from flowdeck import manifest
from flowdeck.cli.door import Door
from flowdeck.workflow import Loaded, load


def opened(door: Door, *, definitions: bool = True) -> Loaded:
    """The manifest of the chosen environment; its warnings are for the command to show."""
    return load(manifest.find(door.file), door.environment, definitions=definitions)
