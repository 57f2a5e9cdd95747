"""What the rules of the flow language call an error, as the service refuses it: in its places, words and types."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from flowdeck import definition as language
from flowdeck.definition import Finding
from flowdeck.definition.grammar import CATCHER, DEFINITION, HANDLERS, RULE, STATES, Kind
from flowdeck.emulator.exchange import JsonObject
from flowdeck.emulator.refusals import Refusal, problem

# What the service finds by following the data of a run, and refuses in an answer of its own.
_DATA_FLOW = "impossible-path"
# So many steps of a path lead to a state.
_TO_A_STATE = 3
_KINDS = {
    key: kind
    for shape in (*STATES.values(), *HANDLERS.values(), DEFINITION, CATCHER, RULE)
    for key, kind in shape.fields.items()
}
# Words and types are those of pydantic 1, in whose form all known refusals are.
_OF_ANOTHER_KIND = {
    Kind.TEXT: ("str type expected", "type_error.str"),
    Kind.FLAG: ("value is not a valid boolean", "type_error.bool"),
    Kind.WHOLE: ("value is not a valid integer", "type_error.integer"),
    Kind.NUMBER: ("value is not a valid float", "type_error.float"),
    Kind.OBJECT: ("value is not a valid dict", "type_error.dict"),
    Kind.HANDLER: ("value is not a valid dict", "type_error.dict"),
}
_NO_LIST = ("value is not a valid list", "type_error.list")


def complaints(definition: JsonObject, input_schema: JsonObject) -> tuple[list[JsonObject], Refusal | None]:
    """The entries of a 422's detail for a definition, which may hold anything, and its input schema.

    Beside them the refusal for what is wrong with the flow of data, which is given when nothing else is wrong.
    """
    found = sorted(language.refused(definition, input_schema), key=_state_number(definition))
    said = [_WORDS.get(one.code, _in_our_words)(one, definition) for one in found if one.code != _DATA_FLOW]
    of_data = [one for one in found if one.code == _DATA_FLOW]
    return said, _improper_access(of_data, definition) if of_data else None


def _state_number(definition: JsonObject) -> Callable[[Finding], int]:
    """Complaints are told in the order of the definition, state by state."""
    states = definition.get("States")
    numbers = {name: number for number, name in enumerate(states, start=1)} if isinstance(states, dict) else {}
    return lambda one: numbers.get(str(one.path[_TO_A_STATE - 1]), 0) if len(one.path) >= _TO_A_STATE else 0


def _improper_access(found: list[Finding], definition: JsonObject) -> Refusal:
    """The answer to paths that lead nowhere (its form: the tests of globus-cli)."""
    types = {one.path[:_TO_A_STATE]: str(_state(one, definition)["Type"]).lower() for one in found}
    counted = sorted(Counter(types.values()).items())
    states = " and ".join(f"{count} {kind} state{'' if count == 1 else 's'}" for kind, count in counted)
    detail = [
        problem(
            one.path,
            f"Improper access to data in this {types[one.path[:_TO_A_STATE]]} state"
            f" with expression: {_at(definition, one.path)}",
            "InvalidAccessPath",
            field_name=str(one.path[-1]),
        )
        for one in found
    ]
    return Refusal(422, "FLOW_VALIDATION_FAILED", detail, f"This flow contains errors in {states}.")


def _in_our_words(one: Finding, _: JsonObject) -> JsonObject:
    """What the service says of it is not known."""
    return problem(one.path, one.message, "value_error")


def _no_object(one: Finding, definition: JsonObject) -> JsonObject:
    match one.path:
        case ("definition",):
            return _field_required(one, definition)
        case ("definition", "States", _):
            return _no_type(one, definition)
        case _:
            return _of_another_kind(one, definition)


def _field_required(one: Finding, _: JsonObject) -> JsonObject:
    # The place ends with the field that is not there (the service's documentation of validation shows such a place).
    field = one.message.split("`")[-2]
    return problem((*one.path, field), "field required", "value_error.missing")


def _field_not_permitted(one: Finding, _: JsonObject) -> JsonObject:
    return problem(one.path, "extra fields not permitted", "value_error.extra")


def _no_type(one: Finding, _: JsonObject) -> JsonObject:
    kind = "value_error.discriminated_union.missing_discriminator"
    return problem(one.path, "Discriminator 'type' is missing in value", kind, discriminator_key="type")


def _no_such_type(one: Finding, definition: JsonObject) -> JsonObject:
    value, allowed = _state(one, definition)["Type"], ", ".join(map(repr, STATES))
    return problem(
        one.path[:_TO_A_STATE],
        f"No match for discriminator 'type' and value {value!r} (allowed values: {allowed})",
        "value_error.discriminated_union.invalid_discriminator",
        discriminator_key="type",
        discriminator_value=value,
        allowed_values=allowed,
    )


def _of_another_kind(one: Finding, definition: JsonObject) -> JsonObject:
    value, key = _at(definition, one.path), one.path[-1]
    if value is None:
        return problem(one.path, "none is not an allowed value", "type_error.none.not_allowed")
    if key == "Type" and len(one.path) == _TO_A_STATE + 1:
        return _no_such_type(one, definition)
    if isinstance(key, int):
        kind = Kind.TEXT if _KINDS.get(str(one.path[-2])) is Kind.TEXTS else Kind.OBJECT
    else:
        kind = _KINDS[key]
    if value == [] and kind is Kind.RULES:
        return problem(one.path, "ensure this value has at least 1 items", "value_error.list.min_items", limit_value=1)
    if kind is Kind.TEXT and isinstance(value, str):  # text, but none that is allowed
        return _in_our_words(one, definition)
    return problem(one.path, *_OF_ANOTHER_KIND.get(kind, _NO_LIST))


def _no_way_on(one: Finding, definition: JsonObject) -> JsonObject:
    message = (
        f"A state of type '{_state(one, definition)['Type']}' must be defined as either terminal"
        ' ("End": true) or transitional ("Next": "NextStateId")'
    )
    return problem(one.path[:_TO_A_STATE], message, "value_error")


def _state(one: Finding, definition: JsonObject) -> Any:
    return _at(definition, one.path[:_TO_A_STATE])


def _at(definition: JsonObject, path: tuple[str | int, ...]) -> Any:
    """What the definition holds at the path of a finding."""
    value: Any = {"definition": definition}
    for step in path:
        value = value[step]
    return value


# What fixtures of globus_sdk and globus-cli show, or the documentation of validation, or pydantic 1 for such a model.
_WORDS: dict[str, Callable[[Finding, JsonObject], JsonObject]] = {
    "definition-shape": _no_object,
    "missing-state-type": _no_type,
    "unknown-state-type": _no_such_type,
    "unknown-state-field": _field_not_permitted,
    "missing-state-field": _field_required,
    "wrong-state-value": _of_another_kind,
    "no-transition": _no_way_on,
}
