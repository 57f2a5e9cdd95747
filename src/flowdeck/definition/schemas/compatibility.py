"""Whether a new input schema takes every input that the old one took."""

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any

from flowdeck.definition.finding import Path
from flowdeck.definition.schemas.gaps import At, Gap
from flowdeck.definition.schemas.judge import Judge
from flowdeck.definition.schemas.meanings import Meanings
from flowdeck.definition.schemas.metaschema import draft_of, faults
from flowdeck.definition.schemas.narrowing import OBJECTS, Narrowing
from flowdeck.definition.schemas.specimens import NotFound
from flowdeck.model.json_value import Json

# So many places are looked at for one that breaks, and so many that break are told.
_LOOKED_AT, _TOLD = 200, 20
_TRIED = 60
_WHOLE = At((), "", lambda value: value)
_OLDEST = ("Draft3Validator", "Draft4Validator")


class Verdict(StrEnum):
    """What a new input schema is to those who send what the old one took.

    `compatible`: it takes exactly the same. `loosened`: it takes all of it, and perhaps more. `breaking`: there is an
    input that the old one takes and the new one refuses. `unknown`: that could not be told.
    """

    COMPATIBLE = "compatible"
    LOOSENED = "loosened"
    BREAKING = "breaking"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence that bears a verdict; `path` leads to the place in the schemas, as if references were written out.

    `witness` is an input that the old schema takes and the new one refuses there; only of a breaking change.
    """

    path: Path
    message: str
    witness: Json | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Compatibility:
    """A verdict and what bears it, in the order of the schemas; no reasons where nothing changes for anybody."""

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()


def compare_inputs(before: Any, after: Any) -> Compatibility:
    """What the new of two input schemas is to those who send what the old one took; None and {} take every object.

    Inputs are objects. `format` and all that only describes is left aside: the service takes it as a hint for forms.
    What is beyond docs/compatibility.md is compared for being equal. Late references are not known to be anything.
    """
    try:
        old, new = (Json.of({} if one is None else one) for one in (before, after))
        return Compatibility(Verdict.COMPATIBLE) if old == new else _compared(old.value, new.value)
    except RecursionError:  # nobody writes schemas as deep as that
        return _unknown("the schemas are nested too deep")


def _compared(old: Any, new: Any) -> Compatibility:
    for name, schema in (("old", old), ("new", new)):
        if not isinstance(schema, dict):
            return _unknown(f"the {name} input schema is no object")
        if faults(schema):
            return _unknown(f"the {name} input schema is no valid JSON Schema")
    if draft_of(old) != draft_of(new):
        return _unknown("`$schema` names another draft of JSON Schema, and flowdeck does not compare drafts")
    if draft_of(old) in _OLDEST and not Meanings(old, new).same(old, new):
        return _unknown("flowdeck does not compare schemas of this draft; the service's is draft-07")
    before, after = Judge(old), Judge(new)
    gaps = list(islice(Narrowing(old, new, before, after).gaps(old, new, _WHOLE, OBJECTS), _LOOKED_AT))
    if not gaps:
        wider = Narrowing(new, old, after, before).gaps(new, old, _WHOLE, OBJECTS)
        reasons = tuple(Reason(gap.at.path, gap.widened) for gap in islice(wider, _TOLD))
        if reasons and new == {}:
            reasons = (Reason((), "every object is taken now"),)
        return Compatibility(Verdict.LOOSENED if reasons else Verdict.COMPATIBLE, reasons)
    shown = ((gap, witness) for gap in gaps if (witness := _witness(gap, before, after)))
    breaking = tuple(Reason(gap.at.path, gap.narrowed, witness) for gap, witness in islice(shown, _TOLD))
    if breaking:
        return Compatibility(Verdict.BREAKING, breaking)
    return Compatibility(Verdict.UNKNOWN, tuple(Reason(gap.at.path, gap.doubt) for gap in gaps[:_TOLD]))


def _witness(gap: Gap, before: Judge, after: Judge) -> Json | None:
    """An input that only the old schema takes, from those that may show the gap."""
    try:
        for value in islice(gap.inputs(), _TRIED):
            if isinstance(value, dict) and before.takes(value) and after.takes(value) is False:
                return Json.of(value)
    except NotFound:
        pass
    return None


def _unknown(message: str) -> Compatibility:
    return Compatibility(Verdict.UNKNOWN, (Reason((), message),))
