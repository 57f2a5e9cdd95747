"""Logins of people through globus-sdk's UserApp: log in, get fresh tokens for a command, log out."""

import platform
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from globus_sdk import (
    AuthClient,
    FlowsClient,
    GlobusAPIError,
    GlobusAppConfig,
    GlobusError,
    GroupsClient,
    IDTokenDecoder,
    NativeAppAuthClient,
    RefreshTokenAuthorizer,
    UserApp,
)
from globus_sdk.login_flows import CommandLineLoginFlowManager
from globus_sdk.token_storage import MemoryTokenStorage, TokenStorage, TokenValidationError
from globus_sdk.transport import RetryConfig
from jwt import PyJWTError

from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import FlowdeckError, ServiceError
from flowdeck.service.globus.access import APP_NAME, IDENTITY_SCOPES, PEOPLE_SCOPES, READ_SCOPES, WRITE_SCOPES
from flowdeck.service.globus.credentials import StoredLogin
from flowdeck.service.globus.endpoints import Endpoints
from flowdeck.service.globus.errors import problem_of, service_errors
from flowdeck.service.globus.token_file import Tokens, token_file

# An apply may take minutes, with the token that it begins with.
_LEAST_SECONDS = 600
_SCOPES = {
    FlowsClient.resource_server: [*READ_SCOPES, *WRITE_SCOPES],
    AuthClient.resource_server: [*IDENTITY_SCOPES, *PEOPLE_SCOPES[AuthClient.resource_server]],
    GroupsClient.resource_server: [*PEOPLE_SCOPES[GroupsClient.resource_server]],
}


def log_in(endpoints: Endpoints, login: StoredLogin, ask: Callable[[str], str]) -> str:
    """Let a person log in at the URL that `ask` is given, and store the tokens for the code that it returns.

    Returns the identity's id. Raises ServiceError (`login-failed`) and Invalid (`lax-token-file`, `bad-token-file`).
    """
    file, fresh = token_file(endpoints, login), MemoryTokenStorage()
    earlier = file.get_token_data_by_resource_server()  # refuses a lax file before anybody is sent to a browser
    with _app(endpoints, login, fresh, ask) as (app, client):
        try:
            app.login(force=True)
        except TokenValidationError:
            raise _failed("Auth granted less than flowdeck asked for") from None
        except GlobusAPIError as error:
            if problem_of(error).kind not in ("unauthenticated", "invalid"):
                raise
            raise _failed("Auth does not accept the code") from None
        tokens = fresh.get_token_data_by_resource_server()
        try:
            file.replace(tokens)
        except BaseException:
            _revoked(client, tokens)
            raise
        _revoked(client, earlier)
        return app.token_storage.identity_id or ""


def fresh_tokens(endpoints: Endpoints, login: StoredLogin, servers: Iterable[str]) -> tuple[dict[str, str], str]:
    """An access token for each resource server, refreshed and stored again where needed, and the identity's id.

    Raises ServiceError: `no-credentials` when nobody is logged in, `login-expired`; Invalid: `lax-token-file`,
    `bad-token-file`.
    """
    file = token_file(endpoints, login)
    if not file.get_token_data_by_resource_server():
        raise ServiceError(
            Diagnostic("no-credentials", "nobody is logged in", "run `flowdeck login`, or set client credentials")
        )
    with _app(endpoints, login, file) as (app, _):
        try:
            tokens = {server: _fresh(app, server) for server in servers}
        except TokenValidationError:
            raise _expired() from None
        except GlobusAPIError as error:
            if problem_of(error).kind not in ("unauthenticated", "invalid"):
                raise
            raise _expired() from None
        return tokens, app.token_storage.identity_id or ""


def log_out(endpoints: Endpoints, login: StoredLogin) -> tuple[bool, bool]:
    """Remove the stored login, and revoke its tokens if that can be done: whether there was one, and whether it was.

    Raises Invalid: `lax-token-file` for a folder that is open to others, `cannot-write`.
    """
    file = token_file(endpoints, login)
    try:
        tokens: Tokens = file.get_token_data_by_resource_server()
    except FlowdeckError:  # a lax or damaged file: the way out is that it goes
        tokens = {}
    revoked = False
    try:
        if tokens:
            with service_errors(), _client(endpoints, login, retries=1) as client:
                revoked = _revoked(client, tokens)
    finally:  # whatever Auth says, nothing stays here
        found = file.remove()
    return found, revoked


class _Asking(CommandLineLoginFlowManager):
    """The SDK's command-line login, except that somebody else talks to the person."""

    def __init__(self, client: NativeAppAuthClient, auth: str, ask: Callable[[str], str]) -> None:
        super().__init__(
            client,
            redirect_uri=f"{auth.rstrip('/')}/v2/web/auth-code",
            request_refresh_tokens=True,
            native_prefill_named_grant=f"{APP_NAME} on {platform.node()}",
        )
        self._ask, self._url = ask, ""

    def print_authorize_url(self, authorize_url: str) -> None:
        self._url = authorize_url

    def prompt_for_code(self) -> str:
        return self._ask(self._url)


class _Decoder(IDTokenDecoder):
    """The SDK's decoder, which checks signature and audience; here the issuer too, and errors that say no token."""

    def decode(self, id_token: str, /) -> dict[str, Any]:
        try:
            stated = super().decode(id_token)
        except PyJWTError as error:
            raise ValueError(type(error).__name__) from None
        if stated.get("iss") != self.get_openid_configuration()["issuer"]:
            raise ValueError("another issuer")
        return stated


def _nobody(_: str) -> str:
    raise _expired()


@contextmanager
def _client(endpoints: Endpoints, login: StoredLogin, retries: int = 5) -> Iterator[NativeAppAuthClient]:
    retry = RetryConfig(max_retries=retries)
    with NativeAppAuthClient(login.client_id, base_url=endpoints.auth, app_name=APP_NAME, retry_config=retry) as client:
        client.transport.session.trust_env = not endpoints.is_local
        yield client


@contextmanager
def _app(
    endpoints: Endpoints, login: StoredLogin, storage: TokenStorage, ask: Callable[[str], str] = _nobody
) -> Iterator[tuple[UserApp, NativeAppAuthClient]]:
    """The SDK's app, for this thread only; it never asks anybody by itself."""
    with service_errors(), _client(endpoints, login) as client:
        config = GlobusAppConfig(
            token_storage=storage,
            request_refresh_tokens=True,
            login_flow_manager=_Asking(client, endpoints.auth, ask),
            token_validation_error_handler=None,
            id_token_decoder=_Decoder,
        )
        app = UserApp(APP_NAME, login_client=client, scope_requirements=_SCOPES, config=config)
        try:
            yield app, client
        finally:
            app.close()


def _fresh(app: UserApp, server: str) -> str:
    authorizer = app.get_authorizer(server)
    assert isinstance(authorizer, RefreshTokenAuthorizer)  # refresh tokens were asked for
    if (authorizer.expires_at or 0) < time.time() + _LEAST_SECONDS:
        authorizer.handle_missing_authorization()  # the SDK's word for: take a new one
    authorizer.ensure_valid_token()
    return authorizer.access_token or ""


def _revoked(client: NativeAppAuthClient, tokens: Tokens) -> bool:
    """Revoke the tokens, as far as Auth answers; whether it did for all of them."""
    every = [one for token in tokens.values() for one in (token.refresh_token, token.access_token) if one]
    try:
        for token in every:
            client.oauth2_revoke_token(token)
    except GlobusError:
        return False
    return True


def _failed(why: str) -> ServiceError:
    hint = "run `flowdeck login` again; a code is good once, and for some minutes, and every consent is needed"
    return ServiceError(Diagnostic("login-failed", f"the login failed: {why}", hint))


def _expired() -> ServiceError:
    message = "the stored login has ended, or lacks what flowdeck needs now"
    return ServiceError(Diagnostic("login-expired", message, "run `flowdeck login`"))
