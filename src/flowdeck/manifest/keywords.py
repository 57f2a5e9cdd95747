"""A flow's keywords: the user's own, which share the service's limit with flowdeck's."""

from collections.abc import Sequence

from flowdeck.manifest.problem import Path, Problem, quoted
from flowdeck.model.diagnostic import Severity
from flowdeck.model.flow import FIELDS, KEYWORDS_LENGTH
from flowdeck.model.json_value import EMPTY_OBJECT
from flowdeck.model.marker import RESERVED_PREFIX, Marker, Stamp, field_digest, join

_LONGEST_STAMP = Stamp(
    digests=dict.fromkeys(FIELDS, field_digest(EMPTY_OBJECT)),
    commit="0" * 12,
    replaces="00000000-0000-0000-0000-000000000000",
)


def problems(written: Sequence[str], path: Path, marker: Marker) -> list[Problem]:
    """What is wrong with the keywords at `path`, of the flow that gets this marker."""
    found: list[Problem] = []
    seen: set[str] = set()
    for index, keyword in enumerate(written):
        at = (*path, index)
        if not keyword:
            found.append(Problem("too-short", "the keyword is empty", at, "remove it"))
        elif keyword.startswith(RESERVED_PREFIX):
            message = f"keywords that begin with `{RESERVED_PREFIX}` are flowdeck's own"
            found.append(Problem("reserved-keyword", message, at, "choose another keyword"))
        elif keyword in seen:
            message = f"the keyword {quoted(keyword)} is given twice"
            found.append(Problem("duplicate-keyword", message, at, "keep one of them", severity=Severity.WARNING))
        seen.add(keyword)
    ours = _total([], marker)
    length = _total(written, marker)
    if length > KEYWORDS_LENGTH:
        message = f"the keywords have {length - ours} characters; {KEYWORDS_LENGTH - ours} are left for them"
        hint = f"the service takes {KEYWORDS_LENGTH}, flowdeck needs up to {ours}"
        found.append(Problem("keywords-too-long", message, path, hint, at_key=True))
    return found


def _total(written: Sequence[str], marker: Marker) -> int:
    return sum(len(keyword) for keyword in join(set(written), marker, _LONGEST_STAMP, protect=True))
