"""What POST /flows/validate finds in a sound definition: the scopes of its actions and its number of paths."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from flowdeck.definition.consents import Action, actions
from flowdeck.emulator.exchange import JsonObject
from flowdeck.emulator.refusals import Refusal


def scopes(definition: JsonObject) -> dict[str, list[str]]:
    """The scopes that each `RunAs` of the definition needs, sorted; none where nothing is called.

    Raises Refusal with status 409 for a provider that cannot be asked.
    """
    found: dict[str, set[str]] = {}
    for action in actions(definition):
        found.setdefault(action.role, set()).add(action.scope or _provider_scope(action))
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


def _provider_scope(action: Action) -> str:
    """The scope that a provider would name; a host of the reserved domain `.invalid` stands for one that is away."""
    if not action.url:
        return f"https://auth.globus.org/scopes/{action.api}"
    if action.host == action.url or action.host.endswith(".invalid"):  # no address, or nobody there
        detail = f"Failed to resolve scope for Action Provider at '{action.url}': upstream did not respond"
        raise Refusal(409, "SCOPE_RESOLUTION_FAILED", detail)
    return f"https://auth.globus.org/scopes/{action.host}{urlsplit(action.url).path.rstrip('/')}"
