"""The commands as scripts and newcomers meet them: shapes, streams, options, help, and the emulator as a process."""

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from projects import DEFINITION, Command, manifest, write

from flowdeck import __version__
from flowdeck.emulator import Emulator

COMMANDS = [
    "init", "validate", "plan", "apply", "destroy", "drift", "import", "forget", "list", "show", "graph", "output",
    "login", "logout", "whoami", "emulator", "schema", "completion",
]  # fmt: skip
ABOUT_A_PROJECT = ["validate", "plan", "apply", "destroy", "drift", "list", "output"]
TWO: dict[str, Any] = {"one": {"title": "First"}, "two-hop": {}}
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SHELL = [sys.executable, "-c", "from flowdeck.cli import main; main()"]
DIAGNOSTIC = {"code", "severity", "message", "hint", "file", "line", "column", "address"}
PLAN = {
    "format_version", "flowdeck_version", "project", "environment", "service", "digest", "summary", "changes",
    "diagnostics", "principals"
}  # fmt: skip
CHANGE = {"address", "action", "id", "drifted", "moved_from", "fields", "roles", "scopes", "states", "risks"}
FIELD = {"path", "before", "after", "origin", "sensitive", "unknown"}
SUMMARY = [
    "create", "update", "replace", "delete", "adopt", "forget", "withdraw", "unchanged", "drifted", "missing",
    "blocked",
]  # fmt: skip


def process(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    """A command as a process of its own."""
    return subprocess.run(
        [*SHELL, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **options,
    )


# --- help and version


@pytest.mark.parametrize("command", COMMANDS)
def test_help(flowdeck: Command, command: str) -> None:
    """Every command explains itself: a usage line, then a sentence that ends, and a sentence for every option."""
    ran = flowdeck(command, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: flowdeck {command} ")
    about = ran.out.split("\n\n")[1]
    assert re.fullmatch(r"  [A-Z][\s\S]*[.]", about)
    assert flowdeck(command, "-h").out == ran.out
    for option in re.findall(r"^  (?:-\w, )?--[\w-]+.*(?:\n {10,}.*)*", ran.out, re.MULTILINE):
        explained = re.sub(r"\s+", " ", option)
        assert re.search(r"(\.|\.\s*\[.*\]|exit\.)$", explained), explained


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_no_jargon(flowdeck: Command, command: str) -> None:
    """Help says nothing that only a programmer of the tool understands."""
    shown = flowdeck(command, "--help").out
    for word in ("INTEGER RANGE", "x>=", "<=x", "stdout", "stderr", "kwargs", "JSON Pointer", "boolean", "None"):
        assert word not in shown


def test_help_names_every_command(flowdeck: Command) -> None:
    """`flowdeck --help` lists the commands, each with the first sentence of its own help, and where to begin."""
    ran = flowdeck("--help")
    assert ran.code == 0
    assert re.findall(r"^  ([a-z]+)  ", ran.out.partition("Commands:")[2], re.MULTILINE) == COMMANDS
    assert "flowdeck init" in ran.out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_agrees(flowdeck: Command, command: str) -> None:
    """The sentence of `flowdeck --help` begins like the command's own: a command does one thing."""
    [listed] = re.findall(rf"^  {command}  +(\w+)", flowdeck("--help").out.partition("Commands:")[2], re.MULTILINE)
    own = flowdeck(command, "--help").out.split("\n\n")[1].split()[0]
    assert listed == own


def test_version(flowdeck: Command) -> None:
    """--version is one line."""
    ran = flowdeck("--version")
    assert (ran.code, ran.out, ran.err) == (0, f"flowdeck {__version__}\n", "")


def test_no_command(flowdeck: Command) -> None:
    """Without a command there is help, and exit 64."""
    ran = flowdeck()
    assert ran.code == 64
    assert "Commands:" in ran.err + ran.out


def test_nearest_command(flowdeck: Command) -> None:
    """A mistyped command is answered with the command that it is nearest to; one like nothing is not."""
    assert "Error: No such command 'pln'. Did you mean 'plan'?" in flowdeck("pln").err
    assert "Error: No such command 'frobnicate'.\n" in flowdeck("frobnicate").err


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"], ["pla"], ["plan", "--nope"], ["plan", "--parallelism", "0"], ["plan", "--parallelism", "x"],
        ["plan", "--format", "xml"], ["plan", "--out"], ["plan", "--out", "plan"], ["plan", "--out", "plan.exe"],
        ["show"], ["show", "a", "b"], ["import", "x"], ["import", "not-a-uuid", "x"], ["forget"], ["-e", "x", "plan"],
        ["completion"], ["completion", "tcsh"], ["emulator", "--port", "70000"], ["emulator", "--latency-ms", "-1"],
        ["plan", "nowhere"], ["plan", "flow.nowhere"], ["plan", "nowhere*"], ["show", "nowhere"], ["forget", "nowhere"],
        ["apply", "--yes", "one", "nowhere"], ["plan", "-e", "nowhere"], ["validate", "-e", "nowhere"], ["plan", ""],
    ],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.usefixtures("emulator")
def test_wrong_command_line(project: Path, flowdeck: Command, arguments: list[str]) -> None:
    """A command line that is wrong exits with 64, says what is wrong on stderr, and prints no result."""
    write(project, manifest(TWO))
    ran = flowdeck(*arguments)
    assert (ran.code, ran.out) == (64, "")
    assert re.search(r"^(Error: |error\[[a-z-]+\]: )\S", ran.err, re.MULTILINE)


@pytest.mark.usefixtures("emulator")
def test_did_you_mean(project: Path, flowdeck: Command) -> None:
    """A name that is nearly right is suggested: flows, environments."""
    write(project, manifest(TWO))
    assert "did you mean `two-hop`?" in flowdeck("plan", "two-hpo").err
    assert "`test`" in flowdeck("plan", "-e", "tset").err


# --- documents


@pytest.mark.usefixtures("emulator")
def test_plan_document(project: Path, flowdeck: Command) -> None:
    """The plan document has exactly the documented keys (and digests of the changes), for every action."""
    write(project, manifest({**TWO, "old": {}}))
    first = flowdeck("plan", "--format", "json").document
    flowdeck("apply", "--yes")
    write(
        project,
        manifest({"one": {"title": "Other", "permissions": [{"viewers": ["public"]}]}, "two-hop": {}, "new": {}}),
    )
    document = flowdeck("plan", "--format", "json").document
    for one in (first, document):
        assert set(one) == PLAN
        assert list(one["summary"]) == SUMMARY
        assert (one["format_version"], one["project"], one["environment"]) == ("1.0", "lab", "test")
        assert re.fullmatch("[0-9a-f]{64}", one["digest"])
        for change in one["changes"]:
            assert set(change) - {"digest"} == CHANGE
            assert all(
                {"path", "before", "after", "origin", "sensitive", "unknown"} == set(field)
                for field in change["fields"]
            )
            assert all({"added", "removed"} <= set(role) for role in change["roles"].values())
            assert set(change["scopes"]) == {"added", "removed"}
            assert set(change["states"]) == {"added", "removed", "changed", "rewired"}
            assert all({"code", "level", "message"} == set(risk) for risk in change["risks"])
    assert {key: value for key, value in document["summary"].items() if value} == {
        "create": 1,
        "update": 1,
        "delete": 1,
        "unchanged": 1,
    }
    assert [(one["address"], one["action"]) for one in document["changes"]] == [
        ("flow.new", "create"),
        ("flow.one", "update"),
        ("flow.old", "delete"),
    ]
    created, updated, deleted = document["changes"]
    assert {field["before"] for field in created["fields"]} == {None}
    assert created["id"] is None
    assert re.fullmatch(UUID, deleted["id"])
    assert updated["fields"] == [
        {
            "path": "title", "before": "First", "after": "Other", "origin": "manifest", "sensitive": False,
            "unknown": False,
        }
    ]  # fmt: skip


@pytest.mark.usefixtures("emulator")
def test_plan_out(project: Path, flowdeck: Command) -> None:
    """One plan, many faces: --out writes each file beside what is printed, and the JSON is the same document."""
    write(project, manifest(TWO))
    ran = flowdeck("plan", "--format", "json", "--out", "plan.json", "--out", "plan.txt")
    assert ran.code == 0
    assert (project / "plan.json").read_text(encoding="utf-8") == ran.out
    assert "flow.two-hop" in (project / "plan.txt").read_text(encoding="utf-8")
    assert "\x1b" not in (project / "plan.txt").read_text(encoding="utf-8")


@pytest.mark.usefixtures("emulator")
def test_plan_out_unwritable(project: Path, flowdeck: Command) -> None:
    """A file that cannot be written is an error with exit 1, not a traceback."""
    write(project, manifest(TWO))
    ran = flowdeck("plan", "--out", "no/such/folder/plan.json")
    assert ran.code == 1
    assert "error[cannot-write]" in ran.err


@pytest.mark.usefixtures("emulator")
def test_plan_gitlab(project: Path, flowdeck: Command) -> None:
    """`--format gitlab` is one line of three counts."""
    write(project, manifest(TWO))
    assert flowdeck("plan", "--format", "gitlab").out == '{"create":2,"update":0,"delete":0}\n'


@pytest.mark.usefixtures("emulator")
def test_apply_document(project: Path, flowdeck: Command) -> None:
    """The result document of apply, of doing nothing, and of destroy has the documented keys."""
    write(project, manifest(TWO))
    digest = flowdeck("plan", "--format", "json").document["digest"]
    applied = flowdeck("apply", "--yes", "--format", "json").document
    nothing = flowdeck("apply", "--format", "json").document
    destroyed = flowdeck("destroy", "--yes", "--format", "json").document
    for one in (applied, nothing, destroyed):
        assert set(one) == {"format_version", "digest", "outcome", "changes", "diagnostics"}
        assert all({"address", "action", "id", "outcome", "error"} == set(change) for change in one["changes"])
    assert (applied["digest"], applied["outcome"], nothing["outcome"]) == (digest, "applied", "nothing")
    assert [(one["action"], one["outcome"], one["error"]) for one in applied["changes"]] == [
        ("create", "done", None)
    ] * 2
    assert all(re.fullmatch(UUID, one["id"]) for one in applied["changes"])
    assert [one["action"] for one in destroyed["changes"]] == ["delete", "delete"]


def test_apply_document_of_a_failure(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """A step that failed says why in the document, with all keys of a diagnostic; the exit code is 4."""
    write(project, manifest(TWO))
    emulator.inject({"fault": "status", "status": 403, "when": {"method": "POST", "path": "/flows", "nth": 2}})
    ran = flowdeck("apply", "--yes", "--format", "json", "--parallelism", "1")
    assert (ran.code, ran.document["outcome"]) == (4, "partial")
    failed = ran.document["changes"][1]
    assert (failed["outcome"], failed["id"]) == ("failed", None)
    assert set(failed["error"]) == DIAGNOSTIC
    assert (failed["error"]["code"], failed["error"]["address"]) == ("forbidden", "flow.two-hop")


@pytest.mark.parametrize("command", ["apply", "destroy", "validate"])
@pytest.mark.parametrize("wrong", ["manifest", "environment", "missing", "service"])
def test_document_of_an_error(project: Path, flowdeck: Command, command: str, wrong: str) -> None:
    """Where a command promises a document, stdout is one also when the command cannot even begin."""
    write(project, manifest({"one": {"titel": "x"}}) if wrong == "manifest" else manifest(TWO))
    options = {"environment": ["-e", "nowhere"], "missing": ["-f", "nowhere"], "service": []}.get(wrong, [])
    if wrong == "service" and command == "validate":
        options = ["--online"]
    ran = flowdeck(command, "--format", "json", *(["--yes"] if command != "validate" else []), *options)
    assert ran.code == (64 if wrong == "environment" else 1)
    [found] = [one for one in ran.document["diagnostics"] if one["severity"] == "error"]
    assert set(found) == DIAGNOSTIC
    if command != "validate":
        assert ran.document["outcome"] == "failed"


@pytest.mark.parametrize("options", [["-e", "nowhere"], ["-f", "nowhere"]], ids=" ".join)
def test_validate_document_of_an_error(project: Path, flowdeck: Command, options: list[str]) -> None:
    """The validation document has the same keys when there is nothing to validate."""
    write(project, manifest(TWO))
    assert set(flowdeck("validate", "--format", "json", *options).document) == {"format_version", "diagnostics"}


def test_output_of_an_error(project: Path, flowdeck: Command) -> None:
    """`output` prints names of flows and nothing else: on an error stdout stays empty, in either face."""
    write(project, manifest(TWO, service="emulator"))
    for options in ([], ["--format", "env"]):
        ran = flowdeck("output", "-e", "nowhere", *options)
        assert (ran.code, ran.out) == (64, "")


def test_validate_document(project: Path, flowdeck: Command) -> None:
    """The validation document has the documented keys, places included; a valid project has no diagnostics."""
    write(project, manifest(TWO))
    ran = flowdeck("validate", "--format", "json")
    assert (ran.code, ran.document, ran.err) == (0, {"format_version": "1.0", "diagnostics": []}, "")
    write(project, manifest({"one": {"titel": "x"}}))
    ran = flowdeck("validate", "--format", "json")
    [one] = ran.document["diagnostics"]
    assert ran.code == 1
    assert set(one) == DIAGNOSTIC
    assert (one["code"], one["severity"], one["file"], one["address"]) == (
        "unknown-field",
        "error",
        "flows.yaml",
        "flow.one",
    )
    assert one["hint"] == "did you mean `title`?"
    lines = (project / "flows.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[one["line"] - 1][one["column"] - 1 :].startswith("titel")


@pytest.mark.usefixtures("emulator")
def test_list(project: Path, flowdeck: Command) -> None:
    """`list` names every managed flow with the documented keys; as text a table, and a sentence for none."""
    write(project, manifest(TWO))
    assert flowdeck("list", "--format", "json").document == {"format_version": "1.0", "flows": []}
    assert flowdeck("list").out.startswith("No flows.")
    flowdeck("apply", "--yes")
    flows = flowdeck("list", "--format", "json").document["flows"]
    assert [set(one) for one in flows] == [{"address", "id", "title", "url", "scope", "updated_at", "drifted"}] * 2
    assert [(one["address"], one["title"], one["drifted"]) for one in flows] == [
        ("flow.one", "First", False),
        ("flow.two-hop", "two-hop", False),
    ]
    lines = flowdeck("list").out.splitlines()
    assert lines[0].split() == ["ADDRESS", "ID", "DRIFT", "TITLE"]
    assert [line.split()[0] for line in lines[1:]] == ["flow.one", "flow.two-hop"]


@pytest.mark.usefixtures("emulator")
def test_show(project: Path, flowdeck: Command) -> None:
    """`show` is one live flow, by name, address, or a pattern that means one flow."""
    write(project, manifest(TWO))
    flowdeck("apply", "--yes")
    document = flowdeck("show", "one", "--format", "json").document
    assert document["flow"]["definition"] == DEFINITION
    assert document["flow"]["title"] == "First"
    for name in ("one", "flow.one", "o*"):
        assert flowdeck("show", name).out.startswith("flow.one\n")
        assert flowdeck("show", name, "--format", "json").document == document


def test_show_names_people(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """`show` tells names beside ids as a plan does: as the manifest writes them, else as the service calls them."""
    one = {"permissions": [{"starters": ["ada"], "viewers": ["public", "group:beamline-operators"]}]}
    write(project, manifest({"one": one}, principals={"ada": "ada@example.org"}))
    flowdeck("apply", "--yes")
    document = flowdeck("show", "one", "--format", "json").document
    flow, names = document["flow"], document["principals"]
    [ada], [group] = flow["starters"], [urn for urn in flow["viewers"] if urn != "public"]
    assert set(names) == {ada, group, flow["owner"]}
    assert (names[ada], names[group]) == ("ada", "group:beamline-operators")
    lines = flowdeck("show", "one").out.splitlines()
    assert f"  starters               ada (identity {ada[-36:]})" in lines
    assert f'  viewers                public, "group:beamline-operators" (group {group[-36:]})' in lines
    assert f"  owner                  {names[flow['owner']]} (identity {flow['owner'][-36:]})" in lines
    write(project, manifest({"one": {}}))
    assert flowdeck("show", "one", "--format", "json").document["principals"] == {
        ada: "ada@example.org", group: "beamline-operators", flow["owner"]: names[flow["owner"]]
    }  # fmt: skip


def test_show_asks_for_unknown_people_only(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """Where the manifest has a name for everybody in a flow, `show` asks nobody."""
    write(project, manifest(TWO))
    flowdeck("apply", "--yes")
    owner = flowdeck("show", "one", "--format", "json").document["flow"]["owner"]
    write(project, manifest(TWO, principals={"deploy": f"identity:{owner[-36:]}"}))
    emulator.clear_requests()
    assert flowdeck("show", "one", "--format", "json").document["principals"] == {owner: "deploy"}
    assert not [one.path for one in emulator.requests() if "identities" in one.path or "groups" in one.path]


def test_show_without_names(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """Where names cannot be looked up, `show` prints the ids and is no failure."""
    write(project, manifest(TWO))
    flowdeck("apply", "--yes")
    emulator.inject({"fault": "status", "status": 403, "times": 99, "when": {"path": "/v2/api/identities"}})
    document = flowdeck("show", "one", "--format", "json").document
    assert document["principals"] == {}
    assert f"  owner                  {document['flow']['owner']}\n" in flowdeck("show", "one").out


@pytest.mark.usefixtures("emulator")
def test_show_of_several(project: Path, flowdeck: Command) -> None:
    """A pattern that means several flows is not answered with one of them, chosen in silence."""
    write(project, manifest(TWO))
    flowdeck("apply", "--yes")
    ran = flowdeck("show", "*")
    assert ran.code == 64 or ("flow.one" in ran.out and "flow.two-hop" in ran.out)


@pytest.mark.usefixtures("emulator")
def test_output(project: Path, flowdeck: Command) -> None:
    """`output` is id, scope and url by name; its env face can be sourced by a shell and says the same."""
    write(project, manifest(TWO))
    flowdeck("apply", "--yes")
    found = flowdeck("output", "--format", "json").document
    assert flowdeck("output").document == found
    assert {name: set(one) for name, one in found.items()} == {
        "one": {"id", "scope", "url"},
        "two-hop": {"id", "scope", "url"},
    }
    lines = flowdeck("output", "--format", "env").out.splitlines()
    assert f"FLOW_TWO_HOP_ID={found['two-hop']['id']}" in lines
    assert all(re.fullmatch(r"FLOW_[A-Z0-9_]+=\S+", line) and shlex.split(line) for line in lines)


def test_output_of_nothing(project: Path, flowdeck: Command) -> None:
    """Where nothing is deployed, `output` is an empty object, and no lines."""
    write(project, manifest(TWO, service="emulator"))
    assert flowdeck("output").document == {}
    assert flowdeck("output", "--format", "env").out == ""


@pytest.mark.usefixtures("emulator")
def test_forget(project: Path, flowdeck: Command) -> None:
    """`forget` takes a flow out of flowdeck's hands and leaves it; only live ones can be forgotten too."""
    write(project, manifest(TWO))
    flowdeck("apply", "--yes")
    write(project, manifest({"one": {"title": "First"}}))
    ran = flowdeck("forget", "two-hop", "--format", "json")
    assert ran.code == 0
    assert [(one["address"], one["action"], one["outcome"]) for one in ran.document["changes"]] == [
        ("flow.two-hop", "forget", "done")
    ]
    assert flowdeck("plan", "--detailed-exitcode").code == 0


def test_schema(flowdeck: Command) -> None:
    """`schema` prints a JSON Schema with a description for every key of the manifest."""
    document = flowdeck("schema").document
    assert "$schema" in document
    assert {"version", "project", "flows", "environments", "permissions"} <= set(document["properties"])
    assert document["properties"]["flows"].get("description")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(flowdeck: Command, shell: str) -> None:
    """`completion` prints a script for the shell, which asks flowdeck."""
    ran = flowdeck("completion", shell)
    assert ran.code == 0
    assert "_FLOWDECK_COMPLETE" in ran.out


def test_completion_script_runs(tmp_path: Path) -> None:
    """The bash script is valid, and completing a command's beginning gives the command."""
    script = process("completion", "bash").stdout
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0
    asked = {**os.environ, "_FLOWDECK_COMPLETE": "bash_complete", "COMP_WORDS": "flowdeck pl", "COMP_CWORD": "1"}
    assert process(env=asked).stdout == "plain,plan\n"


# --- init


def test_init(project: Path, flowdeck: Command) -> None:
    """`init` writes a project that validates without a word, applies at once, and says what to do next."""
    ran = flowdeck("init", "demo")
    assert ran.code == 0
    assert "cd demo && flowdeck plan" in ran.out
    validated = flowdeck("validate", "-f", "demo", "--format", "json")
    assert validated.document["diagnostics"] == []
    assert flowdeck("apply", "--yes", "-f", "demo").code == 0
    assert flowdeck("plan", "--detailed-exitcode", "-f", "demo").code == 0
    assert ".flowdeck" in (project / "demo" / ".gitignore").read_text(encoding="utf-8")


@pytest.mark.usefixtures("project")
def test_init_with_a_space(flowdeck: Command) -> None:
    """What `init` says to do next can be pasted into a shell, whatever the folder is called."""
    assert "Next: cd 'my project' && flowdeck plan" in flowdeck("init", "my project").out


def test_init_twice(project: Path, flowdeck: Command) -> None:
    """`init` where a manifest is says so and changes nothing."""
    flowdeck("init", ".")
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    ran = flowdeck("init")
    assert ran.code == 1
    assert "error[already-there]" in ran.err
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_init_keeps_files(project: Path, flowdeck: Command) -> None:
    """`init` overwrites no file that is there."""
    (project / ".gitignore").write_text("mine\n", encoding="utf-8")
    assert flowdeck("init").code == 0
    assert (project / ".gitignore").read_text(encoding="utf-8") == "mine\n"


@pytest.mark.parametrize("name", ["Über", "0", "---", "x" * 80, "a b", "flows.yaml"])
def test_init_names(project: Path, flowdeck: Command, name: str) -> None:
    """Whatever the folder is called, the project that `init` writes is valid."""
    assert flowdeck("init", "--", name).code == 0
    assert flowdeck("validate", "-f", str(project / name)).code == 0


@pytest.mark.parametrize("target", ["file", "file/below"])
def test_init_impossible(project: Path, flowdeck: Command, target: str) -> None:
    """A folder that cannot be made is an error of the user's, not a bug."""
    (project / "file").write_text("", encoding="utf-8")
    ran = flowdeck("init", target)
    assert ran.code in (1, 64)
    assert "internal-error" not in ran.err


# --- which manifest, which environment, which flows


@pytest.mark.parametrize("how", ["file", "folder", "variable-file", "variable-folder", "here"])
def test_file(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str) -> None:
    """The manifest is found by -f as file or folder, by FLOWDECK_FILE, or in the working directory."""
    file = write(project, manifest(TWO, service="emulator"))
    place = file if how.endswith("file") else project
    if how != "here":
        monkeypatch.chdir(tmp_path)
    if how.startswith("variable"):
        monkeypatch.setenv("FLOWDECK_FILE", str(place))
    ran = flowdeck("plan", *(["-f", str(place)] if how in ("file", "folder") else []))
    assert ran.code == 0, ran.err
    assert (project / ".flowdeck" / "emulator.db").exists()
    assert not (tmp_path / ".flowdeck").exists()


def test_option_before_variable(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """-f wins over FLOWDECK_FILE, -e over FLOWDECK_ENV."""
    write(project, manifest(TWO, environments={"a": {"service": "emulator"}, "b": {"service": "emulator"}}))
    monkeypatch.setenv("FLOWDECK_FILE", "/nowhere")
    monkeypatch.setenv("FLOWDECK_ENV", "a")
    assert flowdeck("plan", "-f", ".", "-e", "b", "--format", "json").document["environment"] == "b"
    assert flowdeck("plan", "-f", ".", "--format", "json").document["environment"] == "a"
    assert flowdeck("plan").code == 1


def test_environments_are_apart(project: Path, flowdeck: Command) -> None:
    """What is applied to one environment is not there in another."""
    write(project, manifest(TWO, environments={"a": {"service": "emulator"}, "b": {"service": "emulator"}}))
    flowdeck("apply", "--yes", "-e", "a")
    assert flowdeck("plan", "-e", "a", "--detailed-exitcode").code == 0
    assert flowdeck("plan", "-e", "b", "--format", "json").document["summary"]["create"] == 2
    assert flowdeck("list", "-e", "b", "--format", "json").document["flows"] == []


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["one"], ["flow.one"]),
        (["flow.one"], ["flow.one"]),
        (["t*"], ["flow.two-hop"]),
        (["flow.*"], ["flow.one", "flow.two-hop", "flow.gone"]),
        (["gone"], ["flow.gone"]),
        (["g*", "one"], ["flow.one", "flow.gone"]),
        (["[ot]*"], ["flow.one", "flow.two-hop"]),
    ],
)
@pytest.mark.usefixtures("emulator")
def test_names(project: Path, flowdeck: Command, names: list[str], expected: list[str]) -> None:
    """NAME is a name, an address or a glob, also of a flow that is only live; the rest is left alone."""
    write(project, manifest({"gone": {}}))
    flowdeck("apply", "--yes")
    write(project, manifest(TWO))
    document = flowdeck("plan", "--format", "json", *names).document
    assert [one["address"] for one in document["changes"]] == expected


# --- streams and colour


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("command", [*ABOUT_A_PROJECT, "show one", "schema"])
def test_json_is_all_of_stdout(project: Path, flowdeck: Command, command: str) -> None:
    """With --format json stdout is one JSON document, also with -v and with warnings to tell."""
    document = manifest({**TWO, "gone": {}}, permissions={"p": {"flows": ["nobody-*"], "viewers": ["public"]}})
    write(project, document)
    flowdeck("apply", "--yes")
    options = [] if command == "schema" else ["--format", "json", "-v"]
    ran = flowdeck(*command.split(), *options, *(["--yes"] if command in ("apply", "destroy") else []))
    assert ran.code == 0, ran.err
    assert ran.document


@pytest.mark.usefixtures("emulator")
def test_warnings_on_stderr(project: Path, flowdeck: Command) -> None:
    """Warnings stand on stderr, and --quiet leaves them out."""
    write(project, manifest(TWO, permissions={"p": {"flows": ["nobody-*"], "viewers": ["public"]}}))
    ran = flowdeck("plan")
    assert "warning[pattern-matches-nothing]" in ran.err
    assert "warning" not in ran.out
    quiet = flowdeck("plan", "-q")
    assert (quiet.out, quiet.err) == (ran.out, "")


@pytest.mark.usefixtures("emulator")
def test_quiet_still_tells_errors(project: Path, flowdeck: Command) -> None:
    """--quiet hides no error."""
    write(project, manifest({"one": {"titel": "x"}}))
    assert "error[unknown-field]" in flowdeck("plan", "-q").err


@pytest.mark.usefixtures("emulator")
def test_progress(project: Path, flowdeck: Command) -> None:
    """Progress is told with -v, on stderr, and not where nobody watches."""
    write(project, manifest(TWO))
    ran = flowdeck("apply", "--yes", "-v")
    assert "flow.one: create" in ran.err
    assert flowdeck("destroy", "--yes").err == ""


@pytest.mark.usefixtures("emulator")
def test_result_does_not_depend_on_progress(project: Path, flowdeck: Command) -> None:
    """What stdout says of an apply, ids included, is the same with and without progress on stderr."""
    write(project, manifest(TWO))
    for options in ([], ["-v"], ["-q"]):
        ran = flowdeck("apply", "--yes", *options)
        assert len(re.findall(rf"^  done +[+] flow[.][a-z-]+  {UUID}$", ran.out, re.MULTILINE)) == 2, options
        flowdeck("destroy", "--yes")


def test_result_in_a_file(project: Path) -> None:
    """A terminal that shows the progress takes nothing away from a result that goes to a file."""
    write(project, manifest(TWO, service="emulator"))
    ours, theirs = pty.openpty()
    with (project / "result.txt").open("w", encoding="utf-8") as file:
        subprocess.run([*SHELL, "apply", "--yes"], stdout=file, stderr=theirs, stdin=subprocess.DEVNULL, check=True)
    os.close(theirs)
    os.close(ours)
    assert len(re.findall(UUID, (project / "result.txt").read_text(encoding="utf-8"))) == 2


@pytest.mark.usefixtures("emulator")
def test_no_colour_in_pipes(project: Path, flowdeck: Command) -> None:
    """Nothing is coloured where no terminal is, whatever --color says."""
    write(project, manifest(TWO))
    ran = flowdeck("plan", "--color")
    assert "\x1b" not in ran.out + ran.err


def on_terminal(project: Path, *arguments: str, **environment: str) -> str:
    """What a terminal shows of a command."""
    ours, theirs = pty.openpty()
    env = {"TERM": "xterm", **os.environ, **environment}
    with subprocess.Popen(
        [*SHELL, *arguments], cwd=project, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=env
    ):
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
    os.close(ours)
    return shown.decode()


def test_colour_on_a_terminal(project: Path) -> None:
    """A terminal gets colour; NO_COLOR, a dumb terminal and --no-color take it away, and nothing else."""
    write(project, manifest(TWO, service="emulator"))
    coloured = on_terminal(project, "plan", TERM="xterm", NO_COLOR="")
    assert "\x1b[32m+ flow.one\x1b[0m" in coloured
    plain = [
        on_terminal(project, "plan", TERM="xterm", NO_COLOR="1"),
        on_terminal(project, "plan", TERM="dumb"),
        on_terminal(project, "plan", "--no-color"),
    ]
    assert set(plain) == {re.sub(r"\x1b\[\d+m", "", coloured)}


def test_coloured_error(project: Path) -> None:
    """Errors are coloured by the same rules."""
    write(project, manifest({"one": {"titel": "x"}}))
    assert "\x1b[31merror[unknown-field]\x1b[0m" in on_terminal(project, "plan", TERM="xterm")
    assert "\x1b" not in on_terminal(project, "plan", "--no-color")


@pytest.mark.parametrize("command", [["plan"], ["schema"], ["plan", "--format", "json"], ["--help"]], ids=" ".join)
def test_broken_pipe(project: Path, command: list[str]) -> None:
    """A reader that goes away, as `head` does, causes no traceback and no complaint."""
    write(project, manifest({f"flow-{number}": {} for number in range(40)}, service="emulator"))
    line = shlex.join([*SHELL, *command])
    ran = subprocess.run(["bash", "-c", f"{line} | head -1"], capture_output=True, text=True, check=False, timeout=60)
    assert ran.stdout.count("\n") == 1
    assert ran.stderr == ""


def test_full_disk(project: Path) -> None:
    """Output that cannot be written is told as what it is, not as a bug."""
    write(project, manifest(TWO, service="emulator"))
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run([*SHELL, "plan"], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert ran.returncode == 1
    assert "internal-error" not in ran.stderr


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_any_encoding(project: Path, encoding: str) -> None:
    """A terminal that cannot show a character does not stop a command, and JSON is UTF-8 everywhere."""
    write(project, manifest({"one": {"title": "Übertragung 流", "description": "x" * 300}}, service="emulator"))
    for arguments in (["plan"], ["plan", "--format", "json"]):
        ran = subprocess.run(
            [*SHELL, *arguments], env={**os.environ, "PYTHONIOENCODING": encoding}, capture_output=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
    assert "Übertragung 流" in json.dumps(json.loads(ran.stdout.decode("utf-8")), ensure_ascii=False)


# --- the embedded emulator


@pytest.fixture
def decoy(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """A service that every variable leads to, and that must not be asked."""
    for name in ("FLOWDECK_CLIENT_ID", "FLOWDECK_CLIENT_SECRET"):
        monkeypatch.setenv(name, "decoy")
    monkeypatch.setenv("GLOBUS_SDK_ENVIRONMENT", "preview")
    return emulator


def test_embedded_ignores_variables(project: Path, flowdeck: Command, decoy: Emulator) -> None:
    """`service: emulator` asks no other service, whatever the variables say, and is called so in plans."""
    write(project, manifest(TWO, service="emulator"))
    assert flowdeck("plan", "--format", "json").document["service"] == "emulator"
    assert flowdeck("apply", "--yes").code == 0
    assert flowdeck("list").code == 0
    assert decoy.requests() == []


def test_embedded_remembers(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The embedded emulator's file lies beside flows.yaml, also with -f from elsewhere, and outlives the command."""
    write(project, manifest(TWO, service="emulator"))
    monkeypatch.chdir(tmp_path)
    flowdeck("apply", "--yes", "-f", "project")
    assert [path.name for path in (project / ".flowdeck").iterdir()] == ["emulator.db"]
    monkeypatch.chdir(project)
    assert flowdeck("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("value", ["true", "1"])
def test_embedded_in_ci(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Where CI is set the emulator is used all the same, with a warning."""
    write(project, manifest(TWO, service="emulator"))
    assert "emulator-in-ci" not in flowdeck("plan").err
    monkeypatch.setenv("CI", value)
    ran = flowdeck("plan", "--format", "json")
    assert ran.code == 0
    assert "warning[emulator-in-ci]" in ran.err
    assert ran.document["summary"]["create"] == 2


@pytest.mark.parametrize("damage", ["text", "folder", "newer"])
def test_embedded_damaged(project: Path, flowdeck: Command, damage: str) -> None:
    """An emulator file that cannot be used is an error with the way out."""
    write(project, manifest(TWO, service="emulator"))
    file = project / ".flowdeck" / "emulator.db"
    file.parent.mkdir()
    if damage == "folder":
        file.mkdir()
    else:
        file.write_bytes(b"not a database, but long enough to be looked at" * 50 if damage == "text" else b"\0" * 4096)
    ran = flowdeck("plan")
    assert ran.code == 1
    assert "error[emulator-failed]" in ran.err
    assert "hint:" in ran.err


def test_embedded_twice_at_once(project: Path, flowdeck: Command) -> None:
    """Two commands on one emulator file at once do not hurt each other."""
    write(project, manifest(TWO, service="emulator"))
    flowdeck("apply", "--yes")
    running = [
        subprocess.Popen([*SHELL, "plan", "--detailed-exitcode"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    results = [(*one.communicate(timeout=60), one.returncode) for one in running]
    assert [code for _, _, code in results] == [0, 0, 0], results


# --- the emulator as a process


@contextmanager
def emulator_process(*arguments: str) -> Iterator[tuple["subprocess.Popen[str]", dict[str, str]]]:
    """`flowdeck emulator` while it serves, and what it printed."""
    with subprocess.Popen(
        [*SHELL, "emulator", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout
            lines = [running.stdout.readline() for _ in range(5)]
            yield running, dict(re.fullmatch(r"export ([A-Z_]+)=(.*)\n", line).groups() for line in lines)
        finally:
            running.kill()


VARIABLES = [
    "GLOBUS_SDK_SERVICE_URL_FLOWS", "GLOBUS_SDK_SERVICE_URL_AUTH", "GLOBUS_SDK_SERVICE_URL_GROUPS",
    "GLOBUS_CLI_CLIENT_ID", "GLOBUS_CLI_CLIENT_SECRET",
]  # fmt: skip


def test_emulator_lines(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it accepts connections the emulator prints five export lines, which lead flowdeck to it."""
    with emulator_process("--env-file", "emulator.env") as (running, exported):
        assert list(exported) == VARIABLES
        assert requests.get(f"{exported[VARIABLES[0]]}/_emulator/health", timeout=10).json() == {"status": "ok"}
        assert (project / "emulator.env").read_text(encoding="utf-8") == "".join(
            f"export {name}={value}\n" for name, value in exported.items()
        )
        for name, value in exported.items():
            monkeypatch.setenv(name, value)
        write(project, manifest(TWO))
        assert flowdeck("apply", "--yes").code == 0
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=30)
    assert (running.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_emulator_ends(number: signal.Signals) -> None:
    """INT and TERM end the emulator with 0, without a word."""
    with emulator_process() as (running, _):
        running.send_signal(number)
        assert running.communicate(timeout=30)[1] == ""
    assert running.returncode == 0


def test_emulator_data(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --data everything is there again after a restart, and after a kill."""
    write(project, manifest(TWO))
    for expected in (2, 0, 0):
        with emulator_process("--data", "folder/flows.db") as (running, exported):
            for name, value in exported.items():
                monkeypatch.setenv(name, value)
            assert flowdeck("plan", "--format", "json").document["summary"]["create"] == expected
            flowdeck("apply", "--yes")
            running.send_signal(signal.SIGTERM if expected else signal.SIGKILL)
            running.wait(timeout=30)


def test_emulator_latency_and_faults(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """--faults and --latency-ms are in force from the first request."""
    (project / "faults.yaml").write_text("- {fault: status, status: 403, when: {path: /flows}}\n", encoding="utf-8")
    write(project, manifest(TWO))
    with emulator_process("--faults", "faults.yaml", "--latency-ms", "5") as (_, exported):
        for name, value in exported.items():
            monkeypatch.setenv(name, value)
        assert "error[forbidden]" in flowdeck("plan").err
        assert flowdeck("plan").code == 0


def test_emulator_seed(project: Path) -> None:
    """A seed's client is the one that is printed, quoted so that a shell reads what was written."""
    secret = "two words; $(id) 'quoted'"
    client = "00000000-0000-4000-9000-0000000000aa"
    seed = {"client": "me@x.org", "identities": [{"id": client, "username": "me@x.org", "secret": secret}]}
    (project / "seed.yaml").write_text(json.dumps(seed), encoding="utf-8")
    with emulator_process("--seed", "seed.yaml", "--env-file", "e.env"):
        line = '. ./e.env && printf "%s" "$GLOBUS_CLI_CLIENT_SECRET"'
        ran = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == (secret, "")


@pytest.mark.parametrize(
    ("option", "content"),
    [
        ("--seed", None), ("--seed", "[1, 2"), ("--seed", "nonsense: 1"), ("--seed", "- x"), ("--seed", "flows: 3"),
        ("--faults", None), ("--faults", "{"), ("--faults", "- {fault: nope}"), ("--faults", "- {fault: latency}"),
        ("--faults", "- {fault: latency, ms: -1}"), ("--faults", "- {fault: status, status: 200}"),
        ("--faults", "- 3"), ("--faults", "- {fault: drop, when: {nonsense: 1}}"), ("--data", "not a database " * 100),
        ("--seed", "a: &a [*a]"), ("--faults", "- {fault: drop, when: {probability: x}}"),
        ("--faults", "- {fault: drop, when: {requests: 3}}"), ("--faults", "- {fault: status, status: teapot}"),
    ],
)  # fmt: skip
def test_emulator_wrong_files(project: Path, flowdeck: Command, option: str, content: str | None) -> None:
    """A seed, fault or data file that cannot be used is named in an error, exit 1, and nothing serves."""
    if content is not None:
        (project / "file.yaml").write_text(content, encoding="utf-8")
    ran = flowdeck("emulator", option, "file.yaml")
    assert (ran.code, ran.out) == (1, "")
    assert "error[emulator-failed]" in ran.err
    assert "internal-error" not in ran.err


def test_emulator_port_taken(flowdeck: Command, emulator: Emulator) -> None:
    """A port that is taken is an error that names it."""
    port = emulator.url.rpartition(":")[2]
    ran = flowdeck("emulator", "--port", port)
    assert ran.code == 1
    assert port in ran.err


def test_emulator_env_file_impossible(flowdeck: Command, project: Path) -> None:
    """An env file that cannot be written ends the emulator with exit 1 before it prints anything."""
    ran = flowdeck("emulator", "--env-file", "no/such/folder/env")
    assert (ran.code, ran.out) == (1, "")


# --- import and drift, as far as a newcomer goes


@pytest.mark.usefixtures("emulator")
def test_import_and_drift(project: Path, flowdeck: Command) -> None:
    """A forgotten flow comes back with `import`, whose plan is the adoption only; then nothing has drifted."""
    write(project, manifest(TWO))
    flowdeck("apply", "--yes")
    id = flowdeck("output").document["two-hop"]["id"]
    flowdeck("forget", "two-hop")
    write(project, manifest({"one": {"title": "First"}}))
    ran = flowdeck("import", id, "back")
    assert ran.code == 0, ran.err
    assert (project / "flows" / "back" / "definition.json").exists()
    plan = flowdeck("plan", "--format", "json").document
    assert [(one["address"], one["action"], one["fields"]) for one in plan["changes"]] == [("flow.back", "adopt", [])]
    assert flowdeck("apply", "--yes").code == 0
    drift = flowdeck("drift")
    assert (drift.code, drift.out) == (0, "lab / test: no drift. 2 flows as declared.\n")


@pytest.mark.usefixtures("emulator")
def test_drift_exit_code(project: Path, flowdeck: Command) -> None:
    """`drift` exits with 2 when a declared flow is not there, and its JSON is a plan document that says `missing`."""
    write(project, manifest(TWO))
    assert flowdeck("drift").code == 2
    document = flowdeck("drift", "--format", "json").document
    assert document["summary"]["missing"] == 2
    assert set(document) == PLAN


def test_import_of_nothing(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """Importing an id that is not there is an error, and no file is written."""
    write(project, manifest(TWO))
    before = (project / "flows.yaml").read_text(encoding="utf-8")
    ran = flowdeck("import", "00000000-0000-4000-9000-000000000000", "back")
    assert ran.code == 1
    assert "error[flow-not-found]" in ran.err
    assert (project / "flows.yaml").read_text(encoding="utf-8") == before
    assert not (project / "flows").exists()
