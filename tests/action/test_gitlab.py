"""The component for GitLab CI: it is valid, and its jobs' scripts do what they say."""

import json
import os
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from flowdeck.emulator import Emulator

from .conftest import Checkout
from .runner import ROOT, until
from .test_workflows import check, with_checker

FOLDER = ROOT / "examples" / "ci" / "gitlab"
TEMPLATE = FOLDER / "templates" / "flowdeck.yml"
GIVEN = {"environment": "production", "source": "flowdeck"}
SECONDS = 60


def component() -> dict[str, Any]:
    """The component's jobs, with its inputs filled in as GitLab does."""
    spec, jobs = TEMPLATE.read_text(encoding="utf-8").split("\n---\n")
    inputs = yaml.safe_load(spec)["spec"]["inputs"]
    values = {name: GIVEN.get(name, one.get("default")) for name, one in inputs.items()}
    assert None not in values.values()
    text = re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", lambda found: str(values[found[1]]), jobs)
    assert "$[[" not in text
    return dict(yaml.safe_load(text))


@with_checker
def test_the_schema_accepts_the_component(tmp_path: Path) -> None:
    """The published schema of GitLab CI accepts the example and the component, and refuses a wrong one."""
    filled = tmp_path / "component.gitlab-ci.yml"
    filled.write_text(yaml.safe_dump(component()), encoding="utf-8")
    ran = check("vendor.gitlab-ci", filled, FOLDER / ".gitlab-ci.yml")
    assert ran.returncode == 0, ran.stdout
    filled.write_text(filled.read_text(encoding="utf-8").replace("when: manual", "when: perhaps"), encoding="utf-8")
    assert check("vendor.gitlab-ci", filled).returncode == 1


def test_the_example_gives_the_inputs() -> None:
    """The example gives every input that has no default, and no other than there are."""
    inputs = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8").split("\n---\n")[0])["spec"]["inputs"]
    (include,) = yaml.safe_load((FOLDER / ".gitlab-ci.yml").read_text(encoding="utf-8"))["include"]
    needed = {name for name, one in inputs.items() if "default" not in one}
    assert needed <= include["inputs"].keys() <= inputs.keys()
    assert re.fullmatch(inputs["environment"]["regex"], "production")
    assert not re.fullmatch(inputs["environment"]["regex"], "$(touch x)")


def test_no_input_is_read_as_shell() -> None:
    """Scripts hold no input; inputs are variables of the job."""
    jobs = TEMPLATE.read_text(encoding="utf-8").split("\n---\n")[1]
    raw = yaml.safe_load(jobs.replace("$[[", "<<").replace("]]", ">>"))
    for job in raw.values():
        assert "<<" not in json.dumps([job.get("script"), job.get("before_script")])


def committed(checkout: Checkout) -> str:
    """Commit what is in the folder to the default branch; the commit."""
    git = ["git", "-c", "user.name=ada", "-c", "user.email=ada@example.org", "-C", str(checkout.folder)]
    if not (checkout.folder / ".git").exists():
        subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    subprocess.run([*git, "add", "flows.yaml"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message=x"], check=True)
    return subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()


def run(checkout: Checkout, name: str, commit: str = "") -> subprocess.CompletedProcess[str]:
    """Run a job's script to its end."""
    with started(checkout, name, commit or committed(checkout)) as process:
        out, err = process.communicate(timeout=SECONDS)
    checkout.logs += [out, err]
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def started(checkout: Checkout, name: str, commit: str) -> "subprocess.Popen[str]":
    """Run a job's script as a runner's shell does; the installation is what the tests run in."""
    jobs = component()
    job = jobs[f"flowdeck {name} production"]
    variables = jobs[job["extends"]]["variables"]
    flowdeck = checkout.scratch / "flowdeck"
    flowdeck.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from flowdeck.cli import main; main()" "$@"\n')
    flowdeck.chmod(0o700)
    script = checkout.scratch / f"{name}.sh"  # a shell with one command alone would give it its place unasked
    script.write_text("\n".join(job["script"]), encoding="utf-8")
    return subprocess.Popen(
        ["bash", "-eo", "pipefail", str(script)],
        cwd=checkout.folder,
        env={
            "PATH": f"{checkout.scratch}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "CI": "true",
            "CI_REPOSITORY_URL": str(checkout.folder),
            "CI_DEFAULT_BRANCH": "main",
            "CI_COMMIT_SHA": commit,
            **checkout.secrets,
            **variables,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_plan_and_apply(checkout: Checkout) -> None:
    """The plan job leaves the counts, the plan and its document; the apply job applies that document's plan."""
    checkout.write({"one": {}, "two": {}})
    planned = run(checkout, "plan")
    assert planned.returncode == 0, planned.stderr
    assert json.loads((checkout.folder / "tfplan.json").read_text()) == {"create": 2, "update": 0, "delete": 0}
    artifacts = component()["flowdeck plan production"]["artifacts"]
    assert all((checkout.folder / one).exists() for one in (*artifacts["paths"], artifacts["reports"]["terraform"]))
    applied = run(checkout, "apply")
    assert applied.returncode == 0, applied.stderr
    assert len(checkout.written()) == 2
    assert run(checkout, "drift").returncode == 0


def test_an_apply_of_another_plan(checkout: Checkout) -> None:
    """If the service or the manifest is another by then, the apply job is refused."""
    checkout.write({"one": {}})
    assert run(checkout, "plan").returncode == 0
    checkout.write({"one": {"title": "Sneaked in"}})
    assert run(checkout, "apply").returncode == 3
    assert checkout.written() == []


def test_an_older_pipeline(checkout: Checkout) -> None:
    """Only the newest pipeline applies: started again, an older one would bring back what was reverted since."""
    checkout.write({"one": {"title": "Before"}})
    checkout.settle()
    checkout.write({"one": {"title": "After"}})
    older = committed(checkout)
    assert run(checkout, "plan", older).returncode == 0
    assert run(checkout, "apply", older).returncode == 0
    checkout.edit("After", title="Before")
    committed(checkout)
    written = checkout.written()
    ran = run(checkout, "apply", older)
    assert (ran.returncode, checkout.written()) == (3, written)
    assert "newer commit" in ran.stdout


def test_a_branch_that_cannot_be_asked(checkout: Checkout) -> None:
    """If the forge does not tell what is newest, nothing is applied."""
    checkout.write({"one": {}})
    commit = committed(checkout)
    assert run(checkout, "plan", commit).returncode == 0
    (checkout.folder / ".git").rename(checkout.scratch / "gone")
    assert run(checkout, "apply", commit).returncode != 0
    assert checkout.written() == []


def test_a_cancelled_job(checkout: Checkout, emulator: Emulator) -> None:
    """TERM to the shell's process is one to flowdeck, which ends in order; the log is kept as an artifact."""
    checkout.write({name: {} for name in "abcdefgh"})
    commit = committed(checkout)
    assert run(checkout, "plan", commit).returncode == 0
    emulator.inject({"fault": "latency", "ms": 500, "times": 99, "when": {"method": "POST", "path": "/flows"}})
    with started(checkout, "apply", commit) as process:
        until(lambda: bool(checkout.written()))
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=SECONDS)
    emulator.clear_faults()
    assert process.returncode == 130
    assert "interrupted" in out
    artifacts = component()["flowdeck apply production"]["artifacts"]
    last = json.loads((checkout.folder / artifacts["paths"][0]).read_text(encoding="utf-8").splitlines()[-1])
    assert (last["event"], last["interrupted"], artifacts["when"]) == ("apply-finished", True, "always")
    assert 0 < len(checkout.written()) < 8
    assert run(checkout, "apply", commit).returncode == 0
    assert len(checkout.written()) == 8


def test_drift_fails_the_job(checkout: Checkout) -> None:
    """What was changed outside fails the scheduled pipeline."""
    checkout.write({"one": {"title": "Declared"}})
    checkout.settle()
    checkout.edit("Declared", title="Theirs")
    assert run(checkout, "drift").returncode == 2


@pytest.mark.parametrize("flow", [{}, {"titel": "A"}])
def test_validate_reports(checkout: Checkout, flow: dict[str, Any]) -> None:
    """The validate job leaves a report that GitLab can read, also when it fails."""
    checkout.write({"one": flow})
    ran = run(checkout, "validate")
    assert ran.returncode == (1 if flow else 0)
    report = ET.parse(checkout.folder / "junit.xml").getroot()
    assert bool(list(report.iter("failure"))) == bool(flow)


def test_who_may_do_what() -> None:
    """Forks get `validate` only; only the default branch applies, by hand, in the environment's own name."""
    jobs = component()
    rules = {name.split()[1]: str(job.get("rules")) for name, job in jobs.items() if not name.startswith(".")}
    assert "CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID" in rules["plan"]
    assert "merge_request_event" not in rules["apply"]
    apply = jobs["flowdeck apply production"]
    assert [rule["when"] for rule in apply["rules"]] == ["manual"]
    assert apply["environment"]["name"] == "production"
    assert apply["needs"] == ["flowdeck plan production"]
    assert jobs["flowdeck plan production"]["environment"]["name"] == "plan/production"
