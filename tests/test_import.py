"""Import: a live flow becomes manifest lines and files whose plan is only the adoption; what stood there stays."""

import itertools
import json
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from projects import DEFINITION, Command
from worlds import GROUP, POLICIES, URNS, World, only, opened

BLOCK = """\
# A comment at the top.
version: 1
project: lab   # the project

environments:
  test:
    service: globus   # where

# The flows.
flows:
  here:   # the first
    title: "Here"
    definition: here.json
    # a comment at its end

# The last words.
"""
STYLES = {
    "block": BLOCK,
    "block, no final newline": BLOCK.rstrip() + "\n# no newline",
    "ends in a value": "version: 1\nproject: lab\nenvironments: {test: {service: globus}}\nflows:\n  here:\n"
    "    definition: here.json",
    "overrides already": "version: 1\nproject: lab\ndefault_environment: test\n"
    "environments:\n  test:\n    service: globus\n    flows:\n      here: {subtitle: s}   # one\n"
    "  other: {service: globus}\nflows:\n  here: {definition: here.json}\n",
    "environments in flow style": "version: 1\nproject: lab\nenvironments: {test: {service: globus}}   # all of them\n"
    "flows:\n  here: {definition: here.json}   # only\n",
    "all in flow style": "{version: 1, project: lab, environments: {test: {service: globus}},\n"
    " flows: {here: {definition: here.json}}}   # the end\n",
    "flow style over lines": "version: 1\nproject: lab\nenvironments:\n  test: {\n    service: globus,\n  }\nflows: {\n"
    "  here: {definition: here.json},\n}\n",
    "flows first": "flows:\n  here:\n    definition: here.json\n# between\n"
    "environments:\n  test: {service: globus}\nproject: lab\nversion: 1\n",
    "wide indentation": "version: 1\nproject: lab\nenvironments:\n    test:\n        service: globus\n"
    "flows:\n    here:\n        definition: here.json\n",
    "json": json.dumps(
        {
            "version": 1,
            "project": "lab",
            "environments": {"test": {"service": "globus"}},
            "flows": {"here": {"definition": "here.json"}},
        },
        indent=2,
    ),
}
STARTS = {
    "empty braces": "version: 1\nproject: lab\nenvironments: {test: {service: globus}}\nflows: {}   # none yet\n",
    "no flows": "version: 1\nproject: lab\nenvironments:\n  test: {service: globus}   # here\n",
    "null": "version: 1\nproject: lab\nenvironments: {test: {service: globus}}\nflows:\n# nothing\n",
    "empty overrides": "version: 1\nproject: lab\nenvironments:\n  test:\n    service: globus\n    flows: {}\n"
    "flows: {}\n",
}


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch) as world:
        (project / "here.json").write_text(json.dumps(DEFINITION))
        yield world


def write(world: World, text: str) -> Path:
    path = world.folder / "flows.yaml"
    path.write_bytes(text.encode())
    return path


def imported(world: World, id: str, name: str = "there") -> None:
    world.emulator.clear_requests()
    ran = world.flowdeck("import", id, name)
    assert ran.code == 0, ran
    assert world.writes() == []


def assert_kept(before: str, after: str) -> None:
    """Each visible character of the old text is in the new one, in the old order."""
    rest = iter(after)
    missing = [character for character in before if not character.isspace() and character not in rest]
    assert missing == []


def only_adoption(world: World, name: str = "there") -> None:
    """The plan of that flow is the bare adoption; after it nothing is left to do."""
    change = only(world.plan(name)["changes"])
    assert (change["action"], change["fields"], change["roles"]) == ("adopt", [], {})
    world.apply(name)
    assert world.plan(name)["changes"] == []


FULL = {
    "subtitle": "Ünïcode: with # and 'quotes'",
    "description": "Two lines\n\n  and more: yes\n",
    "keywords": ["on", "012", "with space", "#hash"],
    "input_schema": {"type": "object", "properties": {"ü": {"type": "string"}}, "additionalProperties": False},
    "flow_viewers": ["public"],
    "flow_starters": [URNS["colleague"], "all_authenticated_users"],
    "flow_administrators": [GROUP],
    "run_managers": [URNS["ci"]],
    "run_monitors": [GROUP, URNS["ci"]],
}


@pytest.mark.parametrize("style", STYLES)
def test_every_byte_stays(world: World, style: str) -> None:
    """What stood in flows.yaml stands there still, comments and all; the new lines make the plan an adoption."""
    text = STYLES[style]
    path = write(world, text)
    id = world.make(title="There", **FULL)["id"]
    imported(world, id)
    after = path.read_bytes().decode()
    assert_kept(text, after)
    if "{" not in text:
        assert set(text.splitlines()) <= set(after.splitlines())
    read = yaml.safe_load(after)
    flow = read["flows"].pop("there")
    override = read["environments"]["test"]["flows"].pop("there")
    assert (flow["title"], override) == ("There", {"id": id})
    if not read["environments"]["test"]["flows"]:
        del read["environments"]["test"]["flows"]
    assert read == yaml.safe_load(text)
    only_adoption(world)


@pytest.mark.parametrize("style", STARTS)
def test_into_an_empty_manifest(world: World, style: str) -> None:
    """A manifest that declares nothing yet takes its first flow, and keeps its comments."""
    text = STARTS[style]
    path = write(world, text)
    imported(world, world.make(title="There", **FULL)["id"])
    after = path.read_text()
    assert [word for word in text.split("#")[1:] if word.strip() not in after] == []
    only_adoption(world)
    world.settled()


@pytest.mark.parametrize("ending", ["\r\n", "\n"], ids=["CRLF", "LF"])
def test_line_ends_stay(world: World, ending: str) -> None:
    """A file with Windows line ends keeps them: every old line is there byte for byte."""
    text = BLOCK.replace("\n", ending)
    path = write(world, text)
    imported(world, world.make(title="There")["id"])
    raw = path.read_bytes()
    for line in text.encode().splitlines(keepends=True):
        assert line in raw
    only_adoption(world)


def test_a_byte_order_mark_stays(world: World) -> None:
    """A file that begins with a byte order mark is edited or refused, never damaged."""
    path = write(world, "\ufeff" + BLOCK)
    ran = world.flowdeck("import", world.make(title="There")["id"], "there")
    assert ran.code in (0, 1)
    assert "internal-error" not in ran.err
    assert path.read_bytes().startswith("\ufeff# A comment".encode())


TEXTS = [
    *(
        "on",
        "No",
        "null",
        "~",
        "true",
        "012",
        "0x1F",
        "1_000",
        ".5",
        "5.",
        "+1",
        "2024-01-01",
        "12:30",
        "=",
        "<<",
        "- x",
    ),
    *("a: b", "# no", "&a", "*a", "!t", "%x", "@x", "`x`", "|", ">", "'", '"', " leading", "trailing ", "tab\there"),
    *("new\nline", "☃", "😀", "\u2028", "\x7f", "\ufeff", "{}", "[]", "?", "100 %", "a" * 128),
]
MISREAD = ["y", "N", "0o17", "1e3", "1.5e3"]
REFERENCES = ["${var.x}", "$${var.x}", "${", "a $${ b", "$${"]


@pytest.mark.parametrize(
    "text",
    [
        *TEXTS,
        *MISREAD,
        *REFERENCES,
        "\u0085",
    ],
)
def test_texts_that_yaml_takes_for_something_else(world: World, text: str) -> None:
    """A title, subtitle, description or keyword of any kind comes back as the text that it was."""
    write(world, BLOCK)
    imported(world, world.make(title=text, subtitle=text, description=text, keywords=[text])["id"])
    only_adoption(world)


@pytest.mark.parametrize("text", ["\u2028", "\x7f", "é", "\\", '"', "100 %", "$", *REFERENCES])
def test_definitions_with_odd_texts(world: World, text: str) -> None:
    """A definition and schema come back as they were, also where they hold what flowdeck takes for a reference."""
    write(world, BLOCK)
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"x": text}, "End": True}}}
    schema = {"type": "object", "properties": {"p": {"default": text}}}
    imported(world, world.make(title="There", definition=definition, input_schema=schema)["id"])
    only_adoption(world)


def test_a_character_that_no_file_may_hold(world: World) -> None:
    """A definition that a project cannot hold is refused when it is imported, not by the next validate."""
    path = write(world, BLOCK)
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"x": "\x00"}, "End": True}}}
    ran = world.flowdeck("import", world.make(title="There", definition=definition)["id"], "there")
    assert (ran.code, "control-character" in ran.err) == (1, True), ran
    assert path.read_text() == BLOCK
    assert sorted(one.name for one in world.folder.iterdir()) == ["flows.yaml", "here.json"]


def test_names_of_states(world: World) -> None:
    """State names and keys of any kind come back as they were."""
    names = ["a b", 'q"q', "x[0]", "on", "1", "${x}", "é"]
    states: dict[str, Any] = {
        name: {"Type": "Pass", "Next": following} for name, following in itertools.pairwise(names)
    }
    states[names[-1]] = {"Type": "Pass", "End": True}
    write(world, BLOCK)
    imported(world, world.make(title="There", definition={"StartAt": names[0], "States": states})["id"])
    only_adoption(world)


def test_a_flow_with_a_policy(world: World) -> None:
    """A flow whose list entry hides its definition is imported whole."""
    write(world, BLOCK)
    imported(world, world.make(title="There", authentication_policy_id=POLICIES[0])["id"])
    only_adoption(world)


def test_a_private_parameter_is_warned_of(world: World) -> None:
    """Import writes the definition with its private values, says so, and shows none of them."""
    write(world, BLOCK)
    parameters = {"__Private_Parameters": ["token"], "token": "CANARY-1"}
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": parameters, "End": True}}}
    ran = world.flowdeck("import", world.make(title="There", definition=definition)["id"], "there")
    assert ran.code == 0
    assert "secret-imported" in ran.err
    assert "CANARY" not in ran.out + ran.err
    only_adoption(world)


def test_what_cannot_be_imported(world: World) -> None:
    """Unknown, hidden, foreign, managed and misnamed flows are refused, and no file changes."""
    path = write(world, BLOCK)
    before = path.read_bytes()
    hidden = world.make("colleague", "hidden")["id"]
    seen = world.make("colleague", "seen", flow_viewers=["public"])["id"]
    managed = world.make(title="managed", keywords=["flowdeck:other/test/x"])["id"]
    mine = world.make(title="mine")["id"]
    for id, name, code, word in (
        (hidden, "there", 1, "flow-not-found"),
        ("00000000-0000-4000-8000-00000000000f", "there", 1, "flow-not-found"),
        (seen, "there", 3, "not-administrator"),
        (managed, "there", 3, "claimed-elsewhere"),
        (mine, "here", 1, "duplicate-flow"),
        (mine, "Not A Name", 64, "invalid-name"),
        ("not-a-uuid", "there", 64, ""),
    ):
        ran = world.flowdeck("import", id, name)
        assert (ran.code, word in ran.err) == (code, True), ran
    (world.folder / "flows" / "there").mkdir(parents=True)
    assert "already-there" in world.flowdeck("import", mine, "there").err
    assert path.read_bytes() == before
    assert list((world.folder / "flows").rglob("*.json")) == []


def test_import_into_one_of_several_environments(world: World) -> None:
    """The id is written under the environment that the flow came from; the other one would create its own."""
    text = BLOCK.replace(
        "    service: globus   # where\n", "    service: globus   # where\n  prod:\n    service: globus\n"
    )
    write(world, text)
    id = world.make(title="There")["id"]
    assert world.flowdeck("import", "-e", "prod", id, "there").code == 0
    change = only(world.plan("-e", "prod", "there")["changes"])
    assert (change["action"], change["id"]) == ("adopt", id)
    assert only(world.plan("-e", "test", "there")["changes"])["action"] == "create"


def test_import_without_environments(world: World) -> None:
    """A manifest without `environments` gets the id beside the flow."""
    text = "version: 1\nproject: lab\nflows:\n  here: {definition: here.json}\n"
    path = write(world, text)
    assert world.flowdeck("apply", "--yes").code == 0
    live = world.flowdeck("list", "--format", "json").document["flows"]
    assert world.flowdeck("forget", "here").code == 0
    path.write_text(text.replace("here: {definition: here.json}", "other: {definition: here.json}"))
    assert world.flowdeck("import", only(live)["id"], "there").code == 0
    assert only(world.plan("there")["changes"])["action"] == "adopt"


def test_an_include_that_declares_the_environments(world: World) -> None:
    """Environments that stand in an included file are left there; the plan is the adoption all the same."""
    (world.folder / "env.yaml").write_text("environments: {test: {service: globus}}\n")
    write(world, "version: 1\nproject: lab\ninclude: [env.yaml]\nflows:\n  here: {definition: here.json}\n")
    imported(world, world.make(title="There")["id"])
    only_adoption(world)


def test_a_manifest_in_json(world: World) -> None:
    """A manifest that is a JSON file is edited as JSON or refused; it can be read afterwards."""
    path = world.folder / "flows.json"
    path.write_text(STYLES["json"])
    ran = world.flowdeck("import", "-f", "flows.json", world.make(title="There")["id"], "there")
    assert ran.code in (0, 1)
    assert world.flowdeck("validate", "-f", "flows.json").code == 0
    assert ran.code == 0 or not (world.folder / "flows" / "there").exists()


def test_a_failed_import_leaves_no_files(world: World) -> None:
    """A manifest that cannot be edited is told, and no half of an import stays behind."""
    write(
        world,
        "version: 1\nproject: lab\nenvironments: &e {test: {service: globus}}\n"
        "flows: {\n here: {definition: here.json} # x\n}",
    )
    ran = world.flowdeck("import", world.make(title="There")["id"], "there")
    assert ran.code in (0, 1)
    assert "internal-error" not in ran.err
    assert (ran.code == 0) == (world.folder / "flows" / "there").exists()
    assert world.flowdeck("validate").code == 0


@pytest.mark.parametrize(
    "trouble",
    [
        "reserved keyword",
        "id is declared",
        "folder is a file",
    ],
)
def test_what_would_not_load_is_not_written(world: World, trouble: str) -> None:
    """After an import that ends with 0 the manifest is valid; one that cannot be made valid is refused."""
    made = world.make(title="There", keywords=["flowdeck rocks"] if trouble == "reserved keyword" else [])
    flow = {"definition": "here.json", **({"id": made["id"]} if trouble == "id is declared" else {})}
    world.declare({"here": flow})
    if trouble == "folder is a file":
        (world.folder / "flows").write_text("")
    before = (world.folder / "flows.yaml").read_bytes()
    ran = world.flowdeck("import", made["id"], "there")
    assert "internal-error" not in ran.err
    assert world.flowdeck("validate").code == 0
    assert ran.code == 0 or (world.folder / "flows.yaml").read_bytes() == before


def test_an_import_that_cannot_be_written(world: World) -> None:
    """Where flows.yaml cannot be written nothing else stays behind, so that the import can be tried again."""
    path = write(world, f"{BLOCK}# {'long ' * 100_000}\n")
    before = path.read_bytes()
    id = world.make(title="There")["id"]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, limits[1]))  # a disk that is full
    try:
        ran = world.flowdeck("import", id, "there")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (ran.code, "cannot-write" in ran.err) == (1, True), ran
    assert path.read_bytes() == before
    assert not (world.folder / "flows" / "there").exists()


def test_urns_in_capitals(world: World) -> None:
    """A UUID means the same in capitals: a live flow that has such a URN is adopted without a change of roles."""
    write(world, BLOCK)
    urn = "urn:globus:auth:identity:ABCDEF00-0000-4000-8000-00000000000A"
    imported(world, world.make(title="There", flow_viewers=[urn])["id"])
    only_adoption(world)


def test_the_file_itself_stays(world: World) -> None:
    """Import edits the file that is there: its permissions stay, and a link still leads to it."""
    path = write(world, BLOCK)
    path.chmod(0o640)
    real = path.rename(world.folder / "real.yaml")
    path.symlink_to(real)
    imported(world, world.make(title="There")["id"])
    assert (path.is_symlink(), real.stat().st_mode & 0o777) == (True, 0o640)
    only_adoption(world)


def test_the_place_of_a_refused_entry(world: World) -> None:
    """What is wrong with an entry that import would write is told with a file that the user knows."""
    write(world, BLOCK)
    ran = world.flowdeck("import", world.make(title="There", keywords=["flowdeck rocks"])["id"], "there")
    assert ran.code == 1
    assert ".import" not in ran.err


def test_two_imports_in_a_row(world: World) -> None:
    """A text that ends in what looks like a comment is not taken for one when the next flow is written below it."""
    write(world, BLOCK)
    imported(world, world.make(title="One", description="How to\n\n# Use it\n  # Carefully")["id"], "one")
    imported(world, world.make(title="Two")["id"], "two")
    assert "    description: |-\n      How to\n\n      # Use it\n        # Carefully\n" in (
        (world.folder / "flows.yaml").read_text()
    )
    only_adoption(world, "one")
    only_adoption(world, "two")


def test_a_flow_of_this_environment_keeps_its_name(world: World) -> None:
    """What carries our own marker and is not declared is imported by the name in it, and nothing is left to do."""
    write(world, BLOCK)
    keywords = ["flowdeck:lab/test/there", "flowdeck-protect"]
    id = world.make(title="A title", keywords=keywords)["id"]
    said = world.refused("import", id, "elsewhere")
    assert f"error[claimed-elsewhere]: flow {id} belongs to `lab/test/there`\n  hint: import it by that name" in said
    assert not (world.folder / "flows").exists()
    world.emulator.clear_requests()
    ran = world.flowdeck("import", id)
    assert (ran.code, world.writes()) == (0, []), ran
    assert ran.out.startswith("Wrote flow.there into the manifest, and flows/there/.\n")
    assert yaml.safe_load((world.folder / "flows.yaml").read_text())["flows"]["there"]["protect"] is True
    assert world.plan("there")["changes"] == []
    assert "claimed-elsewhere" in world.refused("import", id)


@pytest.mark.parametrize("name", ["there", None])
def test_several_markers_of_this_environment(world: World, name: str | None) -> None:
    """A flow that claims two names is refused by any name: which one is right is for a person to say."""
    write(world, BLOCK)
    id = world.make(title="There", keywords=["flowdeck:lab/test/there", "flowdeck:lab/test/where"])["id"]
    assert "belongs to `lab/test/where`" in world.refused("import", id, *([name] if name else []))


def test_a_flow_without_a_name(world: World) -> None:
    """A flow that nobody manages has no name: one must be given."""
    path = write(world, BLOCK)
    assert "say what to call it" in world.refused("import", world.make(title="There")["id"], code=64)
    assert path.read_text() == BLOCK


def test_a_name_that_another_environment_has(world: World) -> None:
    """A flow of ours whose name the manifest declares for another environment only is not declared twice."""
    path = write(world, BLOCK.replace("# The flows.", "  prod: {service: globus, flows: {there: {title: t}}}"))
    before = path.read_text()
    id = world.make(title="There", keywords=["flowdeck:lab/test/there"])["id"]
    assert "duplicate-flow" in world.refused("import", "-e", "test", id, code=1)
    assert path.read_text() == before
