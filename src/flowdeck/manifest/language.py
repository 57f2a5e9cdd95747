"""What the rules of the flow language find in flows, as diagnostics at the places in the user's files."""

from collections.abc import Callable, Iterable
from functools import partial

from flowdeck.definition import Finding, check
from flowdeck.model.diagnostic import Diagnostic, Diagnostics, Place, in_order
from flowdeck.model.flow import WantedFlow, address_of
from flowdeck.model.json_value import Json
from flowdeck.model.manifest import Places
from flowdeck.model.reference import shown

Path = tuple[str | int, ...]


def checked(flows: Iterable[WantedFlow], places: Places) -> Diagnostics:
    """What is wrong with the definitions and input schemas of wanted flows; the same pair is checked once."""
    seen: set[tuple[Json, Json]] = set()
    found: list[Diagnostic] = []
    for flow in flows:
        pair = flow.flow.definition, flow.flow.input_schema
        if pair not in seen:
            seen.add(pair)
            findings = check(*(one.value for one in pair))
            found += told(findings, flow.name, partial(places.of, flow.name, key=True))
    return in_order(found)


def told(findings: Iterable[Finding], name: str, place: Callable[[Path], Place | None]) -> list[Diagnostic]:
    """The findings of one flow; `place` gives the place of a path that begins with the flow's field."""
    return [
        Diagnostic(one.code, shown(one.message), shown(one.hint), place(one.path), address_of(name), one.severity)
        for one in findings
    ]
