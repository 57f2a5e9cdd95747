"""Rules about the rules of Choice states."""

from flowdeck.definition.grammar import COMPARATORS, FORMS, KEYS
from flowdeck.definition.machine import Machine
from flowdeck.definition.names import listed
from flowdeck.definition.parts import Part, known, rules
from flowdeck.definition.rules.exhaustive import may_match_nothing
from flowdeck.definition.rules.rule import Breach, Breaches, Rule, error, warning


@error
def choice_rule_form(machine: Machine) -> Breaches:
    """A choice rule has not exactly one of `And`, `Or`, `Not` and `Variable`, or compares without `Variable`."""
    for state in machine.states.values():
        for rule in rules(state):
            forms, comparators = forms_of(rule), comparators_of(rule)
            if len(forms) > 1:
                hint = "keep one; what both say goes into rules inside `And` or `Or`"
                yield Breach((*rule.path, forms[1]), f"a choice rule has {listed(forms)} at once", hint)
            elif forms and forms != ["Variable"] and comparators:
                message = f"a rule with `{forms[0]}` compares nothing itself, but has {listed(comparators)}"
                hint = f"move the comparison, with its `Variable`, into a rule inside `{forms[0]}`"
                yield Breach((*rule.path, comparators[0]), message, hint)
            elif not forms and comparators and rule.lacks(*FORMS):
                message = f"a choice rule has {listed(comparators)} and no `Variable`"
                yield Breach(rule.path, message, "add `Variable` with the path of the value that is compared")
            elif not rule.fields.keys() & (FORMS.keys() | COMPARATORS.keys()) and _understood(rule):
                hint = "add `Variable` and a comparator, or `And`, `Or` or `Not`"
                yield Breach(rule.path, "a choice rule has no condition", hint)


@error
def choice_comparator(machine: Machine) -> Breaches:
    """A choice rule with `Variable` has no comparator, or several."""
    for state in machine.states.values():
        for rule in rules(state):
            comparators = comparators_of(rule)
            if forms_of(rule) != ["Variable"]:
                continue
            if len(comparators) > 1:
                message = f"a choice rule has {len(comparators)} comparators: {listed(comparators)}"
                hint = "keep one, or put one rule for each into `And` or `Or`"
                yield Breach((*rule.path, comparators[1]), message, hint)
            elif not rule.fields.keys() & COMPARATORS.keys() and _understood(rule):
                hint = "add one, such as `StringEquals`, `NumericLessThan`, `BooleanEquals` or `IsPresent`"
                yield Breach((*rule.path, "Variable"), "a choice rule compares its `Variable` with nothing", hint)


@warning
def choice_without_default(machine: Machine) -> Breaches:
    """A Choice state has no `Default`, and its rules do not cover every case."""
    for state in known(machine, "Choice"):
        if state.lacks("Default") and may_match_nothing(machine.states[str(state.path[-1])]):
            message = f"state {state.name} has no `Default`: where none of its rules holds, the run fails"
            yield Breach(state.path, message, "add `Default`, if only to a Fail state that says why")


def forms_of(rule: Part) -> list[str]:
    """The keys of a rule that say what it is, and hold something."""
    return [key for key in rule.fields if key in FORMS and rule.has(key)]


def comparators_of(rule: Part) -> list[str]:
    """The keys of a rule that compare, with something."""
    return [key for key in rule.fields if key in COMPARATORS and rule.has(key)]


def _understood(rule: Part) -> bool:
    """Whether no key of the rule is strange everywhere; such a key, which is told, may be what is missing."""
    return all(key in KEYS for key in rule.strangers())


RULES: tuple[Rule, ...] = (choice_rule_form, choice_comparator, choice_without_default)
