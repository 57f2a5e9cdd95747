"""The rules of the flow language, asked of one flow."""

from collections.abc import Mapping
from typing import Any

from flowdeck.definition.finding import Finding
from flowdeck.model.diagnostic import Severity


def check(definition: Any, input_schema: Any = None) -> tuple[Finding, ...]:
    """What the rules find in a flow, errors and warnings; only the shape, where that is no machine's."""
    return _asked(definition, input_schema, (Severity.ERROR, Severity.WARNING))


def refused(definition: Any, input_schema: Any = None) -> tuple[Finding, ...]:
    """What of a flow the service refuses: the errors alone."""
    return _asked(definition, input_schema, (Severity.ERROR,))


def _asked(definition: Any, input_schema: Any, severities: tuple[Severity, ...]) -> tuple[Finding, ...]:
    shape = check_shape(definition)
    if shape:
        return shape
    # Many modules, and most plans send nothing.
    from flowdeck.definition.machine import Machine  # noqa: PLC0415
    from flowdeck.definition.rules.every import RULES  # noqa: PLC0415

    machine = Machine.of(definition, input_schema)
    asked = (rule for rule in RULES if rule.severity in severities)
    return tuple(finding for rule in asked for finding in rule.findings(machine))


def check_shape(definition: Any) -> tuple[Finding, ...]:
    """Why a definition is no machine at all: it must be an object with `StartAt`, a name, and `States`, an object."""
    if not isinstance(definition, Mapping):
        return (_misshapen((), "a definition must be an object", "give it `StartAt` and `States`"),)
    found = [
        _misshapen((), f"the definition has no `{key}`", f"add `{key}`: {wanted}")
        for key, wanted in (("StartAt", "the name of the first state"), ("States", "an object of states by name"))
        if key not in definition
    ]
    if not isinstance(definition.get("StartAt", ""), str):
        found.append(_misshapen(("StartAt",), "`StartAt` must be the name of a state", "write it as text"))
    states = definition.get("States", {})
    if not isinstance(states, Mapping):
        found.append(_misshapen(("States",), "`States` must be an object", "map each name to its state"))
        return tuple(found)
    found += [
        _misshapen(("States", name), f"state `{name}` must be an object", "give it a `Type`")
        for name, state in states.items()
        if not isinstance(state, Mapping)
    ]
    return tuple(found)


def _misshapen(path: tuple[str, ...], message: str, hint: str) -> Finding:
    return Finding("definition-shape", message, ("definition", *path), hint)
