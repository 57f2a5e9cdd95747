"""Texts to values with places: YAML and JSON are read strictly, and every value knows where it stands."""

import json
import math
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from flowdeck.manifest import document
from flowdeck.manifest.document import Document
from flowdeck.model.diagnostic import Diagnostics

# Text that a YAML file may hold, written plainly or quoted by PyYAML as it sees fit.
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp")), max_size=12)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXT)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)


def read(file: str, text: str | bytes) -> tuple[Document | None, Diagnostics]:
    return document.read(file, text if isinstance(text, bytes) else text.encode())


def sound(file: str, text: str) -> Document:
    found, diagnostics = read(file, text)
    assert found is not None, diagnostics
    assert [one for one in diagnostics if one.severity == "error"] == []
    return found


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    found = [(path, value)]
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found += paths(item, (*path, key))
    return found


@given(VALUES)
def test_yaml_means_what_safe_load_says_when_nothing_is_surprising(value: Any) -> None:
    """A document in which every surprising scalar is quoted means the same to us as to yaml.safe_load."""
    text = yaml.safe_dump(value, allow_unicode=True)
    found, diagnostics = read("a.yaml", text)
    assume(not any(one.code == "ambiguous-value" for one in diagnostics))
    assume(value is not None)
    assert found is not None, diagnostics
    assert found.value == yaml.safe_load(text)


@given(VALUES)
def test_json_is_read_in_both_ways_alike(value: Any) -> None:
    """The quick way without marks and the scanner give the same value, in JSON and in YAML's JSON subset."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    found = sound("a.json", text)
    assert found.value == value
    part, faults = document.json_text.scan(text)
    assert (part.value, faults) == (value, ())


@given(VALUES, st.sampled_from([None, 0, 2]))
def test_json_places_lead_to_the_value(value: Any, indent: int | None) -> None:
    """The text at the place of a path begins with the value of that path, and at its key with the key."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    found = sound("a.json", text)
    lines = text.split("\n")
    for path, part in paths(value):
        place = found.place(path)
        rest = lines[place.line - 1][place.column - 1 :]
        assert rest.startswith(json.dumps(part, ensure_ascii=False, indent=indent).split("\n")[0])
        if path and isinstance(path[-1], str):
            place = found.place(path, key=True)
            assert lines[place.line - 1][place.column - 1 :].startswith(json.dumps(path[-1], ensure_ascii=False))


@given(VALUES)
def test_yaml_places_lead_to_the_value(value: Any) -> None:
    """In flow style, where YAML is JSON, both formats give the same places."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    assume(value is not None)
    found, diagnostics = read("a.yaml", text)
    assert found is not None, diagnostics
    as_json = sound("a.json", text)
    for path, _ in paths(value):
        there, here = found.place(path), as_json.place(path)
        assert (there.line, there.column) == (here.line, here.column)


@given(st.text(max_size=60) | st.text("{}[]:,-&*!|>'\"%@#\n\t a1\\<?~", max_size=40) | st.binary(max_size=40))
def test_no_text_raises(text: str | bytes) -> None:
    """Whatever the bytes, the answer is a document or located errors."""
    assume(isinstance(text, bytes) or not any("\ud800" <= character <= "\udfff" for character in text))
    for file in ("a.yaml", "a.json"):
        found, diagnostics = read(file, text)
        assert found is not None or any(one.severity == "error" for one in diagnostics)
        assert all(one.place and one.place.line >= 1 and one.place.column >= 1 and one.hint for one in diagnostics)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("null", None), ("~", None), ("true", True), ("TRUE", True), ("False", False), ("0", 0), ("-12", -12),
        ("1.5", 1.5), ("1e3", 1000.0), ("-2.5E-3", -0.0025), ("12 apples", "12 apples"), ("1.2.3", "1.2.3"),
        ("=", "="), ("None", "None"), ("'on'", "on"), ('"012"', "012"), ("yEs", "yEs"), ("$.x", "$.x"),
        ("2b1c7c2e-8f4c-4e0c-9d2b-0c6c5b1d6a11", "2b1c7c2e-8f4c-4e0c-9d2b-0c6c5b1d6a11"), ("00:1a", "00:1a"),
    ],
)  # fmt: skip
def test_plain_scalars_have_one_meaning(written: str, value: object) -> None:
    """Only null, true, false and numbers as in JSON are typed; everything else is text."""
    found = sound("a.yaml", f"a: {written}\n").value["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "hint"),
    [
        ('{"a": 1,}', 1, 8, "a comma before `}`", "remove the comma"),
        ('[1,\n 2,\n]', 2, 3, "a comma before `]`", "remove the comma"),
        ("{'a': 1}", 1, 2, "single quotes are not JSON", "write double quotes"),
        ('{"a": 1 // one\n}', 1, 9, "JSON has no comments", "remove it, or write the file in YAML"),
        ('# one\n{}', 1, 1, "JSON has no comments", "remove it, or write the file in YAML"),
        ('/* one */ {}', 1, 1, "JSON has no comments", "remove it, or write the file in YAML"),
        ('{"a": NaN}', 1, 7, "JSON has no such number", "write a number, or null"),
        ('{"a": -Infinity}', 1, 7, "JSON has no such number", "write a number, or null"),
        ('{"a": True}', 1, 7, "JSON writes true, false and null", "write it in lower case; None is null"),
        ('{"a": 012}', 1, 7, "a number in a form that JSON lacks", "write it as `1000` or `0.5`, or quote it"),
        ('{"a": .5}', 1, 7, "a number in a form that JSON lacks", "write it as `1000` or `0.5`, or quote it"),
        ('{a: 1}', 1, 2, "text without quotes", "put it in double quotes"),
        ('{"a": "b', 1, 7, "text that is not closed, or holds a line break or an unknown escape",
         "close it, or write `\\n`"),
        ('{"a": "b\n"}', 1, 7, "text that is not closed, or holds a line break or an unknown escape",
         "close it, or write `\\n`"),
        ('{"a": 1\n "b": 2}', 2, 2, "here a comma or the end should come", "put a comma between the two"),
        ('{"a" 1}', 1, 6, "here `:` should come", "put `:` between key and value"),
        ('{"a": 1, "b": }', 1, 15, "here a value should come", "write a value, or remove what is before it"),
        ('{"a": }', 1, 7, "here a value should come", "write a value, or remove what is before it"),
        ('{"a": [1}', 1, 9, "here a comma or the end should come", "put `]` or a comma before it"),
        ('{"a": 1} 2', 1, 10, "here the end of the file should come", "a file holds one value: remove what follows it"),
        ('{"a": [1,\n', 1, 10, "the file ends where a value should come", "close it with `]`"),
        ('{"a": "\\ud800"}', 1, 7, "an escape is half a character", "write both halves, or the character"),
    ],
)  # fmt: skip
def test_json_mistakes_are_placed_and_explained(text: str, line: int, column: int, message: str, hint: str) -> None:
    """A JSON syntax error stands where the mistake is, in plain words, with what to write instead."""
    found, (one,) = read("a.json", text)
    assert found is None
    assert one.place is not None
    assert (one.code, one.place.line, one.place.column) == ("syntax-error", line, column)
    assert (one.message, one.hint) == (message, hint)


def test_json_faults_that_do_not_end_the_reading() -> None:
    """Duplicate keys and numbers that are too large are placed in JSON as in YAML."""
    _, diagnostics = read("a.json", '{"a": 1,\n "a": 2,\n "b": 1e999,\n "c": ' + "9" * 5000 + "}")
    assert [(one.code, one.place.line, one.place.column) for one in diagnostics if one.place] == [
        ("duplicate-key", 2, 2), ("ambiguous-value", 3, 7), ("ambiguous-value", 4, 7),
    ]  # fmt: skip
    assert diagnostics[0].message == "`a` is given twice; the first is on line 1"


@pytest.mark.parametrize("file", ["a.json", "a.yaml"])
@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        (b"", "empty-file", 1, 1),
        (b" \n", "empty-file", 1, 1),
        (b'{"a":\n "\xff"}', "not-utf-8", 2, 3),
        ('{"a":\n "é'.encode("utf-16"), "not-utf-8", 1, 1),
        (b"\xef\xbb\xbf{\n\xff}", "not-utf-8", 2, 1),
        (b"[" * 65 + b"]" * 65, "too-deep", 1, 65),
        (b"[" * 1_000_000, "too-deep", 1, 65),
        (b'[\n{"a": ' * 33 + b"1" + b"}]" * 33, "too-deep", 33, 7),
    ],
)
def test_both_formats_refuse_alike(file: str, text: bytes, code: str, line: int, column: int) -> None:
    """Empty files, other encodings and more than 64 levels are located errors in both formats."""
    found, (one,) = read(file, text)
    assert found is None
    assert one.place is not None
    assert (one.code, one.place.line, one.place.column) == (code, line, column)


def test_a_byte_order_mark_is_accepted() -> None:
    """A byte order mark is no part of the text, and moves no column."""
    for file in ("a.json", "a.yaml"):
        found, diagnostics = read(file, b'\xef\xbb\xbf{"a": 1}')
        assert found is not None, diagnostics
        assert (found.value, found.place(("a",)).column) == ({"a": 1}, 7)


def test_64_levels_are_accepted() -> None:
    """The limit itself is allowed, so that both ways of reading agree on it."""
    text = "[" * 64 + "]" * 64
    assert sound("a.json", text).value == sound("a.yaml", text).value


def test_columns_count_characters() -> None:
    """Columns count characters, not bytes, and lines end only where an editor ends them."""
    found = sound("a.yaml", "é: {🜁: 1, ü: [\"\u2028\", '3']}\r\nb:\r\n  - x\r\n")
    assert (found.place(("é", "ü", 1)).line, found.place(("é", "ü", 1)).column) == (1, 20)
    place = found.place(("b", 0))
    assert (place.line, place.column, place.excerpt) == (3, 5, "  - x")


def test_a_path_that_does_not_exist_leads_to_its_deepest_part() -> None:
    """A place always exists: for what is not written, the key of the deepest part that is."""
    found = sound("a.yaml", "a:\n  b:\n    c: 1\n")
    assert (found.place(("a", "b", "x", "y")).line, found.place(("a", "b", "x", "y")).column) == (2, 3)
    assert (found.place(("x",)).line, found.place(("x",)).column) == (1, 1)


def test_aliases_repeat_what_they_name() -> None:
    """An alias gives the value once more; its place is the alias, the place of its parts is where they are written."""
    found = sound("a.yaml", "a: &a {x: 1}\nb: [*a, *a]\n")
    assert found.value == {"a": {"x": 1}, "b": [{"x": 1}, {"x": 1}]}
    assert (found.place(("b", 1)).line, found.place(("b", 1)).column) == (2, 9)
    assert found.place(("b", 1, "x")).line == 1


def test_a_large_text_is_not_repeated_without_end() -> None:
    """Repeating a long text counts as much as repeating many values."""
    found, (one,) = read("a.yaml", "a: &a " + "x" * 100_000 + "\nb:\n" + "- *a\n" * 1000)
    assert found is None
    assert one.code == "alias-expansion"


def test_aliases_do_not_hide_depth() -> None:
    """What an alias names counts with its depth where the alias stands."""
    found, (one,) = read("a.yaml", f"a: &a {'[' * 40}{']' * 40}\nb: {'[' * 40}*a{']' * 40}\n")
    assert found is None
    assert one.place is not None
    assert (one.code, one.place.line, one.place.column) == ("too-deep", 2, 44)


def test_too_many_faults_end_the_reading() -> None:
    """A file with hundreds of problems is answered, not worked through."""
    found, diagnostics = read("a.yaml", "- on\n" * 500)
    assert found is None
    assert (len(diagnostics), diagnostics[-1].code) == (202, "too-many-problems")


@pytest.mark.parametrize(
    ("file", "text", "places"),
    [
        ("a.yaml", "# ok \u202e\na: b\u200bc\n", [(1, 6), (2, 5)]),
        ("a.yaml", 'a: "\\u202e b"\n"\\e k": 1\n', [(1, 4), (2, 1)]),
        ("a.yaml", 'a: "tab\\t line\\n"\n', []),
        ("a.json", '{"a": "\\u0007",\n "b\\u2066": "\u2066"}', [(1, 7), (2, 2), (2, 14)]),
    ],
)
def test_unseen_characters_are_warned_of(file: str, text: str, places: list[tuple[int, int]]) -> None:
    """Bidi and control characters are placed warnings, written plainly or as an escape, in comments too."""
    found, diagnostics = read(file, text)
    assert found is not None
    assert {(one.code, one.severity) for one in diagnostics} <= {("control-character", "warning")}
    assert sorted((one.place.line, one.place.column) for one in diagnostics if one.place) == places


def test_control_characters_that_yaml_forbids_are_placed() -> None:
    """A control character in the text of a YAML file is a located error."""
    _, (one,) = read("a.yaml", "a: 1\nb: x\x07\n")
    assert one.place is not None
    assert (one.code, one.place.line, one.place.column) == ("syntax-error", 2, 5)
    assert "U+0007" in one.message


SECRET = "hunter2canary"


@pytest.mark.parametrize(
    ("text", "path", "excerpt"),
    [
        (f"Parameters:\n  __Private_Parameters: [key]\n  key: {SECRET}\n", ("key",), "  key: (sensitive)"),
        (f"Parameters:\n  __Private_Parameters: [key]\n  key.=: {SECRET}  # why\n", ("key.=",),
         "  key.=: (sensitive)  # why"),
        (f"Parameters:\n  __Private_Parameters: [key]\n  key: |\n    a\n    {SECRET}\n  z: 1\n", ("key",),
         "  key: (sensitive)"),
        (f"Parameters: {{__Private_Parameters: [key], key: [1, '{SECRET}'], z: 1}}\n", ("z",),
         "Parameters: {__Private_Parameters: [key], key: (sensitive), z: 1}"),
    ],
)  # fmt: skip
def test_an_excerpt_does_not_show_a_private_value(text: str, path: tuple[str, ...], excerpt: str) -> None:
    """Where a line holds a value that `__Private_Parameters` names, the excerpt shows `(sensitive)` instead."""
    found = sound("a.yaml", text)
    assert found.place(("Parameters", *path)).excerpt == excerpt
    assert SECRET not in "".join(found.at(offset).excerpt for offset in range(len(text)))


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.yaml", f"__Private_Parameters: [key]\nkey: {SECRET}\nkey: {SECRET}\n"),
        ("a.yaml", f"__Private_Parameters: [key]\nkey: [{SECRET}\n"),
        ("a.json", f'{{"__Private_Parameters": ["key"], "key": "{SECRET}",}}'),
        ("a.json", f'{{"__Private_Parameters": ["key"],\n "key": \'{SECRET}\'}}'),
    ],
)
def test_a_broken_file_with_private_values_shows_no_line(file: str, text: str) -> None:
    """Where it cannot be known which values are private, no line of the file is shown."""
    _, diagnostics = read(file, text)
    assert diagnostics
    assert SECRET not in repr(diagnostics)


def test_a_minified_line_is_not_shown() -> None:
    """A line of hundreds of characters is no help, and may be a megabyte."""
    text = json.dumps({f"key-{number}": number for number in range(100)})
    assert sound("a.json", text).place(("key-7",)).excerpt == ""
    assert math.isfinite(sound("a.json", text).place(("key-7",)).column)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("guardrails: {open-start: off}", []),
        ("environments: {a: {guardrails: {open-start: off}}}", []),
        ("guardrails: off", ["ambiguous-value"]),
        ("guardrails: {open-start: on}", ["ambiguous-value"]),
        ("flows: {a: {protect: off}}", ["ambiguous-value"]),
    ],
)
def test_off_is_a_level(text: str, codes: list[str]) -> None:
    """The level `off` needs no quotes under guardrails; anywhere else the word is ambiguous."""
    assert [one.code for one in read("a.yaml", text)[1]] == codes
