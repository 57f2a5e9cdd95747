"""What the texts and numbers of a manifest must look like: one function a kind."""

import re
from collections.abc import Callable

from flowdeck.manifest.problem import quoted
from flowdeck.model.flow import SUBSCRIPTION_DEFAULT
from flowdeck.model.manifest import EMULATOR, GLOBUS
from flowdeck.model.marker import NAME
from flowdeck.model.principal import UUID

VERSION = 1
# No more than a service needs: parsers disagree on where the host of an odd URL ends.
URL = re.compile(
    r"https?://([a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?(/[\w.~/-]*)?", re.A
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What flowdeck itself reads, its credentials among them.
_OWN_VARIABLES = ("FLOWDECK_", "GLOBUS_SDK", "GLOBUS_CLI_CLIENT_ID", "GLOBUS_CLI_CLIENT_SECRET")
IDENTIFIER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")


class Wrong(ValueError):
    """A value that has another form than it must have."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


def version(value: object) -> object:
    """The version of the manifest's format."""
    if value is not None and (type(value) is not int or value != VERSION):
        raise Wrong("invalid-version", "`version` must be 1, the only version there is", "write `version: 1`")
    return value


def name(value: str) -> str:
    """A name that enters the marker: of a project, an environment or a flow."""
    if not NAME.fullmatch(value):
        hint = "use 1 to 48 of a-z, 0-9 and `-`, the first not `-`"
        raise Wrong("invalid-name", f"{quoted(value)} is not a name", hint)
    return value


def identifier(value: str) -> str:
    """A name that only the manifest knows: an alias, a set, a variable."""
    if not IDENTIFIER.fullmatch(value) or UUID.fullmatch(value):
        hint = "use 1 to 64 of A-Z, a-z, 0-9, `_` and `-`, the first not `-`, and no UUID"
        raise Wrong("invalid-name", f"{quoted(value)} is not a name", hint)
    return value


def uuid(value: str) -> str:
    """A UUID, in lower case."""
    if not UUID.fullmatch(value):
        raise Wrong("invalid-uuid", "this is not a UUID", "write 36 characters: 8-4-4-4-12 of 0-9 and a-f")
    return value.lower()


def secret_variable(value: str) -> str:
    """The variable of the process environment that holds a secret; flowdeck's own credentials are none."""
    if not _VARIABLE.fullmatch(value):
        hint = "write the variable's name: A-Z, 0-9 and `_`"
        raise Wrong("invalid-name", "this is not the name of an environment variable", hint)
    if value.upper().startswith(_OWN_VARIABLES):
        raise Wrong("secret-refused", f"{quoted(value)} is for flowdeck's own use", "use another variable")
    return value


def subscription_id(value: str) -> str:
    """A UUID, or DEFAULT for any subscription."""
    return value if value == SUBSCRIPTION_DEFAULT else uuid(value)


def service(value: str) -> str:
    """What an environment is deployed to: emulator, globus or a URL."""
    if value in (EMULATOR, GLOBUS):
        return value
    if "://" not in value:
        raise Wrong("invalid-service", f"{quoted(value)} is not a service", "write emulator, globus, or a URL")
    if not URL.fullmatch(value):
        hint = "write https://HOST/, without user, query or fragment"
        raise Wrong("invalid-service", "this URL is not a service's", hint)
    return value


def length(least: int, most: int) -> Callable[[str], str]:
    """A check that a text has so many characters."""

    def check(value: str) -> str:
        if len(value) > most:
            raise Wrong("too-long", f"{len(value)} characters, the service takes {most}", "shorten it")
        if len(value) < least:
            raise Wrong("too-short", "the text is empty", "write some text, or leave the line out")
        return value

    return check
