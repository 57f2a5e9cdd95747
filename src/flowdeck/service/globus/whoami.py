"""Whom the credentials in use stand for, as Globus Auth says it."""

from dataclasses import dataclass

from globus_sdk import AccessTokenAuthorizer, AuthClient

from flowdeck.model.principal import IDENTITY
from flowdeck.service.globus.access import APP_NAME, IDENTITY_SCOPES, tokens_for
from flowdeck.service.globus.credentials import AnyCredentials
from flowdeck.service.globus.endpoints import Endpoints
from flowdeck.service.globus.errors import service_errors


@dataclass(frozen=True, slots=True)
class Identity:
    """A person or a client: its URN, its username, and its name where it has told one."""

    urn: str
    username: str
    name: str


def whoami(endpoints: Endpoints, credentials: AnyCredentials) -> Identity:
    """The identity of the credentials. Raises what `access.tokens_for` raises."""
    tokens, _ = tokens_for(endpoints, credentials, {AuthClient.resource_server: IDENTITY_SCOPES})
    authorizer = AccessTokenAuthorizer(tokens[AuthClient.resource_server])
    with service_errors(), AuthClient(base_url=endpoints.auth, authorizer=authorizer, app_name=APP_NAME) as auth:
        auth.transport.session.trust_env = not endpoints.is_local
        told = auth.userinfo()
        return Identity(f"{IDENTITY}{told['sub']}", told.get("preferred_username") or "", told.get("name") or "")
