"""Diagnostics as workflow commands of GitHub Actions, which shows them at their lines in a pull request."""

from collections.abc import Iterable

from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.render.escape import plain

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
# So many of each GitHub shows for a step, without a word about the others (actions/toolkit, docs/problem-matchers.md);
# the last notice is kept for that word.
_MOST = {Severity.ERROR: 10, Severity.WARNING: 10, Severity.NOTE: 9}


def text(diagnostics: Iterable[Diagnostic]) -> str:
    """One command a line, the gravest first; of what GitHub would not show only the number. "" for none."""
    found = list(diagnostics)
    of_each = {kind: [one for one in found if one.severity is kind] for kind in Severity}
    shown = [one for kind, ones in of_each.items() for one in ones[: _MOST[kind]]]
    lines = [_command(one) for one in shown]
    if len(shown) < len(found):
        lines.append(f"::notice title=flowdeck::{len(found) - len(shown)} more in the log of this step")
    return "\n".join(lines)


def _command(one: Diagnostic) -> str:
    place = {"file": one.place.file, "line": one.place.line, "col": one.place.column} if one.place else {}
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in {**place, "title": one.code}.items())
    about = f"{one.address}: " if one.address and not one.place else ""
    lines = [f"{about}{one.message}", *([f"hint: {one.hint}"] if one.hint else [])]
    return f"::{_COMMANDS[one.severity]} {properties}::" + _written("\n".join(map(plain, lines)))


def _written(value: str) -> str:
    # The mappings are those by which the runner reads them back (actions/runner, ActionCommand.cs).
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _written(plain(value)).replace(":", "%3A").replace(",", "%2C")
