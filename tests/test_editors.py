"""Editors and hooks: the schema is one that others understand, and the hook runs as pre-commit would run it."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from projects import Command

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
CHECKER = Path(
    os.environ.get("FLOWDECK_TEST_CHECK_JSONSCHEMA") or ROOT / ".venv-check-jsonschema" / "bin" / "check-jsonschema"
)
MODELINE = re.compile(r"# yaml-language-server: \$schema=(\./|(\.\./)+)flowdeck\.schema\.json")
SECONDS = 60
# Nothing answers on this port: what needs the network would fail.
NOWHERE = "http://127.0.0.1:9"

with_checker = pytest.mark.skipif(
    not CHECKER.exists(), reason=f"check-jsonschema is not installed at {CHECKER}: `make test` does that"
)


def manifests() -> list[Path]:
    """Every manifest file of the examples, included ones too."""
    found = []
    for main in sorted(EXAMPLES.glob("*/flows.yaml")):
        patterns = yaml.safe_load(main.read_text(encoding="utf-8")).get("include", [])
        found += [main, *(file for pattern in patterns for file in sorted(main.parent.glob(pattern)))]
    return found


MANIFESTS = manifests()
OTHERS = [ROOT / "flows.yaml.example", ROOT / "src" / "flowdeck" / "cli" / "template" / "flows.yaml"]


def named(files: list[Path]) -> list[str]:
    return [str(file.relative_to(ROOT)) for file in files]


@pytest.fixture
def schema(tmp_path: Path, flowdeck: Command) -> Path:
    """What `flowdeck schema` prints, as a file."""
    path = tmp_path / "flowdeck.schema.json"
    path.write_text(flowdeck("schema").out, encoding="utf-8")
    return path


def check(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run check-jsonschema, which finds no network."""
    unreachable = {"http_proxy": NOWHERE, "https_proxy": NOWHERE, "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE}
    return subprocess.run(
        [CHECKER, *arguments],
        env={"PATH": os.environ["PATH"], **unreachable},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


# --- the schema -----------------------------------------------------------------------------------------------------


@with_checker
def test_the_schema_is_one(schema: Path) -> None:
    """The schema says that it is draft 7, and the metaschema of draft 7 accepts it."""
    ran = check("--check-metaschema", schema)

    assert json.loads(schema.read_text(encoding="utf-8"))["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert ran.returncode == 0, ran.stdout + ran.stderr


@with_checker
def test_the_metaschema_is_asked(schema: Path) -> None:
    """The check against the metaschema can fail: a wrong type in the schema is found."""
    document = json.loads(schema.read_text(encoding="utf-8"))
    schema.write_text(json.dumps({**document, "type": "mapping"}), encoding="utf-8")

    assert check("--check-metaschema", schema).returncode == 1


@with_checker
def test_every_manifest_of_ours_is_accepted(schema: Path) -> None:
    """The schema accepts each example's files, flows.yaml.example and the project of `flowdeck init`."""
    ran = check("--default-filetype", "yaml", "--schemafile", schema, *MANIFESTS, *OTHERS)

    assert ran.returncode == 0, ran.stdout + ran.stderr


@with_checker
def test_references_are_accepted(schema: Path, project: Path, flowdeck: Command) -> None:
    """Where flowdeck takes a reference, the schema does too, also for a truth value, a list or a UUID."""
    document = {
        "version": 1,
        "project": "lab",
        "variables": {
            "protected": True,
            "words": ["a"],
            "subscription": {"type": "uuid", "default": "50b5c210-7100-4ec0-8000-000000000007"},
        },
        "flows": {
            "a": {
                "title": "${project} in ${environment}",
                "protect": "${var.protected}",
                "keywords": "${var.words}",
                "subscription": "${var.subscription}",
                "definition": {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}},
            }
        },
    }
    (project / "flows.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    ran = check("--schemafile", schema, project / "flows.yaml")

    assert flowdeck("validate").code == 0
    assert ran.returncode == 0, ran.stdout + ran.stderr


WRONG: dict[str, tuple[Any, str]] = {
    "an unknown key": ({"flow": {}}, "'flow'"),
    "an unknown key of a flow": ({"flows": {"a": {"titel": "A"}}}, "'titel'"),
    "a name with a capital": ({"flows": {"A": {}}}, "'A'"),
    "a version that there is not": ({"version": 2}, "version"),
    "a role that is no list": ({"permissions": {"a": {"viewers": "public"}}}, "viewers"),
    "a level that there is not": ({"guardrails": {"open-start": "error"}}, "open-start"),
    "an environment without a service": ({"environments": {"sandbox": {}}}, "service"),
    "a type that there is not": ({"variables": {"a": {"type": "text"}}}, "variables"),
    "a long title": ({"flows": {"a": {"title": "x" * 129}}}, "title"),
}


@with_checker
@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_manifest_is_refused(schema: Path, tmp_path: Path, what: str) -> None:
    """A manifest with a mistake in its shape is refused by the schema, at the place of the mistake."""
    document, told = WRONG[what]
    path = tmp_path / "flows.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "project": "lab", **document}), encoding="utf-8")
    ran = check("--schemafile", schema, path)

    assert ran.returncode == 1
    assert told in ran.stdout


def test_every_property_has_a_description(schema: Path) -> None:
    """Whatever key an editor offers, it can say what the key is for."""
    silent: list[str] = []
    pending: list[tuple[str, Any]] = [("", json.loads(schema.read_text(encoding="utf-8")))]
    while pending:
        path, part = pending.pop()
        if isinstance(part, dict):
            properties = part.get("properties", {})
            silent += [f"{path}/{key}" for key, one in properties.items() if not one.get("description", "").strip()]
            pending += [(f"{path}/{key}", one) for key, one in part.items()]
        elif isinstance(part, list):
            pending += [(f"{path}/{index}", one) for index, one in enumerate(part)]

    assert silent == []


@pytest.mark.parametrize("file", named([*MANIFESTS, *OTHERS]))
def test_the_first_line_leads_to_the_schema(file: str) -> None:
    """Every manifest of ours begins with the line that editors read, and its path leads beside flows.yaml."""
    path = ROOT / file
    line = path.read_text(encoding="utf-8").partition("\n")[0]
    assert MODELINE.fullmatch(line), line
    beside = (path.parent / line.partition("=")[2]).resolve().parent

    assert (beside / "flows.yaml").exists() or path in OTHERS


# --- the hook -------------------------------------------------------------------------------------------------------


@pytest.fixture
def hook() -> dict[str, Any]:
    """The hook that this repository offers."""
    (only,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    return dict(only)


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Path]:
    """A repository of somebody else's, with a project in it."""
    folder = tmp_path / "repository"
    shutil.copytree(EXAMPLES / "facility", folder, ignore=shutil.ignore_patterns(".flowdeck"))
    subprocess.run(["git", "init", "--quiet", folder], check=True, timeout=SECONDS)
    subprocess.run(["git", "-C", folder, "add", "--all"], check=True, timeout=SECONDS)
    yield folder
    assert not (folder / ".flowdeck").exists()


def run_hook(hook: dict[str, Any], repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the hook as pre-commit does: in the repository's root, from the hook's own environment, with `args`."""
    assert (hook["language"], hook["pass_filenames"]) == ("python", False)
    return subprocess.run(
        [*shlex.split(hook["entry"]), *hook.get("args", []), *arguments],
        cwd=repository,
        env={
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(repository.parent),
            **{f"GLOBUS_SDK_SERVICE_URL_{name}": NOWHERE for name in ("FLOWS", "AUTH", "GROUPS")},
        },
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.parametrize("environment", ["sandbox", "staging", "production"])
def test_the_hook_passes_a_valid_project(hook: dict[str, Any], repository: Path, environment: str) -> None:
    """The hook passes a valid project in each environment: without credentials, without a network, without a secret."""
    ran = run_hook(hook, repository, "--env", environment)

    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("file", "change", "code"),
    [
        ("flows.yaml", ("default_environment", "default_enviroment"), "unknown-field"),
        ("flows/vault.yaml", ("title: Sweep", "titel: Sweep"), "unknown-field"),
        ("flows/sweep/definition.yaml", ("StartAt: Delete", "StartAt: Delte"), "unknown-target"),
        ("flows/ingest/definition.json", ("var.raw_collection", "var.raw_colection"), "unknown-variable"),
    ],
)
def test_the_hook_stops_a_wrong_project(
    hook: dict[str, Any], repository: Path, file: str, change: tuple[str, str], code: str
) -> None:
    """The hook fails for a mistake in any of the files, names the place, and is run when that file is committed."""
    path = repository / file
    path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    ran = run_hook(hook, repository)

    assert ran.returncode == 1
    assert re.search(rf"^{re.escape(file)}:\d+:\d+: error\[{code}\]", ran.stdout + ran.stderr, re.MULTILINE), ran
    assert re.search(hook["files"], file)


def test_the_hook_is_run_for_what_it_checks(hook: dict[str, Any]) -> None:
    """The hook's pattern meets a manifest and what lies below flows/, at any depth, and nothing else."""
    meant = (
        "flows.yaml",
        "flows/a/definition.json",
        "flows/a.yaml",
        "deploy/flows.yaml",
        "deploy/flows/a/input_schema.yml",
    )
    others = ("README.md", "workflows.yaml", "flows/a/README.md", "my-flows/a.yaml", "flows.yaml.example")

    assert [one for one in meant if not re.search(hook["files"], one)] == []
    assert [one for one in others if re.search(hook["files"], one)] == []


def test_the_hook_is_documented(hook: dict[str, Any]) -> None:
    """The page on editors shows the hook under its id."""
    assert f"- id: {hook['id']}" in (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
