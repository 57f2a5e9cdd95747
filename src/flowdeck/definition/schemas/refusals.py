"""Why a schema refuses a value, in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flowdeck.definition.finding import Path
from flowdeck.definition.kinds import kind_of, named_type, value_text
from flowdeck.definition.names import listed, quoted

# One of jsonschema, whose types say less than its documentation.
Error = Any
_MOST = 6


@dataclass(frozen=True, slots=True)
class Refusal:
    """A part of a value that a schema refuses; `predicate` is a sentence without its subject: `lacks `region``."""

    path: Path
    predicate: str


def predicate(error: Error) -> str:
    """What is wrong with the value, said without the value: it may be nobody's business."""
    if error.validator is None:  # the schema `false`
        return "must not be there"
    if "propertyNames" in error.absolute_schema_path:
        return f"has the name {quoted(str(error.instance))}, which `propertyNames` refuses"
    said = _SAID.get(error.validator)
    return said(error.validator_value, error.instance, error) if said else f"breaks `{error.validator}` of the schema"


def _type(wanted: Any, value: Any, _: Error) -> str:
    names = [named_type(one) for one in (wanted if isinstance(wanted, list) else [wanted])]
    either = f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
    return f"must be {either}, and is {kind_of(value)}"


def _required(wanted: Any, value: Any, _: Error) -> str:
    return f"lacks {listed(name for name in wanted if name not in value)}"


def _additional(_: Any, value: Any, error: Error) -> str:
    around = error.schema if isinstance(error.schema, Mapping) else {}
    if around.get("patternProperties"):
        return "has properties that the schema does not declare"
    extra = [name for name in value if name not in around.get("properties", {})]
    return f"has {listed(extra)}, which the schema does not declare"


def _enum(wanted: Any, _: Any, __: Error) -> str:
    shown = ", ".join(value_text(one) for one in wanted[:_MOST])
    return f"is none of {shown}" + (f" and {len(wanted) - _MOST} more" if len(wanted) > _MOST else "")


def _one_of(_: Any, __: Any, error: Error) -> str:
    return f"fits {'none' if error.context else 'more than one'} of the alternatives of `oneOf`"


def _with(words: str) -> Callable[[Any, Any, Error], str]:
    """A sentence in which the keyword's value, a number, stands for `{}`."""
    return lambda wanted, _, __: words.format(wanted)


_SAID: dict[str, Callable[[Any, Any, Error], str]] = {
    "type": _type,
    "required": _required,
    "additionalProperties": _additional,
    "enum": _enum,
    "oneOf": _one_of,
    "const": lambda wanted, *_: f"is not {value_text(wanted)}",
    "minimum": _with("is less than {}"),
    "maximum": _with("is more than {}"),
    "exclusiveMinimum": _with("is not more than {}"),
    "exclusiveMaximum": _with("is not less than {}"),
    "multipleOf": _with("is no multiple of {}"),
    "minLength": _with("has fewer than {} characters"),
    "maxLength": _with("has more than {} characters"),
    "pattern": lambda wanted, *_: f"does not match {quoted(wanted)}",
    "minItems": _with("has fewer than {} items"),
    "maxItems": _with("has more than {} items"),
    "minProperties": _with("has fewer than {} properties"),
    "maxProperties": _with("has more than {} properties"),
    "uniqueItems": lambda *_: "holds an item twice",
    "contains": lambda *_: "holds no item that `contains` asks for",
    "dependencies": lambda *_: "lacks what `dependencies` asks for",
    "dependentRequired": lambda *_: "lacks what `dependentRequired` asks for",
    "additionalItems": lambda *_: "has more items than the schema allows",
    "items": lambda *_: "has more items than the schema allows",
    "anyOf": lambda *_: "fits none of the alternatives of `anyOf`",
    "not": lambda *_: "is what `not` excludes",
}
