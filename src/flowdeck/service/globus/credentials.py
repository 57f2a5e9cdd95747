"""Who we are: client credentials or a stored login, from the environment, in the order that users rely on."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import ServiceError

NATIVE_CLIENT = "FLOWDECK_NATIVE_CLIENT_ID"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A confidential client of Globus Auth; the secret is kept out of the value's text.

    `source` is the variable that named it, empty for the emulator's own client.
    """

    client_id: str
    client_secret: str = field(repr=False)
    source: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class StoredLogin:
    """The login of a person with a native client of Globus Auth; `folder` is where its token file lies, if any."""

    client_id: str
    folder: Path


AnyCredentials = Credentials | StoredLogin


def credentials_from(environ: Mapping[str, str]) -> AnyCredentials:
    """FLOWDECK_CLIENT_ID with its secret or secret file, else GLOBUS_CLI_CLIENT_ID with its secret, else the login.

    Raises ServiceError: `no-credentials` when neither pair is whole or the secret file cannot be read and no login can
    be looked for, `no-login-client` when the native client's id is none.
    """
    for name in ("FLOWDECK_CLIENT", "GLOBUS_CLI_CLIENT"):
        if client_id := environ.get(f"{name}_ID"):
            return Credentials(client_id, _secret(name, environ), f"{name}_ID")
    if environ.get(NATIVE_CLIENT):
        return stored_login_from(environ)
    raise ServiceError(
        Diagnostic(
            "no-credentials",
            "there are no credentials for the service",
            "set FLOWDECK_CLIENT_ID and FLOWDECK_CLIENT_SECRET, or use an environment with `service: emulator`; "
            f"people set {NATIVE_CLIENT} and run `flowdeck login`",
        )
    )


def stored_login_from(environ: Mapping[str, str]) -> StoredLogin:
    """The login with the native client of FLOWDECK_NATIVE_CLIENT_ID, whether or not anybody has logged in.

    Raises ServiceError (`no-login-client`) when there is no such client.
    """
    try:
        client_id = str(UUID(environ.get(NATIVE_CLIENT, "")))
    except ValueError:
        what = "is not a UUID" if environ.get(NATIVE_CLIENT) else "is not set"
        raise ServiceError(
            Diagnostic(
                "no-login-client",
                f"logins need a native client of Globus Auth, and {NATIVE_CLIENT} {what}",
                "register a native app at https://app.globus.org/settings/developers and set its UUID, "
                "or use client credentials: FLOWDECK_CLIENT_ID and FLOWDECK_CLIENT_SECRET",
            )
        ) from None
    # A relative XDG_CONFIG_HOME is to be ignored (XDG Base Directory Specification).
    configured = Path(environ.get("XDG_CONFIG_HOME", ""))
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    return StoredLogin(client_id, (configured if configured.is_absolute() else home / ".config") / "flowdeck")


def _secret(name: str, environ: Mapping[str, str]) -> str:
    secret = environ.get(f"{name}_SECRET")
    if secret:
        return secret
    file = environ.get("FLOWDECK_CLIENT_SECRET_FILE") if name == "FLOWDECK_CLIENT" else None
    if file:
        try:
            secret = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise ServiceError(
                Diagnostic(
                    "no-credentials",
                    f"FLOWDECK_CLIENT_SECRET_FILE cannot be read: {reason}",
                    "name a readable file that holds the secret alone",
                )
            ) from None
        if secret:
            return secret
        raise ServiceError(
            Diagnostic("no-credentials", "FLOWDECK_CLIENT_SECRET_FILE is empty", "name a file that holds the secret")
        )
    raise ServiceError(
        Diagnostic("no-credentials", f"{name}_ID is set, but {name}_SECRET is not", f"set {name}_SECRET as well")
    )
