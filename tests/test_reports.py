"""The reports of `validate` for machines: annotations, SARIF and JUnit, whatever the files say and are called."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from projects import DEFINITION, Command, Ran, manifest, write

from flowdeck import __version__
from flowdeck.model.codes import SUBJECTS
from flowdeck.model.diagnostic import Diagnostic, Place, Severity
from flowdeck.render import annotations, diagnostics, junit, sarif
from flowdeck.render.escape import plain
from flowdeck.render.paint import colourless

REPORTS = ("github", "sarif", "junit")
# What GitHub's runner takes for a command (actions/runner, src/Runner.Worker/ActionCommandManager.cs).
COMMANDS = {
    *("add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "internal-set-repo-path"),
    *("notice", "remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning"),
}
INJECTIONS = [
    "::error::x",
    "  ::set-env name=PATH::/tmp",
    "\n::warning::x",
    "\r::stop-commands::x",
    "%0A::error::x",
    "%250A::error::x",
    "##[add-mask]x",
    "a ##[error]x",
    "##[set-output name=a;]x%0A",
    "x,title=y::z",
    "x:1,line=2",
    "\u2028::debug::x",
    "::add-matcher::m.json",
    "a::b, c=d: 100%",
    "\x00\x1b[31m\x0b\ufffe\ud800]]>&<b>\"'",
]
TEXT = st.text(max_size=12) | st.sampled_from(INJECTIONS) | st.text(alphabet="%0AaD25:,=#[] \r\n", max_size=12)


def unescaped(text: str, **also: str) -> str:
    """As the runner reads a value back: percent comes last."""
    for written, meant in {"%0D": "\r", "%0A": "\n", **also, "%25": "%"}.items():
        text = text.replace(written, meant)
    return text


def commands(log: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """The workflow commands that GitHub's runner finds in a log: name, properties and data."""
    for line in log.replace("\r", "\n").split("\n"):
        written, name = line.lstrip(), ""
        if written.startswith("::") and "::" in written[2:]:
            head, _, data = written[2:].partition("::")
            name, _, properties = head.partition(" ")
            if name in COMMANDS:
                pairs = [one.partition("=") for one in properties.strip().split(",") if "=" in one]
                read = {key: unescaped(value, **{"%3A": ":", "%2C": ","}) for key, _, value in pairs}
                yield name, read, unescaped(data)
                continue
        if "##[" in line and "]" in line.partition("##[")[2]:
            name = line.partition("##[")[2].partition("]")[0].partition(" ")[0]
            if name in COMMANDS:
                yield name, {}, line


def found(count: int, severity: Severity, **changes: Any) -> list[Diagnostic]:
    """So many diagnostics."""
    return [
        Diagnostic("unknown-field", f"{severity} {number}", place=Place("flows.yaml", number + 1), severity=severity)
        for number in range(count)
    ]


# --- workflow commands


@given(TEXT, TEXT, TEXT, st.booleans())
def test_nothing_starts_another_command(message: str, hint: str, file: str, placed: bool) -> None:
    """Whatever the texts are, a diagnostic is one command whose parts are read back, and no command for people."""
    place = Place(file, 3, 4, f"{message}\t{hint}") if placed else None
    one = Diagnostic("unknown-field", message, hint, place, "flow.a")
    [(name, properties, data)] = commands(annotations.text([one]))
    where = {"file": plain(file), "line": "3", "col": "4"} if placed else {}
    told = [f"{'' if placed else 'flow.a: '}{plain(message)}", *([f"hint: {plain(hint)}"] if hint else [])]
    assert (name, data) == ("error", "\n".join(told))
    assert {key: value.strip() for key, value in properties.items() if value.strip()} == {
        key: value.strip() for key, value in {**where, "title": "unknown-field"}.items() if value.strip()
    }
    assert list(commands(diagnostics.text([one], colourless))) == []


def test_github_format(project: Path, flowdeck: Command) -> None:
    """Stdout holds one command a diagnostic, the gravest first, and nothing else; people read the rest on stderr."""
    flow = {"titel": "a, b: 100%", "definition": {**DEFINITION, "States": {**DEFINITION["States"], "Lost": {}}}}
    write(project, manifest({"one": flow}))
    ran = flowdeck("validate", "--format", "github")
    assert ran.code == 1
    told = list(commands(ran.out))
    assert len(told) == len(ran.out.splitlines())
    assert [name for name, _, _ in told] == sorted(name for name, _, _ in told)
    line = (project / "flows.yaml").read_text(encoding="utf-8").splitlines().index("    titel: 'a, b: 100%'") + 1
    expected = {"file": "flows.yaml", "line": str(line), "col": "5", "title": "unknown-field"}
    assert expected in [properties for _, properties, _ in told]
    assert ran.err.strip() == flowdeck("validate").out.strip()


@pytest.mark.parametrize("text", [one for one in INJECTIONS if not set("\x00\n\r\ud800") & set(one)])
def test_files_and_keys_that_look_like_commands(project: Path, flowdeck: Command, text: str) -> None:
    """Neither a file's name nor a key or a value of it is a command on stdout or stderr."""
    name = text.replace("/", "_").strip()
    (project / f"{name}.json").write_text(json.dumps({**DEFINITION, text: text}), encoding="utf-8")
    document = manifest({"one": {"definition": f"{name}.json", f"x{text}": text}})
    (project / "flows.yaml").write_text(json.dumps(document), encoding="utf-8")
    for arguments in (["--format", "github"], ["-f", text, "--format", "github"], []):
        ran = flowdeck("validate", *arguments)
        assert ran.code in (1, 64)
        assert list(commands(ran.err)) == []
        assert {name for name, _, _ in commands(ran.out)} <= ({"error", "warning"} if arguments else set())
        assert ran.out.count("\n") == len(list(commands(ran.out))) or not arguments
        for _, properties, _ in commands(ran.out):
            assert properties["title"] in {code for codes in SUBJECTS.values() for code in codes}


def test_what_github_would_not_show_is_counted() -> None:
    """Of ten errors, ten warnings and nine notes at most each is told; a last notice tells how many are not."""
    many = [*found(12, Severity.WARNING), *found(11, Severity.NOTE), *found(13, Severity.ERROR)]
    told = list(commands(annotations.text(many)))
    assert [name for name, _, _ in told] == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 10
    assert told[-1][2] == "7 more in the log of this step"
    assert len(list(commands(annotations.text(found(10, Severity.ERROR))))) == 10
    assert annotations.text([]) == ""


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("text", ["##[error]x", "::error::x", "a ##[add-mask]b", "##[group]"])
def test_no_output_is_a_command(project: Path, flowdeck: Command, text: str) -> None:
    """What a flow says is no command to a log that any command's output goes to, whatever the format."""
    state = {"Type": "Pass", "Comment": text, "Parameters": {text: text}, "Next": "B"}
    states = {text: state, "B": {"Type": "Pass", "End": True}}
    flow = {"title": text, "description": text, "keywords": [text], "definition": {"StartAt": text, "States": states}}
    schema = {"type": "object", "title": text, "properties": {text: {"type": "string", "default": text}}}
    document = manifest({"one": {**flow, "input_schema": schema}})
    (project / "flows.yaml").write_text(json.dumps(document), encoding="utf-8")
    asked: list[tuple[str, list[str], tuple[str, ...]]] = [
        ("validate", [], ("text", "json", "sarif", "junit")),
        ("plan", [], ("text", "json", "markdown", "html")),
        ("graph", ["one"], ("mermaid", "dot")),
        ("apply", ["--yes"], ("text", "json", "markdown")),
        ("show", ["one"], ("text", "json")),
        ("list", [], ("text", "json")),
        ("drift", [], ("text", "json", "markdown")),
    ]
    for command, arguments, formats in asked:
        for form in formats:
            ran = flowdeck(command, *arguments, "--format", form)
            assert ran.code == 0, ran
            assert list(commands(f"{ran.out}\n{ran.err}")) == [], (command, form)


# --- SARIF

TEXTS = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
NUMBER = {"type": "integer", "minimum": 1}
# What SARIF 2.1.0 asks for, and what GitHub asks for beyond it (its documentation of SARIF support).
SARIF = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "semanticVersion", "rules"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id", "shortDescription"],
                                            "properties": {"id": {"type": "string"}, "shortDescription": TEXTS},
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["ruleId", "level", "message", "locations", "partialFingerprints"],
                            "properties": {
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": TEXTS,
                                "locations": {
                                    "type": "array",
                                    "minItems": 1,
                                    "items": {
                                        "type": "object",
                                        "required": ["physicalLocation"],
                                        "properties": {
                                            "physicalLocation": {
                                                "type": "object",
                                                "required": ["artifactLocation", "region"],
                                                "properties": {
                                                    "artifactLocation": {
                                                        "required": ["uri"],
                                                        "properties": {
                                                            "uri": {"type": "string", "pattern": "^[!-~]+$"}
                                                        },
                                                    },
                                                    "region": {
                                                        "required": ["startLine"],
                                                        "properties": {"startLine": NUMBER, "startColumn": NUMBER},
                                                    },
                                                },
                                            }
                                        },
                                    },
                                },
                                "partialFingerprints": {
                                    "type": "object",
                                    "minProperties": 1,
                                    "additionalProperties": {"type": "string"},
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def results(ran: Ran) -> list[dict[str, Any]]:
    """The results of a SARIF document that is in order."""
    Draft7Validator(SARIF).validate(ran.document)
    [run] = ran.document["runs"]
    rules = run["tool"]["driver"]["rules"]
    for one in run["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
    return list(run["results"])


def fingerprints(ran: Ran) -> dict[str, str]:
    """The fingerprint of each result by its message."""
    return {one["message"]["text"]: one["partialFingerprints"]["flowdeck/v1"] for one in results(ran)}


def location(one: dict[str, Any]) -> tuple[str, int, int]:
    """File, line and column of a result."""
    place = one["locations"][0]["physicalLocation"]
    uri = place["artifactLocation"]["uri"]
    return unquote(uri), place["region"]["startLine"], place["region"]["startColumn"]


def test_sarif(project: Path, flowdeck: Command) -> None:
    """Each diagnostic is a result with its code as rule, its level, its words with the hint, and its place."""
    write(project, manifest({"one": {"titel": "x"}, "two": {"definition": {**DEFINITION, "StartAt": "${var.no}"}}}))
    ran = flowdeck("validate", "--format", "sarif")
    told = flowdeck("validate", "--format", "json").document["diagnostics"]
    assert ran.code == 1
    assert [(one["ruleId"], one["level"], *location(one)) for one in results(ran)] == [
        (one["code"], one["severity"], one["file"], one["line"], one["column"]) for one in told
    ]
    texts = [one["message"]["text"] for one in results(ran)]
    assert texts[0] == "`titel` is not a key of this mapping\nhint: did you mean `title`?"
    driver = ran.document["runs"][0]["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("flowdeck", __version__)
    meanings = {code: meaning for codes in SUBJECTS.values() for code, meaning in codes.items()}
    assert [(one["id"], one["shortDescription"]["text"]) for one in driver["rules"]] == [
        (code, meanings[code]) for code in sorted({one["code"] for one in told})
    ]
    assert flowdeck("validate", "--format", "sarif").out == ran.out


def test_fingerprints_stay(project: Path, flowdeck: Command) -> None:
    """Lines above a finding move it and leave its fingerprint; two findings have two, also on lines that are alike."""
    text = "version: 1\nproject: lab\nflows:\n  one:\n    titel: x\n    title: a\n    title: b\n  two:\n    titel: x\n"
    (project / "flows.yaml").write_text(text, encoding="utf-8")
    before = flowdeck("validate", "--format", "sarif")
    (project / "flows.yaml").write_text(f"# one\n# two\n\n{text.replace('flows:', 'flows:  # all')}", encoding="utf-8")
    after = flowdeck("validate", "--format", "sarif")
    first, second = ([one["partialFingerprints"] for one in results(ran)] for ran in (before, after))
    assert first == second
    assert [location(one) for one in results(before)] != [location(one) for one in results(after)]
    assert len({json.dumps(one) for one in first}) == len(first) >= 3
    twice = sarif.document([Diagnostic("unknown-field", "m", place=Place("f", line, 1, "x")) for line in (1, 2)], "f")
    assert len({one["partialFingerprints"]["flowdeck/v1"] for one in twice["runs"][0]["results"]}) == 2


@given(TEXT.filter(str.strip), TEXT, TEXT.filter(lambda file: bool(file) and "\ud800" not in file))
def test_sarif_of_any_text(message: str, hint: str, file: str) -> None:
    """Any text makes a valid document: escaped as for people, paths as URIs, and nothing a link or a placeholder."""
    one = Diagnostic("unknown-field", f"{message} [x](http://example.org) {{0}} [y]", hint, Place(file))
    [result] = results(Ran(1, json.dumps(sarif.document([one], "flows.yaml")), ""))
    text = result["message"]["text"]
    assert not re.search(r"(?<!\\)(\\\\)*\[", text)
    assert not re.search(r"(?<!\{)\{\d+\}", text)
    meant = re.sub(r"\{\{(\d+)\}\}", r"{\1}", re.sub(r"\\(.)", r"\1", text))
    assert meant == plain(one.message) + (f"\nhint: {plain(hint)}" if hint else "")


def test_sarif_of_what_has_no_place(project: Path, flowdeck: Command) -> None:
    """Every result has a location: what has no place stands at the manifest's first line, also where there is none."""
    for arguments, file in (([], "flows.yaml"), (["-f", "a b/ü.yaml"], "a b/ü.yaml")):
        ran = flowdeck("validate", "--format", "sarif", *arguments)
        assert (ran.code, [location(one) for one in results(ran)]) == (1, [(file, 1, 1)])


# --- JUnit


def suite(ran: Ran) -> Xml.Element:
    """The one suite of a report whose counts are right."""
    root = Xml.fromstring(ran.out)
    [found] = root
    cases = list(found)
    assert (root.tag, found.tag, {one.tag for one in cases}) == ("testsuites", "testsuite", {"testcase"})
    for one in (root, found):
        assert one.get("tests") == str(len(cases))
        assert one.get("failures") == str(len(found.findall("testcase/failure")))
    assert all(len(one.findall("failure")) <= 1 for one in cases)
    return found


def test_junit(project: Path, flowdeck: Command) -> None:
    """The project and each flow are test cases: one failure for all errors of one, the rest as its output."""
    odd = {**DEFINITION, "States": {**DEFINITION["States"], "Lost": {"Type": "Pass", "End": True}}}
    wrong = {"titel": "x", "title": "x" * 200, "keywords": ["a", "a"]}
    write(project, manifest({"fine": {}, "odd": {"definition": odd}, "wrong": wrong}, principals={"ada": "nobody"}))
    ran = flowdeck("validate", "--format", "junit")
    cases = {one.get("name"): one for one in suite(ran)}
    assert ran.code == 1
    assert list(cases) == ["project", "flow.fine", "flow.odd", "flow.wrong"]
    assert {name: [part.tag for part in one] for name, one in cases.items()} == {
        "project": ["failure"],
        "flow.fine": [],
        "flow.odd": ["system-out"],
        "flow.wrong": ["failure", "system-out"],
    }
    failure = cases["flow.wrong"].find("failure")
    assert failure is not None
    assert failure.get("message") == "`titel` is not a key of this mapping (and 1 more)"
    assert failure.text is not None
    assert "error[unknown-field]" in failure.text
    assert "error[too-long]" in failure.text
    assert "warning[duplicate-keyword]" in (cases["flow.wrong"].findtext("system-out") or "")
    assert "hint: did you mean `title`?" in failure.text
    assert cases["flow.wrong"].get("file") == "flows.yaml"
    assert suite(ran).get("name") == "lab/test"
    assert flowdeck("validate", "--format", "junit").out == ran.out


@given(TEXT, TEXT, TEXT)
def test_junit_of_any_text(message: str, hint: str, file: str) -> None:
    """Any text makes well-formed XML, with what it says escaped as for people."""
    found = [
        Diagnostic("unknown-field", message, hint, Place(file, 1, 1, message), "flow.a", severity)
        for severity in (Severity.ERROR, Severity.WARNING)
    ]
    case = Xml.fromstring(junit.text(found, message, ["a"]))[0][1]
    assert case.findtext("failure") == f"\n{diagnostics.text(found[:1], colourless)}\n"
    assert case.findtext("system-out") == f"\n{diagnostics.text(found[1:], colourless)}\n"


# --- all of them


@pytest.mark.parametrize("form", REPORTS)
@pytest.mark.parametrize(
    ("options", "code"),
    [(["-e", "nowhere"], 64), (["-f", "nowhere"], 1), (["--online"], 1), (["--var", "x"], 64), ([], 1)],
    ids=str,
)
def test_a_report_is_always_there(project: Path, flowdeck: Command, form: str, options: list[str], code: int) -> None:
    """A report is all of stdout also where the command cannot begin; exit codes and stderr are as without it."""
    write(project, manifest({"one": {}}) if options else {"version": 1, "project": "lab", "flows": []})
    plain_one = flowdeck("validate", *options)
    ran = flowdeck("validate", "--format", form, *options)
    assert ran.code == plain_one.code == code
    match form:
        case "github":
            assert {name for name, _, _ in commands(ran.out)} == {"error"}
        case "sarif":
            assert {one["level"] for one in results(ran)} == {"error"}
        case "junit":
            assert suite(ran)[0].find("failure") is not None
    if options:
        assert ran.err == plain_one.err != ""


@pytest.mark.parametrize("form", REPORTS)
def test_a_report_of_a_sound_project(project: Path, flowdeck: Command, form: str) -> None:
    """Of a project without problems the reports are there and empty, and the exit code is 0."""
    write(project, manifest({"one": {}}))
    ran = flowdeck("validate", "--format", form)
    assert (ran.code, ran.err) == (0, "")
    match form:
        case "github":
            assert ran.out == ""
        case "sarif":
            assert results(ran) == []
        case "junit":
            assert [len(one) for one in suite(ran)] == [0, 0]


@pytest.mark.parametrize("form", REPORTS)
@pytest.mark.parametrize("by", ["git", "workspace", "neither"])
def test_files_are_named_from_the_root(
    project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch, form: str, by: str
) -> None:
    """Files have their path in the repository, wherever in it the command runs."""
    if by == "git":
        (project / ".git").mkdir()
    if by == "workspace":
        monkeypatch.setenv("GITHUB_WORKSPACE", str(project))
    (project / "deploy").mkdir()
    write(project / "deploy", manifest({"one": {"titel": "x"}}))
    monkeypatch.chdir(project / "deploy")
    ran = flowdeck("validate", "--format", form)
    expected = "flows.yaml" if by == "neither" else "deploy/flows.yaml"
    match form:
        case "github":
            assert [properties["file"] for _, properties, _ in commands(ran.out)] == [expected]
        case "sarif":
            assert [location(one)[0] for one in results(ran)] == [expected]
        case "junit":
            assert [one.get("file") for one in suite(ran)] == [None, expected]
