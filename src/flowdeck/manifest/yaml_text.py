"""YAML text as plain values with marks, strictly: what two YAML readers might understand differently is a fault."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from flowdeck.manifest.composer import Composer, Part
from flowdeck.manifest.problem import Fault, Unreadable, quoted
from flowdeck.manifest.yaml_scalar import Ambiguous, plain

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOT_YAML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")

# What the parsers say, in C and in Python, and how to say it to a user.
_INDENTATION = ("this line does not fit the lines above", "check the indentation")
_MISTAKES = (
    ("mapping values are not allowed", "`: ` where no mapping can begin", "quote text that holds `: `"),
    ("could not find expected ':'", "a key without `:`", "write `key: value`, or quote text of several lines"),
    ("cannot start any token", "text cannot begin with this character", "quote the text"),
    ("escape", "an escape that YAML lacks", "write the character itself, or use single quotes"),
    ("end of stream", "the quote is not closed", "close it"),
    ("',' or ']'", "the list is not closed", "put `]` at its end, and commas between the items"),
    ("',' or '}'", "the mapping is not closed", "put `}` at its end, and commas between the entries"),
    ("node content", "a value is missing", "write one"),
    ("document start", "the value above is already complete", "check the indentation, or remove what follows"),
    ("expected key", *_INDENTATION),
    ("'-' indicator", *_INDENTATION),
    ("block end", *_INDENTATION),
)
_OTHER = ("", "this is not YAML", "check quotes, brackets and indentation around here")


def compose(text: str) -> tuple[Part, tuple[Fault, ...]]:
    """The only document of the text, and what is wrong with it; raises Unreadable when nothing can be used."""
    wrong = _NOT_YAML.search(text)
    if wrong:
        message = f"the character U+{ord(wrong[0]):04X} is not allowed in YAML"
        raise Unreadable(Fault("syntax-error", message, wrong.start(), "remove it"))
    composer = Composer(text)
    try:
        for event in _events(text):
            take = _TAKE.get(type(event))
            if take is not None:
                take(composer, event)
    except Unreadable as error:
        raise Unreadable(*composer.faults, *error.faults) from None
    if composer.root is None or composer.root.value is None:
        raise Unreadable(Fault("empty-file", "the file is empty", 0, "write the manifest or definition into it"))
    return composer.root, tuple(composer.faults)


def _events(text: str) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        raise Unreadable(_syntax(text, error)) from None
    except (yaml.YAMLError, ValueError):
        # Escapes that no character has, and what else the reader has no mark for.
        raise Unreadable(Fault("syntax-error", _OTHER[1], 0, _OTHER[2])) from None


def _start_of(event: Any) -> int:
    return int(event.start_mark.index)


def _end_of(event: Any) -> int:
    return int(event.end_mark.index)


def _syntax(text: str, error: yaml.MarkedYAMLError) -> Fault:
    problem = error.problem or ""
    _, message, hint = next((mistake for mistake in _MISTAKES if mistake[0] in problem), _OTHER)
    # What is never closed is wrong where it begins.
    unclosed = error.context_mark if "not closed" in message else None
    mark = unclosed or error.problem_mark
    offset = min(mark.index if mark else 0, len(text))
    line_start = text.rfind("\n", 0, offset) + 1
    indentation = re.compile("[ \t]*").match(text, line_start)
    if indentation and "\t" in indentation[0]:
        tab = line_start + indentation[0].index("\t")
        return Fault("syntax-error", "a tab in the indentation", tab, "indent with spaces")
    return Fault("syntax-error", message, offset, hint)


def _scalar(composer: Composer, event: yaml.ScalarEvent) -> None:
    _tag(composer, event)
    is_plain = bool(event.implicit[0]) and event.tag is None
    if composer.wants_key:
        _key(composer, event, is_plain=is_plain)
        return
    value: object = event.value
    if is_plain:
        read = plain(event.value)
        # The level `off` of a risk cannot mean anything else, quoted or not.
        if isinstance(read, Ambiguous) and (composer.section, event.value) != ("guardrails", "off"):
            composer.wrong(Fault("ambiguous-value", read.message, _start_of(event), read.hint))
        elif not isinstance(read, Ambiguous):
            value = read
    composer.scalar(value, _start_of(event), _end_of(event), event.anchor)


def _key(composer: Composer, event: yaml.ScalarEvent, *, is_plain: bool) -> None:
    name, offset = event.value, _start_of(event)
    if is_plain and name == "<<":
        fault = Fault("merge-key", "merge keys (`<<`) are not supported", offset, "write the keys out")
        composer.wrong(fault)
        composer.key(name, offset, unwanted=True)
        return
    read = plain(name) if is_plain else name
    if isinstance(read, Ambiguous):
        composer.wrong(Fault("ambiguous-value", read.message, offset, read.hint))
    elif not isinstance(read, str):
        message = f"the key {quoted(name)} is not text" if name else "a key is empty"
        composer.wrong(Fault("non-text-key", message, offset, "quote it" if name else "give it a name"))
    composer.key(name, offset)


def _tag(composer: Composer, event: yaml.NodeEvent) -> None:
    tag = getattr(event, "tag", None)
    if tag is not None:
        fault = Fault(
            "explicit-tag", "tags (`!...`) are not supported", _start_of(event), "remove the tag, or quote text"
        )
        composer.wrong(fault)


def _start(composer: Composer, event: yaml.CollectionStartEvent) -> None:
    _tag(composer, event)
    _refuse_as_key(composer, event)
    value: dict[str, object] | list[object] = {} if isinstance(event, yaml.MappingStartEvent) else []
    composer.start(value, _start_of(event), event.anchor)


def _alias(composer: Composer, event: yaml.AliasEvent) -> None:
    _refuse_as_key(composer, event)
    composer.alias(str(event.anchor), _start_of(event), _end_of(event))


def _refuse_as_key(composer: Composer, event: yaml.NodeEvent) -> None:
    if composer.wants_key:
        raise Unreadable(Fault("non-text-key", "a key is not text", _start_of(event), "write the key as text, quoted"))


def _end(composer: Composer, event: yaml.CollectionEndEvent) -> None:
    composer.end(_end_of(event))


def _document(composer: Composer, event: yaml.DocumentStartEvent) -> None:
    if composer.root is not None:
        raise Unreadable(
            Fault("several-documents", "a second document begins", _start_of(event), "one document a file")
        )


_TAKE: dict[type[yaml.Event], Callable[[Composer, Any], None]] = {
    yaml.DocumentStartEvent: _document,
    yaml.ScalarEvent: _scalar,
    yaml.MappingStartEvent: _start,
    yaml.SequenceStartEvent: _start,
    yaml.AliasEvent: _alias,
    yaml.MappingEndEvent: _end,
    yaml.SequenceEndEvent: _end,
}
