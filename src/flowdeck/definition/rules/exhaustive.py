"""Whether the rules of a Choice state cover every case, as far as that can be seen without running it."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from flowdeck.definition.finding import Path
from flowdeck.definition.grammar import COMPARATORS, FORMS, ORDERED, ORDERS, RULE, Kind
from flowdeck.definition.machine import State
from flowdeck.definition.parts import Part, rules
from flowdeck.definition.rules.field_values import fits

# The kind of comparison, the variable and, unless several values can be put in order, the value compared with.
Question = tuple[str, str, Any]
# What the data of a run may be: an answer to each question, a number.
Case = dict[Question, int]

_ORDERED = {
    f"{family}{order}{path}": (f"{family}{path}", order)
    for family in ORDERED
    for order in ORDERS
    for path in ("", "Path")
}
_IN_ORDER = ("Numeric", "String")
# Where there are more cases times rules than these, they are not looked through.
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a rule with `Variable` asks; `order` is empty where the answer is yes or no, `value`."""

    question: Question
    order: str
    value: Any


def may_match_nothing(state: State) -> bool:
    """Whether there may be a case in which no rule holds; False also where a rule is wrong, so that nobody can tell.

    A variable is taken to be of the kind that it is compared as.
    """
    parts = list(rules(state))
    if not fits(Kind.RULES, state.fields.get("Choices")) or not all(map(_sound, parts)):
        return False
    asked = {part.path: _asked(part) for part in parts if "Variable" in part.fields}
    known = _values(asked.values())
    counts = {question: 2 * len(values) + 1 if values else 2 for question, values in known.items()}
    if prod(counts.values()) * len(parts) > _MOST:
        return True
    cases = [dict(zip(counts, case, strict=True)) for case in product(*map(range, counts.values()))]
    holding: dict[Path, frozenset[int]] = {}
    for part in reversed(parts):  # the rules inside a rule come first
        if part.path in asked:
            one = asked[part.path]
            found = (index for index, case in enumerate(cases) if _holds(one, case, known[one.question]))
            holding[part.path] = frozenset(found)
        else:
            holding[part.path] = _combined(part, holding, frozenset(range(len(cases))))
    covered = frozenset().union(*(holding[part.path] for part in parts if part.shape is RULE))
    return len(covered) < len(cases)


def _sound(rule: Part) -> bool:
    """Whether the rule has one form, and the values that this form takes."""
    forms = [key for key in rule.fields if key in FORMS]
    comparators = [key for key in rule.fields if key in COMPARATORS]
    return (
        len(forms) == 1
        and len(comparators) == (forms == ["Variable"])
        and all(fits(rule.shape.fields[key], rule.fields[key]) for key in (*forms, *comparators))
    )


def _asked(rule: Part) -> Comparison:
    variable = rule.fields["Variable"]
    key = next(key for key in rule.fields if key in COMPARATORS)
    value = rule.fields[key]
    if key in _ORDERED:
        family, order = _ORDERED[key]
        return Comparison((family, variable, None if family in _IN_ORDER else value), order, value)
    if isinstance(value, bool):  # BooleanEquals, IsPresent and its like
        return Comparison((key, variable, None), "", value)
    return Comparison((key, variable, value), "", True)


def _values(comparisons: Iterable[Comparison]) -> dict[Question, list[Any]]:
    """The values that each question compares with, in order; none for a question with yes or no."""
    found: dict[Question, set[Any]] = {}
    for one in comparisons:
        found.setdefault(one.question, set()).update({one.value} if one.order else ())
    return {question: sorted(values) for question, values in found.items()}


def _holds(one: Comparison, case: Case, values: list[Any]) -> bool:
    """Whether a comparison holds in a case.

    The answer to a question of yes or no is 1 or 0. Else it is 2n+1 for the value with index n, and even between two.
    """
    answer = case[one.question]
    if not one.order:
        return answer == int(one.value)
    place = 2 * values.index(one.value) + 1
    match one.order:
        case "Equals":
            return answer == place
        case "LessThan":
            return answer < place
        case "LessThanEquals":
            return answer <= place
        case "GreaterThan":
            return answer > place
        case _:
            return answer >= place


def _combined(rule: Part, holding: dict[Path, frozenset[int]], every: frozenset[int]) -> frozenset[int]:
    """The cases in which a rule of rules holds."""
    if "Not" in rule.fields:
        return every - holding[*rule.path, "Not"]
    key = "And" if "And" in rule.fields else "Or"
    inner = [holding[*rule.path, key, index] for index in range(len(rule.fields[key]))]
    return frozenset.intersection(*inner) if key == "And" else frozenset.union(*inner)
