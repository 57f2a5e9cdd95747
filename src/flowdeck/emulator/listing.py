"""GET /flows: which flows a caller asks for, in which order, and from where on."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from flowdeck.emulator import flow, paging, visibility
from flowdeck.emulator.exchange import Answer, Call
from flowdeck.emulator.settings import Settings

# Both spellings are in use: the OpenAPI document's, which is that of the lists, and the SDK's singular.
_ROLES = {spelling: role for role in flow.ROLES for spelling in (role, role.removesuffix("s"))}
_ROLES["flow_owner"] = "flow_owner"
_ORDERS = {
    "id": "flow_id",
    "scope_string": "flow_id",
    "flow_owner": "flow_owner",
    "flow_owners": "flow_owner",
    "flow_administrators": "json_extract(roles, '$.flow_administrators')",
    "title": "title",
    "created_at": "created_at",
    "updated_at": "updated_at",
}
_SUBSTRINGS = ("title", "subtitle", "description")
_SCOPE = "'https://auth.globus.org/scopes/' || flow_id || '/flow_' || replace(flow_id, '-', '_') || '_user'"
_BY_ID = (("id", "ASC"),)


@dataclass(frozen=True, slots=True)
class Query:
    """What a list call asks for. `after` (an id) and `offset` are the two ways to go on from an earlier page."""

    roles: tuple[str, ...] = ("flow_owner",)
    order: tuple[tuple[str, str], ...] = _BY_ID
    limit: int = paging.PER_PAGE
    title: str = ""
    subtitle: str = ""
    description: str = ""
    keywords: str = ""
    scope: str = ""
    fulltext: str = ""
    after: str = ""
    offset: int = 0


def flows(call: Call) -> Answer:
    """GET /flows.

    A list in the order `id ASC` goes on after the last id, so that no write in between can hide or repeat a flow; in
    any other order it goes on by count, as services that page by offset do (which way the service pages is unverified).
    """
    query = _resumed(call) if "marker" in call.query else _asked(call)
    condition, values = _condition(call, query)
    order = ", ".join(f"{_ORDERS[name]} {direction}" for name, direction in query.order)
    rows = call.db.execute(
        f"SELECT flow_id, document FROM versions v WHERE {flow.CURRENT} AND {condition}"
        f" ORDER BY {order}, flow_id LIMIT :limit OFFSET :offset",
        {**values, "moment": call.moment, "limit": query.limit + 1, "offset": query.offset},
    ).fetchall()
    shown, more = rows[: query.limit], len(rows) > query.limit
    following = paging.marker(asdict(_following(query, shown[-1]["flow_id"]))) if more else None
    items = (visibility.listed(flow.from_document(row["document"]), call.caller, call.settings) for row in shown)
    return Answer(200, paging.page("flows", items, query.limit, following))


def _asked(call: Call) -> Query:
    """The query of the URL's own parameters. Raises Refusal for what cannot be."""
    roles, order = call.words("filter_roles"), call.words("orderby")
    query = Query(
        limit=paging.limit(call),
        offset=paging.offset(call),
        title=call.parameter("filter_title"),
        subtitle=call.parameter("filter_subtitle"),
        description=call.parameter("filter_description"),
        keywords=call.parameter("filter_keywords"),
        scope=call.parameter("filter_scope_string"),
        fulltext=call.parameter("filter_fulltext"),
    )
    return replace(
        query,
        roles=tuple(map(_role, roles)) or query.roles,
        order=tuple(map(_order, order)) or query.order,
    )


def _resumed(call: Call) -> Query:
    state = paging.resumed(call.parameter("marker"), Query.__slots__)
    order = tuple(_order(f"{name} {direction}") for name, direction in state["order"])
    return Query(**{**state, "roles": tuple(map(_role, state["roles"])), "order": order})


def _following(query: Query, last: str) -> Query:
    if query.order == _BY_ID:
        return replace(query, after=last, offset=0)
    return replace(query, offset=query.offset + query.limit)


def _role(word: str) -> str:
    if word not in _ROLES:
        raise paging.bad_parameter(f"filter_roles: unknown role '{word}'")
    return _ROLES[word]


def _order(word: str) -> tuple[str, str]:
    name, _, direction = word.partition(" ")
    if name not in _ORDERS or direction.upper() not in ("ASC", "DESC"):
        raise paging.bad_parameter(f"orderby: '{word}' is not FIELD ASC or FIELD DESC")
    return name, direction.upper()


def _condition(call: Call, query: Query) -> tuple[str, dict[str, Any]]:
    """The SQL condition of the query on version `v`, and the values that it names."""
    values = {
        "me": call.caller.urn,
        "principals": json.dumps(sorted(call.caller.principals)),
        **{name: getattr(query, name) for name in (*_SUBSTRINGS, "keywords", "scope", "fulltext", "after")},
    }
    return " AND ".join(_conditions(query, call.settings)), values


def _conditions(query: Query, settings: Settings) -> Iterator[str]:
    yield flow.alive(settings)
    yield "(" + " OR ".join(_holds(role) for role in query.roles) + ")"
    yield from (f"contains({name}, :{name})" for name in _SUBSTRINGS if getattr(query, name))
    if query.keywords and settings.filter_keywords == "honoured":
        yield "EXISTS (SELECT 1 FROM json_each(keywords) WHERE contains(value, :keywords))"
    if query.scope:
        yield f"contains({_SCOPE}, :scope)"
    if query.fulltext:
        texts = ("title", "subtitle", "description", "flow_owner", "flow_id", _ORDERS["flow_administrators"])
        yield "(" + " OR ".join(f"contains({text}, :fulltext)" for text in texts) + ")"
    if query.after:
        yield "flow_id > :after"


def _holds(role: str) -> str:
    if role == "flow_owner":
        return "flow_owner = :me"
    return (
        f"EXISTS (SELECT 1 FROM json_each(roles, '$.{role}') WHERE value IN (SELECT value FROM json_each(:principals)))"
    )
