"""What makes a JSON Schema no schema: its draft's own metaschema, asked through jsonschema, in words of ours."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from flowdeck.definition.finding import Path
from flowdeck.definition.kinds import kind_of, value_text
from flowdeck.definition.names import nearest, quoted
from flowdeck.definition.schemas.formats import FORMATS
from flowdeck.definition.schemas.subschemas import LISTS, NAMED, ONE
from flowdeck.model.json_value import Json

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

DRAFT_07 = "Draft7Validator"
# The class of each draft, by its `$schema` without scheme and trailing `#`.
_DRAFTS = {
    "json-schema.org/draft-03/schema": "Draft3Validator",
    "json-schema.org/draft-04/schema": "Draft4Validator",
    "json-schema.org/draft-06/schema": "Draft6Validator",
    "json-schema.org/draft-07/schema": DRAFT_07,
    "json-schema.org/draft/2019-09/schema": "Draft201909Validator",
    "json-schema.org/draft/2020-12/schema": "Draft202012Validator",
}
_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
_OTHER_TYPES = {
    **dict.fromkeys(("str", "text", "char"), "string"),
    **dict.fromkeys(("int", "long"), "integer"),
    **dict.fromkeys(("float", "double", "decimal"), "number"),
    **dict.fromkeys(("bool", "true", "false"), "boolean"),
    **dict.fromkeys(("list", "tuple", "sequence", "set"), "array"),
    **dict.fromkeys(("dict", "map", "mapping", "dictionary", "struct"), "object"),
    **dict.fromkeys(("none", "nil"), "null"),
}
_TRUTHS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
_COUNT = "a whole number, 0 or more"
_TEXT = "text"
_NUMBER = "a number"
_FLAG = "true or false"
_UNQUOTED = (_COUNT, _NUMBER, _FLAG)
_MEND = "correct it, or remove it"
_SCHEMA = "a schema: an object, `true` or `false`"
_WANTED = {
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _COUNT),
    **dict.fromkeys(("minContains", "maxContains"), _COUNT),
    **dict.fromkeys(("$schema", "$id", "id", "$ref", "$comment", "title", "description", "pattern", "format"), _TEXT),
    **dict.fromkeys(("$anchor", "$dynamicRef", "$dynamicAnchor", "contentMediaType", "contentEncoding"), _TEXT),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _NUMBER),
    **dict.fromkeys(("uniqueItems", "readOnly", "writeOnly", "deprecated"), _FLAG),
    **dict.fromkeys(ONE, _SCHEMA),
    **dict.fromkeys(LISTS, "a list of schemas, with one at least"),
    **dict.fromkeys(NAMED, "an object of schemas by name"),
    "items": "a schema, or a list of schemas",
    "multipleOf": "a number above 0",
    "required": "a list of names, each once",
    "dependencies": "an object of schemas, or of lists of names",
    "enum": "a list of values",
    "examples": "a list of values",
    "type": "one of `string`, `number`, `integer`, `boolean`, `array`, `object` and `null`, or a list of them",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A place in a schema that its metaschema refuses."""

    path: Path
    message: str
    hint: str = ""


def draft_of(schema: Mapping[str, Any]) -> str:
    """The jsonschema class for the schema's `$schema`; draft-07's for one that says none, or none that there is."""
    said = schema.get("$schema")
    name = said.removesuffix("#").removeprefix("https://").removeprefix("http://") if isinstance(said, str) else ""
    return _DRAFTS.get(name, DRAFT_07)


def faults(schema: Mapping[str, Any]) -> tuple[Fault, ...]:
    """What the metaschema of the schema's draft refuses, one fault for each place, in the order of their paths.

    A text that holds a late reference is taken as right. Imports jsonschema, unless the schema is empty.
    """
    return _faults(Json.of(schema)) if schema else ()


@lru_cache(maxsize=64)
def _faults(json: Json) -> tuple[Fault, ...]:
    schema = json.value
    found: dict[Path, Fault] = {}
    try:
        for error in _metaschema(draft_of(schema)).iter_errors(schema):
            for cause in _causes(error):
                if not (isinstance(cause.instance, str) and "\x00{" in cause.instance):
                    path = tuple(cause.absolute_path)
                    found.setdefault(path, _fault(schema, path, cause))
    except RecursionError:  # nobody writes schemas as deep as that
        return ()
    return tuple(found[path] for path in sorted(found, key=lambda path: [str(step) for step in path]))


@cache
def _metaschema(draft: str) -> "Validator":
    import jsonschema  # noqa: PLC0415 (slow to import, and many flows have no input schema)

    validator = getattr(jsonschema, draft)
    found: Validator = validator(validator.META_SCHEMA)
    return found


def _causes(error: "ValidationError") -> Iterator["ValidationError"]:
    """The errors behind one that says only that no alternative fits: of the alternative for this type of value."""
    branches: dict[object, list[ValidationError]] = {}
    for one in (error.context or ()) if error.validator in ("anyOf", "oneOf") else ():
        branches.setdefault(one.schema_path[0], []).append(one)
    meant = [found for found in branches.values() if not any(_is_other(one) for one in found)]
    if len(meant) != 1:
        yield error
        return
    for one in meant[0]:
        yield from _causes(one)


def _is_other(error: "ValidationError") -> bool:
    """Whether an alternative is for values of another kind."""
    return error.validator in ("type", "enum") and not error.path


def _fault(schema: object, path: Path, error: "ValidationError") -> Fault:
    keyword, within = _keyword(schema, path)
    wrong = error.instance
    if keyword is None:
        message = f"{_named(path)} must be an object, `true` or `false`, not {_shown(wrong)}"
        return Fault(path, message, _schema_hint(wrong))
    if error.validator == "uniqueItems":
        return Fault(path, f"{quoted(keyword)} holds {_twice(wrong)} twice", "remove one of them")
    if keyword == "type" and isinstance(wrong, str):
        return Fault(path, f"{quoted(wrong)} is no type", _type_hint(wrong))
    if keyword == "items" and wrong and isinstance(wrong, list):
        return Fault(path, f"`items` must be {_SCHEMA}, not a list", "this draft calls the list `prefixItems`")
    wanted = _WANTED.get(keyword)
    if wanted is None:
        return Fault(path, f"{quoted(keyword)} cannot hold this: it breaks `{error.validator}` of JSON Schema", _MEND)
    message = f"{quoted(keyword)} must be {wanted}, {'and this is' if within else 'not'} {_shown(wrong)}"
    return Fault(path, message, _hint(keyword, wrong))


def _keyword(schema: object, path: Path) -> tuple[str | None, bool]:
    """The keyword in whose value the path ends, and whether below it; None where the path ends at a schema."""
    steps = list(path)
    while steps:
        key = steps.pop(0)
        held = schema.get(key) if isinstance(schema, Mapping) else None
        if key in NAMED and steps and isinstance(held, Mapping):
            inner = held.get(steps.pop(0))
        elif key in LISTS and steps and isinstance(held, list):
            index = steps.pop(0)
            inner = held[index] if isinstance(index, int) and index < len(held) else None
        elif key in ONE and isinstance(held, Mapping):
            inner = held
        else:
            return str(key), bool(steps)
        if steps and not isinstance(inner, Mapping):
            return str(key), True
        schema = inner
    return None, False


def _named(path: Path) -> str:
    if len(path) > 1 and path[-2] in NAMED:
        return f"the schema of {quoted(str(path[-1]))}"
    return "a schema"


def _shown(value: object) -> str:
    if isinstance(value, list) and not value:
        return "an empty list"
    return f"`{value}`" if isinstance(value, int | float) and not isinstance(value, bool) else kind_of(value)


def _twice(values: Any) -> str:
    """The first value that a list holds for the second time."""
    texts = [Json.of(one).text for one in values] if isinstance(values, list) else []
    again = next((index for index, text in enumerate(texts) if text in texts[:index]), None)
    return "a value" if again is None else value_text(values[again])


def _type_hint(wrong: str) -> str:
    if wrong in FORMATS:
        return f"write `type: string` and `format: {wrong}`"
    meant = _OTHER_TYPES.get(wrong.casefold()) or nearest(wrong, _TYPES)
    return f"did you mean `{meant}`?" if meant else f"the types are {', '.join(f'`{one}`' for one in _TYPES)}"


def _schema_hint(wrong: object) -> str:
    text = wrong.casefold() if isinstance(wrong, str) else ""
    if text in _TRUTHS:
        return f"write `{_TRUTHS[text]}` without quotes"
    return f"write a schema, such as `{{type: {text if text in _TYPES else _OTHER_TYPES.get(text, 'string')}}}`"


def _hint(keyword: str, wrong: object) -> str:
    wanted = _WANTED[keyword]
    match wrong:
        case None if keyword == "type":
            return 'write `"null"` with quotes'
        case bool() if keyword == "required":
            return "name the property in the `required` of the object around it" if wrong else "leave it out"
        case bool() if keyword in ("exclusiveMinimum", "exclusiveMaximum"):
            return f"let `{keyword}` hold the bound itself, in the place of `{keyword[9:].lower()}`"
        case str() if wanted in _UNQUOTED and (wrong.casefold() in _TRUTHS or wrong.isdecimal()):
            return "write it without quotes"
        case int() | float() if wanted == _TEXT:
            return "write it in quotes"
        case str() | bool() | int() | float() | None if wanted.startswith("a list of"):
            return "write a list"
        case _:
            return _schema_hint(wrong) if keyword in ONE else _MEND
