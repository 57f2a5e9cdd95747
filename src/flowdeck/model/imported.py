"""What an import of everything takes over, and what it leaves."""

from collections.abc import Mapping
from dataclasses import dataclass

from flowdeck.model.live import LiveFlow


@dataclass(frozen=True, slots=True)
class Skipped:
    """A live flow that is left as it is, and why."""

    live: LiveFlow
    reason: str


@dataclass(frozen=True, slots=True)
class Importable:
    """Live flows that a project may adopt, the oldest first; `managed` counts those that the manifest declares.

    `called` is what people call the principals of their roles: a name from `principals`, a username, `group:<name>`.
    `names` are the names that flows of this environment have already, by id.
    """

    flows: tuple[LiveFlow, ...]
    called: Mapping[str, str]
    names: Mapping[str, str]
    skipped: tuple[Skipped, ...] = ()
    managed: int = 0
