"""How the service refuses a definition: place, words and type of each complaint."""

from typing import Any

import pytest

from .conftest import PASS, Wire

JSON = dict[str, Any]
TYPES = "'Action', 'Pass', 'Choice', 'Wait', 'Fail', 'ExpressionEval', 'CreateWebInput', 'AwaitWebInput'"
RULE = {"Variable": "$.n", "NumericEquals": 1, "Next": "A"}


def machine(state: Any, name: str = "A", **more: Any) -> JSON:
    return {"StartAt": name, "States": {name: state, **more}}


def refused(wire: Wire, definition: Any, **more: Any) -> JSON:
    """The error that a validation answers, which is a create's too."""
    body = {"definition": definition, **more}
    answers = [wire.send("POST", path, json=body) for path in ("/flows/validate", "/flows")]
    assert [answer.status_code for answer in answers] == [422, 422], answers[0].text
    errors = [answer.json()["error"] for answer in answers]
    assert errors[0] == errors[1]
    return dict(errors[0])


def complaint(place: tuple[str | int, ...], message: str, kind: str, **context: Any) -> JSON:
    found: JSON = {"loc": ["definition", *place], "msg": message, "type": kind}
    return {**found, "ctx": context} if context else found


A = ("States", "A")
NO_SUCH = "value_error.discriminated_union.invalid_discriminator"


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (
            machine({"Comment": "hi"}, "hi"),
            complaint(
                ("States", "hi"),
                "Discriminator 'type' is missing in value",
                "value_error.discriminated_union.missing_discriminator",
                discriminator_key="type",
            ),
        ),
        (
            machine({"Type": "Task", "End": True}),
            complaint(
                A,
                f"No match for discriminator 'type' and value 'Task' (allowed values: {TYPES})",
                NO_SUCH,
                discriminator_key="type",
                discriminator_value="Task",
                allowed_values=TYPES,
            ),
        ),
        (
            machine({"Type": 7}),
            complaint(
                A,
                f"No match for discriminator 'type' and value 7 (allowed values: {TYPES})",
                NO_SUCH,
                discriminator_key="type",
                discriminator_value=7,
                allowed_values=TYPES,
            ),
        ),
        (
            machine({"Type": "Wait", "Seconds": 5}),
            complaint(
                A,
                "A state of type 'Wait' must be defined as either terminal (\"End\": true) or transitional"
                ' ("Next": "NextStateId")',
                "value_error",
            ),
        ),
        (
            machine({"Type": "Pass", "End": True, "Retry": []}),
            complaint((*A, "Retry"), "extra fields not permitted", "value_error.extra"),
        ),
        (
            {**PASS, "Version": "1.0"},
            complaint(("Version",), "extra fields not permitted", "value_error.extra"),
        ),
        (machine({"Type": "Choice"}), complaint((*A, "Choices"), "field required", "value_error.missing")),
        (
            machine({"Type": "Choice", "Choices": [{"Variable": "$.n", "IsNull": True}]}),
            complaint((*A, "Choices", 0, "Next"), "field required", "value_error.missing"),
        ),
        (
            machine({"Type": "Choice", "Choices": []}),
            complaint(
                (*A, "Choices"), "ensure this value has at least 1 items", "value_error.list.min_items", limit_value=1
            ),
        ),
        (
            machine({"Type": "Wait", "Seconds": "5", "End": True}),
            complaint((*A, "Seconds"), "value is not a valid integer", "type_error.integer"),
        ),
        (
            machine({"Type": "Pass", "End": True, "Comment": None}),
            complaint((*A, "Comment"), "none is not an allowed value", "type_error.none.not_allowed"),
        ),
        (
            machine({"Type": "Choice", "Choices": ["x", RULE]}),
            complaint((*A, "Choices", 0), "value is not a valid dict", "type_error.dict"),
        ),
        (
            machine({"Type": "Choice", "Choices": RULE}),
            complaint((*A, "Choices"), "value is not a valid list", "type_error.list"),
        ),
        ({"States": {}, "StartAt": 1}, complaint(("StartAt",), "str type expected", "type_error.str")),
        ({"States": [], "StartAt": "A"}, complaint(("States",), "value is not a valid dict", "type_error.dict")),
        (
            machine({"Type": "Pass", "Next": "B"}),
            complaint((*A, "Next"), "`Next` names `B`, which is no state", "value_error"),
        ),
    ],
    ids=[
        "no type", "no such type", "type is no text", "no way on", "extra field", "extra field of the definition",
        "missing field", "missing field of a rule", "no rules", "no number", "null", "no rule", "no list",
        "StartAt is no text", "States is no object", "in our words",
    ],
)  # fmt: skip
def test_words(wire: Wire, definition: JSON, expected: JSON) -> None:
    """Each error of the flow language is refused in the service's words where they are known, else in ours."""
    error = refused(wire, definition)
    assert error["detail"] == [expected]
    assert error["code"] == "UNPROCESSABLE_ENTITY"
    assert error["message"].startswith("1 validation error in body. $.definition")
    assert error["message"].endswith(f": {expected['msg']}")


def test_several(wire: Wire) -> None:
    """Everything that is wrong is told at once: missing keys as the documentation of validation shows them."""
    error = refused(wire, {}, input_schema=[])
    assert error["detail"] == [
        {"loc": ["input_schema"], "msg": "value is not a valid dict", "type": "type_error.dict"},
        complaint(("StartAt",), "field required", "value_error.missing"),
        complaint(("States",), "field required", "value_error.missing"),
    ]
    assert error["message"] == (
        "3 validation errors in body. $.input_schema: value is not a valid dict;"
        " $.definition.StartAt: field required; $.definition.States: field required"
    )


# The state writes its result over everything, so that no `foo` can be there afterwards.
X = {"Type": "Pass", "Result": {"bar": 1}, "Next": "y"}


def reading(state: JSON) -> JSON:
    return {"StartAt": "x", "States": {"x": X, "y": {**state, "End": True}}}


def test_flow_of_data(wire: Wire) -> None:
    """A path that leads nowhere is refused as the fixture of globus-cli shows it."""
    error = refused(wire, reading({"Type": "Wait", "SecondsPath": "$.foo[0]"}))
    assert error == {
        "code": "FLOW_VALIDATION_FAILED",
        "detail": [
            {
                "loc": ["definition", "States", "y", "SecondsPath"],
                "msg": "Improper access to data in this wait state with expression: $.foo[0]",
                "type": "InvalidAccessPath",
                "ctx": {"field_name": "SecondsPath"},
            }
        ],
        "message": "This flow contains errors in 1 wait state.",
    }


def test_flow_of_data_in_several_states(wire: Wire) -> None:
    """The summary counts the states of each type once, however many paths of one are wrong."""
    reads = {"Type": "Pass", "Parameters": {"a.$": "$.foo", "b.$": "$.baz"}, "ResultPath": "$.y", "Next": "z"}
    definition = machine(X, "x", y=reads, z={"Type": "Wait", "SecondsPath": "$.foo", "End": True})
    error = refused(wire, definition)
    assert len(error["detail"]) == 3
    assert error["message"] == "This flow contains errors in 1 pass state and 1 wait state."


def test_form_comes_before_data(wire: Wire) -> None:
    """What has no form is not analysed: both kinds of errors are never told together."""
    error = refused(wire, reading({"Type": "Wait", "SecondsPath": "$.foo", "Retry": []}))
    assert [one["type"] for one in error["detail"]] == ["value_error.extra"]


def test_updates(wire: Wire) -> None:
    """An update is judged with what stays: a definition alone, a schema alone, and neither for other fields."""
    flow_id = wire.send("POST", "/flows", json={"title": "t", "definition": PASS}).json()["id"]

    def put(**body: Any) -> Any:
        return wire.send("PUT", f"/flows/{flow_id}", json=body)

    assert put(definition=machine({"Type": "Pass"})).status_code == 422
    assert put(definition=reading({"Type": "Wait", "SecondsPath": "$.foo"})).json()["error"]["code"] == (
        "FLOW_VALIDATION_FAILED"
    )
    schema = put(input_schema={"type": "strng"})
    assert schema.status_code == 422
    assert [one["loc"][0] for one in schema.json()["error"]["detail"]] == ["input_schema"]
    assert put(input_schema={"type": "object"}, title="new").status_code == 200
    assert put(title="newer").status_code == 200
