"""The action from end to end: its steps, the real flowdeck, the emulator, and a GitHub of our own."""

import dataclasses
import json
import re
from typing import Any

import marker
import pytest
from comment import outlined

from flowdeck.cli.main import run
from flowdeck.emulator import Emulator

from .conftest import MERGED, Checkout
from .github import MALLORY, OTHER_BOT, GitHub, Mishap
from .runner import Event

BOT = "github-actions[bot]"


def record(body: str) -> marker.Record:
    """The hidden line of a comment."""
    found = marker.read(body)
    assert found, body
    return found


def only(github: GitHub, number: int) -> str:
    """The action's one comment on a pull request."""
    (body,) = github.bodies(number)
    return body


# --- plan ------------------------------------------------------------------------------------------------------------


def test_a_plan_is_one_comment_that_is_edited(checkout: Checkout, github: GitHub) -> None:
    """A pull request gets one comment with its plan and digest; the next commit's plan takes its place."""
    checkout.write({"one": {}})
    first = checkout.plan(7)
    assert not first.failed
    assert (first.outputs["changes"], first.outputs["exit-code"]) == ("true", "0")
    assert record(only(github, 7)).digest == first.outputs["digest"]
    assert "1 to create" in only(github, 7)
    assert "1 to create" in first.summary
    assert "https://github.example/lab/flows/actions/runs/77" in only(github, 7)

    checkout.write({"one": {}, "two": {}})
    second = checkout.plan(7)
    assert second.outputs["digest"] != first.outputs["digest"]
    assert record(only(github, 7)).digest == second.outputs["digest"]
    assert "2 to create" in only(github, 7)


def test_a_plan_writes_nothing(checkout: Checkout) -> None:
    """A plan leaves the service as it is."""
    checkout.write({"one": {}})
    checkout.plan(7)
    assert checkout.written() == []


def test_no_changes_make_no_comment(checkout: Checkout, github: GitHub) -> None:
    """Where there is nothing to do no comment is opened, but one that is there is brought up to date."""
    checkout.write({"one": {}})
    checkout.settle()
    ended = checkout.plan(7)
    assert (ended.outputs["changes"], ended.failed) == ("false", False)
    assert github.comments == []

    checkout.write({"one": {}, "two": {}})
    checkout.plan(7)
    checkout.write({"one": {}})
    ended = checkout.plan(7)
    assert "No changes" in only(github, 7)
    assert record(only(github, 7)).digest == ended.outputs["digest"]


def test_two_environments_side_by_side(checkout: Checkout, github: GitHub) -> None:
    """Each environment has its own comment, and each is edited for itself."""
    checkout.write({"one": {}})
    for environment in ("staging", "production", "staging"):
        checkout.plan(7, environment)
    assert [record(one).environment for one in github.bodies(7)] == ["staging", "production"]


def test_two_projects_side_by_side(checkout: Checkout, github: GitHub) -> None:
    """Two projects of one repository have comments of their own, also with environments of the same name."""
    checkout.write({"one": {}})
    (checkout.folder / "deploy").mkdir()
    (checkout.folder / "deploy" / "flows.yaml").write_bytes((checkout.folder / "flows.yaml").read_bytes())
    checkout.plan(7)
    checkout.plan(7, file="deploy")
    checkout.plan(7, file="deploy/flows.yaml")
    assert [record(one).path for one in github.bodies(7)] == [".", "deploy"]


def test_ours_on_the_second_page(checkout: Checkout, github: GitHub) -> None:
    """Our comment is found among 130 others, on whatever page it is."""
    checkout.write({"one": {}})
    github.pull_request(7)
    for number in range(104):
        github.comment(7, f"comment {number}", MALLORY)
    checkout.plan(7)
    for number in range(26):
        github.comment(7, f"late comment {number}", MALLORY)
    checkout.plan(7)
    assert len(github.bodies(7)) == 1
    assert len(github.comments) == 131


@pytest.mark.parametrize("author", [MALLORY, OTHER_BOT])
def test_a_pasted_marker_is_not_ours(checkout: Checkout, github: GitHub, author: Any) -> None:
    """A comment by somebody else that begins with our hidden line is left alone, and we write our own."""
    checkout.write({"one": {}})
    github.pull_request(7)
    forged = marker.line(marker.Record("plan", ".", "production", "planned", "a" * 64))
    github.comment(7, f"{forged}\nNo changes, honestly.", author)
    checkout.plan(7)
    assert github.bodies(7, author.login) == [f"{forged}\nNo changes, honestly."]
    assert record(only(github, 7)).digest != "a" * 64


def test_a_plan_that_fails(checkout: Checkout, github: GitHub) -> None:
    """A manifest with mistakes fails the job, and the comment lists them in place of the plan that was there."""
    checkout.write({"one": {}})
    checkout.plan(7)
    checkout.write({"one": {"titel": "A"}})
    ended = checkout.plan(7)
    assert ended.failed
    assert (ended.outputs["exit-code"], ended.outputs["digest"], ended.outputs["changes"]) == ("1", "", "")
    assert "`unknown-field`" in only(github, 7)
    assert record(only(github, 7)).digest == ""


def test_no_comment_where_none_is_wanted(checkout: Checkout, github: GitHub) -> None:
    """With `comment: false`, and for an event without a pull request, only the summary tells the plan."""
    checkout.write({"one": {}})
    assert "1 to create" in checkout.plan(7, comment="false").summary
    assert "1 to create" in checkout.run("plan", Event("workflow_dispatch")).summary
    assert github.comments == []
    assert github.requests == []


def test_a_cancelled_plan_says_nothing(checkout: Checkout, github: GitHub, emulator: Emulator) -> None:
    """A plan that was cancelled made room for another: it leaves the comment to that one."""
    checkout.write({"one": {}})
    checkout.plan(7)
    before = only(github, 7)
    emulator.inject({"fault": "latency", "ms": 30_000, "times": 99, "when": {"method": "GET", "path": "/flows"}})
    emulator.clear_requests()
    checkout.cancel = lambda: any(one.path == "/flows" for one in emulator.requests())
    ended = checkout.plan(7)
    assert (ended.outcomes["run"], ended.outcomes["tell"]) == ("cancelled", "success")
    assert ended.outputs["exit-code"] == "130"
    assert only(github, 7) == before
    emulator.clear_faults()


# --- apply -----------------------------------------------------------------------------------------------------------


def test_the_reviewed_plan_is_applied(checkout: Checkout, github: GitHub) -> None:
    """After the merge, which may be squashed, the plan in the comment is applied, and the comment tells the result."""
    checkout.write({"one": {}, "two": {}})
    digest = checkout.plan(7).outputs["digest"]
    github.merge(7, MERGED)
    ended = checkout.apply()
    assert not ended.failed
    assert ended.outputs == {"digest": digest, "changes": "true", "exit-code": "0"}
    assert checkout.written() == ["POST /flows", "POST /flows"]
    body = only(github, 7)
    assert record(body).state == "applied"
    assert "**Applied: 2 created**" in body
    assert "2 to create" in body  # the plan still stands below
    assert body.index("**Applied: 2 created**") < body.index("2 to create")
    assert "**Applied: " in ended.summary


def test_an_apply_that_runs_twice(checkout: Checkout, github: GitHub) -> None:
    """A second run of the same job finds nothing to do, succeeds, and leaves what the comment tells."""
    checkout.write({"one": {}})
    checkout.plan(7)
    github.merge(7, MERGED)
    checkout.apply()
    before = only(github, 7)
    ended = checkout.apply()
    assert (ended.failed, ended.outputs["changes"]) == (False, "false")
    assert only(github, 7) == before


def test_a_plan_after_an_apply_is_a_new_comment(checkout: Checkout, github: GitHub) -> None:
    """A comment whose plan was applied is done with: a later plan in that pull request gets its own."""
    checkout.write({"one": {}})
    checkout.plan(7)
    github.merge(7, MERGED)
    checkout.apply()
    checkout.write({"one": {}, "two": {}})
    checkout.plan(7)
    assert [record(one).state for one in github.bodies(7)] == ["applied", "planned"]


def test_another_plan_than_the_reviewed_one(checkout: Checkout, github: GitHub) -> None:
    """If by now the plan is another, nothing is applied, the code is 3, and the comment says what to do."""
    checkout.write({"one": {}})
    checkout.plan(7)
    checkout.write({"one": {"title": "Sneaked in"}})
    github.merge(7, MERGED)
    ended = checkout.apply()
    assert (ended.failed, ended.outputs["exit-code"]) == (True, "3")
    assert checkout.written() == []
    body = only(github, 7)
    assert record(body).state == "refused"
    assert "**Refused" in body
    assert "`digest-mismatch`" in body
    assert "`changed-since-review` in `flow.one`" in body  # in what, as far as the comment has the whole plan
    assert "open a pull request" in body
    assert "open a pull request" in ended.summary


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r'"digest":"\w+"', f'"digest":"{"a" * 64}"'),
        (r'"digest":"\w+"(.*),"plan":"[^"]+"', rf'"digest":"{"a" * 64}"\1'),
        (r'"digest":"\w+"(.*),"plan":"[^"]+"', r'"digest":""\1'),
    ],
)
def test_an_edited_digest_applies_nothing_else(checkout: Checkout, github: GitHub, pattern: str, text: str) -> None:
    """Somebody who may edit our comment can choose what is refused, not what is applied: flowdeck plans again."""
    checkout.write({"one": {}})
    checkout.plan(7)
    (comment,) = github.comments
    comment["body"], changed = re.subn(pattern, text, comment["body"])
    github.merge(7, MERGED)
    ended = checkout.apply()
    assert changed
    assert (ended.outputs["exit-code"], checkout.written()) == ("3", [])
    assert "open a pull request" in github.bodies(7)[-1]


def test_an_edited_plan_applies_nothing(checkout: Checkout, github: GitHub) -> None:
    """The digest covers the plan in the hidden line: with a step added to it flowdeck does not take it."""
    checkout.write({"one": {}})
    checkout.plan(7)
    (comment,) = github.comments
    found = record(comment["body"])
    plan = json.loads(found.plan)
    plan["changes"].append({**plan["changes"][0], "address": "flow.two", "digest": "a" * 64})
    edited = dataclasses.replace(found, plan=json.dumps(plan))
    comment["body"] = f"{marker.line(edited)}\n{marker.rest(comment['body'])}"
    github.merge(7, MERGED)
    ended = checkout.apply()
    assert (ended.outputs["exit-code"], checkout.written()) == ("1", [])
    assert "Somebody changed the hidden first line" in only(github, 7)


def test_a_forged_comment_releases_nothing(checkout: Checkout, github: GitHub) -> None:
    """The right digest in a comment by somebody else is no review."""
    checkout.write({"one": {}})
    digest = checkout.plan(7, comment="false").outputs["digest"]
    forged = marker.line(marker.Record("plan", ".", "production", "planned", digest))
    github.comment(7, f"{forged}\nLooks good.", MALLORY)
    github.merge(7, MERGED)
    ended = checkout.apply()
    assert (ended.outputs["exit-code"], checkout.written()) == ("3", [])
    assert "#7 has no plan of production by github-actions[bot]" in only(github, 7)
    assert github.bodies(7, "mallory") == [f"{forged}\nLooks good."]


def test_a_marker_further_down_releases_nothing(checkout: Checkout, github: GitHub) -> None:
    """A bot of the same name that quotes people, with our line in the quotation, releases nothing."""
    checkout.write({"one": {}})
    digest = checkout.plan(7, comment="false").outputs["digest"]
    forged = marker.line(marker.Record("plan", ".", "production", "planned", digest))
    github.comment(7, f"mallory said:\n{forged}", github.accounts[github.token])
    github.merge(7, MERGED)
    assert checkout.apply().outputs["exit-code"] == "3"
    assert checkout.written() == []


def test_a_commit_of_several_pull_requests(checkout: Checkout, github: GitHub) -> None:
    """A commit that is not the merge of exactly one pull request has no review: exit 3, and what to do is told."""
    checkout.write({"one": {}})
    checkout.plan(7)
    github.merge(7, MERGED)
    github.merge(8, MERGED)
    ended = checkout.apply()
    assert (ended.failed, ended.outputs["exit-code"], checkout.written()) == (True, "3", [])
    assert "several pull requests were merged into main as 0123456: #7, #8" in ended.summary
    assert "open a pull request" in ended.summary


def test_nothing_to_do_needs_no_review(checkout: Checkout, github: GitHub) -> None:
    """The merge of a pull request without a plan, of a fork for example, may pass where nothing would be done."""
    checkout.write({"one": {}})
    checkout.settle()
    github.merge(7, MERGED)
    ended = checkout.apply()
    assert (ended.failed, ended.outputs["exit-code"], ended.outputs["changes"]) == (False, "0", "false")
    assert "**Nothing to do" in ended.summary
    assert github.comments == []


def test_a_digest_given_by_hand(checkout: Checkout, github: GitHub) -> None:
    """A person may give the digest; twelve digits are enough, and GitHub is not asked for one."""
    checkout.write({"one": {}})
    digest = checkout.plan(7).outputs["digest"]
    asked = len(github.requests)
    ended = checkout.apply(digest=digest[:12])
    assert (ended.failed, ended.outputs["exit-code"]) == (False, "0")
    assert checkout.written() == ["POST /flows"]
    assert github.requests[asked:] == []


def test_a_blocked_risk(checkout: Checkout, github: GitHub) -> None:
    """What blocks is refused although it was reviewed, until `allow` accepts it, one a line."""
    open_start = {"one": {"permissions": [{"starters": ["all_authenticated_users"]}]}}
    checkout.write(open_start, guardrails={"open-start": "block"})
    assert not checkout.plan(7).failed
    github.merge(7, MERGED)
    refused = checkout.apply()
    assert (refused.outputs["exit-code"], checkout.written()) == ("3", [])
    assert "`open-start`" in only(github, 7)
    assert "accepted under `allow`" in only(github, 7)

    allowed = checkout.apply(allow="mass-delete\nopen-start:one\n")
    assert (allowed.outputs["exit-code"], checkout.written()) == ("0", ["POST /flows"])
    assert record(only(github, 7)).state == "applied"


def test_a_partial_apply_is_resumed_by_running_it_again(checkout: Checkout, github: GitHub, emulator: Emulator) -> None:
    """After exit 4 the comment says to run the job again, and that applies the rest of the reviewed plan."""
    checkout.write({name: {} for name in ("a", "b", "c")})
    checkout.plan(7)
    github.merge(7, MERGED)
    emulator.inject({"fault": "status", "status": 400, "when": {"method": "POST", "path": "/flows", "nth": 2}})
    partly = checkout.apply()
    assert (partly.failed, partly.outputs["exit-code"]) == (True, "4")
    assert record(only(github, 7)).state == "partly"
    assert "In this job that means: run it again" in only(github, 7)
    emulator.clear_faults()

    again = checkout.apply()
    assert (again.failed, again.outputs["exit-code"]) == (False, "0")
    assert record(only(github, 7)).state == "applied"
    assert "**Applied: 1 created**" in only(github, 7)
    assert only(github, 7).count("3 to create") == 1


def test_flowdeck_takes_an_outline(checkout: Checkout) -> None:
    """What the hidden line keeps of a long plan is enough for flowdeck to recognise its changes by."""
    checkout.write({"one": {}, "two": {}})
    plan, outline = checkout.scratch / "plan.json", checkout.scratch / "outline.json"
    where = ["--file", str(checkout.folder), "--env", "production"]
    assert run(["plan", *where, "--out", str(plan)]) == 0
    outline.write_text(outlined(plan.read_text(encoding="utf-8")), encoding="utf-8")
    assert run(["apply", *where, "--expect", str(outline), "--quiet"]) == 0
    assert len(checkout.written()) == 2


def test_a_partial_apply_admits_nothing_new(checkout: Checkout, github: GitHub, emulator: Emulator) -> None:
    """The second run applies steps of the reviewed plan only: what came in since then is refused."""
    checkout.write({name: {} for name in ("a", "b")})
    checkout.plan(7)
    github.merge(7, MERGED)
    emulator.inject({"fault": "status", "status": 400, "when": {"method": "POST", "path": "/flows", "nth": 2}})
    checkout.apply()
    emulator.clear_faults()
    before = checkout.written()
    checkout.write({name: {} for name in ("a", "b", "c")})
    assert checkout.apply().outputs["exit-code"] == "3"
    assert checkout.written() == before


def test_a_cancelled_apply(checkout: Checkout, github: GitHub, emulator: Emulator) -> None:
    """INT to the step's process alone: what is in flight ends, the comment tells it, and a re-run does the rest."""
    checkout.write({name: {} for name in ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j")})
    checkout.plan(7)
    github.merge(7, MERGED)
    emulator.inject({"fault": "latency", "ms": 1500, "times": 99, "when": {"method": "POST", "path": "/flows"}})
    checkout.cancel = lambda: len(checkout.written()) > 0
    ended = checkout.apply()
    checkout.cancel = None
    assert (ended.outcomes["run"], ended.outcomes["tell"]) == ("cancelled", "success")
    assert ended.outputs["exit-code"] == "130"
    done = len(checkout.written())
    assert 0 < done < 10
    body = only(github, 7)
    assert record(body).state == "interrupted"
    assert f"{done} created, {10 - done} skipped" in body
    assert "Run this job again" in body

    emulator.clear_faults()
    again = checkout.apply()
    assert (again.failed, again.outputs["exit-code"]) == (False, "0")
    assert len(checkout.written()) == 10
    assert f"**Applied: {10 - done} created**" in only(github, 7)


def test_apply_is_not_tried_without_the_forge(checkout: Checkout, github: GitHub) -> None:
    """If GitHub does not tell what was reviewed, nothing is applied, and the job fails."""
    checkout.write({"one": {}})
    checkout.plan(7)
    github.merge(7, MERGED)
    github.mishaps.append(Mishap("GET", "/pulls", 404, times=9, message="Not Found"))
    ended = checkout.apply()
    assert (ended.failed, ended.outcomes["run"], checkout.written()) == (True, "skipped", [])
    assert "Failed: nothing was applied" in ended.summary
    assert ended.outputs["exit-code"] == "1"


def test_a_result_that_cannot_be_commented(checkout: Checkout, github: GitHub) -> None:
    """If the comment cannot be edited afterwards, the job fails, but outputs and summary have told the result."""
    checkout.write({"one": {}})
    checkout.plan(7)
    github.merge(7, MERGED)
    github.mishaps.append(Mishap("PATCH", "/comments", 403, times=9, message="Resource not accessible by integration"))
    ended = checkout.apply()
    assert (ended.failed, ended.outcomes["run"], ended.outcomes["tell"]) == (True, "success", "failure")
    assert ended.outputs["exit-code"] == "0"
    assert "**Applied: " in ended.summary
    assert "Resource not accessible by integration" in ended.log


# --- drift and validate ----------------------------------------------------------------------------------------------


def test_drift_is_one_issue(checkout: Checkout, github: GitHub) -> None:
    """Drift opens an issue, more drift edits it, its end closes it, and new drift opens the same one again."""
    checkout.write({"one": {"title": "Declared"}})
    checkout.settle()
    clean = checkout.drift()
    assert (clean.failed, clean.outputs["changes"], clean.outputs["exit-code"]) == (False, "false", "0")
    assert github.issues == {}

    states, title = [], "Declared"
    for following, number in (("Theirs", "78"), ("Also theirs", "79"), ("Declared", "80"), ("Again", "81")):
        checkout.edit(title, title=following)
        title = following
        ended = checkout.drift(number)
        (issue,) = github.issues.values()
        states.append((issue["state"], ended.outputs["changes"]))
        assert not ended.failed
        assert f"runs/{number}" in issue["body"]
        assert (title in issue["body"]) == (title != "Declared")
    assert states == [("open", "true"), ("open", "true"), ("closed", "false"), ("open", "true")]
    assert issue["title"] == "Drift in production"


def test_drift_that_cannot_be_seen(checkout: Checkout, github: GitHub) -> None:
    """If flowdeck fails, the job fails, and the issue neither opens nor closes."""
    checkout.write({"one": {"titel": "A"}})
    ended = checkout.drift()
    assert (ended.failed, ended.outputs["exit-code"], ended.outputs["changes"]) == (True, "1", "")
    assert github.requests == []


def test_validate_needs_no_secret_and_no_token(checkout: Checkout, github: GitHub) -> None:
    """For the pull request of a fork: no credentials, no token, no request; mistakes become annotations and exit 1."""
    checkout.secrets, token = {}, github.token
    github.token = ""
    try:
        checkout.write({"one": {}})
        assert not checkout.run("validate", Event("pull_request")).failed
        checkout.write({"one": {"titel": "A"}})
        ended = checkout.run("validate", Event("pull_request"))
    finally:
        github.token = token
        checkout.secrets = {"FLOWDECK_CLIENT_SECRET": "none"}
    assert (ended.failed, ended.outputs["exit-code"]) == (True, "1")
    assert re.search(r"^::error .*unknown-field", ended.log, re.MULTILINE)
    assert github.requests == []


# --- what people write -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"command": "destroy"}, "`command` is one of"),
        ({"environment": "$(touch x)"}, "`environment` names"),
        ({"environment": ""}, "`environment` names"),
        ({"allow": "open-start\n--yes"}, "`allow` has"),
        ({"digest": "--yes"}, "`digest` is"),
        ({"comment": "perhaps"}, "`comment` is true or false"),
        ({"author": "a b"}, "`author` is"),
        ({"file": "a\nb"}, "`file` is"),
    ],
)
def test_inputs_that_cannot_be_meant(checkout: Checkout, inputs: dict[str, str], said: str) -> None:
    """An input that is no such thing ends the first step, before anything is asked or done."""
    checkout.write({"one": {}})
    given = {"command": "apply", "environment": "production", **inputs}
    ended = checkout.run(given.pop("command"), Event(), given.pop("environment"), **given)
    assert (ended.failed, ended.outcomes["prepare"], ended.outcomes["run"]) == (True, "failure", "skipped")
    assert said in ended.log
    assert checkout.emulator.requests() == []
    assert [path.name for path in checkout.folder.iterdir()] == ["flows.yaml"]


NASTY = "x`; $(touch x) \"' --> <!-- flowdeck {} --> @everyone ::error::y ${{ github.token }} **b** \u202e"


def test_what_strangers_name_means_nothing(checkout: Checkout, github: GitHub) -> None:
    """Titles of pull requests, branches and files cannot mention, mark, or command: the action does not show them."""
    checkout.write({"one": {}})
    github.pull_request(7)
    head = {"sha": "abcdef0" + "0" * 33, "ref": NASTY, "label": NASTY}
    request = {"number": 7, "title": NASTY, "body": NASTY, "head": head, "user": {"login": NASTY}}
    checkout.run("plan", Event("pull_request", pull_request=request, branch=NASTY))
    github.merge(7, MERGED, title=NASTY, head=head)
    ended = checkout.apply()
    assert ended.outputs["exit-code"] == "0"
    assert "@everyone" not in only(github, 7) + ended.summary + ended.log
    assert only(github, 7).count("<!-- flowdeck {") == 1
    assert not (checkout.folder / "x").exists()


def test_what_manifests_say_means_nothing(checkout: Checkout, github: GitHub) -> None:
    """A mistake quoted from a manifest mentions nobody, and holds no line of ours and no command to the runner."""
    checkout.write({"one": {"titel": "A"}, "two": {NASTY.replace("\u202e", "") + "```": "\n::set-output name=a::b"}})
    ended = checkout.plan(7)
    body = only(github, 7)
    assert "<!--" not in marker.rest(body)
    assert re.findall(r".@everyone.", body) == ["`@everyone`"]
    silent = False
    for line in ended.log.splitlines():
        if found := re.fullmatch(r"::stop-commands::(\w+)", line):
            silent, word = True, found[1]
        elif silent and line == f"::{word}::":
            silent = False
        elif not silent:
            assert not line.lstrip().startswith("::set-output"), ended.log


def test_two_uses_in_one_job(checkout: Checkout) -> None:
    """The action may be used twice in a job: each use has a folder of its own."""
    checkout.write({"one": {}})
    for _ in range(2):
        checkout.uses = 0
        assert checkout.plan(7, comment="false").outputs["exit-code"] == "0"
    assert len(list((checkout.scratch / "1").glob("flowdeck-*"))) == 2
