"""Rules between flows: which names they had before, and which existing flows they adopt."""

from collections.abc import Iterator, Mapping

from flowdeck.manifest.problem import Path, Problem


def moves(former: Mapping[str, str], declared: frozenset[str]) -> Iterator[Problem]:
    """What is wrong with `moved_from`: `former` maps a flow to the name that it had."""
    taken: dict[str, str] = {}
    for name, old in former.items():
        path: Path = ("flows", name, "moved_from")
        if old in taken:
            message = f"flow `{taken[old]}` has moved from `{old}` too"
            yield Problem("moved-from-twice", message, path, "keep one of them")
        elif _returns(name, former):
            yield Problem("moved-from-cycle", f"flow `{name}` has moved from itself", path, "remove the line")
        elif old in former:
            message = f"flow `{old}` has moved too, from `{former[old]}`"
            yield Problem("moved-from-chain", message, path, "apply one move after the other")
        elif old in declared:
            message = f"flow `{old}` is still declared"
            yield Problem("moved-from-declared", message, path, f"remove flow `{old}`, or this line")
        taken.setdefault(old, name)


def _returns(name: str, former: Mapping[str, str]) -> bool:
    seen: set[str] = set()
    one: str | None = former.get(name)
    while one is not None and one != name and one not in seen:
        seen.add(one)
        one = former.get(one)
    return one == name


def adoptions(ids: Mapping[str, str]) -> Iterator[Problem]:
    """Two flows cannot be one: `ids` maps a flow to the id that it adopts."""
    taken: dict[str, str] = {}
    for name, one in ids.items():
        if one in taken:
            message = f"flow `{taken[one]}` has the same `id`"
            yield Problem("duplicate-id", message, ("flows", name, "id"), "a flow has one name; remove one of them")
        taken.setdefault(one, name)
