"""Patterns over flow names: globs, and exclusions with `!`; the order does not matter."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import translate

from flowdeck.manifest.problem import Path, Problem, quoted
from flowdeck.model.diagnostic import Severity


def matching(patterns: Iterable[str], names: Iterable[str]) -> frozenset[str]:
    """The names that some pattern matches and no exclusion does."""
    found: set[str] = set()
    excluded: set[str] = set()
    known = frozenset(names)
    for pattern in patterns:
        if pattern.startswith("!"):
            excluded |= _matched(pattern.removeprefix("!"), known)
        else:
            found |= _matched(pattern, known)
    return frozenset(found - excluded)


def useless(patterns: Sequence[str], names: Iterable[str], path: Path) -> list[Problem]:
    """Warnings for patterns that match none of the names; an exclusion may match nothing."""
    known = frozenset(names)
    problems = []
    for index, pattern in enumerate(patterns):
        if not pattern.startswith("!") and not _matched(pattern, known):
            problems.append((index, f"{quoted(pattern)} matches no flow", "correct or remove it"))
    if patterns and all(pattern.startswith("!") for pattern in patterns):
        problems.append((0, "exclusions alone match no flow", 'add "*" to the list'))
    return [
        Problem("pattern-matches-nothing", message, (*path, index), hint, severity=Severity.WARNING)
        for index, message, hint in problems
    ]


def _matched(pattern: str, names: frozenset[str]) -> frozenset[str]:
    if pattern in names:
        return frozenset([pattern])
    form = re.compile(translate(pattern))
    return frozenset(name for name in names if form.match(name))
