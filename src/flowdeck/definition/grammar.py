"""What each object of a definition may hold: its keys, the kind of value of each, and the keys that it must have.

The source of all of it is the JSON Schema of definitions that the Flows team publishes (repository globus/flows-ide).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a value must be."""

    TEXT = "text"
    FLAG = "true or false"
    WHOLE = "a whole number"
    NUMBER = "a number"
    OBJECT = "an object"
    TEXTS = "a list of texts"
    CATCHERS = "a list of catchers"
    RULES = "a list of rules"
    HANDLER = "a URN or an object"


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of object: `name` with its article, the keys that it takes, and those that it must have.

    `Type` of a state is required too, and has a rule of its own.
    """

    name: str
    fields: Mapping[str, Kind]
    required: tuple[str, ...] = ()


_EVERY = {"Comment": Kind.TEXT, "Type": Kind.TEXT}
_WAY = {"Next": Kind.TEXT, "End": Kind.FLAG}
_INPUT = {"InputPath": Kind.TEXT, "Parameters": Kind.OBJECT, "ResultPath": Kind.TEXT}
_CATCH = {"Catch": Kind.CATCHERS}


def _state(kind: str, fields: Mapping[str, Kind], required: tuple[str, ...] = ()) -> Shape:
    article = "an" if kind[0] in "AE" else "a"
    return Shape(f"{article} {kind} state", {**_EVERY, **fields}, required)


_ACTION = {
    "ActionUrl": Kind.TEXT,
    "Handler": Kind.HANDLER,
    "ActionScope": Kind.TEXT,
    "RunAs": Kind.TEXT,
    **_INPUT,
    "WaitTime": Kind.WHOLE,
    "ExceptionOnActionFailure": Kind.FLAG,
    **_CATCH,
    **_WAY,
}
_EXPRESSIONS = {"Parameters": Kind.OBJECT, "ResultPath": Kind.TEXT, **_WAY}
_DURATION = {"Seconds": Kind.WHOLE, **dict.fromkeys(("SecondsPath", "Timestamp", "TimestampPath"), Kind.TEXT)}

STATES: Mapping[str, Shape] = {
    "Action": _state("Action", _ACTION),
    "Pass": _state("Pass", {**_INPUT, "Result": Kind.OBJECT, **_WAY}),
    "Choice": _state("Choice", {"Choices": Kind.RULES, "Default": Kind.TEXT}, ("Choices",)),
    "Wait": _state("Wait", {**_DURATION, **_WAY}),
    "Fail": _state("Fail", dict.fromkeys(("Error", "ErrorPath", "Cause", "CausePath"), Kind.TEXT)),
    "ExpressionEval": _state("ExpressionEval", _EXPRESSIONS, ("Parameters", "ResultPath")),
    "CreateWebInput": _state("CreateWebInput", {**_INPUT, **_CATCH, **_WAY}),
    "AwaitWebInput": _state("AwaitWebInput", {**_INPUT, **_CATCH, **_WAY}),
}
DURATIONS = tuple(_DURATION)

# The shape of a whole is the rule definition-shape; here is what else it may hold.
DEFINITION = Shape("a definition", {"StartAt": Kind.TEXT, "States": Kind.OBJECT, "Comment": Kind.TEXT})

CATCHER = Shape(
    "a catcher",
    {"ErrorEquals": Kind.TEXTS, "Next": Kind.TEXT, "ResultPath": Kind.TEXT},
    ("ErrorEquals", "Next"),
)

HANDLERS: Mapping[str, Shape] = {
    "ActionProvider": Shape(
        "an ActionProvider handler", dict.fromkeys(("Type", "Url", "Scope"), Kind.TEXT), ("Type", "Url")
    ),
    "RegisteredAPI": Shape("a RegisteredAPI handler", dict.fromkeys(("Type", "Id"), Kind.TEXT), ("Type", "Id")),
}
# A handler of which the Type is missing or wrong.
HANDLER = Shape("a handler", dict.fromkeys(("Type", "Url", "Scope", "Id"), Kind.TEXT), ("Type",))

ORDERED = {"String": Kind.TEXT, "Numeric": Kind.NUMBER, "Timestamp": Kind.TEXT}
ORDERS = ("Equals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
IS = ("IsPresent", "IsNull", "IsString", "IsNumeric", "IsBoolean", "IsTimestamp")
COMPARATORS: Mapping[str, Kind] = {
    **{f"{family}{order}": kind for family, kind in ORDERED.items() for order in ORDERS},
    **{f"{family}{order}Path": Kind.TEXT for family in ORDERED for order in ORDERS},
    "StringMatches": Kind.TEXT,
    "BooleanEquals": Kind.FLAG,
    "BooleanEqualsPath": Kind.TEXT,
    **dict.fromkeys(IS, Kind.FLAG),
}

# The comparators with a date and time.
TIMES = tuple(f"Timestamp{order}" for order in ORDERS)

FORMS: Mapping[str, Kind] = {"And": Kind.RULES, "Or": Kind.RULES, "Not": Kind.OBJECT, "Variable": Kind.TEXT}
RULE = Shape("a choice rule", {**FORMS, **COMPARATORS, "Next": Kind.TEXT}, ("Next",))
NESTED_RULE = Shape("a rule inside a rule", {**FORMS, **COMPARATORS})

# Names that the exceptions of a state are documented to have, and what catches all of them.
CATCH_ALL = "States.ALL"
EXCEPTIONS = ("ActionUnableToRun", "ActionFailedException", "ActionTimeout", CATCH_ALL)

# Every key that there is, of any object.
KEYS = frozenset(
    key for shape in (*STATES.values(), *HANDLERS.values(), DEFINITION, CATCHER, RULE) for key in shape.fields
)
