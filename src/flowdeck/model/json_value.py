"""A JSON value in normal form: immutable, hashable, and equal exactly when the documents mean the same."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

# What a whole float looks like in canonical text: `2.0` or `1e+16`; only then is the value walked.
_WHOLE_FLOAT = re.compile(r"[0-9](?:\.0\b|e\+)")


@dataclass(frozen=True)
class Json:
    """Canonical text of a JSON value: keys sorted, no spaces, whole floats written as integers.

    Comparing the text ignores the order of keys, keeps the order of arrays and tells `true` from `1`,
    which comparing Python values would not.
    """

    text: str

    @classmethod
    def of(cls, value: object) -> "Json":
        """The normal form of `value`, made of dict, list, str, int, float, bool and None.

        Raises ValueError for NaN and infinities, TypeError for anything else that JSON does not have.
        """
        text = _dump(value)
        if (".0" in text or "e+" in text) and _WHOLE_FLOAT.search(text):
            text = _dump(_whole_floats_as_integers(value))
        return cls(text)

    @cached_property
    def value(self) -> Any:
        """The value as Python objects; do not change it: it is shared."""
        return json.loads(self.text)

    @property
    def is_empty(self) -> bool:
        """True for null, "", [] and {}: the service does not tell them from an absent field."""
        return self.text in ("null", '""', "[]", "{}")


def _dump(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _whole_floats_as_integers(value: object) -> object:
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: _whole_floats_as_integers(item) for key, item in value.items()}
        case list():
            return [_whole_floats_as_integers(item) for item in value]
        case _:
            return value


EMPTY_OBJECT = Json("{}")
