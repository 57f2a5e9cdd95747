"""The exception tree.

FlowdeckError                 carries diagnostics; the doors show them and turn the class into an exit code
├── Invalid                   the manifest, the project or an argument file is wrong           exit 1
├── ServiceError              the service failed, refused us, or cannot be reached             exit 1
├── Refused                   flowdeck refuses to go on; nothing was written                   exit 3
└── Misused                   the command line asks for what there is not                      exit 64
"""

from flowdeck.model.diagnostic import Diagnostic, Diagnostics

# Diagnostics that say "we must not", not "we cannot": they end a command with exit code 3.
REFUSALS = frozenset({"not-administrator", "ambiguous-owner", "claimed-elsewhere"})


class FlowdeckError(Exception):
    """Something that stops a command. It carries diagnostics, never a secret and never a response body."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(f"{one.code}: {one.message}" for one in diagnostics))
        self.diagnostics: Diagnostics = diagnostics


class Invalid(FlowdeckError):
    """The manifest, the project, or a file that an argument names is wrong."""


class ServiceError(FlowdeckError):
    """The service failed, answered an error, or could not be reached."""


class Refused(FlowdeckError):
    """A rule forbids going on; nothing has been written."""


class Misused(FlowdeckError):
    """The command line asks for something that does not exist or does not fit together."""
