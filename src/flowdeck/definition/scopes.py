"""The scopes that a definition names, from which the consents of its users follow."""

from collections.abc import Mapping


def scopes(definition: object) -> frozenset[str]:
    """The scopes written in the definition: each state's `ActionScope` and each handler's `Scope`.

    A state that names only an ActionUrl needs a scope too, which only its action provider can tell.
    """
    states = definition.get("States") if isinstance(definition, Mapping) else None
    found: set[str] = set()
    for state in states.values() if isinstance(states, Mapping) else ():
        if isinstance(state, Mapping):
            handler = state.get("Handler")
            named = (state.get("ActionScope"), handler.get("Scope") if isinstance(handler, Mapping) else None)
            found.update(scope for scope in named if isinstance(scope, str))
    return frozenset(found)
