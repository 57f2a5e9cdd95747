"""Who gets which role of a flow: the union of the sets that match it, the sets that it names, and its own roles."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flowdeck.manifest import patterns
from flowdeck.manifest.principals import SPECIAL, People, resolve
from flowdeck.manifest.problem import Path, Problem, did_you_mean, quoted
from flowdeck.manifest.schema import PermissionSet, Roles
from flowdeck.model.flow import PRINCIPALS_PER_ROLE, ROLES, Role, address_of
from flowdeck.model.principal import GROUP, GROUP_NAME, IDENTITY


@dataclass(frozen=True, slots=True)
class Grant:
    """A principal in a role; `path` is where it is written, in the set `origin` or, if that is empty, in the flow."""

    role: Role
    principal: str
    path: Path
    origin: str = ""


Grants = tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Sets:
    """The permission sets of the manifest: what each grants, and which sets attach themselves to each flow."""

    grants: Mapping[str, Grants]
    attached: Mapping[str, Sequence[str]]
    declared: frozenset[str]


def grants(roles: Roles, path: Path, known: People, origin: str = "") -> tuple[Grants, list[Problem]]:
    """The grants of one mapping of roles."""
    granted: list[Grant] = []
    problems: list[Problem] = []
    for role in ROLES:
        for index, text in enumerate(getattr(roles, role) or ()):
            at = (*path, role, index)
            found = text if SPECIAL.get(text) == role else resolve(text, at, known)
            if isinstance(found, Problem):
                problems.append(found)
            elif found is not None:
                granted.append(Grant(role, found, at, origin))
    return tuple(granted), problems


def sets(
    written: Mapping[str, PermissionSet],
    declared: frozenset[str],
    known: People,
    flows: Sequence[str],
    every: Sequence[str],
) -> tuple[Sets, list[Problem]]:
    """The manifest's permission sets, for the flows of the environment; `every` are the flows of any environment."""
    granted: dict[str, Grants] = {}
    attached: dict[str, list[str]] = {}
    problems: list[Problem] = []
    for name, one in written.items():
        path: Path = ("permissions", name)
        granted[name], wrong = grants(one, path, known, name)
        for flow in patterns.matching(one.flows or (), flows):
            attached.setdefault(flow, []).append(name)
        problems += [*wrong, *patterns.useless(one.flows or (), every, (*path, "flows"))]
    return Sets(granted, attached, declared), problems


def of_flow(name: str, written: Sequence[str | Roles], known: People, available: Sets) -> tuple[Grants, list[Problem]]:
    """Everything that is granted on one flow."""
    granted = [grant for one in available.attached.get(name, ()) for grant in available.grants[one]]
    problems: list[Problem] = []
    for index, entry in enumerate(written):
        path: Path = ("flows", name, "permissions", index)
        if isinstance(entry, Roles):
            more, wrong = grants(entry, path, known)
            granted += more
            problems += wrong
        elif entry in available.grants:
            granted += available.grants[entry]
        elif entry not in available.declared:
            hint = did_you_mean(entry, available.grants, "the sets are") or "declare it in `permissions`"
            problems.append(Problem("unknown-permission-set", f"{quoted(entry)} is no permission set", path, hint))
    return tuple(dict.fromkeys(granted)), [*problems, *_too_many(name, granted)]


def _too_many(name: str, granted: Sequence[Grant]) -> Iterator[Problem]:
    for role in ROLES:
        held = {grant.principal for grant in granted if grant.role == role}
        least = _least(held)
        if least > PRINCIPALS_PER_ROLE:
            origins: dict[str, set[str]] = {}
            for grant in granted:
                if grant.role == role:
                    origins.setdefault(grant.origin, set()).add(grant.principal)
            parts = [
                f"{len(each)} from {f'set `{origin}`' if origin else 'the flow'}"
                for origin, each in sorted(origins.items())
            ]
            message = f"`{role}` has {least} principals, the service takes {PRINCIPALS_PER_ROLE}"
            path: Path = ("flows", name, "permissions")
            hint = f"{', '.join(parts)}; use a group"
            yield Problem("too-many-principals", message, path, hint, at_key=True, address=address_of(name))


def _least(held: Collection[str]) -> int:
    """How many principals they are at least: a name may mean the same as a URN, but no other name."""
    identities = sum(one.startswith(IDENTITY) for one in held)
    groups = sum(one.startswith(GROUP) for one in held)
    group_names = sum(one.startswith(GROUP_NAME) for one in held)
    usernames = len({one.casefold() for one in held if "@" in one and not one.startswith(GROUP_NAME)})
    special = sum(one in SPECIAL for one in held)
    return max(identities, usernames) + max(groups, group_names) + special
