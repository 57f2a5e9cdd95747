"""Diagnostics as a JUnit report: a test case for each flow and one for the project."""

from collections.abc import Iterable
from xml.etree import ElementTree as Xml

from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.model.flow import address_of
from flowdeck.render import diagnostics as face
from flowdeck.render.escape import plain
from flowdeck.render.paint import colourless

_PROJECT = "project"


def text(diagnostics: Iterable[Diagnostic], suite: str, flows: Iterable[str]) -> str:
    """One suite of that name. What is about none of the flows is the project's; errors are failures."""
    found = list(diagnostics)
    addresses = {*map(address_of, flows), *(one.address for one in found if one.address)}
    cases = [
        _case(suite, name, [one for one in found if (one.address or _PROJECT) == name])
        for name in (_PROJECT, *sorted(addresses))
    ]
    failed = str(sum(case.find("failure") is not None for case in cases))
    counts = {"tests": str(len(cases)), "failures": failed, "errors": "0", "skipped": "0"}
    root = Xml.Element("testsuites", {"name": "flowdeck validate", **counts})
    Xml.SubElement(root, "testsuite", {"name": plain(suite), **counts}).extend(cases)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode")


def _case(suite: str, name: str, found: list[Diagnostic]) -> Xml.Element:
    """A test case has one failure: readers of reports look at no second one."""
    errors = [one for one in found if one.severity is Severity.ERROR]
    others = [one for one in found if one.severity is not Severity.ERROR]
    placed = next((one.place.file for one in errors if one.place), None)
    case = Xml.Element("testcase", {"classname": plain(suite), "name": plain(name)})
    if placed is not None:
        case.set("file", plain(placed))
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        message = f"{plain(errors[0].message)}{more}"
        Xml.SubElement(case, "failure", {"type": errors[0].code, "message": message}).text = _told(errors)
    if others:
        Xml.SubElement(case, "system-out").text = _told(others)
    return case


def _told(found: list[Diagnostic]) -> str:
    return f"\n{face.text(found, colourless)}\n"
