"""From a commit to the plan that was reviewed."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import comment
import marker
import pytest
from forge import Forge
from marker import PLANNED, Record
from reviewed import NOTHING_REVIEWED, Reviewed, expected, search, usable
from step import Inputs, Job, StepError

from .conftest import MERGED, TOKEN
from .github import HEAD, REPOSITORY, GitHub

INPUTS = Inputs("apply", "production")
JOB = Job(REPOSITORY, "main", MERGED, "https://github.example/lab/flows/actions/runs/77", None, "")
PLAN = json.dumps({"digest": "d" * 64, "changes": []})
RECORD = Record("plan", ".", "production", PLANNED, "d" * 64, HEAD, PLAN)


@pytest.fixture
def forge(github: GitHub) -> Forge:
    """A client that does not really wait."""
    github.pull_request(7)
    return Forge(github.url, REPOSITORY, TOKEN, lambda _: None)


def found(forge: Forge, job: Job = JOB) -> Reviewed:
    """What was reviewed, without waiting."""
    return search(forge, INPUTS, job, lambda _: None)[0]


def test_the_comment_of_the_merged_pull_request(forge: Forge, github: GitHub) -> None:
    """The digest is that of our comment on the pull request whose merge the commit is; open ones do not count."""
    comment.keep(forge, 7, INPUTS, RECORD, "text", opens=True)
    github.merge(7, MERGED)
    github.commits[MERGED].insert(0, github.pull_request(8))
    assert search(forge, INPUTS, JOB) == (Reviewed("d" * 64, 7), RECORD)


def test_the_latest_comment_counts(forge: Forge, github: GitHub) -> None:
    """Of two comments, which two jobs at once may have made, the later one is edited and counts."""
    for _ in range(2):
        github.comment(7, f"{marker.line(RECORD)}\ntext", github.accounts[TOKEN])
    comment.keep(forge, 7, INPUTS, dataclasses.replace(RECORD, digest="c" * 64, plan=""), "text", opens=True)
    github.merge(7, MERGED)
    assert found(forge).digest == "c" * 64


@pytest.mark.parametrize(
    ("merged", "why"),
    [
        ([], "no pull request was merged into main as 0123456, so it was pushed directly"),
        ([{"merged_at": None}], "no pull request was merged"),
        ([{"merge_commit_sha": "f" * 40}], "no pull request was merged"),
        ([{"base": {"ref": "release"}}], "no pull request was merged"),
        ([{"base": {"ref": "main", "repo": {"full_name": "fork/flows"}}}], "no pull request was merged"),
        ([{}, {"number": 8}], "several pull requests were merged into main as 0123456: #7, #8"),
        ([{}], "#7 has no plan of production by github-actions[bot]; a fork's pull request never has one"),
    ],
)
def test_no_review(forge: Forge, github: GitHub, merged: list[dict[str, Any]], why: str) -> None:
    """A commit that is not exactly one merge into this branch of this repository, with a plan, was not reviewed."""
    for one in merged:
        github.merge(one.get("number", 7), MERGED)
        github.commits[MERGED][-1].update(one)
    assert found(forge).digest == ""
    assert found(forge).why.startswith(why)


@pytest.mark.parametrize(
    ("pushed", "shown", "why"),
    [
        ("1" * 40, HEAD, "#7 was merged with commit 1111111, and its last plan is of abcdef0"),
        (HEAD, "1" * 40, "#7 was merged with commit abcdef0, and its last plan is of 1111111"),
        (HEAD, HEAD[:39], "#7 was merged with commit abcdef0, and its last plan is of abcdef0"),
        (HEAD, "", "#7 was merged with commit abcdef0, and its last plan is of none"),
    ],
)
def test_a_plan_of_another_commit(forge: Forge, github: GitHub, pushed: str, shown: str, why: str) -> None:
    """A plan counts only if it is of the very commit that was merged: what came after it, nobody has seen planned."""
    comment.keep(forge, 7, INPUTS, dataclasses.replace(RECORD, commit=shown), "text", opens=True)
    github.push(7, pushed)
    github.merge(7, MERGED)
    assert search(forge, INPUTS, JOB) == (Reviewed(pull_request=7, why=why), None)


@pytest.mark.parametrize(("state", "counts"), [("applied", False), ("partly", True), ("refused", True), ("lost", True)])
def test_a_plan_is_applied_once(forge: Forge, github: GitHub, state: str, counts: bool) -> None:
    """A plan that was applied is used up: run again after a revert, its job would bring back what was reverted."""
    comment.keep(forge, 7, INPUTS, dataclasses.replace(RECORD, state=state), "text", opens=True)
    github.merge(7, MERGED)
    assert bool(found(forge).digest) == counts
    assert ("applied already" in found(forge).why) != counts


def test_a_failed_plan_is_no_review(forge: Forge, github: GitHub) -> None:
    """If the last plan in the pull request failed, there is no digest to go by."""
    comment.keep(forge, 7, INPUTS, Record("plan", ".", "production", "failed"), "text", opens=True)
    github.merge(7, MERGED)
    assert "has no plan" in found(forge).why


def test_github_is_late(forge: Forge, github: GitHub) -> None:
    """Right after a merge GitHub may not know yet whose it was: it is asked again, for 14 seconds in all."""
    comment.keep(forge, 7, INPUTS, RECORD, "text", opens=True)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            github.merge(7, MERGED)

    assert search(forge, INPUTS, JOB, wait)[0].digest == "d" * 64
    assert waits == [2, 4]
    waits.clear()
    search(forge, INPUTS, dataclasses.replace(JOB, commit="f" * 40), waits.append)
    assert waits == [2, 4, 8]


@pytest.mark.parametrize("commit", ["", "main", "../../user", "0" * 41])
def test_a_commit_that_is_none(forge: Forge, commit: str) -> None:
    """What is no commit never becomes part of a request."""
    with pytest.raises(StepError, match="GITHUB_SHA"):
        found(forge, dataclasses.replace(JOB, commit=commit))


def test_what_flowdeck_is_given(tmp_path: Path) -> None:
    """`--expect` gets a plan document if there is one to use, else the digest, else a digest that no plan has."""
    environment = {"FLOWDECK_ACTION_FOLDER": str(tmp_path)}
    assert expected(environment) == NOTHING_REVIEWED == "0" * 64
    (tmp_path / "reviewed.json").write_text(json.dumps({"digest": "d" * 64}), encoding="utf-8")
    assert expected(environment) == "d" * 64
    (tmp_path / "expected.json").write_text(PLAN, encoding="utf-8")
    assert expected(environment) == str(tmp_path / "expected.json")


def test_an_outline_is_for_what_was_begun() -> None:
    """From an outline flowdeck could not tell what differs, so a plan that nobody began to apply goes by its digest."""
    outline = dataclasses.replace(RECORD, plan=json.dumps({"digest": "d" * 64, "changes": [], comment.OUTLINE: True}))
    assert usable(RECORD) == PLAN
    assert usable(dataclasses.replace(RECORD, plan="")) == ""
    assert usable(outline) == ""
    assert usable(dataclasses.replace(outline, state="partly")) == outline.plan
