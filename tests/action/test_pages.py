"""The pages on CI: their pieces of YAML fit into the examples, and what they promise of the examples is so."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from .runner import ACTION, ROOT
from .test_workflows import COMMIT, EXAMPLES, PLACEHOLDER, ZIZMOR, check, loaded, with_checker, with_zizmor, zizmor

PAGE = (ROOT / "docs" / "ci-github.md").read_text(encoding="utf-8")
GITLAB = (ROOT / "docs" / "ci-gitlab.md").read_text(encoding="utf-8")


def pieces() -> list[Any]:
    """The pieces of YAML on the page, in their order."""
    return [yaml.safe_load(one) for one in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]


def assembled() -> dict[str, dict[Any, Any]]:
    """The examples with the page's pieces put in as it says."""
    log, matrix, each = pieces()
    plan, apply = loaded(EXAMPLES / "plan.yml"), loaded(EXAMPLES / "apply.yml")
    job = plan["jobs"]["plan"]
    job.update(matrix["plan"])
    job["steps"][-1]["with"]["environment"] = "${{ matrix.environment }}"
    one = apply["jobs"].pop("apply")
    del apply["concurrency"]
    for name, more in each.items():
        steps = [*one["steps"][:-1], {**one["steps"][-1], "id": "flowdeck"}, *log]
        apply["jobs"][name] = {**one, "steps": steps, **more}
    return {"flowdeck-plan.yml": plan, "flowdeck-apply.yml": apply}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with these workflows."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, workflow in assembled().items():
        text = yaml.safe_dump({"on" if key is True else key: value for key, value in workflow.items()}, sort_keys=False)
        text = text.replace(PLACEHOLDER, COMMIT).replace("upload-artifact@COMMIT", f"upload-artifact{COMMIT}")
        (folder / name).write_text(text, encoding="utf-8")
    (tmp_path / "action").mkdir()
    shutil.copy(ACTION / "action.yml", tmp_path / "action")
    return tmp_path


@with_checker
def test_the_pieces_make_valid_workflows(repository: Path) -> None:
    """The published schema accepts the examples with the page's pieces in them."""
    ran = check("vendor.github-workflows", *sorted((repository / ".github" / "workflows").iterdir()))
    assert ran.returncode == 0, ran.stdout


@with_zizmor
def test_the_pieces_are_careful(repository: Path) -> None:
    """Of the examples with the page's pieces zizmor says no more than that comments are missing."""
    found = set(re.findall(r"^\w+\[([a-z-]+)\]", zizmor(repository).stdout, re.MULTILINE))
    # What YAML read and wrote again has no comments: why a permission is needed, which version a commit is.
    assert ZIZMOR.exists()
    assert found <= {"undocumented-permissions", "ref-version-mismatch"}


def test_the_pieces_name_what_there_is() -> None:
    """The pieces use outputs that the action has, and jobs and environments that the examples have."""
    outputs = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))["outputs"]
    named = set(re.findall(r"steps\.flowdeck\.outputs\.([a-z-]+)", PAGE))
    assert named
    assert named <= outputs.keys()
    assert "plan" in loaded(EXAMPLES / "plan.yml")["jobs"]
    assert all(f"`{name}`" in PAGE for name in ("production-plan", "production"))
    names = [job["name"] for job in loaded(EXAMPLES / "plan.yml")["jobs"].values()]
    assert all(f"`{name}`" in PAGE for name in names)


def test_the_table_of_permissions() -> None:
    """The page's table has exactly the permissions of the examples' jobs."""
    rows = set(re.findall(r"^\| `([a-z-]+: [a-z]+)` \| (\w+) \|", PAGE, re.MULTILINE))
    asked = set()
    for path in EXAMPLES.glob("*.yml"):
        for name, job in loaded(path)["jobs"].items():
            asked |= {
                (f"{key}: {value}", "all" if key == "contents" else name) for key, value in job["permissions"].items()
            }
    assert rows == asked


def test_a_mistake_reaches_the_comment() -> None:
    """The plan runs whatever `validate` finds: skipped, it would leave a plan that looks valid in the comment."""
    jobs = loaded(EXAMPLES / "plan.yml")["jobs"]
    assert [name for name, job in jobs.items() if "needs" in job] == []


def test_secrets_are_given_to_flowdeck_alone() -> None:
    """In each example, secrets stand in the variables of the step that plans or applies, and nowhere else."""
    for path in EXAMPLES.glob("*.yml"):
        for name, job in loaded(path)["jobs"].items():
            holding = [step for step in job["steps"] if "secrets." in str(step)]
            assert "secrets." not in str({**job, "steps": []})
            assert all("secrets." not in str({**step, "env": {}}) for step in holding)
            assert len(holding) == (0 if name == "validate" else 1)


def test_the_jobs_of_gitlab_are_told() -> None:
    """The page on GitLab names each job and input of the component."""
    spec, jobs = (ROOT / "examples/ci/gitlab/templates/flowdeck.yml").read_text(encoding="utf-8").split("\n---\n")
    names = re.findall(r'^"(flowdeck \w+) ', jobs, re.MULTILINE)
    assert len(names) == 4
    assert [name for name in names if f"| `{name} production` |" not in GITLAB] == []
    inputs = yaml.safe_load(spec)["spec"]["inputs"]
    assert [name for name in inputs if f"`{name}`" not in GITLAB] == []
    assert {key for one in inputs.values() for key in one} <= {"description", "default", "regex"}
