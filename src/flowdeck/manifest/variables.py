"""The variables of an environment: what is declared, who gives each its value, and what that must be."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flowdeck.manifest import positions, references
from flowdeck.manifest.circles import links, ordered
from flowdeck.manifest.layers import Layers
from flowdeck.manifest.problem import Path, Problem, did_you_mean, quoted
from flowdeck.manifest.references import Reference, Unresolved
from flowdeck.manifest.variable_types import TYPES, inferred, mismatch, parsed
from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import Misused
from flowdeck.model.json_value import Json

PREFIX = "FLOWDECK_VAR_"


@dataclass(frozen=True, slots=True)
class Outside:
    """What comes from outside the files: texts of `--var` by name, and the process environment."""

    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> tuple[str, str] | None:
        """The text for a variable, and who gives it."""
        if name in self.texts:
            return self.texts[name], f"--var {name}"
        variable = environment_variable(name)
        return (self.environ[variable], variable) if variable in self.environ else None

    def check(self, value: Mapping[str, Any]) -> None:
        """Raises Misused for a `--var` that the manifest does not declare."""
        known = declared(value)
        unknown = [name for name in self.texts if name not in known]
        if unknown:
            raise Misused(*(Diagnostic("unknown-variable", *_not_declared(name, known)) for name in unknown))


@dataclass(frozen=True, slots=True)
class Variables:
    """The values by name, of one environment; the reasons why `broken` ones have none are reported."""

    environment: str
    values: Mapping[str, Any]
    declared: frozenset[str]
    broken: frozenset[str] = frozenset()

    def value(self, name: str) -> Any:
        """The value; raises Unresolved when there is none."""
        if name in self.values:
            return self.values[name]
        check_name(name, self.declared)
        if name in self.broken:
            raise Unresolved
        hint = f"give it one under `environments.{self.environment}.variables`, with `--var {name}=...`, or a default"
        message = f"variable `{name}` has no value in environment `{self.environment}`"
        raise Unresolved("variable-without-value", message, hint)


@dataclass(frozen=True, slots=True)
class _Written:
    """A value that the manifest gives, and where."""

    path: Path
    value: Any

    @property
    def is_final(self) -> bool:
        """True without references."""
        return "${" not in Json.of(self.value).text


def environment_variable(name: str) -> str:
    """The variable of the process environment that gives a variable its value."""
    return PREFIX + name.upper().replace("-", "_")


def declared(value: Mapping[str, Any]) -> frozenset[str]:
    """The names of all variables."""
    return frozenset(_mapping(value, "variables"))


def check_name(name: str, known: frozenset[str]) -> None:
    """Raises Unresolved for a name that is not declared."""
    if name not in known:
        raise Unresolved("unknown-variable", *_not_declared(name, known))


def variables(base: Layers, environment: str, outside: Outside) -> tuple[Variables, list[Problem]]:
    """The variables in one environment, and what is wrong with what gives them their values in any."""
    entries = _mapping(base.value, "variables")
    kinds = {name: _kind(name, entries) for name in entries}
    defaults = {name: _default(name, entry) for name, entry in entries.items()}
    given = _given(base.value)
    problems = [
        problem
        for written in (*defaults.items(), *(pair for values in given.values() for pair in values.items()))
        for problem in _written_problems(*written, kinds)
    ]
    chosen = {name: one for name, one in (defaults | given.get(environment, {})).items() if name in kinds and one}
    evaluation = _Evaluation(base, environment, kinds, chosen)
    evaluation.take(outside)
    evaluation.run()
    broken = frozenset(evaluation.broken)
    found = Variables(environment, evaluation.values, frozenset(kinds), broken)
    return found, [*problems, *evaluation.problems, *evaluation.walk.problems]


class _Evaluation:
    """Finds the values of the chosen texts, each after those that it uses."""

    def __init__(self, base: Layers, environment: str, kinds: Mapping[str, str], chosen: dict[str, _Written]) -> None:
        self.base, self.environment, self.kinds, self.chosen = base, environment, kinds, chosen
        self.values: dict[str, Any] = {}
        self.broken: set[str] = set()
        self.problems: list[Problem] = []
        self.walk = references.Walk(self._meaning)

    def take(self, outside: Outside) -> None:
        """What comes from outside is taken as it is, and wins."""
        for name, kind in self.kinds.items():
            given = outside.text(name)
            if given is None:
                continue
            self.chosen.pop(name, None)
            value, problem = parsed(name, kind, *given)
            if problem:
                self.problems.append(problem)
                self.broken.add(name)
            else:
                self.values[name] = value

    def run(self) -> None:
        """What the files give."""
        graph = {
            name: {one.name for one in references.found(written.value) if one.kind == "var"}
            for name, written in self.chosen.items()
        }
        order, circles = ordered(graph)
        for circle in circles:
            self.broken.update(circle)
            self.problems.append(_circle(circle, self.chosen, self.base))
        for name in order:
            if name not in self.broken:
                self._evaluate(name, self.chosen[name])

    def _evaluate(self, name: str, written: _Written) -> None:
        known = len(self.walk.unknown)
        value = self.walk.value(written.value, written.path)
        problem = mismatch(name, self.kinds[name], value, written.path)
        if len(self.walk.unknown) == known and problem is None:
            self.values[name] = value
            return
        self.broken.add(name)
        # What has no references is reported for every environment.
        if problem and len(self.walk.unknown) == known and not written.is_final:
            self.problems.append(problem)

    def _meaning(self, reference: Reference, path: Path) -> Any:
        positions.check(reference, path)
        if reference.kind == "var":
            return Variables(self.environment, self.values, frozenset(self.kinds), frozenset(self.broken)).value(
                reference.name
            )
        return self.environment if reference.kind == "environment" else project(self.base.value)


def project(value: Mapping[str, Any]) -> str:
    """The project's name; raises Unresolved when it has none."""
    name = value.get("project")
    if not isinstance(name, str):
        raise Unresolved
    return name


def _given(value: Mapping[str, Any]) -> dict[str, dict[str, _Written]]:
    """What each environment gives; null gives nothing."""
    return {
        environment: {
            name: _Written(("environments", environment, "variables", name), item)
            for name, item in _mapping(entry, "variables").items()
            if item is not None
        }
        for environment, entry in _mapping(value, "environments").items()
        if isinstance(entry, dict)
    }


def _default(name: str, entry: Any) -> _Written | None:
    if not isinstance(entry, dict):
        return None if entry is None else _Written(("variables", name), entry)
    default = entry.get("default")
    return None if default is None else _Written(("variables", name, "default"), default)


def _kind(name: str, entries: Mapping[str, Any]) -> str:
    """The declared type, or that of the default, or of the variable that the default is."""
    seen: set[str] = set()
    while name not in seen and name in entries:
        seen.add(name)
        entry = entries[name]
        kind = entry.get("type") if isinstance(entry, dict) else None
        if isinstance(kind, str) and kind in TYPES:
            return kind
        written = _default(name, entry)
        value = written.value if written else None
        reference = references.alone(value)
        if reference is None or reference.kind != "var":
            return inferred(value)
        name = reference.name
    return "string"


def _written_problems(name: str, written: _Written | None, kinds: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with a value in a file, whichever environment is meant."""
    if written is None:
        return
    if name not in kinds:
        message, hint = _not_declared(name, kinds)
        yield Problem("unknown-variable", message, written.path, hint, at_key=True)
    elif written.is_final and (problem := mismatch(name, kinds[name], written.value, written.path)):
        yield problem


def _not_declared(name: str, known: Iterable[str]) -> tuple[str, str]:
    """A message, and a hint."""
    hint = did_you_mean(name, known, "the variables are") or "declare it in `variables`"
    return f"there is no variable {quoted(name)}", hint


def _circle(circle: tuple[str, ...], chosen: Mapping[str, _Written], base: Layers) -> Problem:
    hint = "let one of them have a value of its own"
    if len(circle) == 1:
        return Problem("reference-cycle", f"variable `{circle[0]}` refers to itself", chosen[circle[0]].path, hint)
    chain = [f"`{one}` uses `{other}` ({base.place(chosen[one].path)})" for one, other in links(circle)]
    message = f"variables refer to each other in a circle: {', '.join(chain)}"
    return Problem("reference-cycle", message, chosen[circle[0]].path, hint)


def _mapping(value: Mapping[str, Any], section: str) -> dict[str, Any]:
    found = value.get(section)
    return found if isinstance(found, dict) else {}
