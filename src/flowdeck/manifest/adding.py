"""Live flows become part of a project: which files are written, and what flows.yaml says of them."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flowdeck.manifest.bodies import FOLDER
from flowdeck.manifest.declared import Declared
from flowdeck.manifest.edit import CannotEdit, has_mapping, with_entries, with_entry, with_items
from flowdeck.manifest.naming import as_listed, names
from flowdeck.manifest.writing import Change, Check, Unfit, write
from flowdeck.manifest.yaml_writing import block
from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import Invalid

_SUFFIX = ".yaml"
_ALL = f"{FOLDER}/*{_SUFFIX}"


@dataclass(frozen=True, slots=True)
class NewFlow:
    """A flow to declare: the values under its name, and the texts of the files in its folder."""

    name: str
    id: str
    values: Mapping[str, Any]
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Project:
    """Where flows are added: the manifest as the user names it, the environment they come from, what there is."""

    manifest: Path
    environment: str
    declared: Declared

    @property
    def folder(self) -> Path:
        """The project folder."""
        return self.manifest.parent

    def names(self, titles: Iterable[str], reserved: Collection[str]) -> list[str]:
        """Names for new flows that neither the manifest nor a file or folder has, and none of the reserved ones."""
        return names(titles, lambda name: name in reserved or name in self.declared.names or self.has_files(name))

    def has_files(self, name: str) -> bool:
        """Whether a file or folder that a flow of that name would have exists."""
        folder = self.folder / FOLDER
        return any(os.path.lexists(folder / f"{name}{suffix}") for suffix in ("", ".yaml", ".yml", ".json"))


def add(project: Project, flow: NewFlow, check: Check) -> None:
    """Write the flow into flows.yaml, and its files; all or nothing. Raises Invalid."""
    if (project.folder / FOLDER / flow.name).exists():
        message = f"the folder {FOLDER}/{flow.name}/ exists"
        raise Invalid(Diagnostic("already-there", message, "choose another name, or remove the folder"))

    def edited(text: str) -> str:
        if not _has_environment(text, project):
            return with_entry(text, ("flows", flow.name), {**flow.values, "id": flow.id})
        return _with_ids(with_entry(text, ("flows", flow.name), flow.values), project, [flow])

    try:
        write(_change(project, edited, _bodies(flow)), [flow.name], check)
    except Unfit as error:  # its places are in a draft, which is gone
        raise Invalid(*(replace(one, place=None) for one in error.diagnostics)) from None


def add_all(project: Project, flows: Sequence[NewFlow], check: Check) -> dict[str, str]:
    """Write a file for each flow, beside its folder; all or nothing. Raises Invalid.

    A flow that a manifest cannot declare is left out; these are returned by name, each with the reason.
    """
    unfit: dict[str, str] = {}
    while fit := [flow for flow in flows if flow.name not in unfit]:
        try:
            write(_together(project, fit), [flow.name for flow in fit], check)
            break
        except Unfit as error:
            unfit |= error.reasons
    return unfit


def _together(project: Project, flows: Sequence[NewFlow]) -> Change:
    within = not _has_environment(_text(project), project)
    files = {path: text for flow in flows for path, text in _bodies(flow).items()}
    entries = {f"{FOLDER}/{flow.name}{_SUFFIX}": _own_file(flow, with_id=within) for flow in flows}
    missing = sorted(entries.keys() - project.declared.matching(project.folder, entries), key=as_listed)
    # A pattern would include what lies there already and is no manifest, or is included by a line of its own.
    alone = len(missing) == len(entries) and not [*(project.folder / FOLDER).glob(f"*{_SUFFIX}")]

    def edited(text: str) -> str:
        text = with_items(text, "include", [_ALL] if alone else missing) if missing else text
        return text if within else _with_ids(text, project, flows)

    return _change(project, edited, files | entries)


def _own_file(flow: NewFlow, *, with_id: bool) -> str:
    values = {**flow.values, "id": flow.id} if with_id else flow.values
    beside = "definition and input schema are" if len(flow.files) > 1 else "definition is"
    lines = block({"flows": {flow.name: values or None}})
    return "\n".join([f"# The flow {flow.name}; its {beside} in {flow.name}/.", *lines]) + "\n"


def _bodies(flow: NewFlow) -> dict[str, str]:
    return {f"{FOLDER}/{flow.name}/{file}": text for file, text in flow.files.items()}


def _has_environment(text: str, project: Project) -> bool:
    """False for the implied sandbox, and for an environment that an included file declares."""
    return has_mapping(text, ("environments", project.environment))


def _with_ids(text: str, project: Project, flows: Iterable[NewFlow]) -> str:
    ids = {flow.name: {"id": flow.id} for flow in sorted(flows, key=lambda one: as_listed(one.name))}
    return with_entries(text, ("environments", project.environment, "flows"), ids)


def _text(project: Project) -> str:
    with project.manifest.open(encoding="utf-8", newline="") as file:  # line ends stay as they are
        return file.read()


def _change(project: Project, edit: Callable[[str], str], files: Mapping[str, str]) -> Change:
    try:
        text = _text(project)
        edited = edit(text)
        if project.manifest.suffix == ".json" and edited != text:
            raise CannotEdit("it is JSON")
    except CannotEdit as error:
        message = f"`{project.manifest.name}` cannot be edited: {error}"
        hint = "write the manifest as YAML, and `flows:` as a block"
        raise Invalid(Diagnostic("cannot-edit", message, hint)) from None
    return Change(project.manifest, edited, files)
