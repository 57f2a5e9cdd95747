"""What POST /flows/validate finds in a sound definition: the scopes of its actions and its number of paths."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from flowdeck.emulator.exchange import JsonObject
from flowdeck.emulator.refusals import Refusal

# The provider of Globus Transfer has a scope of its own (a fixture of globus_sdk.testing).
_SCOPES = {"transfer.actions.globus.org": "urn:globus:auth:scope:transfer.api.globus.org:all"}


def scopes(definition: JsonObject) -> dict[str, list[str]]:
    """The scopes that each `RunAs` of the definition must consent to, sorted.

    Raises Refusal with status 409 for a provider that cannot be asked.
    """
    found: dict[str, set[str]] = {"User": set()}
    for state in definition["States"].values():
        scope = state.get("ActionScope") or _provider_scope(state.get("ActionUrl"))
        if isinstance(scope, str):
            found.setdefault(str(state.get("RunAs", "User")), set()).add(scope)
    return {role: sorted(needed) for role, needed in found.items()}


def possibilities(definition: JsonObject) -> int:
    """In how many ways the states can be traversed; a loop ends where it closes."""
    states = definition["States"]
    counts: dict[str, int] = {}
    entered: set[str] = set()
    path = [definition["StartAt"]]
    while path:
        name = path[-1]
        targets = list(_targets(states[name]))
        if name in entered:
            counts.setdefault(path.pop(), sum(counts.get(target, 1) for target in targets) or 1)
        else:
            entered.add(name)
            path.extend(target for target in targets if target not in entered)
    return counts[definition["StartAt"]]


def _targets(state: JsonObject) -> Iterator[str]:
    listed = (state.get(key) for key in ("Choices", "Catch"))
    entries = [entry for entries in listed if isinstance(entries, list) for entry in entries]
    for entry in (state, {"Next": state.get("Default")}, *entries):
        if isinstance(entry, dict) and isinstance(entry.get("Next"), str):
            yield entry["Next"]


def _provider_scope(url: Any) -> str | None:
    """The scope that a provider would name; a host of the reserved domain `.invalid` stands for one that is away."""
    if not isinstance(url, str):
        return None
    address = urlsplit(url)
    if not address.hostname or address.hostname.endswith(".invalid"):
        raise Refusal(409, "SCOPE_RESOLUTION_FAILED", f"Failed to resolve scope for Action Provider at '{url}'")
    path = address.path.rstrip("/")
    return _SCOPES.get(address.hostname, f"https://auth.globus.org/scopes/{address.hostname}{path}")
