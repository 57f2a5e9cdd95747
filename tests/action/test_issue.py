"""The issue of an environment that drifts, where there are others."""

import drift
import marker
import pytest
from forge import Forge
from marker import Record
from step import Inputs, StepError

from .conftest import TOKEN
from .github import MALLORY, REPOSITORY, Account, GitHub, Mishap

PRODUCTION = Inputs("drift", "production")
STAGING = Inputs("drift", "staging")


@pytest.fixture
def forge(github: GitHub) -> Forge:
    """A client that does not really wait."""
    return Forge(github.url, REPOSITORY, TOKEN, lambda _: None)


def states(github: GitHub) -> dict[int, str]:
    """The state of each issue."""
    return {number: issue["state"] for number, issue in github.issues.items()}


def test_one_issue_for_each_environment(forge: Forge, github: GitHub) -> None:
    """Two environments have an issue each, and what happens to one leaves the other alone."""
    for inputs in (PRODUCTION, STAGING, PRODUCTION):
        drift.keep(forge, inputs, "drift", drifted=True)
    drift.keep(forge, STAGING, "none", drifted=False)
    assert states(github) == {1: "open", 2: "closed"}


def test_nothing_to_close(forge: Forge, github: GitHub) -> None:
    """Where there is no drift and no open issue, nothing is written."""
    drift.keep(forge, PRODUCTION, "none", drifted=False)
    assert github.writes() == []
    drift.keep(forge, PRODUCTION, "drift", drifted=True)
    drift.keep(forge, PRODUCTION, "none", drifted=False)
    before = len(github.writes())
    drift.keep(forge, PRODUCTION, "none", drifted=False)
    assert len(github.writes()) == before


@pytest.mark.parametrize("status", [502, 0])
def test_no_second_issue(forge: Forge, github: GitHub, status: int) -> None:
    """If nobody knows whether the issue was opened, it is looked for: there is one only."""
    github.mishaps.append(Mishap("POST", "/issues", status, after=True))
    drift.keep(forge, PRODUCTION, "drift", drifted=True)
    assert states(github) == {1: "open"}


def test_two_issues_become_one(forge: Forge, github: GitHub) -> None:
    """Two jobs at once may have opened two: the older one is kept, the other closed."""
    drift.keep(forge, PRODUCTION, "drift", drifted=True)
    github.issues[2] = {**github.issues[1], "number": 2}
    drift.keep(forge, PRODUCTION, "drift", drifted=True)
    assert states(github) == {1: "open", 2: "closed"}


def test_issues_of_others(forge: Forge, github: GitHub) -> None:
    """Issues by others, without the label, or without our line at the top, and pull requests, are left alone."""
    line = marker.line(Record("drift", ".", "production", "drifted"))
    label = [{"name": drift.LABEL}]
    bot = github.accounts[TOKEN].user
    others = [
        {"user": MALLORY.user, "labels": label, "body": f"{line}\nhi"},
        {"user": bot, "labels": [], "body": f"{line}\nhi"},
        {"user": bot, "labels": label, "body": f"hi\n{line}"},
        {"user": bot, "labels": label, "body": None},
        {"user": bot, "labels": label, "body": f"{line}\nhi", "pull_request": {}},
    ]
    for number, one in enumerate(others, start=1):
        github.issues[number] = {"number": number, "state": "open", **one}
    drift.keep(forge, PRODUCTION, "drift", drifted=True)
    assert len(github.issues) == 6
    drift.keep(forge, PRODUCTION, "none", drifted=False)
    assert states(github) == {**dict.fromkeys(range(1, 6), "open"), 6: "closed"}


def test_the_issue_on_the_second_page(forge: Forge, github: GitHub) -> None:
    """Our issue is found behind 120 others with the same label."""
    drift.keep(forge, PRODUCTION, "drift", drifted=True)
    for number in range(2, 122):
        github.issues[number] = {**github.issues[1], "number": number, "body": "another"}
    drift.keep(forge, PRODUCTION, "none", drifted=False)
    assert github.issues[1]["state"] == "closed"


def test_a_label_that_is_not_given(forge: Forge, github: GitHub) -> None:
    """An issue without its label would never be found again, so that is told."""
    github.drops_labels = True
    with pytest.raises(StepError, match="create that label"):
        drift.keep(forge, PRODUCTION, "drift", drifted=True)


def test_another_login_opens_issues(forge: Forge, github: GitHub) -> None:
    """Issues by a login that is not the `author` would never be found again, so that is told."""
    github.accounts[TOKEN] = Account("deployer[bot]")
    with pytest.raises(StepError, match=r"author: deployer\[bot\]"):
        drift.keep(forge, PRODUCTION, "drift", drifted=True)


def test_the_title_names_the_project() -> None:
    """Where a repository has several projects, the title says which."""
    assert drift.title(PRODUCTION) == "Drift in production"
    assert drift.title(Inputs("drift", "production", "deploy/flows.yaml")) == "Drift in production (deploy)"
