"""Where the user wrote what a wanted flow holds, whichever file and section it came from."""

from collections.abc import Mapping
from dataclasses import dataclass

from flowdeck.manifest.document import Document
from flowdeck.manifest.layers import Layers
from flowdeck.manifest.problem import Path
from flowdeck.model.diagnostic import Place


@dataclass(frozen=True)
class FlowPlaces:
    """Places by flow and field. `files` holds the bodies that have their own; `elsewhere` what a flow gets from sets.

    A role's path may go on with a principal: then it leads to the line that grants it.
    """

    layers: Layers
    files: Mapping[tuple[str, str], Document]
    elsewhere: Mapping[Path, Path]

    def of(self, flow: str, path: tuple[str | int, ...] = (), *, key: bool = False) -> Place | None:
        """The place of a flow's value, or of its deepest part that is written; None for a flow that is not named."""
        flows = self.layers.value.get("flows")
        if not isinstance(flows, dict) or flow not in flows:
            return None
        if path and (document := self.files.get((flow, str(path[0])))):
            return document.place(path[1:], key=key)
        for length in range(len(path), 0, -1):
            written = self.elsewhere.get((flow, *path[:length]))
            if written is not None:
                return self.layers.place(written)
        return self.layers.place(("flows", flow, *path), key=key or not path)

    def granted_by(self, flow: str, role: str, principal: str) -> tuple[str | None, Place | None]:
        """The permission set that grants a role, None for the flow's own lines, and the place of the principal there.

        Both are None for what is not granted.
        """
        written = self.elsewhere.get((flow, role, principal))
        if written is None:
            return None, None
        return (str(written[1]) if written[0] == "permissions" else None), self.layers.place(written)
