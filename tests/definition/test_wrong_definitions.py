"""Every file in wrong/ is a wrong definition; the text beside it says what flowdeck finds, where, and what to do.

`NAME.input_schema.yaml` beside `NAME.yaml` is its input schema. `python tests/definition/test_wrong_definitions.py`
writes the texts that are missing, to be read before they are kept.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from flowdeck import manifest
from flowdeck.model.diagnostic import Diagnostic

WRONG = Path(__file__).parent / "wrong"
NAMES = sorted(path.stem for path in WRONG.glob("*.yaml") if not path.stem.endswith(".input_schema"))
MANIFEST = "version: 1\nproject: lab\nflows: {wrong: {}}\n"


def told(one: Diagnostic) -> str:
    hint = f"; hint: {one.hint}" if one.hint else ""
    place = str(one.place).removeprefix("flows/wrong/")
    return f"{place}: {one.severity}[{one.code}] {one.message}{hint}\n"


def found(name: str, project: Path) -> str:
    """Everything that flowdeck finds in a flow of this definition, in a project laid out in the working directory."""
    folder = project / "flows" / "wrong"
    folder.mkdir(parents=True)
    (project / "flows.yaml").write_text(MANIFEST, encoding="utf-8")
    shutil.copy(WRONG / f"{name}.yaml", folder / "definition.yaml")
    if (WRONG / f"{name}.input_schema.yaml").exists():
        shutil.copy(WRONG / f"{name}.input_schema.yaml", folder / "input_schema.yaml")
    return "".join(told(one) for one in manifest.load(Path("flows.yaml"))[1])


@pytest.mark.parametrize("name", NAMES)
def test_each_wrong_definition_gets_exactly_its_diagnostics(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong definition gets all its diagnostics at once: code, place, message and hint, sorted by place."""
    monkeypatch.chdir(tmp_path)
    assert found(name, tmp_path) == (WRONG / f"{name}.txt").read_text(encoding="utf-8")


def test_every_wrong_definition_has_its_diagnostics() -> None:
    """A wrong definition without expected diagnostics, or the other way round, would test nothing."""
    assert {path.stem for path in WRONG.glob("*.txt")} == set(NAMES)
    assert all(path.stat().st_size for path in WRONG.glob("*.txt"))


if __name__ == "__main__":
    for missing in (one for one in NAMES if not (WRONG / f"{one}.txt").exists()):
        with tempfile.TemporaryDirectory() as scratch:
            os.chdir(scratch)
            (WRONG / f"{missing}.txt").write_text(found(missing, Path(scratch)), encoding="utf-8")
