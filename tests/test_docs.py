"""The documents are true: what there is has its heading, links lead somewhere, and what the README shows is real.

`python tests/test_docs.py` runs the README's commands again and writes their output into it.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

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


# --- the README's commands ------------------------------------------------------------------------------------------

EDIT = re.compile(r"<!-- edit (\S+): (.+) -> (.+) -->")
UUIDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DIGESTS = re.compile(r"(Digest: |--expect )[0-9a-f]{12}")
SECONDS = 60


class Shell:
    """A shell in a scratch folder that knows flowdeck, cd and `echo $?`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._code, self._digest = folder, 0, ""

    def edit(self, file: str, before: str, after: str) -> None:
        """Replace a text in a file."""
        path = self._folder / file
        text = path.read_text(encoding="utf-8")
        assert before in text, f"{file} does not hold {before}"
        path.write_text(text.replace(before, after), encoding="utf-8")

    def run(self, command: str) -> tuple[str, str]:
        """The command as it was run, with the latest digest for the one that it expects, and what it printed."""
        words = shlex.split(command, comments=True)
        match words:
            case ["cd", where]:
                self._folder /= where
                return command, ""
            case ["echo", "$?"]:
                return command, f"{self._code}\n"
            case ["flowdeck", *arguments]:
                if "--expect" in arguments:
                    arguments[arguments.index("--expect") + 1] = self._digest
                    command = re.sub(r"--expect \S+", f"--expect {self._digest}", command)
                return command, self._flowdeck(arguments)
        raise AssertionError(f"a README's command must be flowdeck, cd or `echo $?`: `{command}`")

    def _flowdeck(self, arguments: list[str]) -> str:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLOWDECK_", "GLOBUS_"))}
        ran = subprocess.run(
            [Path(sys.executable).with_name("flowdeck"), *arguments],
            cwd=self._folder,
            env={name: value for name, value in kept.items() if name not in ("CI", "GITHUB_SHA", "CI_COMMIT_SHA")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self._code = ran.returncode
        if digest := re.search(r"^Digest: (\w+)$", ran.stdout, re.MULTILINE):
            self._digest = digest[1]
        return ran.stdout

    @property
    def code(self) -> int:
        """The exit code of the last flowdeck command."""
        return self._code


def replayed(text: str, folder: Path) -> tuple[str, list[str]]:
    """The document with what its commands print now, and the commands that ended otherwise than they state.

    A ```console block is run if its first command is flowdeck; `$ echo $?` states an exit code, else it is 0.
    """
    shell, unexpected = Shell(folder), []
    parts = re.split(r"(^```console\n.*?^```$|<!-- edit .*? -->)", text, flags=re.MULTILINE | re.DOTALL)
    for index, part in enumerate(parts):
        if edit := EDIT.fullmatch(part):
            shell.edit(*edit.groups())
        elif part.startswith("```console\n$ flowdeck"):
            given = re.findall(r"^\$ (.+)$", part, re.MULTILINE)
            shown = []
            for command, following in zip(given, [*given[1:], ""], strict=True):
                told, printed = shell.run(command)
                shown.append(f"$ {told}\n{printed}")
                states = following == "echo $?"
                if command.startswith("flowdeck") and shell.code and not states:
                    unexpected.append(f"`{told}` ended with {shell.code}:\n{printed}")
            parts[index] = "```console\n" + "".join(shown) + "```"
    return "".join(parts), unexpected


def normal(text: str) -> str:
    """The text without what differs from run to run."""
    return DIGESTS.sub(r"\1[DIGEST]", UUIDS.sub("[ID]", text))


def test_what_the_readme_shows_is_real(tmp_path: Path) -> None:
    """Each flowdeck command of the README ends as stated and prints what the README shows.

    If the output has become another: `python tests/test_docs.py` writes the new one.
    """
    text = README.read_text(encoding="utf-8")
    now, unexpected = replayed(text, tmp_path)

    assert unexpected == []
    assert normal(now).splitlines() == normal(text).splitlines()


if __name__ == "__main__":
    (DOCS / "diagnostics.md").write_text(diagnostics_page(), encoding="utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        README.write_text(replayed(README.read_text(encoding="utf-8"), Path(scratch))[0], encoding="utf-8")
