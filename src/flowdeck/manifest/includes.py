"""The manifest files of a project: flows.yaml and what it includes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flowdeck.manifest.files import File, Files
from flowdeck.manifest.layers import Source
from flowdeck.manifest.problem import Problem, Unusable, quoted
from flowdeck.manifest.text import shown
from flowdeck.model.diagnostic import Diagnostic, Place


@dataclass
class Gathered:
    """The sources in the order of their inclusion; not `complete` when a file among them cannot be used."""

    files: Files
    sources: list[Source] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    complete: bool = True
    seen: dict[Path, str] = field(default_factory=dict)

    def refuse(self, problem: Problem, place: Place) -> None:
        """Something that leaves the manifest incomplete."""
        self.diagnostics.append(problem.at(place))
        self.complete = False

    def read(self, resolved: Path, path: Path, named_at: Place) -> File | None:
        """A manifest file, that must be new."""
        if resolved in self.seen:
            message = f"{quoted(path.name)} is included twice; the first is {self.seen[resolved]}"
            self.refuse(Problem("included-twice", message, hint="include each file once"), named_at)
            return None
        self.seen[resolved] = f"at {named_at}" if self.seen else "flows.yaml itself"
        try:
            return self.files.read(resolved, path)
        except Unusable as error:
            self.refuse(error.at(()), named_at)
            return None


def gather(path: Path, files: Files) -> Gathered:
    """Read flows.yaml and, file by file, what it includes."""
    gathered = Gathered(files)
    pending = [gathered.read(_resolved(path), path, Place(shown(path)))]
    for file in pending:  # grows while it is read
        source = _source(file, gathered) if file else None
        if source is not None:
            pending += _included(source, gathered)
    return gathered


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # RuntimeError: links in a circle
        return path


def _source(file: File, gathered: Gathered) -> Source | None:
    gathered.diagnostics += file.diagnostics
    document = file.document
    if document is None:
        gathered.complete = False
        return None
    if not isinstance(document.value, dict):
        problem = Problem("wrong-type", "a manifest must be a mapping", hint="begin with `version: 1`")
        gathered.refuse(problem, document.place(()))
        return None
    source = Source(document, file.path.parent)
    gathered.sources.append(source)
    return source


def _included(source: Source, gathered: Gathered) -> Iterator[File | None]:
    patterns = source.document.value.get("include")
    if patterns is None:
        return
    if not isinstance(patterns, list) or not all(isinstance(one, str) for one in patterns):
        problem = Problem("wrong-type", "`include` must be a list of paths", hint="write `include: [flows/*.yaml]`")
        gathered.refuse(problem, source.document.place(("include",)))
        return
    for index, pattern in enumerate(patterns):
        place = source.document.place(("include", index))
        try:
            if "${" in pattern:
                raise Unusable("reference-not-allowed", "no reference can stand here", "write the path")
            written = gathered.files.matching(pattern, source.folder)
            if not written:
                raise Unusable("include-matches-nothing", f"{quoted(pattern)} matches no file", "correct or remove it")
            for one in written:
                resolved = gathered.files.locate(one, source.folder)
                yield gathered.read(resolved, source.folder / one, place)
        except Unusable as error:
            gathered.refuse(error.at(()), place)
