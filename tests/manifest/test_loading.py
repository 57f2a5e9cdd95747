"""From text to wanted flows: overrides, permission sets, subscriptions, places, and what can never happen."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowdeck import manifest
from flowdeck.manifest.document import Document
from flowdeck.manifest.layers import Source, combine, merged
from flowdeck.model.errors import Misused
from flowdeck.model.flow import Flow
from flowdeck.model.json_value import Json
from flowdeck.model.manifest import Manifest
from flowdeck.model.risk import Level

ADA, CI, BOB = (f"urn:globus:auth:identity:2b1c7c2e-8f4c-4e0c-9d2b-0c6c5b1d6a{number}" for number in (10, 11, 12))
STAFF = "urn:globus:groups:id:2b1c7c2e-8f4c-4e0c-9d2b-0c6c5b1d6a20"
LAB, OTHER = "7d6064ef-5368-473a-b15b-e99c3561aa9b", "7d6064ef-5368-473a-b15b-e99c3561aa9c"
DEFINITION = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}

PROJECT = f"""\
version: 1
project: beamline-ingest
default_environment: sandbox
environments:
  sandbox: {{service: emulator}}
  production:
    service: https://flows.example.org/
    deployers: [ci]
    variables: {{staging: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc}}
    principals: {{staff: identity:2b1c7c2e-8f4c-4e0c-9d2b-0c6c5b1d6a12}}
    guardrails: {{open-start: block, public-view: null}}
    permissions: {{extra: {{viewers: null, run_monitors: [ada]}}}}
    flows:
      two-hop: {{title: Two hop transfer, keywords: null, definition: {{StartAt: B, States: {{B: {{Type: Fail}}}}}}}}
      sandbox-test: null
      new: {{definition: {{StartAt: A, States: {{A: {{Type: Pass, End: true}}}}}}, subscription: null}}
variables:
  staging: {{type: uuid, description: Where data rests}}
  plain: [1, 2]
secrets:
  key: {{env: KEY}}
principals:
  ada: identity:2B1C7C2E-8F4C-4E0C-9D2B-0C6C5B1D6A10
  staff: group:2b1c7c2e-8f4c-4e0c-9d2b-0c6c5b1d6a20
  ci: {CI}
subscriptions:
  lab: {{id: {LAB.upper()}, flows: ["*", "!sandbox-*"]}}
  other: {OTHER}
permissions:
  everybody:
    flows: ["*", "!sandbox-*"]
    viewers: [staff, public]
    starters: [staff, all_authenticated_users]
    administrators: [ada]
  extra:
    viewers: [ci]
guardrails:
  public-view: warn
  open-start: "off"
  allowed-action-hosts: [transfer.actions.globus.org]
  administrators-required: [ada]
flows:
  two-hop:
    subtitle: A subtitle
    description: Text
    keywords: [transfer, hop]
    definition:
      StartAt: A
      States: {{A: {{Type: Pass, End: true, Parameters: {{m: 1.0}}}}}}
    input_schema: {{type: object}}
    permissions: [extra, {{viewers: [ada], run_managers: [{BOB}]}}]
    authentication_policy: 7D6064EF-5368-473A-B15B-E99C3561AA9D
    protect: true
    ignore: [description, viewers]
    id: 7D6064EF-5368-473A-B15B-E99C3561AA9E
    moved_from: old-name
    owner: self
  sandbox-test:
    definition: {{StartAt: A, States: {{A: {{Type: Pass, End: true}}}}}}
    subscription: DEFAULT
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(text: str, environment: str | None = None) -> Manifest:
    Path("flows.yaml").write_text(text, encoding="utf-8")
    loaded, diagnostics = manifest.load(Path("flows.yaml"), environment)
    assert loaded is not None, diagnostics
    assert diagnostics == ()
    return loaded


def test_a_manifest_without_overrides() -> None:
    """Every key of a flow arrives in normal form: URNs, lower-case UUIDs, sets, the name as default title."""
    loaded = load(PROJECT)
    assert (loaded.project, loaded.environment, loaded.service) == ("beamline-ingest", "sandbox", "emulator")
    assert (loaded.folder, loaded.deployers) == (Path(), frozenset())
    assert loaded.guardrails.levels == {"public-view": Level.WARN, "open-start": Level.OFF}
    assert loaded.guardrails.allowed_action_hosts == ("transfer.actions.globus.org",)
    assert loaded.guardrails.administrators_required == (ADA,)
    test, hop = loaded.flows
    assert test.flow == Flow(title="sandbox-test", definition=Json.of(DEFINITION), subscription="DEFAULT")
    assert hop.flow == Flow(
        title="two-hop",
        subtitle="A subtitle",
        description="Text",
        keywords=frozenset({"transfer", "hop"}),
        definition=Json.of(
            {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True, "Parameters": {"m": 1}}}},
        ),
        input_schema=Json.of({"type": "object"}),
        viewers=frozenset({STAFF, "public", CI, ADA}),
        starters=frozenset({STAFF, "all_authenticated_users"}),
        administrators=frozenset({ADA}),
        run_managers=frozenset({BOB}),
        subscription=LAB,
        authentication_policy="7d6064ef-5368-473a-b15b-e99c3561aa9d",
        owner="self",
    )
    assert (hop.ignore, hop.id) == (frozenset({"description", "viewers"}), "7d6064ef-5368-473a-b15b-e99c3561aa9e")
    assert (hop.moved_from, hop.protect, test.protect) == ("old-name", True, False)


def test_an_environment_overrides() -> None:
    """Mappings merge, anything else replaces, null removes the key; definitions are replaced whole; flows are added."""
    loaded = load(PROJECT, "production")
    assert (loaded.environment, loaded.service, loaded.deployers) == (
        "production", "https://flows.example.org/", {CI},
    )  # fmt: skip
    assert loaded.guardrails.levels == {"open-start": Level.BLOCK}
    new, hop = loaded.flows
    assert (new.name, new.flow.subscription, new.flow.viewers) == ("new", LAB, {BOB, "public"})
    assert (hop.flow.title, hop.flow.subtitle, hop.flow.keywords) == ("Two hop transfer", "A subtitle", frozenset())
    assert hop.flow.definition == Json.of({"StartAt": "B", "States": {"B": {"Type": "Fail"}}})
    assert (hop.flow.viewers, hop.flow.run_monitors) == ({BOB, "public", ADA}, {ADA})


@pytest.mark.parametrize(
    ("environment", "flow", "path", "line", "rest"),
    [
        ("sandbox", "two-hop", (), 43, "two-hop:"),
        ("sandbox", "two-hop", ("title",), 43, "two-hop:"),
        ("sandbox", "two-hop", ("keywords",), 46, "[transfer, hop]"),
        ("sandbox", "two-hop", ("definition", "States", "A", "Parameters", "m"), 49, "1.0}"),
        ("sandbox", "two-hop", ("definition", "States", "Z", "Next"), 49, "States: {A"),
        ("sandbox", "two-hop", ("viewers",), 32, "[staff, public]"),
        ("sandbox", "two-hop", ("viewers", ADA), 51, "ada], run_managers"),
        ("sandbox", "two-hop", ("viewers", CI), 36, "ci]"),
        ("sandbox", "two-hop", ("run_managers",), 51, "[urn:globus"),
        ("sandbox", "two-hop", ("run_monitors",), 43, "two-hop:"),
        ("sandbox", "two-hop", ("subscription",), 27, "{id: 7D60"),
        ("sandbox", "sandbox-test", ("subscription",), 60, "DEFAULT"),
        ("production", "two-hop", ("title",), 14, "Two hop transfer, keywords"),
        ("production", "two-hop", ("subtitle",), 44, "A subtitle"),
        ("production", "two-hop", ("definition", "States", "B"), 14, "{Type: Fail}}"),
        ("production", "two-hop", ("definition", "States", "A"), 14, "States: {B"),
        ("production", "two-hop", ("run_monitors",), 12, "[ada]"),
        ("production", "new", (), 16, "new: {definition"),
    ],
)
def test_places_lead_to_where_the_user_wrote_it(
    environment: str, flow: str, path: tuple[str, ...], line: int, rest: str
) -> None:
    """A value's place is in the topmost layer that has it, in the set that grants it, or its deepest written part."""
    place = load(PROJECT, environment).places.of(flow, path)
    assert place is not None
    assert (place.file, place.line) == ("flows.yaml", line)
    assert place.excerpt[place.column - 1 :].startswith(rest)


def test_a_flow_that_is_not_named_has_no_place() -> None:
    """Places know only the flows of their environment."""
    assert load(PROJECT, "sandbox").places.of("new") is None
    assert load(PROJECT, "production").places.of("sandbox-test") is None


FLOWS = "flows: {one: {definition: {StartAt: A, States: {A: {Type: Pass, End: true}}}}}\n"
HEAD = "version: 1\nproject: demo\n"
BOTH = "environments: {a: {service: emulator}, b: {service: globus}}\n"


@pytest.mark.parametrize(
    ("environments", "asked", "chosen"),
    [
        ("", None, ("sandbox", "emulator")),
        ("", "sandbox", ("sandbox", "emulator")),
        ("environments: {}\n", None, ("sandbox", "emulator")),
        ("environments: {prod: {service: globus}}\n", None, ("prod", "globus")),
        (f"{BOTH}default_environment: b\n", None, ("b", "globus")),
        (f"{BOTH}default_environment: b\n", "a", ("a", "emulator")),
    ],
)  # fmt: skip
def test_the_environment_is_asked_for_the_default_or_the_only_one(
    environments: str, asked: str | None, chosen: tuple[str, str]
) -> None:
    """Without `environments` there is one, sandbox, on the emulator."""
    loaded = load(HEAD + environments + FLOWS, asked)
    assert (loaded.environment, loaded.service) == chosen


@pytest.mark.parametrize(
    ("environments", "asked", "hint"),
    [
        ("", "production", "the environments are: `sandbox`"),
        ("environments: {production: {service: globus}}\n", "prodution", "did you mean `production`?"),
    ],
)
def test_an_unknown_environment_is_a_misuse(environments: str, asked: str, hint: str) -> None:
    """An environment that the command line names and the manifest lacks is the command line's mistake."""
    Path("flows.yaml").write_text(HEAD + environments + FLOWS)
    with pytest.raises(Misused) as caught:
        manifest.load(Path("flows.yaml"), asked)
    (one,) = caught.value.diagnostics
    assert (one.code, one.message, one.hint) == ("unknown-environment", f"there is no environment `{asked}`", hint)


@pytest.mark.parametrize(
    ("keywords", "fits"),
    [(["k" * 805], True), (["k" * 806], False), (["k" * 403, "m" * 402], True), (["k" * 806] * 2, False)],
)
def test_keywords_share_the_limit_with_flowdecks_own(keywords: list[str], fits: bool) -> None:
    """All keywords together have 1024 characters, of which the marker, the longest stamp and protection need some."""
    text = yaml.safe_dump({"definition": DEFINITION, "keywords": keywords})
    Path("flows.yaml").write_text(f"{HEAD}flows:\n  one:\n    " + text.replace("\n", "\n    "))
    codes = {one.code for one in manifest.load(Path("flows.yaml"))[1]} - {"duplicate-keyword"}
    assert codes == (set() if fits else {"keywords-too-long"})


@pytest.mark.parametrize(("count", "fits"), [(16, True), (17, False)])
def test_a_role_has_at_most_16_principals(count: int, fits: bool) -> None:
    """The service's limit is checked after the union, in which a principal that two sets name counts once."""
    groups = [f"group:2b1c7c2e-8f4c-4e0c-9d2b-0c6c5b1d6a{number}" for number in range(10, 10 + count)]
    sets = {"a": {"flows": ["*"], "viewers": groups[:9]}, "b": {"flows": ["*"], "viewers": groups[5:]}}
    text = yaml.safe_dump({"version": 1, "project": "demo", "permissions": sets})
    Path("flows.yaml").write_text(text + FLOWS)
    assert [one.code for one in manifest.load(Path("flows.yaml"))[1]] == ([] if fits else ["too-many-principals"])


def test_two_sets_may_name_the_same_subscription() -> None:
    """Two subscriptions for one flow are an error only when they differ."""
    sets = f"subscriptions: {{a: {{id: {LAB}, flows: ['*']}}, b: {{id: {LAB}, flows: [one]}}}}\n"
    assert load(HEAD + sets + FLOWS).flows[0].flow.subscription == LAB


KEYS = st.sampled_from("abc")
SECTIONS_OF_NAMES = ["variables", "principals", "flows", "permissions"]
PATCHES = st.recursive(
    st.none() | st.integers(0, 3) | st.lists(st.integers(0, 3), max_size=2),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
VALUES = PATCHES.filter(lambda value: value is not None)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return value


@given(st.dictionaries(KEYS, VALUES), st.dictionaries(KEYS, PATCHES))
def test_an_override_is_a_merge_patch(under: dict[str, Any], over: dict[str, Any]) -> None:
    """Nothing over a value leaves it; an override twice is the override; what it says is what is there."""
    assert merged(under, {}) == under
    once = merged(under, over)
    assert merged(once, over) == once
    assert merged({}, over) == without_nulls(over)
    for key, value in over.items():
        assert (key in once) == (value is not None)
        if value is not None and not (isinstance(value, dict) and isinstance(under.get(key), dict)):
            assert once[key] == without_nulls(value)
    assert all(once[key] == under[key] for key in under.keys() - over.keys())


# Small keys hold anything but mappings, large ones mappings; nothing is removed.
TREES = st.recursive(
    st.dictionaries(KEYS, st.integers(0, 3) | st.lists(st.integers(0, 3), max_size=2), max_size=3),
    lambda inner: st.builds(lambda leaves, deeper: leaves | deeper, *[st.dictionaries(KEYS, st.integers()),
                                                                      st.dictionaries(st.sampled_from("ABC"), inner)]),
    max_leaves=6,
)  # fmt: skip


@given(TREES, TREES, TREES)
def test_overrides_are_associative(first: Any, second: Any, third: Any) -> None:
    """One override after the other is both in one, as long as none removes a key or turns text into a mapping."""
    assert merged(merged(first, second), third) == merged(first, merged(second, third))
    flows = [{"flows": {"one": {"title": "x", "definition": tree}}} for tree in (first, second, third)]
    assert merged(merged(flows[0], flows[1]), flows[2]) == merged(flows[0], merged(flows[1], flows[2])) == flows[2]


@given(st.dictionaries(st.tuples(st.sampled_from(SECTIONS_OF_NAMES), KEYS), st.integers(0, 2), max_size=9))
def test_files_are_associative(homes: dict[tuple[str, str], int]) -> None:
    """How entries are spread over files, in which order and by which file they are included, does not matter."""
    files: list[dict[str, Any]] = [{}, {}, {}]
    for (section, name), home in homes.items():
        files[home].setdefault(section, {})[name] = {"of": name}

    def combined(*values: Any) -> Any:
        layers, wrong = combine(tuple(Source(Document("a.yaml", value=value), Path()) for value in values))
        assert wrong == []
        return layers.value

    first, second, third = files
    whole = combined(first, second, third)
    assert whole == combined(combined(first, second), third) == combined(first, combined(second, third))
    assert whole == combined(third, first, second)


def test_an_override_changes_nothing_below() -> None:
    """Merging makes new mappings: another environment's flows stay as they were."""
    under = {"flows": {"a": {"title": "x", "definition": {"b": 1}}}}
    over = {"flows": {"a": {"title": "y", "definition": {"c": None}}}}
    assert merged(under, over) == {"flows": {"a": {"title": "y", "definition": {"c": None}}}}
    assert under == {"flows": {"a": {"title": "x", "definition": {"b": 1}}}}


PIECES = st.sampled_from(
    ["\n", "  ", ": ", "- ", "{", "}", "[", "]", "&a ", "*a", "!x ", "'", '"', "\t", "null", "on", "5", "${x}", "<<: ",
     "public", "flows:", "~", "../x", "/", "\0", "\u202e", "#", "|", "@", "%", "one", "[]", "{}"]
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=300)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), PIECES), max_size=5),
    st.booleans(),
    st.sampled_from([None, "production"]),
)
def test_a_damaged_manifest_never_raises(
    damages: list[tuple[float, int, str]], definitions: bool, environment: str | None
) -> None:
    """However a valid manifest is damaged, the answer is a manifest or located errors, the same each time."""
    text = PROJECT
    for where, length, piece in damages:
        at = int(where * len(text))
        text = text[:at] + piece + text[at + length :]
    Path("flows.yaml").write_text(text, encoding="utf-8")
    try:
        loaded, diagnostics = manifest.load(Path("flows.yaml"), environment, definitions=definitions)
    except Misused:
        return
    assert (loaded is None) == any(one.severity == "error" for one in diagnostics)
    assert all(one.place and one.place.file and one.hint for one in diagnostics)
    assert manifest.load(Path("flows.yaml"), environment, definitions=definitions) == (loaded, diagnostics)


SHAPES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["public", "DEFAULT", "self", "one", "*"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["one", "two", "id", "flows", "x"]), inner)
    ),
    max_leaves=6,
)
SECTIONS = [
    "version", "project", "default_environment", "include", "environments", "variables", "secrets", "principals",
    "subscriptions", "permissions", "guardrails", "flows", "other",
]  # fmt: skip
FIELDS = [
    "title", "subtitle", "description", "keywords", "definition", "input_schema", "permissions", "subscription",
    "authentication_policy", "protect", "ignore", "id", "moved_from", "owner", "other",
]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=300)
@given(st.dictionaries(st.sampled_from(SECTIONS), SHAPES), st.dictionaries(st.sampled_from(FIELDS), SHAPES))
def test_no_shape_raises(sections: dict[str, Any], fields: dict[str, Any]) -> None:
    """Whatever stands under the keys of a manifest and a flow, the answer is a manifest or located errors."""
    value = {"version": 1, "project": "demo", "flows": {"one": fields}} | sections
    Path("flows.yaml").write_text(yaml.safe_dump(value, allow_unicode=True), encoding="utf-8")
    loaded, diagnostics = manifest.load(Path("flows.yaml"))
    assert (loaded is None) == any(one.severity == "error" for one in diagnostics)
    assert all(one.place and one.place.file and one.hint for one in diagnostics)
