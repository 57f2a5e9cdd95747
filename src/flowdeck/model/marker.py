"""The keywords by which a flow says whose it is: marker, stamp and protection, as text and as values."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flowdeck.model.flow import FIELDS
from flowdeck.model.json_value import Json

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
RESERVED_PREFIX = "flowdeck"
PROTECTION = "flowdeck-protect"
_MARKER = "flowdeck:"
_STAMP = "flowdeck-stamp:"
_STAMP_VERSION = "1"
_DIGEST_DIGITS = 6

# One letter a field: the stamp shares the service's 1024 characters with the user's keywords. Protection is no field of
# a flow, but taking it off is what somebody with bad intent does first.
PROTECT = "protect"
_LETTERS = dict(zip((*FIELDS, PROTECT), "tsdkfivramoupwz", strict=True))
_FIELDS = {letter: field for field, letter in _LETTERS.items()}


@dataclass(frozen=True, slots=True, order=True)
class Marker:
    """Whose flow it is: `flowdeck:<project>/<environment>/<name>`."""

    project: str
    environment: str
    name: str

    def __str__(self) -> str:
        return f"{marker_prefix(self.project, self.environment)}{self.name}"


def marker_prefix(project: str, environment: str) -> str:
    """What the markers of one environment's flows begin with."""
    return f"{_MARKER}{project}/{environment}/"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the last apply wrote: the commit, a digest per managed field, and the id of the flow it replaces, if any.

    It is evidence for the origin of a difference, never a reason for a change.
    """

    digests: Mapping[str, str]
    commit: str = ""
    replaces: str | None = None

    def __str__(self) -> str:
        digests = ".".join(f"{_LETTERS[field]}{digest}" for field, digest in self.digests.items())
        parts = [_STAMP_VERSION, self.commit, digests, *([self.replaces] if self.replaces else [])]
        return _STAMP + ":".join(parts)


def field_digest(normal: Json) -> str:
    """A few hex digits of a field's normal form: enough to notice a change, too few to be a fingerprint."""
    return hashlib.sha256(normal.text.encode()).hexdigest()[:_DIGEST_DIGITS]


@dataclass(frozen=True, slots=True)
class Keywords:
    """A live flow's keywords, taken apart. An unreadable stamp is None: the origin is then unknown, never an error."""

    users: frozenset[str]
    markers: tuple[Marker, ...] = ()
    stamp: Stamp | None = None
    protected: bool = False


def split(keywords: Iterable[str]) -> Keywords:
    """Take a live flow's keywords apart."""
    users: set[str] = set()
    markers: list[Marker] = []
    stamp: Stamp | None = None
    protected = False
    for keyword in keywords:
        if keyword.startswith(_MARKER) and (marker := _read_marker(keyword)):
            markers.append(marker)
        elif keyword.startswith(_STAMP):
            stamp = _read_stamp(keyword)
        elif keyword == PROTECTION:
            protected = True
        else:
            users.add(keyword)
    return Keywords(frozenset(users), tuple(sorted(markers)), stamp, protected)


def join(users: Iterable[str], marker: Marker, stamp: Stamp, *, protect: bool) -> list[str]:
    """The keywords to send: the user's in sorted order, then ours."""
    return [*sorted(users), str(marker), str(stamp), *([PROTECTION] if protect else [])]


def _read_marker(keyword: str) -> Marker | None:
    parts = keyword.removeprefix(_MARKER).split("/")
    if len(parts) != 3 or not all(NAME.fullmatch(part) for part in parts):  # noqa: PLR2004 (project, environment, name)
        return None
    return Marker(*parts)


def _read_stamp(keyword: str) -> Stamp | None:
    version, *rest = keyword.removeprefix(_STAMP).split(":")
    if version != _STAMP_VERSION or len(rest) not in (2, 3):
        return None
    commit, digests, *replaces = rest
    known = {_FIELDS[one[0]]: one[1:] for one in digests.split(".") if one and one[0] in _FIELDS}
    return Stamp(known, commit, replaces[0] if replaces else None)
