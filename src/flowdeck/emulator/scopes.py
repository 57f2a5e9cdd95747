"""Scopes: how a request for tokens splits by resource server, and which of them an endpoint accepts."""

import re
from collections.abc import Iterator

FLOWS_CLIENT = "eec9b274-0c81-4334-bdc2-54e90e689b9a"
FLOWS = f"https://auth.globus.org/scopes/{FLOWS_CLIENT}"
GROUPS = "urn:globus:auth:scope:groups.api.globus.org"
AUTH = "urn:globus:auth:scope:auth.globus.org"

READ_FLOWS = frozenset({f"{FLOWS}/view_flows", f"{FLOWS}/manage_flows", f"{FLOWS}/all"})
WRITE_FLOWS = frozenset({f"{FLOWS}/manage_flows", f"{FLOWS}/all"})
READ_RUNS = frozenset({f"{FLOWS}/run_status", f"{FLOWS}/run_manage", f"{FLOWS}/all"})
READ_GROUPS = frozenset({f"{GROUPS}:all", f"{GROUPS}:view_my_groups_and_memberships"})
READ_IDENTITIES = frozenset({"openid", "profile", "email", f"{AUTH}:view_identities", f"{AUTH}:view_identity_set"})
OPENID = frozenset({"openid"})

# Most scopes of the form https://auth.globus.org/scopes/ID/NAME belong to the resource server ID; these two services
# are resource servers by name (globus_sdk.scopes).
_NAMED_SERVERS = {FLOWS_CLIENT: "flows.globus.org", "facd7ccc-c5f4-42aa-916b-a0e270e2c2a9": "funcx_service"}
_URN = re.compile(r"urn:globus:auth:scope:([^:]+):[^:]+")
_URL = re.compile(r"https://auth\.globus\.org/scopes/([^/]+)/[^/]+")


def requested(text: str) -> Iterator[str]:
    """The top-level scopes of a request such as `openid urn:...:all[dependency *optional]`, in order, each once."""
    seen: set[str] = set()
    depth = 0
    for part in re.split(r"([\[\]\s])", text):
        depth += {"[": 1, "]": -1}.get(part, 0)
        scope = part.strip().lstrip("*")
        if depth == 0 and scope not in {"", "]", *seen}:
            seen.add(scope)
            yield scope


def resource_server(scope: str) -> str | None:
    """The resource server whose token carries the scope, None for a scope that nobody knows."""
    if scope in ("openid", "email", "profile"):
        return "auth.globus.org"
    if named := _URN.fullmatch(scope):
        return named[1]
    if addressed := _URL.fullmatch(scope):
        return _NAMED_SERVERS.get(addressed[1], addressed[1])
    return None
