"""The hidden first line of what the action writes: whose it is, what it is about, and which plan was shown."""

import base64
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

_OPENS, _CLOSES = "<!-- flowdeck ", " -->"
_VERSION = 1
PLANNED, UNPLANNED = "planned", "failed"
_DIGEST = re.compile(r"[0-9a-f]{64}")
# A line fits into a comment; what it unfolds to is no more than this.
_MOST_UNFOLDED = 8_000_000


@dataclass(frozen=True, slots=True)
class Record:
    """What the line says. `kind`, `path` and `environment` are what it is about; the rest is of the plan.

    `commit` is the last one of the branch when it was planned: what was pushed after it, the plan does not show.
    `state` is one of the two above, or what became of the plan. `plan` is the JSON text of the plan document, or as
    much of it as there was room for: flowdeck says by it what differs, and recognises the rest of what was begun.
    """

    kind: str
    path: str
    environment: str
    state: str
    digest: str = ""
    commit: str = ""
    plan: str = ""

    def is_about(self, kind: str, path: str, environment: str) -> bool:
        """Whether it is the line of this project and environment."""
        return (self.kind, self.path, self.environment) == (kind, path, environment)


def line(record: Record) -> str:
    """The record as an HTML comment, which no value in it can end."""
    written = {"v": _VERSION, **{name: value for name, value in asdict(record).items() if value}}
    if record.plan:
        written["plan"] = base64.b64encode(zlib.compress(record.plan.encode(), 9)).decode()
    text = json.dumps(written, separators=(",", ":"))
    for character in "<>-":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f"{_OPENS}{text}{_CLOSES}"


def read(body: str) -> Record | None:
    """The record at the very beginning of a text, else None: a line further down may be a quotation."""
    first = body.partition("\n")[0].rstrip("\r")
    if not (first.startswith(_OPENS) and first.endswith(_CLOSES)):
        return None
    try:
        told = json.loads(first[len(_OPENS) : -len(_CLOSES)])
        version = told.pop("v")
        record = Record(**told)
        plan = _unfolded(record.plan) if record.plan else ""
        digest = json.loads(plan)["digest"] if plan else record.digest
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, zlib.error):
        return None
    if version != _VERSION or not all(isinstance(value, str) for value in told.values()) or digest != record.digest:
        return None
    return replace(record, plan=plan) if _DIGEST.fullmatch(digest) or not digest else None


def is_by(written: Mapping[str, Any], author: str) -> bool:
    """Whether a comment or an issue is by this login; a login with [bot] belongs to an app, and to no person."""
    user = written.get("user") or {}
    return bool(user.get("login") == author and (user.get("type") == "Bot") == author.endswith("[bot]"))


def rest(body: str) -> str:
    """What follows the first line."""
    return body.partition("\n")[2]


def _unfolded(packed: str) -> str:
    unpacking = zlib.decompressobj()
    text = unpacking.decompress(base64.b64decode(packed, validate=True), _MOST_UNFOLDED)
    if not unpacking.eof:
        raise ValueError
    return text.decode()
