"""OpenID Connect's side of Auth: the id token that says who logged in, and the key to check it with."""

import functools
import json
import threading
import time
from typing import TYPE_CHECKING, Any

from flowdeck.emulator.exchange import Answer, Call, JsonObject
from flowdeck.emulator.people import TOKEN_SECONDS, Identity

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

ISSUER = "https://auth.globus.org"
_ALGORITHM = "RS256"
_making = threading.Lock()


def configuration(_: Call) -> Answer:
    """GET /.well-known/openid-configuration: as much of it as globus-sdk reads."""
    # Relative, for the emulator does not know by which name it is reached.
    body: JsonObject = {
        "issuer": ISSUER,
        "jwks_uri": "/jwk.json",
        "authorization_endpoint": "/v2/oauth2/authorize",
        "token_endpoint": "/v2/oauth2/token",
        "userinfo_endpoint": "/v2/oauth2/userinfo",
        "revocation_endpoint": "/v2/oauth2/token/revoke",
        "id_token_signing_alg_values_supported": [_ALGORITHM],
    }
    return Answer(200, body)


def keys(_: Call) -> Answer:
    """GET /jwk.json: the public key of the id tokens."""
    from jwt.algorithms import RSAAlgorithm  # noqa: PLC0415 (only logins need it)

    public = json.loads(RSAAlgorithm.to_jwk(_key().public_key()))
    return Answer(200, {"keys": [{**public, "alg": _ALGORITHM, "use": "sig"}]})


def id_token(who: Identity, client: str, claims: JsonObject) -> str:
    """A signed statement to the client that this person has logged in."""
    import jwt  # noqa: PLC0415 (only logins need it)

    now = int(time.time())
    stated: dict[str, Any] = {
        "iss": ISSUER,
        "sub": who.id,
        "aud": client,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        **claims,
    }
    return jwt.encode(stated, _key(), algorithm=_ALGORITHM)


def _key() -> "RSAPrivateKey":
    with _making:  # two threads at once would make two keys, and one would sign with the one that is forgotten
        return _made()


@functools.cache
def _made() -> "RSAPrivateKey":
    """The key of this process: made when somebody first logs in, and kept nowhere."""
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 (only logins need it)

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
