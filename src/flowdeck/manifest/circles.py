"""Names that lead to other names: an order in which each comes after those that it leads to, and the circles."""

from collections.abc import Collection, Iterator, Mapping


def ordered(graph: Mapping[str, Collection[str]]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The names in order, and the circles that there are, each from its first name on; chains may be long."""
    done: dict[str, None] = {}
    circles: dict[tuple[str, ...], None] = {}
    for first in sorted(graph):
        trail: dict[str, Iterator[str]] = {} if first in done else {first: _leads(graph, first)}
        while trail:
            last = next(reversed(trail))
            name = next(trail[last], None)
            if name is None:
                del trail[last]
                done[last] = None
            elif name in trail:
                circles[_from_first(list(trail)[list(trail).index(name) :])] = None
            elif name not in done:
                trail[name] = _leads(graph, name)
    return tuple(done), tuple(circles)


def links(circle: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The circle link by link."""
    return tuple(zip(circle, (*circle[1:], circle[0]), strict=True))


def _leads(graph: Mapping[str, Collection[str]], name: str) -> Iterator[str]:
    return iter(sorted(one for one in graph[name] if one in graph))


def _from_first(circle: list[str]) -> tuple[str, ...]:
    start = circle.index(min(circle))
    return (*circle[start:], *circle[:start])
