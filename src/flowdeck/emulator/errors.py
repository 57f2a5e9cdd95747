"""What the emulator refuses to start with: a file that is not its own, a seed or a fault that says nonsense."""


class EmulatorError(Exception):
    """The emulator cannot start or go on; the message says why and what to do."""


class SeedError(EmulatorError, ValueError):
    """A seed names an unknown key, an impossible value, or somebody whom it does not declare."""


class FaultError(EmulatorError, ValueError):
    """A fault specification names an unknown kind or key, or an impossible value."""
