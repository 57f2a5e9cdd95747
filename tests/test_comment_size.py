"""A comment has its limits: whatever a plan changes, its Markdown fits, and what it must say is in it."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from plans import DEFINITION, Granted, planned

from flowdeck.model.diagnostic import Diagnostic, Place, Severity
from flowdeck.model.manifest import Guardrails
from flowdeck.model.plan import Plan
from flowdeck.model.result import Result, StepOutcome, StepResult
from flowdeck.model.risk import Level
from flowdeck.plan import only_drift
from flowdeck.render import html, markdown, markdown_result
from flowdeck.render.markdown_fit import Fold, fitted, size

MOST = 60_000
NAMES = [f"instrument-{number:03}-to-the-archive" for number in range(300)]
PERSON = "urn:globus:auth:identity:00000000-0000-4000-9000-{:012}"


def machine(states: int, label: str = "") -> dict[str, Any]:
    """A definition of so many actions in a row."""
    row: dict[str, Any] = {
        f"S{number}": {
            "Type": "Action",
            "ActionUrl": "https://transfer.actions.globus.org/transfer",
            "Parameters": {"label": f"{label} {number}"},
            "Next": f"S{number + 1}",
        }
        for number in range(states)
    }
    return {"StartAt": "S0", "States": {**row, f"S{states}": {"Type": "Pass", "End": True}}}


def commented(made: Plan) -> str:
    """The plan as a comment, which fits, is whole, and ends with the digest and the command."""
    text = markdown.plan(made, f"flowdeck apply --expect {made.digest[:12]}")
    assert len(text.encode()) < MOST
    tokens = MarkdownIt("gfm-like").parse(text)
    blocks = [token.content for token in tokens if token.type == "html_block"]
    assert sum(block.startswith("<details") for block in blocks) == sum(
        block.startswith("</details") for block in blocks
    )
    assert f"`{made.digest}`" in text.splitlines()[-7]
    assert tokens[-1].content == f"flowdeck apply --expect {made.digest[:12]}\n"
    for drawing in (token.content for token in tokens if token.info == "mermaid"):
        assert len(drawing) < 50_000
        assert len(re.findall(r"^\w+ (?:-->|-\.->|==>|--x)", drawing, re.MULTILINE)) <= 500
    return text


def flows_in(text: str) -> set[str]:
    """The flows that a comment names."""
    return {name for name in NAMES if f"flow.{name}" in text}


def test_300_updates() -> None:
    """Of 300 flows changed at once, each is named, and so is who gains access; the last ones are rows of a table."""
    live: Mapping[str, Any] = {name: {"definition": machine(8)} for name in NAMES}
    declared = {name: {"definition": machine(8, "new"), "starters": [PERSON.format(7)]} for name in NAMES}
    made = planned(live, declared, names={PERSON.format(7): "ada@example.org"}, granted=Granted("staff", "p.yaml"))
    text = commented(made)
    assert text.splitlines()[1].startswith("**300 to update** - lab / test")
    assert flows_in(text) == {*NAMES}
    assert "| **gains** | `ada@example.org` (identity" in text
    assert "and 297 more | `staff` (`p.yaml:7`) |" in text
    assert re.search(r"Left out, to fit into a comment: 300 drawings, the details of 2\d\d flows\.", text)
    assert text.count("| ~ | `flow.") + text.count("<details>") == 300


def test_300_people() -> None:
    """Where 300 people gain and 300 lose access, each of them is named."""
    live = {name: {"starters": [PERSON.format(number)]} for number, name in enumerate(NAMES)}
    declared = {name: {"starters": [PERSON.format(number + 1)]} for number, name in enumerate(NAMES)}
    names = {PERSON.format(number): f"person{number}@example.org" for number in range(301)}
    text = commented(planned(live, declared, names=names))
    assert all(text.count(f"`person{number}@example.org`") >= (2 if 0 < number < 300 else 1) for number in range(301))
    assert "**300 gain the role of starters:** `person" in text
    assert flows_in(text) == {*NAMES}


def test_300_deletes() -> None:
    """Of 300 flows deleted at once, each is named above the fold, and those with active runs say so."""
    made = planned({name: {"viewers": ["public"]} for name in NAMES}, {})
    text = commented(made)
    known = text.partition("<details")[0]
    assert text.splitlines()[1].startswith("**300 to delete, 300 blocked**")
    assert flows_in(known) == {*NAMES}
    assert "apply with `--allow mass-delete`" in known
    assert "**2 runs of it are active**" in commented(planned({name: {} for name in NAMES[:3]}, {}, active=2))


def test_1000_deletes() -> None:
    """Deletes have the room that nothing else needs: a thousand of them are all named."""
    names = [f"{name}-{part}" for name in NAMES for part in ("a", "b", "c")][:-1] + NAMES[:101]
    known = commented(planned({name: {"viewers": ["public"]} for name in names}, {})).partition("<details")[0]
    assert len(names) == 1000
    assert {name for name in names if f"`flow.{name}`" in known} == {*names}


def test_300_blocked() -> None:
    """What blocks is above the fold with the way out, also where everything does and each flow for its own reason."""
    live = {name: {"viewers": [PERSON.format(number)]} for number, name in enumerate(NAMES)}
    declared: dict[str, Any] = {name: {} for name in NAMES}
    blocks = Guardrails({"access-removed": Level.BLOCK})
    text = commented(planned(live, declared, guardrails=blocks))
    assert "- `access-removed` on 300 flows, each for its own reason: `flow.instrument-000-to-the-archive`" in text
    assert "**To go on:** if that is meant, apply with `--allow access-removed`." in text.partition("<details")[0]
    assert text.count("| blocked |") + text.count("; blocked</summary>") == 300
    assert flows_in(text) == {*NAMES}
    few = commented(planned({"a": live[NAMES[0]]}, {"a": {}}, guardrails=blocks))
    assert "apply with `--allow access-removed:a`." in few.partition("<details")[0]


def test_300_creates() -> None:
    """Of 300 new flows each is named."""
    text = commented(planned({}, {name: {"definition": machine(5)} for name in NAMES}))
    assert flows_in(text) == {*NAMES}


def test_everything_at_once() -> None:
    """Deletes, access and blocks of hundreds of flows leave room for each other and for the end."""
    live = {name: {"viewers": [PERSON.format(number)]} for number, name in enumerate(NAMES)}
    declared: dict[str, Any] = {name: {"administrators": [PERSON.format(ord(name[12]))]} for name in NAMES[150:]}
    told = tuple(
        Diagnostic("unused-input", "x" * 300, "y" * 300, Place("f.yaml", line), severity=Severity.WARNING)
        for line in range(300)
    )
    made = planned(live, declared, guardrails=Guardrails({"access-removed": Level.BLOCK}), diagnostics=told)
    text = commented(made)
    assert flows_in(text) == {*NAMES}
    assert "300 remarks on the manifest" in text


def test_one_large_flow() -> None:
    """A flow of a thousand states that all change is cut by whole lines, and it is said how many are left."""
    text = commented(planned({"a": {"definition": machine(1000)}}, {"a": {"definition": machine(1000, "new")}}))
    assert re.search(r"^  \.\.\. \(\d+ more lines\)$", text, re.MULTILINE)
    assert "Left out, to fit into a comment: lines of 1 flow." in text
    assert "not drawn, because" not in text.partition("... (")[0]


def test_drawings_go_first() -> None:
    """Where not all drawings fit, the lines stay and the last drawings go."""
    live = {name: {"definition": machine(30)} for name in NAMES[:20]}
    text = commented(planned(live, {name: {"definition": machine(31)} for name in NAMES[:20]}))
    assert text.count("```mermaid") == 12
    assert text.count("```diff") == 20
    assert "Left out, to fit into a comment: 8 drawings." in text


def test_the_gravest_keep_their_lines() -> None:
    """Where not all lines fit, flows that are blocked keep theirs and others become rows."""
    live = {name: {"definition": machine(8)} for name in NAMES}
    declared: dict[str, Any] = {name: {"definition": machine(8, "new")} for name in NAMES}
    declared[NAMES[250]]["viewers"] = ["public"]
    text = commented(planned(live, declared, guardrails=Guardrails({"public-view": Level.BLOCK})))
    assert f"<details><summary><b>~ flow.{NAMES[250]}</b>" in text
    assert f"| ~ | `flow.{NAMES[249]}` |" in text


def test_a_page_has_room() -> None:
    """The page has all of it: every flow, every value, and tables where there are too many drawings."""
    live = {name: {"definition": machine(3)} for name in NAMES}
    text = html.plan(planned(live, {name: {"definition": machine(3, name)} for name in NAMES}))
    assert flows_in(text) == {*NAMES}
    assert all(f"{name} 2" in text for name in NAMES)
    assert "so many flows change that these are no drawings" in text


@pytest.mark.parametrize("outcome", list(StepOutcome))
def test_results_fit(outcome: StepOutcome) -> None:
    """The result of 300 steps with a long complaint each fits too, and so does a drift report."""
    made = planned({}, {name: {} for name in NAMES})
    error = Diagnostic("refused-by-service", "x" * 5000, "y" * 5000)
    text = markdown_result.result(
        made, Result(made.digest, tuple(StepResult(step, outcome, None, error) for step in made.steps))
    )
    assert len(text.encode()) < MOST
    assert f"300 {'created' if outcome is StepOutcome.DONE else outcome.value}" in text.splitlines()[1]


def test_drift_fits() -> None:
    """A drift report of 300 flows names each of them."""
    live: dict[str, Any] = {name: {"title": "theirs", "starters": ["all_authenticated_users"]} for name in NAMES[:200]}
    text = markdown_result.drift(
        only_drift(planned(live, {name: {"title": "ours" * 20} for name in NAMES}, drifted=True))
    )
    assert len(text.encode()) < MOST
    assert text.splitlines()[1].startswith("**200 changed outside, 100 missing**")
    assert "| **gains** | **any Globus user** (`all_authenticated_users`) | starters |" in text
    assert flows_in(text) == {*NAMES}


FOLDS = st.builds(
    lambda lines, drawn, gravity: Fold("s", tuple(lines), "| ~ | row | | |", tuple(drawn), gravity),
    st.lists(st.sampled_from(["+ x", "- " + "y" * 400, "  ``` " + "z" * 90, "+ <!-- ü"]), max_size=60),
    st.lists(st.just("s0 --> s1"), max_size=40),
    st.integers(0, 2),
)


@settings(max_examples=200)
@given(st.lists(FOLDS, max_size=40), st.integers(1_000, 60_000), st.booleans())
def test_what_fits_fits(folds: list[Fold], room: int, is_open: bool) -> None:
    """Whatever the folds are, they take no more than the room there is, and each is a fold or a row, or is counted."""
    found = fitted(folds, room, is_open=is_open)
    assert size(found.lines) <= room
    shown = sum(line.startswith("<details") for line in found.lines)
    assert shown + found.rows == len(folds)


def test_no_change_is_one_line() -> None:
    """A plan without changes says so in a line, beside the mark by which a comment is found again."""
    text = markdown.plan(planned({"a": {"definition": DEFINITION}}, {"a": {"definition": DEFINITION}}))
    assert text.splitlines() == [
        "<!-- flowdeck plan lab/test -->",
        "**No changes** - lab / test on `https://flows.example.org/`: 1 flow as declared.",
    ]
