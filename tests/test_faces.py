"""Text faces: nothing in them can act on a terminal, and they read as a person would want them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import globus_sdk
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from projects import DEFINITION, Command, manifest, write

from flowdeck.emulator import Emulator
from flowdeck.model.diagnostic import Diagnostic, Place
from flowdeck.model.json_value import Json
from flowdeck.render import diagnostics, document
from flowdeck.render.escape import plain
from flowdeck.render.paint import colourless
from flowdeck.render.values import both, named

# What may act on a terminal or deceive a reader: controls, escapes, bidi, and characters that do not show.
HARMFUL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
NASTY = "ni\x1b[31mce\u202etfel\u2066\x07\x9b2J\x7f\u200bx\u2028y\nz\rerror[fake]: \x1b]0;owned\x07"
ADA = "identity:1de27170-0ada-4ec0-8000-000000000002"
GRACE = "urn:globus:auth:identity:1de27170-09ac-4ec0-8000-000000000003"
CREW = "group:96005000-0b0b-4ec0-8000-000000000005"


def nasty_definition(text: str) -> dict[str, Any]:
    """A definition with a text in its state names, comments and parameters."""
    return {
        "StartAt": f"Begin {text}",
        "Comment": text,
        "States": {
            f"Begin {text}": {"Type": "Pass", "Parameters": {text: text}, "Next": "End"},
            "End": {"Type": "Pass", "End": True},
        },
    }


@pytest.fixture
def outside(emulator: Emulator) -> Iterator[globus_sdk.FlowsClient]:
    """The service as somebody reaches it who does not use flowdeck."""
    environment = emulator.environment()
    with globus_sdk.ConfidentialAppAuthClient(
        environment["GLOBUS_CLI_CLIENT_ID"], environment["GLOBUS_CLI_CLIENT_SECRET"], base_url=emulator.url
    ) as auth:
        tokens = auth.oauth2_client_credentials_tokens(requested_scopes=globus_sdk.FlowsClient.scopes.all)
    authorizer = globus_sdk.AccessTokenAuthorizer(tokens.by_resource_server["flows.globus.org"]["access_token"])
    with globus_sdk.FlowsClient(base_url=emulator.url, authorizer=authorizer) as client:
        yield client


def harmless(text: str) -> bool:
    """Whether every line of a text is safe to look at, and no line of it is a forged one."""
    return not HARMFUL.search(text) and not re.search("^error.fake", text, re.MULTILINE)


@pytest.mark.usefixtures("emulator")
def test_nasty_manifest(project: Path, flowdeck: Command) -> None:
    """Text of the manifest is shown escaped in every text face, and is warned about."""
    schema = {"type": "object", "properties": {NASTY: {"type": "string"}}}
    write_json(
        project,
        manifest(
            {
                "one": {
                    "title": NASTY[:100],
                    "subtitle": NASTY[:100],
                    "description": NASTY,
                    "keywords": [NASTY, "b"],
                    "definition": nasty_definition(NASTY),
                    "input_schema": schema,
                }
            }
        ),
    )
    for arguments in (
        ["validate"],
        ["plan"],
        ["plan", "--out", "p.txt"],
        ["apply", "--yes", "-v"],
        ["list"],
        ["show", "one"],
    ):
        ran = flowdeck(*arguments)
        assert ran.code == 0, ran
        assert harmless(ran.out + ran.err), arguments
    assert harmless((project / "p.txt").read_text(encoding="utf-8"))
    assert "warning[control-character]" in flowdeck("plan").err


def test_nasty_service(project: Path, flowdeck: Command, outside: globus_sdk.FlowsClient) -> None:
    """Text of the service, which strangers may have written, is shown escaped in every text face."""
    write(project, manifest({"one": {}, "two": {}}))
    flowdeck("apply", "--yes")
    for flow in list(outside.list_flows()):
        outside.update_flow(
            flow["id"],
            title=NASTY[:100],
            subtitle=NASTY[:100],
            description=NASTY,
            keywords=[*flow["keywords"], NASTY, "\x1b[2J"],
            definition=nasty_definition(NASTY),
            input_schema={"type": "object", "title": NASTY, "properties": {NASTY: {}}},
        )
    write(project, manifest({"one": {}}))
    faces = [["plan", "--format", "markdown"], ["plan", "--format", "html"], ["drift", "--format", "markdown"]]
    texts = [["plan"], ["plan", "-v"], ["plan", "--destroy"], ["drift"], ["list"], ["show", "one"]]
    for arguments in (*faces, *texts, ["apply", "--yes", "--format", "markdown"]):
        ran = flowdeck(*arguments)
        assert harmless(ran.out + ran.err), arguments


@pytest.mark.parametrize("text", [NASTY, "\U000e0041\U000e0042", "\u206a\u206f", "\u2066\u2069"])
def test_nasty_names_on_the_command_line(project: Path, flowdeck: Command, text: str) -> None:
    """What a command line or an environment variable names is escaped when it is repeated."""
    write(project, manifest({"one": {}}, service="emulator"))
    for arguments in (["plan", text], ["plan", "-e", text], ["plan", "-f", text], ["apply", "--allow", text]):
        ran = flowdeck(*arguments)
        assert ran.code in (1, 64)
        assert harmless(ran.out + ran.err), arguments


@pytest.mark.parametrize("text", [NASTY.replace("\n", ""), "\U000e0041\U000e0042", "\u206a", "a\u202eb"])
def test_nasty_excerpt(project: Path, flowdeck: Command, text: str) -> None:
    """The line that a diagnostic shows is escaped, and so are keys and values that its message repeats."""
    write_json(project, {**manifest({"one": {f"titel{text}": text}}), "environments": {"test": {"service": text}}})
    for command in ("validate", "plan"):
        ran = flowdeck(command)
        assert ran.code == 1
        assert harmless(ran.out + ran.err)


def test_nasty_complaint(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """A complaint of the service that quotes our text is escaped."""
    definition = json.loads(json.dumps(DEFINITION))
    definition["States"]["Begin"]["Seconds"] = NASTY
    write_json(project, manifest({"one": {"definition": definition}}))
    for arguments in (["validate", "--online"], ["apply", "--yes"]):
        ran = flowdeck(*arguments)
        assert harmless(ran.out + ran.err)


@given(st.text())
@example("\u206a")
@example("\U000e0041")
def test_plain_is_harmless(text: str) -> None:
    """Whatever the text, `plain` leaves nothing in it that a terminal would act on."""
    assert not HARMFUL.search(plain(text))
    assert "\n" not in plain(text)


BLANK = "\u115f\u1160\u2800\u3164\uffa0"


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters=f"#{BLANK}")))
def test_plain_keeps_the_rest(text: str) -> None:
    """What people write, in any script, stays as it is."""
    assert plain(text) == text


@pytest.mark.parametrize("blank", [*BLANK, "\u034f", "\u17b4", "\u180b", "\ufe0f", "\U000e0100"])
def test_plain_shows_blanks(blank: str) -> None:
    """A letter or mark of which nothing is seen is written as JSON writes it, so that no two names look the same."""
    assert plain(f"ada{blank}") == f"ada{json.dumps(blank)[1:-1]}"
    assert named(f"ada{blank}") == json.dumps(f"ada{blank}")


@pytest.mark.parametrize("command", ["##[group]x", "##vso[task.complete]", "##teamcity[x]"])
def test_plain_breaks_commands(command: str) -> None:
    """What a CI system obeys anywhere in a line of its log loses its beginning; other signs stay as they are."""
    assert plain(f"a #{command}") == f"a #\\u0023{command[1:]}"
    assert plain("## heading [x], C#") == "## heading [x], C#"


@pytest.mark.parametrize(
    ("was", "becomes", "shown"),
    [
        ("a b", "a\u00a0b", ('"a b"', '"a\\u00a0b"')),
        ("caf\u00e9", "cafe\u0301", ('"caf\\u00e9"', '"cafe\\u0301"')),
        ("caf\u00e9", "th\u00e9", ('"caf\u00e9"', '"th\u00e9"')),
    ],
)
def test_what_differs_looks_different(was: str, becomes: str, shown: tuple[str, str]) -> None:
    """Two values that look the same are written by their numbers, others as they are."""
    assert both(Json.of(was), Json.of(becomes)) == shown


def test_a_document_moves_no_cursor() -> None:
    """What JSON itself lets stand, controls of eight bits and halves of a character, is escaped and means the same."""
    value = {"x": "\x9b2J \x7f \u202e \U000e0041 \ud800 ##[group] \u00e9"}
    written = document.text(value)
    assert json.loads(written) == value
    assert written == '{\n  "x": "\\u009b2J \\u007f \\u202e \\udb40\\udc41 \\ud800 \\u0023#[group] \u00e9"\n}'


@pytest.mark.parametrize(
    ("excerpt", "column", "lines"),
    [
        ("  titel: x", 3, ["    7 |   titel: x", "      |   ^"]),
        ("\ttitel: x", 2, ["    7 | \ttitel: x", "      | \t^"]),
        ("a\u202eb: x", 3, ["    7 | a\\u202eb: x", "      |        ^"]),
        ("\x1b[2Jx: y", 5, ["    7 | \\u001b[2Jx: y", "      |          ^"]),
        ("abc", 4, ["    7 | abc", "      |    ^"]),
    ],
)
def test_caret(excerpt: str, column: int, lines: list[str]) -> None:
    """The caret stands under the character it means, also behind tabs and escaped characters."""
    one = Diagnostic("unknown-field", "message", "hint", Place("flows.yaml", 7, column, excerpt))
    assert diagnostics.text([one], colourless).splitlines()[1:3] == lines


def write_json(project: Path, document: dict[str, Any]) -> None:
    """Write flows.yaml as JSON, whose escapes YAML's own rules for plain text do not touch."""
    (project / "flows.yaml").write_text(json.dumps(document, indent=1), encoding="utf-8")


# --- golden faces: read by a person and found good


TRANSFER = {
    "StartAt": "Transfer",
    "States": {
        "Transfer": {
            "Type": "Action",
            "ActionUrl": "https://transfer.actions.globus.org/transfer",
            "WaitTime": 600,
            "Parameters": {"label": "run", "key": "s3cret", "__Private_Parameters": ["key"]},
            "ResultPath": "$.T",
            "Next": "Tell me",
        },
        "Tell me": {"Type": "Pass", "End": True},
    },
}
EDITED = {
    "StartAt": "Transfer",
    "States": {
        "Transfer": {
            "Type": "Action",
            "ActionUrl": "https://transfer.actions.globus.org/transfer",
            "WaitTime": 900,
            "Parameters": {"label": "run", "key": "other", "__Private_Parameters": ["key"]},
            "ResultPath": "$.T",
            "Next": "Check",
        },
        "Check": {"Type": "Pass", "End": True},
    },
}


@pytest.fixture
def mixed(project: Path, flowdeck: Command, outside: globus_sdk.FlowsClient) -> None:
    """A project whose plan holds a create, two updates, one of them of drift, a delete, and a blocked adoption."""
    before = {
        "ingest": {
            "title": "Ingest",
            "description": "Old text",
            "definition": TRANSFER,
            "permissions": [{"viewers": ["public"], "starters": [ADA]}],
        },
        "old": {"permissions": [{"viewers": ["public"]}]},
        "keep": {},
        "touched": {},
    }
    write(project, manifest(before))
    assert flowdeck("apply", "--yes").code == 0
    by_hand = outside.create_flow("By hand", DEFINITION, {}, flow_viewers=["public"])
    [touched] = [flow for flow in outside.list_flows() if flow["title"] == "touched"]
    outside.update_flow(touched["id"], subtitle="somebody was here", flow_starters=[GRACE])
    after = {
        "adopted": {"id": by_hand["id"], "title": "By hand"},
        "ingest": {
            "title": "Ingest, faster",
            "definition": EDITED,
            "permissions": [{"starters": ["all_authenticated_users"], "administrators": [ADA]}],
        },
        "keep": {},
        "new": {
            "description": "A new one",
            "keywords": ["a", "b"],
            "input_schema": {
                "type": "object",
                "required": ["path"],
                "properties": {"path": {"type": "string"}, "size": {"type": "integer"}},
            },
            "permissions": [{"run_monitors": [CREW]}],
        },
        "touched": {},
    }
    write(project, manifest(after))


def stable(text: str) -> str:
    """A face without what differs from run to run: the service's port, new ids and digests."""
    text = re.sub(r"http://127\.0\.0\.1:\d+", "SERVICE", text)
    text = re.sub(r"(?<![:0-9a-f-])[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)
    return re.sub(r"\b[0-9a-f]{12}\b(?!-)(?<!-[0-9a-f]{12})", "DIGEST", text)


@pytest.mark.usefixtures("mixed")
def test_golden_plan(flowdeck: Command) -> None:
    """The plan of a create, updates, drift, a delete and a blocked adoption, as a reviewer reads it."""
    assert stable(flowdeck("plan").out) == GOLDEN_PLAN


@pytest.mark.usefixtures("mixed")
def test_golden_drift(flowdeck: Command) -> None:
    """The drift report tells what somebody did, and what to do about it."""
    assert stable(flowdeck("drift").out) == GOLDEN_DRIFT


@pytest.mark.usefixtures("mixed")
def test_golden_apply(flowdeck: Command) -> None:
    """The result of an apply: what was refused and the way out, then what was done."""
    plan = GOLDEN_PLAN
    assert stable(flowdeck("apply", "--yes").out) == plan + GOLDEN_REFUSED
    assert stable(flowdeck("apply", "--yes", "--allow", "access-removed:adopted").out) == plan + GOLDEN_APPLIED


GOLDEN_PLAN = """\
lab / test on SERVICE

  > flow.adopted  adopt ID
      viewers: - public  (origin unknown)
      block[access-removed] no longer among the viewers: public

  ~ flow.ingest  update ID
      title: "Ingest" -> "Ingest, faster"
      description: - "Old text"
      definition:
        ~ Transfer  Action
          now leads to Check, no longer to Tell me
          Parameters.key: (sensitive) changes
          WaitTime: 600 -> 900
        - Tell me  Pass
        + Check  Pass, then end
      viewers: - public
      starters:
        + all_authenticated_users  by its own entry (flows.yaml:41)
        - ada@example.org (identity ID)
      administrators: + ada@example.org (identity ID)  by its own entry (flows.yaml:43)
      warn[access-removed] no longer among the viewers: public
      warn[open-start] any Globus user may start this flow
      warn[access-removed] no longer among the starters: ada@example.org
      warn[new-administrator] ada@example.org may change and delete this flow

  + flow.new  create
      title: "new"
      description: "A new one"
      keywords: ["a", "b"]
      definition: 2 states: Begin, Finish
      input_schema: path (required), size
      run_monitors: + beamline-operators (group ID)  by its own entry (flows.yaml:63)
      warn[no-subscription] without a subscription the service may end the flow after 30 days
      note[group-grant] whoever is in beamline-operators, now or later, is among the run monitors

  ~ flow.touched  update ID
      subtitle: - "somebody was here"  (changed outside)
      starters: - grace@example.org (identity ID)  (changed outside)
      warn[access-removed] no longer among the starters: grace@example.org
      warn[drift-overwrite] a change made outside is overwritten: subtitle, starters

  - flow.old  delete ID
      definition: - 2 states: Begin, Finish
      access: - public (viewers)
      note[delete] the flow, its id and its scope are gone for good

Plan: 1 to create, 2 to update, 1 to delete, 1 to adopt, 1 unchanged.
Blocked: this plan is refused until each of these is dealt with or allowed:
  access-removed: flow.adopted; if that is meant, apply with --allow access-removed:adopted
Warnings: open-start, new-administrator, drift-overwrite, no-subscription, 2 access-removed.
Digest: DIGEST
"""
GOLDEN_DRIFT = """\
lab / test on SERVICE

  ? flow.new  missing: never applied, or deleted outside

  ~ flow.touched  changed outside ID
      subtitle: + "somebody was here"  (changed outside)
      starters: + grace@example.org (identity ID)  (changed outside)

Drift: 1 changed outside, 1 missing.
To keep a change, write it into the manifest; to undo it, apply.
"""
GOLDEN_REFUSED = """\

  refused > flow.adopted  ID
  refused ~ flow.ingest  ID
  refused + flow.new
  refused ~ flow.touched  ID
  refused - flow.old  ID

flow.adopted: error[access-removed]: no longer among the viewers: public
  hint: if that is meant, apply with --allow access-removed:adopted

Refused: 5 refused.
"""
GOLDEN_APPLIED = """\

  done    > flow.adopted  ID
  done    ~ flow.ingest  ID
  done    + flow.new  ID
  done    ~ flow.touched  ID
  done    - flow.old  ID

Applied: 1 adopted, 2 updated, 1 created, 1 deleted.
"""
