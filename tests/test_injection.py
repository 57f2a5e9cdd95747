"""Text of strangers stays text on every face of a plan, a drift report and a result: names, titles, ids, messages."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from nasty import TEXTS
from plans import DEFINITION, Granted, planned

from flowdeck.model.diagnostic import Diagnostic, Place, Severity
from flowdeck.model.errors import Refused
from flowdeck.model.flow import ROLES
from flowdeck.model.manifest import Guardrails
from flowdeck.model.plan import Plan
from flowdeck.model.result import Result, StepOutcome, StepResult
from flowdeck.model.risk import Level
from flowdeck.model.step import id_of
from flowdeck.plan import only_drift
from flowdeck.render import (
    annotations,
    diagnostics,
    document,
    html,
    junit,
    markdown,
    markdown_result,
    plan_text,
    result_text,
    sarif,
)
from flowdeck.render.paint import colourless
from flowdeck.render.sides import WHOLE

# What may act on a terminal or deceive a reader.
HARMFUL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    # of which nothing is seen
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
# What the runner of a job reads as a command wherever it stands in a line.
COMMAND = re.compile(r"##\w*\[")
# What a forge makes a link of, or tells somebody about, where it stands outside of code.
LIVELY = re.compile(r"@\w|#\d|://|www\.|GH-\d|\b[0-9a-f]{7,40}\b|:\w+:|\w@\w|[!%$~]\d|\$|\[\^|\[[ x]\]")
GROUP = "urn:globus:groups:id:96005000-0b0b-4ec0-8000-000000000005"
MINE = "<!-- flowdeck "


def machine(text: str) -> dict[str, Any]:
    """A definition that has a text wherever one can be."""
    return {
        "StartAt": text,
        "Comment": f"{text}\n{text}",
        "States": {
            text: {
                "Type": "Action",
                "ActionUrl": f"https://{text}/{text}",
                "ActionScope": text,
                "RunAs": text,
                "Parameters": {text: [text, {text: text}]},
                "Catch": [{"ErrorEquals": [text], "Next": f"{text}{text}"}],
                "Next": "Choose",
            },
            "Choose": {
                "Type": "Choice",
                "Choices": [{"Variable": f"$.{text}", "StringEquals": text, "Next": text}],
                "Default": f"{text}{text}",
            },
            f"{text}{text}": {"Type": text, "Error": text, "Cause": text},
        },
    }


def schema(text: str) -> dict[str, Any]:
    """An input schema that has a text wherever one can be."""
    inner = {"type": text, "format": text, "enum": [text], "default": text, "description": text}
    return {"title": text, "required": [text], "properties": {text: inner, f"x{text}": {"properties": {text: inner}}}}


def fields(text: str) -> dict[str, Any]:
    """A flow whose every field is a text."""
    return {
        "title": text,
        "subtitle": f"a{text}",
        "description": f"{text}\n{text}",
        "keywords": [text, f"b{text}"],
        "definition": machine(text),
        "input_schema": schema(text),
        "subscription": text,
        "authentication_policy": text,
        **{role: [GROUP, f"urn:{text}", f"urn:nobody:{text}"] for role in ROLES},
    }


def excerpt(text: str) -> str:
    """A line of a file; a tab stays one there, so that the caret stands below its character."""
    return text.replace("\t", " ")


def plan_of(text: str, *, drifted: bool = False) -> Plan:
    """A plan that is full of a text: a create, an update to it and one from it, an update without it, a delete."""
    mild, nasty = {"title": "mild", "starters": ["public"], "definition": DEFINITION}, fields(text)
    other = {**fields(f"{text}."), "definition": {**machine(text), "StartAt": "Choose"}}
    other["definition"]["States"][text]["Parameters"] = {text: [text, {text: "another"}]}
    risks = Guardrails({"access-removed": Level.BLOCK}, (text,), (f"urn:globus:{text}", GROUP))
    told = (
        Diagnostic("unused-input", text, text, Place(text, 3, 4, excerpt(text)), severity=Severity.WARNING),
        Diagnostic("unused-input", f"`{text}`", "", None, "flow.to", Severity.NOTE),
    )
    made = planned(
        {"from": nasty, "to": mild, "within": nasty, "gone": nasty},
        {"new": nasty, "from": mild, "to": nasty, "within": other},
        names={GROUP: text, f"urn:{text}": f"{text}{text}"},
        granted=Granted(text, text),
        guardrails=risks,
        diagnostics=told,
        drifted=drifted,
        active=2,
    )
    return replace(made, service=text)


def result_of(made: Plan, text: str) -> Result:
    """A result in which one step failed with a text."""
    first, *rest = made.steps
    error = Diagnostic("refused-by-service", text, text, Place(text, 1, 1, excerpt(text)), first.address)
    steps = [StepResult(first, StepOutcome.FAILED, id_of(first), error, (error,))]
    steps += [StepResult(one, StepOutcome.DONE, id_of(one)) for one in rest]
    return Result(made.digest, tuple(steps), made.diagnostics)


def markdowns(text: str) -> Iterator[str]:
    """Every Markdown there is, full of a text."""
    made = plan_of(text)
    yield markdown.plan(made, f"flowdeck apply -f '{text}'")
    yield markdown_result.result(made, result_of(made, text))
    yield markdown_result.drift(only_drift(plan_of(text, drifted=True)))
    yield markdown_result.failure(Refused(*made.diagnostics))


def texts(text: str) -> Iterator[str]:
    """Every text for terminals, full of a text."""
    made = plan_of(text)
    yield plan_text.plan(made, colourless, f"flowdeck apply -f '{text}'")
    yield plan_text.plan(made, colourless, "", WHOLE)
    yield plan_text.drift(only_drift(plan_of(text, drifted=True)), colourless)
    yield result_text.result(result_of(made, text), colourless)


# --- what is looked for


class Page(HTMLParser):
    """What a browser finds in HTML."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.comments: list[str] = []
        self.loose: list[str] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "hr", "img"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_decl(self, decl: str) -> None:
        assert decl == "doctype html"

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if not {"code", "pre"} & {*self._open}:
            self.loose.append(data)


FORGE = MarkdownIt("gfm-like")
TAGS_OF_MARKDOWN = {
    "p",
    "strong",
    "code",
    "pre",
    "ul",
    "li",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
    "b",
}
TAGS_OF_PAGE = {
    *("html", "head", "meta", "title", "style", "body", "header", "section", "footer", "h1", "h2", "p", "span"),
    *("table", "thead", "tbody", "tr", "th", "td", "code", "pre", "a", "b", "i", "small", "strong", "del", "ins", "br"),
    *("ul", "li", "details", "summary", "div", "figure", "figcaption"),
}  # fmt: skip
HTML_OF_OURS = re.compile(
    r"<!-- flowdeck (plan|apply|drift) lab/test -->\n?|</?code>|</details>\n?"
    r"|<details( open)?><summary>(<b>[+~±-] flow\.\w+</b>)?[^<>]*(<code>[0-9a-f-]{36}</code>[^<>]*)?</summary>\n?"
)


def assert_harmless(text: str) -> None:
    """No line of it acts on a terminal or on the runner of a job."""
    assert not HARMFUL.search(text)
    assert not COMMAND.search(text)
    assert [line for line in text.splitlines() if line.lstrip().startswith("::")] == []


def assert_markdown(text: str) -> None:
    """A forge finds our marks in it and nothing else."""
    assert_harmless(text)
    assert [line for line in text.splitlines() if line.lstrip().startswith("/")] == []  # GitLab does what it says
    assert len(text.encode()) < 60_000
    assert text.count("<!--") == text.count(MINE) == text.startswith(MINE)
    for token in FORGE.parse(text):
        for one in (token, *(token.children or ())):
            assert one.type not in ("link_open", "image", "heading_open", "blockquote_open", "ordered_list_open", "hr")
            if one.type in ("html_block", "html_inline"):
                assert HTML_OF_OURS.fullmatch(one.content), one.content
    page = Page(FORGE.render(text))
    assert {tag for tag, _ in page.elements} <= TAGS_OF_MARKDOWN
    for tag, attributes in page.elements:
        allowed = {"code": {"class"}, "details": {"open"}}.get(tag, set())
        assert {*attributes} <= allowed
        assert attributes.get("class") in (None, "language-diff", "language-mermaid", "language-sh")
    assert page.comments in ([], [text.partition("\n")[0][4:-3]])
    assert [loose for loose in page.loose if LIVELY.search(loose)] == []


def assert_page(text: str) -> None:
    """A browser finds our elements in it and nothing else; it loads nothing and leads nowhere else."""
    assert_harmless(text.replace("\n", ""))
    page = Page(text)
    assert {tag for tag, _ in page.elements} <= TAGS_OF_PAGE
    assert page.comments == []
    assert [tag for tag, _ in page.elements].count("style") == 1
    names = {f"flow.{name}" for name in ("new", "from", "to", "within", "gone")}
    labels = {
        "access",
        "who",
        "role",
        "on",
        "granted by",
        "risk",
        "why",
        "to go on",
        "state",
        "what it does",
        "leads to",
    }
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            match tag, name:
                case "a", "href":
                    assert value in {f"#{one}" for one in names}
                case "details", "id":
                    assert value in names
                case "td", "data-label":
                    assert value in labels
                case _, "class":
                    assert re.fullmatch(r"[a-z]+( in-\d)?|", value or "")
                case ("details", "open") | ("html", "lang") | ("meta", _):
                    pass
                case _:
                    raise AssertionError(f"{tag} {name}={value}")


# --- the tests


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:20]))
def test_nothing_in_markdown_is_more_than_text(text: str) -> None:
    """Whatever a text is, Markdown has no link, image, heading, mention, comment or element of it."""
    for face in markdowns(text):
        assert_markdown(face)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:20]))
def test_nothing_on_a_page_is_more_than_text(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a text is, the page has no element, attribute, link, script or comment of it."""
    monkeypatch.setenv("PATH", "")
    assert_page(html.plan(plan_of(text), f"flowdeck apply -f '{text}'"))


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:20]))
def test_nothing_in_a_log_is_more_than_text(text: str) -> None:
    """Whatever a text is, no line for a terminal moves its cursor, turns around, or commands the runner of a job."""
    for face in texts(text):
        assert_harmless(face)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:20]))
def test_nothing_in_a_document_commands(text: str) -> None:
    """A JSON document means every text as it is, and where it is looked at, nothing in it acts."""
    made = plan_of(text)
    written = document.text(document.plan(made))
    assert json.loads(written) == document.plan(made)
    assert_harmless(written)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:20]))
def test_nothing_in_a_report_is_more_than_text(text: str) -> None:
    """Whatever a diagnostic says, reports of it are documents of their kind, and of its lines each is one command."""
    told = plan_of(text).diagnostics
    found = junit.text(told, text, ["to"])
    ElementTree.fromstring(found.encode())
    scanned = document.text(sarif.document(told, "flows.yaml"))
    assert json.loads(scanned) == sarif.document(told, "flows.yaml")
    for face in (found, scanned, diagnostics.text(told, colourless)):
        assert_harmless(face)
    lines = annotations.text(told).split("\n")
    assert len(lines) == len(told)
    for line in lines:
        assert re.match("::(error|warning|notice) [^:]*::", line)
        assert not HARMFUL.search(line)
        assert not COMMAND.search(line)


PIECES = st.lists(st.sampled_from([one[:40] for one in TEXTS]) | st.text(max_size=10), max_size=4).map("".join)


@settings(max_examples=25)
@given(PIECES)
def test_pieces_put_together(text: str) -> None:
    """What is harmless alone is harmless in any order, also before and behind our own words."""
    for face in markdowns(text):
        assert_markdown(face)
    for face in texts(text):
        assert_harmless(face)


@pytest.mark.parametrize("text", ["<b>bold</b>", "[a](b)", "`tick`", "@octocat", "&amp;", "a|b", "<!-- x -->"])
def test_what_is_hidden_is_still_read(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is taken away: a reader sees the title, a name and a message as they were written."""
    monkeypatch.setenv("PATH", "")
    made = plan_of(text)
    page = Page(FORGE.render(markdown.plan(made)))
    seen = "".join(page.texts)
    assert f'title: "mild" -> "{text}"'.replace("<!--", "<\\u0021--") in seen
    assert text in [one for one in page.texts if one == text]
    whole = "".join(Page(html.plan(made)).texts)
    assert f'title: "mild" -> "{text}"' in whole
