"""Who a role is given to: principal URNs of Globus Auth and Globus Groups, and the two special words."""

import re

PUBLIC = "public"
ALL_AUTHENTICATED = "all_authenticated_users"
IDENTITY = "urn:globus:auth:identity:"
GROUP = "urn:globus:groups:id:"
GROUP_NAME = "group:"

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_urn(text: str) -> bool:
    """True for a whole identity or group URN; the forms are those of the service's field descriptions."""
    return any(text.startswith(form) and UUID.fullmatch(text.removeprefix(form)) for form in (IDENTITY, GROUP))


def is_written(text: str) -> bool:
    """True for a username or a group's name, which only the service can turn into a principal."""
    return not is_urn(text) and text not in (PUBLIC, ALL_AUTHENTICATED)
