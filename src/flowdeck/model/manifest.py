"""The manifest of one environment, read, merged and checked: everything that a plan is made for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from flowdeck.model.diagnostic import Place
from flowdeck.model.flow import WantedFlow
from flowdeck.model.risk import Level

EMULATOR = "emulator"
GLOBUS = "globus"


class Places(Protocol):
    """Where the user wrote a thing."""

    def of(self, flow: str, path: tuple[str | int, ...] = (), *, key: bool = False) -> Place | None:
        """The place of a flow's value: `path` begins with a field of the flow, such as `definition` or `viewers`.

        With `key` it is the place of the key that the path ends with.

        A path into a definition or schema that has its own file leads into that file. Where the whole path does not
        exist, the deepest part that does is meant; None if the manifest does not name the flow at all.
        """

    def granted_by(self, flow: str, role: str, principal: str) -> tuple[str | None, Place | None]:
        """The permission set that gives a principal, as written, a role, None for the flow itself; and the line."""


@dataclass(frozen=True, slots=True)
class Guardrails:
    """What the manifest sets of the risks: levels by code, and the lists that two of the risks compare with.

    `asked_for` are codes of what the command itself asks for: they are warnings, whatever the manifest says.
    """

    levels: Mapping[str, Level] = field(default_factory=dict)
    allowed_action_hosts: tuple[str, ...] | None = None
    administrators_required: tuple[str, ...] = ()
    asked_for: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Manifest:
    """One environment of a project.

    `service` is `emulator`, `globus` or a URL; `folder` is the project folder, which holds flows.yaml; `flows` are
    sorted by name; `deployers` are principal URNs, empty for "the identity in use". `adopted` are ids of flows that are
    ours whoever owns them, in a manifest that was emptied for a destroy. `people` are the URNs that were found for the
    names of people and groups, which stand in roles and lists until observe has looked them up; `aliases` are the
    manifest's own names for principals. `secrets` are values by name, None for one that cannot be read here.
    """

    project: str
    environment: str
    service: str
    folder: Path
    flows: tuple[WantedFlow, ...]
    places: Places = field(compare=False, repr=False)
    deployers: frozenset[str] = frozenset()
    guardrails: Guardrails = field(default_factory=Guardrails)
    adopted: frozenset[str] = frozenset()
    people: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str | None] = field(default_factory=dict, repr=False, compare=False)

    def emptied(self) -> "Manifest":
        """The manifest of a destroy: the same project and environment, with no flows."""
        return replace(self, flows=(), adopted=frozenset(flow.id for flow in self.flows if flow.id))
