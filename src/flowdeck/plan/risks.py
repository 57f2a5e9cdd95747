"""Risks: what a reviewer must know of a step, one small rule each, and the level that the guardrails give it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from flowdeck.definition import published
from flowdeck.definition.consents import FLOW, USER, Action, actions, consents, who
from flowdeck.model.flow import Flow, WantedFlow, private_parameters
from flowdeck.model.live import Live, Runs
from flowdeck.model.manifest import Guardrails, Manifest
from flowdeck.model.principal import ALL_AUTHENTICATED, GROUP, PUBLIC
from flowdeck.model.reference import shown
from flowdeck.model.risk import DEFAULT_LEVELS, Level, Risk
from flowdeck.model.step import Adopt, Create, Delete, Replace, Step, Update

# Deleting more than this share of at least this many flows is a mass delete; deleting all of any number is one too.
_MASS_SHARE = 0.3
_MASS_FLOOR = 10
# The guardrails cannot set it: deleting the lines that protect a flow must not delete the protection.
_ALWAYS_BLOCKS = "protected"
_GRAVITY = {level: number for number, level in enumerate(Level)}
_CANNOT_TELL = "flowdeck cannot tell whether the new input schema takes what the old one took"
_REASONS = 3


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a rule may look at beside the step itself."""

    manifest: Manifest
    live: Live
    deletes: int


Rule = Callable[[Step, Circumstances], Iterator[tuple[str, str]]]


def assess(step: Step, circumstances: Circumstances) -> tuple[Risk, ...]:
    """Every risk of the step, the gravest first, then in the order of the rules."""
    guardrails = circumstances.manifest.guardrails
    told = [found for rule in RULES for found in rule(step, circumstances)]
    told += _lowered(dict.fromkeys(code for code, _ in told), guardrails, step)
    found = [
        Risk(code, level, message)
        for code, message in told
        if (level := level_of(code, guardrails, step)) is not Level.OFF
    ]
    return tuple(sorted(found, key=lambda risk: -_GRAVITY[risk.level]))


def level_of(code: str, guardrails: Guardrails, step: Step) -> Level:
    """The level of a risk here: the guardrails', else the default; `protected` always blocks."""
    if code == _ALWAYS_BLOCKS:
        return Level.BLOCK
    if code in guardrails.asked_for:
        return Level.WARN
    return guardrails.levels.get(code, _default(code, step))


def _default(code: str, step: Step) -> Level:
    """A risk's level without guardrails, which is graver for access lost by an adoption."""
    adopts = isinstance(step, Adopt) or (isinstance(step, Replace) and not step.live.keywords.markers)
    return Level.BLOCK if code == "access-removed" and adopts else DEFAULT_LEVELS[code]


def _lowered(codes: Iterable[str], guardrails: Guardrails, step: Step) -> Iterator[tuple[str, str]]:
    """guardrail-lowered: a risk that the step has counts for less here; a note that is off only says less."""
    for code in codes:
        level, default = level_of(code, guardrails, step), _default(code, step)
        if code not in guardrails.asked_for and _GRAVITY[level] < _GRAVITY[default] > _GRAVITY[Level.NOTE]:
            yield "guardrail-lowered", f"the guardrails set `{code}` to {level}; by default it is {default}"


def _after(step: Step) -> WantedFlow | None:
    return step.wanted if isinstance(step, Create | Update | Adopt | Replace) else None


def _before(step: Step) -> Flow | None:
    return step.live.flow if isinstance(step, Update | Adopt | Replace) else None


def protected(step: Step, _: Circumstances) -> Iterator[tuple[str, str]]:
    """protected: a delete or replace of a flow that carries our protection."""
    if isinstance(step, Delete | Replace) and step.live.keywords.protected:
        yield "protected", "the flow is protected: apply `protect: false` on its own first"


def mass_delete(step: Step, at: Circumstances) -> Iterator[tuple[str, str]]:
    """mass-delete: more than 30 % of ten or more managed flows, or all of them."""
    if isinstance(step, Delete):
        total = at.live.managed
        if at.deletes >= total or (total >= _MASS_FLOOR and at.deletes > _MASS_SHARE * total):
            yield "mass-delete", f"the plan deletes {at.deletes} of {total} managed flows"


def delete(step: Step, at: Circumstances) -> Iterator[tuple[str, str]]:
    """delete: the flow, its id and its scope go for good; delete-active-runs: while runs of it are active."""
    if isinstance(step, Delete):
        yield "delete", "the flow, its id and its scope are gone for good"
    if isinstance(step, Delete | Replace):
        runs = at.live.runs.get(step.live.id, Runs())
        if runs.active:
            are = "run of it is" if runs.active == 1 else "runs of it are"
            yield "delete-active-runs", f"{runs.active} {are} active"


def replaced(step: Step, _: Circumstances) -> Iterator[tuple[str, str]]:
    """replace: a new id and scope."""
    if isinstance(step, Replace):
        yield "replace", "the flow gets a new id and scope: timers, consents and links to it are lost"


def marker_lost(step: Step, at: Circumstances) -> Iterator[tuple[str, str]]:
    """marker-lost: a create while an administered flow of the same title has no marker."""
    if isinstance(step, Create) and (ids := at.live.namesakes.get(step.name)):
        yield "marker-lost", f"a flow of this title exists without our marker ({', '.join(ids)}): adopt it with `id:`"


def grants(step: Step, _: Circumstances) -> Iterator[tuple[str, str]]:
    """public-view, open-start, new-administrator, group-grant: somebody gains access; access-removed: loses it."""
    if isinstance(step, Delete):
        return
    for change in step.difference.roles:
        role = change.role.replace("_", " ")
        if PUBLIC in change.added:
            yield "public-view", "anybody may see this flow"
        if ALL_AUTHENTICATED in change.added:
            yield "open-start", "any Globus user may start this flow"
        if change.role == "administrators" and change.added:
            yield "new-administrator", f"{', '.join(change.added)} may change and delete this flow"
        if change.removed:
            yield "access-removed", f"no longer among the {role}: {', '.join(change.removed)}"
    groups = {one for change in step.difference.roles for one in change.added if one.startswith(GROUP)}
    for group in sorted(groups):
        roles = [change.role.replace("_", " ") for change in step.difference.roles if group in change.added]
        yield "group-grant", f"whoever is in {group}, now or later, is among the {', '.join(roles)}"


def lock_out(step: Step, at: Circumstances) -> Iterator[tuple[str, str]]:
    """lock-out: a deployer that is not the owner would lose its administrator role."""
    if isinstance(step, Update | Adopt) and "administrators" in step.sends:
        owner = at.live.identity if "owner" in step.sends else step.live.flow.owner
        deployers = at.manifest.deployers or frozenset({at.live.identity})
        lost = step.live.flow.administrators - step.wanted.flow.administrators
        for deployer in sorted((deployers & lost) - {owner}):
            yield "lock-out", f"the deployer {deployer} would no longer administer this flow"


def administrators_required(step: Step, at: Circumstances) -> Iterator[tuple[str, str]]:
    """administrators-required: one that the guardrails demand would not hold the role; the owner holds it anyway."""
    after, before = _after(step), _before(step)
    if after and "administrators" not in after.ignore:
        owner = before.owner if before and after.flow.owner is None else at.live.identity
        for principal in at.manifest.guardrails.administrators_required:
            if principal not in after.flow.administrators and principal != owner:
                yield "administrators-required", f"{principal} must be an administrator"


def owner_change(step: Step, at: Circumstances) -> Iterator[tuple[str, str]]:
    """owner-change: the identity in use takes the flow over."""
    if isinstance(step, Update | Adopt) and "owner" in step.sends:
        yield "owner-change", f"the owner becomes {at.live.identity}, instead of {step.live.flow.owner}"


def consent_change(step: Step, _: Circumstances) -> Iterator[tuple[str, str]]:
    """consent-change: runs of a live flow need more than before, so people must consent again."""
    if sides := _redefined(step):
        before, after = (consents(side) for side in sides)
        more = after.beyond(before)
        for role in more.roles:
            scopes, providers = more.of(role)
            needed = [", ".join(f"`{scope}`" for scope in sorted(scopes))] if scopes else []
            needed += [f"the scope of `{provider}` is known to its provider only" for provider in sorted(providers)]
            yield "consent-change", f"{who(role)} must consent again: {'; '.join(needed)}"


def run_as_change(step: Step, _: Circumstances) -> Iterator[tuple[str, str]]:
    """run-as-change: a state acts in another role than before, or a new state in a role that no state had."""
    if sides := _redefined(step):
        before, after = ({one.state: one for one in actions(side)} for side in sides)
        had = {one.role for one in before.values()}
        for name, action in sorted(after.items()):
            if name in before and before[name].role != action.role:
                yield "run-as-change", f"state `{name}` runs as {_whom(action)}, no longer as {_whom(before[name])}"
            elif name not in before and action.role not in {*had, USER}:
                yield "run-as-change", f"the new state `{name}` runs as {_whom(action)}, as no state did before"


def input_change(step: Step, _: Circumstances) -> Iterator[tuple[str, str]]:
    """input-breaking: input that the flow took may be refused; input-loosened: the flow takes more than before."""
    after, before = _after(step), _before(step)
    if after is None or before is None or (isinstance(step, Update | Adopt) and "input_schema" not in step.sends):
        return
    old, new = before.input_schema, after.flow.input_schema
    if old != new and any(private_parameters(one.value) for one in (old, new)):
        yield "input-breaking", f"{_CANNOT_TELL}: it holds private parameters"
        return
    # A dozen modules, and few plans change an input schema.
    from flowdeck.definition.schemas.compatibility import Verdict, compare_inputs  # noqa: PLC0415

    found = compare_inputs(old.value, new.value)
    reasons = [shown(reason.message) for reason in found.reasons]
    more = f" and {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else ""
    said = "; ".join(reasons[:_REASONS]) + more
    match found.verdict:
        case Verdict.BREAKING:
            yield "input-breaking", f"callers and timers that send what they sent before may be refused: {said}"
        case Verdict.UNKNOWN:
            yield "input-breaking", f"{_CANNOT_TELL}: {said}"
        case Verdict.LOOSENED:
            yield "input-loosened", f"the input schema takes what it took, and perhaps more: {said}"
        case Verdict.COMPATIBLE:
            pass


def action_host(step: Step, at: Circumstances) -> Iterator[tuple[str, str]]:
    """action-host: an action's URL is on a host that the guardrails do not list."""
    allowed = at.manifest.guardrails.allowed_action_hosts
    if allowed is not None and (after := _after(step)):
        hosts = {action.host for action in actions(_definition(after.flow)) if action.host}
        for host in sorted(hosts - set(allowed)):
            yield "action-host", f"{host} is not among the allowed action hosts"


def no_subscription(step: Step, _: Circumstances) -> Iterator[tuple[str, str]]:
    """no-subscription: the service keeps a flow without a subscription for 30 days (its documentation of limits)."""
    if isinstance(step, Create | Replace) and step.wanted.flow.subscription is None:
        yield "no-subscription", "without a subscription the service may end the flow after 30 days"


def drift_overwrite(step: Step, _: Circumstances) -> Iterator[tuple[str, str]]:
    """drift-overwrite: what somebody changed outside is undone."""
    if isinstance(step, Update) and step.difference.drifted:
        drifted = [change.path for change in step.difference.fields if change.origin.is_drift]
        drifted += [change.role for change in step.difference.roles if change.origin.is_drift]
        yield "drift-overwrite", f"a change made outside is overwritten: {', '.join(drifted)}"


RULES: tuple[Rule, ...] = (
    protected,
    mass_delete,
    replaced,
    marker_lost,
    lock_out,
    administrators_required,
    grants,
    owner_change,
    consent_change,
    run_as_change,
    input_change,
    action_host,
    no_subscription,
    drift_overwrite,
    delete,
)


def _redefined(step: Step) -> tuple[object, object] | None:
    """The definition before and after a step that gives a live flow another one."""
    after, before = _after(step), _before(step)
    if after is None or before is None or (isinstance(step, Update | Adopt) and "definition" not in step.sends):
        return None
    return _definition(before), _definition(after.flow)


def _definition(flow: Flow) -> object:
    return published(flow, "definition").value


def _whom(action: Action) -> str:
    return {USER: "the user who starts the run", FLOW: "the flow itself"}.get(action.role, f"role `{action.role}`")
