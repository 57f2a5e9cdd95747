"""The keywords that a write sends: the user's, the marker, a fresh stamp, and the protection."""

from dataclasses import dataclass

from flowdeck.definition import field_digests
from flowdeck.model.flow import SUBSCRIPTION_DEFAULT, Flow, WantedFlow
from flowdeck.model.live import LiveFlow
from flowdeck.model.marker import PROTECT, Marker, Stamp, join


@dataclass(frozen=True, slots=True)
class Signature:
    """In whose name an apply writes: project and environment for the marker, the commit for the stamp."""

    project: str
    environment: str
    commit: str = ""

    def marker(self, name: str) -> Marker:
        """The marker of the flow of that name."""
        return Marker(self.project, self.environment, name)

    def is_ours(self, marker: Marker) -> bool:
        """Whether a marker is of this project and environment."""
        return (marker.project, marker.environment) == (self.project, self.environment)

    def keywords(
        self, wanted: WantedFlow, stamped: Flow, before: LiveFlow | None = None, replaces: str | None = None
    ) -> list[str]:
        """What to send for `wanted`, with a stamp over `stamped`: the wanted flow, or the service's answer to it.

        What the flow replaces, the id given or that of the stamp `before`, stays known for as long as the flow lives.
        """
        users = before.keywords.users if before and "keywords" in wanted.ignore else wanted.flow.keywords
        digests = field_digests(stamped, [*_stamped(wanted), PROTECT], protected=wanted.protect)
        known = before.keywords.stamp.replaces if before and before.keywords.stamp else None
        stamp = Stamp(digests, self.commit, replaces or known)
        return join(users, self.marker(wanted.name), stamp, protect=wanted.protect)


def _stamped(wanted: WantedFlow) -> list[str]:
    """The managed fields whose value is known before the write; `self` and DEFAULT are the service's to fill in."""
    symbolic = {"owner", *(["subscription"] if wanted.flow.subscription == SUBSCRIPTION_DEFAULT else [])}
    return [field for field in wanted.managed if field not in symbolic]
