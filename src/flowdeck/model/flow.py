"""A flow's settable fields in normal form: the one shape in which wanted and live flows are compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from flowdeck.model.json_value import EMPTY_OBJECT, Json

Role = Literal["viewers", "starters", "administrators", "run_managers", "run_monitors"]
Text = Literal["title", "subtitle", "description"]

TEXTS: tuple[Text, ...] = ("title", "subtitle", "description")
ROLES: tuple[Role, ...] = ("viewers", "starters", "administrators", "run_managers", "run_monitors")

# The allow-list of comparison, in the order in which a plan shows them. The service cannot clear the
# last three, so a flow that does not declare them leaves them alone.
FIELDS = (*TEXTS, "keywords", "definition", "input_schema", *ROLES, "subscription", "authentication_policy", "owner")
CANNOT_BE_CLEARED = ("subscription", "authentication_policy", "owner")

OWNER_SELF = "self"
SUBSCRIPTION_DEFAULT = "DEFAULT"
PRINCIPALS_PER_ROLE = 16
KEYWORDS_LENGTH = 1024
SENSITIVE = "(sensitive)"
_PRIVATE = "__Private_Parameters"


@dataclass(frozen=True, slots=True)
class Flow:
    """The settable fields. Absent, null and empty are one: "" for text, the empty set, `{}` for input_schema.

    Roles hold principal URNs, `public` or `all_authenticated_users`; `keywords` holds the user's own, without
    flowdeck's marker, stamp and protection. `subscription` may be `DEFAULT` and `owner` may be `self` in a wanted flow.
    """

    title: str
    definition: Json
    subtitle: str = ""
    description: str = ""
    keywords: frozenset[str] = frozenset()
    input_schema: Json = EMPTY_OBJECT
    viewers: frozenset[str] = frozenset()
    starters: frozenset[str] = frozenset()
    administrators: frozenset[str] = frozenset()
    run_managers: frozenset[str] = frozenset()
    run_monitors: frozenset[str] = frozenset()
    subscription: str | None = None
    authentication_policy: str | None = None
    owner: str | None = None

    def role(self, role: Role) -> frozenset[str]:
        """The principals of one role."""
        return cast(frozenset[str], getattr(self, role))

    def normal(self, field: str) -> Json:
        """One field's normal form: sets as sorted lists."""
        value = getattr(self, field)
        if isinstance(value, Json):
            return value
        return Json.of(sorted(value) if isinstance(value, frozenset) else value)


@dataclass(frozen=True, slots=True)
class WantedFlow:
    """A flow as the manifest declares it in one environment.

    `ignore` names fields that are sent with the create and then left alone; `id` adopts an existing flow;
    `moved_from` is the name it had before.
    """

    name: str
    flow: Flow
    ignore: frozenset[str] = frozenset()
    id: str | None = None
    moved_from: str | None = None
    protect: bool = False

    @property
    def address(self) -> str:
        """The resource address, `flow.<name>`."""
        return address_of(self.name)

    @property
    def managed(self) -> tuple[str, ...]:
        """The fields that are compared, stamped and updated, in the order of FIELDS."""
        return tuple(
            field
            for field in FIELDS
            if field not in self.ignore and not (field in CANNOT_BE_CLEARED and getattr(self.flow, field) is None)
        )


def address_of(name: str) -> str:
    """The resource address of the flow of that name."""
    return f"flow.{name}"


def private_parameters(definition: object) -> frozenset[tuple[str | int, ...]]:
    """Paths of the values that `__Private_Parameters` lists name, in any `Parameters` object of the definition.

    A listed name covers the key as it stands and its `.$` and `.=` spellings, whichever of them is listed. What lists
    nothing that can be read hides everything beside it.
    """
    found: set[tuple[str | int, ...]] = set()
    pending: list[tuple[tuple[str | int, ...], object]] = [((), definition)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, Mapping):
            if _PRIVATE in value:
                listed = value[_PRIVATE]
                names = {_bare(name) for name in listed} if isinstance(listed, list) else {_bare(key) for key in value}
                found.update((*path, key) for key in value if key != _PRIVATE and _bare(key) in names)
            pending.extend(((*path, key), item) for key, item in value.items())
        elif isinstance(value, list):
            pending.extend(((*path, index), item) for index, item in enumerate(value))
    return frozenset(found)


def _bare(name: object) -> str:
    return str(name).removesuffix(".$").removesuffix(".=")


def redacted(definition: Json, *others: Json) -> Json:
    """The definition with `(sensitive)` for each private parameter that it, or one of `others`, lists."""
    if not any(_PRIVATE in one.text for one in (definition, *others)):
        return definition
    paths = frozenset(path for one in (definition, *others) for path in private_parameters(one.value))

    def copy(value: object, path: tuple[str | int, ...]) -> object:
        if path in paths:
            return SENSITIVE
        if isinstance(value, dict):
            return {key: copy(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [copy(item, (*path, index)) for index, item in enumerate(value)]
        return value

    return Json.of(copy(definition.value, ()))
