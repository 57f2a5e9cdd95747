"""The workflow files: linters from outside accept them, and they are as careful as the documentation says."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .runner import ACTION, ROOT

EXAMPLES = ROOT / "examples" / "ci" / "github"
WORKFLOWS = sorted(EXAMPLES.glob("*.yml"))
ZIZMOR = Path(os.environ.get("FLOWDECK_TEST_ZIZMOR") or ROOT / ".venv-zizmor" / "bin" / "zizmor")
CHECKER = Path(
    os.environ.get("FLOWDECK_TEST_CHECK_JSONSCHEMA") or ROOT / ".venv-check-jsonschema" / "bin" / "check-jsonschema"
)
# What a user puts there.
PLACEHOLDER, COMMIT = "@TAG-OR-COMMIT", f"@{'0123456789' * 4}"
SECONDS = 60

with_zizmor = pytest.mark.skipif(not ZIZMOR.exists(), reason=f"zizmor is not at {ZIZMOR}: `make test` installs it")
with_checker = pytest.mark.skipif(
    not CHECKER.exists(), reason=f"check-jsonschema is not at {CHECKER}: `make test` installs it"
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A user's repository with the example workflows, as the documentation says to copy them, and the action."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for path in WORKFLOWS:
        text = path.read_text(encoding="utf-8")
        assert PLACEHOLDER in text
        (folder / f"flowdeck-{path.name}").write_text(text.replace(PLACEHOLDER, COMMIT), encoding="utf-8")
    (tmp_path / "action").mkdir()
    shutil.copy(ACTION / "action.yml", tmp_path / "action")
    return tmp_path


def zizmor(repository: Path) -> subprocess.CompletedProcess[str]:
    """Run zizmor at its strictest; it asks nobody."""
    command = [
        ZIZMOR,
        "--offline",
        "--no-config",
        "--persona=auditor",
        "--strict-collection",
        "--format=plain",
        repository,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


@with_zizmor
def test_zizmor_finds_nothing(repository: Path) -> None:
    """zizmor, which audits workflows for security, has nothing to say of the action and the examples."""
    ran = zizmor(repository)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stderr.count("completed") == len(WORKFLOWS) + 1


@with_zizmor
@pytest.mark.parametrize(
    ("file", "before", "after", "audit"),
    [
        (".github/workflows/flowdeck-plan.yml", "pull_request:", "pull_request_target:", "dangerous-triggers"),
        (".github/workflows/flowdeck-apply.yml", "persist-credentials: false", "fetch-depth: 1", "artipacked"),
        (".github/workflows/flowdeck-drift.yml", "permissions: {}", "permissions: write-all", "excessive-permissions"),
        (
            "action/action.yml",
            'exec python3 "$GITHUB_ACTION_PATH/tell.py"',
            "echo ${{ inputs.file }}",
            "template-injection",
        ),
    ],
)
def test_zizmor_would_find_mistakes(repository: Path, file: str, before: str, after: str, audit: str) -> None:
    """The audit can fail: it finds the mistakes that the files avoid."""
    path = repository / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    ran = zizmor(repository)
    assert ran.returncode != 0
    assert f"[{audit}]" in ran.stdout


def check(schema: str, *files: Path) -> subprocess.CompletedProcess[str]:
    """Judge files by a schema that check-jsonschema brings along."""
    return subprocess.run(
        [CHECKER, "--builtin-schema", schema, *files], capture_output=True, text=True, timeout=SECONDS, check=False
    )


@with_checker
def test_the_schemas_accept_the_files(repository: Path) -> None:
    """The published schemas of workflows and of actions accept the files, and refuse an unknown key."""
    workflows = sorted((repository / ".github" / "workflows").iterdir())
    ran = check("vendor.github-workflows", *workflows)
    assert ran.returncode == 0, ran.stdout
    action = repository / "action" / "action.yml"
    ran = check("vendor.github-actions", action)
    assert ran.returncode == 0, ran.stdout
    action.write_text(action.read_text(encoding="utf-8").replace("using:", "usings:"), encoding="utf-8")
    assert check("vendor.github-actions", action).returncode == 1


def loaded(path: Path) -> dict[Any, Any]:
    """A workflow."""
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_nothing_is_interpolated_into_scripts() -> None:
    """No step of the action has an expression in its script, nor anything to come after flowdeck."""
    steps = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"]
    assert all("${{" not in step["run"] for step in steps)
    assert all(re.fullmatch(r'exec \S+ "\$GITHUB_ACTION_PATH/[a-z]+\.py"', step["run"]) for step in steps)
    assert not any("uses" in step for step in steps)


def test_only_two_steps_see_the_token() -> None:
    """The token is given to the steps that speak to GitHub, and not to the one that is flowdeck."""
    steps = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"]
    assert [step["id"] for step in steps if "INPUT_GITHUB_TOKEN" in step["env"]] == ["reviewed", "tell"]


PERMISSIONS = {
    ("plan", "validate"): {"contents": "read"},
    ("plan", "plan"): {"contents": "read", "pull-requests": "write"},
    ("apply", "apply"): {"contents": "read", "pull-requests": "write"},
    ("drift", "drift"): {"contents": "read", "issues": "write"},
}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_the_examples_are_careful(path: Path) -> None:
    """Permissions are those of the table, nothing runs for strangers with secrets, and every action is pinned."""
    text, workflow = path.read_text(encoding="utf-8"), loaded(path)
    assert workflow["permissions"] == {}
    assert "concurrency" in workflow
    assert workflow[True].keys() <= {"pull_request", "push", "schedule", "workflow_dispatch"}  # YAML 1.1 reads `on` so
    for name, job in workflow["jobs"].items():
        assert job["permissions"] == PERMISSIONS[path.stem, name]
        assert job["timeout-minutes"] <= 30
        for step in job["steps"]:
            assert re.search(r"@([0-9a-f]{40}|TAG-OR-COMMIT)$", step["uses"])
        if "secrets." in str(job):
            assert "environment" in job
            assert "if" in job
    assert all(re.search(r"# v\d+\.\d+\.\d+$", line) for line in text.splitlines() if "actions/checkout@" in line)


def test_an_apply_is_neither_cancelled_nor_skipped() -> None:
    """Applies wait for each other, all of them; the environment that they use is the protected one."""
    workflow = loaded(EXAMPLES / "apply.yml")
    assert workflow["concurrency"]["cancel-in-progress"] is False
    assert workflow["concurrency"]["queue"] == "max"
    assert workflow["jobs"]["apply"]["environment"] == "production"
    assert loaded(EXAMPLES / "plan.yml")["jobs"]["plan"]["environment"]["name"] == "production-plan"


def test_the_inputs_of_the_examples_exist() -> None:
    """What the examples say `with` is an input of the action; what they must say is said."""
    inputs = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))["inputs"]
    for path in WORKFLOWS:
        for job in loaded(path)["jobs"].values():
            for step in job["steps"]:
                if step["uses"].startswith("OWNER/"):
                    assert step["with"].keys() <= inputs.keys()
                    assert "command" in step["with"]


def test_every_input_and_output_is_documented() -> None:
    """The page on GitHub has a line for each input and output of the action."""
    action = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "ci-github.md").read_text(encoding="utf-8")
    assert [one for one in (*action["inputs"], *action["outputs"]) if f"| `{one}` |" not in page] == []


# --- the action's own files ------------------------------------------------------------------------------------------

FILES = sorted(ACTION.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_action_needs_nothing_but_python(path: Path) -> None:
    """The action's files import the standard library and each other, and are as small as the rest of the project."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    ours = {one.stem for one in FILES}
    imported = {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {one.split(".")[0] for one in imported} <= sys.stdlib_module_names | ours
    assert (ast.get_docstring(tree) or "").partition("\n")[0].endswith(".")
    assert len(text.splitlines()) <= 320
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert [one.name for one in functions if (one.end_lineno or 0) - one.lineno >= 45] == []
