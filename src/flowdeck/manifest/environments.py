"""Which environment of the manifest is meant."""

from typing import Any

from flowdeck.manifest.problem import Problem, did_you_mean, listed, quoted
from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import Misused

SANDBOX = "sandbox"


def choose(manifest: dict[str, Any], asked: str | None) -> tuple[str | None, list[Problem]]:
    """The environment's name: the one asked for, the default, or the only one; raises Misused for an unknown name."""
    declared = manifest.get("environments") or {SANDBOX: {}}
    if not isinstance(declared, dict):
        return None, []  # reported as a wrong type
    default = manifest.get("default_environment")
    problems: list[Problem] = []
    if isinstance(default, str) and default not in declared:
        hint = did_you_mean(default, declared, "the environments are")
        message = f"there is no environment {quoted(default)}"
        problems.append(Problem("unknown-environment", message, ("default_environment",), hint))
    if asked is not None:
        if asked not in declared:
            hint = did_you_mean(asked, declared, "the environments are")
            raise Misused(Diagnostic("unknown-environment", f"there is no environment {quoted(asked)}", hint))
        return asked, problems
    if isinstance(default, str):
        return (default if default in declared else None), problems
    if len(declared) == 1:
        return next(iter(declared)), problems
    message = f"no environment is chosen; there are {listed(sorted(declared))}"
    hint = "name one with `-e`, or set `default_environment`"
    return None, [*problems, Problem("no-environment", message, ("environments",), hint, at_key=True)]
