"""Every file in wrong/ is a wrong manifest; the text beside it says what flowdeck finds, where, and what to do."""

from pathlib import Path

import pytest
import yaml

from flowdeck import manifest
from flowdeck.manifest import yaml_text
from flowdeck.model.diagnostic import Diagnostic

WRONG = Path(__file__).parent / "wrong"


def told(one: Diagnostic) -> str:
    hint = f"; hint: {one.hint}" if one.hint else ""
    address = f" ({one.address})" if one.address else ""
    return f"{one.place}: {one.severity}[{one.code}] {one.message}{hint}{address}\n"


@pytest.mark.parametrize("name", sorted(path.stem for path in WRONG.glob("*.yaml")))
def test_each_wrong_manifest_gets_exactly_its_diagnostics(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong manifest gets all its diagnostics at once: code, place, message, hint and address, sorted by place."""
    monkeypatch.chdir(WRONG)
    loaded, diagnostics = manifest.load(Path(f"{name}.yaml"))
    assert "".join(told(one) for one in diagnostics) == (WRONG / f"{name}.txt").read_text(encoding="utf-8")
    assert (loaded is None) == any(one.severity == "error" for one in diagnostics)


@pytest.mark.parametrize("name", sorted(path.stem for path in WRONG.glob("yaml-*.yaml")))
def test_the_parser_in_python_finds_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyYAML has no C extension, the diagnostics are the same to the letter."""
    monkeypatch.setattr(yaml_text, "_LOADER", yaml.SafeLoader)
    test_each_wrong_manifest_gets_exactly_its_diagnostics(name, monkeypatch)


def test_every_wrong_manifest_has_its_diagnostics() -> None:
    """A wrong manifest without expected diagnostics, or the other way round, would test nothing."""
    assert {path.stem for path in WRONG.glob("*.yaml")} == {path.stem for path in WRONG.glob("*.txt")}
    assert all(path.stat().st_size for path in WRONG.glob("*.txt"))
