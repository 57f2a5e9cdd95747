"""Access: tokens for one identity with exactly the scopes needed, and the Flows clients made with them."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from globus_sdk import AccessTokenAuthorizer, AuthClient, ConfidentialAppAuthClient, FlowsClient, GroupsClient
from globus_sdk.scopes import AuthScopes, FlowsScopes, GroupsScopes, Scope
from globus_sdk.transport import RetryConfig

from flowdeck.model.event import Retrying
from flowdeck.model.principal import IDENTITY
from flowdeck.service.globus.credentials import AnyCredentials, Credentials
from flowdeck.service.globus.endpoints import Endpoints
from flowdeck.service.globus.errors import service_errors

APP_NAME = "flowdeck"
# It is the first request of a command: who waits for it wants to know soon that nobody answers.
_LOGIN_RETRIES = 2

READ_SCOPES = (FlowsScopes.view_flows, FlowsScopes.run_status)
WRITE_SCOPES = (FlowsScopes.manage_flows,)
PEOPLE_SCOPES = {
    AuthClient.resource_server: (AuthScopes.view_identities,),
    GroupsClient.resource_server: (GroupsScopes.view_my_groups_and_memberships,),
}
IDENTITY_SCOPES = (AuthScopes.openid, AuthScopes.profile, AuthScopes.email)


@dataclass(frozen=True)
class Access:
    """A token for one identity at Flows, where asked at Auth and Groups too; the clients made are closed with it.

    `on_retry` hears of each request that is sent again.
    """

    endpoints: Endpoints
    identity: str
    token: str = field(repr=False)
    auth_token: str | None = field(default=None, repr=False)
    groups_token: str | None = field(default=None, repr=False)
    on_retry: Callable[[Retrying], None] = lambda _: None
    _local: threading.local = field(default_factory=threading.local, repr=False, compare=False)
    _opened: list[FlowsClient] = field(default_factory=list, repr=False, compare=False)

    @property
    def client(self) -> FlowsClient:
        """The calling thread's client; a requests session is not for several threads.

        The SDK would send every request again, POST included, and so make a flow twice: its retries are off.
        """
        client: FlowsClient | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = FlowsClient(
                base_url=self.endpoints.flows,
                authorizer=AccessTokenAuthorizer(self.token),
                app_name=APP_NAME,
                retry_config=RetryConfig(max_retries=0),
            )
            if self.endpoints.is_local:
                client.transport.session.trust_env = False
            self._opened.append(client)
        return client

    def close(self) -> None:
        """Close the connections of every thread."""
        for client in self._opened:
            client.close()


def connect(
    endpoints: Endpoints,
    credentials: AnyCredentials,
    *,
    writing: bool,
    people: bool = False,
    on_retry: Callable[[Retrying], None] = lambda _: None,
) -> Access:
    """Get tokens with exactly the scopes needed; `people` also for looking up names.

    Those of client credentials are kept in memory only. The tokens of a login carry every scope that was consented to.
    Raises what `tokens_for` raises.
    """
    flows = READ_SCOPES + (WRITE_SCOPES if writing else ())
    wanted = {FlowsClient.resource_server: flows, **(PEOPLE_SCOPES if people else {})}
    tokens, identity = tokens_for(endpoints, credentials, wanted)
    return Access(
        endpoints,
        f"{IDENTITY}{identity}",
        tokens[FlowsClient.resource_server],
        tokens.get(AuthClient.resource_server),
        tokens.get(GroupsClient.resource_server),
        on_retry,
    )


def tokens_for(
    endpoints: Endpoints, credentials: AnyCredentials, wanted: Mapping[str, Sequence[Scope]]
) -> tuple[dict[str, str], str]:
    """An access token for each resource server of the scopes wanted, and the identity's id.

    Raises ServiceError: `bad-credentials`, `service-unreachable`, `service-failed`; for a stored login `no-credentials`
    when nobody is logged in, `login-expired`, and Invalid: `lax-token-file`, `bad-token-file`.
    """
    if isinstance(credentials, Credentials):
        return _client_tokens(endpoints, credentials, wanted)
    from flowdeck.service.globus import login  # noqa: PLC0415 (it needs this module; only people need it)

    return login.fresh_tokens(endpoints, credentials, wanted)


def _client_tokens(
    endpoints: Endpoints, credentials: Credentials, wanted: Mapping[str, Sequence[Scope]]
) -> tuple[dict[str, str], str]:
    with (
        service_errors(),
        ConfidentialAppAuthClient(
            credentials.client_id,
            credentials.client_secret,
            base_url=endpoints.auth,
            app_name=APP_NAME,
            retry_config=RetryConfig(max_retries=_LOGIN_RETRIES),
        ) as auth,
    ):
        if endpoints.is_local:
            auth.transport.session.trust_env = False
        scopes = [scope for of_server in wanted.values() for scope in of_server]
        answer = auth.oauth2_client_credentials_tokens(requested_scopes=scopes)
        tokens = {server: answer.by_resource_server[server]["access_token"] for server in wanted}
    # A client identity is a principal under its own client id (Globus Auth documentation).
    return tokens, credentials.client_id.lower()
