"""The two large values of a flow, definition and input_schema: inline, in a file, or in the flow's own folder."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path as FilePath
from typing import Any

from flowdeck.definition import check, check_shape
from flowdeck.manifest import language
from flowdeck.manifest.document import Document
from flowdeck.manifest.files import SUFFIXES, Files
from flowdeck.manifest.layers import WHOLE, Layers
from flowdeck.manifest.links import circles
from flowdeck.manifest.positions import exposed
from flowdeck.manifest.problem import Path, Problem, Unusable, listed
from flowdeck.manifest.references import Lookup, Reference, resolve
from flowdeck.manifest.text import shown
from flowdeck.model.diagnostic import Diagnostic, Place, Severity
from flowdeck.model.flow import address_of, private_parameters
from flowdeck.model.json_value import EMPTY_OBJECT, Json
from flowdeck.model.reference import has_late, late_references

FOLDER = "flows"


@dataclass(frozen=True, slots=True)
class Body:
    """A definition or schema in normal form; `document` is its own file, None for one that stands in the manifest.

    Nothing is known of the texts at `unknown` paths; what is not `sound` is no definition or schema at all.
    """

    json: Json
    document: Document | None = None
    unknown: frozenset[Path] = frozenset()
    sound: bool = True


_NOTHING = Body(EMPTY_OBJECT)


@dataclass
class Bodies:
    """The bodies of all flows, by flow and field, and what is wrong with them; a file of several flows is read once.

    `meaning` replaces the references in files; those in the manifest are replaced already.
    """

    files: Files
    layers: Layers
    meaning: Lookup
    found: dict[tuple[str, str], Body] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    _known: dict[tuple[str, str], Body] = field(default_factory=dict)

    @property
    def own_files(self) -> dict[tuple[str, str], Document]:
        """The documents of the bodies that do not stand in the manifest."""
        return {key: body.document for key, body in self.found.items() if body.document}

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that are used."""
        marks = [
            mark for body in self.found.values() if has_late(body.json) for mark in late_references(body.json.value)
        ]
        return frozenset(mark.removeprefix("secret.") for _, mark in marks if mark.startswith("secret."))

    def collect(self, flows: Mapping[str, Any], unknown: frozenset[Path]) -> None:
        """Find and check both bodies of each flow; nothing is known of the texts at `unknown` paths."""
        for name, flow in flows.items():
            if isinstance(flow, dict) or flow is None:
                self._of_flow(name, flow or {}, unknown)
        self.diagnostics += circles({key: body.json for key, body in self.found.items()}, self._place)

    def check(self) -> None:
        """Ask the rules of the flow language; flows that share both files are checked once."""
        seen: set[tuple[Json, Json]] = set()
        for name, what in self.found:
            definition, schema = self.found[name, what], self.found.get((name, "input_schema"), _NOTHING)
            pair = definition.json, schema.json
            if what == "definition" and definition.sound and pair not in seen:
                seen.add(pair)
                unknown = definition.unknown | schema.unknown
                findings = check(definition.json.value, schema.json.value if schema.sound else {})
                # What follows from a text that is not known is not known either.
                known = [one for one in findings if not any(one.path == path[2:] for path in unknown)]
                certain = [one for one in known if one.severity is Severity.ERROR or not unknown]
                self.diagnostics += language.told(certain, name, partial(self._at, name))
        self.diagnostics += self._samples()

    def _samples(self) -> Iterator[Diagnostic]:
        """What is wrong with the sample inputs beside definitions; flows that share both files have it told once."""
        from flowdeck.manifest import samples  # noqa: PLC0415 (validate asks, plans do not)

        definitions = {name: one.document for (name, what), one in self.found.items() if what == "definition"}
        seen: set[tuple[FilePath, Json | None]] = set()
        for name, folder in samples.alone({name: one for name, one in definitions.items() if one}).items():
            schema = self.found.get((name, "input_schema"), _NOTHING)
            known = schema.json if schema.sound and not schema.unknown else None
            if (folder, known) not in seen:
                seen.add((folder, known))
                yield from samples.checked(self.files, folder, name, known)

    def _at(self, name: str, path: Path) -> Place:
        return self._place(name, str(path[0]), path[1:], key=True)

    def _place(self, name: str, what: str, path: Path, *, key: bool = False) -> Place:
        body = self.found.get((name, what))
        if body and body.document:
            return body.document.place(path, key=key)
        return self.layers.place(("flows", name, what, *path), key=key)

    def _of_flow(self, name: str, flow: Mapping[str, Any], unknown: frozenset[Path]) -> None:
        for what in WHOLE:
            path: Path = ("flows", name, what)
            written = flow.get(what)
            if isinstance(written, dict):
                self.found[name, what] = self._checked(name, what, written, None, unknown)
            elif isinstance(written, str) and path not in unknown:
                self._from_file(name, what, written, self.layers.folder(path))
            elif what not in flow:
                self._from_folder(name, what)
        if flow.get("definition") is None and (name, "definition") not in self.found:
            hint = f"add `definition:`, or the file {FOLDER}/{name}/definition.json"
            self._report(
                Problem("definition-missing", f"flow `{name}` has no definition", ("flows", name), hint, True), name
            )

    def _report(self, problem: Problem, name: str, place: Place | None = None) -> None:
        address = address_of(name)
        place = place or self.layers.place(problem.path, key=problem.at_key)
        self.diagnostics.append(
            Diagnostic(problem.code, problem.message, problem.hint, place, address, problem.severity)
        )

    def _from_folder(self, name: str, what: str) -> None:
        present = self.files.names_in(f"{FOLDER}/{name}")
        here = [f"{FOLDER}/{name}/{what}{suffix}" for suffix in SUFFIXES if f"{what}{suffix}" in present]
        if len(here) > 1:
            message = f"flow `{name}` has several files: {listed(here)}"
            self._report(Problem("several-files", message, ("flows", name), "keep one of them", True), name)
            self.found[name, what] = Body(EMPTY_OBJECT, sound=False)
        for written in here[:1] if len(here) == 1 else ():
            self._from_file(name, what, written, self.files.folder)

    def _from_file(self, name: str, what: str, written: str, folder: FilePath) -> None:
        self.found[name, what] = Body(EMPTY_OBJECT, sound=False)
        try:
            file = self.files.open(written, folder)
        except Unusable as error:
            self._report(error.at(("flows", name, what)), name)
            return
        self.diagnostics += file.diagnostics
        if file.document is not None:
            key = (file.document.file, what)
            if key not in self._known:
                self._known[key] = self._checked(name, what, file.document.value, file.document)
            self.found[name, what] = self._known[key]

    def _checked(
        self, name: str, what: str, value: Any, document: Document | None, unknown: frozenset[Path] = frozenset()
    ) -> Body:
        around: Path = ("flows", name, what)

        def place(path: Path, *, key: bool) -> Place:
            return document.place(path, key=key) if document else self.layers.place((*around, *path), key=key)

        json = Json.of(value)
        if document and ("${" in json.text or "\\u0000" in json.text):
            resolved = resolve(value, self.meaning, around)
            value, unknown = resolved.value, resolved.unknown
            json = Json.of(value)
            for problem in resolved.problems:
                self._report(problem, name, place(problem.path[len(around) :], key=False))
        for path, secret in _exposed(json):
            error = exposed(secret)
            self._report(Problem(error.code, error.message, hint=error.hint), name, place(path, key=False))
        misshapen = check_shape(value) if what == "definition" else ()
        self.diagnostics += language.told(misshapen, name, lambda path: place(path[1:], key=True))
        if what == "input_schema" and not isinstance(value, dict):
            problem = Problem(
                "input-schema-shape", "an input schema must be a mapping", hint="begin with `type: object`"
            )
            self._report(problem, name, place((), key=False))
        return Body(json, document, unknown, sound=not misshapen and isinstance(value, dict))


def _exposed(body: Json) -> Iterator[tuple[Path, Reference]]:
    """The secrets in a body that are in no private parameter."""
    if not has_late(body):
        return
    private = private_parameters(body.value)
    for path, mark in late_references(body.value):
        kind, _, name = mark.partition(".")
        if kind == "secret" and not any(path[:length] in private for length in range(1, len(path) + 1)):
            yield path, Reference(kind, name)


def strays(files: Files, names: frozenset[str]) -> list[Diagnostic]:
    """Warnings for folders that hold a definition and have no flow."""
    wrong: list[Diagnostic] = []
    for suffix in SUFFIXES:
        for path in sorted((files.root / FOLDER).glob(f"*/definition{suffix}")):
            name = path.parent.name
            if name not in names:
                message = f"the folder `{FOLDER}/{name}` has no flow `{name}` in the manifest"
                hint = f"add `{name}:` to `flows`, or remove the folder"
                problem = Problem("folder-without-flow", message, hint=hint, severity=Severity.WARNING)
                wrong.append(problem.at(Place(shown(files.folder / FOLDER / name / path.name))))
    return wrong


def without(value: Any) -> Any:
    """The manifest's value, or an environment's, without any definition and input_schema."""
    if not isinstance(value, dict):
        return value
    kept = dict(value)
    if isinstance(flows := value.get("flows"), dict):
        kept["flows"] = {
            name: {key: item for key, item in flow.items() if key not in WHOLE} if isinstance(flow, dict) else flow
            for name, flow in flows.items()
        }
    if isinstance(environments := value.get("environments"), dict):
        kept["environments"] = {name: without(environment) for name, environment in environments.items()}
    return kept
