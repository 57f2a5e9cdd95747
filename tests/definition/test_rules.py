"""Every rule of the flow language is documented with an example that breaks it and one that does not."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from flowdeck.definition import check
from flowdeck.definition.rules.every import RULES
from flowdeck.model.codes import SUBJECTS

PAGES = sorted((Path(__file__).parents[2] / "docs" / "rules").glob("*.md"))
CODES = {rule.code: rule for rule in RULES}
ELSEWHERE = {"definition-shape", "input-schema-shape", "sample-input"}


def entries() -> dict[str, str]:
    """The text below each heading of the second level on the pages of rules."""
    found: dict[str, str] = {}
    for page in PAGES:
        for entry in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            heading, _, text = entry.partition("\n")
            assert heading not in found, f"{heading} is documented twice"
            found[heading] = text
    return found


ENTRIES = entries()


def examples(code: str, word: str) -> list[tuple[Any, Any]]:
    """Definition and input schema of each example of an entry: two documents, or one."""
    blocks = re.findall(rf"^{word}:\n\n```yaml\n(.*?)^```$", ENTRIES[code], flags=re.MULTILINE | re.DOTALL)
    return [(documents[0], documents[1] if documents[1:] else None) for documents in map(read, blocks)]


def read(text: str) -> list[Any]:
    return list(yaml.safe_load_all(text))


def test_the_pages_hold_every_rule_and_nothing_else() -> None:
    """Each rule has an entry on the pages, and each entry is of a rule."""
    assert set(ENTRIES) == set(CODES) | ELSEWHERE


def test_every_rule_is_a_code_of_its_own() -> None:
    """Two rules share no code, and model.codes lists exactly these."""
    assert len(CODES) == len(RULES)
    assert set(SUBJECTS["Definitions and input schemas"]) == set(CODES) | ELSEWHERE


@pytest.mark.parametrize("code", sorted(CODES))
def test_the_entry_says_level_and_meaning(code: str) -> None:
    """An entry begins with the level of its rule, then the rule's own sentence."""
    said = " ".join(ENTRIES[code].split())
    meaning = " ".join(CODES[code].meaning.split())
    assert said.startswith(f"{CODES[code].severity.capitalize()}. {meaning}")
    assert SUBJECTS["Definitions and input schemas"][code] == meaning


@pytest.mark.parametrize("code", sorted(CODES))
def test_what_is_called_wrong_is_wrong(code: str) -> None:
    """Each wrong example breaks its rule, and no other that is an error."""
    assert examples(code, "Wrong")
    for definition, schema in examples(code, "Wrong"):
        found = check(definition, schema)
        assert code in {one.code for one in found}
        assert {one.code for one in found if one.severity == "error"} <= {code}


@pytest.mark.parametrize("code", sorted(CODES))
def test_what_is_called_right_is_right(code: str) -> None:
    """No right example breaks any rule."""
    assert examples(code, "Right")
    for definition, schema in examples(code, "Right"):
        assert check(definition, schema) == ()
