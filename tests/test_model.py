"""The nouns: values that are equal exactly when they mean the same, and texts that can be read back."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeck.model.diagnostic import Diagnostic, Place, Severity, has_errors, in_order
from flowdeck.model.flow import CANNOT_BE_CLEARED, FIELDS, SENSITIVE, Flow, WantedFlow, private_parameters, redacted
from flowdeck.model.json_value import Json
from flowdeck.model.marker import NAME, PROTECTION, Keywords, Marker, Stamp, field_digest, join, split
from flowdeck.plan.diff import path_text

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)
NAMES = st.from_regex(NAME, fullmatch=True)
MARKERS = st.builds(Marker, NAMES, NAMES, NAMES)
STAMPS = st.builds(
    Stamp,
    st.dictionaries(st.sampled_from(FIELDS), st.from_regex(r"[0-9a-f]{6}", fullmatch=True)),
    st.from_regex(r"([0-9a-f]{12})?", fullmatch=True),
    st.none() | st.uuids().map(str),
)
USERS = st.frozensets(st.text(min_size=1).filter(lambda text: not text.startswith("flowdeck")))


# --- Json


@given(VALUES)
def test_json_round_trip(value: Any) -> None:
    """A value's normal form is a fixed point: reading it and forming it again changes nothing."""
    normal = Json.of(value)
    assert Json.of(normal.value) == normal
    assert Json.of(json.loads(json.dumps(value))) == normal
    assert hash(Json.of(normal.value)) == hash(normal)


@given(st.dictionaries(st.text(), VALUES, min_size=2))
def test_key_order_does_not_matter(value: dict[str, Any]) -> None:
    """Objects are equal whatever the order of their keys, at any depth."""
    turned = dict(reversed(value.items()))
    assert Json.of(turned) == Json.of(value)
    assert Json.of([{"a": turned}]) == Json.of([{"a": value}])


@given(st.lists(VALUES, min_size=2))
def test_array_order_matters(value: list[Any]) -> None:
    """Arrays are equal only item by item."""
    turned = value[::-1]
    assert (Json.of(turned) == Json.of(value)) == all(
        Json.of(one) == Json.of(other) for one, other in zip(turned, value, strict=True)
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        (False, 0),
        (None, ""),
        (None, False),
        ("1", 1),
        (1, 1.5),
        ([], {}),
        ("a", ["a"]),
        ("", []),
        (0.1, 0.2),
    ],
)
def test_json_tells_apart(one: object, other: object) -> None:
    """`true` is not 1, null is not "", text is not a number: what JSON tells apart is not equal."""
    assert Json.of(one) != Json.of(other)
    assert Json.of({"k": [one]}) != Json.of({"k": [other]})


@pytest.mark.parametrize(
    ("one", "other"), [(1.0, 1), (-0.0, 0), (1e3, 1000), (1e22, 10**22), (100.0, 1e2), (-5.0, -5), (2.50, 2.5)]
)
def test_json_same_number(one: object, other: object) -> None:
    """A number is the same however it is written."""
    assert Json.of(one) == Json.of(other)
    assert Json.of({"k": [one, "1.0", "1e3"]}) == Json.of({"k": [other, "1.0", "1e3"]})


@given(st.text())
def test_text_stays(text: str) -> None:
    """Text that looks like a number stays text."""
    assert Json.of({"a": text}).value == {"a": text}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), [float("nan")], {"a": float("inf")}])
def test_no_number(value: object) -> None:
    """What JSON has no text for is refused."""
    with pytest.raises(ValueError, match="JSON"):
        Json.of(value)


@pytest.mark.parametrize(
    ("value", "empty"), [(None, 1), ("", 1), ([], 1), ({}, 1), (0, 0), (False, 0), ([None], 0), (" ", 0)]
)
def test_empty(value: object, empty: int) -> None:
    """null, "", [] and {} are empty; 0 and false are values."""
    assert Json.of(value).is_empty == bool(empty)


# --- markers and stamps


@given(USERS, MARKERS, STAMPS, st.booleans())
def test_keywords_round_trip(users: frozenset[str], marker: Marker, stamp: Stamp, protect: bool) -> None:
    """Keywords that are joined and split again are the same, whoever re-orders them meanwhile."""
    sent = join(users, marker, stamp, protect=protect)
    for keywords in (sent, sent[::-1], sorted(sent)):
        found = split(keywords)
        assert found == Keywords(users, (marker,), found.stamp, protect)
        assert found.stamp
        assert dict(found.stamp.digests) == dict(stamp.digests)
        assert (found.stamp.commit, found.stamp.replaces) == (stamp.commit, stamp.replaces)
    assert len(sent) == len(set(sent))


@given(USERS, MARKERS, STAMPS)
def test_keywords_do_not_depend_on_order(users: frozenset[str], marker: Marker, stamp: Stamp) -> None:
    """The same keywords are sent in the same order, whatever the order of a set."""
    assert join(sorted(users, reverse=True), marker, stamp, protect=True) == join(users, marker, stamp, protect=True)


@given(st.lists(st.text() | st.text().map("flowdeck:".__add__) | st.text().map("flowdeck-stamp:".__add__)))
def test_any_keywords_can_be_read(keywords: list[str]) -> None:
    """Whatever somebody wrote into the keywords, reading them raises nothing and loses no user's keyword."""
    found = split(keywords)
    assert found.users >= {one for one in keywords if not one.startswith("flowdeck")}
    assert [str(marker) in keywords for marker in found.markers] == [True] * len(found.markers)


@pytest.mark.parametrize(
    "text",
    [
        "flowdeck:", "flowdeck:a", "flowdeck:a/b", "flowdeck:a/b/c/d", "flowdeck:A/b/c", "flowdeck:a/b/",
        "flowdeck: a/b/c",
        "flowdeck:a/b/c\n", "Flowdeck:a/b/c", "flowdeck:a/b/" + "c" * 49, "flowdeck:-a/b/c", "flowdeck:a/b/*",
    ],
)  # fmt: skip
def test_no_marker(text: str) -> None:
    """What only resembles a marker is a keyword of the user's."""
    assert split([text]) == Keywords(frozenset({text}))


@pytest.mark.parametrize(
    "text", ["2:abc:tffffff", "2:abc:tffffff:x:y", "", "1", "1:abc", "x:abc:t000000", "1:a:b:c:d", ":::"]
)
def test_unknown_stamp(text: str) -> None:
    """A stamp of another version, or none that can be read, means that the origin is unknown; it is never an error."""
    found = split(["mine", "flowdeck:a/b/c", f"flowdeck-stamp:{text}"])
    assert (found.users, found.stamp) == (frozenset({"mine"}), None)


def test_stamp_with_unknown_field() -> None:
    """A field letter of a later version is skipped, and what is known is kept."""
    stamp = split(["flowdeck-stamp:1:abc:t111111.9222222.s333333"]).stamp
    assert stamp
    assert dict(stamp.digests) == {"title": "111111", "subtitle": "333333"}


def test_two_markers() -> None:
    """A flow that two addresses claim shows both, in order."""
    found = split(["flowdeck:b/b/b", "flowdeck:a/a/a", PROTECTION])
    assert [str(marker) for marker in found.markers] == ["flowdeck:a/a/a", "flowdeck:b/b/b"]
    assert found.protected


def test_the_longest_keywords_fit() -> None:
    """The longest marker, a full stamp with a replaced id, and the protection leave most of 1024 characters."""
    stamp = Stamp(dict.fromkeys(FIELDS, "0" * 6), "0" * 12, "0" * 36)
    ours = join([], Marker("p" * 48, "e" * 48, "n" * 48), stamp, protect=True)
    assert sum(map(len, ours)) < 1024 / 2


@given(VALUES, VALUES)
def test_field_digest(one: Any, other: Any) -> None:
    """Equal values have equal digests, of six digits."""
    first, second = Json.of(one), Json.of(other)
    assert len(field_digest(first)) == 6
    assert first != second or field_digest(first) == field_digest(second)


# --- private parameters


def private(**parameters: Any) -> dict[str, Any]:
    """A definition with one state of these parameters."""
    return {"States": {"A": {"Type": "Action", "Parameters": parameters}}}


CASES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (private(key="s", __Private_Parameters=["key"]), {"key": SENSITIVE}),
    (private(**{"key.$": "$.s", "__Private_Parameters": ["key"]}), {"key.$": SENSITIVE}),
    (private(**{"key.=": "f(s)", "__Private_Parameters": ["key"]}), {"key.=": SENSITIVE}),
    (private(key={"deep": ["s"]}, __Private_Parameters=["key"]), {"key": SENSITIVE}),
    (private(key=["s", {"a": "s"}], __Private_Parameters=["key"]), {"key": SENSITIVE}),
    (private(key=None, __Private_Parameters=["key"]), {"key": SENSITIVE}),
    (private(a="s", b="s", c="open", __Private_Parameters=["a", "b"]), {"a": SENSITIVE, "b": SENSITIVE, "c": "open"}),
    (private(key="open", __Private_Parameters=["other"]), {"key": "open"}),
    (private(key="s", __Private_Parameters="key"), {"key": SENSITIVE}),
    (private(**{"key.$": "$.s", "__Private_Parameters": ["key.$"]}), {"key.$": SENSITIVE}),
    (private(key="open", __Private_Parameters=[1, None, ["key"]]), {"key": "open"}),
    (private(keys="open", __Private_Parameters=["key"]), {"keys": "open"}),
]


@pytest.mark.parametrize(("definition", "shown"), CASES)
def test_redacted(definition: dict[str, Any], shown: dict[str, Any]) -> None:
    """What `__Private_Parameters` lists is hidden, in every spelling and of any type; beside no list, all is."""
    parameters = dict(redacted(Json.of(definition)).value["States"]["A"]["Parameters"])
    parameters.pop("__Private_Parameters")
    assert parameters == shown


def test_redacted_at_any_depth() -> None:
    """Private parameters are found in nested objects, in lists, and beside other lists of their own."""
    inner = {"key": "s", "__Private_Parameters": ["key"]}
    definition = {"States": {"A": {"Parameters": {"list": [{"more": inner}], "key": "open"}}, "key": "open"}}
    assert private_parameters(definition) == {("States", "A", "Parameters", "list", 0, "more", "key")}


def test_redacted_by_either_side() -> None:
    """A value that one side calls private is hidden on both."""
    closed = Json.of(private(key="s", __Private_Parameters=["key"]))
    opened = Json.of(private(key="s"))
    assert "s" not in redacted(opened, closed).value["States"]["A"]["Parameters"].values()


@given(st.text(min_size=8), VALUES)
def test_redacted_value_is_gone(secret: str, value: Any) -> None:
    """A private value is not in the text of what is shown, whatever surrounds it."""
    definition = private(key=secret + "!canary!", other=value, __Private_Parameters=["key"])
    assert "!canary!" not in redacted(Json.of(definition)).text


@given(VALUES)
def test_nothing_private(value: Any) -> None:
    """A definition without private parameters is shown as it is."""
    assert redacted(Json.of({"States": value})) == Json.of({"States": value})


# --- flows


def wanted(**fields: Any) -> WantedFlow:
    """A declared flow; `ignore` and the fields of a flow."""
    ignore = fields.pop("ignore", frozenset())
    return WantedFlow("one", Flow(title="t", definition=Json.of({}), **fields), ignore=ignore)


def test_managed_fields() -> None:
    """Everything that can be cleared is managed; the three that cannot are, only when they are declared."""
    assert set(wanted().managed) == set(FIELDS) - set(CANNOT_BE_CLEARED)
    assert set(wanted(subscription="DEFAULT", owner="self", authentication_policy="x").managed) == set(FIELDS)


@given(st.frozensets(st.sampled_from(FIELDS)))
def test_ignored_fields(ignore: frozenset[str]) -> None:
    """An ignored field is not managed, and the order is that of FIELDS."""
    managed = wanted(ignore=ignore, subscription="DEFAULT").managed
    assert not set(managed) & ignore
    assert list(managed) == [field for field in FIELDS if field in managed]


@given(st.frozensets(st.text()))
def test_sets_have_one_normal_form(people: frozenset[str]) -> None:
    """Roles and keywords are sets: their normal form is sorted."""
    flow = Flow(title="t", definition=Json.of({}), viewers=people, keywords=people)
    assert flow.normal("viewers").value == sorted(people) == flow.normal("keywords").value


# --- paths


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (["title"], "title"),
        (["definition", "States", "Transfer1", "WaitTime"], "definition.States.Transfer1.WaitTime"),
        (["definition", "States", "My state", "Choices", 0, "Next"], 'definition.States["My state"].Choices[0].Next'),
        (["a", "b-c", "d_e", "9"], "a.b-c.d_e.9"),
        (["a", ""], 'a[""]'),
        (["a", "b.c"], 'a["b.c"]'),
        (["a", "key.$"], 'a["key.$"]'),
        (["a", 'say "hi"'], 'a["say \\"hi\\""]'),
        (["a", "back\\slash"], 'a["back\\\\slash"]'),
        (["a", "0", 0], "a.0[0]"),
        (["a", "ü"], 'a["ü"]'),
    ],
)
def test_path_text(path: list[str | int], text: str) -> None:
    """Segments of letters, digits, `_` and `-` are joined with dots, others are quoted in brackets."""
    assert path_text(path) == text


PATHS = st.lists(st.text() | st.integers(0, 99), min_size=1, max_size=4).map(lambda path: ["definition", *path])


@given(PATHS, PATHS)
def test_path_text_tells_apart(one: list[str | int], other: list[str | int]) -> None:
    """Two paths have one text only if they are the same path."""
    assert (path_text(one) == path_text(other)) == (one == other)


# --- diagnostics


def diagnostic(file: str | None, line: int = 1, column: int = 1, **fields: Any) -> Diagnostic:
    """A problem somewhere."""
    place = Place(file, line, column) if file is not None else None
    return Diagnostic(**{"code": "unknown-field", "message": "m", "place": place, **fields})


def test_diagnostics_in_order() -> None:
    """Diagnostics are sorted by file, line and column, as numbers; those without a place come last; each comes once."""
    ordered = [
        diagnostic("a.yaml", 2, 9),
        diagnostic("a.yaml", 10, 1),
        diagnostic("a.yaml", 10, 1, message="n"),
        diagnostic("b.yaml", 1, 1),
        diagnostic(None, address=None),
        diagnostic(None, address="flow.a"),
        diagnostic(None, address="flow.b"),
    ]
    assert in_order([*ordered[::-1], *ordered]) == tuple(ordered)


@given(st.permutations([diagnostic(file, line) for file in ("a", "b", None) for line in (1, 2, 11)]))
def test_diagnostics_order_is_one(found: list[Diagnostic]) -> None:
    """Whatever the order in which problems are found, they are told in one."""
    assert in_order(found) == in_order(found[::-1])


@pytest.mark.parametrize(
    ("severities", "errors"),
    [([], False), (["note", "warning"], False), (["warning", "error"], True), (["error"], True)],
)
def test_has_errors(severities: list[str], errors: bool) -> None:
    """Only errors are errors."""
    assert has_errors(diagnostic("a", severity=Severity(one)) for one in severities) == errors


def test_a_place_is_not_its_excerpt() -> None:
    """Two diagnostics at one place are the same, whichever of them carries the line."""
    assert Place("a", 1, 2, "text") == Place("a", 1, 2)
    assert hash(Place("a", 1, 2, "text")) == hash(Place("a", 1, 2))


@pytest.mark.parametrize(
    "make",
    [
        diagnostic,
        lambda text: Json.of({"a": text}),
        lambda text: wanted(subtitle=text),
        lambda text: Marker(text, "e", "n"),
        lambda text: split([text]),
    ],
)
def test_values_are_hashable(make: Callable[[str], object]) -> None:
    """Values that are made alike are equal and can be members of sets, so that plans can be."""
    assert len({make("a"), make("a"), make("b")}) == 2
