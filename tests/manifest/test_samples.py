"""Sample inputs beside definitions: checked against the input schema, as files like any other."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from flowdeck import manifest
from flowdeck.model.diagnostic import Diagnostics

DEFINITION = {
    "StartAt": "Copy",
    "States": {"Copy": {"Type": "Pass", "InputPath": "$", "ResultPath": "$.copy", "End": True}},
}
SCHEMA = {
    "type": "object",
    "required": ["source"],
    "properties": {
        "source": {
            "type": "object",
            "required": ["id", "path"],
            "properties": {"id": {"type": "string"}, "path": {"type": "string"}},
        },
        "mode": {"enum": ["fast", "careful"]},
    },
    "additionalProperties": False,
}
SAMPLE = {"source": {"id": "00000000-0000-4000-8000-000000000000", "path": "/data/"}, "mode": "fast"}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one flow with an input schema."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    write("flows.yaml", "version: 1\nproject: lab\nflows: {copy: {}}\n")
    write("flows/copy/definition.json", DEFINITION)
    write("flows/copy/input_schema.json", SCHEMA)
    return folder


def write(path: str, content: Any) -> Path:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")
    return file


def load() -> Diagnostics:
    return manifest.load(Path("flows.yaml"))[1]


def told() -> list[str]:
    return [f"{one.place} {one.severity}[{one.code}] {one.message}" for one in load()]


def test_a_right_sample_is_nothing_to_tell() -> None:
    """A sample that the input schema takes, and a flow without a sample, have no diagnostics."""
    assert told() == []
    write("flows/copy/sample_input.json", SAMPLE)
    assert told() == []


@pytest.mark.parametrize("suffix", [".yaml", ".yml", ".json"])
def test_each_refusal_has_its_place(suffix: str) -> None:
    """What the schema refuses is told at its place in the sample, JSON or YAML, all at once."""
    write(
        f"flows/copy/sample_input{suffix}",
        '{"source": {"id": 5, "pth": "/data/"},\n  "mode": "quick",\n  "speed": true\n}\n',
    )
    file = f"flows/copy/sample_input{suffix}"
    refuses = "warning[sample-input] the input schema refuses this:"
    assert told() == [
        f"{file}:1:1 {refuses} the sample has `speed`, which the schema does not declare",
        f"{file}:1:2 {refuses} `source` lacks `path`",
        f"{file}:1:13 {refuses} `source.id` must be text, and is a number",
        f"{file}:2:3 {refuses} `mode` is none of `fast`, `careful`",
    ]
    assert {(one.address, one.hint) for one in load()} == {("flow.copy", "correct the sample, or the input schema")}


def test_a_sample_is_an_object() -> None:
    """The input of a run is an object, also where the schema says nothing, or is not there."""
    write("flows/copy/sample_input.json", [SAMPLE])
    assert told()[0].endswith("the input of a run is an object, and this is a list")
    for schema in ({}, None):
        Path("flows/copy/input_schema.json").unlink()
        if schema is not None:
            write("flows/copy/input_schema.json", schema)
        assert told()[0].endswith("the input of a run is an object, and this is a list")
    write("flows/copy/sample_input.json", SAMPLE)
    assert told() == []


def test_every_sample_is_read() -> None:
    """Several samples in one folder are several samples."""
    write("flows/copy/sample_input.json", {})
    write("flows/copy/sample_input.yaml", "{mode: fast}")
    assert [line.partition(":")[0] for line in told()] == [
        "flows/copy/sample_input.json",
        "flows/copy/sample_input.yaml",
    ]


def test_a_sample_beside_a_definition_elsewhere() -> None:
    """The folder is the definition's own, wherever it and the schema lie; a definition in the manifest has none."""
    write("shared/copy.json", DEFINITION)
    write("shared/sample_input.yaml", "{mode: fast}")
    entry = "flows: {copy: {definition: shared/copy.json, input_schema: flows/copy/input_schema.json}}\n"
    write("flows.yaml", f"version: 1\nproject: lab\n{entry}")
    assert [line.partition(":")[0] for line in told()] == ["shared/sample_input.yaml"]
    write("sample_input.json", {})
    inline = json.dumps({"copy": {"definition": DEFINITION, "input_schema": SCHEMA}})
    write("flows.yaml", f"version: 1\nproject: lab\nflows: {inline}\n")
    assert told() == []


def test_nobody_knows_whose_sample_lies_among_several_definitions() -> None:
    """Where several definitions share a folder, its sample is left alone; several flows of one definition share it."""
    write("shared/copy.json", DEFINITION)
    write("shared/move.json", {**DEFINITION, "Comment": "moves"})
    write("shared/sample_input.json", {})
    flow = {"definition": "shared/copy.json", "input_schema": SCHEMA}
    flows = {"copy": flow, "move": {**flow, "definition": "shared/move.json"}}
    write("flows.yaml", json.dumps({"version": 1, "project": "lab", "flows": flows}))
    assert told() == []
    write("flows.yaml", json.dumps({"version": 1, "project": "lab", "flows": {"copy": flow, "again": flow}}))
    assert len(told()) == 1


def test_a_sample_is_read_as_strictly_as_any_file() -> None:
    """What is wrong with the sample as a file is told as for any file, where it stands."""
    write("flows/copy/sample_input.json", '{"source": {}, "source": {}}')
    assert (
        told()[0]
        == "flows/copy/sample_input.json:1:16 error[duplicate-key] `source` is given twice; the first is on line 1"
    )
    write("flows/copy/sample_input.json", "{,}")
    assert [one.code for one in load()] == ["syntax-error"]
    write("flows/copy/sample_input.json", " " * (1024 * 1024 + 1))
    assert told() == ["flows/copy/sample_input.json:1:1 error[file-too-large] `sample_input.json` is larger than 1 MiB"]
    sample = Path("flows/copy/sample_input.json")
    for code, make in (
        ("not-a-file", sample.mkdir),
        ("not-a-file", lambda: os.mkfifo(sample)),
        ("path-outside-project", lambda: sample.symlink_to("/etc/hosts")),
        ("file-not-found", lambda: sample.symlink_to("nowhere.json")),
    ):
        sample.rmdir() if sample.is_dir() else sample.unlink()
        make()
        assert [(one.code, one.severity, str(one.place)) for one in load()] == [
            (code, "error", "flows/copy/sample_input.json:1:1")
        ]


def test_what_cannot_be_told_is_not_told(tmp_path: Path) -> None:
    """No sample is judged by a schema that is wrong or not known, that refers to a file, or that never ends."""
    write("flows/copy/sample_input.json", {"source": 5})
    (tmp_path / "outside.json").write_text('{"type": "string"}', encoding="utf-8")
    outside = (tmp_path / "outside.json").as_uri()
    for schema, code in (
        ({**SCHEMA, "type": "objekt"}, "input-schema-invalid"),
        ([], "input-schema-shape"),
        ({**SCHEMA, "title": "${var.missing}"}, "unknown-variable"),
        ({"properties": {"source": {"$ref": outside}}}, "unresolvable-schema-ref"),
        ({"properties": {"source": {"$ref": "#/properties/source"}}}, "unresolvable-schema-ref"),
    ):
        write("flows/copy/input_schema.json", schema)
        assert {one.code for one in load()} == {code}


def test_a_large_sample_is_judged() -> None:
    """A sample of tens of thousands of values is judged, and told in a few lines."""
    write("flows/copy/input_schema.json", {"properties": {"runs": {"type": "array", "items": {"type": "integer"}}}})
    write("flows/copy/sample_input.json", {"runs": [*range(60_000)]})
    assert told() == []
    write("flows/copy/sample_input.json", {"runs": [*range(60_000), *("x" * 100)]})
    assert len(told()) == 20


def test_secrets_of_a_sample_are_not_shown() -> None:
    """A private parameter of a sample is quoted neither in a message nor in the line below it."""
    sample = {"source": 1, "__Private_Parameters": ["mode"], "mode": "hush"}
    write("flows/copy/sample_input.json", sample)
    assert "hush" not in str([(one.message, one.hint, one.place and one.place.excerpt) for one in load()])
    assert any("mode" in one.message for one in load())


def test_plans_do_not_look_at_samples() -> None:
    """Only `validate` checks samples: a plan must not fail by a file that it does not send."""
    write("flows/copy/sample_input.json", "{,}")
    assert manifest.load(Path("flows.yaml"), check=False)[1] == ()
