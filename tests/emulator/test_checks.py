"""What the service refuses in a body, and how it says so."""

from typing import Any

import pytest

from .conftest import GROUP, PASS, URNS, Wire

BODY = {"title": "t", "definition": PASS}


def problems(wire: Wire, body: Any, method: str = "POST", path: str = "/flows") -> list[tuple[Any, ...]]:
    answer = wire.send(method, path, json=body)
    assert answer.status_code == 422, answer.text
    return [(tuple(entry["loc"]), entry["type"]) for entry in answer.json()["error"]["detail"]]


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("title", "", "value_error.any_str.min_length"),
        ("title", "t" * 129, "value_error.any_str.max_length"),
        ("title", 1, "type_error.str"),
        ("title", None, "type_error.none.not_allowed"),
        ("subtitle", "s" * 129, "value_error.any_str.max_length"),
        ("description", "d" * 4097, "value_error.any_str.max_length"),
        ("keywords", "word", "type_error.list"),
        ("keywords", ["k", "k"], "value_error.list.unique_items"),
        ("keywords", ["k" * 512, "l" * 513], "value_error"),
        ("definition", None, "type_error.none.not_allowed"),
        ("definition", [], "type_error.dict"),
        ("input_schema", [], "type_error.dict"),
        ("flow_viewers", [URNS["amy"]] * 2, "value_error.list.unique_items"),
        ("flow_viewers", [f"{URNS['amy'][:-2]}{number:02}" for number in range(17)], "value_error.list.max_items"),
        ("run_managers", "public", "type_error.list"),
        ("subscription_id", "mine", "type_error.uuid"),
        ("authentication_policy_id", 3, "type_error.uuid"),
        ("flow_owner", URNS["amy"], "value_error.extra"),
        ("id", "x", "value_error.extra"),
    ],
)
def test_fields(wire: Wire, field: str, value: Any, kind: str) -> None:
    """Each field has its limits, and a refusal says which field breaks which."""
    assert problems(wire, {**BODY, field: value}) == [((field,), kind)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "t" * 128),
        ("subtitle", ""),
        ("description", "d" * 4096),
        ("keywords", ["k" * 1024]),
        ("flow_viewers", ["public", f"urn:globus:groups:id:{GROUP}"]),
        ("flow_starters", ["all_authenticated_users", URNS["ben"]]),
        ("run_monitors", [f"{URNS['amy'][:-2]}{number:02}" for number in range(16)]),
        ("subscription_id", None),
        ("authentication_policy_id", None),
    ],
)
def test_limits_are_inclusive(wire: Wire, field: str, value: Any) -> None:
    """What is just within a limit is accepted."""
    assert wire.send("POST", "/flows", json={**BODY, field: value}).status_code == 201


@pytest.mark.parametrize(
    "role", ["flow_viewers", "flow_starters", "flow_administrators", "run_managers", "run_monitors"]
)
@pytest.mark.parametrize(
    "principal",
    ["amy", URNS["amy"].rpartition(":")[2], f"urn:globus:group:id:{GROUP}", "public", "all_authenticated_users"],
)
def test_principals(wire: Wire, role: str, principal: str) -> None:
    """A principal is a URN; `public` only views and `all_authenticated_users` only start."""
    body = {**BODY, role: [URNS["ben"], principal]}
    if (role, principal) in (("flow_viewers", "public"), ("flow_starters", "all_authenticated_users")):
        assert wire.send("POST", "/flows", json=body).status_code == 201
    else:
        assert problems(wire, body) == [((role, 1), "value_error")]


def test_all_at_once(wire: Wire) -> None:
    """A refusal tells every problem, and sums them up in one message."""
    answer = wire.send("POST", "/flows", json={"definition": None, "StartAt": "A"}).json()["error"]
    assert [entry["loc"] for entry in answer["detail"]] == [["definition"], ["StartAt"]]
    assert answer["message"] == (
        "2 validation errors in body. $.definition: none is not an allowed value; $.StartAt: extra fields not permitted"
    )


def test_definition(wire: Wire) -> None:
    """Problems of a definition are told by their place in the body, also by an update."""
    definition = {"StartAt": "B", "States": {"A": {"Type": "Pass", "End": True}, "a b": {}}}
    expected = [
        (("definition", "StartAt"), "value_error"),
        (("definition", "States", "a b"), "value_error.discriminated_union.missing_discriminator"),
    ]
    flow_id = wire.send("POST", "/flows", json=BODY).json()["id"]
    for method, path in (("POST", "/flows"), ("POST", "/flows/validate"), ("PUT", f"/flows/{flow_id}")):
        assert problems(wire, {"definition": definition}, method, path) == expected


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b'"x"', b'{"title": "\\ud800"}', b"\xff", b"[" * 100_000, b'{"title": NaN}']
)
def test_no_json_object(wire: Wire, text: bytes) -> None:
    """A body that is no JSON object in UTF-8 is refused with status 400."""
    for method, path in (("POST", "/flows"), ("POST", "/flows/validate")):
        assert wire.send(method, path, data=text).status_code == 400


def test_deep_nesting(wire: Wire) -> None:
    """A body nested beyond reason is refused, not a failure."""
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"x": deep}
    answer = wire.send("POST", "/flows", json={**BODY, "input_schema": deep})
    assert answer.status_code in (201, 400)


@pytest.mark.parametrize("path", ["/flow", "/flows/x/y", "/registered_apis", "/flows/validate"])
def test_unknown_endpoints(wire: Wire, path: str) -> None:
    """What is not there is 404 in the shape of Flows; `validate` is no flow."""
    answer = wire.send("GET", path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


def test_unknown_methods(wire: Wire) -> None:
    """A method that an endpoint does not know is 405, with those that it does."""
    answer = wire.send("PATCH", f"/flows/{GROUP}")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "DELETE, GET, HEAD, PUT")


def test_request_ids(wire: Wire) -> None:
    """Every answer carries a request id, and an error a debug_id."""
    assert wire.send("GET", "/flows").headers["X-Request-Id"]
    assert wire.send("GET", "/flow").json()["debug_id"]
