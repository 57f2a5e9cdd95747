"""The action's apply from end to end: the reviewed plan or nothing, and the same comment tells the result."""

import dataclasses
import json
import re
from pathlib import Path

import marker
import pytest
from comment import outlined

from flowdeck.cli.main import run
from flowdeck.emulator import Emulator

from .comments import only, record
from .conftest import MERGED, Checkout
from .github import MALLORY, GitHub, Mishap
from .runner import Event


def test_the_reviewed_plan_is_applied(checkout: Checkout, github: GitHub) -> None:
    """After the merge, which may be squashed, the plan in the comment is applied, and the comment tells the result."""
    checkout.write({"one": {}, "two": {}})
    digest = checkout.plan(7).outputs["digest"]
    github.merge(7, MERGED)
    ended = checkout.apply()
    assert not ended.failed
    events = [json.loads(line)["event"] for line in Path(ended.outputs.pop("log")).read_text().splitlines()]
    assert (events[0], events[-1]) == ("apply-started", "apply-finished")
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


def test_an_applied_plan_is_used_up(checkout: Checkout, github: GitHub) -> None:
    """A merge that another one reverted stays reverted when its job runs again, though its plan is the reviewed one."""
    checkout.write({"one": {"title": "Before"}})
    checkout.settle()
    checkout.write({"one": {"title": "After"}})
    digest = checkout.plan(7).outputs["digest"]
    github.merge(7, MERGED)
    assert not checkout.apply().failed
    before, written = only(github, 7), checkout.written()
    checkout.edit("After", title="Before")
    assert checkout.run("plan", Event("workflow_dispatch")).outputs["digest"] == digest
    written = checkout.written()

    ended = checkout.apply()
    assert (ended.failed, ended.outputs["exit-code"], checkout.written()) == (True, "3", written)
    assert "the plan of #7 was applied already" in ended.summary
    assert only(github, 7) == before


def test_a_plan_that_comes_late(checkout: Checkout, github: GitHub) -> None:
    """A plan of an older commit, or made after the merge, leaves the comment; the job says so, and does not fail."""
    checkout.write({"one": {}})
    checkout.plan(7)
    github.push(7, "1" * 40)
    checkout.write({"one": {}, "two": {}})
    newer = checkout.plan(7, head="1" * 40)
    before = only(github, 7)
    assert record(before).digest == newer.outputs["digest"]

    checkout.write({"one": {}})
    rerun = checkout.plan(7)
    assert (rerun.failed, only(github, 7)) == (False, before)
    assert "#7 has a newer commit, 1111111, whose own job plans it" in rerun.log
    github.merge(7, MERGED)
    late = checkout.plan(7, head="1" * 40)
    assert (late.failed, only(github, 7)) == (False, before)
    assert "#7 is merged by now" in late.log


def test_a_commit_after_the_plan(checkout: Checkout, github: GitHub) -> None:
    """What was merged before its last commit was planned is refused, though the plan of the one before is the same."""
    checkout.write({"one": {}})
    checkout.plan(7)
    github.push(7, "1" * 40)
    github.merge(7, MERGED)
    ended = checkout.apply()
    assert (ended.failed, ended.outputs["exit-code"], checkout.written()) == (True, "3", [])
    assert "#7 was merged with commit 1111111, and its last plan is of abcdef0" in only(github, 7)
    assert record(only(github, 7)).state == "refused"


def test_each_environment_goes_by_its_own_plan(checkout: Checkout, github: GitHub) -> None:
    """With two environments each apply finds its own comment, and tells its result there."""
    checkout.write({"one": {}})
    digests = {name: checkout.plan(7, name).outputs["digest"] for name in ("staging", "production")}
    assert len({*digests.values()}) == 2
    github.merge(7, MERGED)
    ended = checkout.apply(environment="staging")
    assert (ended.failed, ended.outputs["digest"]) == (False, digests["staging"])
    states = {record(one).environment: record(one).state for one in github.bodies(7)}
    assert states == {"staging": "applied", "production": "planned"}


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
