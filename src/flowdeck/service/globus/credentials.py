"""Who we are: client credentials from the environment, in the order that users rely on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import ServiceError


@dataclass(frozen=True, slots=True)
class Credentials:
    """A confidential client of Globus Auth; the secret is kept out of the value's text."""

    client_id: str
    client_secret: str = field(repr=False)


def credentials_from(environ: Mapping[str, str]) -> Credentials:
    """FLOWDECK_CLIENT_ID with its secret or secret file, else GLOBUS_CLI_CLIENT_ID with its secret.

    Raises ServiceError (`no-credentials`) when neither pair is whole or the secret file cannot be read.
    """
    for name, client_id in (
        ("FLOWDECK_CLIENT", environ.get("FLOWDECK_CLIENT_ID")),
        ("GLOBUS_CLI_CLIENT", environ.get("GLOBUS_CLI_CLIENT_ID")),
    ):
        if client_id:
            return Credentials(client_id, _secret(name, environ))
    raise ServiceError(
        Diagnostic(
            "no-credentials",
            "there are no credentials for the service",
            "set FLOWDECK_CLIENT_ID and FLOWDECK_CLIENT_SECRET, or use an environment with `service: emulator`",
        )
    )


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
