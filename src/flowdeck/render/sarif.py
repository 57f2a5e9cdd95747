"""Diagnostics as SARIF 2.1.0, for code scanning; the same input gives the same bytes."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flowdeck import __version__
from flowdeck.model.codes import SUBJECTS
from flowdeck.model.diagnostic import Diagnostic, Place
from flowdeck.render.escape import plain

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_MEANINGS = {code: meaning for codes in SUBJECTS.values() for code, meaning in codes.items()}
# What a reader of SARIF takes for the place of an argument, or for part of a link (its sections 3.11.5 and 3.11.6).
_ARGUMENT = re.compile(r"\{(\d+)}")
_PART_OF_LINK = re.compile(r"[\\\[\]]")


def document(diagnostics: Iterable[Diagnostic], manifest: str) -> dict[str, Any]:
    """One run of flowdeck; what has no place of its own stands at the beginning of the manifest's file.

    GitHub refuses a whole document for one result without a location.
    """
    found = tuple(diagnostics)
    codes = sorted({one.code for one in found})
    results = [
        {
            "ruleId": one.code,
            "ruleIndex": codes.index(one.code),
            "level": one.severity.value,
            "message": {"text": _message(one)},
            "locations": [{"physicalLocation": _location(one.place or Place(manifest))}],
            "partialFingerprints": {"flowdeck/v1": fingerprint},
        }
        for one, fingerprint in zip(found, _fingerprints(found), strict=True)
    ]
    rules = [
        {"id": code, **({"shortDescription": {"text": _MEANINGS[code]}} if code in _MEANINGS else {})} for code in codes
    ]
    driver = {"name": "flowdeck", "semanticVersion": __version__, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _message(one: Diagnostic) -> str:
    about = f"{one.address}: " if one.address and not one.place else ""
    text = plain(f"{about}{one.message}") + (f"\nhint: {plain(one.hint)}" if one.hint else "")
    if "](" in text:
        text = _PART_OF_LINK.sub(r"\\\g<0>", text)
    return _ARGUMENT.sub(r"{{\1}}", text)


def _location(place: Place) -> dict[str, Any]:
    path = quote(Path(place.file).as_posix(), errors="surrogateescape")
    where = {"uri": f"file://{path}"} if path.startswith("/") else {"uri": path, "uriBaseId": "%SRCROOT%"}
    return {"artifactLocation": where, "region": {"startLine": place.line, "startColumn": place.column}}


def _fingerprints(found: Iterable[Diagnostic]) -> Iterator[str]:
    """By which a result is known again where lines were added above it; equal ones are counted."""
    seen: Counter[tuple[str, ...]] = Counter()
    for one in found:
        file, line = (one.place.file, one.place.excerpt.strip()) if one.place else ("", "")
        # A message may name another line, which moves as well.
        what = (one.code, file, one.address or "", line or one.message)
        seen[what] += 1
        text = "\n".join((*what, str(seen[what])))
        yield hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
