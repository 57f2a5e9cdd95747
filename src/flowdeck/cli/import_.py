"""flowdeck import: manifest and files for live flows."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import click

from flowdeck import manifest
from flowdeck.cli.connection import connection
from flowdeck.cli.door import Door, options
from flowdeck.cli.exit_codes import Exit
from flowdeck.cli.project import opened
from flowdeck.manifest.adding import Project, add, add_all
from flowdeck.manifest.declared import declared
from flowdeck.manifest.naming import as_listed
from flowdeck.model.diagnostic import Diagnostic, Diagnostics, Severity
from flowdeck.model.errors import Invalid, Misused
from flowdeck.model.flow import private_parameters
from flowdeck.model.imported import Importable, Skipped
from flowdeck.model.live import ADMINISTRATOR, OWNER, LiveFlow
from flowdeck.model.marker import NAME
from flowdeck.render import import_text
from flowdeck.render.manifest_entry import entry
from flowdeck.service.globus import GlobusReader
from flowdeck.workflow.importing import importable, importable_flows
from flowdeck.workflow.looking import Loaded

_ROLES = {"owner": OWNER, "administrator": ADMINISTRATOR}


@click.command()
@options("text")
@click.argument("flow_id", metavar="[FLOW_ID]", type=click.UUID, required=False)
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--all", "everything", is_flag=True, help="Every flow that you administer and that nobody declares.")
@click.option("--role", type=click.Choice(list(_ROLES)), help="With --all: only flows in which you have this role.")
def command(door: Door, flow_id: object | None, name: str | None, everything: bool, role: str | None) -> int:
    """Write manifest and files for live flows, so that the next apply adopts them.

    With FLOW_ID and NAME, one flow: its definition goes to flows/NAME/, its entry into flows.yaml. With --all, every
    flow that you administer, each into a file of its own. The comments and the order of flows.yaml stay as they are.
    A flow that carries this environment's marker and is not declared keeps its name: NAME can be left out.
    """
    if everything and flow_id:
        raise click.UsageError("--all takes no FLOW_ID: it imports every flow.")
    if role and not everything:
        raise click.UsageError("--role goes with --all.")
    if everything:
        return _every(door, _ROLES[role] if role else None)
    if not flow_id:
        raise click.UsageError("Name a flow and what to call it, FLOW_ID NAME, or import them --all.")
    return _one(door, str(flow_id), name)


def _one(door: Door, id: str, wished: str | None) -> int:
    loaded = opened(door, definitions=False)
    project = _project(door, loaded)
    if wished:
        _check_name(loaded, project, wished)
    with connection(door, loaded.manifest) as access:
        found = importable(loaded, GlobusReader(access), id, wished)
    [live] = found.flows
    name = wished or found.names.get(live.id)
    if not name:
        raise click.UsageError("The flow has no name yet: say what to call it, FLOW_ID NAME.")
    _check_name(loaded, project, name)
    add(project, entry(live, name, found.called), lambda path, definitions: _errors(door, path, definitions))
    door.warn(_secrets([(name, live)]))
    door.say(f"Wrote flow.{name} into the manifest, and flows/{name}/.")
    door.tell(_next(found, [live]))
    return Exit.DONE


def _every(door: Door, role: str | None) -> int:
    loaded = opened(door, definitions=False)
    project = _project(door, loaded)
    with connection(door, loaded.manifest) as access:
        found = importable_flows(loaded, GlobusReader(access), role, project.declared.ids)
    named, nameless = _named(project, found)
    entries = [entry(live, name, found.called) for name, live in named]
    unfit = add_all(project, entries, lambda path, definitions: _errors(door, path, definitions))
    written = sorted((one for one in named if one[0] not in unfit), key=lambda one: as_listed(one[0]))
    left = [Skipped(live, unfit[name]) for name, live in named if name in unfit]
    door.warn(_secrets(written))
    door.say(import_text.imported(written, (*found.skipped, *nameless, *left), found.managed))
    door.tell(_next(found, [live for _, live in written]))
    return Exit.DONE


def _named(project: Project, found: Importable) -> tuple[list[tuple[str, LiveFlow]], list[Skipped]]:
    """The flows by the name that they have, or by one made of the title; and those whose own name is not free."""
    reasons = {id: _not_free(project, name) for id, name in found.names.items()}
    left = [Skipped(live, reason) for live in found.flows if (reason := reasons.get(live.id))]
    titles = (live.flow.title for live in found.flows if live.id not in found.names)
    new = iter(project.names(titles, set(found.names.values())))
    named = [(found.names.get(live.id) or next(new), live) for live in found.flows if not reasons.get(live.id)]
    return named, left


def _not_free(project: Project, name: str) -> str:
    if name in project.declared.names:
        return f"flow.{name} is declared for another environment: declare it for this one too"
    return f"flows/{name} is there already: move it away" if project.has_files(name) else ""


def _next(found: Importable, written: list[LiveFlow]) -> str:
    if adopted := sum(live.id not in found.names for live in written):
        return f"Next: flowdeck plan shows the adoption{'s' if adopted > 1 else ''}"
    return "Next: flowdeck plan compares the files with what is live" if written else ""


def _project(door: Door, loaded: Loaded) -> Project:
    path = manifest.find(door.file)
    return Project(path, loaded.manifest.environment, declared(path))


def _check_name(loaded: Loaded, project: Project, name: str) -> None:
    if not NAME.fullmatch(name):
        raise Misused(
            Diagnostic("invalid-name", f"`{name}` cannot name a flow", "use lower-case letters, digits and hyphens")
        )
    if name in project.declared.names or any(flow.name == name for flow in loaded.manifest.flows):
        message = f"flow.{name} is declared already"
        raise Invalid(Diagnostic("duplicate-flow", message, "choose another name", loaded.manifest.places.of(name)))


def _errors(door: Door, path: Path, definitions: bool) -> Diagnostics:
    """What is wrong with a manifest that is read as the command's own is."""
    try:
        opened(replace(door, file=str(path)), definitions=definitions)
    except Invalid as error:
        return tuple(one for one in error.diagnostics if one.severity is Severity.ERROR)
    return ()


def _secrets(flows: Iterable[tuple[str, LiveFlow]]) -> list[Diagnostic]:
    counts = {name: len(private_parameters(live.flow.definition.value)) for name, live in flows}
    return [_secret(name, count) for name, count in counts.items() if count]


def _secret(name: str, count: int) -> Diagnostic:
    hint = "keep the file out of version control, or change the secret after removing it"
    parameters = f"{count} private parameter{'' if count == 1 else 's'}"
    message = f"flows/{name}/definition.json now holds {parameters} in clear text"
    return Diagnostic("secret-imported", message, hint, address=f"flow.{name}", severity=Severity.WARNING)
