"""Principals as manifests write them, and the URNs that they mean, as far as the text alone tells."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flowdeck.manifest.problem import Path, Problem, did_you_mean, quoted
from flowdeck.manifest.scalars import IDENTIFIER
from flowdeck.model.principal import ALL_AUTHENTICATED, GROUP, IDENTITY, PUBLIC, UUID, is_urn

SPECIAL = {PUBLIC: "viewers", ALL_AUTHENTICATED: "starters"}
_FORMS = {"identity:": IDENTITY, "group:": GROUP}
_WRITE = "write a username, identity:<uuid> or group:<name or uuid>"
_USERNAME = re.compile(r"[^\s:@]+@[^\s:@]+")


@dataclass(frozen=True, slots=True)
class Urn:
    """A principal by its id."""

    text: str


@dataclass(frozen=True, slots=True)
class Username:
    """A person by a name that Globus Auth knows."""

    text: str


@dataclass(frozen=True, slots=True)
class GroupName:
    """A group by its name."""

    text: str


def read(text: str) -> Urn | Username | GroupName | None:
    """The principal that a text names by itself; None when it has no principal's form."""
    if is_urn(text):
        return Urn(text.lower())
    form, colon, rest = text.partition(":")
    if UUID.fullmatch(rest) and form + colon in _FORMS:
        return Urn(_FORMS[form + colon] + rest.lower())
    if form == "group" and rest.strip():
        return GroupName(rest)
    if _USERNAME.fullmatch(text):
        return Username(text)
    return None


@dataclass(frozen=True, slots=True)
class People:
    """What each alias means, and those declared ones whose own line is already reported."""

    aliases: Mapping[str, str]
    reported: frozenset[str] = frozenset()


def people(aliases: Mapping[str, str], declared: frozenset[str]) -> tuple[People, list[Problem]]:
    """What the section `principals` says; `declared` are all its names, also those with a value of a wrong type."""
    meant: dict[str, str] = {}
    problems: list[Problem] = []
    for alias, text in aliases.items():
        path: Path = ("principals", alias)
        if alias in SPECIAL:
            message = f"`{alias}` is a word of its own, not a name"
            problems.append(Problem("special-principal", message, path, "choose another name", at_key=True))
            continue
        found = _principal(text, path)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            meant[alias] = found
    return People(meant, declared - meant.keys() - SPECIAL.keys()), problems


def resolve(text: str, path: Path, known: People) -> str | Problem | None:
    """The URN that a name or principal means, or the principal as written; None when its alias is already reported."""
    if text in known.reported:
        return None
    if text in known.aliases:
        return known.aliases[text]
    if text in SPECIAL:
        return Problem("special-principal", f"`{text}` is only for {SPECIAL[text]}", path, _WRITE)
    if IDENTIFIER.fullmatch(text) and not UUID.fullmatch(text):
        hint = (
            did_you_mean(text, known.aliases, "the names in `principals` are")
            or f"declare it in `principals`, or {_WRITE}"
        )
        return Problem("unknown-alias", f"{quoted(text)} is no name in `principals`", path, hint)
    return _principal(text, path)


def _principal(text: str, path: Path) -> str | Problem:
    match read(text):
        case Urn(urn):
            return urn
        case Username() | GroupName():
            return text
        case None:
            return Problem("invalid-principal", f"{quoted(text)} is no principal", path, _hint(text))


def _hint(text: str) -> str:
    uuid = text.rpartition(":")[2]
    if text.lower().startswith(("urn:globus:group:", "urn:globus:groups:")) and UUID.fullmatch(uuid):
        return f"the form is {GROUP}<uuid>, or group:<uuid>"
    if text.lower().startswith("urn:globus:auth:") and UUID.fullmatch(uuid):
        return f"the form is {IDENTITY}<uuid>, or identity:<uuid>"
    return _WRITE
