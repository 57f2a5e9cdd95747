"""JSONPaths: what is read, what cannot be read, and that nothing makes the reader fail."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flowdeck.definition.values.jsonpath import ANYWHERE, JsonPath, Several, Steps, definite, read, several, shown

READABLE: list[tuple[str, Steps]] = [
    ("$", ()),
    ("$.a.b", ("a", "b")),
    ("$['a b'].c", ("a b", "c")),
    ('$["a"]["b"]', ("a", "b")),
    ("$['it\\'s'].x", ("it's", "x")),
    ("$['a.b']", ("a.b",)),
    ("$['']", ("",)),
    ("$.a[0]", ("a", 0)),
    ("$.a[-1].b", ("a", -1, "b")),
    ("$[ 0 ]", (0,)),
    ("$.submitting-user-id", ("submitting-user-id",)),
    ("$.größe._private", ("größe", "_private")),
    ("$.['a']", ("a",)),
    ("$[a]", ("a",)),
    ("$.a[1:]", ("a", Several.SLICE)),
    ("$.a[:-1:2]", ("a", Several.SLICE)),
    ("$.a[*].b", ("a", Several.WILDCARD, "b")),
    ("$.*", (Several.WILDCARD,)),
    ("$..a", (Several.SEARCH, "a")),
    ("$.a..[0]", ("a", Several.SEARCH, 0)),
    ("$.a[?(@.b == ']' && @.c[0])]", ("a", Several.FILTER)),
    ("$.a[(@.length-1)]", ("a", Several.FILTER)),
    ("$['a','b']", (Several.UNION,)),
    ("$.a[0, 2]", ("a", Several.UNION)),
    ("$.a.length()", ("a", Several.UNKNOWN)),
    ("$.a[99999999999999999999]", ("a", Several.UNKNOWN)),
    ("$.flow.\x00{flow.child.id}", ANYWHERE),
    ("\x00{secret.path}", ANYWHERE),
    ("$" + ".a" * 600, ANYWHERE),
]
UNREADABLE = [
    ("", "it is empty", ""),
    ("a.b", "it does not begin with `$`", "$.a.b"),
    (" $.a", "it does not begin with `$`", "$.a"),
    ("a + b", "it does not begin with `$`", ""),
    ("$a.b", "after `$` comes `.` or `[`", "$.a.b"),
    ("$$.Execution", "it begins with `$$`; the run's context is `$._context`", ""),
    ("$.", "it ends with a dot", ""),
    ("$..", "it ends with a dot", ""),
    ("$.a.", "it ends with a dot", "$.a"),
    ("$.a...b", "a step is empty", ""),
    ("$.a. .b", "a step is empty", ""),
    ("$.a[]", "brackets are empty", ""),
    ("$.a[ ]", "brackets are empty", ""),
    ("$.a[0", "a `[` is never closed", ""),
    ("$.a]", "a `]` closes nothing", ""),
    ("$.a[0]]", "a `]` closes nothing", ""),
    ("$.a['b]", "a quote is never closed", ""),
    ("$.a[0]b", "after `]` comes `.` or `[`", "$.a[0].b"),
    ("$.a[1.5]", "brackets hold neither an index nor a quoted name, a slice or a filter", ""),
    ("$.a[b c]", "brackets hold neither an index nor a quoted name, a slice or a filter", ""),
]


@pytest.mark.parametrize(("text", "steps"), READABLE)
def test_paths_are_read_step_by_step(text: str, steps: Steps) -> None:
    """Whatever readers of JSONPaths take has its steps, and no fault."""
    assert read(text) == JsonPath(steps)


@pytest.mark.parametrize(("text", "fault", "meant"), UNREADABLE)
def test_what_nobody_can_read_has_a_fault(text: str, fault: str, meant: str) -> None:
    """What is no JSONPath says why, and what was meant where that is plain; its steps may lead anywhere."""
    assert read(text) == JsonPath(ANYWHERE, fault, meant)


@given(st.one_of(st.text(), st.text(alphabet="$.[]'\"*:?(@)-0ab \\\x00{,")))
@example("$" + "[" * 900)
@example("$[" + "'" * 901)
@example("$.a[" + " " * 900 + "x]")
@example("$" + "[0]b" * 240)
def test_any_text_is_read_or_has_a_fault(text: str) -> None:
    """The reader never fails, and a fault never quotes the text, which may be private."""
    path = read(text)
    assert not (path.meant and not path.fault)
    assert path.fault in {"", *(fault for _, fault, _ in UNREADABLE)}
    if not path.fault and "\x00{" not in text:
        assert text.startswith("$")


@given(st.lists(st.one_of(st.integers(-9, 9), st.text(min_size=1)), max_size=6))
def test_quoted_names_are_read_back(steps: list[str | int]) -> None:
    """A path of quoted names and indexes leads where they say, whatever the names are."""
    text = "$"
    for step in steps:
        quoted = step.replace("\\", "\\\\").replace("'", "\\'") if isinstance(step, str) else step
        text += f"['{quoted}']" if isinstance(step, str) else f"[{step}]"
    if "\x00{" not in text:
        assert read(text).steps == tuple(steps)


def test_only_what_is_definite_leads_to_one_place() -> None:
    """The steps before the first that leads to several places are definite, and shown as an expression writes them."""
    steps = read("$.a['b'][0].c[*].d").steps
    assert definite(steps) == ("a", "b", 0, "c")
    assert several(steps) is Several.WILDCARD
    assert several(read("$.a.b").steps) is None
    assert shown(steps) == "a.b[0].c"
