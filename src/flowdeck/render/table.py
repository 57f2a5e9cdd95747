"""Live flows for people: a table of all, or one in detail."""

from collections.abc import Iterable

from flowdeck.model.flow import ROLES
from flowdeck.model.live import ManagedFlow
from flowdeck.render.escape import plain
from flowdeck.render.names import Names, principal
from flowdeck.render.paint import Paint


def listing(flows: Iterable[ManagedFlow], paint: Paint) -> str:
    """Address, id, title of each flow, and whether it drifted."""
    rows = [(one.address, one.live.id, "yes" if one.drifted else "no", plain(one.live.flow.title)) for one in flows]
    if not rows:
        return "No flows. `flowdeck apply` makes them."
    header = ("ADDRESS", "ID", "DRIFT", "TITLE")
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [header, *rows]]
    return "\n".join([paint(lines[0].rstrip(), "bold"), *(line.rstrip() for line in lines[1:])])


def flow(shown: ManagedFlow, names: Names, paint: Paint) -> str:
    """One flow: settings that are set, roles that are given, and the names of its states.

    `names` are what people call the principals.
    """
    live, settings = shown.live, shown.live.flow
    definition = shown.definition.value
    states = definition.get("States") if isinstance(definition, dict) else None
    people: dict[str, str] = {
        role: ", ".join(principal(urn, names) for urn in sorted(settings.role(role))) for role in ROLES
    }
    rows: dict[str, str] = {
        "id": live.id,
        "title": settings.title,
        "subtitle": settings.subtitle,
        "description": settings.description,
        "keywords": ", ".join(sorted(settings.keywords)),
        **people,
        "subscription": settings.subscription or "",
        "authentication_policy": settings.authentication_policy or "",
        "owner": principal(settings.owner, names) if settings.owner else "",
        "protect": "yes" if live.keywords.protected else "",
        "states": ", ".join(states or ()),
        "scope": live.scope,
        "url": live.url,
        "updated": live.updated_at,
        "commit": live.keywords.stamp.commit if live.keywords.stamp else "",
        "drifted": "yes" if shown.drifted else "no",
    }
    lines = [f"  {name:<22} {plain(value)}" for name, value in rows.items() if value]
    return "\n".join([paint(shown.address, "bold"), *lines])
