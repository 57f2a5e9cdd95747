"""Sample inputs beside definitions, checked against the input schemas of their flows."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from flowdeck.definition.kinds import kind_of
from flowdeck.definition.schemas.judge import STEPS, Judge, Untold
from flowdeck.manifest.document import Document
from flowdeck.manifest.files import SUFFIXES, Files
from flowdeck.manifest.problem import Path, Unusable, quoted
from flowdeck.manifest.text import shown
from flowdeck.model.diagnostic import Diagnostic, Place, Severity
from flowdeck.model.flow import address_of
from flowdeck.model.json_value import Json

STEM = "sample_input"
_MOST = 20


def alone(definitions: Mapping[str, Document]) -> dict[str, FilePath]:
    """The folders of definitions, by flow; without those of several definitions, whose sample nobody knows."""
    files = {document.file for document in definitions.values()}
    together = Counter(FilePath(file).parent for file in files)
    folders = {name: FilePath(document.file).parent for name, document in definitions.items()}
    return {name: folder for name, folder in folders.items() if together[folder] == 1}


def checked(files: Files, folder: FilePath, name: str, schema: Json | None) -> Iterator[Diagnostic]:
    """What is wrong with the sample inputs in a folder, as input of the flow; without a schema only as files."""
    for suffix in SUFFIXES:
        path = folder / f"{STEM}{suffix}"
        if not (path.exists() or path.is_symlink()):
            continue
        try:
            file = files.open(path.name, folder)
        except Unusable as error:
            yield error.at(()).at(Place(shown(path)))
            continue
        yield from file.diagnostics
        if file.document is not None and file.document.sound and schema is not None:
            for refused, message in _refused(file.document.value, schema):
                hint = "correct the sample, or the input schema"
                place = file.document.place(refused, key=True)
                yield Diagnostic("sample-input", message, hint, place, address_of(name), Severity.WARNING)


def _refused(sample: Any, schema: Json) -> Iterator[tuple[Path, str]]:
    """The places in a sample that the schema refuses, the first few, and why; none where that cannot be told."""
    if not isinstance(sample, dict):
        yield (), f"the input of a run is an object, and this is {kind_of(sample)}"
        return
    try:
        refusals = Judge(schema.value, STEPS + len(Json.of(sample).text)).refusals(sample)[:_MOST]
    except Untold:
        return
    for one in refusals:
        subject = quoted(".".join(str(step) for step in one.path)) if one.path else "the sample"
        yield one.path, f"the input schema refuses this: {subject} {one.predicate}"
