"""The shape of flows.yaml: every key, its type and its description."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from flowdeck.manifest import scalars
from flowdeck.model.marker import NAME
from flowdeck.model.risk import DEFAULT_LEVELS

_TEXT, _MAPPING, _PLAIN = "<text>", "<mapping>", "<plain>"


def _kind(value: object) -> str | None:
    return _TEXT if isinstance(value, str) else _MAPPING if isinstance(value, dict) else None


def _either(wanted: str) -> Discriminator:
    return Discriminator(_kind, "wrong-type", wanted)


def _text_schema(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


def _sized(least: int, most: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": least, "maxLength": most})


Name = Annotated[str, AfterValidator(scalars.name), _text_schema(NAME.pattern)]
Identifier = Annotated[str, AfterValidator(scalars.identifier), _text_schema(scalars.IDENTIFIER.pattern)]
Uuid = Annotated[str, AfterValidator(scalars.uuid), _text_schema("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")]
SubscriptionId = Annotated[str, AfterValidator(scalars.subscription_id), _text_schema(".*")]
Title = Annotated[str, AfterValidator(scalars.length(1, 128)), _sized(1, 128)]
Subtitle = Annotated[str, AfterValidator(scalars.length(0, 128)), _sized(0, 128)]
Description = Annotated[str, AfterValidator(scalars.length(0, 4096)), _sized(0, 4096)]
PathOrMapping = Annotated[
    Annotated[str, Tag(_TEXT)] | Annotated[dict[str, Any], Tag(_MAPPING)], _either("a path or a mapping")
]
LevelName = Literal["off", "note", "warn", "block"]
Principals = list[str]


class Strict(BaseModel):
    """A mapping with these keys and no others, each of exactly its type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class Roles(Strict):
    """Who may do what with a flow: lists of principals, each a name from `principals` or a principal itself."""

    viewers: Principals | None = Field(default=None, description="Who may see the flow; `public` is anybody")
    starters: Principals | None = Field(
        default=None, description="Who may start it; `all_authenticated_users` is any Globus user"
    )
    administrators: Principals | None = Field(default=None, description="Who may change it")
    run_managers: Principals | None = Field(default=None, description="Who may see and change its runs")
    run_monitors: Principals | None = Field(default=None, description="Who may see its runs")


class PermissionSet(Roles):
    """A named set of roles."""

    flows: list[str] | None = Field(
        default=None, description="Patterns of the flows it is for: `*`, `lab-*`, `!lab-test`"
    )


class Flow(Strict):
    """A flow. What it does not declare is empty."""

    title: Title | None = Field(default=None, description="1 to 128 characters; default: the flow's name")
    subtitle: Subtitle | None = Field(default=None, description="At most 128 characters")
    description: Description | None = Field(default=None, description="At most 4096 characters")
    keywords: list[str] | None = Field(
        default=None, description="For searching; together at most 1024 characters with flowdeck's own"
    )
    definition: PathOrMapping | None = Field(
        default=None,
        description="A JSON or YAML file, or the definition itself; default: flows/NAME/definition.json or .yaml",
    )
    input_schema: PathOrMapping | None = Field(
        default=None,
        description="A JSON or YAML file, or the JSON Schema itself; default: flows/NAME/input_schema.*",
    )
    permissions: (
        list[Annotated[Annotated[str, Tag(_TEXT)] | Annotated[Roles, Tag(_MAPPING)], _either("a set's name or roles")]]
        | None
    ) = Field(default=None, description="Permission sets by name, and roles such as {viewers: [public]}")
    subscription: str | None = Field(
        default=None, description="A name from `subscriptions`, a UUID, or DEFAULT; left as it is when omitted"
    )
    authentication_policy: Uuid | None = Field(default=None, description="UUID of a policy; left as it is when omitted")
    protect: bool | None = Field(default=None, description="true forbids to delete or replace the flow")
    ignore: list[str] | None = Field(
        default=None, description="Fields and roles that are sent on create and then left alone"
    )
    id: Uuid | None = Field(default=None, description="UUID of an existing flow to adopt")
    moved_from: Name | None = Field(default=None, description="The name that this flow had before")
    owner: Literal["self"] | None = Field(
        default=None, description="`self` takes ownership; left as it is when omitted"
    )


class SubscriptionEntry(Strict):
    """A subscription for the flows that match."""

    id: SubscriptionId | None = Field(default=None, description="UUID of the subscription")
    flows: list[str] | None = Field(
        default=None, description="Patterns of the flows it is for: `*`, `lab-*`, `!lab-test`"
    )


Subscription = Annotated[
    Annotated[SubscriptionId, Tag(_TEXT)] | Annotated[SubscriptionEntry, Tag(_MAPPING)], _either("a UUID or a mapping")
]


class Secret(Strict):
    """Where a secret value comes from: one of the two."""

    env: Annotated[str, AfterValidator(scalars.secret_variable)] | None = Field(
        default=None, description="Environment variable that holds the value"
    )
    file: str | None = Field(
        default=None, description="File that holds the value, in the project or under FLOWDECK_SECRETS_DIR"
    )


class Variable(Strict):
    """A variable's declaration."""

    type: Literal["string", "number", "integer", "boolean", "uuid", "list", "mapping"] | None = Field(
        default=None, description="What its value must be"
    )
    description: str | None = Field(default=None, description="What it is for")
    default: Any = Field(default=None, description="The value where nothing else gives one")


def _variable_kind(value: object) -> str:
    return _MAPPING if isinstance(value, dict) else _PLAIN


# A mapping declares; anything else is the default itself.
VariableEntry = Annotated[
    Annotated[Variable, Tag(_MAPPING)]
    | Annotated[Any, Tag(_PLAIN), WithJsonSchema({"type": ["string", "number", "boolean", "array", "null"]})],
    Discriminator(_variable_kind),
]


class UnknownRisks(ValueError):
    """Keys that are no risk codes; the arguments are the keys."""


class Guardrails(BaseModel):
    """Levels of risks by code, and the lists that two of the risks compare with."""

    model_config = ConfigDict(
        extra="allow",
        strict=True,
        frozen=True,
        defer_build=True,
        json_schema_extra={"additionalProperties": False},
    )
    __pydantic_extra__: dict[str, LevelName | None]

    allowed_action_hosts: list[str] | None = Field(
        default=None,
        alias="allowed-action-hosts",
        description="Hosts that actions may run on; others are the risk `action-host`",
    )
    administrators_required: Principals | None = Field(
        default=None,
        alias="administrators-required",
        description="Principals that every flow must have as administrators",
    )

    @model_validator(mode="after")
    def _known_codes(self) -> "Guardrails":
        unknown = [code for code in self.model_extra or {} if code not in DEFAULT_LEVELS]
        if unknown:
            raise UnknownRisks(*unknown)
        return self


class Overrides(Strict):
    """What an environment may change: mappings merge, anything else replaces, null removes the key."""

    principals: dict[Identifier, str | None] | None = Field(default=None, description="Overrides of `principals`")
    subscriptions: dict[Identifier, Subscription | None] | None = Field(
        default=None, description="Overrides of `subscriptions`"
    )
    secrets: dict[Identifier, Secret | None] | None = Field(default=None, description="Overrides of `secrets`")
    permissions: dict[Identifier, PermissionSet | None] | None = Field(
        default=None, description="Overrides of `permissions`"
    )
    guardrails: Guardrails | None = Field(default=None, description="Overrides of `guardrails`")
    flows: dict[Name, Flow | None] | None = Field(default=None, description="Overrides of `flows`; null removes a flow")


class Environment(Overrides):
    """Where the flows are deployed, and what differs there."""

    service: Annotated[str, AfterValidator(scalars.service)] = Field(description="emulator, globus, or a URL")
    deployers: Principals | None = Field(
        default=None, description="Whose marked flows are ours; default: the identity in use"
    )
    variables: dict[Identifier, Any] | None = Field(default=None, description="Values of variables")


class Manifest(Strict):
    """A manifest of flowdeck, or a file that one includes."""

    version: Annotated[int, BeforeValidator(scalars.version), WithJsonSchema({"const": scalars.VERSION})] | None = (
        Field(default=None, description="Version of this format: 1")
    )
    project: Name | None = Field(default=None, description="Name of the project; it enters the marker of every flow")
    default_environment: Name | None = Field(
        default=None, description="The environment that is meant when none is named"
    )
    include: list[str] | None = Field(
        default=None, description="More files with the same keys, as paths or patterns beside this file"
    )
    environments: dict[Name, Environment] | None = Field(
        default=None, description="Where flows are deployed; default: sandbox, on the emulator"
    )
    variables: dict[Identifier, VariableEntry] | None = Field(
        default=None, description="Values that environments and callers set"
    )
    secrets: dict[Identifier, Secret] | None = Field(default=None, description="Values that no output may show")
    principals: dict[Identifier, str] | None = Field(default=None, description="Names for people, groups and services")
    subscriptions: dict[Identifier, Subscription] | None = Field(default=None, description="Names for subscriptions")
    permissions: dict[Identifier, PermissionSet] | None = Field(default=None, description="Named sets of roles")
    guardrails: Guardrails | None = Field(
        default=None, description="Level by risk code (off, note, warn, block), and two lists"
    )
    flows: dict[Name, Flow | None] | None = Field(
        default=None, description="The flows by name; flow NAME has the address flow.NAME"
    )
