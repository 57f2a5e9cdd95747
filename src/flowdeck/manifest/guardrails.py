"""The section `guardrails`: levels of risks, and lists that risks compare with."""

from collections.abc import Sequence

from flowdeck.manifest import schema
from flowdeck.manifest.principals import People, resolve
from flowdeck.manifest.problem import Path, Problem
from flowdeck.model.manifest import Guardrails
from flowdeck.model.risk import Level


def guardrails(written: schema.Guardrails | None, known: People) -> tuple[Guardrails, list[Problem]]:
    """The guardrails of the environment."""
    if written is None:
        return Guardrails(), []
    levels = {code: Level(level) for code, level in (written.model_extra or {}).items() if level is not None}
    hosts = written.allowed_action_hosts
    path: Path = ("guardrails", "administrators-required")
    required, problems = principals(written.administrators_required or (), path, known)
    return Guardrails(levels, None if hosts is None else tuple(hosts), required), problems


def principals(written: Sequence[str], path: Path, known: People) -> tuple[tuple[str, ...], list[Problem]]:
    """The principals that a list at `path` means: URNs, or as they are written."""
    found = [resolve(text, (*path, index), known) for index, text in enumerate(written)]
    return (
        tuple(dict.fromkeys(one for one in found if isinstance(one, str))),
        [problem for problem in found if isinstance(problem, Problem)],
    )
