"""From the path of flows.yaml to the manifest of one environment, with everything that is wrong with it."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path as FilePath
from typing import Any

from flowdeck.manifest.bodies import without
from flowdeck.manifest.environments import choose
from flowdeck.manifest.files import Files
from flowdeck.manifest.includes import gather
from flowdeck.manifest.layers import Layers, combine
from flowdeck.manifest.meaning import meaning
from flowdeck.manifest.messages import checked
from flowdeck.manifest.problem import Problem
from flowdeck.manifest.scope import in_any_environment
from flowdeck.manifest.text import shown
from flowdeck.manifest.variables import Outside
from flowdeck.model.diagnostic import Diagnostic, Diagnostics, has_errors, in_order
from flowdeck.model.errors import Invalid
from flowdeck.model.manifest import Manifest

NAME = "flows.yaml"
VARIABLE = "FLOWDECK_FILE"


def named(file: str | None) -> FilePath:
    """The path at which the manifest is looked for, whether or not it is there."""
    path = FilePath(file or os.environ.get(VARIABLE) or NAME)
    with suppress(OSError, ValueError):
        return path / NAME if path.is_dir() else path
    return path


def find(file: str | None) -> FilePath:
    """The manifest that `-f` names, a file or the folder that holds flows.yaml, or FLOWDECK_FILE, or ./flows.yaml."""
    path = named(file)
    with suppress(OSError, ValueError):  # too long, or no path at all
        if path.exists():
            return path
    hint = "run flowdeck in the folder that holds it, or name it with `-f`; `flowdeck init` writes a new one"
    raise Invalid(Diagnostic("manifest-not-found", f"there is no manifest `{shown(path)}`", hint))


def load(
    path: FilePath,
    environment: str | None = None,
    *,
    definitions: bool = True,
    check: bool = True,
    variables: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[Manifest | None, Diagnostics]:
    """The manifest of one environment and all that is wrong, sorted by place; None when any of it is an error.

    Without `definitions` the definitions and schemas are neither read nor checked, and may be missing; flows as well.
    Without `check` they are read, and the rules of the flow language are not asked (see `checked`).
    `variables` are the texts of `--var` by name; raises Misused for one, or an environment, that there is not.
    """
    manifest, diagnostics = read(
        path, environment, definitions=definitions, check=check, variables=variables, environ=environ
    )
    return (None if has_errors(diagnostics) else manifest), diagnostics


def read(
    path: FilePath,
    environment: str | None = None,
    *,
    definitions: bool = True,
    check: bool = True,
    variables: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[Manifest | None, Diagnostics]:
    """As `load`, with what can be made of a manifest that has errors: to be looked at, never to be planned for."""
    files = Files(path.parent, path.parent.resolve())
    gathered = gather(path, files)
    if not gathered.sources:
        return None, in_order(gathered.diagnostics)
    base, twice = combine(tuple(gathered.sources))
    if not definitions:
        base = Layers(without(base.value), base.layers)
    wrong = [*gathered.diagnostics, *twice]
    everywhere = in_any_environment(base.value)
    misshapen = checked(everywhere.value, everywhere.unknown)[1]
    wrong += [base.at(problem) for problem in (*everywhere.problems, *misshapen, *_missing(base.value))]
    if not gathered.complete:
        return None, in_order(wrong)
    name, undecided = choose(base.value, environment)
    wrong += [base.at(problem) for problem in undecided if problem.path not in everywhere.unknown]
    outside = Outside(variables or {}, os.environ if environ is None else environ)
    outside.check(base.value)
    if name is None:
        return None, in_order(wrong)
    manifest, found = meaning(files, base, name, outside, definitions=definitions, check=check)
    return manifest, in_order([*wrong, *found])


def _missing(value: dict[str, Any]) -> list[Problem]:
    return [
        Problem("missing-field", f"`{key}` is missing", (), f"add `{key}:`")
        for key in ("version", "project")
        if value.get(key) is None
    ]
