"""Import of everything: a service that people filled by hand becomes a project that a person would have written."""

import json
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from projects import DEFINITION, Command, Ran
from worlds import IDS, POLICIES, SEED, SUBSCRIPTION, URNS, World, only, opened

from flowdeck.cli import import_
from flowdeck.manifest import writing

CLI = Path(
    os.environ.get("FLOWDECK_TEST_GLOBUS_CLI") or Path(__file__).parents[1] / ".venv-globus-cli" / "bin" / "globus"
)

ADA = "urn:globus:auth:identity:00000000-0000-4000-9000-00000000ada0"
CLIENT = "urn:globus:auth:identity:00000000-0000-4000-9000-0000000000c1"
UNKNOWN = "urn:globus:auth:identity:00000000-0000-4000-9000-00000000dead"
STAFF, TWIN, OTHERS = (f"urn:globus:groups:id:00000000-0000-4000-a000-00000000000{one}" for one in "234")
PEOPLE: dict[str, Any] = {
    "identities": [
        *SEED["identities"],
        {"id": ADA[-36:], "username": "ada@example.edu", "name": "Ada"},
        {"id": CLIENT[-36:], "username": f"{CLIENT[-36:]}@clients.auth.globus.org"},
    ],
    "groups": [
        *SEED["groups"],
        {"id": STAFF[-36:], "name": "Beamline Staff", "members": ["me@example.org"]},
        {"id": TWIN[-36:], "name": "Twins", "members": ["me@example.org"]},
        {"id": "00000000-0000-4000-a000-000000000009", "name": "Twins", "members": ["me@example.org"]},
        {"id": OTHERS[-36:], "name": "Others", "members": ["stranger@example.org"]},
    ],
    "subscriptions": [{"id": SUBSCRIPTION, "name": "University", "members": ["me@example.org"]}],
}
START = """\
# The flows of the beamline.
version: 1
project: lab   # enters the markers
default_environment: test

environments:
  test:
    service: globus
  # Nobody has production yet.

principals:
  crew: group:00000000-0000-4000-a000-000000000001   # the night shift
"""
WAIT = {"StartAt": "W", "States": {"W": {"End": True, "Seconds": 1, "Type": "Wait"}}}
TRANSFER = {
    "States": {
        "Done": {"End": True, "Type": "Pass"},
        "Failed": {"Cause": "No way", "Error": "Transfer", "Type": "Fail"},
        "Transfer": {
            "Catch": [{"Next": "Failed", "ErrorEquals": ["States.ALL"]}],
            "Next": "Large",
            "WaitTime": 600,
            "Parameters": {"source_endpoint.$": "$.input.source", "DATA": [{"source_path.$": "$.input.path"}]},
            "ActionUrl": "https://transfer.actions.globus.org/transfer",
            "ResultPath": "$.Transfer",
            "Type": "Action",
        },
        "Large": {
            "Default": "Done",
            "Choices": [{"Next": "Done", "NumericGreaterThan": 9, "Variable": "$.Transfer.files"}],
            "Type": "Choice",
        },
    },
    "StartAt": "Transfer",
    "Comment": "Moves data",
}
PRIVATE = {
    "StartAt": "A",
    "States": {"A": {"Type": "Pass", "Parameters": {"__Private_Parameters": ["key"], "key": "CANARY"}, "End": True}},
}
SCHEMA = {"required": ["source"], "additionalProperties": False, "properties": {"source": {"type": "string"}}}
SCHEMA |= {"type": "object"}
MARKDOWN = "# Two hops\n\nFirst to staging, then on:\n\n  * copy\n  * check: yes\n"
LONG = "Moves the data of one experiment to where it is kept, " * 4 + "and tells its owner about it when all is there."
# What globus-cli is told, flow by flow.
BY_HAND: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "Two-hop transfer",
        TRANSFER,
        [
            *("--input-schema", json.dumps(SCHEMA), "--subtitle", "Source to destination, through staging"),
            *("--description", MARKDOWN, "--keyword", "transfer", "--keyword", "beamline", "--viewer", "public"),
            *("--starter", "all_authenticated_users", "--administrator", ADA, "--administrator", STAFF),
            *("--run-manager", CLIENT, "--run-monitor", URNS["colleague"]),
            *("--run-monitor", SEED["groups"][0]["id"].join(("urn:globus:groups:id:", "")), "--run-monitor", UNKNOWN),
            *("--run-monitor", TWIN, "--run-monitor", OTHERS, "--subscription-id", SUBSCRIPTION),
        ],
    ),
    ("plain", WAIT, []),
    ("Ärger mit Größe: Straße №1", WAIT, ["--description", LONG, "--keyword", "012", "--keyword", "on"]),
    ("数据传输", WAIT, ["--subtitle", "on"]),
    ("On", WAIT, ["--description", "one line\n"]),
    ("With a secret", PRIVATE, ["--starter", ADA]),
    ("Assured", WAIT, ["--authentication-policy-id", POLICIES[0]]),
    ("A title of many words that goes on and on until nobody reads it any more", WAIT, ["--viewer", STAFF]),
    *((f"Sample {number}", DEFINITION, ["--starter", STAFF, "--keyword", f"s{number}"]) for number in range(20)),
]
TWINS = [("Nightly copy", WAIT, ["--subtitle", "first"]), ("Nightly copy", WAIT, ["--subtitle", "second"])]

TWO_HOP = f"""\
# The flow two-hop-transfer; its definition and input schema are in two-hop-transfer/.
flows:
  two-hop-transfer:
    title: Two-hop transfer
    subtitle: Source to destination, through staging
    description: |
      # Two hops

      First to staging, then on:

        * copy
        * check: yes
    keywords: [beamline, transfer]
    permissions:
      - viewers: [public]
        starters: [all_authenticated_users]
        administrators: [ada@example.edu, group:Beamline Staff]
        run_managers: [identity:{CLIENT[-36:]}]
        run_monitors:
          - colleague@example.org
          - crew
          - group:{TWIN[-36:]}
          - group:{OTHERS[-36:]}
          - identity:{UNKNOWN[-36:]}
    subscription: {SUBSCRIPTION}
"""
STREET = """\
# The flow arger-mit-grosse-strasse-no1; its definition is in arger-mit-grosse-strasse-no1/.
flows:
  arger-mit-grosse-strasse-no1:
    title: 'Ärger mit Größe: Straße №1'
    description: >-
      Moves the data of one experiment to where it is kept, Moves the data of one experiment to
      where it is kept, Moves the data of one experiment to where it is kept, Moves the data of one
      experiment to where it is kept, and tells its owner about it when all is there.
    keywords: ['012', 'on']
"""
SAMPLE = """\
# The flow sample-7; its definition is in sample-7/.
flows:
  sample-7:
    title: Sample 7
    keywords: [s7]
    permissions:
      - starters: [group:Beamline Staff]
"""
PLAIN = """\
# The flow plain; its definition is in plain/.
flows:
  plain:
"""
DEFINITION_TEXT = """\
{
  "Comment": "Moves data",
  "StartAt": "Transfer",
  "States": {
    "Transfer": {
      "Type": "Action",
      "ActionUrl": "https://transfer.actions.globus.org/transfer",
      "Parameters": {
        "DATA": [
          {
            "source_path.$": "$.input.path"
          }
        ],
        "source_endpoint.$": "$.input.source"
      },
      "ResultPath": "$.Transfer",
      "WaitTime": 600,
      "Catch": [
        {
          "ErrorEquals": ["States.ALL"],
          "Next": "Failed"
        }
      ],
      "Next": "Large"
    },
    "Large": {
      "Type": "Choice",
      "Choices": [
        {
          "Variable": "$.Transfer.files",
          "NumericGreaterThan": 9,
          "Next": "Done"
        }
      ],
      "Default": "Done"
    },
    "Done": {
      "Type": "Pass",
      "End": true
    },
    "Failed": {
      "Type": "Fail",
      "Error": "Transfer",
      "Cause": "No way"
    }
  }
}
"""


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch, PEOPLE) as world:
        (project / "flows.yaml").write_text(START)
        yield world


def files(folder: Path) -> dict[str, str]:
    """Everything in the project, as text."""
    return {one.relative_to(folder).as_posix(): one.read_text() for one in folder.rglob("*") if one.is_file()}


def folders(folder: Path) -> set[str]:
    return {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_dir()}


def imported(world: World, *arguments: str) -> Ran:
    """An import of everything, that writes nothing to the service."""
    world.emulator.clear_requests()
    ran = world.flowdeck("import", "--all", *arguments)
    assert ran.code == 0, ran
    assert world.writes() == []
    return ran


def only_adoptions(world: World, number: int) -> None:
    """The plan adopts so many flows and changes nothing else; after it nothing is left to do."""
    assert world.flowdeck("validate").code == 0
    changes = world.plan()["changes"]
    assert {(one["action"], json.dumps(one["fields"]), json.dumps(one["roles"])) for one in changes} == {
        ("adopt", "[]", "{}")
    }
    assert len(changes) == number
    world.apply()
    world.settled()


def names(world: World) -> dict[str, str]:
    """The names of the flows in flows.yaml's environment, by id."""
    read = yaml.safe_load((world.folder / "flows.yaml").read_text())
    return {one["id"]: name for name, one in read["environments"]["test"]["flows"].items()}


def fill(world: World, home: Path) -> None:
    """Thirty flows, made by globus-cli; those of equal titles one after the other."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **world.emulator.environment()}

    def make(flows: list[tuple[str, Any, list[str]]]) -> None:
        for title, definition, arguments in flows:
            command = [str(CLI), "flows", "create", title, json.dumps(definition), *arguments, "--format", "json"]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, done.stderr

    make(TWINS)  # alone: the first globus-cli of a home makes its own storage, which two at once cannot
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, [[one] for one in BY_HAND]))


@pytest.mark.skipif(not CLI.exists(), reason=f"globus-cli is not installed at {CLI}: `make test` does that")
@pytest.mark.timeout(300)
def test_thirty_flows_of_the_cli(world: World, tmp_path: Path) -> None:
    """What globus-cli made becomes a project whose text a person would have written, and whose plan only adopts."""
    fill(world, tmp_path)
    ran = imported(world)
    assert "Imported 30 flows" in ran.out
    assert ran.err.count("secret-imported") == 1
    assert "CANARY" not in ran.out + ran.err
    written = files(world.folder)
    assert written["flows/two-hop-transfer.yaml"] == TWO_HOP
    assert written["flows/arger-mit-grosse-strasse-no1.yaml"] == STREET
    assert written["flows/sample-7.yaml"] == SAMPLE
    assert written["flows/plain.yaml"] == PLAIN
    assert written["flows/two-hop-transfer/definition.json"] == DEFINITION_TEXT
    assert list(json.loads(written["flows/two-hop-transfer/input_schema.json"])) == [
        *("type", "properties", "required", "additionalProperties")
    ]
    assert {"assured", "flow", "on", "plain", "with-a-secret", "nightly-copy", "nightly-copy-2"} < set(
        names(world).values()
    )
    assert "a-title-of-many-words-that-goes-on-and-on-until" in names(world).values()
    samples = [name for name in names(world).values() if name.startswith("sample-")]
    assert samples == [f"sample-{number}" for number in range(20)]
    assert "subtitle: second" in written["flows/nightly-copy-2.yaml"]
    assert_kept(written["flows.yaml"])
    only_adoptions(world, 30)
    assert "Nothing to import.\n30 flows of this environment are managed already." in imported(world).out


def assert_kept(after: str) -> None:
    """Every line of the manifest is there, in the old order, and the new lines stand where a person looks for them."""
    rest = iter(after.splitlines())
    assert all(line in rest for line in START.splitlines())
    assert "default_environment: test\ninclude: [flows/*.yaml]\n\nenvironments:\n" in after
    assert "    service: globus\n    flows:\n      " in after
    assert "}\n  # Nobody has production yet.\n" in after


def test_the_roles_of_the_identity(world: World) -> None:
    """`--role` narrows the import to flows in which the identity has that role; without it both count."""
    own = world.make(title="own")["id"]
    lent = world.make("colleague", "lent", flow_administrators=[URNS["me"]])["id"]
    by_group = world.make("colleague", "by group", flow_administrators=[STAFF])["id"]
    world.make("colleague", "seen", flow_viewers=["public"])
    imported(world, "--role", "administrator")
    assert set(names(world)) == {lent, by_group}
    imported(world, "--role", "owner")
    assert set(names(world)) == {own, lent, by_group}
    only_adoptions(world, 3)


def test_nothing_to_import(world: World) -> None:
    """Where there is nothing to import the command says so, ends with 0 and changes no file."""
    before = files(world.folder)
    assert imported(world).out == "Nothing to import.\n"
    assert files(world.folder) == before


def test_what_is_left_alone(world: World) -> None:
    """Flows that a project has, or that none can declare, are left, each with its reason; the others are imported."""
    foreign = world.make(title="foreign", keywords=["flowdeck:other/test/x"])["id"]
    declared = world.make(title="declared")["id"]
    reserved = world.make(title="reserved", keywords=["flowdeck rocks"])["id"]
    crowded = world.make(title="crowded", keywords=["k" * 1000])["id"]
    hidden = world.make(title="hidden", authentication_policy_id=POLICIES[0])["id"]
    world.make(title="fine")
    text = START + f"\nflows:\n  mine: {{id: {declared.upper()}, title: declared, definition: here.json}}\n"
    (world.folder / "here.json").write_text(json.dumps(DEFINITION))
    (world.folder / "flows.yaml").write_text(text)
    world.emulator.inject({"fault": "status", "status": 404, "times": 9, "when": {"path": f"/flows/{hidden}"}})
    said = imported(world).out
    world.emulator.clear_faults()
    for id, reason in (
        (foreign, "`other/test/x`"),
        (declared, "flow.mine is declared with its id"),
        (reserved, "`flowdeck` are flowdeck's own"),
        (crowded, "the keywords have 1000 characters"),
        (hidden, "does not show its definition"),
    ):
        assert [reason in line for line in said.splitlines() if id in line] == [True], said
    assert list(names(world).values()) == ["fine"]
    only_adoptions(world, 2)


@pytest.mark.parametrize(
    "arguments",
    ["", f"--all {IDS['me']}", f"--all {IDS['me']} name", "--role owner", "--all --role x"],
)
def test_misuse(world: World, arguments: str) -> None:
    """A command line that names no flow, or both one and all, ends with 64."""
    ran = world.flowdeck("import", *arguments.split())
    assert (ran.code, ran.out) == (64, "")
    assert "Usage:" in ran.err


def test_names_keep_clear(world: World) -> None:
    """No name is one that is declared in any environment, was one before, or is that of a file or folder."""
    for title in ("Declared", "There only", "Former", "A folder", "A file", "Free"):
        world.make(title=title)
    (world.folder / "here.json").write_text(json.dumps(DEFINITION))
    (world.folder / "flows.yaml").write_text(
        START.replace(
            "  # Nobody", "  prod: {service: globus, flows: {there-only: {definition: here.json}}}\n  # Nobody"
        )
        + "flows:\n  declared: {definition: here.json, moved_from: former}\n"
    )
    (world.folder / "flows" / "a-folder").mkdir(parents=True)
    (world.folder / "flows" / "a-file.json").write_text("{}")
    imported(world)
    assert set(names(world).values()) == {"declared-2", "there-only-2", "former-2", "a-folder-2", "a-file-2", "free"}
    assert world.flowdeck("validate").code == 0
    assert world.flowdeck("validate", "-e", "prod").code == 0


def test_the_same_input_gives_the_same_bytes(world: World) -> None:
    """A second import into the same old manifest writes the same files."""
    for title in ("Same", "Same", "same", "Other"):
        world.make(title=title, flow_viewers=[ADA, STAFF, TWIN])
    imported(world)
    first = files(world.folder)
    for one in sorted((world.folder / "flows").rglob("*"), reverse=True):
        one.rmdir() if one.is_dir() else one.unlink()
    (world.folder / "flows").rmdir()
    (world.folder / "flows.yaml").write_text(START)
    imported(world)
    assert files(world.folder) == first


@pytest.mark.parametrize(
    ("include", "before", "after"),
    [
        ("include: [flows/*.yaml]   # all", {"flows/old.yaml": "flows: {old: {definition: ../here.json}}\n"}, None),
        ("include: ['flows/**/*.yaml']", {"flows/sub/old.yaml": "flows: {old: {definition: ../../here.json}}\n"}, None),
        (
            "include:\n  - more.yaml   # first\n# between\n",
            {"more.yaml": "flows: {old: {definition: here.json}}\n"},
            ["more.yaml", "flows/*.yaml"],
        ),
        (
            "include: [flows/old.yaml]",
            {"flows/old.yaml": "flows: {old: {definition: ../here.json}}\n"},
            ["flows/old.yaml", "flows/one.yaml", "flows/two.yaml"],
        ),
        ("include: []   # none", {}, ["flows/*.yaml"]),
        ("include:", {}, ["flows/*.yaml"]),
        (
            "",
            {"flows/one/definition.yaml": "StartAt: x\n", "flows/data.yaml": "- 1\n"},
            ["flows/one-2.yaml", "flows/two.yaml"],
        ),
    ],
    ids=["matches", "matches deep", "block", "one by one", "empty", "null", "a file that is no manifest"],
)
def test_includes(world: World, include: str, before: dict[str, str], after: list[str] | None) -> None:
    """An include that matches is left as it is; else one is added, that matches nothing but the new files."""
    for name, text in before.items():
        (world.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (world.folder / name).write_text(text)
    (world.folder / "here.json").write_text(json.dumps(DEFINITION))
    text = START.replace("default_environment: test\n", f"default_environment: test\n{include}\n")
    (world.folder / "flows.yaml").write_text(text)
    world.make(title="One")
    world.make(title="Two")
    imported(world)
    written = (world.folder / "flows.yaml").read_text()
    assert yaml.safe_load(written)["include"] == (after or yaml.safe_load(text)["include"])
    assert [line for line in text.splitlines() if "#" in line and line not in written.splitlines()] == (
        ["include: []   # none"] if include.startswith("include: []") else []
    )
    assert {one["action"] for one in world.plan("one*", "two")["changes"]} == {"adopt"}


def test_without_a_mapping_of_environments(world: World) -> None:
    """Where flows.yaml has no mapping of the environment, the id stands in the flow's own file."""
    (world.folder / "env.yaml").write_text("environments: {test: {service: globus}}\n")
    (world.folder / "flows.yaml").write_text("version: 1\nproject: lab\ninclude: [env.yaml]\n")
    id = world.make(title="A flow")["id"]
    imported(world)
    assert f"    id: {id}\n" in (world.folder / "flows" / "a-flow.yaml").read_text()
    assert (world.folder / "flows.yaml").read_text() == (
        "version: 1\nproject: lab\ninclude: [env.yaml, flows/*.yaml]\n"
    )
    only_adoptions(world, 1)


def test_aliases(world: World) -> None:
    """A principal has the name that the manifest gives it, whether that is given by id, by username or by group."""
    text = START + "  boss: ada@example.edu\n  us: group:Beamline Staff\n  robot: identity:" + CLIENT[-36:] + "\n"
    (world.folder / "flows.yaml").write_text(text)
    world.make(title="a", flow_viewers=[ADA, STAFF, CLIENT, URNS["colleague"]])
    imported(world)
    assert "viewers: [boss, colleague@example.org, robot, us]" in (world.folder / "flows" / "a.yaml").read_text()
    only_adoptions(world, 1)


def test_principals_are_looked_up_in_batches(world: World) -> None:
    """However many flows there are, names are asked for once in each direction."""
    for number in range(8):
        world.make(title=f"flow {number}", flow_viewers=[ADA, URNS["colleague"]], flow_starters=[STAFF])
    imported(world)
    asked = [one.path for one in world.emulator.requests()]
    assert sum("identities" in path for path in asked) == 2
    assert sum("my_groups" in path for path in asked) == 2


def test_a_service_that_tells_no_names(world: World) -> None:
    """Where names cannot be looked up, ids are written."""
    world.make(title="a", flow_viewers=[ADA, STAFF])
    for path in ("/v2/api/identities", "/v2/groups/my_groups"):
        world.emulator.inject({"fault": "status", "status": 403, "times": 99, "when": {"path": path}})
    imported(world)
    world.emulator.clear_faults()
    written = yaml.safe_load((world.folder / "flows" / "a.yaml").read_text())
    assert written["flows"]["a"]["permissions"] == [{"viewers": [f"group:{STAFF[-36:]}", f"identity:{ADA[-36:]}"]}]
    only_adoptions(world, 1)


def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def interrupt(where: str, after: int) -> Callable[[pytest.MonkeyPatch], None]:
    """Ctrl-C at a call of a method of Path, in what writes."""

    def arrange(monkeypatch: pytest.MonkeyPatch) -> None:
        calls = iter(range(after + 1))
        real = getattr(Path, where)

        def method(self: Path, *arguments: Any, **named: Any) -> Any:
            if ".flowdeck-import-" in str(self) and next(calls, None) == after:
                raise KeyboardInterrupt
            return real(self, *arguments, **named)

        monkeypatch.setattr(writing.Path, where, method)

    return arrange


def while_it_is_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    def errors(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(import_, "_errors", errors)


TROUBLE: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], int]] = {
    "a full disk": (full_disk, 1),
    "interrupted while files are written": (interrupt("write_text", 3), 130),
    "interrupted at the first file": (interrupt("rename", 0), 130),
    "interrupted among the files": (interrupt("rename", 4), 130),
    "interrupted while it is proved": (while_it_is_proved, 130),
    "interrupted before the manifest": (interrupt("replace", 0), 130),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_nothing_stays(world: World, trouble: str) -> None:
    """A full disk or Ctrl-C, wherever it comes, leaves the project byte for byte as it was, with no new folder."""
    arrange, code = TROUBLE[trouble]
    (world.folder / "flows.yaml").write_text(f"{START}# {'long ' * 100_000}\n")
    world.make(title="one", input_schema=SCHEMA)
    world.make(title="two")
    before = files(world.folder), folders(world.folder)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.MonkeyPatch.context() as patch:
        arrange(patch)
        try:
            ran = world.flowdeck("import", "--all")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert ran.code == code, ran
    assert "internal-error" not in ran.err
    assert (files(world.folder), folders(world.folder)) == before
    imported(world)
    only_adoptions(world, 2)


@pytest.mark.parametrize("trouble", ["flows is a file", "cannot be edited", "a manifest in JSON"])
def test_a_project_that_cannot_take_it(world: World, trouble: str) -> None:
    """Where the files or the lines cannot be put, that is said, and nothing changes."""
    arguments = []
    if trouble == "flows is a file":
        (world.folder / "flows").write_text("")
    if trouble == "cannot be edited":
        anchored = START.replace("  test:\n    service: globus\n", "  base: &e {service: globus}\n  test: *e\n")
        (world.folder / "flows.yaml").write_text(anchored)
    if trouble == "a manifest in JSON":
        document = {"version": 1, "project": "lab", "environments": {"test": {"service": "globus"}}}
        (world.folder / "flows.json").write_text(json.dumps(document))
        arguments = ["-f", "flows.json"]
    world.make(title="one")
    before = files(world.folder), folders(world.folder)
    ran = world.flowdeck("import", "--all", *arguments)
    assert ran.code == 1, ran
    assert {"cannot-write", "cannot-edit"} & {one for one in ("cannot-write", "cannot-edit") if one in ran.err}
    assert (files(world.folder), folders(world.folder)) == before


def test_older_troubles_stay_out_of_it(world: World) -> None:
    """A definition that was broken before does not keep other flows from being imported."""
    (world.folder / "flows.yaml").write_text(START + "flows:\n  broken: {definition: nowhere.json}\n")
    world.make(title="one")
    imported(world)
    assert only(list(names(world).values())) == "one"


# --- flows of this environment that the manifest does not declare: the repository was lost


def lost(world: World) -> None:
    """Nothing is left of the project but the beginning of a new manifest."""
    for one in sorted(world.folder.rglob("*"), reverse=True):
        one.rmdir() if one.is_dir() else one.unlink()
    (world.folder / "flows.yaml").write_text(START)


def test_a_lost_repository(world: World) -> None:
    """Flows of ours come back under their names, with protection; the plan is empty, and an apply changes nothing."""
    theirs = world.make("colleague", "Nightly report", flow_administrators=[URNS["me"]])["id"]
    people = {"starters": ["ada@example.edu"], "viewers": ["public"], "administrators": [STAFF]}
    flows: dict[str, Any] = {
        "two-hop": {"title": "Another title", "definition": TRANSFER, "input_schema": SCHEMA, "protect": True},
        "plain": {"definition": WAIT, "keywords": ["night"], "subtitle": "${var.place}"},
        "report": {"title": "Nightly report", "id": theirs, "permissions": [{"administrators": ["me@example.org"]}]},
    }
    variables = {"place": {"default": "hall 2"}}
    world.declare(flows, permissions={"all": {"flows": ["two-*"], **people}}, variables=variables)
    world.apply()
    world.settled()
    before = world.snapshot()
    world.emulator.clear_requests()
    lost(world)
    new = world.make(title="Plain")["id"]
    ran = imported(world)
    assert "Imported 4 flows" in ran.out
    known = names(world)
    assert sorted(known.values()) == ["plain", "plain-2", "report", "two-hop"]
    assert (known[theirs], known[new]) == ("report", "plain-2")
    written = yaml.safe_load((world.folder / "flows" / "two-hop.yaml").read_text())["flows"]["two-hop"]
    assert (written["title"], written["protect"]) == ("Another title", True)
    assert "protect" not in (world.folder / "flows" / "plain.yaml").read_text()
    assert [(one["address"], one["action"]) for one in world.plan()["changes"]] == [("flow.plain-2", "adopt")]
    world.emulator.clear_requests()
    world.apply("plain", "report", "two-hop")
    assert world.writes() == []
    assert {key: flow for key, flow in world.snapshot().items() if new not in key} == before
    world.apply()
    world.settled()


def test_a_new_name_for_what_came_back(world: World) -> None:
    """A flow of ours that was imported can be renamed as any other, by `moved_from`: it stays the same flow."""
    id = world.make(title="One", keywords=["flowdeck:lab/test/one"])["id"]
    imported(world)
    for path in ("flows.yaml", "flows/one.yaml"):
        text = (world.folder / path).read_text()
        (world.folder / path).write_text(text.replace(" one:", " uno:").replace("title: One", "moved_from: one"))
    (world.folder / "flows" / "one").rename(world.folder / "flows" / "uno")
    change = only(world.plan()["changes"])
    assert (change["action"], change["id"], change["moved_from"]) == ("update", id, "one")
    world.apply()
    assert [one["id"] for one in world.marked("uno")] == [id]
    world.settled()


def test_no_adoption_is_announced(world: World) -> None:
    """Where every flow was ours already, the next step is a comparison, and nothing is left to do."""
    world.make(title="One", keywords=["flowdeck:lab/test/one"])
    ran = imported(world)
    assert "adoption" not in ran.out + ran.err
    assert "flowdeck plan compares the files with what is live" in ran.out + ran.err
    world.settled()


@pytest.mark.parametrize("role", ["", "--role owner"])
def test_two_flows_of_one_marker(world: World, role: str) -> None:
    """Of two flows with the same marker neither is taken, by whatever role they are found; the reason names both."""
    first = world.make(title="One", keywords=["flowdeck:lab/test/one"])["id"]
    other = {"flow_administrators": [URNS["me"]]}
    second = world.make("colleague", "One", keywords=["flowdeck:lab/test/one"], **other)["id"]
    before = files(world.folder)
    ran = imported(world, *role.split())
    assert f"  {first}  One: {second} claims flow.one too: delete one, or take the marker keyword off it\n" in ran.out
    assert (f"  {second}  One: {first} claims flow.one too" in ran.out) == (not role)
    assert files(world.folder) == before
    for id in (first, second):
        said = world.refused("import", id)
        assert "ambiguous-owner" in said
        assert (first in said, second in said) == (True, True)
    world.sdk("colleague").delete_flow(second)
    imported(world)
    assert names(world) == {first: "one"}
    world.settled()


@pytest.mark.parametrize(
    ("keywords", "reason"),
    [
        (["lab/prod/x"], "it belongs to `lab/prod/x`"),
        (["other/test/x"], "it belongs to `other/test/x`"),
        (["lab/test/a", "other/test/x"], "it belongs to `other/test/x`"),
        (["lab/test/a", "lab/test/b"], "it claims flow.a and flow.b: leave it one marker keyword"),
        (["lab/test/there-only"], "flow.there-only is declared for another environment"),
        (["lab/test/a-folder"], "flows/a-folder is there already: move it away"),
        (["lab/test/here"], "1 flow of this environment is managed already."),
        (["lab/test/former"], "1 flow of this environment is managed already."),
        (["lab/test/a", "lab/test/here"], "1 flow of this environment is managed already."),
    ],
)
def test_markers_that_are_not_taken(world: World, keywords: list[str], reason: str) -> None:
    """Flows of others, flows that are declared, and names that are not free are left, with the reason."""
    (world.folder / "here.json").write_text(json.dumps(DEFINITION))
    (world.folder / "flows" / "a-folder").mkdir(parents=True)
    there = "  prod: {service: globus, flows: {there-only: {definition: here.json}}}\n  # Nobody"
    declared = "flows:\n  here: {definition: here.json, moved_from: former}\n"
    (world.folder / "flows.yaml").write_text(START.replace("  # Nobody", there) + declared)
    world.make(title="One", keywords=[f"flowdeck:{one}" for one in keywords])
    before = files(world.folder)
    ran = imported(world)
    assert ran.out.startswith("Nothing to import.\n")
    assert reason in ran.out
    assert files(world.folder) == before


def test_a_marked_flow_whose_id_is_declared(world: World) -> None:
    """A flow of ours that the manifest declares by id, under another name, is not declared a second time."""
    id = world.make(title="One", keywords=["flowdeck:lab/test/one"])["id"]
    (world.folder / "here.json").write_text(json.dumps(DEFINITION))
    (world.folder / "flows.yaml").write_text(START + f"flows:\n  two: {{definition: here.json, id: {id}}}\n")
    assert f"  {id}  One: flow.two is declared with its id\n" in imported(world).out
