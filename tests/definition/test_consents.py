"""What the runs of a definition need, known without the service."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeck.definition.consents import FLOW, USER, Consents, actions, consents
from flowdeck.definition.providers import PROVIDERS, scope_of

TRANSFER = "urn:globus:auth:scope:transfer.api.globus.org:all"
HELLO = "https://auth.globus.org/scopes/actions.globus.org/hello_world"
OWN = "https://actions.lab.example/archive"
SCOPE = "https://auth.globus.org/scopes/1de27170-0000-4ec0-8000-000000000001/action_all"
API = "1de27170-0000-4ec0-8000-00000000000a"
URN = "urn:globus:flows:handle:globus:groups.get_group"
LATE = "\x00{flow.child.scope}"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def machine(*states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "s0", "States": {f"s{number}": {"Type": "Action", **one} for number, one in enumerate(states)}}


def needs(*states: dict[str, Any]) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    found = consents(machine(*states))
    return set(found.known), set(found.unknown)


@pytest.mark.parametrize(
    ("state", "scope"),
    [
        ({"ActionUrl": OWN, "ActionScope": SCOPE}, SCOPE),
        ({"Handler": {"Type": "ActionProvider", "Url": OWN, "Scope": SCOPE}}, SCOPE),
        ({"ActionUrl": "https://actions.globus.org/hello_world", "ActionScope": SCOPE}, SCOPE),
        ({"ActionUrl": "https://actions.globus.org/hello_world"}, HELLO),
        ({"Handler": {"Type": "ActionProvider", "Url": "https://transfer.actions.globus.org/ls"}}, TRANSFER),
        ({"ActionUrl": f"https://flows.globus.org/flows/{API}", "ActionScope": LATE}, LATE),
    ],
    ids=["ActionScope", "Handler.Scope", "written wins", "hosted", "hosted by Handler", "late scope"],
)
def test_known_scopes(state: dict[str, Any], scope: str) -> None:
    """A scope that a state writes is known, and so is that of a hosted provider."""
    assert needs(state) == ({(USER, scope)}, set())


@pytest.mark.parametrize(
    ("state", "provider"),
    [
        ({"ActionUrl": OWN}, OWN),
        ({"Handler": {"Type": "ActionProvider", "Url": OWN}}, OWN),
        ({"Handler": {"Type": "RegisteredAPI", "Id": API}}, API),
        ({"Handler": URN}, URN),
        ({"ActionUrl": "https://compute.actions.globus.org/v3"}, "https://compute.actions.globus.org/v3"),
        ({"ActionUrl": "https://actions.globus.org/\x00{flow.a.id}"}, "https://actions.globus.org/\x00{flow.a.id}"),
        ({"ActionUrl": "https://[", "Handler": 7}, "https://["),
    ],
    ids=["own", "own by Handler", "registered API", "handler URN", "Globus Compute", "late reference", "no URL"],
)
def test_what_only_the_provider_knows(state: dict[str, Any], provider: str) -> None:
    """The scope of one's own providers, of registered APIs and of what is not known yet is not guessed."""
    assert needs(state) == (set(), {(USER, provider)})


def test_roles() -> None:
    """`RunAs` is `User` unless written, and each role needs what its own states call."""
    hosted = {"ActionUrl": "https://transfer.actions.globus.org/transfer"}
    found = consents(
        machine(hosted, {**hosted, "RunAs": "Flow"}, {"ActionUrl": OWN, "RunAs": "Curator"}, {**hosted, "RunAs": 7})
    )
    assert found.known == {(USER, TRANSFER), (FLOW, TRANSFER)}
    assert found.unknown == {("Curator", OWN)}
    assert found.scopes == {TRANSFER}
    assert found.roles == (USER, "Curator", FLOW)
    assert found.of("Curator") == (frozenset(), {OWN})


def test_what_people_must_consent_to_anew() -> None:
    """Only what is added asks for a consent, each role for itself, and what the flow needs as itself never does."""
    before = Consents(frozenset({(USER, "a"), ("Curator", "a")}), frozenset({(USER, OWN)}))
    after = Consents(frozenset({(USER, "a"), (USER, "b"), (FLOW, "c")}), frozenset({("Curator", OWN), (FLOW, OWN)}))
    assert after.beyond(before) == Consents(frozenset({(USER, "b")}), frozenset({("Curator", OWN)}))
    assert before.beyond(after).known == {("Curator", "a")}
    assert after.beyond(after) == Consents()


@pytest.mark.parametrize(
    "url",
    [
        "https://actions.globus.org/hello_world/",
        "https://ACTIONS.globus.org:443/hello_world",
        "https://transfer.actions.globus.org",
        "https://transfer.actions.globus.org/manage_permission/",
    ],
)
def test_urls_of_hosted_providers(url: str) -> None:
    """A slash at the end, capitals in the host and the port that is meant anyway make no other provider."""
    assert scope_of(url) in (HELLO, TRANSFER)


@pytest.mark.parametrize(
    "url",
    [
        "http://actions.globus.org/hello_world",
        "https://actions.globus.org",
        "https://actions.globus.org/",
        "https://actions.globus.org/hello_world/more",
        "https://actions.globus.org/Hello_World",
        "https://actions.globus.org/transfer/transfer",
        "https://actions.globus.org.example.org/hello_world",
        "https://actions.globus.org:8443/hello_world",
        "https://actions.globus.org:x/hello_world",
        "https://transfer.actions.globus.org/${flow.child.id}",
        "actions.globus.org/hello_world",
        "",
    ],
)
def test_urls_of_other_providers(url: str) -> None:
    """What is not exactly a provider of the table is not taken for it."""
    assert scope_of(url) is None


def test_the_table_is_sound() -> None:
    """Each provider stands once, in the form in which it is looked up, and with the page that tells its scope."""
    assert len({one.url for one in PROVIDERS}) == len(PROVIDERS)
    for one in PROVIDERS:
        assert scope_of(f"https://{one.url}") == one.scope
        assert one.scope.startswith(("urn:globus:auth:scope:", "https://auth.globus.org/scopes/"))
        assert one.source.startswith("https://docs.globus.org/api/")


def test_the_table_is_documented() -> None:
    """The page of consents shows the table: each URL with its scope and the page that tells it, and no other."""
    page = (Path(__file__).parents[2] / "docs" / "consents.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `https://(\S+)`(?: and every path there)? \| `(\S+)` \| \[docs\.globus\.org\]\((\S+)\) \|$", page, re.M
    )
    assert rows == [(one.url, one.scope, one.source) for one in PROVIDERS]


@given(JSON, st.dictionaries(st.sampled_from(["ActionUrl", "ActionScope", "Handler", "RunAs"]), JSON))
def test_anything_can_be_read(anything: Any, state: dict[str, Any]) -> None:
    """Whatever stands in a definition, nothing is raised, and every pair is of texts."""
    assert consents(anything) == Consents()
    assert consents({"States": anything}) == Consents()
    found = consents(machine(state, {"Handler": {"Url": anything, "Id": anything, "Scope": anything}}))
    assert all(isinstance(text, str) for pair in found.known | found.unknown for text in pair)
    assert all(isinstance(one.host, str) for one in actions(machine(state)))
