"""The tokens of a login in a private file, as globus-sdk's token storage."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from globus_sdk import GlobusError
from globus_sdk.token_storage import TokenStorage, TokenStorageData

from flowdeck.model.diagnostic import Diagnostic, Place
from flowdeck.model.errors import Invalid
from flowdeck.service.globus import private_file
from flowdeck.service.globus.credentials import StoredLogin
from flowdeck.service.globus.endpoints import Endpoints
from flowdeck.service.globus.errors import MALFORMED
from flowdeck.service.globus.private_file import PrivateFile

_FORMAT = 1
Tokens = Mapping[str, TokenStorageData]


class TokenFile(TokenStorage):
    """The tokens of one client at one Auth. The SDK's own JSON storage writes in place and keeps a lax mode."""

    def __init__(self, path: Path, client_id: str, auth: str) -> None:
        super().__init__()
        self.path = path
        self._whose = {"format": _FORMAT, "client_id": client_id, "auth": auth}

    def __repr__(self) -> str:
        return f"TokenFile({str(self.path)!r})"

    def get_token_data_by_resource_server(self) -> dict[str, TokenStorageData]:
        """The tokens, none when nobody is logged in.

        Raises Invalid: `lax-token-file`, `bad-token-file`.
        """
        with private_file.opened(self.path) as file:
            return self._held(file) if file else {}

    def store_token_data_by_resource_server(self, token_data_by_resource_server: Tokens) -> None:
        """Put refreshed tokens in place of those held; what was logged out or replaced meanwhile does not come back."""
        with private_file.opened(self.path) as file:
            held = self._held(file) if file else {}
            refreshed = {
                server: _merged(held[server], new)
                for server, new in token_data_by_resource_server.items()
                if server in held and held[server].identity_id == new.identity_id
            }
            if file and refreshed:
                file.replace(self._text({**held, **refreshed}))

    def replace(self, tokens: Tokens) -> None:
        """Put the tokens of a new login in place of all others. Raises Invalid."""
        with private_file.opened(self.path, create=True) as file:
            assert file is not None  # its folder was made
            file.read()  # refuses to go on beside what is not private
            file.replace(self._text(tokens))

    def remove_token_data(self, resource_server: str) -> bool:
        """Remove the tokens of one resource server; False when there were none."""
        with private_file.opened(self.path) as file:
            held = self._held(file) if file else {}
            found = held.pop(resource_server, None)
            if file and found:
                file.replace(self._text(held))
        return found is not None

    def remove(self) -> bool:
        """Remove the file, also a broken one; False when there was none. Raises Invalid."""
        with private_file.opened(self.path) as file:
            return file.remove() if file else False

    def _held(self, file: PrivateFile) -> dict[str, TokenStorageData]:
        content = file.read()
        if content is None:
            return {}
        document, place = _parsed(content)
        found = _tokens(document) if isinstance(document, dict) and self._whose.items() <= document.items() else None
        if found is None:
            # The SDK's and json's own exceptions carry what was read, tokens included: none is chained here.
            raise _corrupt(self.path, *(place or (1, 1)))
        return found

    def _text(self, tokens: Tokens) -> bytes:
        held = {server: token.to_dict() for server, token in sorted(tokens.items())}
        return (json.dumps({**self._whose, "tokens": held}, indent=2) + "\n").encode()


def token_file(endpoints: Endpoints, login: StoredLogin) -> TokenFile:
    """The file for this client at this Auth: what one Auth issued is never sent to another."""
    where = re.sub(r"[^a-z0-9.]+", "-", endpoints.auth.lower().partition("://")[2]).strip("-.")
    path = login.folder / f"login-{login.client_id}-{where}.json"
    return TokenFile(path, login.client_id, endpoints.auth.rstrip("/").lower())


def _parsed(content: bytes) -> tuple[Any, tuple[int, int] | None]:
    """The document, or None and the place where it ceases to be JSON."""
    try:
        return json.loads(content), None
    except json.JSONDecodeError as error:
        return None, (error.lineno, error.colno)
    except (ValueError, RecursionError):  # no text, or no end of brackets
        return None, None


def _tokens(document: Mapping[str, Any]) -> dict[str, TokenStorageData] | None:
    """The tokens of a whole file, all of one person; None when anything is wrong."""
    try:
        found = {server: TokenStorageData.from_dict(entry) for server, entry in document["tokens"].items()}
    except (GlobusError, *MALFORMED):
        return None
    identities = {token.identity_id for token in found.values()}
    whole = all(token.resource_server == server for server, token in found.items())
    return found if whole and None not in identities and len(identities) <= 1 else None


def _merged(held: TokenStorageData, new: TokenStorageData) -> TokenStorageData:
    # A refresh need not bring a new refresh token (RFC 6749, section 6).
    return TokenStorageData.from_dict({"refresh_token": held.refresh_token, **new.to_dict()})


def _corrupt(path: Path, line: int, column: int) -> Invalid:
    below = os.path.relpath(path)
    place = Place(str(path) if below.startswith("..") else below, line, column)
    message = "the stored login cannot be read: the file is damaged, or of another client"
    return Invalid(Diagnostic("bad-token-file", message, "remove it with `flowdeck logout`", place=place))
