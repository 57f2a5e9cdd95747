"""Diagnostics for people: place, code, the line with a caret, and the way out."""

from collections.abc import Iterable

from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.render.escape import first_in_line, plain
from flowdeck.render.paint import Paint

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def text(diagnostics: Iterable[Diagnostic], paint: Paint) -> str:
    """All of them, a blank line between two; "" for none."""
    return "\n\n".join(_one(one, paint) for one in diagnostics)


def _one(one: Diagnostic, paint: Paint) -> str:
    where = f"{one.place}: " if one.place else f"{one.address}: " if one.address else ""
    head = paint(f"{one.severity}[{one.code}]", _STYLES[one.severity])
    lines = [f"{first_in_line(where)}{head}: {plain(one.message)}"]
    if one.place and one.place.excerpt:
        margin = f"{one.place.line:>5} | "
        # Tabs are kept before the caret, so that it stands under its character however wide a tab is shown.
        shown, before = (
            [plain(part) for part in line.split("\t")]
            for line in (one.place.excerpt, one.place.excerpt[: one.place.column - 1])
        )
        caret = "\t".join(" " * len(part) for part in before) + paint("^", "red")
        lines += [margin + "\t".join(shown), f"{' ' * (len(margin) - 2)}| {caret}"]
    if one.hint:
        lines.append(f"  {paint('hint:', 'cyan')} {plain(one.hint)}")
    return "\n".join(lines)
