"""JSON text as plain values: quickly where it is sound, and with marks and faults where somebody asks."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

from flowdeck.manifest.composer import DEEPEST, Composer, Part
from flowdeck.manifest.problem import Fault, Unreadable

_SPACE = re.compile(r"[ \t\n\r]*")
_TOKEN = re.compile(
    r'(?P<text>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+")'
    r"|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![0-9A-Za-z_.]))"
    r"|(?P<word>(?:true|false|null)(?![0-9A-Za-z_]))"
    r"|(?P<punctuation>[][{}:,])"
)
_WORDS = {"true": True, "false": False, "null": None}
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")

VALUE, KEY, KEY_OR_END, VALUE_OR_END, COLON, COMMA_OR_END, NOTHING = (
    "a value", "a key", "a key or `}`", "a value or `]`", "`:`", "a comma or the end", "the end of the file"
)  # fmt: skip


_HINTS = {
    VALUE: "write a value, or remove what is before it",
    KEY: "write a key in double quotes",
    KEY_OR_END: "write a key in double quotes, or `}`",
    VALUE_OR_END: "write a value, or `]`",
    COLON: "put `:` between key and value",
    COMMA_OR_END: "put a comma between the two",
    NOTHING: "a file holds one value: remove what follows it",
}


def quick(text: str) -> tuple[bool, Any]:
    """(True, value) when a look without marks finds nothing wrong; (False, None) when `scan` must look."""
    if "\\u" in text and _ESCAPED_HALF.search(text):
        return False, None
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return False, None
    return (True, value) if _is_shallow(value) else (False, None)


def scan(text: str) -> tuple[Part, tuple[Fault, ...]]:
    """The value with marks, and what is wrong with it; raises Unreadable when nothing can be used."""
    return _Scanner(text).scan()


class _Scanner:
    """One pass over the tokens.

    `state` is what may come next, `ends` the closing brackets still to come, `comma` where the last token is one.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.composer = Composer(text)
        self.state = VALUE
        self.ends: list[str] = []
        self.comma = -1

    def scan(self) -> tuple[Part, tuple[Fault, ...]]:
        text, at = self.text, 0
        while (at := self._after_space(at)) < len(text):
            token = _TOKEN.match(text, at)
            if token is None or token.lastgroup is None or self.state is NOTHING:
                raise Unreadable(self._unexpected(at))
            _TAKE[token.lastgroup](self, token[0], at)
            self.comma = at if token[0] == "," else -1
            at = token.end()
        if self.state is not NOTHING or self.composer.root is None:
            raise Unreadable(self._too_short())
        return self.composer.root, tuple(self.composer.faults)

    def _after_space(self, at: int) -> int:
        space = _SPACE.match(self.text, at)
        return space.end() if space else at

    def _value(self, value: object, token: str, at: int) -> None:
        if self.state not in (VALUE, VALUE_OR_END):
            raise Unreadable(self._unexpected(at))
        self.composer.scalar(value, at, at + len(token))
        self.state = COMMA_OR_END if self.ends else NOTHING

    def _text(self, token: str, at: int) -> None:
        value = json.loads(token)
        if _HALF_CHARACTER.search(value):
            fault = Fault("syntax-error", "an escape is half a character", at, "write both halves, or the character")
            raise Unreadable(fault)
        if self.state in (KEY, KEY_OR_END):
            self.composer.key(value, at)
            self.state = COLON
        else:
            self._value(value, token, at)

    def _number(self, token: str, at: int) -> None:
        try:
            value = int(token) if token.lstrip("-").isdigit() else float(token)
        except ValueError:  # more digits than Python reads
            value = math.inf
        if not math.isfinite(value):
            fault = Fault("ambiguous-value", "a number that is too large", at, "write a smaller one, or quote it")
            self.composer.wrong(fault)
            value = 0
        self._value(value, token, at)

    def _word(self, token: str, at: int) -> None:
        self._value(_WORDS[token], token, at)

    def _punctuation(self, token: str, at: int) -> None:
        state = self.state
        if token in "{[" and state in (VALUE, VALUE_OR_END):
            self.composer.start({} if token == "{" else [], at)
            self.ends.append("}" if token == "{" else "]")
            self.state = KEY_OR_END if token == "{" else VALUE_OR_END
        elif token in "}]" and state in (COMMA_OR_END, KEY_OR_END, VALUE_OR_END) and self.ends[-1] == token:
            self.ends.pop()
            self.composer.end(at + 1)
            self.state = COMMA_OR_END if self.ends else NOTHING
        elif token == ":" and state is COLON:
            self.state = VALUE
        elif token == "," and state is COMMA_OR_END:
            self.state = KEY if self.ends[-1] == "}" else VALUE
        else:
            raise Unreadable(self._unexpected(at))

    def _too_short(self) -> Fault:
        if not self.text.strip():
            return Fault("empty-file", "the file is empty", 0, "write the definition or schema into it")
        hint = f"close it with `{self.ends[-1]}`"
        return Fault("syntax-error", f"the file ends where {self.state} should come", len(self.text.rstrip()), hint)

    def _unexpected(self, at: int) -> Fault:
        rest = self.text[at : at + 9]
        if (
            rest[0] in "}]"
            and self.state in (KEY, VALUE)
            and self.ends
            and self.ends[-1] == rest[0]
            and self.comma >= 0
        ):
            return Fault("syntax-error", f"a comma before `{rest[0]}`", self.comma, "remove the comma")
        is_token = _TOKEN.match(self.text, at) is not None
        for form, message, hint in () if is_token else _MISTAKES:
            if form.match(rest):
                return Fault("syntax-error", message, at, hint)
        hint = _HINTS[self.state]
        if self.state is COMMA_OR_END and rest[0] in "}]:":
            hint = f"put `{self.ends[-1]}` or a comma before it"
        return Fault("syntax-error", f"here {self.state} should come", at, hint)


_TAKE: dict[str, Callable[[_Scanner, str, int], None]] = {
    "text": _Scanner._text,
    "number": _Scanner._number,
    "word": _Scanner._word,
    "punctuation": _Scanner._punctuation,
}
_MISTAKES = tuple(
    (re.compile(form), message, hint)
    for form, message, hint in (
        ("'", "single quotes are not JSON", "write double quotes"),
        ("//|/\\*|#", "JSON has no comments", "remove it, or write the file in YAML"),
        ("NaN|-?Infinity", "JSON has no such number", "write a number, or null"),
        ("True|False|None", "JSON writes true, false and null", "write it in lower case; None is null"),
        ("[-+.]?[0-9]", "a number in a form that JSON lacks", "write it as `1000` or `0.5`, or quote it"),
        ('"', "text that is not closed, or holds a line break or an unknown escape", "close it, or write `\\n`"),
        ("[A-Za-z_$]", "text without quotes", "put it in double quotes"),
    )
)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("a key is given twice")
    return mapping


def _finite(token: str) -> float:
    value = float(token)
    if math.isinf(value):
        raise ValueError("too large")
    return value


def _refuse(token: str) -> None:
    raise ValueError(token)


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse, object_pairs_hook=_unique)
_CONTAINERS = (dict, list)


def _is_shallow(value: object) -> bool:
    """Whether the value, as the decoder makes it, is not too deep."""
    level: list[Any] = [value] if type(value) in _CONTAINERS else []
    for _ in range(DEEPEST):
        if not level:
            return True
        parts = (one.values() if type(one) is dict else one for one in level)
        level = [part for some in parts for part in some if type(part) in _CONTAINERS]
    return not level
