"""The rule about texts that must be a date and time."""

import re
from collections.abc import Iterator
from datetime import date

from flowdeck.definition.finding import Path
from flowdeck.definition.grammar import TIMES
from flowdeck.definition.machine import Machine
from flowdeck.definition.names import quoted
from flowdeck.definition.parts import known, rules, unknown_yet
from flowdeck.definition.rules.rule import Breach, Breaches, Rule, error

# RFC 3339, section 5.6; the space instead of the T is its note on readability.
_TIME = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]"
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
    r"(?P<zone>[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@error
def timestamp_form(machine: Machine) -> Breaches:
    """A timestamp is no date and time with a zone, as RFC 3339 writes them."""
    for path, text in _timestamps(machine):
        found = _TIME.fullmatch(text)
        if found is None:
            message = f"`{path[-1]}` is {quoted(text)}, which is no RFC 3339 time" if text else f"`{path[-1]}` is empty"
            yield Breach(path, message, _way_out(str(path[-1]), text))
        elif not _exists(found["day"]):
            yield Breach(path, f"`{path[-1]}` is {quoted(text)}, a day that there is not", "correct the date")
        elif not found["zone"]:
            hint = "add `Z` for UTC, or an offset such as `-06:00`"
            yield Breach(path, f"`{path[-1]}` is {quoted(text)}, a time without a zone", hint)


def _timestamps(machine: Machine) -> Iterator[tuple[Path, str]]:
    """The texts, known to the end, that should be times, with the path of each."""
    waits = [(state.path, state.fields, ("Timestamp",)) for state in known(machine, "Wait")]
    compared = [(rule.path, rule.fields, TIMES) for state in machine.states.values() for rule in rules(state)]
    for path, fields, keys in (*waits, *compared):
        for key in keys:
            if isinstance(text := fields.get(key), str) and not unknown_yet(text):
                yield (*path, key), text


def _exists(day: str) -> bool:
    """Whether the calendar has the day."""
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True


def _way_out(key: str, text: str) -> str:
    if text.startswith("$"):
        return f"write the path under `{key}Path`"
    if _DAY.fullmatch(text) and _exists(text):
        return f"add the time and the zone, as in `{text}T08:00:00Z`"
    return "write it as `2026-03-31T08:00:00Z`"


RULES: tuple[Rule, ...] = (timestamp_form,)
