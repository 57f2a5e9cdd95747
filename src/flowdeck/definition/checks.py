"""Checks of a flow definition: one rule, one function, one code."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that the definition breaks. `path` leads from the definition's root to the place, its last step a key."""

    code: str
    message: str
    path: Path
    hint: str = ""


def check(definition: object) -> tuple[Finding, ...]:
    """Everything that the service would refuse, as far as these rules know; empty when the definition is sound."""
    shape = tuple(definition_shape(definition))
    if shape or not isinstance(definition, Mapping):
        return shape
    return tuple(finding for rule in RULES for finding in rule(definition))


def definition_shape(definition: object) -> Iterator[Finding]:
    """definition-shape: a definition is an object with StartAt, a name, and States, an object of objects."""
    if not isinstance(definition, Mapping):
        yield Finding("definition-shape", "a definition must be an object", (), "give it `StartAt` and `States`")
        return
    for key, wanted in (("StartAt", "the name of the first state"), ("States", "an object of states by name")):
        if key not in definition:
            yield Finding("definition-shape", f"the definition has no `{key}`", (), f"add `{key}`: {wanted}")
    if not isinstance(definition.get("StartAt", ""), str):
        yield Finding("definition-shape", "`StartAt` must be the name of a state", ("StartAt",), "write it as text")
    states = definition.get("States", {})
    if not isinstance(states, Mapping):
        yield Finding("definition-shape", "`States` must be an object", ("States",), "map each name to its state")
        return
    for name, state in states.items():
        if not isinstance(state, Mapping):
            yield Finding("definition-shape", f"state `{name}` must be an object", ("States", name), "give it a `Type`")


def unknown_target(definition: Mapping[str, object]) -> Iterator[Finding]:
    """unknown-target: StartAt, Next, Default and each Catch and Choice name a state that exists."""
    states = definition["States"]
    assert isinstance(states, Mapping)  # definition_shape has passed
    for path, target in targets(definition):
        if isinstance(target, str) and target in states:
            continue
        near = difflib.get_close_matches(str(target), [str(name) for name in states], n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"the states are {_listed(states)}"
        yield Finding("unknown-target", f"`{path[-1]}` names `{target}`, which is no state", path, hint)


def targets(definition: Mapping[str, object]) -> Iterator[tuple[Path, object]]:
    """Every place of the definition that names a state, with the name it gives."""
    yield ("StartAt",), definition["StartAt"]
    states = definition["States"]
    assert isinstance(states, Mapping)  # definition_shape has passed
    for name, state in states.items():
        at: Path = ("States", name)
        yield from (((*at, key), state[key]) for key in ("Next", "Default") if key in state)
        for listed in ("Catch", "Choices"):
            entries = state.get(listed)
            for index, entry in enumerate(entries if isinstance(entries, list) else ()):
                if isinstance(entry, Mapping) and "Next" in entry:
                    yield (*at, listed, index, "Next"), entry["Next"]


def _listed(states: Mapping[str, object], most: int = 6) -> str:
    names = [f"`{name}`" for name in states]
    return (
        ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "") if names else "none"
    )


RULES: tuple[Callable[[Mapping[str, object]], Iterator[Finding]], ...] = (unknown_target,)
