"""What of the live side a project may adopt."""

from collections.abc import Mapping

from flowdeck import observe
from flowdeck.model.imported import Importable
from flowdeck.observe.importing import called, unmanaged
from flowdeck.service.ports import Reader
from flowdeck.workflow.looking import Loaded


def importable(loaded: Loaded, reader: Reader, id: str) -> Importable:
    """A live flow that this project may adopt. Raises Invalid if it is not there, Refused if it is not ours to take."""
    live = observe.adoptable(loaded.manifest, reader, id)
    return Importable((live,), called(loaded.manifest, reader, (live,)))


def importable_flows(loaded: Loaded, reader: Reader, role: str | None, declared: Mapping[str, str]) -> Importable:
    """Every live flow that we administer, in that role if one is given, and that this project may adopt."""
    return unmanaged(loaded.manifest, reader, role, declared)
