"""The action's drift and validate from end to end, and what people write into any of its jobs."""

import re

import marker
import pytest

from .comments import only
from .conftest import MERGED, Checkout
from .github import GitHub
from .runner import Event


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
