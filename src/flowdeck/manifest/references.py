"""References, `${...}`, in the scalars of manifests, definitions and schemas: found, read and replaced."""

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flowdeck.manifest.composer import DEEPEST, MOST_REPEATED
from flowdeck.manifest.messages import address
from flowdeck.manifest.problem import Path, Problem, listed
from flowdeck.model.json_value import Json

ESCAPE = "`$${` is a literal `${`"
_FORMS = {
    "var": ("${var.NAME}",),
    "flow": ("${flow.NAME.id}", "${flow.NAME.scope}"),
    "subscription": ("${subscription.NAME}",),
    "principal": ("${principal.NAME}",),
    "secret": ("${secret.NAME}",),
    "environment": ("${environment}",),
    "project": ("${project}",),
}
_TOKEN = re.compile(r"\$\$\{|\$\{(?P<inner>[^{}]*)\}|\$\{")
_DOTTED = re.compile(r"(\w+)(?:\.[\w.-]*)?", re.ASCII)
_READ = re.compile(
    r"(?P<kind>var|subscription|principal|secret)\.(?P<name>[\w-]+)"
    r"|(?P<flow>flow)\.(?P<flow_name>[\w-]+)\.(?P<part>id|scope)|(?P<alone>environment|project)",
    re.ASCII,
)
_TEXT_OF_ONE = 32  # so many characters count as one value


@dataclass(frozen=True, slots=True)
class Reference:
    """What stands between `${` and `}`: a kind and, for most, a name; `part` is a flow's `id` or `scope`."""

    kind: str
    name: str = ""
    part: str = ""

    def __str__(self) -> str:
        return ".".join(word for word in (self.kind, self.name, self.part) if word)

    @property
    def shown(self) -> str:
        """The reference as a message shows it."""
        return f"`${{{self}}}`"


class Unresolved(Exception):
    """A reference that has no value; without a code where the reason is reported elsewhere."""

    def __init__(self, code: str = "", message: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


Lookup = Callable[[Reference, Path], Any]
"""The value of a reference that stands in the text at a path, or Unresolved."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A value without references; the texts at `unknown` paths could not be replaced and are as they were."""

    value: Any
    problems: list[Problem] = field(default_factory=list)
    unknown: frozenset[Path] = frozenset()


def resolve(value: Any, lookup: Lookup, path: Path = ()) -> Resolved:
    """The value with each reference replaced by what `lookup` says, and `$${` by `${`; `path` is where it stands."""
    walk = Walk(lookup)
    return Resolved(walk.value(value, path), walk.problems, frozenset(walk.unknown))


def found(value: Any) -> Iterator[Reference]:
    """The references in a value that can be read."""
    if isinstance(value, str):
        for token in _TOKEN.finditer(value):
            if token["inner"] is not None and (reference := _readable(token["inner"])):
                yield reference
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from found(item)


def alone(value: Any) -> Reference | None:
    """The reference that is the whole of a text."""
    token = _TOKEN.fullmatch(value) if isinstance(value, str) else None
    return _readable(token["inner"] or "") if token else None


@dataclass
class Walk:
    """Replaces references in one value after another. What they repeat counts, and ends it when it is too much."""

    lookup: Lookup
    problems: list[Problem] = field(default_factory=list)
    unknown: set[Path] = field(default_factory=set)
    repeated: int = 0

    def value(self, value: Any, path: Path) -> Any:
        """The value without references, as far as they can be replaced."""
        if isinstance(value, dict):
            return {key: self.value(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, (*path, index)) for index, item in enumerate(value)]
        if not isinstance(value, str) or ("${" not in value and "\0" not in value):
            return value
        return self._text(value, path)

    def _text(self, text: str, path: Path) -> Any:
        if "\0" in text:  # late references are marked with it
            self._wrong(Unresolved("control-character", "the text holds the character U+0000", "remove it"), path)
            return text
        pieces: list[str] = []
        end = 0
        for token in _TOKEN.finditer(text):
            pieces.append(text[end : token.start()])
            end = token.end()
            if token[0] == "$${":
                pieces.append("${")
                continue
            try:
                meant = self._meant(token["inner"], path)
                if token[0] == text:
                    return meant
                pieces.append(_as_text(meant))
            except Unresolved as error:
                self._wrong(error, path)
        return text if path in self.unknown else "".join([*pieces, text[end:]])

    def _wrong(self, error: Unresolved, path: Path) -> None:
        self.unknown.add(path)
        if error.code:
            self.problems.append(Problem(error.code, error.message, path, error.hint, address=address(path)))

    def _meant(self, inner: str | None, path: Path) -> Any:
        meant = self.lookup(_read(inner), path)
        size, height = _measure(meant)
        self.repeated += size
        if self.repeated > MOST_REPEATED:
            raise Unresolved("reference-expansion", "the references repeat too much", "write less with references")
        if len(path) + height > DEEPEST:
            raise Unresolved("too-deep", f"more than {DEEPEST} levels inside each other", "flatten it")
        return meant


def _readable(inner: str) -> Reference | None:
    read = _READ.fullmatch(inner)
    if read is None:
        return None
    kind = read["kind"] or read["flow"] or read["alone"]
    return Reference(kind, read["name"] or read["flow_name"] or "", read["part"] or "")


def _read(inner: str | None) -> Reference:
    """The reference; one that cannot be read is not shown: it may be part of a password."""
    if inner is None:
        raise Unresolved("malformed-reference", "a reference is not closed", f"write `}}` at its end; {ESCAPE}")
    reference = _readable(inner)
    if reference is not None:
        return reference
    dotted = _DOTTED.fullmatch(inner)
    kind = dotted[1] if dotted else ""
    if kind in _FORMS:
        raise Unresolved(
            "malformed-reference",
            "the reference has another form than it must have",
            f"write {listed(_FORMS[kind])}; {ESCAPE}",
        )
    if not kind:
        hint = f"the references are: {listed(_every_form())}; {ESCAPE}"
        raise Unresolved("malformed-reference", "`${` begins no reference", hint)
    if kind in ("env", "environ"):
        hint = "declare a variable: FLOWDECK_VAR_NAME gives `${var.name}` its value"
        raise Unresolved("unknown-reference", "references do not read the process environment", hint)
    near = difflib.get_close_matches(kind, _FORMS, n=1)
    hint = (
        f"did you mean {listed(_FORMS[near[0]])}?" if near else f"the references are: {listed(_every_form())}; {ESCAPE}"
    )
    raise Unresolved("unknown-reference", "there is no reference of this kind", hint)


def _every_form() -> Iterator[str]:
    return (form for forms in _FORMS.values() for form in forms)


def _as_text(value: Any) -> str:
    if isinstance(value, dict | list):
        kind = "a list" if isinstance(value, list) else "a mapping"
        raise Unresolved("wrong-type", f"{kind} cannot stand inside text", "let the reference be the whole value")
    return value if isinstance(value, str) else Json.of(value).text


def _measure(value: Any) -> tuple[int, int]:
    """How many values it holds, and in how many levels."""
    if not isinstance(value, dict | list):
        return 1 + (len(value) // _TEXT_OF_ONE if isinstance(value, str) else 0), 0
    parts = [_measure(item) for item in (value.values() if isinstance(value, dict) else value)]
    return 1 + sum(size for size, _ in parts), 1 + max((height for _, height in parts), default=0)
