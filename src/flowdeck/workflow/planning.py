"""Load, observe, plan."""

from collections.abc import Iterable
from dataclasses import replace

from flowdeck import manifest, plan
from flowdeck.model.diagnostic import has_errors, in_order
from flowdeck.model.errors import Invalid
from flowdeck.model.manifest import Manifest
from flowdeck.model.plan import Plan
from flowdeck.model.principal import is_urn
from flowdeck.model.step import redefined
from flowdeck.service.ports import Reader
from flowdeck.workflow.looking import Loaded, known_names, look, names_of


def make_plan(loaded: Loaded, reader: Reader, names: Iterable[str] = ()) -> Plan:
    """The plan for the named flows, or for all. Raises as `look` does, and Misused for a name that means no flow."""
    seen = look(loaded, reader)
    selected = plan.selection(names, known_names(seen.manifest, seen.live))
    made = plan.build(seen.manifest, seen.live, reader.service, selected, seen.diagnostics)
    return _with_names(_checked(made, seen.manifest), seen.manifest, reader)


def _checked(made: Plan, manifest_: Manifest) -> Plan:
    """The plan with what the rules of the flow language say of the definitions it sends; raises Invalid for errors.

    What is live already is not asked again: `validate` checks everything.
    """
    sent = [wanted for step in made.steps if (wanted := redefined(step))]
    diagnostics = in_order((*made.diagnostics, *manifest.checked(sent, manifest_.places)))
    if has_errors(diagnostics):
        raise Invalid(*diagnostics)
    return replace(made, diagnostics=diagnostics)


def _with_names(made: Plan, manifest_: Manifest, reader: Reader) -> Plan:
    """The plan with what people call its principals."""
    urns = {urn for step in made.steps for change in step.difference.roles for urn in (*change.added, *change.removed)}
    words = (word.strip(",") for step in made.steps for risk in step.risks for word in risk.message.split())
    urns |= {word for word in words if is_urn(word)}
    return replace(made, names=names_of(urns, manifest_, reader))


def make_destroy_plan(loaded: Loaded, reader: Reader, names: Iterable[str] = ()) -> Plan:
    """The plan for the empty manifest, in which a mass delete is what was asked for: a warning, not a block."""
    empty = loaded.manifest.emptied()
    lifted = replace(empty, guardrails=replace(empty.guardrails, asked_for=frozenset({"mass-delete"})))
    return make_plan(replace(loaded, manifest=lifted), reader, names)


def make_forget_plan(loaded: Loaded, reader: Reader, name: str) -> Plan:
    """The plan that takes our marker off the named flow, also where several projects claim it."""
    seen = look(loaded, reader, but=frozenset({"claimed-elsewhere"}))
    selected = plan.only_one(name, {*seen.live.found, *(known for known, _ in seen.live.undeclared)})
    return plan.forgetting(seen.manifest, seen.live, reader.service, selected, seen.diagnostics)


def without_deletes(made: Plan) -> Plan:
    """Apply's `--no-delete`: the plan without what deletes a flow, a replace too; the digest stays the reviewed one."""
    return plan.keep(made, lambda step: step.action not in ("delete", "withdraw", "replace"))
