"""The action's plan from end to end: one comment for each environment, whoever else writes there."""

from typing import Any

import marker
import pytest

from .comments import only, record
from .conftest import Checkout
from .github import HEAD, MALLORY, OTHER_BOT, Account, GitHub, Mishap
from .runner import Event


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


def test_ours_on_the_third_page(checkout: Checkout, github: GitHub) -> None:
    """Our comment is found among 230 others, on whatever page it is."""
    checkout.write({"one": {}})
    github.pull_request(7)
    for number in range(204):
        github.comment(7, f"comment {number}", MALLORY)
    checkout.plan(7)
    for number in range(26):
        github.comment(7, f"late comment {number}", MALLORY)
    checkout.plan(7)
    assert len(github.bodies(7)) == 1
    assert len(github.comments) == 231


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


def test_a_fork_that_may_not_comment(checkout: Checkout, github: GitHub) -> None:
    """A fork's job whose token only reads tells its plan in the summary, says so, and does not fail."""
    checkout.write({"one": {}})
    github.accounts[github.token] = Account(permissions=frozenset())
    github.pull_request(7, head={"sha": HEAD, "repo": {"full_name": "mallory/flows"}})
    ended = checkout.plan(7, repository="mallory/flows")
    assert (ended.failed, ended.outputs["changes"], github.comments) == (False, "true", [])
    assert "1 to create" in ended.summary
    assert "the plan stands in the job's summary only" in ended.log

    ours = checkout.plan(8)
    assert (ours.failed, ours.outcomes["run"]) == (True, "success")
    assert "does the job have the permissions" in ours.log


@pytest.mark.parametrize("status", [500, 429])
def test_a_comment_that_is_not_written(checkout: Checkout, github: GitHub, status: int) -> None:
    """While GitHub fails or is busy the job tries again; if that is all it does, the job fails, not the summary."""
    checkout.write({"one": {}})
    checkout.plan(7)
    checkout.write({"one": {}, "two": {}})
    github.mishaps.append(Mishap("PATCH", "/comments", status, headers={"Retry-After": "1"}))
    assert not checkout.plan(7).failed
    before = only(github, 7)
    assert "2 to create" in before

    checkout.write({"one": {}})
    github.mishaps.append(Mishap("GET", "/pulls", 429, headers={"Retry-After": "3600"}))
    ended = checkout.plan(7)
    assert (ended.failed, ended.outcomes["run"], only(github, 7)) == (True, "success", before)
    assert "1 to create" in ended.summary


def test_no_comment_where_none_is_wanted(checkout: Checkout, github: GitHub) -> None:
    """With `comment: false`, and for an event without a pull request, only the summary tells the plan."""
    checkout.write({"one": {}})
    assert "1 to create" in checkout.plan(7, comment="false").summary
    assert "1 to create" in checkout.run("plan", Event("workflow_dispatch")).summary
    assert github.comments == []
    assert github.requests == []
