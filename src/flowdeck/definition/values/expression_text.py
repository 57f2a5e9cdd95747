"""The text of an expression made ready to be parsed: JSONPaths in backticks named, lines joined, faults told apart."""

from dataclasses import dataclass

_CLOSES = {")": "(", "]": "[", "}": "{"}
_NAME = "_jsonpath_"
# What other languages write, and what these expressions have for it.
_FOREIGN = {
    "&&": "write `and`",
    "||": "write `or`",
    "===": "write `==`",
    "${": "write the name of the value alone",
    "$.": "put the JSONPath in backticks, or write the names without `$.`",
    "$[": "put the JSONPath in backticks",
    "?": "write `a if condition else b`",
    "!": "write `not`",
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """`text` has a name in place of each of `paths`; `fault` and `hint` say what is wrong with it as far as told."""

    text: str
    paths: tuple[str, ...] = ()
    fault: str = ""
    hint: str = ""

    def path(self, name: str) -> str | None:
        """The JSONPath that a name in the text stands for."""
        number = name.removeprefix(_NAME)
        ours = number != name and number.isdigit() and int(number) < len(self.paths)
        return self.paths[int(number)] if ours else None


def prepare(text: str) -> Prepared:
    """Make a text ready: outside quotes line breaks are blanks, inside they stand for themselves."""
    parts: list[str] = []
    bare: list[str] = []
    paths: list[str] = []
    at = 0
    while at < len(text):
        sign = text[at]
        if sign == "`":
            end = text.find("`", at + 1)
            if end < 0:
                return Prepared(text, fault="a backtick is never closed", hint="close it behind the JSONPath")
            parts.append(f"{_NAME}{len(paths)}")
            paths.append(text[at + 1 : end].strip())
        elif sign in "'\"":
            end = _end_of_quote(text, at)
            if end < 0:
                return Prepared(text, fault="a quote is never closed", hint="close it, or use the other kind of quote")
            parts.append(text[at : end + 1].replace("\r", "\\r").replace("\n", "\\n"))
        else:
            end = at
            parts.append(" " if sign in "\r\n\t" else sign)
            bare.append(sign)
        at = end + 1
    ready = "".join(parts).strip()
    fault = "" if ready else "it is empty"
    fault = fault or _unbalanced(bare)
    return Prepared(ready, tuple(paths), fault, "" if fault else _foreign("".join(bare)))


def _end_of_quote(text: str, at: int) -> int:
    """Where the quote that opens at `at` is closed; -1 for nowhere."""
    quote, here = text[at], at + 1
    while here < len(text):
        if text[here] == "\\":
            here += 1
        elif text[here] == quote:
            return here
        here += 1
    return -1


def _unbalanced(bare: list[str]) -> str:
    """What is wrong with the brackets."""
    pending: list[str] = []
    for sign in bare:
        if sign in "([{":
            pending.append(sign)
        elif sign in ")]}" and (not pending or pending.pop() != _CLOSES[sign]):
            return f"a `{sign}` closes nothing"
    return f"a `{pending[-1]}` is never closed" if pending else ""


def _foreign(bare: str) -> str:
    """The way out of a text that has signs of other languages."""
    return next((hint for sign, hint in _FOREIGN.items() if sign in bare), "")
