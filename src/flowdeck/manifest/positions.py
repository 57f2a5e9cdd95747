"""Where in a manifest which references may stand."""

from flowdeck.manifest.layers import OVERRIDABLE, WHOLE
from flowdeck.manifest.problem import Path
from flowdeck.manifest.references import Reference, Unresolved
from flowdeck.model.flow import ROLES, TEXTS

_PLAIN = frozenset({"var", "environment", "project"})
# What other references mean.
_MEANINGS = ("variables", "secrets", "principals", "subscriptions")
# A reference may give a value in an entry of these, not the entry, and not a guardrail's level.
_DIVIDED = ("flows", "permissions", "secrets", "guardrails")
_PRIVATE = "__Private_Parameters"
_FIELD = 2  # flows, name, field
_ENTRY_DEPTH = 3


def check(reference: Reference, path: Path) -> None:
    """Raises Unresolved for a reference that cannot stand in the text at this path."""
    at = _without_environment(path)
    if is_fixed(path):
        hint = "write the value"
        raise Unresolved("reference-not-allowed", f"{reference.shown} cannot stand here: this is fixed", hint)
    if _PRIVATE in at:
        hint = "write the name of the parameter"
        message = f"{reference.shown} cannot stand here: what is private must show in the file"
        raise Unresolved("reference-not-allowed", message, hint)
    if reference.kind == "secret" and not in_body(at):
        raise exposed(reference)
    if at[0] in _MEANINGS and reference.kind not in _PLAIN:
        hint = "use `${var.NAME}`, `${environment}` and `${project}` here"
        raise Unresolved("reference-not-allowed", f"{reference.shown} cannot stand in `{at[0]}`", hint)
    if reference.kind == "flow" and not in_body(at):
        hint = "what is known after an apply can stand in `definition` and `input_schema`"
        raise Unresolved("reference-not-allowed", f"{reference.shown} cannot stand here", hint)


def exposed(reference: Reference) -> Unresolved:
    """The secret stands where somebody may see it."""
    hint = "put it under a parameter that `__Private_Parameters` beside it lists"
    return Unresolved("secret-exposed", f"{reference.shown} would be shown here", hint)


def is_fixed(path: Path) -> bool:
    """True where no reference can stand: what says which manifest this is, how it is divided, and what guards it."""
    at = _without_environment(path)
    if at[0] == "environments":
        return len(at) < _ENTRY_DEPTH or at[2:] == ("variables",)
    return at[0] == "include" or len(at) == 1 or (len(at) == _FIELD and at[0] in _DIVIDED)


def in_body(path: Path) -> bool:
    """True for a path into a definition or input_schema."""
    at = _without_environment(path)
    return at[0] == "flows" and len(at) > _ENTRY_DEPTH and at[_FIELD] in WHOLE


def takes_text(path: Path) -> bool:
    """True where a late reference to a principal can stand: texts that only the service reads."""
    at = _without_environment(path)
    return in_body(at) or (at[0] == "flows" and len(at) == _ENTRY_DEPTH and at[_FIELD] in TEXTS)


def takes_principal(path: Path) -> bool:
    """True for the principals in a list of them."""
    return (
        path[-2] in (*ROLES, "deployers", "administrators-required") if len(path) > 1 and not in_body(path) else False
    )


def _without_environment(path: Path) -> Path:
    """The path in the file's own sections that an environment's override lies over."""
    if path[:1] == ("environments",) and len(path) > _FIELD and path[_FIELD] in (*OVERRIDABLE, "variables"):
        return path[_FIELD:] if path[_FIELD] != "variables" or len(path) > _ENTRY_DEPTH else path
    return path
