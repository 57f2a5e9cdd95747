"""The gate before an apply: the reviewed plan, the risks that block, and the question at the end."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import globus_sdk
import pytest
from projects import DEFINITION, Command, Ran, manifest, write

from flowdeck.emulator import Emulator

TWO = {"one": {}, "two": {}}
LONGER = json.loads(json.dumps(DEFINITION).replace('"Seconds": 5', '"Seconds": 6'))
FLOWDECK = [sys.executable, "-c", "from flowdeck.cli import main; main()"]


def writes(emulator: Emulator) -> list[str]:
    """The requests that change flows."""
    return [
        f"{one.method} {one.path}"
        for one in emulator.requests()
        if one.path.startswith("/flows") and one.method != "GET" and one.path != "/flows/validate"
    ]


def titles(emulator: Emulator) -> list[str]:
    """The titles of the flows that there are."""
    environment = emulator.environment()
    with (
        globus_sdk.ConfidentialAppAuthClient(
            environment["GLOBUS_CLI_CLIENT_ID"], environment["GLOBUS_CLI_CLIENT_SECRET"], base_url=emulator.url
        ) as auth,
    ):
        tokens = auth.oauth2_client_credentials_tokens(requested_scopes=globus_sdk.FlowsClient.scopes.all)
    token = tokens.by_resource_server["flows.globus.org"]["access_token"]
    with globus_sdk.FlowsClient(base_url=emulator.url, authorizer=globus_sdk.AccessTokenAuthorizer(token)) as client:
        return sorted(flow["title"] for flow in client.list_flows())


def digest_of(flowdeck: Command, *arguments: str) -> str:
    """The digest of the plan that there is now."""
    return str(flowdeck("plan", "--format", "json", *arguments).document["digest"])


def refused(ran: Ran, emulator: Emulator, code: str) -> None:
    """Exit 3, the code, nothing written."""
    assert ran.code == 3, ran
    assert f"error[{code}]" in ran.out + ran.err
    assert writes(emulator) == []


# --- --expect with a digest


@pytest.mark.parametrize("digits", [12, 13, 40, 63, 64])
def test_expect_prefix(project: Path, flowdeck: Command, emulator: Emulator, digits: int) -> None:
    """The first 12 to 64 digits of the plan's digest are consent to exactly this plan; nothing is asked."""
    write(project, manifest(TWO))
    assert flowdeck("apply", "--expect", digest_of(flowdeck)[:digits]).code == 0
    assert titles(emulator) == ["one", "two"]


def test_expect_upper_case(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """A digest is hexadecimal: its letters may be upper case."""
    write(project, manifest(TWO))
    assert flowdeck("apply", "--expect", digest_of(flowdeck).upper()).code == 0


@pytest.mark.parametrize("digits", [1, 11, 65])
def test_expect_wrong_length(project: Path, flowdeck: Command, emulator: Emulator, digits: int) -> None:
    """Fewer than 12 or more than 64 digits are no digest: an error about the option, and nothing is written."""
    write(project, manifest(TWO))
    ran = flowdeck("apply", "--expect", (digest_of(flowdeck) + "0")[:digits])
    assert ran.code in (1, 64)
    assert "error[bad-expectation]" in ran.err
    assert writes(emulator) == []


def test_expect_empty_with_yes(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """An empty --expect, an unset variable of a job, is never consent, also beside --yes."""
    write(project, manifest(TWO))
    ran = flowdeck("apply", "--yes", "--expect", "")
    assert ran.code in (1, 3, 64)
    assert writes(emulator) == []


@pytest.mark.parametrize("expected", ["0" * 12, "f" * 64, "deadbeefdead"])
def test_expect_other_digest(project: Path, flowdeck: Command, emulator: Emulator, expected: str) -> None:
    """Another digest is `digest-mismatch`: exit 3, both digests are named, nothing is written, also with --yes."""
    write(project, manifest(TWO))
    now = digest_of(flowdeck)
    ran = flowdeck("apply", "--yes", "--expect", expected)
    refused(ran, emulator, "digest-mismatch")
    assert now[:12] in ran.out + ran.err
    assert expected[:12] in ran.out + ran.err


def test_expect_after_edit(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """A manifest that was edited after the review is not applied."""
    write(project, manifest(TWO))
    digest = digest_of(flowdeck)
    write(project, manifest({"one": {}, "two": {"subtitle": "sneaked in"}}))
    refused(flowdeck("apply", "--expect", digest), emulator, "digest-mismatch")


def test_expect_after_outside_change(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """A live flow that was changed in a planned field after the review is not overwritten."""
    write(project, manifest(TWO))
    flowdeck("apply", "--yes")
    write(project, manifest({"one": {"title": "new"}, "two": {}}))
    digest = digest_of(flowdeck)
    _edit(emulator, "one", title="outside")
    emulator.clear_requests()
    refused(flowdeck("apply", "--expect", digest), emulator, "digest-mismatch")


def test_expect_wrong_and_nothing_to_do(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """An --expect that is no digest and no file is an error also when the plan is empty."""
    write(project, manifest(TWO))
    flowdeck("apply", "--yes")
    ran = flowdeck("apply", "--expect", "no-such-file.json")
    assert ran.code == 1
    assert "bad-expectation" in ran.err


# --- --expect with a file


def planned(flowdeck: Command, name: str = "plan.json", *arguments: str) -> Path:
    """The reviewed plan as a file."""
    assert flowdeck("plan", "--out", name, *arguments).code == 0
    return Path(name)


def test_expect_file(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """The plan document that `plan --out` wrote is consent to the same plan."""
    write(project, manifest(TWO))
    assert flowdeck("apply", "--expect", str(planned(flowdeck))).code == 0
    assert titles(emulator) == ["one", "two"]


def test_expect_stdout_of_plan(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """What `plan --format json` prints is the same document."""
    write(project, manifest(TWO))
    (project / "p.json").write_text(flowdeck("plan", "--format", "json").out, encoding="utf-8")
    assert flowdeck("apply", "--expect", "p.json").code == 0


def test_resume(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """A reviewed file that holds more than what is left is consent to the rest: the resume after a part was done."""
    write(project, manifest({"one": {}, "two": {}, "three": {}}))
    file = planned(flowdeck)
    assert flowdeck("apply", "--yes", "two").code == 0
    assert digest_of(flowdeck) != json.loads(file.read_text())["digest"]
    assert flowdeck("apply", "--expect", str(file)).code == 0
    assert titles(emulator) == ["one", "three", "two"]


def test_resume_of_nothing(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """When all of a reviewed file is done, applying it again does nothing and exits with 0."""
    write(project, manifest(TWO))
    file = planned(flowdeck)
    flowdeck("apply", "--expect", str(file))
    emulator.clear_requests()
    assert flowdeck("apply", "--expect", str(file)).code == 0
    assert writes(emulator) == []


def test_file_lacks_a_change(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """A reviewed file that lacks one of the changes is no consent to any."""
    write(project, manifest({"one": {}}))
    file = planned(flowdeck)
    write(project, manifest(TWO))
    refused(flowdeck("apply", "--expect", str(file)), emulator, "digest-mismatch")


def test_file_has_the_change_otherwise(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """A reviewed file with the same flow and another content is no consent."""
    write(project, manifest(TWO))
    file = planned(flowdeck)
    write(project, manifest({"one": {"definition": LONGER}, "two": {}}))
    refused(flowdeck("apply", "--expect", str(file)), emulator, "digest-mismatch")


def test_file_of_another_project(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """A plan of another project is no consent, though its changes are the same."""
    write(project, {**manifest(TWO), "project": "other"})
    file = planned(flowdeck)
    write(project, manifest(TWO))
    refused(flowdeck("apply", "--expect", str(file)), emulator, "digest-mismatch")


def test_file_of_another_environment(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """A plan for staging is no consent to production."""
    both = {"staging": {"service": "globus"}, "production": {"service": "globus"}}
    write(project, manifest(TWO, environments=both))
    file = planned(flowdeck, "plan.json", "-e", "staging")
    refused(flowdeck("apply", "-e", "production", "--expect", str(file)), emulator, "digest-mismatch")


def _without_first(document: dict[str, Any]) -> None:
    del document["changes"][0]


def _doubled(document: dict[str, Any]) -> None:
    document["changes"].append({**document["changes"][0], "digest": "0" * 64})


def _other_digest(document: dict[str, Any]) -> None:
    document["digest"] = "0" * 64


def _other_environment(document: dict[str, Any]) -> None:
    document["environment"] = "other"


@pytest.mark.parametrize("tamper", [_without_first, _doubled, _other_digest, _other_environment])
def test_tampered_file(project: Path, flowdeck: Command, emulator: Emulator, tamper: Any) -> None:
    """A file whose changes do not belong to its digest is refused as what it is: no plan of ours."""
    write(project, manifest(TWO))
    file = planned(flowdeck)
    document = json.loads(file.read_text(encoding="utf-8"))
    tamper(document)
    file.write_text(json.dumps(document), encoding="utf-8")
    ran = flowdeck("apply", "--expect", str(file))
    assert ran.code in (1, 3)
    assert "bad-expectation" in ran.err or "digest-mismatch" in ran.out + ran.err
    assert writes(emulator) == []


def document(**changes: Any) -> bytes:
    """Something like a plan document."""
    parts = {"format_version": "1.0", "digest": "a", "changes": [], "project": "", "environment": "", "service": ""}
    return json.dumps(parts | changes).encode()


NOT_PLANS = {
    "empty": b"",
    "truncated": b'{"format_version": "1.0", "digest": "',
    "list": b"[]",
    "number": b"1",
    "null": b"null",
    "text": b'"plan"',
    "binary": b"\xff\xfe\x00\x01",
    "yaml": b"project: lab\n",
    "nested": b"[" * 100_000 + b"]" * 100_000,
    "nested-service": document().replace(b'"service": ""', b'"service": ' + b"[" * 900 + b"]" * 900),
    "nan": document(service=float("nan")),
    "mixed": document(changes=[{"digest": 1}, {"digest": "a"}]),
    "objects": document(changes=[{"digest": {}}, {"digest": {}}]),
    "surrogate": document(project="\ud800"),
    "version-2": document(format_version="2.0"),
    "version-number": document(format_version=1),
    "changes-text": document(changes="abc"),
}


@pytest.mark.parametrize("content", NOT_PLANS.values(), ids=NOT_PLANS.keys())
def test_file_that_is_no_plan(project: Path, flowdeck: Command, emulator: Emulator, content: bytes) -> None:
    """Any other file is `bad-expectation`, exit 1, said in a sentence, and nothing is written."""
    write(project, manifest(TWO))
    (project / "plan.json").write_bytes(content)
    ran = flowdeck("apply", "--expect", "plan.json")
    assert ran.code == 1
    assert "error[bad-expectation]" in ran.err
    assert "hint:" in ran.err
    assert "codec" not in ran.err
    assert writes(emulator) == []


def test_empty_file_with_yes(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """An empty plan file, an artifact that was lost, is never consent, also beside --yes."""
    write(project, manifest(TWO))
    (project / "plan.json").write_text("", encoding="utf-8")
    assert flowdeck("apply", "--yes", "--expect", "plan.json").code in (1, 3)
    assert writes(emulator) == []


@pytest.mark.parametrize("named", ["missing.json", ".", "x\0y", "y" * 300])
def test_expect_no_file(project: Path, flowdeck: Command, emulator: Emulator, named: str) -> None:
    """A file that cannot be read is `bad-expectation` too."""
    write(project, manifest(TWO))
    ran = flowdeck("apply", "--expect", named)
    assert (ran.code, "error[bad-expectation]" in ran.err) == (1, True)
    assert writes(emulator) == []


def test_expect_json_face(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """A refusal is a result document: every change refused, with the error, and the digest of the plan of now."""
    write(project, manifest(TWO))
    ran = flowdeck("apply", "--format", "json", "--expect", "0" * 12)
    assert ran.code == 3
    assert ran.document["outcome"] == "refused"
    assert ran.document["digest"] == digest_of(flowdeck)
    assert [(one["address"], one["outcome"], one["error"]["code"]) for one in ran.document["changes"]] == [
        ("flow.one", "refused", "digest-mismatch"),
        ("flow.two", "refused", "digest-mismatch"),
    ]


# --- the digest


def test_digest_is_stable(
    project: Path, flowdeck: Command, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The digest does not depend on options, working directory, commit, clock, or the names given one by one."""
    write(project, manifest(TWO, guardrails={"no-subscription": "note"}))
    digest = digest_of(flowdeck)
    assert {
        digest_of(flowdeck, "-v"),
        digest_of(flowdeck, "--parallelism", "1", "--no-color"),
        digest_of(flowdeck, "one", "two"),
        digest_of(flowdeck, "*"),
        digest_of(flowdeck, "flow.two", "flow.one"),
    } == {digest}
    monkeypatch.setenv("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567")
    monkeypatch.setenv("TZ", "Pacific/Apia")
    monkeypatch.chdir(tmp_path)
    assert digest_of(flowdeck, "-f", str(project)) == digest


def test_digest_ignores_levels(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """Risk levels, protection of nothing, comments and the order of flows are not in the digest."""
    write(project, manifest(TWO))
    digest = digest_of(flowdeck)
    write(project, manifest({"two": {}, "one": {}}, guardrails={"no-subscription": "block"}))
    with (project / "flows.yaml").open("a", encoding="utf-8") as file:
        file.write("# a comment\n")
    assert digest_of(flowdeck) == digest


def test_digest_ignores_stamps(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """Two services whose flows differ in stamps, commits and times only have plans with one digest."""
    write(project, manifest(TWO))
    flowdeck("apply", "--yes")
    write(project, manifest({"one": {"title": "new"}, "two": {}}))
    before = digest_of(flowdeck)
    live = flowdeck("show", "one", "--format", "json").document["flow"]
    _edit(emulator, "one", keywords=["flowdeck:lab/test/one", "flowdeck-stamp:1:0123abcd:t000000"])
    assert digest_of(flowdeck) == before
    assert live["title"] == "one"


@pytest.mark.parametrize(
    "change",
    [
        {"title": "other"},
        {"subtitle": "other"},
        {"description": "other"},
        {"keywords": ["other"]},
        {"definition": LONGER},
        {"input_schema": {"type": "object", "properties": {"a": {"type": "string"}}}},
        {"permissions": [{"viewers": ["public"]}]},
        {"permissions": [{"starters": ["all_authenticated_users"]}]},
        {"permissions": [{"run_managers": ["identity:1de27170-0ada-4ec0-8000-000000000002"]}]},
        {"permissions": [{"run_monitors": ["identity:1de27170-0ada-4ec0-8000-000000000002"]}]},
        {"permissions": [{"administrators": ["identity:1de27170-0ada-4ec0-8000-000000000002"]}]},
        {"subscription": "DEFAULT"},
        {"owner": "self"},
        {"protect": True},
    ],
    ids=lambda change: next(iter(change)) + "-" + str(change)[-12:-4].strip(" '[{"),
)
def test_digest_covers_a_create(project: Path, flowdeck: Command, emulator: Emulator, change: dict[str, Any]) -> None:
    """Every field that a create sends is in the digest."""
    write(project, manifest({"one": {}}))
    digest = digest_of(flowdeck)
    write(project, manifest({"one": change}))
    assert digest_of(flowdeck) != digest


def test_digest_covers_before(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """What an update found is in the digest, not only what it makes of it."""
    write(project, manifest({"one": {"title": "a"}}))
    flowdeck("apply", "--yes")
    write(project, manifest({"one": {"title": "c"}}))
    digest = digest_of(flowdeck)
    _edit(emulator, "a", title="b")
    assert digest_of(flowdeck) != digest


# --- exit codes of plan


def test_detailed_exitcode(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """--detailed-exitcode is 2 with changes, 0 without, in every format; without it a plan is 0."""
    write(project, manifest(TWO))
    for arguments in ([], ["--format", "json"], ["--format", "gitlab"], ["-q"]):
        assert flowdeck("plan", "--detailed-exitcode", *arguments).code == 2
        assert flowdeck("plan", *arguments).code == 0
    flowdeck("apply", "--yes")
    assert flowdeck("plan", "--detailed-exitcode").code == 0
    assert flowdeck("plan", "--detailed-exitcode", "--destroy").code == 2


# --- risks that block


BLOCKING = manifest(TWO, guardrails={"no-subscription": "block"})


def test_blocked_plan(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """A blocked plan is made and shown with exit 0, counted, and refused by apply with exit 3 and nothing written."""
    write(project, BLOCKING)
    ran = flowdeck("plan")
    assert ran.code == 0
    assert "block[no-subscription]" in ran.out
    assert "no-subscription: flow.one, flow.two; if that is meant, apply with --allow no-subscription" in ran.out
    assert flowdeck("plan", "--format", "json").document["summary"]["blocked"] == 2
    refused(flowdeck("apply", "--yes"), emulator, "no-subscription")
    refused(flowdeck("apply", "--expect", digest_of(flowdeck)), emulator, "no-subscription")


@pytest.mark.parametrize(
    ("allow", "code"),
    [
        (["no-subscription"], 0),
        (["no-subscription:one", "no-subscription:two"], 0),
        (["no-subscription:one"], 3),
        (["no-subscription:flow.one", "no-subscription:flow.two"], 0),
        (["no-subscription:nobody"], 3),
        (["public-view"], 3),
        (["mass-delete", "protected"], 3),
    ],
)
def test_allow(project: Path, flowdeck: Command, emulator: Emulator, allow: list[str], code: int) -> None:
    """--allow CODE lifts the risk everywhere, CODE:NAME for one flow; what is left blocks everything."""
    write(project, BLOCKING)
    options = [part for one in allow for part in ("--allow", one)]
    ran = flowdeck("apply", "--yes", *options)
    assert ran.code == code
    assert bool(writes(emulator)) == (code == 0)


@pytest.mark.parametrize("allow", ["", "nonsense", "No-Subscription", "no-subscription ", ":one", "not-administrator"])
def test_allow_unknown_code(project: Path, flowdeck: Command, emulator: Emulator, allow: str) -> None:
    """A code that is no risk's is a wrong command line, exit 64, also when nothing blocks."""
    write(project, manifest(TWO))
    ran = flowdeck("apply", "--yes", "--allow", allow)
    assert ran.code == 64
    assert "unknown-risk" in ran.err
    assert writes(emulator) == []


def test_protected_is_never_allowed(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """Neither --allow nor a guardrail deletes a protected flow; applying `protect: false` before does."""
    write(project, manifest({"one": {"protect": True}, "two": {}}))
    flowdeck("apply", "--yes")
    emulator.clear_requests()
    for document in (manifest({"two": {}}), manifest({"two": {}}, guardrails={"mass-delete": "off"})):
        write(project, document)
        refused(flowdeck("apply", "--yes", "--allow", "protected", "--allow", "protected:one"), emulator, "protected")
    refused(flowdeck("destroy", "--yes", "--allow", "protected"), emulator, "protected")
    write(project, manifest(TWO))
    assert flowdeck("apply", "--yes").code == 0
    write(project, manifest({"two": {}}))
    assert flowdeck("apply", "--yes").code == 0
    assert titles(emulator) == ["two"]


def test_no_delete(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """--no-delete does everything of the plan but its deletes, under the digest that was reviewed."""
    write(project, manifest(TWO))
    flowdeck("apply", "--yes")
    write(project, manifest({"two": {}, "three": {}}))
    digest = digest_of(flowdeck)
    emulator.clear_requests()
    ran = flowdeck("apply", "--no-delete", "--expect", digest)
    assert ran.code == 0
    assert titles(emulator) == ["one", "three", "two"]
    assert not [one for one in writes(emulator) if one.startswith("DELETE")]


def test_no_delete_of_deletes_only(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """--no-delete on a plan of deletes does nothing, and does not call the flows declared."""
    write(project, manifest(TWO))
    flowdeck("apply", "--yes")
    write(project, manifest({"two": {}}))
    ran = flowdeck("apply", "--no-delete", "--yes")
    assert ran.code == 0
    assert titles(emulator) == ["one", "two"]
    assert "No changes." not in ran.out


def test_destroy_lifts_mass_delete(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """Destroy needs no --allow mass-delete; an apply that deletes all does."""
    write(project, manifest(TWO))
    flowdeck("apply", "--yes")
    write(project, manifest({"three": {}}))
    assert flowdeck("apply", "--yes").code == 3
    assert flowdeck("destroy", "--yes").code == 0
    assert titles(emulator) == []


# --- the question


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_nobody_to_ask(project: Path, flowdeck: Command, emulator: Emulator, command: str) -> None:
    """Without a terminal and without --yes nothing is done: exit 64, and the digest to expect is named."""
    write(project, manifest(TWO))
    if command == "destroy":
        flowdeck("apply", "--yes")
        emulator.clear_requests()
    ran = flowdeck(command)
    assert ran.code == 64
    assert "error[not-confirmed]" in ran.err
    assert "--yes" in ran.err
    assert writes(emulator) == []


def test_auto_approve(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """--auto-approve is another name of --yes."""
    write(project, manifest(TWO))
    assert flowdeck("apply", "--auto-approve").code == 0
    assert flowdeck("destroy", "--auto-approve").code == 0


def test_nothing_to_do_asks_nothing(project: Path, flowdeck: Command, emulator: Emulator) -> None:
    """An apply that has nothing to do asks nothing: exit 0."""
    write(project, manifest(TWO))
    flowdeck("apply", "--yes")
    assert flowdeck("apply").code == 0


def on_terminal(project: Path, answer: str, *arguments: str) -> tuple[int, str]:
    """Run a command on a terminal and answer its question; the exit code and what the terminal showed."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen(
        [*FLOWDECK, *arguments], cwd=project, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        shown = ""
        answered = False
        while True:
            try:
                shown += os.read(ours, 65536).decode()
            except OSError:  # the other end is closed
                break
            if not answered and "[y/N]" in shown:
                os.write(ours, answer.encode())
                answered = True
    os.close(ours)
    assert answered, shown
    return process.returncode, shown


@pytest.mark.parametrize("answer", ["n\n", "\n", "\x04"])
def test_no_on_a_terminal(project: Path, emulator: Emulator, answer: str) -> None:
    """Anything but yes ends the command without a write, and it is said that nothing was applied."""
    write(project, manifest(TWO))
    code, shown = on_terminal(project, answer, "apply")
    assert code in (1, 3, 130)
    assert "flow.one" in shown
    assert writes(emulator) == []


def test_no_is_told(project: Path, emulator: Emulator) -> None:
    """A plan that was declined is no interruption: nothing was applied, which is said and has its exit code."""
    write(project, manifest(TWO))
    code, shown = on_terminal(project, "n\n", "apply")
    assert code in (1, 3)
    assert shown.partition("[y/N]")[2].strip() not in ("", ": n")


def test_yes_on_a_terminal(project: Path, emulator: Emulator) -> None:
    """The plan is shown in colour before the question, and `y` applies it."""
    write(project, manifest(TWO))
    code, shown = on_terminal(project, "y\n", "apply")
    assert code == 0, shown
    assert shown.index("+ flow.one") < shown.index("[y/N]")
    assert "\x1b[32m" in shown
    assert titles(emulator) == ["one", "two"]


def test_question_shows_the_plan_in_json_too(project: Path, emulator: Emulator) -> None:
    """With --format json a terminal is not asked to consent to a plan that it was not shown."""
    write(project, manifest(TWO))
    _, shown = on_terminal(project, "n\n", "apply", "--format", "json")
    assert "flow.one" in shown.partition("[y/N]")[0]


def _edit(emulator: Emulator, called: str, **changes: Any) -> None:
    """Change a flow as somebody outside would."""
    environment = emulator.environment()
    with globus_sdk.ConfidentialAppAuthClient(
        environment["GLOBUS_CLI_CLIENT_ID"], environment["GLOBUS_CLI_CLIENT_SECRET"], base_url=emulator.url
    ) as auth:
        tokens = auth.oauth2_client_credentials_tokens(requested_scopes=globus_sdk.FlowsClient.scopes.all)
    authorizer = globus_sdk.AccessTokenAuthorizer(tokens.by_resource_server["flows.globus.org"]["access_token"])
    with globus_sdk.FlowsClient(base_url=emulator.url, authorizer=authorizer) as client:
        [flow] = [flow for flow in client.list_flows() if flow["title"] == called]
        client.update_flow(flow["id"], **changes)
