"""Which handler answers which method and path, for whom, and to which of the emulated services it belongs."""

from collections.abc import Callable
from dataclasses import dataclass

from flowdeck.emulator import auth, flows, groups, id_tokens, listing, logins, runs, scopes
from flowdeck.emulator.admin import Admin
from flowdeck.emulator.exchange import Answer, Call

ADMIN_PREFIX = "/_emulator/"


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. `service` is whose error shape it uses; a token with any one of `scopes` opens it.

    Without scopes no token is asked for. `writes` is for a GET that leaves something behind.
    """

    method: str
    path: str
    handler: Callable[[Call], Answer]
    service: str
    scopes: frozenset[str] = frozenset()
    writes: bool = False


ROUTES = (
    Route("POST", "/flows", flows.create, "flows", scopes.WRITE_FLOWS),
    Route("GET", "/flows", listing.flows, "flows", scopes.READ_FLOWS),
    Route("POST", "/flows/validate", flows.validate, "flows", scopes.WRITE_FLOWS),
    Route("GET", "/flows/<flow_id>", flows.read, "flows", scopes.READ_FLOWS),
    Route("PUT", "/flows/<flow_id>", flows.update, "flows", scopes.WRITE_FLOWS),
    Route("DELETE", "/flows/<flow_id>", flows.delete, "flows", scopes.WRITE_FLOWS),
    Route("GET", "/runs", runs.runs, "flows", scopes.READ_RUNS),
    Route("GET", "/runs/<run_id>", runs.read, "flows", scopes.READ_RUNS),
    Route("GET", "/.well-known/openid-configuration", id_tokens.configuration, "auth"),
    Route("GET", "/jwk.json", id_tokens.keys, "auth"),
    Route("GET", "/v2/oauth2/authorize", logins.authorize, "oauth", writes=True),
    Route("POST", "/v2/oauth2/token", logins.create_token, "oauth"),
    Route("POST", "/v2/oauth2/token/introspect", auth.introspect, "oauth"),
    Route("POST", "/v2/oauth2/token/revoke", logins.revoke, "oauth"),
    Route("GET", "/v2/oauth2/userinfo", auth.userinfo, "auth", scopes.OPENID),
    Route("GET", "/v2/api/identities", auth.identities, "auth", scopes.READ_IDENTITIES),
    Route("GET", "/v2/groups/my_groups", groups.my_groups, "groups", scopes.READ_GROUPS),
    Route("GET", "/v2/groups/<group_id>", groups.read, "groups", scopes.READ_GROUPS),
    Route("GET", "/v2/subscription_info/<subscription_id>", groups.subscription, "groups", scopes.READ_GROUPS),
)


def admin_routes(admin: Admin) -> tuple[Route, ...]:
    """The emulator's own routes."""
    return (
        Route("GET", ADMIN_PREFIX + "health", admin.health, "admin"),
        Route("GET", ADMIN_PREFIX + "requests", admin.requests, "admin"),
        Route("DELETE", ADMIN_PREFIX + "requests", admin.clear_requests, "admin"),
        Route("GET", ADMIN_PREFIX + "faults", admin.faults, "admin"),
        Route("POST", ADMIN_PREFIX + "faults", admin.inject, "admin"),
        Route("DELETE", ADMIN_PREFIX + "faults", admin.clear_faults, "admin"),
        Route("GET", ADMIN_PREFIX + "settings", admin.settings, "admin"),
        Route("PATCH", ADMIN_PREFIX + "settings", admin.change_settings, "admin"),
    )


def service_of(path: str) -> str:
    """The service that a path belongs to, whether or not there is such an endpoint."""
    if path.startswith(ADMIN_PREFIX):
        return "admin"
    if path.startswith(("/v2/groups", "/v2/subscription_info")):
        return "groups"
    return "auth" if path.startswith(("/v2/", "/.well-known/", "/jwk.json")) else "flows"
