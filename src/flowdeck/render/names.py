"""What people call principals, beside the ids that tell them apart."""

import re
from collections.abc import Mapping

from flowdeck.model.change import Grant
from flowdeck.model.flow import Role
from flowdeck.model.principal import ALL_AUTHENTICATED, IDENTITY, PUBLIC
from flowdeck.render.escape import plain
from flowdeck.render.values import named

Names = Mapping[str, str]

EVERYBODY = {PUBLIC: "anybody", ALL_AUTHENTICATED: "any Globus user"}
_URN = re.compile(r"urn:globus:[a-z]+:(?:identity:|id:)[0-9a-f-]{36}")


def principal(urn: str, names: Names) -> str:
    """A principal's name with its id; the URN alone where nobody calls it anything."""
    return f"{named(names[urn])} ({kind_of(urn)} {id_in(urn)})" if urn in names else plain(urn)


def kind_of(urn: str) -> str:
    """`identity` or `group`."""
    return "identity" if urn.startswith(IDENTITY) else "group"


def id_in(urn: str) -> str:
    """The id that a URN ends with."""
    return plain(urn.rpartition(":")[2])


def role_words(role: Role) -> str:
    """A role as people read it, and what the gravest of them may do."""
    words = role.replace("_", " ")
    return f"{words}: may change and delete it" if role == "administrators" else words


def with_names(message: str, names: Names) -> str:
    """A message with the names of the principals in it, as far as they are known."""
    return _URN.sub(lambda found: named(names[found[0]]) if found[0] in names else found[0], plain(message))


def granted_by(grant: Grant | None) -> str:
    """What in the manifest gives a role; "" where nothing does."""
    if grant is None:
        return ""
    place = f" ({grant.place.file}:{grant.place.line})" if grant.place else ""
    return plain(f"by {grant.permission_set or 'its own entry'}{place}")
