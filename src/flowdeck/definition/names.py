"""How findings name what they are about: quoted, listed, or by the name that was probably meant."""

import difflib
from collections.abc import Collection, Iterable
from itertools import islice

_LONGEST = 100
# Comparing takes the product of both names, with every known name: beyond this it is not tried.
_MOST = 200


def quoted(text: str) -> str:
    """A text of the user in backticks, cut where it is long."""
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[:_LONGEST]}...`"


def listed(names: Iterable[str], most: int = 6) -> str:
    """Names in backticks, the first few of many."""
    every = names if isinstance(names, Collection) else tuple(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(quoted(name) for name in islice(every, most)) + more


def nearest(name: str, known: Collection[str], cutoff: float = 0.6) -> str | None:
    """The known name that differs in capitals only, or is otherwise most alike; None where none is alike enough."""
    if len(name) > _LONGEST or len(known) > _MOST:
        return None
    same = [one for one in known if one.casefold() == name.casefold()]
    return next(iter(same or difflib.get_close_matches(name, known, n=1, cutoff=cutoff)), None)


def did_you_mean(name: str, known: Collection[str], what: str) -> str:
    """A hint: the nearest known name or, where none is near, the known ones as `what`."""
    near = nearest(name, known)
    return f"did you mean `{near}`?" if near else f"{what} {listed(known, most=8) or 'none'}"
