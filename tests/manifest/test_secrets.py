"""Secrets and the names of people: what is read, what is refused, and what no output shows."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from flowdeck import manifest
from flowdeck.model.diagnostic import Diagnostics
from flowdeck.model.manifest import Manifest

from .test_references import ADA, DEFINITION, read, with_parameters

CANARY = "hunter2canary"
USE = {"one": with_parameters({"__Private_Parameters": ["k"], "k": "${secret.key}"})}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")


def secret(source: dict[str, Any], environ: dict[str, str]) -> tuple[Manifest | None, Diagnostics]:
    return read({"secrets": {"key": source}, "flows": USE}, environ=environ)


def value(source: dict[str, Any], **environ: str) -> str | None:
    loaded, diagnostics = secret(source, environ)
    assert loaded is not None, diagnostics
    assert [one.code for one in diagnostics] == ([] if loaded.secrets["key"] else ["secret-absent"])
    return loaded.secrets["key"]


@pytest.mark.parametrize(("environ", "read_"), [({"KEY": "x y\n"}, "x y\n"), ({}, None), ({"KEY": ""}, None)])
def test_a_secret_from_a_variable(environ: dict[str, str], read_: str | None) -> None:
    """A secret is the value of its variable; one that is not set or empty is absent."""
    assert value({"env": "KEY"}, **environ) == read_


@pytest.mark.parametrize(
    ("content", "read_"),
    [
        ("x", "x"),
        ("x\n", "x"),
        ("x\r\n", "x"),
        ("x\n\n", "x\n"),
        (" é ", " é "),
        ("", None),
        ("\n", None),
        (None, None),
    ],
)
def test_a_secret_from_a_file(content: str | None, read_: str | None) -> None:
    """A secret is what its file holds, without the line end; one that is missing or empty is absent."""
    if content is not None:
        Path("key").write_bytes(content.encode())
    assert value({"file": "key"}) == read_


def test_a_folder_for_secrets() -> None:
    """A file that is not beside the manifest is looked for in FLOWDECK_SECRETS_DIR, also by its whole path."""
    folder = Path("../secrets").resolve()
    (folder / "..data").mkdir(parents=True)
    (folder / "..data/key").write_text("theirs\n")
    (folder / "key").symlink_to("..data/key")
    assert value({"file": "key"}) is None
    assert value({"file": "key"}, FLOWDECK_SECRETS_DIR=str(folder)) == "theirs"
    assert value({"file": str(folder / "key")}, FLOWDECK_SECRETS_DIR=str(folder)) == "theirs"
    assert value({"file": str(folder / "none")}, FLOWDECK_SECRETS_DIR=str(folder)) is None
    Path("key").write_text("ours")
    assert value({"file": "key"}, FLOWDECK_SECRETS_DIR=str(folder)) == "ours"


def test_paths_of_secrets_are_relative_to_their_file() -> None:
    """A secret's file stands beside the manifest file that names it."""
    Path("team").mkdir()
    Path("team/key").write_text("x")
    Path("team/secrets.yaml").write_text("secrets: {key: {file: key}}\n")
    loaded, diagnostics = read({"include": ["team/secrets.yaml"], "flows": USE})
    assert loaded is not None, diagnostics
    assert loaded.secrets == {"key": "x"}


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("../outside", "path-outside-project"), ("link", "path-outside-project"), ("fifo", "not-a-file"),
        ("folder", "not-a-file"), ("large", "file-too-large"), ("binary", "not-utf-8"), ("own", "secret-refused"),
        ("hard", "secret-refused"), ("circle", "file-unreadable"), ("a\0b", "control-character"),
        ("x" * 300, "file-unreadable"),
    ],
)  # fmt: skip
def test_files_that_no_secret_is_read_from(file: str, code: str) -> None:
    """Files outside, devices, large or binary files, and the file of flowdeck's own credentials are refused."""
    Path("../outside").write_text(CANARY)
    Path("link").symlink_to("../outside")
    os.mkfifo("fifo")
    Path("folder").mkdir()
    Path("large").write_bytes(b"x" * (1024 * 1024 + 1))
    Path("binary").write_bytes(b"\xff\xfe")
    Path("own").write_text(CANARY)
    Path("hard").hardlink_to("own")
    Path("circle").symlink_to("circle")
    loaded, diagnostics = secret({"file": file}, {"FLOWDECK_CLIENT_SECRET_FILE": str(Path("own").resolve())})
    assert loaded is None
    assert code in {one.code for one in diagnostics if one.severity == "error"}
    assert CANARY not in repr(diagnostics)


def test_a_variable_that_is_not_text() -> None:
    """Bytes that are not UTF-8 are an error, and are not shown."""
    _, (one,) = secret({"env": "KEY"}, {"KEY": f"{CANARY}\udcff"})
    assert (one.code, one.hint) == ("not-utf-8", "store it as text")


def test_an_override_takes_another_source() -> None:
    """An environment may read a secret elsewhere; as mappings merge, it removes the first source."""
    Path("key").write_text("from the file")
    environments = {
        "a": {"service": "emulator"},
        "b": {"service": "emulator", "secrets": {"key": {"env": None, "file": "key"}}},
        "c": {"service": "emulator", "secrets": {"key": {"file": "key"}}},
    }
    whole = {"environments": environments, "secrets": {"key": {"env": "KEY"}}, "flows": USE}
    found = {name: read(whole, name, environ={"KEY": "from the variable"}) for name in environments}
    assert [loaded and dict(loaded.secrets) for loaded, _ in found.values()] == [
        {"key": "from the variable"}, {"key": "from the file"}, None,
    ]  # fmt: skip
    assert [one.code for one in found["c"][1]] == ["secret-source"]


def test_a_secret_is_in_no_text() -> None:
    """A value that is read appears in no diagnostic, no repr and no definition."""
    Path("key").write_text(CANARY)
    private = {"__Private_Parameters": ["k"], "k": ["${secret.a}", "${secret.b}"], "x": "${var.none}"}
    wrong = read({"secrets": {"a": {"env": "KEY"}, "b": {"file": "key"}}, "flows": {"one": with_parameters(private)}},
                 environ={"KEY": CANARY})  # fmt: skip
    private["x"] = "fine"
    right = read({"secrets": {"a": {"env": "KEY"}, "b": {"file": "key"}}, "flows": {"one": with_parameters(private)}},
                 environ={"KEY": CANARY})  # fmt: skip
    assert right[0] is not None
    assert dict(right[0].secrets) == {"a": CANARY, "b": CANARY}
    assert CANARY not in repr((wrong, right)) + str(right[0]) + right[0].flows[0].flow.definition.text


def test_without_definitions_no_secret_is_read() -> None:
    """A destroy sends no definition, so it reads no secret and asks for none."""
    loaded, diagnostics = read({"secrets": {"key": {"file": "../x"}}, "flows": USE}, environ={}, definitions=False)
    assert loaded is not None, diagnostics
    assert (dict(loaded.secrets), diagnostics) == ({}, ())


# --- names of people -------------------------------------------------------------------------------------------------


def test_names_stay_as_they_are_written() -> None:
    """Usernames and names of groups stand in roles, deployers and guardrails as written; ids become URNs."""
    roles = {"viewers": ["ada", "eve@example.edu", "group:Beamline Staff", "public"], "administrators": ["ci"]}
    loaded, diagnostics = read({
        "environments": {"a": {"service": "emulator", "deployers": ["ci", "eve@example.edu"]}},
        "principals": {"ada": "ada@example.edu", "ci": ADA, "staff": "group:Beamline Staff"},
        "guardrails": {"administrators-required": ["ada", "group:Owners"]},
        "permissions": {"all": {"flows": ["*"], "starters": ["staff"]}},
        "flows": {"one": {"definition": DEFINITION, "permissions": [roles]}},
    })  # fmt: skip
    assert diagnostics == ()
    assert loaded is not None
    (one,) = loaded.flows
    assert one.flow.viewers == {"ada@example.edu", "eve@example.edu", "group:Beamline Staff", "public"}
    assert (one.flow.administrators, one.flow.starters) == ({ADA}, {"group:Beamline Staff"})
    assert (loaded.deployers, loaded.guardrails.administrators_required) == (
        {ADA, "eve@example.edu"}, ("ada@example.edu", "group:Owners"),
    )  # fmt: skip
    assert loaded.aliases == {"ada": "ada@example.edu", "ci": ADA, "staff": "group:Beamline Staff"}


def test_who_grants_a_role() -> None:
    """Each principal's line is known, and the set that it stands in, or that it is the flow's own."""
    Path("flows.yaml").write_text(
        "version: 1\nproject: demo\nprincipals: {ada: ada@example.edu}\n"
        "permissions:\n  all: {flows: ['*'], viewers: [ada]}\n  named:\n    viewers: [eve@example.edu, ada]\n"
        f"flows:\n  one:\n    definition: {json.dumps(DEFINITION)}\n"
        "    permissions: [named, {viewers: ['group:Staff']}]\n"
    )
    loaded, diagnostics = manifest.load(Path("flows.yaml"))
    assert loaded is not None, diagnostics
    places = loaded.places
    granted = {who: places.granted_by("one", "viewers", who) for who in loaded.flows[0].flow.viewers}
    assert {who: (origin, str(place)) for who, (origin, place) in granted.items()} == {
        "ada@example.edu": ("all", "flows.yaml:5:33"),
        "eve@example.edu": ("named", "flows.yaml:7:15"),
        "group:Staff": (None, "flows.yaml:11:37"),
    }
    assert places.of("one", ("viewers", "group:Staff")) == granted["group:Staff"][1]
    assert places.granted_by("one", "starters", "ada@example.edu") == (None, None)
    assert places.granted_by("two", "viewers", "ada@example.edu") == (None, None)


@pytest.mark.parametrize(
    ("principals", "fits"),
    [
        ([f"p{number}@example.edu" for number in range(17)], False),
        ([f"p{number}@example.edu" for number in range(8)] + [f"P{number}@example.edu" for number in range(9)], True),
        ([f"{ADA[:-2]}{number}" for number in range(10, 26)] + ["p@example.edu"], True),
        ([f"{ADA[:-2]}{number}" for number in range(10, 26)] + ["group:Staff"], False),
        ([f"group:G {number}" for number in range(16)] + ["p@example.edu"], False),
    ],
)
def test_a_name_may_be_somebody_who_is_there_already(principals: list[str], fits: bool) -> None:
    """The limit of a role counts what must be different: a username may be one of the identities, never a group."""
    flows = {"one": {"definition": DEFINITION, "permissions": [{"administrators": principals}]}}
    assert [one.code for one in read({"flows": flows})[1]] == ([] if fits else ["too-many-principals"])
