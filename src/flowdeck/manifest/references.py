"""References, `${...}`, in the scalars of manifests, definitions and schemas: the one place where they are replaced."""

import re
from typing import Any

from flowdeck.manifest.problem import Path, Problem

_REFERENCE = re.compile(r"\$?\$\{[^}]*\}?")
# What may be shown: anything else after `${` may be part of a secret.
_WELL_FORMED = re.compile(
    r"\$\{(?:(?:var|subscription|principal|secret)\.[\w-]+|flow\.[\w-]+\.(?:id|scope)|environment|project)\}"
)


def resolve(value: Any, path: Path = ()) -> tuple[Any, list[Problem]]:
    """The value with `$${` as `${`; a reference is a problem, as nothing can be substituted yet."""
    problems: list[Problem] = []
    return _resolved(value, path, problems), problems


def _resolved(value: Any, path: Path, problems: list[Problem]) -> Any:
    if isinstance(value, dict):
        return {key: _resolved(item, (*path, key), problems) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, (*path, index), problems) for index, item in enumerate(value)]
    if not isinstance(value, str) or "${" not in value:
        return value
    for found in _REFERENCE.finditer(value):
        if not found[0].startswith("$$"):
            which = f"`{found[0]}`" if _WELL_FORMED.fullmatch(found[0]) else "`${`"
            message = f"{which} is a reference, and references are not supported yet"
            hint = "write the value; `$${` is a literal `${`"
            problems.append(Problem("reference-not-supported", message, path, hint))
    return value.replace("$${", "${")
