"""The comment of an environment, where the API or other people make it difficult."""

import dataclasses
import json
import secrets

import comment
import marker
import pytest
from forge import Forge, ForgeError, Unsettled
from marker import PLANNED, Record
from step import Inputs, StepError

from .conftest import TOKEN
from .github import MALLORY, MOST_CHARACTERS, REPOSITORY, Account, GitHub, Mishap

INPUTS = Inputs("plan", "production")
RECORD = Record("plan", ".", "production", PLANNED, "d" * 64)


@pytest.fixture
def forge(github: GitHub) -> Forge:
    """A client that does not really wait."""
    github.pull_request(7)
    return Forge(github.url, REPOSITORY, TOKEN, lambda _: None)


@pytest.mark.parametrize("status", [502, 0])
@pytest.mark.parametrize("after", [True, False])
def test_no_second_comment(forge: Forge, github: GitHub, status: int, after: bool) -> None:
    """If nobody knows whether a comment was made, it is looked for: there is one in the end, and one only."""
    github.mishaps.append(Mishap("POST", "/comments", status, after=after))
    comment.keep(forge, 7, INPUTS, RECORD, "text", opens=True)
    assert len(github.comments) == 1
    github.mishaps.append(Mishap("POST", "/comments", status, times=9))
    with pytest.raises(Unsettled):
        comment.keep(forge, 7, Inputs("plan", "staging"), RECORD, "text", opens=True)


def document(changes: int, size: int) -> str:
    """A plan document of so many changes, each with so many bytes of detail."""
    return json.dumps(
        {
            "format_version": "1.0",
            "project": "lab",
            "environment": "production",
            "service": "https://flows.example/",
            "digest": RECORD.digest,
            "changes": [
                {
                    "address": f"flow.f{number}",
                    "action": "create",
                    "digest": secrets.token_hex(32),
                    "fields": [{"path": "title", "before": None, "after": secrets.token_hex(size // 2)}],
                    "roles": {},
                }
                for number in range(changes)
            ],
        }
    )


@pytest.mark.parametrize(
    ("changes", "size", "kept"),
    [(0, 0, "whole"), (3, 100, "whole"), (300, 10, "whole"), (60, 5_000, "outline"), (5_000, 10, "nothing")],
)
def test_as_much_of_the_plan_as_there_is_room_for(
    forge: Forge, github: GitHub, changes: int, size: int, kept: str
) -> None:
    """The hidden line keeps the plan document, or an outline of its changes, or the digest alone; the text is whole."""
    text, plan = "t" * 30_000, document(changes, size)
    comment.keep(forge, 7, INPUTS, dataclasses.replace(RECORD, plan=plan), text, opens=True)
    (found,) = comment.ours(forge, 7, INPUTS)
    assert (found.text, found.record.digest) == (text, RECORD.digest)
    assert found.record.plan == {"whole": plan, "outline": comment.outlined(plan), "nothing": ""}[kept]


def test_the_longest_plan_fits(forge: Forge, github: GitHub) -> None:
    """A text of 60,000 bytes fits into GitHub's limit together with the hidden line."""
    comment.keep(forge, 7, INPUTS, dataclasses.replace(RECORD, plan=document(70, 50_000)), "ä" * 30_000, opens=True)
    (body,) = github.bodies(7)
    assert len(body) < MOST_CHARACTERS
    assert body.endswith("ä" * 30_000)
    assert len(json.loads(comment.ours(forge, 7, INPUTS)[0].record.plan)["changes"]) == 70


@pytest.mark.parametrize("plan", ["", "[]", "{}", '{"changes": 1}', '{"changes": [{}]}', "no JSON"])
def test_what_has_no_outline(plan: str) -> None:
    """What is no plan document, because somebody edited the comment, has no outline."""
    assert comment.outlined(plan) == ""


def test_a_result_above_the_longest_plan(forge: Forge, github: GitHub) -> None:
    """If result and plan do not fit into one comment, the result stays, and the comment says where the plan is."""
    comment.keep(forge, 7, INPUTS, RECORD, "p" * 60_000, opens=True)
    comment.conclude(forge, 7, INPUTS, RECORD, "r" * 20_000)
    (body,) = github.bodies(7)
    assert len(body) < MOST_CHARACTERS
    assert "r" * 20_000 in body
    assert "The plan is in an earlier version." in body


def test_nothing_fits() -> None:
    """A text that is longer than any comment is told as such."""
    with pytest.raises(StepError, match="too long for GitHub"):
        comment.assembled(RECORD, "x" * 65_000)


def test_results_replace_each_other(forge: Forge, github: GitHub) -> None:
    """A second result takes the place of the first, above the same plan."""
    comment.keep(forge, 7, INPUTS, RECORD, "the plan", opens=True)
    for result in ("first", "second"):
        comment.conclude(forge, 7, INPUTS, RECORD, result)
    (body,) = github.bodies(7)
    assert "first" not in body
    assert body.index("second") < body.index("the plan")


@pytest.mark.parametrize("opens", [True, False])
def test_a_comment_that_is_deleted(forge: Forge, github: GitHub, opens: bool) -> None:
    """A comment that somebody deletes before it is edited is written anew, unless there would be nothing to say."""
    comment.keep(forge, 7, INPUTS, RECORD, "first", opens=True)
    github.before_patch = github.comments.clear
    comment.keep(forge, 7, INPUTS, RECORD, "second", opens=opens)
    assert [marker.rest(body) for body in github.bodies(7)] == (["second"] if opens else [])
    comment.conclude(forge, 7, INPUTS, RECORD, "result")
    (body,) = github.bodies(7)
    assert marker.rest(body) == "result"


def test_another_login(forge: Forge, github: GitHub) -> None:
    """A token whose login is not the `author` is told at once: its comments would never be found again."""
    github.accounts[TOKEN] = Account("deployer[bot]")
    with pytest.raises(StepError, match=r"say `author: deployer\[bot\]`"):
        comment.keep(forge, 7, INPUTS, RECORD, "text", opens=True)
    again = dataclasses.replace(INPUTS, author="deployer[bot]")
    comment.keep(forge, 7, again, RECORD, "another text", opens=True)
    assert len(github.comments) == 1


def test_a_person_with_the_name_of_a_bot(forge: Forge, github: GitHub) -> None:
    """A login counts only with the type that goes with it."""
    body = f"{marker.line(RECORD)}\ntext"
    github.comment(7, body, Account("github-actions[bot]", "User"))
    github.comment(7, body, Account("github-actions", "User"))
    github.comment(7, body, Account("github-actions", "Organization"))
    assert comment.ours(forge, 7, INPUTS) == []


def test_a_comment_by_nobody(forge: Forge, github: GitHub) -> None:
    """A comment of a deleted account has no user, and one may have no body: both are not ours."""
    made = github.comment(7, marker.line(RECORD), MALLORY)
    made["user"] = None
    github.comment(7, "", github.accounts[TOKEN])["body"] = None
    assert comment.ours(forge, 7, INPUTS) == []


def test_comments_of_others_cannot_be_edited(forge: Forge, github: GitHub) -> None:
    """The fake refuses what GitHub refuses: to edit somebody else's comment."""
    made = github.comment(7, "mine", MALLORY)
    with pytest.raises(ForgeError, match="Must have admin rights"):
        forge.patch(f"/issues/comments/{made['id']}", {"body": "yours"})


def test_a_token_that_may_only_read(forge: Forge, github: GitHub) -> None:
    """Without the permission the refusal is told in GitHub's words."""
    github.accounts[TOKEN] = Account(permissions=frozenset())
    with pytest.raises(ForgeError, match="Resource not accessible by integration"):
        comment.keep(forge, 7, INPUTS, RECORD, "text", opens=True)


def test_edited_in_the_browser(forge: Forge, github: GitHub) -> None:
    """GitHub's editor writes other line ends; the comment is known all the same."""
    github.comment(7, f"{marker.line(RECORD)}\r\ntext", github.accounts[TOKEN])
    assert len(comment.ours(forge, 7, INPUTS)) == 1
