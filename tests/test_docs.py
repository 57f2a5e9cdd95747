"""The documents are true: what there is has its heading, and links lead somewhere.

`python tests/test_docs.py` writes the page of diagnostics; what the pages show is the matter of test_pages.py.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from flowdeck.cli.exit_codes import Exit
from flowdeck.cli.main import flowdeck as commands
from flowdeck.manifest import json_schema
from flowdeck.model.codes import SUBJECTS
from flowdeck.model.risk import DEFAULT_LEVELS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = sorted([README, *DOCS.glob("*.md"), *(ROOT / "examples").glob("**/*.md")])
COMMANDS = sorted(commands.list_commands(click.Context(commands)))


# --- headings -------------------------------------------------------------------------------------------------------


def headings(page: Path) -> list[str]:
    """The headings of a page, without marks; lines of code blocks are none."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [line.lstrip("#").strip().replace("`", "") for line in text.splitlines() if re.match(r"#+ ", line)]


def section(page: Path, heading: str) -> str:
    """The text below a heading of the second level."""
    found = re.search(
        rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return found[1] if found else ""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name: str) -> None:
    """Every command has its heading in commands.md, and below it, or among the common ones, each of its options."""
    page = DOCS / "commands.md"
    own, common = section(page, f"flowdeck {name}"), section(page, "Options of every command")
    command = commands.get_command(click.Context(commands), name)
    assert command is not None
    options = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}
    flags = {flag for flag in options if flag.startswith("-")}

    assert own, f"docs/commands.md has no heading `flowdeck {name}`"
    assert {flag for flag in flags if not re.search(rf"`{flag}[` ]", own + common)} == set()


def test_every_choice_of_format_is_documented() -> None:
    """The formats of a command stand below its heading as the command's help gives them."""
    for name in COMMANDS:
        command = commands.get_command(click.Context(commands), name)
        assert command is not None
        for parameter in command.params:
            if parameter.name == "format" and isinstance(parameter.type, click.Choice):
                shown = f"--format {'|'.join(parameter.type.choices)}"
                assert shown in section(DOCS / "commands.md", f"flowdeck {name}"), (name, shown)


def manifest_keys() -> Iterator[str]:
    """Every key of the manifest by its path; what several places share is given once, where it is first met."""
    schema = json_schema()
    definitions = schema["definitions"]
    # The roles in a flow's own list are those of a permission set; the levels of risks have a page of their own.
    seen = {"Roles"}
    pending: list[tuple[str, dict[str, Any]]] = [("", schema)]
    while pending:
        prefix, mapping = pending.pop(0)
        for key, below in mapping.get("properties", {}).items():
            if key in DEFAULT_LEVELS and "enum" in below:
                continue
            yield f"{prefix}{key}"
            for name, named in referred(below):
                if name not in seen:
                    seen.add(name)
                    pending.append((f"{prefix}{key}.NAME." if named else f"{prefix}{key}.", definitions[name]))


def referred(schema: Any, *, named: bool = False) -> Iterator[tuple[str, bool]]:
    """The definitions that a part of the schema refers to, and whether the user names what they describe."""
    if isinstance(schema, list):
        for one in schema:
            yield from referred(one, named=named)
    elif isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2], named
        for key, below in schema.items():
            yield from referred(below, named=named or key in ("additionalProperties", "patternProperties"))


def test_every_manifest_key_has_its_heading() -> None:
    """Every key of flows.yaml has a heading in manifest.md with its whole path."""
    assert set(manifest_keys()) - set(headings(DOCS / "manifest.md")) == set()


def test_every_key_of_the_manual_exists() -> None:
    """No heading of manifest.md describes a key that there is not."""
    described = {one for one in headings(DOCS / "manifest.md") if re.fullmatch(r"[a-z_]+(\.[A-Za-z_-]+)*", one)}

    assert described - set(manifest_keys()) == set()


def diagnostics_page() -> str:
    """docs/diagnostics.md as it has to be."""
    parts = [
        "# Diagnostics\n",
        "Every problem has a code, a place where there is one, and a hint. A risk that blocks an apply becomes a",
        "diagnostic under its own code: see [risks](risks.md).",
    ]
    for subject, codes in SUBJECTS.items():
        parts.append(f"\n## {subject}")
        parts += [f"\n### {code}\n\n{meaning}" for code, meaning in codes.items()]
    return "\n".join(parts) + "\n"


def test_the_page_of_diagnostics_is_fresh() -> None:
    """docs/diagnostics.md shows exactly the codes that a diagnostic can have."""
    assert (DOCS / "diagnostics.md").read_text(encoding="utf-8") == diagnostics_page()


def test_every_risk_has_its_heading() -> None:
    """Every risk code has a heading in risks.md."""
    assert DEFAULT_LEVELS.keys() - set(headings(DOCS / "risks.md")) == set()


def variables_read() -> set[str]:
    """The environment variables that the sources name, and the beginnings of those whose rest the user chooses."""
    name = re.compile(r"(FLOWDECK|GLOBUS|GITHUB|GITLAB|XDG)_[A-Z_]+|CI|CI_[A-Z_]+|NO_COLOR|TERM")
    return {
        node.value
        for path in (ROOT / "src" / "flowdeck").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and name.fullmatch(node.value)
    }


def test_every_environment_variable_is_documented() -> None:
    """What the sources read from the environment stands in environment-variables.md, and nothing else does."""
    page = (DOCS / "environment-variables.md").read_text(encoding="utf-8")
    told = {
        name for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for name in re.findall(r"`([A-Z_]+)`", row)
    }
    read = variables_read()

    assert {name for name in read if not re.search(rf"`{name}", page)} == set()
    assert {name for name in told if not any(name.startswith(one) for one in read)} == set()


def test_every_exit_code_is_documented() -> None:
    """The table of exit codes has those that a command can end with, and no other."""
    told = re.findall(r"^\| (\d+) \|", section(DOCS / "commands.md", "Exit codes"), re.MULTILINE)

    assert sorted(map(int, told)) == sorted(Exit)


def test_every_dependency_has_its_reason() -> None:
    """Every package that pyproject.toml names stands in dependencies.md."""
    import tomllib  # noqa: PLC0415 (only here)

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["emulator"]]
    named += [one for group in project["dependency-groups"].values() for one in group if isinstance(one, str)]
    packages = {re.split(r"[<>=~!\[ ]", one)[0] for one in named}
    text = (DOCS / "dependencies.md").read_text(encoding="utf-8")

    assert {package for package in packages if f"| `{package}` |" not in text} == set()


# --- links ----------------------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings have, as GitHub makes them."""
    found: set[str] = set()
    for heading in headings(page):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = 0
        while (anchor := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(anchor)
    return found


@pytest.mark.parametrize("page", [str(page.relative_to(ROOT)) for page in PAGES])
def test_every_relative_link_resolves(page: str) -> None:
    """Every relative link leads to a file of the project, and its anchor to a heading there."""
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


def test_every_page_is_on_the_map() -> None:
    """The index leads to every page of the documentation."""
    index = (DOCS / "index.md").read_text(encoding="utf-8")

    assert {page.name for page in DOCS.glob("*.md")} - {"index.md"} == {
        page.name for page in DOCS.glob("*.md") if f"]({page.name})" in index
    }


if __name__ == "__main__":
    (DOCS / "diagnostics.md").write_text(diagnostics_page(), encoding="utf-8")
