"""An emulator of Globus Flows, with the parts of Globus Auth and Groups that its clients need."""

from flowdeck.emulator.errors import EmulatorError, FaultError, SeedError
from flowdeck.emulator.log import Logged
from flowdeck.emulator.server import Emulator

__all__ = ["Emulator", "EmulatorError", "FaultError", "Logged", "SeedError"]
