"""Bad input, through the real command: a code, a place, a way out, the right exit code, and nothing written."""

import http.server
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from projects import DEFINITION, Command, Ran, manifest, write

from flowdeck.cli.main import run
from flowdeck.emulator import Emulator
from flowdeck.model.flow import Flow
from flowdeck.model.json_value import Json
from flowdeck.service.globus import Credentials, Endpoints, GlobusWriter, connect
from flowdeck.service.ports import Unknown

HEAD = "version: 1\nproject: lab\nenvironments:\n  test: {service: globus}\n"
FLOW = "flows:\n  one:\n    definition: d.json\n"
GOOD = json.dumps(DEFINITION, indent=2)
UUID = "1de27170-0ada-4ec0-8000-{:012}"
EXIT_CODES = {0, 1, 2, 3, 4, 64, 130}
PLACE = re.compile(
    r"^(?P<file>[^\s:]+):(?P<line>\d+):(?P<column>\d+): error\[(?P<code>[a-z0-9-]+)\]: (?P<message>.+)$", re.M
)

Files = dict[str, str | bytes]


def bomb() -> str:
    """Aliases that would make a file of a few lines a gigabyte."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return "\n".join(lines)


# What is written, the code that is wanted, and where: the file, and the text at which its line and column point.
CASES: dict[str, tuple[Files, str, tuple[str, str]]] = {
    "unknown key": ({"flows.yaml": HEAD + FLOW + "    titel: x\n"}, "unknown-field", ("flows.yaml", "titel")),
    "unknown key at the top": ({"flows.yaml": HEAD + "flow: {}\n" + FLOW}, "unknown-field", ("flows.yaml", "flow:")),
    "wrong type": ({"flows.yaml": HEAD + FLOW + "    keywords: x y\n"}, "wrong-type", ("flows.yaml", "x y")),
    "a number for text": ({"flows.yaml": HEAD + FLOW + "    title: 12\n"}, "wrong-type", ("flows.yaml", "12")),
    "null flows": ({"flows.yaml": HEAD + "flows: 3\n"}, "wrong-type", ("flows.yaml", "3")),
    "duplicate key": (
        {"flows.yaml": HEAD + FLOW + "    title: a\n    title: b\n"},
        "duplicate-key",
        ("flows.yaml", "title: b"),
    ),
    "duplicate key in JSON": (
        {"d.json": '{"StartAt": "A", "States": {"A": {"Type": "Pass",\n "End": true, "End": false}}}'},
        "duplicate-key",
        ("d.json", '"End": false'),
    ),
    "tab indent": ({"flows.yaml": HEAD + "flows:\n\tone:\n"}, "syntax-error", ("flows.yaml", "\tone")),
    "alias bomb": ({"flows.yaml": HEAD + bomb() + "\n" + FLOW}, "alias-expansion", ("flows.yaml", "")),
    "alias bomb in a definition": (
        {"d.yaml": bomb(), "flows.yaml": HEAD + FLOW.replace("d.json", "d.yaml")},
        "alias-expansion",
        ("d.yaml", ""),
    ),
    "cyclic alias": ({"flows.yaml": HEAD + "flows: &a\n  one: *a\n"}, "alias-cycle", ("flows.yaml", "*a")),
    "unknown anchor": ({"flows.yaml": HEAD + "flows: *nobody\n"}, "unknown-anchor", ("flows.yaml", "*nobody")),
    "depth 500": ({"flows.yaml": HEAD + "flows: " + "[" * 500 + "]" * 500 + "\n"}, "too-deep", ("flows.yaml", "")),
    "depth 500 in JSON": ({"d.json": "[" * 500 + "]" * 500}, "too-deep", ("d.json", "")),
    "depth 100000 in JSON": ({"d.json": "[" * 100_000}, "too-deep", ("d.json", "")),
    "../../etc/passwd": (
        {"flows.yaml": HEAD + FLOW.replace("d.json", "../../etc/passwd")},
        "path-outside-project",
        ("flows.yaml", "../../etc"),
    ),
    "/etc/passwd": (
        {"flows.yaml": HEAD + FLOW.replace("d.json", "/etc/passwd")},
        "path-outside-project",
        ("flows.yaml", "/etc"),
    ),
    "an include outside": (
        {"flows.yaml": HEAD + "include: [../*.yaml]\n" + FLOW},
        "path-outside-project",
        ("flows.yaml", "../"),
    ),
    "missing file": (
        {"flows.yaml": HEAD + FLOW.replace("d.json", "no.json")},
        "file-not-found",
        ("flows.yaml", "no.json"),
    ),
    "a directory as file": (
        {"flows.yaml": HEAD + FLOW.replace("d.json", "folder.json"), "folder.json/x": ""},
        "not-a-file",
        ("flows.yaml", "folder.json"),
    ),
    "a 17th principal": (
        {
            "flows.yaml": HEAD
            + FLOW
            + "    permissions:\n      - viewers:\n"
            + "".join(f"          - identity:{UUID.format(n)}\n" for n in range(17))
        },
        "too-many-principals",
        ("flows.yaml", ""),
    ),
    "keywords too long with our own": (
        {"flows.yaml": HEAD + FLOW + f"    keywords: [{'k' * 500}, {'l' * 500}]\n"},
        "keywords-too-long",
        ("flows.yaml", ""),
    ),
    "a bare UUID as principal": (
        {"flows.yaml": HEAD + FLOW + f"    permissions:\n      - viewers: [{UUID.format(1)}]\n"},
        "invalid-principal",
        ("flows.yaml", UUID.format(1)),
    ),
    "a title of 129 characters": (
        {"flows.yaml": HEAD + FLOW + f"    title: {'t' * 129}\n"},
        "too-long",
        ("flows.yaml", "t" * 129),
    ),
    "one flow in two includes": (
        {
            "flows.yaml": HEAD + "include: [a.yaml, b.yaml]\n",
            "a.yaml": FLOW,
            "b.yaml": "# another\n" + FLOW,
        },
        "duplicate-flow",
        ("b.yaml", "one:"),
    ),
    "a target that names no state": (
        {"d.json": GOOD.replace('"Next": "Finish"', '"Next": "Finnish"')},
        "unknown-target",
        ("d.json", '"Next": "Finnish"'),
    ),
    "a StartAt that names no state": (
        {"d.json": GOOD.replace('"StartAt": "Begin"', '"StartAt": "Start"')},
        "unknown-target",
        ("d.json", '"StartAt": "Start"'),
    ),
    "no States": ({"d.json": '{"StartAt": "A"}'}, "definition-shape", ("d.json", "")),
    "a list as definition": ({"d.json": "[]"}, "definition-shape", ("d.json", "")),
    "broken JSON": ({"d.json": '{"StartAt": "A",\n "States": }'}, "syntax-error", ("d.json", "}")),
    "broken YAML": ({"flows.yaml": HEAD + "flows: {one: [}\n"}, "syntax-error", ("flows.yaml", "")),
    "NaN in JSON": ({"d.json": GOOD.replace("5", "NaN")}, "syntax-error", ("d.json", "NaN")),
    "an empty manifest file": ({"flows.yaml": ""}, "empty-file", ("flows.yaml", "")),
    "no flow": ({"flows.yaml": HEAD}, "empty-manifest", ("flows.yaml", "")),
    "an include of nothing": (
        {"flows.yaml": HEAD + "include: [nothing/*.yaml]\n" + FLOW},
        "include-matches-nothing",
        ("flows.yaml", "nothing"),
    ),
    "not UTF-8": ({"flows.yaml": (HEAD + FLOW).encode() + b"    title: \xff\n"}, "not-utf-8", ("flows.yaml", "")),
    "not UTF-8 in JSON": ({"d.json": b'{"a": "\xff"}'}, "not-utf-8", ("d.json", "")),
    "over 1 MiB": ({"d.json": " " * (1 << 20) + GOOD}, "file-too-large", ("flows.yaml", "d.json")),
    "Norway": ({"flows.yaml": HEAD + FLOW + "    title: no\n"}, "ambiguous-value", ("flows.yaml", "no\n")),
    "an octal": ({"flows.yaml": HEAD + FLOW + "    title: 012\n"}, "ambiguous-value", ("flows.yaml", "012")),
    "a tag": (
        {"flows.yaml": HEAD + FLOW + "    title: !!python/object/apply:os.system [id]\n"},
        "explicit-tag",
        ("flows.yaml", "!!python"),
    ),
    "two documents": ({"flows.yaml": HEAD + FLOW + "---\na: 1\n"}, "several-documents", ("flows.yaml", "---")),
    "a number as key": ({"flows.yaml": HEAD + FLOW + "    1: x\n"}, "non-text-key", ("flows.yaml", "1: x")),
    "version 2": (
        {"flows.yaml": HEAD.replace("version: 1", "version: 2") + FLOW},
        "invalid-version",
        ("flows.yaml", "2\n"),
    ),
    "a bad name": ({"flows.yaml": HEAD + FLOW.replace("one", "One!")}, "invalid-name", ("flows.yaml", "One!")),
    "a reserved keyword": (
        {"flows.yaml": HEAD + FLOW + "    keywords: ['flowdeck:lab/test/two']\n"},
        "reserved-keyword",
        ("flows.yaml", "'flowdeck:"),
    ),
    "a bad id": ({"flows.yaml": HEAD + FLOW + "    id: 123-456\n"}, "invalid-uuid", ("flows.yaml", "123-456")),
}


def lay_out(folder: Path, files: Files) -> None:
    """Write the files of a case over a valid project."""
    for name, content in {"flows.yaml": HEAD + FLOW, "d.json": GOOD, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def told(ran: Ran, code: str) -> "re.Match[str]":
    """The located error of that code; the whole complaint is well-formed."""
    shown = ran.out + ran.err
    assert "Traceback" not in shown
    assert "internal-error" not in shown
    found = [match for match in PLACE.finditer(shown) if match["code"] == code]
    assert found, shown
    assert "\n  hint: " in shown[found[0].end() :].split("\n\n")[0], shown
    return found[0]


@pytest.mark.parametrize("name", CASES)
def test_bad_input(project: Path, flowdeck: Command, emulator: Emulator, name: str) -> None:
    """Each wrong manifest ends plan, apply and validate with exit 1, at its place, and the service hears nothing.

    Or it is only read: whether the rules of the flow language matter to a plan depends on what is live.
    """
    files, code, (file, text) = CASES[name]
    lay_out(project, files)
    for arguments in (["plan"], ["apply", "--yes"], ["validate"]):
        ran = flowdeck(*arguments)
        assert ran.code == 1, ran
        match = told(ran, code)
        assert match["file"] == file
        lines = (project / file).read_text(encoding="utf-8", errors="replace").split("\n")
        assert "\n".join(lines[int(match["line"]) - 1 :])[int(match["column"]) - 1 :].startswith(text)
    asked = {request.path for request in emulator.requests() if request.method != "GET"}
    assert asked <= ({"/v2/oauth2/token"} if code == "unknown-target" else set())
    assert code == "unknown-target" or emulator.requests() == []
    assert not (project / ".flowdeck").exists()


def test_link_out_of_the_project(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """A link that leaves the project folder is refused, for a file and for a folder on the way."""
    (project.parent / "outside").mkdir()
    (project.parent / "outside" / "d.json").write_text(GOOD, encoding="utf-8")
    (project / "link.json").symlink_to("../outside/d.json")
    (project / "way").symlink_to("../outside")
    for named in ("link.json", "way/d.json"):
        lay_out(project, {"flows.yaml": HEAD + FLOW.replace("d.json", named)})
        ran = flowdeck("apply", "--yes")
        assert ran.code == 1
        assert told(ran, "path-outside-project")["file"] == "flows.yaml"
    assert emulator.requests() == []


@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_special_files(project: Path, flowdeck: Command, emulator: Emulator, kind: str) -> None:
    """A pipe or a device is no file: the command neither hangs nor reads it."""
    path = project / "d.json"
    lay_out(project, {})
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    ran = flowdeck("plan")
    assert ran.code == 1
    told(ran, "not-a-file" if kind == "fifo" else "path-outside-project")


def test_a_fifo_as_manifest(project: Path, flowdeck: Command) -> None:
    """A pipe as flows.yaml does not hang the command either."""
    os.mkfifo(project / "flows.yaml")
    ran = flowdeck("plan")
    assert ran.code == 1
    assert "error[" in ran.err


def test_everything_at_once(project: Path, flowdeck: Command) -> None:
    """All problems are told at once, sorted by place, each once."""
    text = HEAD + FLOW + "    titel: x\n    keywords: 3\n  Two: {definition: no.json}\n"
    lay_out(project, {"flows.yaml": text, "d.json": GOOD.replace('"Next": "Finish"', '"Next": "X"')})
    ran = flowdeck("plan")
    places = [(match["file"], int(match["line"]), int(match["column"])) for match in PLACE.finditer(ran.err)]
    assert len(places) >= 4
    assert places == sorted(places)
    assert len({match[0] for match in PLACE.finditer(ran.err)}) == len(places)


# --- the service


def test_service_down(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that nobody answers for is `service-unreachable`, exit 1, with the way out."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the SDK's pauses between its attempts
    for name in ("FLOWS", "AUTH", "GROUPS"):
        monkeypatch.setenv(f"GLOBUS_SDK_SERVICE_URL_{name}", "http://127.0.0.1:9")
    monkeypatch.setenv("GLOBUS_CLI_CLIENT_ID", "x")
    monkeypatch.setenv("GLOBUS_CLI_CLIENT_SECRET", "y")
    write(project, manifest({"one": {}}))
    for command in (["plan"], ["apply", "--yes"], ["list"], ["drift"]):
        ran = flowdeck(*command)
        assert ran.code == 1
        assert "error[service-unreachable]" in ran.err
        assert "hint:" in ran.err


@pytest.mark.parametrize(
    "case", [(401, "bad-credentials"), (403, "forbidden"), (500, "service-failed"), (503, "service-failed")]
)
def test_refused_read(
    project: Path, flowdeck: Command, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, case: tuple[int, str]
) -> None:
    """A read that the service refuses ends the plan with exit 1 and a code that says why."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    status, code = case
    write(project, manifest({"one": {}}))
    emulator.inject({"fault": "status", "status": status, "times": 99, "when": {"path": "/flows"}})
    for command in (["plan"], ["apply", "--yes"]):
        ran = flowdeck(*command)
        assert ran.code == 1
        assert f"error[{code}]" in ran.err
        assert "hint:" in ran.err


@pytest.mark.parametrize(
    ("status", "code"), [(403, "forbidden"), (409, "refused-by-service"), (401, "bad-credentials")]
)
def test_refused_write(project: Path, flowdeck: Command, emulator: Emulator, status: int, code: str) -> None:
    """A write that the service refuses is a failed step, exit 1 when nothing else was done, with address and hint."""
    write(project, manifest({"one": {}}))
    emulator.inject({"fault": "status", "status": status, "times": 9, "when": {"method": "POST", "path": "/flows"}})
    ran = flowdeck("apply", "--yes")
    assert ran.code == 1
    assert f"flow.one: error[{code}]" in ran.out + ran.err
    assert "hint:" in ran.out + ran.err


def test_422_at_its_place(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """What the service finds wrong with a definition is told at the file, line and column of the user's own JSON."""
    lay_out(project, {"d.json": GOOD})
    detail = [{"loc": ["definition", "States", "Finish"], "msg": "not today", "type": "value_error"}]
    body = {"error": {"code": "UNPROCESSABLE_ENTITY", "detail": detail}}
    for arguments in (["apply", "--yes"], ["validate", "--online"]):
        emulator.inject({"fault": "status", "status": 422, "body": body, "when": {"method": "POST", "path": "/flows*"}})
        ran = flowdeck(*arguments)
        assert ran.code == 1
        match = told(ran, "refused-by-service")
        assert match["file"] == "d.json"
        assert '"Finish"' in GOOD.splitlines()[int(match["line"]) - 1]


ANSWERS: dict[str, bytes] = {
    "html": b"<html><body>Please log in to the guest network</body></html>",
    "nothing": b"",
    "null": b"null",
    "list": b"[]",
    "text": b'"hello"',
    "object": b"{}",
    "truncated": b'{"access_token": "x", "scope": ',
    "binary": b"\xff\xfe\x00\x01",
}


@contextmanager
def answering(body: Callable[[str], bytes]) -> Iterator[str]:
    """Somebody else's server, which answers every request with 200."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            content = body(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 (the library's names)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


TOKEN = (
    b'{"access_token": "t", "scope": "https://auth.globus.org/scopes/eec9b274-0c81-4334-bdc2-54e90e689b9a/view_flows",'
    b'"expires_in": 3600, "token_type": "Bearer", "resource_server": "flows.globus.org", "other_tokens": []}'
)


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("where", ["auth", "flows"])
def test_not_the_service(
    project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch, answer: str, where: str
) -> None:
    """Something that is not Globus and answers 200, such as a captive portal, is a service error and no bug."""
    write(project, manifest({"one": {}}))
    monkeypatch.setenv("GLOBUS_CLI_CLIENT_ID", "x")
    monkeypatch.setenv("GLOBUS_CLI_CLIENT_SECRET", "y")
    with answering(lambda path: TOKEN if where == "flows" and "token" in path else ANSWERS[answer]) as url:
        for name in ("FLOWS", "AUTH", "GROUPS"):
            monkeypatch.setenv(f"GLOBUS_SDK_SERVICE_URL_{name}", url)
        ran = flowdeck("plan")
    assert ran.code == 1
    assert "error[service-failed]" in ran.err
    assert "internal-error" not in ran.err


@pytest.mark.parametrize("answer", ANSWERS)
def test_garbage_answer_to_a_write(answer: str) -> None:
    """A write whose answer makes no sense may have taken effect: its outcome is unknown, and nothing is raised."""
    flow = Flow(title="one", definition=Json.of(DEFINITION))
    with answering(lambda path: TOKEN if "token" in path else ANSWERS[answer]) as url:
        access = connect(Endpoints(url, url, url), Credentials("x", "y"), writing=False)
        writer = GlobusWriter(access)
        try:
            outcomes = [writer.create(flow, ["k"]), writer.update("id", flow, ["title"], ["k"]), writer.delete("id")]
        finally:
            access.close()
    assert [type(one) for one in outcomes] == [Unknown] * 3


# --- any command line at all


COMMANDS = st.sampled_from(
    [
        "init",
        "validate",
        "plan",
        "apply",
        "destroy",
        "drift",
        "import",
        "forget",
        "list",
        "show",
        "output",
        "schema",
        "completion",
    ]
)
WORDS = st.sampled_from(
    [
        "-f", "--file", "-e", "--env", "--format", "json", "text", "env", "gitlab", "--parallelism", "1",
        "--no-color", "--color", "-q", "-v", "--yes", "--expect", "--allow", "--no-delete", "--out", "x.json", "x.txt",
        "--destroy", "--detailed-exitcode", "--online", "--help", "--version", "one", "flow.one", "*", "[", "!", "-",
        "--", "", ".", "flows.yaml", "bash", "0" * 12, "mass-delete", "00000000-0000-4000-9000-000000000000",
    ]
)  # fmt: skip
OPTIONS = st.sampled_from(
    [
        ["--format", "json"], ["-e", "test"], ["--yes"], ["--expect", "0" * 12], ["--expect", "x.json"], ["one"],
        ["--allow", "protected"], ["--out", "x.json"], ["--out", "x.txt"], ["-f", "."], ["-q"], ["-v"], ["flow.*"],
    ]
)  # fmt: skip
FREE = st.text(alphabet=st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), max_size=12)


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(COMMANDS | WORDS, st.lists(OPTIONS | st.lists(WORDS | FREE, max_size=2), max_size=4))
def test_any_command_line(
    project: Path, capsys: pytest.CaptureFixture[str], command: str, options: list[list[str]]
) -> None:
    """No command line leaves a traceback or a bug report, and the exit code is always a documented one."""
    write(project, manifest({"one": {}}, service="emulator"))
    words = [command, *(word for option in options for word in option)]
    code = run(words)
    shown = capsys.readouterr()
    assert code in EXIT_CODES
    assert "Traceback" not in shown.out + shown.err
    assert "internal-error" not in shown.err


def test_bytes_that_are_no_text(project: Path) -> None:
    """A command line of bytes that are no text is refused in words, or done, as any other."""
    write(project, manifest({"one": {}}, service="emulator"))
    shell = [sys.executable, "-c", "from flowdeck.cli import main; main()"]
    for line in (b"plan \xff", b"plan -e \xff", b"plan -f \xff", b"apply --allow \xff", b"init \xff", b"\xff"):
        words = [*shell, *(os.fsdecode(word) for word in line.split())]
        ran = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60)
        assert ran.returncode in EXIT_CODES, line
        assert b"internal-error" not in ran.stderr, line
        assert b"Traceback" not in ran.stderr, line


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_manifest(project: Path, capsys: pytest.CaptureFixture[str], content: str | bytes) -> None:
    """Whatever flows.yaml holds, it is either valid or refused with a located error."""
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    for name in ("flows.yaml", "d.json"):
        lay_out(project, {name: raw})
        assert run(["validate"]) in (0, 1)
        shown = capsys.readouterr()
        assert "internal-error" not in shown.err


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["flows", "environments", "permissions", "principals", "guardrails", "include", "subscriptions"]),
    JSON_VALUES,
)
def test_any_value(project: Path, capsys: pytest.CaptureFixture[str], key: str, value: Any) -> None:
    """Whatever a section of the manifest holds, validate ends with 0 or 1, or 64 when the environment is not there."""
    lay_out(project, {"flows.yaml": json.dumps({**manifest({"one": {}}), key: value})})
    assert run(["validate"]) in (0, 1, 64)
    shown = capsys.readouterr()
    assert "internal-error" not in shown.err


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON_VALUES, st.sampled_from(["definition", "input_schema", "States", "state"]))
def test_any_definition(project: Path, capsys: pytest.CaptureFixture[str], value: Any, place: str) -> None:
    """Whatever a definition or a schema holds, it is either valid or refused with a located error."""
    flow: dict[str, Any] = {"definition": DEFINITION}
    match place:
        case "States":
            flow["definition"] = {"StartAt": "A", "States": value}
        case "state":
            flow["definition"] = {"StartAt": "A", "States": {"A": value}}
        case _:
            flow[place] = value
    lay_out(project, {"flows.yaml": json.dumps(manifest({"one": flow}))})
    assert run(["validate"]) in (0, 1)
    assert "internal-error" not in capsys.readouterr().err
