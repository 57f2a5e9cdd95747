"""Which scopes the runs of a definition need, and of whom: the consents that its users have to give."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flowdeck.definition.providers import scope_of

# The two roles of `RunAs` that the service itself knows; any other text is the name of a custom role, for which whoever
# starts a run passes tokens (https://docs.globus.org/api/flows/authoring-flows/roles).
USER = "User"
FLOW = "Flow"

Pairs = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Action:
    """What one state calls, and in which role: a provider by its `url`, or a registered `api` by its id or URN.

    `scope` is None where only the provider can tell it.
    """

    state: str
    role: str
    url: str
    api: str
    scope: str | None

    @property
    def provider(self) -> str:
        """What is called, in one text."""
        return self.url or self.api

    @property
    def host(self) -> str:
        """The host of the URL; the URL itself where it has none; "" for a registered API."""
        try:
            return urlsplit(self.url).hostname or self.url
        except ValueError:  # no URL at all
            return self.url


@dataclass(frozen=True, slots=True)
class Consents:
    """What runs need: `known` pairs of role and scope, and `unknown` pairs of role and provider."""

    known: Pairs = frozenset()
    unknown: Pairs = frozenset()

    @property
    def scopes(self) -> frozenset[str]:
        """The known scopes, in whichever role."""
        return frozenset(scope for _, scope in self.known)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles, `User` first, then by name."""
        return tuple(sorted({role for role, _ in self.known | self.unknown}, key=lambda role: (role != USER, role)))

    def of(self, role: str) -> tuple[frozenset[str], frozenset[str]]:
        """The scopes and the providers of one role."""
        scopes, providers = (
            frozenset(what for whose, what in pairs if whose == role) for pairs in (self.known, self.unknown)
        )
        return scopes, providers

    def beyond(self, other: "Consents") -> "Consents":
        """What people must consent to for these and not for the other; what a flow needs as itself is no consent."""
        return Consents(
            frozenset(pair for pair in self.known - other.known if pair[0] != FLOW),
            frozenset(pair for pair in self.unknown - other.unknown if pair[0] != FLOW),
        )


def consents(definition: object) -> Consents:
    """What runs of the definition need, as far as the definition and the table of hosted providers tell."""
    found = tuple(actions(definition))
    return Consents(
        frozenset((one.role, one.scope) for one in found if one.scope is not None),
        frozenset((one.role, one.provider) for one in found if one.scope is None),
    )


def actions(definition: object) -> Iterator[Action]:
    """The states that call a provider, in the order of the definition; what cannot be read is passed over."""
    states = definition.get("States") if isinstance(definition, Mapping) else None
    for name, state in states.items() if isinstance(states, Mapping) else ():
        if isinstance(state, Mapping):
            action = _action(name, state)
            if action.provider or action.scope:
                yield action


def who(role: str) -> str:
    """Who needs what a role needs: for all but the flow itself, the people who have to consent."""
    return {USER: "users", FLOW: "the flow itself"}.get(role, f"the holders of role `{role}`")


def _action(name: str, state: Mapping[str, Any]) -> Action:
    handler = state.get("Handler")
    inner = handler if isinstance(handler, Mapping) else {"Id": handler}
    url = _text(state.get("ActionUrl")) or _text(inner.get("Url"))
    scope = _text(state.get("ActionScope")) or _text(inner.get("Scope")) or scope_of(url)
    return Action(name, _text(state.get("RunAs")) or USER, url, _text(inner.get("Id")), scope)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
