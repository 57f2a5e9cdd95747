"""A rule of the flow language: one function, one code, one severity."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flowdeck.definition.finding import Finding, Path
from flowdeck.definition.machine import Machine
from flowdeck.model.diagnostic import Severity


@dataclass(frozen=True, slots=True)
class Breach:
    """One place in which a rule is broken; `path` and `hint` as in Finding."""

    path: Path
    message: str
    hint: str = ""


Breaches = Iterator[Breach]
Find = Callable[[Machine], Breaches]


@dataclass(frozen=True, slots=True)
class Rule:
    """`code` is the function's name, `meaning` its docstring; docs/rules shows an example of each."""

    code: str
    severity: Severity
    meaning: str
    find: Find

    def findings(self, machine: Machine) -> Iterator[Finding]:
        """What of the flow breaks this rule."""
        for breach in self.find(machine):
            yield Finding(self.code, breach.message, breach.path, breach.hint, self.severity)


def error(find: Find) -> Rule:
    """A rule whose breach the service refuses."""
    return _rule(find, Severity.ERROR)


def warning(find: Find) -> Rule:
    """A rule whose breach the service takes, or may take, and that is hardly ever meant."""
    return _rule(find, Severity.WARNING)


def _rule(find: Find, severity: Severity) -> Rule:
    return Rule(find.__name__.replace("_", "-"), severity, find.__doc__ or "", find)
