"""What kind of JSON value something is, in words."""

import json

_NAMES = {
    "null": "null",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "array": "a list",
    "object": "an object",
}
_WORDS = ("true", "false", "null")
_LONGEST = 60


def kind_of(value: object) -> str:
    """The kind of a value as a sentence names it: `text`, `a list`; null and the truths by themselves."""
    match value:
        case None | bool():
            return f"`{json.dumps(value)}`"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"


def named_type(type_: object) -> str:
    """A type of JSON Schema as a sentence names it."""
    return _NAMES.get(str(type_), f"`{type_}`")


def value_text(value: object) -> str:
    """A value in backticks, cut where it is long; text has quotes where it might be taken for something else."""
    text = value if isinstance(value, str) and _is_plain(value) else json.dumps(value, ensure_ascii=False)
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[:_LONGEST]}...`"


def _is_plain(text: str) -> bool:
    # A late reference is shown as it is written.
    return "\x00{" in text or (text[:1].isalpha() and text.strip() == text and text not in _WORDS)
