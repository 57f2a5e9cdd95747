"""What of the live side a project may adopt."""

from collections.abc import Mapping

from flowdeck.model.imported import Importable
from flowdeck.observe.importing import adoptable, called, known_names, unmanaged
from flowdeck.service.ports import Reader
from flowdeck.workflow.looking import Loaded


def importable(loaded: Loaded, reader: Reader, id: str, name: str | None) -> Importable:
    """A live flow that this project may declare. Raises Invalid if it is not there, Refused if it is not ours to take.

    `name` is what it is to be called; a flow of this environment keeps the name that it has.
    """
    flows = (adoptable(loaded.manifest, reader, id, name),)
    return Importable(flows, called(loaded.manifest, reader, flows), known_names(loaded.manifest, flows))


def importable_flows(loaded: Loaded, reader: Reader, role: str | None, declared: Mapping[str, str]) -> Importable:
    """Every live flow that we administer, in that role if one is given, and that this project may adopt."""
    return unmanaged(loaded.manifest, reader, role, declared)
