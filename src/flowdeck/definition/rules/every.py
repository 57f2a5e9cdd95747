"""Every rule of the flow language."""

from flowdeck.definition.rules import (
    absent,
    alternatives,
    catchers,
    choices,
    field_values,
    fields,
    handlers,
    input_schemas,
    limits,
    reach,
    times,
    transitions,
    value_forms,
    web_inputs,
)
from flowdeck.definition.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    *fields.RULES,
    *field_values.RULES,
    *alternatives.RULES,
    *handlers.RULES,
    *choices.RULES,
    *times.RULES,
    *catchers.RULES,
    *transitions.RULES,
    *reach.RULES,
    *limits.RULES,
    *value_forms.RULES,
    *web_inputs.RULES,
    *absent.RULES,
    *input_schemas.RULES,
)
