"""Expressions: what they ask for and call, what cannot be read, and that nothing makes the reader fail or warn."""

import warnings

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flowdeck.definition.values.expressions import Use, understand
from flowdeck.definition.values.jsonpath import ANYWHERE, shown

# Each asks, on condition or only whether it is there, for these values.
ASKED: list[tuple[str, list[str], list[str], list[str]]] = [
    ("source.path.rstrip('/') + '/'", ["source.path"], [], []),
    ("_context.run_id", ["_context.run_id"], [], []),
    ("a['b'][-1].c[i]", ["a.b[-1].c", "i"], [], []),
    ("{'id': a.id, 'all': [b, (c, -d)]}", ["a.id", "b", "c", "d"], [], []),
    ("`$.a` + `$['b c'].d`[0]", ["a", "b c.d[0]"], [], []),
    ("'`$.a`'", [], [], []),
    ("[one.name for one in ls.details.DATA[i:j] if one.size > least]", ["ls.details.DATA", "i", "j"], ["least"], []),
    ("[x + y for x in a for y in x.b if c]", ["a"], ["c"], []),
    ("{k: v for k, v in pairs}", ["pairs"], [], []),
    ("a.x if b else c", ["b"], ["a.x", "c"], []),
    ("a or b.c", ["a"], ["b.c"], []),
    ("a < b < c", ["a", "b"], ["c"], []),
    ("x if is_present('x.y[0]') else 10", [], ["x"], ["x.y[0]"]),
    ("getattr('destination', '/~/' + pathsplit(a.b)[1])", [], ["a.b"], ["destination"]),
    ("is_present('$.a.b')", [], [], ["a.b"]),
    (
        "'type' in stat.details and stat.details.type == 'dir'",
        ["stat.details"],
        ["stat.details.type"],
        ["stat.details.type"],
    ),
    ("'k' not in d.keys()", ["d"], [], ["d.k"]),
    ("d.get('k', e)", ["d", "e"], [], ["d.k"]),
    ("str(len(files)) + name.upper()", ["files", "name"], [], []),
    ("'one\nline' +\n a", ["a"], [], []),
    ("a.items[0]", ["a"], [], []),
    ("(lambda x: x + y)(z)", ["z"], ["y"], []),
    ("1", [], [], []),
]
FAULTS = [
    ("", "it is empty"),
    (" \n", "it is empty"),
    ("a +", "it is not written as in Python"),
    ("a b", "it is not written as in Python"),
    ("a && b", "it is not written as in Python"),
    ("a\x00b", "it is not written as in Python"),
    ("'a", "a quote is never closed"),
    ("'it\\'", "a quote is never closed"),
    ("`$.a", "a backtick is never closed"),
    ("f(a", "a `(` is never closed"),
    ("a]", "a `]` closes nothing"),
    ("{a: [1}", "a `}` closes nothing"),
]
UNSUPPORTED = [
    ("lambda: 1", "a lambda"),
    ("(x := 1)", "an assignment"),
    ("await x", "`await`"),
    ("(yield x)", "`yield`"),
    ("f'{x}'", "an f-string"),
    ("x.__class__", "`__class__`"),
    ("x.__len__()", "`__len__`"),
    ("x = 1", "a statement"),
    ("import os", "a statement"),
    ("return x", "a statement"),
    ("getattr('x', false)", "`false`"),
]


def names(text: str, *, tests: bool, certain: bool) -> list[str]:
    """What an expression asks for, as an expression writes it."""
    uses = (use for use in understand(text).uses if use.tests is tests and (tests or use.certain is certain))
    return [shown(use.steps) for use in uses]


@pytest.mark.parametrize(("text", "certain", "conditional", "tested"), ASKED)
def test_an_expression_asks_for_values(
    text: str, certain: list[str], conditional: list[str], tested: list[str]
) -> None:
    """Names that nothing binds are keys of the run's state, with the keys and indexes that follow them."""
    assert sorted(names(text, tests=False, certain=True)) == sorted(certain)
    assert sorted(names(text, tests=False, certain=False)) == sorted(conditional)
    assert names(text, tests=True, certain=True) == tested
    assert understand(text).fault == ""


@pytest.mark.parametrize("text", ["is_present(name)", "getattr(a + b, 1)", "getattr()", "is_present('a[')"])
def test_a_test_of_what_is_not_known_tests_for_anything(text: str) -> None:
    """Where the path that is tested for is computed, or cannot be read, it may be any."""
    assert Use(ANYWHERE, tests=True) in understand(text).uses


@pytest.mark.parametrize(("text", "fault"), FAULTS)
def test_what_is_no_expression_has_a_fault(text: str, fault: str) -> None:
    """What cannot be read says why, and may ask for anything."""
    assert understand(text).fault == fault
    assert understand(text).uses == (Use(ANYWHERE),)


@pytest.mark.parametrize(("text", "what"), UNSUPPORTED)
def test_parts_of_python_that_are_not_documented_are_told(text: str, what: str) -> None:
    """Python that expressions are not documented to have is told, and is no fault."""
    found = understand(text)
    assert found.fault == ""
    assert any(what in said for said, _ in found.unsupported)


def test_calls_and_paths_are_told() -> None:
    """Functions are told by name, methods are not, and JSONPaths in backticks are told as they stand."""
    found = understand("basename(`$.a.b`.strip()) + str(len(`x[`))")
    assert found.calls == ("basename", "str", "len")
    assert found.paths == ("$.a.b", "x[")


@given(
    st.one_of(
        st.text(),
        st.text(alphabet="ab.[](){}'\"`$+-= :,\n\\!&|?_0#\x00fordiweλ"),
        st.sampled_from([a for a, *_ in ASKED]),
    )
)
@example("(" * 5000)
@example("[" * 4000 + "]" * 4000)
@example("-" * 9000 + "1")
@example("not " * 2400 + "x")
@example("+".join(["a"] * 3000))
@example("a" + ".b" * 4900)
@example("a" + "()" * 4000)
@example("9" * 6000)
@example("'\\d' is 1if x else '\\udcff'")
@example("\ud800")
@example("\x00{secret.key} +")
def test_any_text_is_read_or_has_a_fault(text: str) -> None:
    """The reader neither fails nor warns nor runs anything, however strange, long or deep a text is."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = understand.__wrapped__(text)
    assert found.fault in {"", *(fault for _, fault in FAULTS)} or found.fault.endswith(
        ("closes nothing", "never closed")
    )
    if found.fault:
        assert found.uses == (Use(ANYWHERE),)


@pytest.mark.parametrize("text", ["a + b" * 3000, "-" * 9000 + "1", "'\x00{secret.key}' + x"])
def test_what_is_not_known_may_ask_for_anything(text: str) -> None:
    """A text with a late reference, or too long or deep to be judged, has no fault and may ask for anything."""
    assert understand(text).fault == ""
    assert understand(text).uses == (Use(ANYWHERE),)
