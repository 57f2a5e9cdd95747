"""The house rules: what every file of the project keeps to."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from projects import manifest, write

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src" / "flowdeck").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MOST_LINES = 320
MOST_LINES_OF_A_FUNCTION = 45
BANNED = {"info", "manager", "utils", "util", "helper", "helpers", "misc", "stuff"}
DANGEROUS = {
    "yaml.load", "yaml.full_load", "yaml.unsafe_load", "yaml.load_all", "yaml.full_load_all", "yaml.unsafe_load_all",
    "os.system", "os.popen", "tempfile.mktemp", "eval", "exec", "__import__",
}  # fmt: skip
# Longer than the limit, each with a reason.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
HEAVY = ("globus_sdk", "pydantic", "deepdiff", "yaml", "werkzeug", "requests", "sqlite3", "jsonschema")


def name(path: Path) -> str:
    """A file, as the tests are called after it."""
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    """A file's syntax."""
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file, also methods and inner ones."""
    yield from (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_module_docstrings() -> None:
    """Every module opens with its purpose: a docstring whose first line is one sentence."""
    assert [
        name(path)
        for path in SOURCES
        if not re.match(r".+\.$", (ast.get_docstring(tree(path)) or "").partition("\n")[0])
    ] == []


def test_tests_have_a_rule() -> None:
    """Every test says in its first sentence the rule that it holds up."""
    assert [
        f"{name(path)}: {function.name}"
        for path in TESTS
        for function in functions(path)
        if function.name.startswith("test_")
        and not (ast.get_docstring(function) or "").partition("\n\n")[0].endswith(".")
    ] == []


def test_sizes() -> None:
    """A file over 320 lines or a function over 45 has a reason, which is written down here while it is needed."""
    files = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    lengths = {
        f"{name(path)}: {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in SOURCES
        for function in functions(path)
    }
    assert {file for file, length in files.items() if length > MOST_LINES} == LONG_FILES.keys()
    assert {one for one, length in lengths.items() if length > MOST_LINES_OF_A_FUNCTION} == LONG_FUNCTIONS.keys()


def test_names() -> None:
    """No module, class or function has a name that would fit anything."""
    found = []
    for path in SOURCES:
        defined = [
            node.name
            for node in ast.walk(tree(path))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        ]
        for one in (path.stem, *defined):
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", one).lower().strip("_").split("_")
            if words[-1] in BANNED or words == ["data"]:
                found.append(f"{name(path)}: {one}")
    assert found == []


def test_only_the_doors_print() -> None:
    """Nothing calls print, and only the doors know click."""
    found = []
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                found.append(f"{name(path)}:{node.lineno}")
            if isinstance(node, ast.Import) and node.names[0].name == "click" and path.parent.name != "cli":
                found.append(f"{name(path)}:{node.lineno}")
    assert found == []


def test_nothing_dangerous() -> None:
    """No pickle, no yaml.load, no eval or exec, no shell."""
    assert [f"{name(path)}:{line}" for path in SOURCES for line in dangerous(tree(path))] == []


def dangerous(module: ast.Module) -> Iterator[int]:
    """The lines that run or read what they should not."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [one.name for one in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            if {one.split(".")[0] for one in modules} & {"pickle", "marshal", "shelve", "dill"}:
                yield node.lineno
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in DANGEROUS or any(one.arg == "shell" for one in node.keywords):
                yield node.lineno


def test_ignores_name_their_code() -> None:
    """Every `noqa` and `type: ignore` names its code; a whole file is never excused."""
    marks = re.compile(r"# (noqa|type: ignore)(?!(: [A-Z]+\d+|\[[a-z-]+\]))|# (ruff|flake8): noqa|# mypy: ")
    assert [
        f"{name(path)}:{number}"
        for path in (*SOURCES, *TESTS)
        if path.name != "test_house.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if marks.search(line)
    ] == []


def test_files_are_plain_text() -> None:
    """Files are UTF-8 with Unix line ends, end in one, and hold no tabs or unseen characters."""
    unseen = re.compile("[\r\t\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
    texts = {name(path): path.read_bytes().decode("utf-8") for path in (*SOURCES, *TESTS)}
    assert [path for path, text in texts.items() if unseen.search(text) or (text and not text.endswith("\n"))] == []


def imported(code: str, *, cwd: Path) -> set[str]:
    """The heavy packages that a process has imported after some code."""
    line = f"{code}\nimport json, sys\nprint('\\n' + json.dumps([one for one in {HEAVY!r} if one in sys.modules]))"
    ran = subprocess.run([sys.executable, "-c", line], cwd=cwd, capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(ran.stdout.splitlines()[-1]))


def after(*arguments: str) -> str:
    """Code that runs a command in a process."""
    return f"from flowdeck.cli.main import run\nassert run({list(arguments)!r}) == 0"


def test_the_front_door_is_light(tmp_path: Path) -> None:
    """Importing the front door, or asking it for help, imports no heavy package."""
    assert imported("import flowdeck.cli.main", cwd=tmp_path) == set()
    assert imported(after("--help"), cwd=tmp_path) == set()
    assert "globus_sdk" not in imported(after("init"), cwd=tmp_path)


def test_validate_is_light(tmp_path: Path) -> None:
    """`validate` is offline: it imports neither the SDK nor the emulator nor deepdiff."""
    write(tmp_path, manifest({"one": {}}))
    assert imported(after("validate"), cwd=tmp_path) <= {"pydantic", "yaml"}


def test_a_drawing_is_light(tmp_path: Path) -> None:
    """`graph` draws a manifest's flow offline: it imports no more than `validate`."""
    write(tmp_path, manifest({"one": {}}))
    assert imported(after("graph", "one"), cwd=tmp_path) <= {"pydantic", "yaml"}


def test_no_difference_needs_no_deepdiff(tmp_path: Path) -> None:
    """A plan that finds nothing to change, and one that only creates, do not import deepdiff."""
    write(tmp_path, manifest({"one": {}}, service="emulator"))
    assert "deepdiff" not in imported(after("plan"), cwd=tmp_path)
    assert "deepdiff" not in imported(after("apply", "--yes") + "\n" + after("plan"), cwd=tmp_path)


def test_help_of_a_command_is_light(tmp_path: Path) -> None:
    """Asking a command for help does not import the SDK."""
    for command in ("schema", "completion", "emulator", "init"):
        assert "globus_sdk" not in imported(after(command, "--help"), cwd=tmp_path)
