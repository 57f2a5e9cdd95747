"""Rules about input schemas: what the service checks the input of a run with, and the web app makes a form of."""

from collections.abc import Iterator, Mapping
from typing import Any

from flowdeck.definition.finding import Path
from flowdeck.definition.kinds import kind_of, value_text
from flowdeck.definition.machine import Machine
from flowdeck.definition.names import nearest, quoted
from flowdeck.definition.rules.rule import Breach, Breaches, Rule, error, warning
from flowdeck.definition.schemas.formats import COLLECTION, EVERY, is_format
from flowdeck.definition.schemas.judge import Judge, Untold
from flowdeck.definition.schemas.keywords import misspelled
from flowdeck.definition.schemas.metaschema import Fault, faults
from flowdeck.definition.schemas.refusals import Refusal
from flowdeck.definition.schemas.subschemas import Subschema, subschemas, target
from flowdeck.model.flow import private_parameters
from flowdeck.model.reference import late

_MARK = "\x00{"
_ROOT: Path = ("input_schema",)
# These may declare properties too, or give other names to values.
_ELSEWHERE = ("$ref", "allOf", "anyOf", "oneOf", "if", "dependencies", "dependentSchemas", "extends")
_JSON_SCHEMA = "json-schema.org/"
_ENTRIES = 1000  # of an enum or of examples; one that is longer was not written by hand


def _schema(machine: Machine) -> Mapping[str, Any]:
    """The schema; private values in it are hidden as references are, so that no rule can quote them."""
    schema = machine.input_schema
    if not isinstance(schema, Mapping):
        return {}
    private = private_parameters(schema)
    return _hidden(schema, (), private) if private else schema


def _hidden(value: Any, path: Path, private: frozenset[Path]) -> Any:
    if path in private:
        return late("private")
    if isinstance(value, Mapping):
        return {key: _hidden(held, (*path, key), private) for key, held in value.items()}
    if isinstance(value, list):
        return [_hidden(held, (*path, index), private) for index, held in enumerate(value)]
    return value


def _every(machine: Machine) -> tuple[Subschema, ...]:
    return tuple(subschemas(machine.once(_schema), _ROOT))


def _faults(machine: Machine) -> tuple[Fault, ...]:
    return faults(machine.once(_schema))


@error
def input_schema_invalid(machine: Machine) -> Breaches:
    """The input schema is no JSON Schema: a keyword of it holds what it cannot hold."""
    for fault in machine.once(_faults):
        yield Breach((*_ROOT, *fault.path), fault.message, fault.hint)


@warning
def unresolvable_schema_ref(machine: Machine) -> Breaches:
    """A `$ref` leads nowhere, or out of the schema."""
    schema = machine.once(_schema)
    own = {
        name
        for one in machine.once(_every)
        for key in ("$id", "id", "$anchor", "$dynamicAnchor")
        if isinstance(name := one.value.get(key), str)
    }
    for one in machine.once(_every):
        reference = one.value.get("$ref")
        if isinstance(reference, str) and _MARK not in reference and not _is_known(reference, own):
            enclosing = (part.value for part in machine.once(_every) if part.path == one.path[: len(part.path)])
            roots = [schema, *(part for part in enclosing if isinstance(part.get("$id"), str))]
            found = [_astray(root, one.value, reference) for root in roots]
            if all(found):
                yield Breach((*one.path, "$ref"), *(found[0] or ()))


def _is_known(reference: str, own: set[str]) -> bool:
    """Whether a reference is by an id or an anchor that the schema has, or to a metaschema."""
    address, _, anchor = reference.partition("#")
    if not address:
        return bool(anchor) and not anchor.startswith("/") and bool({anchor, f"#{anchor}"} & own)
    ends = (name.rstrip("#").rpartition("/")[2] for name in own)
    return bool({address, f"{address}#"} & own) or address in ends or _JSON_SCHEMA in address


def _astray(root: Mapping[str, Any], start: Mapping[str, Any], reference: str) -> tuple[str, str] | None:
    """What is wrong with where a reference leads, and what to do about it; None where it leads to a schema.

    A reference to one that is wrong itself is right: the other is told where it stands.
    """
    if not reference.startswith("#"):
        hint = "copy what it means into `definitions`, and write `#/definitions/...`"
        return f"{quoted(reference)} is outside of this schema, and nothing is fetched", hint
    meant, seen = _meant(root, reference), [start]
    if meant is None:
        return _nowhere(root, reference)
    if not isinstance(meant, Mapping | bool):
        return f"{quoted(reference)} leads to {kind_of(meant)}, which is no schema", "let it lead to a schema"
    while isinstance(meant, Mapping) and isinstance(following := meant.get("$ref"), str):
        if meant is start:
            return f"{quoted(reference)} leads back to itself", "let it lead to a schema"
        if any(meant is one for one in seen):
            return None
        seen.append(meant)
        meant = _meant(root, following)
    return None


def _meant(root: Mapping[str, Any], reference: str) -> Any:
    try:
        return target(root, reference)
    except KeyError:
        return None


def _nowhere(schema: Mapping[str, Any], reference: str) -> tuple[str, str]:
    around = "/".join(reference.split("/")[:-1])
    beside = _meant(schema, around)
    if not isinstance(beside, Mapping):
        beside, around = schema.get("definitions"), "#/definitions"
    names = [str(name) for name in beside] if isinstance(beside, Mapping) else []
    near = nearest(reference.rpartition("/")[2], names)
    message = f"{quoted(reference)} leads nowhere"
    return message, f"did you mean {quoted(f'{around}/{near}')}?" if near else "add what it names, or correct it"


@warning
def unknown_format(machine: Machine) -> Breaches:
    """`format` names a format that neither JSON Schema nor Globus knows, so it does nothing."""
    for one in machine.once(_every):
        given = one.value.get("format")
        if isinstance(given, str) and _MARK not in given and not is_format(given):
            near = nearest(given, EVERY)
            hint = f"did you mean `{near}`?" if near else "say it in `description`, or with `pattern`"
            yield Breach((*one.path, "format"), f"{quoted(given)} is no format", hint)


@warning
def globus_format_shape(machine: Machine) -> Breaches:
    """`format: globus-collection` stands on something that is no object with the properties `id` and `path`."""
    for one in machine.once(_every):
        kind, properties = one.value.get("type"), one.value.get("properties", {})
        if one.value.get("format") != COLLECTION or not isinstance(properties, Mapping):
            continue
        if isinstance(kind, str) and _MARK not in kind and kind != "object":
            hint = "`globus-collection-id` is the format of an id alone" if kind == "string" else "make it an object"
            yield Breach((*one.path, "format"), f"`globus-collection` is a format of objects, not of {kind}s", hint)
        elif not any(key in one.value for key in _ELSEWHERE):
            lacking = [name for name in ("id", "path") if name not in properties]
            if lacking:
                message = f"`globus-collection` needs {' and '.join(f'`{name}`' for name in lacking)} in `properties`"
                hint = "declare both as text; `required` says which the form asks for"
                yield Breach((*one.path, "format"), message, hint)


@warning
def required_not_declared(machine: Machine) -> Breaches:
    """`required` names a property that `properties` beside it does not declare."""
    for one in machine.once(_every):
        declared, required = one.value.get("properties"), one.value.get("required")
        if not isinstance(declared, Mapping) or not isinstance(required, list) or one.in_place:
            continue
        explained = one.value.get("additionalProperties", False) is not False or one.value.get("patternProperties")
        if explained or any(key in one.value for key in _ELSEWHERE):
            continue
        never = one.value.get("additionalProperties") is False
        for index, name in enumerate(required):
            if isinstance(name, str) and name not in declared and _MARK not in name:
                message = f"{quoted(name)} is required and not declared in `properties`"
                message += ": no input can be right, since no other properties are allowed" if never else ""
                near = nearest(name, [other for other in declared if other not in required])
                hint = f"did you mean {quoted(near)}?" if near else "declare it, or do not require it"
                yield Breach((*one.path, "required", index), message, hint)


@warning
def misspelled_keyword(machine: Machine) -> Breaches:
    """A key is no keyword of JSON Schema, and nearly the same as one, so it does nothing."""
    references = [reference for one in machine.once(_every) if isinstance(reference := one.value.get("$ref"), str)]
    for one in machine.once(_every):
        for key in one.value:
            # What a reference leads through does something, whatever it is called.
            if (meant := misspelled(key)) and not any(f"/{key}/" in reference for reference in references):
                message = f"{quoted(key)} is no keyword of JSON Schema, and does nothing"
                yield Breach((*one.path, key), message, f"did you mean `{meant}`?")


@warning
def default_not_valid(machine: Machine) -> Breaches:
    """A default, an example, a `const` or an entry of `enum` is refused by the very schema that it stands in."""
    holding = [one for one in machine.once(_every) if not _VALUES.isdisjoint(one.value)]
    if not holding or machine.once(_faults):
        return
    judge = Judge(machine.once(_schema))
    for one in holding:
        for path, subject, value in _values(one):
            try:
                for refusal in judge.refusals(value, one.value)[:1]:
                    yield Breach(path, f"{_subject(subject, value, refusal)} {refusal.predicate}", _mend(path))
            except Untold:
                continue


_VALUES = frozenset(("default", "examples", "const", "enum"))


def _values(one: Subschema) -> Iterator[tuple[Path, str, Any]]:
    """The values in a schema that it should take itself: the path of each, what to call it, and the value."""
    for key, subject in (("default", "the default"), ("const", "the constant")):
        if key in one.value:
            yield (*one.path, key), subject, one.value[key]
    for key, subject in (("enum", "the value"), ("examples", "the example")):
        held = one.value.get(key)
        for index, value in enumerate(held[:_ENTRIES] if isinstance(held, list) else ()):
            yield (*one.path, key, index), subject, value


def _subject(subject: str, value: Any, refusal: Refusal) -> str:
    if refusal.path:
        return f"{quoted('.'.join(str(step) for step in refusal.path))} of {subject}"
    is_said = isinstance(value, str | int | float) and not isinstance(value, bool)
    return f"{subject} {value_text(value)}" if is_said else subject  # the rest of the sentence says the others


def _mend(path: Path) -> str:
    return "correct it, or remove it" if path[-1] == "default" else "correct it, or the schema around it"


RULES: tuple[Rule, ...] = (
    input_schema_invalid,
    unresolvable_schema_ref,
    unknown_format,
    globus_format_shape,
    required_not_declared,
    misspelled_keyword,
    default_not_valid,
)
