"""What the service says of the definitions, and where it and flowdeck disagree about one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from flowdeck.definition import Finding, check
from flowdeck.definition.consents import Consents, actions, consents, who
from flowdeck.model.diagnostic import Diagnostic, Diagnostics, Place, Severity
from flowdeck.model.flow import WantedFlow
from flowdeck.model.hiding import without_private
from flowdeck.model.json_value import Json
from flowdeck.model.manifest import Manifest, Places
from flowdeck.model.reference import replace_late, shown
from flowdeck.service.ports import Problem, Reader, Validated
from flowdeck.service.problems import diagnostic_of

Path = tuple[str | int, ...]

# So many steps of a path lead to one state; a shorter one is about too much to be the same complaint.
_TO_A_STATE = 3


def ask(manifest: Manifest, reader: Reader) -> Diagnostics:
    """What the service says of each flow, at the place in the user's files, and where flowdeck says something else.

    Raises ServiceError when the service does not answer.
    """
    return tuple(found for wanted in manifest.flows for found in _asked(_Subject(wanted, manifest.places), reader))


@dataclass(frozen=True, slots=True)
class _Subject:
    """The flow that was asked about."""

    wanted: WantedFlow
    places: Places

    def at(self, path: Path) -> Place | None:
        return self.places.of(self.wanted.name, path, key=True)

    def words(self, text: str) -> str:
        """Words of the service, with references as the user wrote them and without private values."""
        return shown(without_private(text, self.wanted.flow.definition))

    def written(self, location: Path) -> tuple[Path, object]:
        """The steps of the service's location that lead somewhere, `definition` for none, and the value there.

        A validator may put the name of a variant, such as `ActionState`, between them (pydantic 1 does).
        """
        flow = self.wanted.flow
        value: object = {"definition": flow.definition.value, "input_schema": flow.input_schema.value}
        found: Path = ()
        for step in location:
            parts = value if isinstance(value, Mapping) else dict(enumerate(value)) if isinstance(value, list) else {}
            if step in parts:
                found, value = (*found, step), parts[step]
        return found or ("definition",), value


def _asked(subject: _Subject, reader: Reader) -> Iterator[Diagnostic]:
    flow = subject.wanted.flow
    answer = reader.validate(_as_written(flow.definition), _as_written(flow.input_schema))
    findings = check(flow.definition.value, flow.input_schema.value)
    errors = [one for one in findings if one.severity is Severity.ERROR]
    match answer:
        case Problem():
            yield from _refused(subject, answer, errors)
        case Validated():
            if errors:
                yield _accepted(subject, errors)
            yield from _scopes(subject, answer)


def _as_written(body: Json) -> Json:
    """The body with `${...}` for what is not known before an apply; so no secret leaves with the question."""
    return replace_late(body, lambda name: f"${{{name}}}")


def _refused(subject: _Subject, problem: Problem, errors: Sequence[Finding]) -> Iterator[Diagnostic]:
    """The service's complaints; one about what flowdeck has found wrong too is told already."""
    whole = diagnostic_of(replace(problem, message=subject.words(problem.message)), subject.wanted.address)
    for detail in problem.details:
        path, value = subject.written(detail.location)
        if not any(_same(path, error.path) for error in errors):
            found = replace(whole, message=subject.words(detail.message), place=subject.at(path))
            yield _if_certain(subject, found, [value])
    if not problem.details:
        urls = [action.url for action in actions(subject.wanted.flow.definition.value)]
        yield _if_certain(subject, replace(whole, place=subject.at(("definition",))), urls)


def _if_certain(subject: _Subject, found: Diagnostic, values: Sequence[object]) -> Diagnostic:
    """The complaint; a warning where it may be about a text of which only an apply knows what it is."""
    late = [value for value in values if isinstance(value, str) and shown(value) != value]
    if not late:
        return found
    hint = f"`{subject.words(late[0])}` is known after an apply: ask again then"
    return replace(found, hint=hint, severity=Severity.WARNING)


def _same(path: Path, other: Path) -> bool:
    length = min(len(path), len(other))
    return path == other or (length >= _TO_A_STATE and path[:length] == other[:length])


def _accepted(subject: _Subject, errors: Sequence[Finding]) -> Diagnostic:
    codes = ", ".join(f"`{code}`" for code in dict.fromkeys(one.code for one in errors))
    return Diagnostic(
        "service-accepts",
        f"the service takes this definition, which flowdeck calls an error: {codes}",
        "please report the rule: one of the two is wrong, and flowdeck will not apply the flow",
        subject.at(errors[0].path),
        subject.wanted.address,
        Severity.WARNING,
    )


def _scopes(subject: _Subject, answer: Validated) -> Iterator[Diagnostic]:
    """Where the service and flowdeck know different scopes, and those that providers told to the service alone."""
    if answer.scopes is None:
        return
    expected = consents(_as_written(subject.wanted.flow.definition).value)
    told = Consents(frozenset((role, scope) for role, scopes in answer.scopes.items() for scope in scopes))
    for role in Consents(expected.known | told.known, expected.unknown).roles:
        (ours, providers), (theirs, _) = expected.of(role), told.of(role)
        whose = f"of {who(role)}"
        if fewer := _listed(ours - theirs):
            yield _scope_note(subject, role, f"flowdeck sees that runs need {fewer} {whose}, and the service does not")
        if (more := _listed(theirs - ours)) and not providers:
            yield _scope_note(subject, role, f"the service sees that runs need {more} {whose}, and flowdeck does not")
        elif more:
            message = f"runs need {more} {whose}, for {_listed(providers)}"
            yield _scope_note(subject, role, message, known=False)


def _scope_note(subject: _Subject, role: str, message: str, *, known: bool = True) -> Diagnostic:
    """A note at the first state of the role whose scope is known, or is not."""
    called = actions(subject.wanted.flow.definition.value)
    state = next((one.state for one in called if one.role == role and (one.scope is not None) == known), None)
    return Diagnostic(
        "scopes-differ" if known else "scope-resolved",
        message,
        "please report it: plans tell consents by what flowdeck knows" if known else "",
        subject.at(("definition",) if state is None else ("definition", "States", state)),
        subject.wanted.address,
        Severity.NOTE,
    )


def _listed(texts: frozenset[str]) -> str:
    """The texts in order; one with a reference in it cannot be compared."""
    return ", ".join(f"`{one}`" for one in sorted(texts) if "${" not in one)
