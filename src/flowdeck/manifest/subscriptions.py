"""Which subscription a flow has: the one that it names, or the one whose patterns match it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flowdeck.manifest import patterns
from flowdeck.manifest.problem import Path, Problem, did_you_mean, listed, quoted
from flowdeck.manifest.schema import SubscriptionEntry
from flowdeck.model.flow import SUBSCRIPTION_DEFAULT
from flowdeck.model.principal import UUID


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """The ids by name, the names whose patterns match each flow, and all declared names."""

    ids: Mapping[str, str]
    attached: Mapping[str, Sequence[str]]
    declared: frozenset[str]


def subscriptions(
    written: Mapping[str, str | SubscriptionEntry], declared: frozenset[str], flows: Sequence[str], every: Sequence[str]
) -> tuple[Subscriptions, list[Problem]]:
    """The section `subscriptions`, for the flows of the environment; `every` are the flows of any environment."""
    ids: dict[str, str] = {}
    attached: dict[str, list[str]] = {}
    problems: list[Problem] = []
    for name, entry in written.items():
        path: Path = ("subscriptions", name)
        if name == SUBSCRIPTION_DEFAULT:
            message = f"`{name}` is a word of its own, not a name"
            problems.append(Problem("invalid-name", message, path, "choose another name", at_key=True))
        elif isinstance(entry, str):
            ids[name] = entry
        elif entry.id is None:
            problems.append(Problem("missing-field", "`id` is missing", path, "add `id:`", at_key=True))
        else:
            ids[name] = entry.id
            for flow in patterns.matching(entry.flows or (), flows):
                attached.setdefault(flow, []).append(name)
            problems += patterns.useless(entry.flows or (), every, (*path, "flows"))
    return Subscriptions(ids, attached, declared), problems


def of_flow(
    name: str, written: str | None, available: Subscriptions
) -> tuple[tuple[str | None, Path | None], list[Problem]]:
    """The subscription's id, with where it is written when that is not in the flow, and what is wrong."""
    path: Path = ("flows", name, "subscription")
    own = _id(written, path, available) if written is not None else None
    if isinstance(own, Problem):
        return (None, None), [own]
    matching = available.attached.get(name, ())
    ids = {available.ids[one] for one in matching} | ({own} if own else set())
    if len(ids) > 1:
        named = dict.fromkeys([*matching, *([written] if written is not None else [])])
        message = f"flow `{name}` gets several subscriptions: {listed(named)}"
        hint = "name one in the flow and exclude the flow from the patterns of the others"
        return (None, None), [Problem("two-subscriptions", message, path, hint, at_key=True)]
    if own is None and matching:
        return (available.ids[matching[0]], ("subscriptions", matching[0])), []
    return (own, None), []


def _id(written: str, path: Path, available: Subscriptions) -> str | Problem | None:
    if written == SUBSCRIPTION_DEFAULT or written in available.ids:
        return available.ids.get(written, written)
    if UUID.fullmatch(written):
        return written.lower()
    if written in available.declared:
        return None
    hint = (
        did_you_mean(written, available.ids, "the subscriptions are")
        or "write a UUID, or declare it in `subscriptions`"
    )
    return Problem("unknown-subscription", f"{quoted(written)} is no subscription", path, hint)
