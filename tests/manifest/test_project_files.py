"""The files of a project: found by -f, by include, by the paths of flows, and by the folder rule."""

import os
from pathlib import Path

import pytest

from flowdeck import manifest
from flowdeck.model.diagnostic import Diagnostic, Diagnostics
from flowdeck.model.errors import Invalid
from flowdeck.model.manifest import Manifest

HEAD = "version: 1\nproject: demo\n"
DEFINITION = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
INLINE = "    definition: {StartAt: A, States: {A: {Type: Pass, End: true}}}\n"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("FLOWDECK_FILE", raising=False)
    return folder


def write(path: str, text: str | bytes) -> Path:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def load(text: str) -> tuple[Manifest | None, Diagnostics]:
    return manifest.load(write("flows.yaml", text))


def brief(diagnostics: Diagnostics) -> list[str]:
    return [f"{one.place} {one.code}: {one.message}" for one in diagnostics]


def only(outcome: tuple[Manifest | None, Diagnostics]) -> Diagnostic:
    loaded, (one,) = outcome
    assert (loaded is None) == (one.severity == "error")
    return one


def test_find_takes_the_file_the_folder_the_variable_or_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """-f names a file or the folder that holds flows.yaml; else FLOWDECK_FILE; else ./flows.yaml."""
    for path in ("flows.yaml", "a/flows.yaml", "b/other.yml"):
        write(path, HEAD)
    assert manifest.find(None) == Path("flows.yaml")
    assert manifest.find("a") == Path("a/flows.yaml")
    assert manifest.find("b/other.yml") == Path("b/other.yml")
    monkeypatch.setenv("FLOWDECK_FILE", "a")
    assert manifest.find(None) == Path("a/flows.yaml")
    assert manifest.find("b/other.yml") == Path("b/other.yml")


@pytest.mark.parametrize(
    ("named", "shown"),
    [(None, "flows.yaml"), ("no.yaml", "no.yaml"), (".", "flows.yaml"), ("\0", "\0"), ("x" * 300, "x" * 300)],
)
def test_find_refuses_what_is_not_there(named: str | None, shown: str) -> None:
    """A manifest that is not there is an error that tells how to begin."""
    with pytest.raises(Invalid) as caught:
        manifest.find(named)
    (one,) = caught.value.diagnostics
    assert (one.code, one.message) == ("manifest-not-found", f"there is no manifest `{shown}`")
    assert one.hint.startswith("run flowdeck in the folder that holds it")


def test_a_manifest_that_cannot_be_read_is_a_diagnostic() -> None:
    """A folder, a device or a file that is too large in the manifest's place is a diagnostic at its name."""
    Path("folder.yaml").mkdir()
    os.mkfifo("fifo.yaml")
    write("large.yaml", b"#" * (1024 * 1024 + 1))
    found = [only(manifest.load(Path(name))) for name in ("folder.yaml", "fifo.yaml", "large.yaml", "none.yaml")]
    assert brief(tuple(found)) == [
        "folder.yaml:1:1 not-a-file: `folder.yaml` is a folder",
        "fifo.yaml:1:1 not-a-file: `fifo.yaml` is a device, not a file",
        "large.yaml:1:1 file-too-large: `large.yaml` is larger than 1 MiB",
        "none.yaml:1:1 file-not-found: there is no file `none.yaml`",
    ]


def test_a_file_of_exactly_one_mebibyte_is_read() -> None:
    """The limit itself is allowed."""
    text = f"{HEAD}flows:\n  one:\n{INLINE}#"
    loaded, diagnostics = load(text + "-" * (1024 * 1024 - len(text)))
    assert loaded is not None, diagnostics


def test_included_files_are_merged_section_by_section() -> None:
    """Included files have the same keys; their sections are merged, and their paths are relative to themselves."""
    write("teams/a/flows.yaml", "include: [../b/*.yaml]\nflows:\n  one:\n    definition: one.json\n")
    write("teams/a/one.json", DEFINITION)
    write("teams/b/more.yaml", f"version: 1\nproject: demo\nflows:\n  two:\n{INLINE}")
    loaded, diagnostics = load(f"{HEAD}include: [teams/a/flows.yaml]\nflows:\n  three:\n{INLINE}")
    assert diagnostics == ()
    assert loaded is not None
    assert [flow.name for flow in loaded.flows] == ["one", "three", "two"]
    assert str(loaded.places.of("one", ("definition", "States", "A"))) == "teams/a/one.json:1:34"
    assert str(loaded.places.of("two")) == "teams/b/more.yaml:4:3"


def test_a_name_in_two_files_is_an_error_with_both_places() -> None:
    """A name defined twice is an error that shows both places; equal scalars may be repeated, others not."""
    write(
        "a.yaml", f"version: 1\nproject: other\nprincipals: {{x: a}}\nflows:\n  one:\n{INLINE}permissions: 5\nzzz: 1\n"
    )
    write("b.yaml", "permissions: {s: {}}\nguardrails: {delete: warn}\nsubscriptions: [a]\nzzz: 1\n")
    sections = "principals: {x: b}\nsubscriptions: {a: b}\nguardrails: {delete: note}\n"
    _, diagnostics = load(f"{HEAD}include: [a.yaml, b.yaml]\n{sections}flows:\n  one:\n{INLINE}")
    twice = [one for one in diagnostics if one.code in ("duplicate-flow", "duplicate-name", "conflicting-value")]
    assert brief(tuple(twice)) == [
        "a.yaml:2:1 conflicting-value: `project` has another value at flows.yaml:2:1",
        "a.yaml:3:14 duplicate-name: `x` is also given at flows.yaml:4:14",
        "a.yaml:5:3 duplicate-flow: flow `one` is also declared at flows.yaml:8:3",
        "b.yaml:1:15 duplicate-name: `s` is also given at a.yaml:7:1",
        "b.yaml:2:14 duplicate-name: `delete` is also given at flows.yaml:6:14",
        "b.yaml:3:1 duplicate-name: `subscriptions` is also given at flows.yaml:5:1",
        "b.yaml:4:1 duplicate-name: `zzz` is also given at a.yaml:8:1",
    ]


FIRST_AT_11 = "`a.yaml` is included twice; the first is at flows.yaml:3:11"


@pytest.mark.parametrize(
    ("include", "column", "code", "message"),
    [
        ("[none.yaml]", 11, "file-not-found", "there is no file `none.yaml`"),
        ("[parts/*.yaml, none/*.yaml]", 25, "include-matches-nothing", "`none/*.yaml` matches no file"),
        ("[flows.yaml]", 11, "included-twice", "`flows.yaml` is included twice; the first is flows.yaml itself"),
        ("[parts/a.yaml, parts/*.yaml]", 25, "included-twice", FIRST_AT_11),
        ("[parts/back.yml]", 11, "included-twice", "`flows.yaml` is included twice; the first is flows.yaml itself"),
        ("[parts/]", 11, "not-a-file", "`parts/` is a folder"),
        ("[parts/a.txt]", 11, "unknown-suffix", "`parts/a.txt` is neither JSON nor YAML"),
        ("[parts/*.txt]", 11, "unknown-suffix", "`parts/a.txt` is neither JSON nor YAML"),
        ("[../outside.yaml]", 11, "path-outside-project", "`../outside.yaml` is not inside the project folder"),
        ("['../out*.yaml']", 11, "path-outside-project", "`../out*.yaml` is not inside the project folder"),
        ("['../none*.yaml']", 11, "path-outside-project", "`../none*.yaml` is not inside the project folder"),
        ("['*/../../*.yaml']", 11, "path-outside-project", "`*/../../*.yaml` is not inside the project folder"),
        ("['li*.yaml']", 11, "path-outside-project", "`link.yaml` is not inside the project folder"),
        ("[/etc/*.yaml]", 11, "path-outside-project", "`/etc/*.yaml` is not inside the project folder"),
        ("[~/x.yaml]", 11, "path-outside-project", "`~/x.yaml` is not inside the project folder"),
        ("[link.yaml]", 11, "path-outside-project", "`link.yaml` is not inside the project folder"),
        ("['']", 11, "file-unreadable", "this is not a path"),
        ('["a\\0b"]', 11, "file-unreadable", "this is not a path"),
        ("[5]", 10, "wrong-type", "`include` must be a list of paths"),
        ("parts/a.yaml", 10, "wrong-type", "`include` must be a list of paths"),
        ("[parts/list.yaml]", 1, "wrong-type", "a manifest must be a mapping"),
    ],
)  # fmt: skip
def test_wrong_includes(include: str, column: int, code: str, message: str) -> None:
    """An include that cannot be is an error at the line that names it; nothing else of the manifest is judged."""
    write("parts/a.yaml", "principals: {}\n")
    write("parts/a.txt", "principals: {}\n")
    write("parts/back.yml", "include: [../flows.yaml]\n")
    write("parts/list.yaml", "- a\n")
    outside = write("../outside.yaml", "principals: {}\n")
    Path("link.yaml").symlink_to(outside)
    if "*" in include and "parts/*.yaml" in include:
        Path("parts/list.yaml").unlink()
    _, diagnostics = load(f"{HEAD}include: {include}\nflows:\n  one:\n{INLINE}")
    (one,) = (one for one in diagnostics if one.code != "control-character")
    assert one.place is not None
    assert (one.place.column, one.code, one.message) == (column, code, message)


def test_an_include_that_cannot_be_parsed_is_placed_in_it() -> None:
    """A syntax error stands in the file that has it; the shape of the other files is still checked."""
    write("broken.yaml", "flows: [\n")
    loaded, diagnostics = load(f"{HEAD}include: [broken.yaml]\nflow: {{}}\n")
    assert loaded is None
    assert [(str(one.place), one.code) for one in diagnostics] == [
        ("broken.yaml:2:1", "syntax-error"),
        ("flows.yaml:4:1", "unknown-field"),
    ]


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("none.json", "file-not-found", "there is no file `none.json`"),
        ("parts", "not-a-file", "`parts` is a folder"),
        ("fifo.json", "not-a-file", "`fifo.json` is a device, not a file"),
        ("large.json", "file-too-large", "`large.json` is larger than 1 MiB"),
        ("a.toml", "unknown-suffix", "`a.toml` is neither JSON nor YAML"),
        ("../outside.json", "path-outside-project", "`../outside.json` is not inside the project folder"),
        (
            "parts/../../outside.json",
            "path-outside-project",
            "`parts/../../outside.json` is not inside the project folder",
        ),
        ("../none.json", "path-outside-project", "`../none.json` is not inside the project folder"),
        ("/etc/passwd", "path-outside-project", "`/etc/passwd` is not inside the project folder"),
        ("~/a.json", "path-outside-project", "`~/a.json` is not inside the project folder"),
        ("link.json", "path-outside-project", "`link.json` is not inside the project folder"),
        ("away/outside.json", "path-outside-project", "`away/outside.json` is not inside the project folder"),
        ("dangling.json", "file-not-found", "the link `dangling.json` leads nowhere"),
        ("circle.json", "file-unreadable", "`circle.json` cannot be followed to a file"),
        ("x" * 300 + ".json", "file-unreadable", f"`{'x' * 100}...` cannot be followed to a file"),
        ("a.json/b.json", "file-not-found", "there is no file `a.json/b.json`"),
        ("''", "file-unreadable", "this is not a path"),
    ],
)
@pytest.mark.parametrize("key", ["definition", "input_schema"])
def test_wrong_paths(key: str, path: str, code: str, message: str) -> None:
    """A path that must not or cannot be read is an error at the line that names it, links followed."""
    Path("parts").mkdir()
    os.mkfifo("fifo.json")
    write("a.json", DEFINITION)
    write("a.toml", "")
    write("large.json", b" " * (1024 * 1024 + 1))
    outside = write("../outside.json", DEFINITION)
    Path("link.json").symlink_to(outside)
    Path("away").symlink_to("..")
    Path("dangling.json").symlink_to("nowhere.json")
    Path("circle.json").symlink_to("circle.json")
    other = "    definition: a.json\n" if key == "input_schema" else ""
    one = only(load(f"{HEAD}flows:\n  one:\n    {key}: {path}\n{other}"))
    assert one.place is not None
    assert (one.place.line, one.place.column) == (5, 7 + len(key))
    assert (one.code, one.message, one.address) == (code, message, "flow.one")


def test_a_link_inside_the_project_is_followed() -> None:
    """A link may be used as long as it stays in the project, which may itself be reached through a link."""
    write("shared/definition.json", DEFINITION)
    Path("flows").mkdir()
    Path("flows/one.json").symlink_to("../shared/definition.json")
    write("flows.yaml", f"{HEAD}flows:\n  one:\n    definition: flows/one.json\n")
    Path("../again").symlink_to("project")
    for path in ("flows.yaml", "../again/flows.yaml"):
        loaded, diagnostics = manifest.load(Path(path))
        assert loaded is not None, diagnostics


def test_files_are_shown_as_a_user_would_write_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file below the working directory is shown relative to it, another one by its whole path."""
    file = write("sub/flows.yaml", "version: 2\nproject: demo\nflows: {}\n").absolute()
    assert str(manifest.load(file)[1][0].place) == "sub/flows.yaml:1:10"
    monkeypatch.chdir(tmp_path / "project" / "sub")
    assert str(manifest.load(Path("../sub/flows.yaml"))[1][0].place) == "flows.yaml:1:10"
    Path("deeper").mkdir()
    monkeypatch.chdir(tmp_path / "project" / "sub" / "deeper")
    assert str(manifest.load(Path("../flows.yaml"))[1][0].place) == f"{file.as_posix()}:1:10"


def test_the_folder_rule() -> None:
    """A folder flows/<name>/ with a definition and optionally an input schema needs no lines in the flow."""
    write("flows/one/definition.yaml", "StartAt: A\nStates:\n  A: {Type: Pass, End: true}\n")
    write("flows/one/input_schema.json", '{"type": "object"}')
    write("flows/two/definition.json", DEFINITION)
    loaded, diagnostics = load(f"{HEAD}flows:\n  one:\n  two: {{title: Two}}\n")
    assert diagnostics == ()
    assert loaded is not None
    assert [flow.flow.definition.value["StartAt"] for flow in loaded.flows] == ["A", "A"]
    assert [flow.flow.input_schema.text for flow in loaded.flows] == ['{"type":"object"}', "{}"]
    assert str(loaded.places.of("one", ("definition", "States", "A"))) == "flows/one/definition.yaml:3:6"
    assert str(loaded.places.of("one", ("input_schema",))) == "flows/one/input_schema.json:1:1"


def test_lines_win_over_the_folder() -> None:
    """What a flow's lines say is used instead of the folder's file; an explicit null says that there is no schema."""
    write("flows/one/definition.json", "{}")
    write("flows/one/input_schema.json", '{"type": "object"}')
    loaded, diagnostics = load(f"{HEAD}flows:\n  one:\n    input_schema: null\n{INLINE}")
    assert diagnostics == ()
    assert loaded is not None
    assert loaded.flows[0].flow.input_schema.text == "{}"


def test_wrong_folders() -> None:
    """Two definitions in a folder are an error, a folder without a flow is a warning."""
    for path in ("one/definition.json", "one/definition.yml", "two/definition.json", "stray/definition.yaml"):
        write(f"flows/{path}", DEFINITION)
    for path in ("two/input_schema.json", "two/input_schema.yaml"):
        write(f"flows/{path}", "{}")
    write("flows/notes/README.md", "")
    loaded, diagnostics = load(f"{HEAD}flows:\n  one:\n  two:\n")
    assert loaded is None
    assert brief(diagnostics) == [
        "flows.yaml:4:3 several-files: flow `one` has several files: "
        "`flows/one/definition.json`, `flows/one/definition.yml`",
        "flows.yaml:5:3 several-files: flow `two` has several files: "
        "`flows/two/input_schema.json`, `flows/two/input_schema.yaml`",
        "flows/stray/definition.yaml:1:1 folder-without-flow: "
        "the folder `flows/stray` has no flow `stray` in the manifest",
    ]


def test_a_folder_of_another_environments_flow_is_no_stray() -> None:
    """A flow that only another environment declares, or that this one removes, has its folder."""
    for name in ("one", "two", "three"):
        write(f"flows/{name}/definition.json", DEFINITION)
    environments = (
        "environments:\n  a: {service: emulator, flows: {two: null}}\n  b: {service: globus, flows: {three: {}}}\n"
    )
    loaded, diagnostics = load(f"{HEAD}default_environment: a\n{environments}flows:\n  one:\n  two:\n")
    assert diagnostics == ()
    assert loaded is not None
    assert [flow.name for flow in loaded.flows] == ["one"]


def test_a_folder_cannot_lead_out_of_the_project() -> None:
    """The folder rule follows links as paths do."""
    write("../elsewhere/definition.json", DEFINITION)
    Path("flows").mkdir()
    Path("flows/one").symlink_to("../../elsewhere")
    one = only(load(f"{HEAD}flows:\n  one:\n"))
    assert (str(one.place), one.code) == ("flows.yaml:4:3", "path-outside-project")


def test_findings_stand_in_the_file_that_has_them() -> None:
    """What is wrong in a definition or schema file is placed there, once, also when several flows use the file."""
    write("d.json", '{\n  "StartAt": "B",\n  "States": {"A": {"Type": "Pass", "End": true}}\n}')
    write("s.yaml", "- type: object\n")
    flow = "    definition: d.json\n    input_schema: s.yaml\n"
    _, diagnostics = load(f"{HEAD}flows:\n  one:\n{flow}  two:\n{flow}")
    assert [(str(one.place), one.code, one.address) for one in diagnostics] == [
        ("d.json:2:3", "unknown-target", "flow.one"),
        ("s.yaml:1:1", "input-schema-shape", "flow.one"),
    ]


def test_references_in_files_are_found() -> None:
    """What is wrong with a reference stands in the file that has it; `$${` is a literal `${`, a JSONPath neither."""
    states = '"A": {"Type": "Pass", "Parameters": {"a.$": "$.input", "b": "$${x}", "c": "see ${var.x}"}, "End": true}'
    write("d.json", f'{{"StartAt": "A",\n"States": {{{states}}}}}')
    write("s.yaml", "type: object\ndescription: ${flow.oen.id} or $${flow.one.id}\n")
    flow = "    definition: d.json\n    input_schema: s.yaml\n"
    _, diagnostics = load(f"{HEAD}flows:\n  one:\n{flow}")
    assert brief(diagnostics) == [
        "d.json:2:86 unknown-variable: there is no variable `x`",
        "s.yaml:2:14 unknown-flow: `oen` is no flow",
    ]
    write("d.json", f'{{"StartAt": "A",\n"States": {{{states.replace("see ${var.x}", "")}}}}}')
    loaded, _ = load(f"{HEAD}flows:\n  one:\n    definition: d.json\n")
    assert loaded is not None
    assert loaded.flows[0].flow.definition.value["States"]["A"]["Parameters"]["b"] == "${x}"


def test_destroy_needs_no_definitions() -> None:
    """Without definitions, neither they nor the schemas are read or checked, and a manifest may be empty."""
    text = (
        f"{HEAD}flows:\n  one: {{definition: none.json, id: 2B1C7C2E-8f4c-4e0c-9d2b-0c6c5b1d6a11}}\n  two:\n  three:\n"
    )
    broken = "    definition: {StartAt: '${var.x}'}\n    input_schema: 5\n"
    loaded, diagnostics = manifest.load(write("flows.yaml", text + broken), definitions=False)
    assert diagnostics == ()
    assert loaded is not None
    assert {flow.flow.definition.text for flow in loaded.flows} == {"{}"}
    assert loaded.emptied().adopted == {"2b1c7c2e-8f4c-4e0c-9d2b-0c6c5b1d6a11"}
    assert manifest.load(write("flows.yaml", HEAD), definitions=False)[1] == ()
