"""What a plain YAML scalar means: JSON's null, true, false and numbers are typed, everything else is text."""

import math
import re
from dataclasses import dataclass

_CONSTANTS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_QUOTE = "quote it"

# YAML 1.1 and 1.2 readers take these for different things. Messages name the kind, not the value: it may be a secret.
_SURPRISES = tuple(
    (re.compile(form), f"plain {kind}: {meaning}", hint)
    for form, kind, meaning, hint in (
        (r"[yYnN]|[yY]es|YES|[nN]o|NO|[oO]n|ON|[oO]ff|OFF", "on/off, yes/no", "some readers take it for true or false",
         "quote it, or write true or false"),
        (r"[-+]?0(?:[0-9_]+(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|x[0-9a-fA-F_]+|o[0-7_]+|b[01_]+)",
         "number that begins with 0", "some readers take it for octal, hexadecimal or binary", _QUOTE),
        (r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?", "time", "some readers take it for a number of base 60",
         _QUOTE),
        (r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:.*)?", "date",
         "some readers take it for a date, not text", _QUOTE),
        (r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", "infinity or not-a-number", "JSON has no such number", _QUOTE),
        (r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9_]+)(?:[eE][-+]?[0-9]+)?", "number in a form that JSON lacks",
         "some readers take it for text", "quote it, or write it as `1000` or `0.5`"),
    )
)  # fmt: skip
_FIRST = frozenset("0123456789+-.yYnNoO")


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A plain scalar that is not clearly one thing."""

    message: str
    hint: str


def plain(text: str) -> object:
    """The value of a plain scalar, or Ambiguous."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _FIRST:
        return text
    number = _NUMBER.fullmatch(text)
    if number:
        return _number(text, whole=number[1] is None and number[2] is None)
    for form, message, hint in _SURPRISES:
        if form.fullmatch(text):
            return Ambiguous(message, hint)
    return text


def _number(text: str, *, whole: bool) -> object:
    try:
        value = int(text) if whole else float(text)
    except ValueError:  # more digits than Python reads
        value = math.inf
    return (
        value if math.isfinite(value) else Ambiguous("a number that is too large", "write a smaller one, or quote it")
    )
