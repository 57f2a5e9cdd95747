"""What references mean in one environment of a manifest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flowdeck.manifest import positions
from flowdeck.manifest.messages import checked
from flowdeck.manifest.principals import People, people
from flowdeck.manifest.problem import Path, did_you_mean
from flowdeck.manifest.references import Reference, Resolved, Unresolved, Walk, resolve
from flowdeck.manifest.schema import Manifest as Written
from flowdeck.manifest.variables import Variables, check_name, declared, project
from flowdeck.model.principal import is_urn
from flowdeck.model.reference import late

# Other references need to know what these say.
_FIRST = ("principals", "subscriptions", "secrets")
_DECLARE = "declare it in `{}`"


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that references may use. A subscription without an id is reported where it is declared."""

    value: Mapping[str, Any]
    variables: Variables
    people: People = field(default_factory=lambda: People({}))
    subscriptions: Mapping[str, str | None] = field(default_factory=dict)

    def meaning(self, reference: Reference, path: Path) -> Any:
        """The value of a reference in the text at `path`, a late one's mark; raises Unresolved."""
        positions.check(reference, path)
        match reference.kind:
            case "var":
                return self.variables.value(reference.name)
            case "environment":
                return self.variables.environment
            case "project":
                return project(self.value)
            case "principal":
                return self._principal(reference, path)
            case "subscription":
                return self._subscription(reference.name)
            case "flow":
                _check(reference, self.value.get("flows"), "unknown-flow", "flow", "the flows here are")
            case _:
                _check(reference, self.value.get("secrets"), "unknown-secret", "secret", "the secrets are")
        return late(str(reference))

    def _principal(self, reference: Reference, path: Path) -> str:
        name = reference.name
        if name in self.people.reported:
            raise Unresolved
        if name not in self.people.aliases:
            hint = did_you_mean(name, self.people.aliases, "the names in `principals` are") or _DECLARE.format(
                "principals"
            )
            raise Unresolved("unknown-alias", f"`{name}` is no name in `principals`", hint)
        principal = self.people.aliases[name]
        if is_urn(principal) or positions.takes_principal(path):
            return principal
        if positions.takes_text(path):
            return late(str(reference))
        message = f"{reference.shown} cannot stand here: its id is looked up later"
        raise Unresolved("reference-not-allowed", message, "write identity:<uuid> or group:<uuid> in `principals`")

    def _subscription(self, name: str) -> str:
        found = self.subscriptions.get(name)
        if found is not None:
            return found
        if name in self.subscriptions:
            raise Unresolved
        hint = did_you_mean(name, self.subscriptions, "the subscriptions are") or _DECLARE.format("subscriptions")
        raise Unresolved("unknown-subscription", f"`{name}` is no subscription", hint)


def _check(reference: Reference, section: object, code: str, what: str, known: str) -> None:
    names = section if isinstance(section, dict) else {}
    if reference.name not in names:
        hint = did_you_mean(reference.name, names, known) or _DECLARE.format(f"{what}s")
        raise Unresolved(code, f"`{reference.name}` is no {what}", hint)


def in_any_environment(value: dict[str, Any]) -> Resolved:
    """The whole manifest with every reference checked as far as all environments agree; none is replaced."""
    known = declared(value)

    def meaning(reference: Reference, path: Path) -> Any:
        positions.check(reference, path)
        if reference.kind == "var":
            check_name(reference.name, known)
        raise Unresolved

    kept = {key: item for key, item in value.items() if key != "variables"}
    walk = Walk(meaning)
    walk.value(_values(value.get("variables")), ("variables",))
    whole = walk.value(kept, ())
    return Resolved(
        whole | {"variables": value["variables"]} if "variables" in value else whole,
        walk.problems,
        frozenset(walk.unknown),
    )


def _values(section: Any) -> Any:
    """What variables are by default; nothing else of them holds references."""
    if not isinstance(section, dict):
        return section
    return {
        name: {"default": entry["default"]} if isinstance(entry, dict) and "default" in entry else entry
        for name, entry in section.items()
        if not isinstance(entry, dict) or "default" in entry
    }


def replaced(value: dict[str, Any], variables: Variables) -> tuple[Resolved, Scope]:
    """What the manifest says in one environment, and the scope for its files."""
    scope = Scope(value, variables)
    first = resolve({key: value[key] for key in _FIRST if key in value}, scope.meaning)
    written, _ = checked(first.value, first.unknown)
    scope = Scope(value, variables, _people(written, first.value), _subscriptions(written, first.value))
    rest = resolve({key: item for key, item in value.items() if key not in _FIRST}, scope.meaning)
    whole = {key: (first.value if key in _FIRST else rest.value)[key] for key in value}
    return Resolved(whole, [*first.problems, *rest.problems], first.unknown | rest.unknown), scope


def _people(written: Written, value: Mapping[str, Any]) -> People:
    section = value.get("principals")
    names = frozenset(section) if isinstance(section, dict) else frozenset[str]()
    return people(written.principals or {}, names)[0]


def _subscriptions(written: Written, value: Mapping[str, Any]) -> dict[str, str | None]:
    section = value.get("subscriptions")
    ids: dict[str, str | None] = dict.fromkeys(section) if isinstance(section, dict) else {}
    for name, entry in (written.subscriptions or {}).items():
        ids[name] = entry if isinstance(entry, str) else entry.id
    return ids
