"""`flowdeck graph`: a flow drawn from the manifest, from the service, and from both; nothing in a drawing can act."""

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from projects import DEFINITION, Command, manifest, write

from flowdeck.definition.graph import difference, graph
from flowdeck.model.json_value import Json
from flowdeck.render.graph.dot import dot
from flowdeck.render.graph.drawing import drawing
from flowdeck.render.graph.mermaid import mermaid
from flowdeck.render.graph.table import table

ROOT = Path(__file__).parents[1]
STATES = DEFINITION["States"]
LONGER = {
    "StartAt": "Begin",
    "States": {
        "Begin": {"Type": "Wait", "Seconds": 5, "Next": "Copy"},
        "Copy": {"Type": "Action", "ActionUrl": "https://transfer.actions.globus.org/transfer", "Next": "Finish"},
        "Finish": STATES["Finish"],
    },
}
SMALL = """\
---
title: "flow.one"
---
flowchart TD
start(("start"))
s0{{"Begin<br/>Wait 5 s"}}
s1("Finish<br/>Pass")
finish((("end")))
start --> s0
s0 --> s1
s1 --> finish
"""
CHANGED = """\
---
title: "flow.one: what an apply changes (+ added, - removed, ~ changed)"
---
flowchart TD
start(("start"))
s0{{"#126; Begin<br/>Wait 5 s<br/>leads elsewhere"}}
s1["#43; Copy<br/>transfer.actions.globus.org/transfer"]
s2("Finish<br/>Pass")
finish((("end")))
start --> s0
s0 ==> s1
s0 --x|"#45; no longer"| s2
s1 ==> s2
s2 --> finish
classDef rewired fill:#fff8c5,stroke:#bf8700,stroke-width:3px,color:#1f2328
class s0 rewired
classDef added fill:#dafbe1,stroke:#2da44e,stroke-width:3px,color:#1f2328
class s1 added
linkStyle 1,3 stroke:#2da44e,stroke-width:3px
linkStyle 2 stroke:#e5534b,stroke-width:2px,stroke-dasharray:6 4
"""

# --- the command


def test_graph_of_the_manifest(project: Path, flowdeck: Command) -> None:
    """Without credentials and without a service a flow is drawn by its name, its address, or a pattern for it alone."""
    write(project, manifest({"one": {}, "two": {}}))
    for name in ("one", "flow.one", "o*"):
        ran = flowdeck("graph", name)
        assert (ran.code, ran.out, ran.err) == (0, SMALL, "")


@pytest.mark.parametrize("name", ["nowhere", "flow.nowhere", "*", "t*", ""])
@pytest.mark.parametrize("options", [[], ["--live"], ["--diff"]], ids=["", "live", "diff"])
@pytest.mark.usefixtures("emulator")
def test_a_wrong_name(project: Path, flowdeck: Command, name: str, options: list[str]) -> None:
    """A name that means no flow, or several, ends with 64 and draws nothing."""
    write(project, manifest({"one": {}, "two": {}, "three": {}}))
    assert flowdeck("apply", "--yes").code == 0
    ran = flowdeck("graph", name, *options)
    assert (ran.code, ran.out) == (64, "")
    assert "error[unknown-name]" in ran.err


def test_a_wrong_command_line(project: Path, flowdeck: Command) -> None:
    """Two versions at once are --diff alone, and there are three formats."""
    write(project, manifest({"one": {}}))
    for arguments in (["one", "--live", "--diff"], ["one", "--format", "png"], [], ["one", "two"], ["one", "-e", "x"]):
        ran = flowdeck("graph", *arguments)
        assert (ran.code, ran.out) == (64, "")


@pytest.mark.usefixtures("emulator")
def test_live_and_difference(project: Path, flowdeck: Command) -> None:
    """--live draws what is there now; --diff draws what an apply would make of it, and says when that is nothing."""
    write(project, manifest({"one": {}}))
    assert flowdeck("apply", "--yes").code == 0
    write(project, manifest({"one": {"definition": LONGER}}))
    assert flowdeck("graph", "one", "--live").out == SMALL.replace("flow.one", "flow.one, live")
    ran = flowdeck("graph", "one", "--diff")
    assert (ran.code, ran.out, ran.err) == (0, CHANGED, "")
    assert flowdeck("apply", "--yes").code == 0
    ran = flowdeck("graph", "one", "--diff")
    assert ran.out == flowdeck("graph", "one").out
    assert ran.err == "An apply changes nothing in the states of flow.one.\n"
    assert flowdeck("graph", "one", "--diff", "--quiet").err == ""


@pytest.mark.usefixtures("emulator")
def test_difference_of_a_flow_on_one_side(project: Path, flowdeck: Command) -> None:
    """A flow that is new is added as a whole; one that the manifest does not have is removed as a whole."""
    write(project, manifest({"old": {}}))
    assert flowdeck("apply", "--yes").code == 0
    write(project, manifest({"new": {}}))
    added, removed = flowdeck("graph", "new", "--diff").out, flowdeck("graph", "old", "--diff").out
    assert re.findall(r"^class (\S+) (\S+)$", added, re.MULTILINE) == [("s0,s1", "added")]
    assert re.findall(r"^class (\S+) (\S+)$", removed, re.MULTILINE) == [("s0,s1", "removed")]
    assert flowdeck("graph", "new", "--live").code == 64
    assert flowdeck("graph", "old").code == 64


@pytest.mark.usefixtures("emulator")
def test_difference_that_is_left_alone(project: Path, flowdeck: Command) -> None:
    """Where the manifest ignores the definition, an apply changes nothing, so nothing is marked."""
    write(project, manifest({"one": {}}))
    assert flowdeck("apply", "--yes").code == 0
    write(project, manifest({"one": {"definition": LONGER, "ignore": ["definition"]}}))
    ran = flowdeck("graph", "one", "--diff")
    assert ran.out == SMALL
    assert "changes nothing" in ran.err


def test_what_is_wrong_elsewhere_does_not_matter(project: Path, flowdeck: Command) -> None:
    """A flow can be drawn while others of the project cannot be read; what stops itself is told with its place."""
    broken = {"definition": "flows/broken.json"}
    write(
        project, manifest({"one": {}, "two": broken, "three": {"definition": {"States": {}}}, "four": {"titel": "x"}})
    )
    (project / "flows").mkdir()
    (project / "flows" / "broken.json").write_text("{", encoding="utf-8")
    assert (flowdeck("graph", "one").out, flowdeck("graph", "one").err) == (SMALL, "")
    ran = flowdeck("graph", "two")
    assert (ran.code, ran.out) == (1, "")
    assert "flows/broken.json:1:2: error[syntax-error]" in ran.err


def test_a_broken_definition_is_drawn_as_far_as_it_goes(project: Path, flowdeck: Command) -> None:
    """A definition that leads nowhere or has no start is drawn, with what there is to say about it on stderr."""
    states = {"Begin": {**STATES["Begin"], "Next": "Finsih"}, "Finish": STATES["Finish"], "Odd": 5}
    write(project, manifest({"one": {"definition": {"States": states}}}))
    ran = flowdeck("graph", "one")
    assert ran.code == 0
    for line in (
        's0{{"Begin<br/>Wait 5 s"}}', 's1("Finish<br/>Pass")', 's2["Odd<br/>not an object"]',
        's3["Finsih<br/>no such state"]', "s0 --> s3", "class s3 missing",
    ):  # fmt: skip
        assert line in ran.out.splitlines()
    assert "start" not in ran.out
    assert "error[definition-shape]" in ran.err
    write(project, manifest({"one": {"definition": {"StartAt": "Begin"}}}))
    ran = flowdeck("graph", "one")
    assert (ran.code, ran.out) == (1, "")
    assert "error[definition-shape]" in ran.err


def test_references_and_secrets(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference that only an apply can replace is drawn as it is written; a secret is not drawn."""
    monkeypatch.setenv("A_KEY", "CANARY")
    calls = {"Type": "Action", "ActionUrl": "https://flows.globus.org/flows/${flow.two.id}", "End": True}
    key = {"key": "${secret.key}", "__Private_Parameters": ["key"]}
    definition = {"StartAt": "Call", "States": {"Call": {**calls, "Parameters": key}}}
    write(project, manifest({"one": {"definition": definition}, "two": {}}, secrets={"key": {"env": "A_KEY"}}))
    for form in ("mermaid", "dot"):
        ran = flowdeck("graph", "one", "--format", form)
        assert html.unescape(ran.out.replace("#", "&#")).count("flows.globus.org/flows/${flow.two.id}") == 1
        assert "CANARY" not in ran.out + ran.err
        assert "key" not in ran.out


def long(states: int, *, catches: int = 0) -> dict[str, Any]:
    """A definition of so many states in a row, of which the first ones have a catch of their own kind."""
    row: dict[str, Any] = {f"Step{number}": {"Type": "Pass", "Next": f"Step{number + 1}"} for number in range(states)}
    for number in range(catches):
        row[f"Step{number}"]["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": f"Step{states - number // 10}"}]
    return {"StartAt": "Step0", "States": {**row, f"Step{states}": {"Type": "Pass", "End": True}}}


def test_a_large_flow(project: Path, flowdeck: Command) -> None:
    """What GitHub would not draw is a table of every state, which says why it is one; dot has no such limit."""
    write(project, manifest({"fits": {"definition": long(400)}, "large": {"definition": long(400, catches=150)}}))
    fits, large = flowdeck("graph", "fits"), flowdeck("graph", "large")
    assert fits.out.startswith("---\ntitle:")
    assert len(fits.out) < 50_000
    assert large.out.splitlines()[0].endswith("it has 552 arrows, and GitHub draws Mermaid of up to 500.")
    assert len(re.findall(r"^\| <code>Step\d+</code> \|", large.out, re.MULTILINE)) == 401
    assert "552 arrows" in large.err
    assert flowdeck("graph", "large", "--format", "dot").out.count(" -> ") == 552


def test_a_flow_with_long_texts() -> None:
    """Texts that would make a drawing too long are left out before it becomes a table; names and ways stay."""
    definition = long(300)
    for state in definition["States"].values():
        state["ResultPath"] = "$." + "result_of_this_step_and_of_all_those_before_it" * 2
    text = mermaid(graph(Json.of(definition)), "flow.x")
    assert len(text) < 50_000
    assert "sets" not in text
    assert text.count(" --> ") == 302


def test_what_many_states_lead_to_is_told_in_words() -> None:
    """One state that a crowd of catches leads to is named in their boxes: so many lines could not be followed."""
    definition = long(20)
    for number in range(15):
        definition["States"][f"Step{number}"]["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "Step20"}]
    text = mermaid(graph(Json.of(definition)), "flow.x")
    assert text.count("catch States.ALL#58; to<br/>Step20") == 15
    assert "-.->" not in text


def test_the_manual_shows_real_drawings(flowdeck: Command) -> None:
    """The drawings of docs/graph.md are what flowdeck draws, of an example and of a change of it."""
    shown = re.findall(
        r"^```mermaid\n(.*?)^```$", (ROOT / "docs/graph.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert flowdeck("graph", "calibrate", "-f", str(ROOT / "examples/lab")).out == shown[0]
    before = yaml.safe_load((ROOT / "examples/lab/flows/calibrate/definition.yaml").read_text(encoding="utf-8"))
    after = json.loads(json.dumps(before))
    after["States"]["Compute"]["Catch"] = [{"ErrorEquals": ["ActionTimeout"], "Next": "TellTheLab"}]
    after["States"]["Converged"]["Default"] = "TellTheLab"
    notify = "https://actions.globus.org/notification/notify"
    after["States"]["TellTheLab"] = {"Type": "Action", "ActionUrl": notify, "Next": "NotConverged"}
    title = "flow.calibrate: what an apply changes (+ added, - removed, ~ changed)"
    assert mermaid(difference(Json.of(before), Json.of(after)), title) + "\n" == shown[1]
    assert len(shown) == 2


# --- names that want to be more than names

NASTY = [
    "end", "click", 'say "hi"', "a`b`c", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&lt;b&gt;",
    "&#60;", "x\ny", '%%{init: {"theme":"dark"}}%%', "%% comment", "graph TD; A-->B", "style: x#y;", "- list",
    "classDef a:b#60;", "1. list", "# heading", "__init__ **b** _i_", "www.example.org", "https://example.org/x",
    "[l](javascript:alert(1))", "![i](http://example.org/i.png)", "{{x}} [[y]] ((z))", "a|b|c", "subgraph one",
    "\u202eevil\u2066", "\x1b[31mred", "\x00nul", "\ufb02\u00b0\u00b060\u00b6\u00df", "#quot;", "$$x^2$$",
    "back\\slash \\n \\N \\G", "  spaced  out  ", "", "   ", "\U0001f600 日本語 عربي", "@user #123", "x" * 400,
    "fa:fa-ban icon", "---", "direction LR", "direction\u00a0LR", "\u200bzero", "tab\there", "\ud800", "]]>", "-->",
    "</text><script>", '"]; evil [label="', "\\", '\\"', "a;b", "flowchart LR", "linkStyle default stroke:red",
    "${flow.x.id}", "| --- |", "<!-- flowdeck -->",
]  # fmt: skip
HARMFUL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
LABEL = r'"(?:[^\W_]|[ ./]|#\d+;|<br/>)*"'
LINE = re.compile(
    rf"s\d+[\[\({{/]+{LABEL}[\]\)}}/]+|(start|finish)\(+\"(start|end)\"\)+"
    rf"|(start|s\d+) (-->|-\.->|==>|--x)(\|{LABEL}\|)? (s\d+|finish)"
    r"|classDef [a-z]+ [a-z0-9:#,. -]+|class [s\d,]+ [a-z]+|linkStyle [\d,]+ [a-z0-9:#,. -]+"
)


def nasty() -> Json:
    """A definition whose names, types, rules, errors and URLs all are texts that want to do something."""
    states: dict[str, Any] = {}
    for number, name in enumerate(NASTY):
        following = NASTY[(number + 1) % len(NASTY)]
        states[name] = [
            {"Type": "Choice", "Choices": [{"Variable": f"$.{name}", "StringEquals": name, "Next": following}]},
            {"Type": "Action", "ActionUrl": f"https://{name}/{name}", "Next": following},
            {"Type": name, "Catch": [{"ErrorEquals": [name], "Next": f"not {name}"}], "Next": following},
            {"Type": "Fail", "Error": name},
        ][number % 4]
    return Json.of({"StartAt": NASTY[0], "States": states})


def decoded(label: str) -> str:
    """What Mermaid shows of a label."""
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label).replace("\u00a0", " ")


def test_nothing_in_mermaid_is_more_than_text() -> None:
    """Whatever the names are, each line is one that we wrote, and its label shows the name and means nothing."""
    text = mermaid(graph(nasty()), 'flow.x"\n---\n%%{init: {}}%%')
    head, *lines = text.splitlines()[3:]
    assert text.splitlines()[:3] == ["---", 'title: "flow.x__---____init: _____"', "---"]
    assert head == "flowchart TD"
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert not HARMFUL.search(text.replace("\n", ""))
    shown = [decoded(label) for label in re.findall(r'"([^"]*)"', "\n".join(lines))]
    told = {"<br/>".join(box.lines).replace("\u00a0", " ") for box in drawing(graph(nasty())).boxes}
    for text_of_mermaid, written in (
        ("$$", "$\\u0024"),
        ("\ufb02\u00b0", "\\ufb02\u00b0"),
        ("\u00b6\u00df", "\\u00b6\u00df"),
    ):
        told = {one.replace(text_of_mermaid, written) for one in told}
    assert told <= set(shown)
    assert not [one for one in shown if re.search("\\$\\$|\ufb02\u00b0|\u00b6\u00df", one)]
    assert not re.search(r"direction\s|www\.|(?<!\w)\d+\.(?!\w)", text)


def test_nothing_in_dot_is_more_than_text() -> None:
    """Whatever the names are, each line is one statement with quoted attributes, and no escape in it is theirs."""
    text = dot(graph(nasty()), 'flow.x"]; evil [label="')
    quoted = r'"(?:[^"\\]|\\[\\"n])*"'
    line = re.compile(
        rf"((graph|node|edge|start|finish|s\d+)( -> (s\d+|finish))?)( \[\w+={quoted}(, \w+={quoted})*\])?;"
    )
    assert [one for one in text.splitlines()[1:-1] if not line.fullmatch(one)] == []
    assert not HARMFUL.search(text.replace("\n", ""))
    assert not re.search(r"&(?!amp;)", text)


def test_nothing_in_a_table_is_more_than_text() -> None:
    """Whatever the names are, cells hold code, letters, numbers of signs, and the words that are ours."""
    text = table(graph(nasty()), "flow.x", "for a test")
    cell = r"(?:<code>(?:[^\W_]| |&#\d+;)*</code>|<br>|: |start)*"
    rows = text.splitlines()[4:]
    assert [row for row in rows if not re.fullmatch(rf"\| {cell} \| ?{cell} \| {cell} \|", row)] == []
    assert not HARMFUL.search(text.replace("\n", ""))


# --- SVG, by Graphviz


def program(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program `dot` where the only programs are."""
    path = folder / "dot"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_svg_without_graphviz(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Graphviz is not installed the way out is told, and the other formats still work."""
    write(project, manifest({"one": {}}))
    monkeypatch.setenv("PATH", "")
    ran = flowdeck("graph", "one", "--format", "svg")
    assert (ran.code, ran.out) == (1, "")
    assert "error[graphviz-missing]" in ran.err
    assert "hint: install the package graphviz, or use --format mermaid or --format dot" in ran.err
    assert flowdeck("graph", "one").code == flowdeck("graph", "one", "--format", "dot").code == 0


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo 'Error: no \033[31mfonts' >&2; exit 3", "ended with 3: Error: no \\u001b[31mfonts"),
        ("kill -9 $$", "ended with -9"),
        ("echo hello", "wrote something that is no SVG"),
        ("printf ''", "wrote something that is no SVG"),
        ("printf '\\377\\376'", "wrote something that is no SVG"),
        ("echo '<html></html>'", "wrote something that is no SVG"),
        ("echo '<svg></svg>'", "wrote something that is no SVG"),
        ("while :; do :; done", "is not done after 1 seconds"),
    ],
)
def test_svg_of_a_graphviz_that_fails(
    project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch, script: str, says: str
) -> None:
    """A Graphviz that fails, hangs or writes something else is a diagnostic, and no output."""
    write(project, manifest({"one": {}}))
    program(project, monkeypatch, script)
    if says.startswith("is not done"):
        monkeypatch.setattr("flowdeck.render.graph.svg.SECONDS", 1)
    ran = flowdeck("graph", "one", "--format", "svg")
    assert (ran.code, ran.out) == (1, "")
    assert f"error[graphviz-failed]: Graphviz's program `dot` {says}" in ran.err


def test_svg_is_a_picture_and_nothing_else(
    project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever Graphviz writes, scripts, links, styles, foreign files and events do not come through."""
    (tmp_path / "picture").write_text(
        '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://example.org/x.dtd">'
        '<!-- by somebody --><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'width="8pt" onload="alert(1)"><script>alert(1)</script><style>@import "http://example.org"</style>'
        '<g id="node1" class="node" transform="scale(1)"><title>s0</title><a xlink:href="http://example.org">'
        '<text x="1">linked</text></a><image xlink:href="http://example.org/x.png"/><foreignObject/>'
        '<text x="1" font-family="Helvetica" onclick="alert(1)">a &lt;name&gt;</text>'
        '<path d="M1,1" fill="url(http://example.org)" stroke="black"/></g></svg>\n',
        encoding="utf-8",
    )
    write(project, manifest({"one": {}}))
    program(tmp_path, monkeypatch, f'while read -r line; do echo "$line"; done < {tmp_path}/picture')
    ran = flowdeck("graph", "one", "--format", "svg")
    assert ran.out == (
        '<svg width="8pt" xmlns="http://www.w3.org/2000/svg" role="img">\n'
        "  <title>flow.one</title>\n"
        '  <g transform="scale(1)">\n'
        '    <text x="1" font-family="Helvetica">a &lt;name&gt;</text>\n'
        '    <path d="M1,1" stroke="black" />\n'
        "  </g>\n"
        "</svg>\n"
    )


def test_graphviz_is_told_no_credentials(
    project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The program gets the drawing on stdin and none of flowdeck's own variables."""
    write(project, manifest({"one": {}}))
    program(tmp_path, monkeypatch, f"set > {tmp_path}/seen; while read -r line; do echo $line; done > {tmp_path}/read")
    monkeypatch.setenv("FLOWDECK_CLIENT_SECRET", "CANARY")
    monkeypatch.setenv("GLOBUS_CLI_CLIENT_SECRET", "CANARY")
    assert flowdeck("graph", "one", "--format", "svg").code == 1
    assert "CANARY" not in (tmp_path / "seen").read_text(encoding="utf-8")
    assert (tmp_path / "read").read_text(encoding="utf-8").startswith("digraph flow {\n")


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_svg_by_graphviz(project: Path, flowdeck: Command) -> None:
    """Graphviz's own picture shows every line of every box and arrow as text, whatever the names are."""
    definition = json.loads(nasty().text)
    states = {name: state for name, state in definition["States"].items() if "$" not in name and "\ud800" not in name}
    document = manifest({"one": {"definition": {"StartAt": "end", "States": states}}})
    (project / "flows.yaml").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    ran = flowdeck("graph", "one", "--format", "svg")
    assert ran.code == 0, ran.err
    picture = ElementTree.fromstring(ran.out)
    shown = {
        (one.text or "").replace("\u00a0", " ").strip() for one in picture.iter("{http://www.w3.org/2000/svg}text")
    }
    drawn = drawing(graph(Json.of({"StartAt": "end", "States": states})))
    lines = {line.replace("\u00a0", " ").strip() for one in (*drawn.boxes, *drawn.strokes) for line in one.lines}
    assert lines - shown == set()
    assert ran.out == flowdeck("graph", "one", "--format", "svg").out


# --- the same in a plan


def to(*targets: str, end: bool = False) -> dict[str, Any]:
    """A state that leads to the first target, and for failures to the others."""
    ways = {"End": True} if end else {"Next": targets[0]}
    return {"Type": "Action", "ActionUrl": "https://actions.globus.org/hello_world", **ways} | (
        {"Catch": [{"ErrorEquals": [f"E{one}"], "Next": one} for one in targets[1:]]} if targets[1:] else {}
    )


DONE = {name: {"Type": "Pass", "End": True} for name in ("Done", "Tell", "Mend", "Wait", "Ask")}
MANY = {f"S{number}": to("Done") for number in range(6)}


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ({"A": to("Done")}, {"A": to("Tell")}, "now leads to Tell, no longer to Done"),
        ({"A": to("Done")}, {"A": to("Done", "Tell")}, "now also leads to Tell"),
        ({"A": to("Done", "Tell")}, {"A": to("Done")}, "Tell"),
        ({"A": to("", end=True)}, {"A": to("Tell")}, "now leads to Tell"),
        ({"A": to("Done")}, {"A": to("", end=True)}, "no longer to Done"),
        (MANY, dict.fromkeys(MANY, to("Tell")), "now leads to Tell, no longer to Done"),
        ({"A": to("Done")}, {"A": to("New"), "New": to("Done")}, "now leads to New, no longer to Done"),
    ],
)
@pytest.mark.usefixtures("emulator")
def test_a_plan_says_what_is_rewired(
    project: Path, flowdeck: Command, before: dict[str, Any], after: dict[str, Any], line: str
) -> None:
    """A plan says where a state leads now, and no longer; its document says all of it."""
    versions = [{"StartAt": next(iter(states)), "States": {**DONE, **states}} for states in (before, after)]
    write(project, manifest({"one": {"definition": versions[0]}}))
    assert flowdeck("apply", "--yes").code == 0
    write(project, manifest({"one": {"definition": versions[1]}}))
    assert line in flowdeck("plan").out, flowdeck("plan").out
    [change] = flowdeck("plan", "--format", "json").document["changes"]
    rewired = change["states"]["rewired"]
    assert [one["state"] for one in rewired] == [name for name in before if before[name] != after[name]]
    assert all(set(one) == {"state", "was", "now"} and one["was"] != one["now"] for one in rewired)


@pytest.mark.usefixtures("emulator")
def test_a_plan_of_another_content_says_nothing_of_states(project: Path, flowdeck: Command) -> None:
    """A state that only does something else is in the plan by its path; it leads where it led."""
    write(project, manifest({"one": {}}))
    assert flowdeck("apply", "--yes").code == 0
    slower = {**DEFINITION, "States": {**STATES, "Begin": {**STATES["Begin"], "Seconds": 6}}}
    write(project, manifest({"one": {"definition": slower}}))
    assert "states:" not in flowdeck("plan").out
