"""Globus Auth as far as clients of Flows need it: tokens for clients, who they are, and who others are."""

import hmac
from uuid import UUID

from flowdeck.emulator import people
from flowdeck.emulator.exchange import Answer, Call, JsonObject
from flowdeck.emulator.people import TOKEN_SECONDS, Identity
from flowdeck.emulator.refusals import Refusal
from flowdeck.emulator.scopes import AUTH, requested, resource_server

MOST_IDENTITIES = 100
UNCACHED = {"Cache-Control": "no-store"}


def create_token(call: Call) -> Answer:
    """The grant client_credentials of POST /v2/oauth2/token: a token for each resource server of the scopes asked."""
    client = confidential_client(call)
    if call.form.get("grant_type") != "client_credentials":
        known = "client_credentials, authorization_code and refresh_token"
        raise Refusal(400, "unsupported_grant_type", f"The emulator knows the grants {known} only")
    asked = by_server(call.form.get("scope", ""))
    first, *others = (token(call, client.id, server, scopes) for server, scopes in asked.items())
    return Answer(200, {**first, "other_tokens": others}, UNCACHED)


def by_server(text: str) -> dict[str, list[str]]:
    """The scopes of a request by their resource servers. Raises Refusal for an unknown one, and for none."""
    servers: dict[str, list[str]] = {}
    for scope in requested(text):
        server = resource_server(scope)
        if server is None:
            raise Refusal(400, "unknown_scope", f"Unknown scope: {scope}")
        servers.setdefault(server, []).append(scope)
    if not servers:
        raise Refusal(400, "invalid_scope", "No scope was requested")
    return servers


def introspect(call: Call) -> Answer:
    """POST /v2/oauth2/token/introspect: what a token stands for; `active` is false for one that stands for nothing."""
    asking = confidential_client(call)
    known = people.token(call.db, call.form.get("token", ""))
    subject = people.identity(call.db, known.identity) if known else None
    if known is None or subject is None:
        return Answer(200, {"active": False})
    body: JsonObject = {
        "active": True,
        "token_type": "Bearer",
        "scope": known.scope,
        "client_id": subject.id,
        "username": subject.username,
        "name": subject.name,
        "email": subject.email,
        "exp": int(known.expires),
        "iat": int(known.issued),
        "nbf": int(known.issued),
        "sub": subject.id,
        "aud": [resource_server(known.scope.split()[0]), asking.id],
        "iss": "https://auth.globus.org",
    }
    if "session_info" in call.form.get("include", ""):
        body["session_info"] = {"session_id": None, "authentications": {}}
    return Answer(200, body)


def userinfo(call: Call) -> Answer:
    """GET /v2/oauth2/userinfo: the caller's own identity, as much of it as the scopes allow."""
    me = people.identity(call.db, call.caller.identity)
    assert me is not None  # tokens are issued to stored identities, and no identity is ever removed
    body: JsonObject = {"sub": me.id, "last_authentication": None}
    if "profile" in call.caller.scopes:
        body |= _profile(me)
    if "email" in call.caller.scopes:
        body["email"] = me.email
    if f"{AUTH}:view_identity_set" in call.caller.scopes:
        entry = {"sub": me.id, "username": me.username, "email": me.email, "last_authentication": None}
        body["identity_set"] = [entry | _profile(me)]
    return Answer(200, body)


def identities(call: Call) -> Answer:
    """GET /v2/api/identities: the identities of `ids` or of `usernames`; unknown ones are left out."""
    wanted = {name: call.words(name) for name in ("ids", "usernames") if name in call.query}
    if len(wanted) != 1:
        raise Refusal(400, "INVALID_PARAMETERS", "Exactly one of the parameters ids and usernames is required")
    [(parameter, keys)] = wanted.items()
    if len(keys) > MOST_IDENTITIES:
        raise Refusal(400, "INVALID_PARAMETERS", f"At most {MOST_IDENTITIES} {parameter} may be given")
    if parameter == "ids" and not all(map(_is_uuid, keys)):
        raise Refusal(400, "INVALID_PARAMETERS", "ids must be UUIDs")
    find = people.identity if parameter == "ids" else people.identity_named
    if parameter == "usernames" and call.parameter("provision") == "true":
        find = people.provisioned
    found = [find(call.db, key) for key in keys]
    return Answer(200, {"identities": [_identity(entry) for entry in dict.fromkeys(found) if entry]})


def confidential_client(call: Call) -> Identity:
    """The confidential client that the request names, by Basic authentication or in its form."""
    named = call.credentials or (call.form.get("client_id", ""), call.form.get("client_secret", ""))
    client = people.identity(call.db, named[0])
    if client is None or client.secret is None or not hmac.compare_digest(client.secret.encode(), named[1].encode()):
        raise Refusal(401, "invalid_client", "Client authentication failed")
    return client


def token(call: Call, identity: str, server: str, scopes: list[str]) -> JsonObject:
    """A new access token as the answers of POST /v2/oauth2/token show it."""
    new = people.issue(call.db, identity, scopes)
    return {
        "access_token": new.token,
        "scope": new.scope,
        "expires_in": TOKEN_SECONDS,
        "token_type": "Bearer",
        "resource_server": server,
    }


def _profile(who: Identity) -> JsonObject:
    return {
        "preferred_username": who.username,
        "name": who.name,
        "organization": who.organization,
        "identity_provider": _PROVIDER,
        "identity_provider_display_name": "flowdeck emulator",
    }


def _identity(who: Identity) -> JsonObject:
    return {
        "email": who.email,
        "id": who.id,
        "identity_provider": _PROVIDER,
        "identity_type": "login",
        "name": who.name,
        "organization": who.organization,
        "status": "used",
        "username": who.username,
    }


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


_PROVIDER = str(UUID(int=0xF10DECC))
