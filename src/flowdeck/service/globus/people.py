"""People and groups: names to principals through Globus Auth and Globus Groups, and back."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal

from globus_sdk import AccessTokenAuthorizer, AuthClient, GroupsClient

from flowdeck.model.principal import GROUP, GROUP_NAME, IDENTITY
from flowdeck.service.globus.access import APP_NAME, Access
from flowdeck.service.globus.errors import service_errors
from flowdeck.service.ports import Candidate

# The service takes a hundred identities a request (globus_sdk.IdentityMap does the same).
_BATCH = 100


def resolve(access: Access, names: Collection[str]) -> dict[str, tuple[Candidate, ...]]:
    """ports.Reader.resolve."""
    groups = {name for name in names if name.startswith(GROUP_NAME)}
    found: dict[str, list[Candidate]] = {}
    with service_errors():
        for identity in _identities(access, "usernames", sorted(set(names) - groups)):
            found.setdefault(identity["username"].casefold(), []).append(_candidate(identity))
        people = {name: tuple(found[name.casefold()]) for name in set(names) - groups if name.casefold() in found}
        mine = _my_groups(access) if groups else []
    by_name = {
        name: tuple(
            Candidate(f"{GROUP}{one['id']}", _about(one)) for one in mine if f"{GROUP_NAME}{one['name']}" == name
        )
        for name in groups
    }
    return {name: candidates for name, candidates in (people | by_name).items() if candidates}


def names(access: Access, urns: Collection[str]) -> dict[str, str]:
    """ports.Reader.names."""
    ids = sorted(urn.removeprefix(IDENTITY) for urn in urns if urn.startswith(IDENTITY))
    groups = {urn for urn in urns if urn.startswith(GROUP)}
    with service_errors():
        known = {f"{IDENTITY}{one['id']}": one["username"] for one in _identities(access, "ids", ids)}
        if groups:
            known |= {urn: one["name"] for one in _my_groups(access) if (urn := f"{GROUP}{one['id']}") in groups}
    return known


def _identities(access: Access, by: Literal["usernames", "ids"], values: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    if not values:
        return
    with AuthClient(
        base_url=access.endpoints.auth, authorizer=AccessTokenAuthorizer(access.auth_token or ""), app_name=APP_NAME
    ) as client:
        client.transport.session.trust_env = not access.endpoints.is_local
        for start in range(0, len(values), _BATCH):
            # Never `provision`: a plan must not make an identity of a misspelt name.
            batch = values[start : start + _BATCH]
            answer = client.get_identities(usernames=batch) if by == "usernames" else client.get_identities(ids=batch)
            yield from answer["identities"]


def _my_groups(access: Access) -> list[Mapping[str, Any]]:
    with GroupsClient(
        base_url=access.endpoints.groups, authorizer=AccessTokenAuthorizer(access.groups_token or ""), app_name=APP_NAME
    ) as client:
        client.transport.session.trust_env = not access.endpoints.is_local
        return list(client.get_my_groups())


def _candidate(identity: Mapping[str, Any]) -> Candidate:
    about = [identity.get(key) for key in ("name", "organization", "status")]
    return Candidate(f"{IDENTITY}{identity['id']}", ", ".join(one for one in about if one))


def _about(group: Mapping[str, Any]) -> str:
    return str(group.get("description") or group.get("name") or "")
