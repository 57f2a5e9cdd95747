"""JSONPaths as definitions write them: the steps that one takes, or why nobody can read it."""

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache


class Several(Enum):
    """A step that does not lead to one place, with its name."""

    WILDCARD = "a wildcard"
    SLICE = "a slice"
    FILTER = "a filter"
    SEARCH = "a search through all levels"
    UNION = "a list of names"
    UNKNOWN = "a step that is not known"


Step = str | int | Several
Steps = tuple[Step, ...]
# What may be anywhere, and may be everything.
ANYWHERE: Steps = (Several.UNKNOWN,)
# How a late reference begins (model.reference): the text is not known yet.
LATE = "\x00{"
_LONGEST = 1000

_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_INDEX = r"-?[0-9]{1,9}"
_SLICE = rf"(?:{_INDEX})?\s*:\s*(?:{_INDEX})?(?:\s*:\s*(?:{_INDEX})?)?"
_ITEM = rf"(?:{_QUOTED}|{_SLICE}|[\w-]+|\*)"
_IS_QUOTED = re.compile(_QUOTED, re.DOTALL)
_IS_INDEX = re.compile(_INDEX)
_IS_SLICE = re.compile(_SLICE)
_IS_NAME = re.compile(r"[\w-]+")
_IS_UNION = re.compile(rf"{_ITEM}(?:\s*,\s*{_ITEM})+", re.DOTALL)
# Names with other signs, such as `length()`, are functions or operators of one reader or the other.
_IS_KEY = re.compile(r"[\w @$:#-]+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A JSONPath; `fault` says why it is none, without a word of it, and `meant` is the path that it may stand for."""

    steps: Steps = ()
    fault: str = ""
    meant: str = ""


class _Unreadable(Exception):
    """The text is no JSONPath; `args` are the fault and what was meant."""


@lru_cache(maxsize=2048)
def read(text: str) -> JsonPath:
    """Read a text as a JSONPath; what any reader of JSONPaths takes has no fault.

    The steps of a text with a late reference, or of a very long one, are not known.
    """
    if LATE in text or len(text) > _LONGEST:
        return JsonPath(ANYWHERE)
    try:
        return JsonPath(_steps(text))
    except _Unreadable as error:
        fault, meant = error.args
        return JsonPath(ANYWHERE, fault, meant if _readable(meant) else "")


def _readable(text: str) -> bool:
    """Whether a text is a path of plain names and indexes."""
    try:
        steps = _steps(text)
    except _Unreadable:
        return False
    return bool(steps) and all(isinstance(step, int) or _is_plain(step) for step in steps)


def _is_plain(step: Step) -> bool:
    return isinstance(step, str) and bool(_IS_NAME.fullmatch(step))


def shown(steps: Steps) -> str:
    """Steps as an expression would write them: `a.b[0]`, up to the first that leads to several places."""
    text = ""
    for step in definite(steps):
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def definite(steps: Steps) -> tuple[str | int, ...]:
    """The steps before the first that leads to several places."""
    found: list[str | int] = []
    for step in steps:
        if isinstance(step, Several):
            break
        found.append(step)
    return tuple(found)


def several(steps: Steps) -> Several | None:
    """The first step that leads to several places."""
    return next((step for step in steps if isinstance(step, Several)), None)


def _steps(text: str) -> Steps:
    if not text.startswith("$"):
        meant = text.strip() if text.strip().startswith("$") else f"$.{text}"
        raise _Unreadable("it is empty" if not text else "it does not begin with `$`", meant)
    found: list[Step] = []
    at = 1
    while at < len(text):
        if text[at] == ".":
            at = _dotted(text, at, found)
        elif text[at] == "[":
            end = _closing(text, at)
            found.append(_bracketed(text[at + 1 : end].strip()))
            at = end + 1
        elif text[at] == "]":
            raise _Unreadable("a `]` closes nothing", "")
        elif text.startswith("$$"):
            raise _Unreadable("it begins with `$$`; the run's context is `$._context`", "")
        else:
            where = "after `$`" if at == 1 else "after `]`"
            raise _Unreadable(f"{where} comes `.` or `[`", f"{text[:at]}.{text[at:]}")
    return tuple(found)


def _dotted(text: str, at: int, found: list[Step]) -> int:
    """Append the step that begins with the dot, and return where it ends."""
    if text.startswith("..", at):
        found.append(Several.SEARCH)
        at += 1
    at += 1
    if at < len(text) and text[at] == "[":
        return at
    end = at
    while end < len(text) and text[end] not in ".[]":
        end += 1
    name = text[at:end]
    if not name.strip():
        ends = at >= len(text)
        raise _Unreadable("it ends with a dot" if ends else "a step is empty", text.rstrip(".") if ends else "")
    found.append(Several.WILDCARD if name == "*" else name if _IS_KEY.fullmatch(name) else Several.UNKNOWN)
    return end


def _closing(text: str, at: int) -> int:
    """Where the bracket that opens at `at` is closed."""
    depth, quote, here = 0, "", at
    while here < len(text):
        sign = text[here]
        if quote:
            if sign == "\\":
                here += 1
            elif sign == quote:
                quote = ""
        elif sign in "'\"":
            quote = sign
        elif sign == "[":
            depth += 1
        elif sign == "]":
            depth -= 1
            if not depth:
                return here
        here += 1
    raise _Unreadable("a quote is never closed" if quote else "a `[` is never closed", "")


def _bracketed(inner: str) -> Step:
    if not inner:
        raise _Unreadable("brackets are empty", "")
    if inner == "*":
        return Several.WILDCARD
    if _IS_INDEX.fullmatch(inner):
        return int(inner)
    if _IS_QUOTED.fullmatch(inner):
        return _ESCAPED.sub(r"\1", inner[1:-1])
    if _IS_SLICE.fullmatch(inner):
        return Several.SLICE
    if inner[0] in "?(@":
        return Several.FILTER
    if _IS_NAME.fullmatch(inner):
        return Several.UNKNOWN if inner.lstrip("-").isdigit() else inner
    if _IS_UNION.fullmatch(inner):
        return Several.UNION
    raise _Unreadable("brackets hold neither an index nor a quoted name, a slice or a filter", "")
