"""The faces that commands print and write: the same plan on each, self-contained, also when something goes wrong."""

import base64
import hashlib
import json
import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from projects import Command, manifest, write

from flowdeck.model.diagnostic import Diagnostic
from flowdeck.render.markdown_review import remark
from flowdeck.render.markdown_text import prose

DEFINITION: dict[str, Any] = {
    "StartAt": "Begin",
    "States": {"Begin": {"Type": "Pass", "Next": "End"}, "End": {"Type": "Pass", "End": True}},
}
LONGER: dict[str, Any] = {
    "StartAt": "Begin",
    "States": {
        **DEFINITION["States"],
        "Begin": {"Type": "Wait", "Seconds": 5, "Next": "More"},
        "More": {"Type": "Fail"},
    },
}


@pytest.fixture
def changed(project: Path, flowdeck: Command) -> Path:
    """A project of which two flows are live: an apply would change one, delete another and create a third."""
    write(project, manifest({"one": {"definition": DEFINITION}, "two": {}, "same": {}}, service="emulator"))
    assert flowdeck("apply", "--yes").code == 0
    return write(project, manifest({"one": {"definition": LONGER}, "same": {}, "new": {}}, service="emulator"))


@pytest.mark.usefixtures("changed")
def test_one_plan_has_many_faces(project: Path, flowdeck: Command) -> None:
    """`--out` writes by suffix what `--format` prints, and every face has the same digest and names the same flows."""
    files = {"text": "p.txt", "json": "p.json", "markdown": "p.md", "html": "p.html"}
    written = flowdeck("plan", *(argument for file in files.values() for argument in ("--out", file)))
    assert written.code == 0
    digest = json.loads((project / "p.json").read_text(encoding="utf-8"))["digest"]
    for form, file in files.items():
        text = (project / file).read_text(encoding="utf-8")
        assert flowdeck("plan", "--format", form).out == text
        assert digest[:12] in text
        for name in ("flow.one", "flow.two", "flow.new"):
            assert name in text
        assert "flow.same" not in text


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize("file", ["p.pdf", "p", "p.MD", ".md"])
def test_an_unknown_suffix(project: Path, flowdeck: Command, file: str) -> None:
    """A suffix without a face is a wrong command line, told with those that there are, before anything is done."""
    ran = flowdeck("plan", "--out", file)
    assert ran.code == 64
    assert "let it end with .json, .md, .html, .txt" in ran.err
    assert not (project / file).exists()


@pytest.mark.usefixtures("changed")
def test_the_next_command_is_quoted(flowdeck: Command) -> None:
    """The command that applies the plan can be copied into a shell, whatever its arguments are."""
    ran = flowdeck("plan", "one*")
    assert re.search(r"^Next: flowdeck apply --expect [0-9a-f]{12} 'one\*'$", ran.out, re.MULTILINE)
    assert re.search(
        r"^flowdeck apply --expect [0-9a-f]{12} 'one\*'$",
        flowdeck("plan", "one*", "--format", "markdown").out,
        re.MULTILINE,
    )


@pytest.mark.usefixtures("changed")
def test_verbose_lists_what_is_in_a_new_flow(flowdeck: Command) -> None:
    """`-v` gives each state of a new flow its line; without it they are only named."""
    assert "definition: 2 states: Begin, Finish\n" in flowdeck("plan").out
    assert "        + Begin  Wait 5 s, then Finish\n" in flowdeck("plan", "-v").out


@pytest.mark.usefixtures("changed")
def test_results_as_markdown(flowdeck: Command) -> None:
    """A result begins with what became of the plan and ends with its digest; a second apply has nothing to do."""
    ran = flowdeck("apply", "--yes", "--format", "markdown")
    assert ran.code == 0
    first, second, *rest = ran.out.splitlines()
    assert (first, second) == (
        "<!-- flowdeck apply lab/test -->",
        "**Applied: 1 created, 1 updated, 1 deleted** - lab / test on `emulator`",
    )
    assert [line for line in rest if line.startswith("| + | `flow.new` | create | done | `")]
    assert re.fullmatch(r"Digest of the whole plan: `[0-9a-f]{64}`", rest[-1])
    assert flowdeck("apply", "--yes", "--format", "markdown").out.splitlines()[1].startswith("**Nothing to do** - ")


@pytest.mark.usefixtures("changed")
def test_a_refusal_as_markdown(project: Path, flowdeck: Command) -> None:
    """What refuses an apply is told with its way out, and the exit code is that of every format."""
    ran = flowdeck("apply", "--expect", "0" * 12, "--format", "markdown")
    assert ran.code == 3
    assert ran.out.splitlines()[1].startswith("**Refused: 3 refused** - lab / test")
    assert "- **error** `digest-mismatch`: the plan is now" in ran.out
    write(project, manifest({"same": {}}, service="emulator", guardrails={"delete": "block"}))
    ran = flowdeck("apply", "--yes", "--format", "markdown")
    assert ran.code == 3
    assert "`delete` in `flow.one`: the flow" in ran.out


@pytest.mark.parametrize("command", ["plan", "apply", "drift"])
def test_a_failure_as_markdown(project: Path, flowdeck: Command, command: str) -> None:
    """A command that cannot do its work says so in Markdown too, with each problem at its place."""
    write(project, manifest({"one": {"titel": "x"}}, service="emulator"))
    ran = flowdeck(command, "--format", "markdown")
    assert ran.code == 1
    assert ran.out.startswith("**Nothing was done**\n\n- **error** `unknown-field` at `flows.yaml:")
    assert "error[unknown-field]" in ran.err


@pytest.mark.usefixtures("changed")
def test_drift_as_markdown(project: Path, flowdeck: Command) -> None:
    """A drift report says what is missing; where nothing drifted it is one line. Exit codes stay."""
    ran = flowdeck("drift", "--format", "markdown")
    assert ran.code == 2
    assert ran.out.splitlines()[1] == "**0 changed outside, 1 missing** - lab / test on `emulator`"
    assert "- `flow.new`: never applied, or deleted outside" in ran.out
    write(project, manifest({"same": {}}, service="emulator"))
    ran = flowdeck("drift", "--format", "markdown")
    assert (ran.code, ran.out.splitlines()[1]) == (0, "**No drift** - lab / test on `emulator`: 1 flow as declared.")


# --- the page


@pytest.mark.usefixtures("changed")
def test_a_page_needs_nothing_else(flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page allows itself its own style, by its hash, and nothing else; it names no address to load from."""
    monkeypatch.setenv("PATH", "")
    page = flowdeck("plan", "--format", "html").out
    style = re.search("<style>(.*?)</style>", page, re.DOTALL)
    policy = re.search('<meta http-equiv="Content-Security-Policy" content="(.*?)">', page)
    assert style
    assert policy
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert (
        unescape(policy[1]) == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"<script|<link|<img|\bsrc=|url\(|@import|javascript:|\bstyle=|\bon[a-z]+=", page)
    assert "Graphviz is not installed here, so this is no drawing." in page


@pytest.mark.usefixtures("changed")
@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_a_page_has_drawings(flowdeck: Command) -> None:
    """Where Graphviz is installed the page has the drawings in itself: shapes and letters only."""
    page = flowdeck("plan", "--format", "html").out
    drawings = re.findall(r"<svg .*?</svg>", page, re.DOTALL)
    assert len(drawings) == 2
    tags = {tag for drawing in drawings for tag in re.findall(r"<([a-z]+)", drawing)}
    assert tags <= {"svg", "title", "g", "polygon", "polyline", "path", "ellipse", "text"}
    assert "no drawing" not in page


@pytest.mark.usefixtures("changed")
def test_a_page_opens_what_is_blocked(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many flows those that are blocked are open; of a few all are."""
    monkeypatch.setenv("PATH", "")
    assert len(re.findall('<details id="flow[.][a-z]+" open="">', flowdeck("plan", "--format", "html").out)) == 3
    flows: dict[str, Any] = {f"new-{number}": {} for number in range(5)}
    flows["new-3"] = {"permissions": [{"viewers": ["public"]}]}
    write(
        project,
        manifest({"one": {}, "two": {}, "same": {}, **flows}, service="emulator", guardrails={"public-view": "block"}),
    )
    page = flowdeck("plan", "--format", "html").out
    assert re.findall(r'<details id="(flow\.\S+)" open="">', page) == ["flow.new-3"]
    assert page.count("<details id=") == 6


@pytest.mark.usefixtures("changed")
def test_a_page_without_changes(flowdeck: Command) -> None:
    """A plan without changes is a page too."""
    assert flowdeck("apply", "--yes").code == 0
    page = flowdeck("plan", "--format", "html").out
    assert "<h1>No changes</h1>" in page
    assert "3 flows as declared." in page


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("did you mean `title`?", "did you mean `title`?"),
        ("the service refused (request 3f2a9c01d4be)", "the service refused (request `3f2a9c01d4be`)"),
        ("the service refused (`3f2a9c01d4be`)", "the service refused (`3f2a9c01d4be`)"),
        ("it is `a b`, (`c`); `d`: flows.yaml.", "it is `a b`, (`c`); `d`: `flows.yaml`."),
        ("use f(x), not (f(x)) - a / b", "use `f(x)`, not (`f(x)`) - a / b"),
        ("@octocat, #1? (GH-2) !3 $x$", "`@octocat`, `#1`? (`GH-2`) `!3` `$x$`"),
        ("`a`b` or `c", "<code>&#96;a&#96;b&#96;</code> or <code>&#96;c</code>"),
        ("costs $`x`$", "costs <code>&#36;&#96;x&#96;&#36;</code>"),
    ],
)
def test_prose(text: str, markdown: str) -> None:
    """What is no word is code, and the marks of the sentence around it stay outside, so that the backticks pair."""
    assert prose(text) == markdown


def test_a_remark_keeps_its_names() -> None:
    """A hint becomes a sentence: it begins with a capital, is else as it was, and has one mark at its end."""
    asked = Diagnostic("unknown-field", "there is no field `Titel`", "did you mean `Title`?")
    told = Diagnostic("no-credentials", "there are none", "set FLOWDECK_CLIENT_ID")
    assert remark(asked).endswith(": there is no field `Titel`. Did you mean `Title`?")
    assert remark(told).endswith(": there are none. Set `FLOWDECK_CLIENT_ID`.")
