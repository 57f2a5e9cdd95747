"""`flowdeck validate --online`: what the service says, at its place, and where flowdeck says something else."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from projects import Command, Ran
from worlds import Document, World, codes, only, opened

HELLO = "https://auth.globus.org/scopes/actions.globus.org/hello_world"
HELLO_URL = "https://actions.globus.org/hello_world"
OWN_URL = "https://actions.lab.example/archive"
OWN = "https://auth.globus.org/scopes/1de27170-0000-4ec0-8000-000000000001/action_all"
PASS = {"Type": "Pass", "End": True}
TAKEN: Document = {"scopes": {}, "analysis": {"number_of_possibilities": 1}}

Answer = tuple[int, Document]


@pytest.fixture
def world(project: Any, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch) as world:
        yield world


@contextmanager
def answering(world: World, answer: Callable[[Document], Answer]) -> Iterator[list[Document]]:
    """Flows is a server that answers a validation as it is told; Auth stays. The bodies that it was asked with."""
    asked: list[Document] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/flows/validate"
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status, document = answer(asked[-1])
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, world.monkeypatch.context() as patch:
        patch.setenv("GLOBUS_SDK_SERVICE_URL_FLOWS", f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield asked
        finally:
            server.shutdown()
            thread.join()


def machine(*states: Document) -> Document:
    """A flow of actions, one after the other, and a last state."""
    actions: Document = {
        f"Act {number}": {"Type": "Action", "Parameters": {}, "Next": f"Act {number + 1}", **state}
        for number, state in enumerate(states)
    }
    if not actions:
        return {"StartAt": "Done", "States": {"Done": PASS}}
    return {"StartAt": "Act 0", "States": {**actions, f"Act {len(states)}": PASS}}


def refusal(*details: Any, status: int = 422, code: str = "UNPROCESSABLE_ENTITY", **more: Any) -> Answer:
    return status, {"error": {"code": code, "detail": list(details), **more}, "debug_id": "d-1"}


def validated(world: World, *arguments: str, code: int = 0) -> list[Document]:
    """The diagnostics of `validate --online`."""
    ran = world.flowdeck("validate", "--online", "--format", "json", *arguments)
    assert ran.code == code, ran
    return list(ran.document["diagnostics"])


def asked_with(world: World, answer: Answer, *arguments: str, code: int = 0) -> list[Document]:
    """The diagnostics when the service answers so to every flow."""
    with answering(world, lambda _: answer):
        return validated(world, *arguments, code=code)


def line_of(world: World, file: str, text: str) -> int:
    """The number of the first line of a project's file that holds the text."""
    lines = (world.folder / file).read_text(encoding="utf-8").splitlines()
    return 1 + next(number for number, line in enumerate(lines) if text in line)


# --- the wire -------------------------------------------------------------------------------------------------------


def test_one_question_for_each_flow(world: World) -> None:
    """Each flow is asked about once, whatever the rules say of it, and no other request goes to Flows."""
    world.declare({"a": {}, "b": {"definition": {"StartAt": "Go", "States": {"A": PASS}}}, "c": {}})
    world.emulator.clear_requests()
    validated(world, code=1)
    flows = [(one.method, one.path) for one in world.emulator.requests() if one.number]
    assert flows == [("POST", "/flows/validate")] * 3
    assert world.live() == []


def test_nothing_is_asked_about_what_cannot_be_read(world: World) -> None:
    """A manifest that is wrong elsewhere, or a definition that is none, is told as without --online."""
    for wrong in ({"titel": "t"}, {"definition": []}, {"definition": {"States": {}}}, {"permissions": ["nobody"]}):
        world.declare({"a": wrong})
        world.emulator.clear_requests()
        offline = world.flowdeck("validate", "--format", "json")
        online = world.flowdeck("validate", "--online", "--format", "json")
        assert (online.code, online.out) == (offline.code, offline.out) == (1, offline.out)
        assert world.emulator.requests() == []


def test_what_is_sent(world: World) -> None:
    """The question holds the definition and the schema; what only an apply knows, secrets too, as it is written."""
    world.monkeypatch.setenv("TOKEN_OF_A_TEST", "CANARY-1")
    parameters = {"__Private_Parameters": ["token"], "token": "${secret.key}", "flow": "${flow.b.id}", "price": "$${5}"}
    schema = {"type": "object", "title": "for ${flow.b.id}"}
    definition = machine({"ActionUrl": HELLO_URL, "Parameters": parameters})
    world.declare(
        {"a": {"definition": definition, "input_schema": schema}, "b": {}}, secrets={"key": {"env": "TOKEN_OF_A_TEST"}}
    )
    with answering(world, lambda _: (200, {"scopes": {"User": [HELLO]}})) as asked:
        world.flowdeck("validate", "--online")
    assert asked[0]["input_schema"] == schema
    assert asked[0]["definition"] == {
        **definition,
        "States": {**definition["States"], "Act 0": {**definition["States"]["Act 0"], "Parameters": {
            **parameters, "price": "${5}"
        }}},
    }  # fmt: skip
    assert asked[1]["input_schema"] == {}


# --- the service refuses --------------------------------------------------------------------------------------------


def test_words_at_their_place(world: World) -> None:
    """A complaint stands in the file and line that its location means, in a definition, a schema or the manifest."""
    (world.folder / "definition.yaml").write_text(
        "StartAt: Rest\nStates:\n  Rest:\n    Type: Wait\n    Seconds: 5\n    End: true\n", encoding="utf-8"
    )
    (world.folder / "schema.json").write_text('{\n  "type": "object",\n  "properties": {}\n}', encoding="utf-8")
    world.declare({"a": {"definition": "definition.yaml", "input_schema": "schema.json"}, "b": {}})

    def answer(body: Document) -> Answer:
        if "Rest" not in body["definition"]["States"]:
            return refusal({"loc": ["definition", "States", "Begin", "Seconds"], "msg": "too short", "type": "x"})
        return refusal(
            {"loc": ["definition", "States", "Rest", "Seconds"], "msg": "too long", "type": "x"},
            {"loc": ["input_schema", "properties"], "msg": "too few", "type": "x"},
            {"loc": ["definition", "States", "Rest", "Absent", 0], "msg": "not there", "type": "x"},
        )

    with answering(world, answer):
        found = validated(world, code=1)
    assert {one["code"] for one in found} == {"refused-by-service"}
    assert [(one["file"], one["line"], one["message"], one["address"]) for one in found] == [
        ("definition.yaml", 3, "not there", "flow.a"),
        ("definition.yaml", 5, "too long", "flow.a"),
        ("flows.yaml", line_of(world, "flows.yaml", '"Seconds"'), "too short", "flow.b"),
        ("schema.json", 3, "too few", "flow.a"),
    ]


def test_names_of_variants_in_a_location(world: World) -> None:
    """A step that is nowhere in the definition, such as the name of a validator's variant, is passed over."""
    world.declare({"a": {}})
    location = ["body", "definition", "States", "Begin", "WaitState", "Seconds", "__root__"]
    one = only(asked_with(world, refusal({"loc": location, "msg": "m", "type": "x"}), code=1))
    assert one["line"] == line_of(world, "flows.yaml", '"Seconds"')


@pytest.mark.parametrize(
    "detail",
    [
        {"type": "kaboom!"},
        {"loc": 5, "type": "kaboom!"},
        {"loc": [{}, None, 1.5], "msg": "kaboom!"},
        {"loc": [], "msg": "kaboom!", "ctx": None},
        {"loc": ["kaboom!", -1, 10**30], "msg": "kaboom!"},
        {"msg": ["no text"], "type": "kaboom!"},
    ],
)
def test_odd_complaints(world: World, detail: Document) -> None:
    """A complaint that lacks words or a location is told with what it has, at the definition."""
    world.declare({"a": {}})
    one = only(asked_with(world, refusal(detail), code=1))
    assert (one["code"], one["message"]) == ("refused-by-service", "kaboom!")
    assert (one["file"], one["line"]) == ("flows.yaml", line_of(world, "flows.yaml", '"definition"'))


@pytest.mark.parametrize("detail", ["kaboom!", {}, None, [], [5], [{"msg": 5}], [{}]])
def test_refusals_without_complaints(world: World, detail: Any) -> None:
    """A refusal whose detail says nothing is told as a whole, with the request to ask the service's people about."""
    world.declare({"a": {}})
    answer = 422, {"error": {"code": "KABOOM", "detail": detail}, "debug_id": "d-1"}
    one = only(asked_with(world, answer, code=1))
    assert one["code"] == "refused-by-service"
    assert "(request d-1)" in one["message"]
    assert one["line"] == line_of(world, "flows.yaml", '"definition"')


def test_a_provider_that_is_away(world: World) -> None:
    """A definition that is sound offline is refused where its provider does not answer the service."""
    world.declare({"a": {"definition": machine({"ActionUrl": "https://away.invalid/x"})}, "b": {}})
    assert world.flowdeck("validate").code == 0
    one = only(validated(world, code=1))
    assert (one["code"], one["severity"], one["address"]) == ("refused-by-service", "error", "flow.a")
    assert one["message"].startswith("Failed to resolve scope for Action Provider at 'https://away.invalid/x'")
    assert one["line"] == line_of(world, "flows.yaml", '"definition"')


def test_a_provider_that_only_an_apply_knows(world: World) -> None:
    """A provider whose address has a reference in it cannot be asked yet: a warning, with the reference as written."""
    late = "https://flows.globus.org/flows/${flow.b.id}"
    world.declare({"a": {"definition": machine({"ActionUrl": late})}, "b": {}})

    def answer(body: Document) -> Answer:
        url = body["definition"]["States"].get("Act 0", {}).get("ActionUrl")
        document = {"error": {"code": "SCOPE_RESOLUTION_FAILED", "detail": f"Failed to resolve '{url}'"}}
        return (409, document) if url else (200, TAKEN)

    with answering(world, answer):
        one = only(validated(world))
    assert (one["code"], one["severity"]) == ("refused-by-service", "warning")
    assert late in one["message"]
    assert late in one["hint"]


def test_a_value_that_only_an_apply_knows(world: World) -> None:
    """What the service says of a text with a reference in it is a warning: it has not seen what will be there."""
    parameters = {"__Private_Parameters": ["key"], "id.=": "${flow.b.id}", "key.=": "CANARY-1 ${flow.b.id}"}
    world.declare({"a": {"definition": machine({"ActionUrl": HELLO_URL, "Parameters": parameters})}, "b": {}})
    found = validated(world)
    assert {(one["code"], one["severity"]) for one in found} == {("refused-by-service", "warning")}
    assert [one["line"] for one in found] == [line_of(world, "flows.yaml", name) for name in ('"id.="', '"key.="')]
    assert "`${flow.b.id}` is known after an apply" in found[0]["hint"]
    assert "CANARY" not in json.dumps(found)


def test_what_both_find_is_told_once(world: World) -> None:
    """A complaint about a state in which flowdeck finds the same fault is not repeated; others are told."""
    world.declare({"a": {"definition": {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "C": PASS}}}})
    assert only(validated(world, code=1))["code"] == "unknown-target"
    more = {"loc": ["definition", "States", "C"], "msg": "and this", "type": "x"}
    same = {"loc": ["definition", "States", "A"], "msg": "the same", "type": "x"}
    found = asked_with(world, refusal(same, more), code=1)
    assert {one["message"] for one in found if one["code"] == "refused-by-service"} == {"and this"}


# --- the service and flowdeck disagree ------------------------------------------------------------------------------


def test_the_service_takes_what_flowdeck_does_not(world: World) -> None:
    """Where the service takes what a rule calls an error, the error stays and a warning names the rule."""
    world.declare({"a": {"definition": {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}}, "b": {}})
    found = asked_with(world, (200, TAKEN), code=1)
    assert codes({"diagnostics": found}) == {"unknown-target", "service-accepts"}
    warning = next(one for one in found if one["code"] == "service-accepts")
    assert (warning["severity"], warning["address"]) == ("warning", "flow.a")
    assert "`unknown-target`" in warning["message"]
    assert warning["line"] == line_of(world, "flows.yaml", '"Next"')


def test_agreement(world: World) -> None:
    """Where both know the same scopes there is nothing to say; nor of an answer that tells no scopes."""
    states = ({"ActionUrl": HELLO_URL}, {"ActionUrl": OWN_URL, "ActionScope": OWN, "RunAs": "Flow"})
    world.declare({"a": {"definition": machine(*states)}})
    assert validated(world, "-v") == []
    for scopes in ({"User": [HELLO], "Flow": [OWN]}, {"User": [HELLO], "Flow": [OWN], "Curator": []}):
        assert asked_with(world, (200, {"scopes": scopes}), "-v") == []
    for document in ({}, {"scopes": None}, {"scopes": [HELLO]}):
        assert asked_with(world, (200, document), "-v") == []


def test_scopes_that_differ(world: World) -> None:
    """A scope that one of the two does not know of is a note: whose it is, and at which state."""
    world.declare(
        {"a": {"definition": machine({"ActionUrl": HELLO_URL}, {"ActionUrl": HELLO_URL, "RunAs": "Curator"})}}
    )
    found = asked_with(world, (200, {"scopes": {"User": [OWN], "Flow": ["x", 5], "Curator": HELLO}}))
    assert {(one["code"], one["severity"]) for one in found} == {("scopes-differ", "note")}
    assert {(one["line"], one["message"]) for one in found} == {
        (
            line_of(world, "flows.yaml", '"Act 0": {'),
            f"flowdeck sees that runs need `{HELLO}` of users, and the service does not",
        ),
        (
            line_of(world, "flows.yaml", '"Act 0": {'),
            f"the service sees that runs need `{OWN}` of users, and flowdeck does not",
        ),
        (
            line_of(world, "flows.yaml", '"Act 1": {'),
            f"flowdeck sees that runs need `{HELLO}` of the holders of role `Curator`, and the service does not",
        ),
        (
            line_of(world, "flows.yaml", '"definition"'),
            "the service sees that runs need `x` of the flow itself, and flowdeck does not",
        ),
    }


def test_scopes_that_only_the_service_resolves(world: World) -> None:
    """The scope of a provider of one's own is no disagreement; with -v a note tells what the service found."""
    world.declare({"a": {"definition": machine({"ActionUrl": HELLO_URL}, {"ActionUrl": OWN_URL})}})
    assert validated(world) == []
    one = only(validated(world, "-v"))
    assert (one["code"], one["severity"]) == ("scope-resolved", "note")
    made_up = "https://auth.globus.org/scopes/actions.lab.example/archive"
    assert one["message"] == f"runs need `{made_up}` of users, for `{OWN_URL}`"
    assert one["line"] == line_of(world, "flows.yaml", '"Act 1": {')


def test_references_are_not_compared(world: World) -> None:
    """A scope that only an apply knows is no disagreement, whatever the service makes of it."""
    late = {"ActionUrl": "https://flows.globus.org/flows/${flow.b.id}", "ActionScope": "${flow.b.scope}"}
    world.declare({"a": {"definition": machine(late)}, "b": {}})
    assert validated(world, "-v") == []
    with answering(world, lambda _: (200, {"scopes": {}})):
        assert validated(world, "-v") == []


# --- what is never shown, and what is never lost --------------------------------------------------------------------


def test_private_values_are_not_shown(world: World) -> None:
    """Whatever the service quotes, no private value stands in what flowdeck says."""
    parameters = {"__Private_Parameters": ["token"], "token": "CANARY-1"}
    world.declare({"a": {"definition": machine({"ActionUrl": HELLO_URL, "Parameters": parameters})}})
    quoting = {"loc": ["definition", "States", "CANARY-1"], "msg": "bad CANARY-1", "type": "CANARY-1"}
    for answer in (refusal(quoting), refusal({"type": "CANARY-1"}), refusal(message="CANARY-1", code="CANARY-1")):
        with answering(world, lambda _, answer=answer: answer):
            for face in ((), ("--format", "json")):
                ran = world.flowdeck("validate", "--online", *face)
                assert ran.code == 1
                assert "(sensitive)" in ran.out
                assert "CANARY" not in ran.out + ran.err


@pytest.mark.parametrize("status", [401, 403, 500])
def test_what_is_known_is_told_all_the_same(world: World, status: int) -> None:
    """What the rules found is told beside a service that does not answer as it should."""
    world.declare({"a": {"definition": {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}}})

    def both(ran: Ran) -> bool:
        return "unknown-target" in ran.out + ran.err and ran.code == 1

    with answering(world, lambda _: (status, {"error": {"code": "X", "detail": "no"}})):
        assert both(world.flowdeck("validate", "--online"))
        ran = world.flowdeck("validate", "--online", "--format", "json")
    assert codes(ran) > {"unknown-target"}
    world.monkeypatch.setenv("GLOBUS_CLI_CLIENT_SECRET", "wrong")
    ran = world.flowdeck("validate", "--online", "--format", "json")
    assert codes(ran) == {"unknown-target", "bad-credentials"}
