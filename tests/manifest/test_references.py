"""Variables and references: who gives the values, what is replaced by what, and what stays for later."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowdeck import manifest
from flowdeck.manifest import circles
from flowdeck.manifest.references import Reference, Unresolved, resolve
from flowdeck.model.diagnostic import Diagnostics
from flowdeck.model.errors import Misused
from flowdeck.model.manifest import Manifest
from flowdeck.model.reference import late, late_references

from .test_texts import VALUES

ADA = "urn:globus:auth:identity:2b1c7c2e-8f4c-4e0c-9d2b-0c6c5b1d6a10"
LAB = "7d6064ef-5368-473a-b15b-e99c3561aa9b"
HEAD = "version: 1\nproject: demo\n"
DEFINITION = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(value: dict[str, Any], environment: str | None = None, **outside: Any) -> tuple[Manifest | None, Diagnostics]:
    whole = {"version": 1, "project": "demo", "flows": {"one": {"definition": DEFINITION}}} | value
    Path("flows.yaml").write_text(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return manifest.load(Path("flows.yaml"), environment, **{"environ": {}, **outside})


def load(value: dict[str, Any], environment: str | None = None, **outside: Any) -> Manifest:
    loaded, diagnostics = read(value, environment, **outside)
    assert loaded is not None, diagnostics
    return loaded


def with_parameters(parameters: Any, **more: Any) -> dict[str, Any]:
    written = parameters if isinstance(parameters, dict) else {"value": parameters}
    return {
        "definition": {"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": written, "End": True}}},
        **more,
    }


def parameters(loaded: Manifest, name: str = "one") -> Any:
    (flow,) = (flow for flow in loaded.flows if flow.name == name)
    written = flow.flow.definition.value["States"]["A"]["Parameters"]
    return written["value"] if written.keys() == {"value"} else written


# --- laws ------------------------------------------------------------------------------------------------------------


def nothing(reference: Reference, path: tuple[str | int, ...]) -> Any:
    raise AssertionError(f"{path} refers to {reference}")


@given(VALUES)
def test_substitution_changes_nothing_without_references(value: Any) -> None:
    """A value without `${` is the same after substitution, to the types, whatever else it holds."""
    text = json.dumps(value).replace("${", "$ {")
    done = resolve(json.loads(text), nothing)
    assert json.dumps(done.value) == text
    assert (done.problems, done.unknown) == ([], frozenset())


@given(VALUES)
def test_an_escaped_value_is_the_value(value: Any) -> None:
    """`$${` for each `${` gives the value back: every text can be written."""

    def escaped(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: escaped(item) for key, item in part.items()}
        if isinstance(part, list):
            return [escaped(item) for item in part]
        return part.replace("${", "$${") if isinstance(part, str) else part

    for one in (value, {"a": ["${var.x}", "$${", "${${}"], "b": value}):
        assert json.dumps(resolve(escaped(one), nothing).value) == json.dumps(one)


@given(VALUES)
def test_types_survive(value: Any) -> None:
    """A scalar that is one reference becomes the value itself, with its type, however deep it stands."""
    done = resolve({"a": ["${var.x}"], "b": {"c": "${var.x}"}}, lambda *_: value)
    assert done.problems == []
    assert json.dumps(done.value) == json.dumps({"a": [value], "b": {"c": value}})


@given(VALUES.filter(lambda value: not isinstance(value, dict | list)))
def test_a_scalar_inside_text_becomes_text(value: Any) -> None:
    """Inside text a reference becomes text as JSON writes it; what it says is not substituted again."""
    (done,) = resolve(["<${var.x}>$${x}"], lambda *_: value).value
    assert done.startswith("<")
    assert done.endswith(">${x}")
    inner = done[1:-5]
    assert inner == value if isinstance(value, str) else json.loads(inner) == value


@given(st.text("$ {}.varx\\", max_size=30))
def test_no_text_raises(text: str) -> None:
    """Whatever stands behind `${`, the answer is a value or problems with hints that do not show it."""
    done = resolve(text, lambda *_: "x")
    assert all(problem.hint and problem.path == () for problem in done.problems)
    assert done.value == text or not done.problems


@given(st.dictionaries(st.sampled_from("abcdef"), st.sets(st.sampled_from("abcdefg"))))
def test_the_order_and_the_circles_of_names(graph: dict[str, set[str]]) -> None:
    """Every name comes once, after those that it leads to, unless a circle is found; circles are circles."""
    order, found = circles.ordered(graph)
    assert sorted(order) == sorted(graph)
    for circle in found:
        assert all(other in graph[one] for one, other in circles.links(circle))
        assert circle[0] == min(circle)
    if not found:
        place = {name: number for number, name in enumerate(order)}
        assert all(place[other] < place[one] for one in graph for other in graph[one] if other in graph)


def test_a_long_chain_is_followed() -> None:
    """Thousands of variables in a row are no trouble."""
    chain = {f"v{number}": f"${{var.v{number + 1}}}" for number in range(3000)}
    loaded = load({"variables": chain | {"v3000": 5}, "flows": {"one": with_parameters("${var.v0}")}})
    assert parameters(loaded) == 5


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=150)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["one", "two", "three"]),
            st.lists(
                st.sampled_from(
                    ["${var.a}", "${var.b}", "${var.c}", "$${", "${", "}", "x", "${flow.one.id}", "${principal.p}",
                     "\0", "${secret.s}", "${environment}", "${subscription.l}", "${flow.two.scope}", "${var.a",
                     "${env.X}"]
                ),
                max_size=3,
            ).map("".join),
        ),
        min_size=9,
        max_size=9,
    ),
    st.dictionaries(st.sampled_from("abc"), st.text(max_size=4)),
)  # fmt: skip
def test_no_reference_raises(texts: list[tuple[str, str]], given_: dict[str, str]) -> None:
    """Whatever references stand where, the answer is a manifest or located errors, the same each time."""
    written = [text for _, text in texts]
    value = {
        "variables": {"a": written[0], "b": {"default": [written[1]]}, "c": {"type": "integer"}},
        "environments": {"e": {"service": "emulator", "variables": {"c": written[2]}}},
        "secrets": {"s": {"env": "X"}},
        "principals": {"p": "ada@example.edu"},
        "subscriptions": {"l": LAB},
        "flows": {
            name: with_parameters({"__Private_Parameters": ["k"], "k": written[3], "o": written[index + 4]},
                                  title=written[index + 6], input_schema={"description": written[index + 5]})
            for index, name in enumerate(["one", "two"])
        },
    }  # fmt: skip
    try:
        loaded, diagnostics = read(value, variables=given_, environ={"X": "canary"})
    except Misused:
        return
    assert (loaded is None) == any(one.severity == "error" for one in diagnostics)
    assert all(one.place and one.place.file and one.hint for one in diagnostics)
    assert "canary" not in repr((loaded, diagnostics))
    assert read(value, variables=given_, environ={"X": "canary"}) == (loaded, diagnostics)


# --- variables -------------------------------------------------------------------------------------------------------

ORDER = {
    "environments": {
        "a": {"service": "emulator", "variables": {"the-one": "environment"}},
        "b": {"service": "emulator"},
    },
    "variables": {"the-one": {"default": "default"}},
    "flows": {"one": {"title": "${var.the-one}", "definition": DEFINITION}},
}


@pytest.mark.parametrize(
    ("environment", "texts", "environ", "value"),
    [
        ("b", {}, {}, "default"),
        ("a", {}, {}, "environment"),
        ("a", {}, {"FLOWDECK_VAR_THE_ONE": "process"}, "process"),
        ("a", {"the-one": "flag"}, {"FLOWDECK_VAR_THE_ONE": "process"}, "flag"),
        ("b", {"the-one": "flag"}, {}, "flag"),
        ("b", {"the-one": "${environment}"}, {"FLOWDECK_VAR_NOBODY": "x", "THE_ONE": "x"}, "${environment}"),
    ],
)
def test_the_order_of_values(environment: str, texts: dict[str, str], environ: dict[str, str], value: str) -> None:
    """--var wins over FLOWDECK_VAR_*, that over the environment's value, that over the default; texts are literal."""
    assert load(ORDER, environment, variables=texts, environ=environ).flows[0].flow.title == value


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `environ`, FLOWDECK_VAR_* are read from the process."""
    monkeypatch.setenv("FLOWDECK_VAR_THE_ONE", "process")
    assert load(ORDER, "a", environ=None).flows[0].flow.title == "process"


def test_an_unknown_var_is_a_misuse() -> None:
    """`--var` of a name that is not declared is the command line's mistake, with the name that was meant."""
    with pytest.raises(Misused) as caught:
        read(ORDER, "a", variables={"the-won": "x"})
    (one,) = caught.value.diagnostics
    assert (one.code, one.message) == ("unknown-variable", "there is no variable `the-won`")
    assert one.hint == "did you mean `the-one`?"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", "12", "12"), ("string", "", ""), ("string", "${x}", "${x}"), ("number", "0.5", 0.5),
        ("number", "3", 3), ("integer", "30", 30), ("boolean", "true", True), ("uuid", LAB.upper(), LAB.upper()),
        ("list", '["a", {"b": null}]', ["a", {"b": None}]), ("mapping", '{"a": [1]}', {"a": [1]}),
    ],
)  # fmt: skip
def test_texts_from_outside_are_read_by_type(kind: str, text: str, value: Any) -> None:
    """Text and UUIDs are taken as they are, everything else is JSON."""
    project = {"variables": {"x": {"type": kind}}, "flows": {"one": with_parameters(["${var.x}"])}}
    for outside in ({"variables": {"x": text}}, {"environ": {"FLOWDECK_VAR_X": text}}):
        assert json.dumps(parameters(load(project, **outside))) == json.dumps([value])


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("number", "hunter2", "wrong-type"), ("number", "NaN", "wrong-type"), ("number", "true", "wrong-type"),
        ("integer", "3.5", "wrong-type"), ("boolean", "yes", "wrong-type"), ("boolean", "", "wrong-type"),
        ("uuid", "hunter2", "invalid-uuid"), ("list", "hunter2", "wrong-type"), ("list", "{}", "wrong-type"),
        ("mapping", '{"hunter2": 1, "hunter2": 2}', "wrong-type"), ("list", "[" * 70 + "]" * 70, "wrong-type"),
        ("list", '["\\u0000{secret.hunter2}"]', "control-character"), ("string", "\udcff", "control-character"),
    ],
)  # fmt: skip
def test_texts_of_another_type_are_errors_that_name_the_giver(kind: str, text: str, code: str) -> None:
    """A text that does not fit is an error at the declaration that names the flag or variable, and not the text."""
    project = {"variables": {"x": {"type": kind}}}
    for outside, origin in (
        ({"variables": {"x": text}}, "--var x"),
        ({"environ": {"FLOWDECK_VAR_X": text}}, "FLOWDECK_VAR_X"),
    ):
        loaded, (one,) = read(project, **outside)
        assert loaded is None
        assert one.place is not None
        assert (one.code, one.place.excerpt.strip()) == (code, "x:")
        assert f"`{origin}`" in one.message
        assert "hunter2" not in one.message + one.hint


def test_values_may_use_each_other() -> None:
    """A value may use the environment, the project and other variables, wherever they get their values from."""
    variables = {
        "name": "${project}-${environment}",
        "both": ["${var.name}", "${var.days}"],
        "days": {"type": "integer"},
        "copy": "${var.both}",
        "deep": {"default": {"list": "${var.copy}"}},
    }
    environments = {"a": {"service": "emulator", "variables": {"name": "<${environment}>"}}}
    project = {"variables": variables, "environments": environments, "flows": {"one": with_parameters("${var.deep}")}}
    assert parameters(load(project, variables={"days": "3"})) == {"list": ["<a>", 3]}


def test_an_unused_variable_needs_no_value() -> None:
    """Only what the chosen environment uses must have a value."""
    flows = {"one": {"definition": DEFINITION, "title": "${var.x}"}}
    environments = {"a": {"service": "emulator", "flows": {"one": {"title": "fixed"}}}, "b": {"service": "emulator"}}
    project = {"variables": {"x": {"type": "string"}}, "environments": environments, "flows": flows}
    assert load(project, "a").flows[0].flow.title == "fixed"
    assert [one.code for one in read(project, "b")[1]] == ["variable-without-value"]


def test_values_outside_definitions() -> None:
    """References give values anywhere: a service, paths, lists, entries of sections, one role's whole list."""
    Path("o.json").write_text(json.dumps(DEFINITION))
    project = {
        "environments": {"a": {"service": "${var.url}", "deployers": ["${principal.ada}"], "variables": {"count": 1}}},
        "variables": {"url": "http://127.0.0.1:1/", "file": "o", "people": ["ada"], "count": 2, "ok": True, "id": LAB},
        "principals": {"ada": ADA, "bob": "bob-${var.count}@example.edu"},
        "subscriptions": {"lab": "${var.id}"},
        "permissions": {
            "all": {"flows": ["${var.file}*", "one"], "viewers": "${var.people}", "starters": ["${principal.bob}"]}
        },
        "flows": {
            "one": {"definition": "${var.file}.json", "protect": "${var.ok}", "subscription": "${subscription.lab}"}
        },
    }
    loaded = load(project)
    (one,) = loaded.flows
    assert (loaded.service, loaded.deployers, one.protect) == ("http://127.0.0.1:1/", {ADA}, True)
    assert (one.flow.viewers, one.flow.starters, one.flow.subscription) == ({ADA}, {"bob-1@example.edu"}, LAB)
    assert str(loaded.places.of("one", ("viewers", ADA))).startswith("flows.yaml:")


def test_files_are_replaced_too() -> None:
    """Definition and schema files may refer to the same things; each environment gets its own values."""
    Path("d.json").write_text(
        json.dumps(with_parameters({"size": "${var.count}", "t": "$${var.x} ${environment}"})["definition"])
    )
    Path("s.yaml").write_text("type: object\ndefault: {size: '${var.count}'}\n")
    project = {
        "environments": {"a": {"service": "emulator", "variables": {"count": 1}}, "b": {"service": "emulator"}},
        "variables": {"count": 2},
        "flows": {"one": {"definition": "d.json", "input_schema": "s.yaml"}},
    }
    for environment, value in (("a", 1), ("b", 2)):
        loaded = load(project, environment)
        assert parameters(loaded) == {"size": value, "t": f"${{var.x}} {environment}"}
        assert loaded.flows[0].flow.input_schema.value["default"] == {"size": value}


def test_too_deep_together() -> None:
    """Levels inside levels count with what references bring."""
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    project = {
        "variables": {"deep": deep},
        "flows": {"one": with_parameters({"a": json.loads("[" * 20 + '"${var.deep}"' + "]" * 20)})},
    }
    assert [one.code for one in read(project)[1]] == ["too-deep"]


# --- late references -------------------------------------------------------------------------------------------------


def test_what_only_the_service_knows_stays_as_a_mark() -> None:
    """Flows, secrets and people without a known id are marks, alone and inside text; known people are URNs."""
    written = {
        "__Private_Parameters": ["key"],
        "id": "${flow.two.id}",
        "url": "https://x/${flow.two.id}/${flow.two.scope}",
        "key": "Bearer ${secret.key}",
        "who": ["${principal.ada}", "${principal.bob}", "${principal.staff}"],
    }
    loaded = load({
        "principals": {"ada": ADA, "bob": "bob@example.edu", "staff": "group:Beamline Staff"},
        "secrets": {"key": {"env": "KEY"}},
        "flows": {
            "one": with_parameters(written, description="by ${principal.bob}"),
            "two": {"definition": DEFINITION},
        },
    })  # fmt: skip
    assert parameters(loaded) == {
        "__Private_Parameters": ["key"],
        "id": late("flow.two.id"),
        "url": f"https://x/{late('flow.two.id')}/{late('flow.two.scope')}",
        "key": f"Bearer {late('secret.key')}",
        "who": [ADA, late("principal.bob"), late("principal.staff")],
    }
    assert loaded.flows[0].flow.description == f"by {late('principal.bob')}"
    marks = {name for _, name in late_references(loaded.flows[0].flow.definition.value)}
    assert marks == {"flow.two.id", "flow.two.scope", "secret.key", "principal.bob", "principal.staff"}


def test_a_flow_of_another_environment_is_unknown() -> None:
    """A reference must name a flow that the environment declares."""
    environments = {"a": {"service": "emulator", "flows": {"two": None}}, "b": {"service": "emulator"}}
    flows = {"one": with_parameters("${flow.two.id}"), "two": {"definition": DEFINITION}}
    project = {"environments": environments, "flows": flows}
    assert [one.code for one in read(project, "a")[1]] == ["unknown-flow"]
    assert read(project, "b")[1] == ()


def test_a_file_of_several_flows_may_make_a_circle_of_one() -> None:
    """A file refers to a flow that uses it: only that flow refers to itself."""
    Path("d.json").write_text(json.dumps(with_parameters("${flow.one.id}")["definition"]))
    _, (one,) = read({"flows": {"one": {"definition": "d.json"}, "two": {"definition": "d.json"}}})
    assert (one.code, one.message, one.address) == ("reference-cycle", "flow `one` refers to itself", "flow.one")
    assert str(one.place).startswith("d.json:1:")


def test_an_unresolved_reference_says_why_once() -> None:
    """What is reported where it is declared is not reported where it is used."""

    def silent(reference: Reference, path: tuple[str | int, ...]) -> Any:
        raise Unresolved

    done = resolve({"a": "x ${var.x}"}, silent)
    assert (done.value, done.problems, done.unknown) == ({"a": "x ${var.x}"}, [], {("a",)})
