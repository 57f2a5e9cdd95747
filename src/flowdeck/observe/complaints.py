"""What observing can find wrong, in words."""

from collections.abc import Iterable

from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.model.flow import WantedFlow, address_of
from flowdeck.model.live import LiveFlow
from flowdeck.model.manifest import Manifest
from flowdeck.model.marker import Marker


def flow_not_found(id: str) -> Diagnostic:
    """The service does not show us a flow of that id."""
    return Diagnostic(
        "flow-not-found",
        f"there is no flow {id}, or the identity in use may not see it",
        "correct the id; in a manifest, remove it to create a new flow",
    )


def id_replaced(manifest: Manifest, name: str, id: str, successor: str) -> Diagnostic:
    """The manifest still names the flow that a replace has deleted, or is about to."""
    return Diagnostic(
        "id-replaced",
        f"flow {id} was replaced by {successor}",
        "write the new id, or none: the marker tells whose the flow is",
        manifest.places.of(name, ("id",)),
        address_of(name),
        Severity.WARNING,
    )


def claimed_elsewhere(id: str, marker: Marker, address: str | None = None) -> Diagnostic:
    """A flow that we are to adopt, or that is ours, carries another project's or address's marker."""
    return Diagnostic(
        "claimed-elsewhere",
        f"flow {id} belongs to `{marker.project}/{marker.environment}/{marker.name}`",
        "run `flowdeck forget` there, or here, first; within one environment, use `moved_from`",
        address=address,
    )


def moved_from_conflict(manifest: Manifest, wanted: WantedFlow) -> Diagnostic:
    """A flow exists under its new and under its old name."""
    return Diagnostic(
        "moved-from-conflict",
        f"both {wanted.address} and flow.{wanted.moved_from} are live",
        "remove `moved_from` to delete the old one, or declare the old one again",
        manifest.places.of(wanted.name, ("moved_from",)),
        wanted.address,
    )


def ambiguous(name: str, flows: Iterable[LiveFlow]) -> Diagnostic:
    """Several flows of ours claim one address, and which one stays is for a person to decide."""
    return Diagnostic(
        "ambiguous-owner",
        f"several flows claim {address_of(name)}: {', '.join(sorted(flow.id for flow in flows))}",
        "keep one: delete the others, or take the marker keyword off them",
        address=address_of(name),
    )


def foreign_claim(name: str, flow: LiveFlow, severity: Severity) -> Diagnostic:
    """A flow carries our marker, but no deployer owns it: a copy made by hand, or a deployer that is not listed."""
    return Diagnostic(
        "ambiguous-owner",
        f"flow {flow.id} claims {address_of(name)}, but its owner {flow.flow.owner} is no deployer; it is left alone",
        "take the marker keyword off a copy; if it is yours, list its owner under `deployers` or adopt it by `id`",
        address=address_of(name),
        severity=severity,
    )


def not_administrator(address: str | None, flow: LiveFlow, identity: str) -> Diagnostic:
    """The flow is ours to manage, but the identity in use does not see its roles and may not change it."""
    return Diagnostic(
        "not-administrator",
        f"{identity} may not administer flow {flow.id}: its roles are {', '.join(sorted(flow.our_roles)) or 'none'}",
        "make it an administrator: the service shows roles to administrators only, and a plan without them is wrong",
        address=address,
    )
