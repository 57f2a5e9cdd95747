"""Logins of people with a native client: the code that stands for a consent, and tokens for it, again and again."""

import base64
import hashlib
import hmac
from uuid import UUID

from flowdeck.emulator import auth, people
from flowdeck.emulator.exchange import Answer, Call, JsonObject
from flowdeck.emulator.id_tokens import id_token
from flowdeck.emulator.people import Grant, Identity
from flowdeck.emulator.refusals import Refusal
from flowdeck.emulator.scopes import AUTH


def authorize(call: Call) -> Answer:
    """GET /v2/oauth2/authorize: the code at once, for the person of `login_hint`, else the first that was seeded.

    Emulator only: the service shows a page, on which a person logs in and consents.
    """
    client = native_client(call, call.parameter("client_id"))
    if call.parameter("response_type") != "code" or call.parameter("code_challenge_method") != "S256":
        raise Refusal(400, "invalid_request", "The emulator knows response_type=code with a challenge by S256 only")
    if not call.parameter("code_challenge"):
        raise Refusal(400, "invalid_request", "A native client must send code_challenge")
    scope = " ".join(scope for scopes in auth.by_server(call.parameter("scope")).values() for scope in scopes)
    who = _person(call, call.parameter("login_hint"))
    code = people.grant(
        call.db,
        Grant(
            kind="code" if call.parameter("access_type") == "offline" else "code-online",
            identity=who.id,
            client=client,
            scope=scope,
            challenge=call.parameter("code_challenge"),
            redirect=call.parameter("redirect_uri"),
        ),
    )
    note = "Emulator only: nobody was asked. Add &login_hint=USERNAME to the URL for somebody else."
    state = call.parameter("state")
    return Answer(200, {"code": code, "state": state, "identity": who.username, "note": note}, auth.UNCACHED)


def create_token(call: Call) -> Answer:
    """POST /v2/oauth2/token: tokens for a code or a refresh token of a person, or for a client's own secret."""
    match call.form.get("grant_type"):
        case "authorization_code":
            return _exchanged(call)
        case "refresh_token":
            return _refreshed(call)
        case _:
            return auth.create_token(call)


def revoke(call: Call) -> Answer:
    """POST /v2/oauth2/token/revoke: the same answer for every token, known or not."""
    if call.credentials or "client_secret" in call.form:
        auth.confidential_client(call)
    else:
        native_client(call, call.form.get("client_id", ""))
    people.revoke(call.db, call.form.get("token", ""))
    return Answer(200, {"active": False})


def native_client(call: Call, client: str) -> str:
    """The id of a native client: any UUID that is no confidential client's. Native clients have no secret."""
    try:
        client = str(UUID(client))
    except ValueError as error:
        raise Refusal(401, "invalid_client", "client_id must be a UUID") from error
    known = people.identity(call.db, client)
    if known is not None and known.secret is not None:
        raise Refusal(401, "invalid_client", "Client authentication failed")
    return client


def _exchanged(call: Call) -> Answer:
    given = call.form.get("code", "")
    found = people.granted(call.db, given)
    people.revoke(call.db, given)  # good once, also when the rest is wrong
    client = native_client(call, call.form.get("client_id", ""))
    digest = hashlib.sha256(call.form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if (
        found is None
        or not found.kind.startswith("code")
        or found.client != client
        or found.redirect != call.form.get("redirect_uri", "")
        or not hmac.compare_digest(found.challenge.rstrip("=").encode(), challenge.encode())
    ):
        # The refusal would roll the transaction back, and with it the end of the code; an answer does not.
        return Refusal(400, "invalid_grant", "The code is unknown, used or expired").answer("oauth")
    who = people.identity(call.db, found.identity)
    assert who is not None  # identities are never removed
    documents = [_token(call, found, server, scopes) for server, scopes in auth.by_server(found.scope).items()]
    first, *others = documents
    body = {**first, "other_tokens": others}
    if "openid" in found.scope.split():
        body["id_token"] = id_token(who, client, _claims(who, found.scope.split()))
    return Answer(200, body, auth.UNCACHED)


def _refreshed(call: Call) -> Answer:
    client = native_client(call, call.form.get("client_id", ""))
    given = call.form.get("refresh_token", "")
    found = people.granted(call.db, given)
    if found is None or found.kind != "refresh" or found.client != client:
        raise Refusal(400, "invalid_grant", "The refresh token is unknown or revoked")
    [(server, scopes)] = auth.by_server(found.scope).items()
    body = {**auth.token(call, found.identity, server, scopes), "refresh_token": given, "other_tokens": []}
    return Answer(200, body, auth.UNCACHED)


def _token(call: Call, found: Grant, server: str, scopes: list[str]) -> JsonObject:
    """An access token for one resource server, with a refresh token if the consent was for offline access."""
    document = auth.token(call, found.identity, server, scopes)
    if found.kind == "code":
        refresh = Grant(kind="refresh", identity=found.identity, client=found.client, scope=" ".join(scopes))
        document["refresh_token"] = people.grant(call.db, refresh)
    return document


def _claims(who: Identity, scopes: list[str]) -> JsonObject:
    claims: JsonObject = {}
    if "profile" in scopes or f"{AUTH}:view_identity_set" in scopes:
        claims |= {"preferred_username": who.username, "name": who.name}
    if "email" in scopes:
        claims["email"] = who.email
    return claims


def _person(call: Call, hint: str) -> Identity:
    found = (people.identity(call.db, hint) or people.identity_named(call.db, hint)) if hint else people.first(call.db)
    if found is None:
        raise Refusal(400, "invalid_request", f"Nobody has the id or username `{hint}`")
    return found
