"""Seeds: the people, groups, subscriptions, flows and runs that an emulator starts with."""

import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from flowdeck.emulator import checks, flow, flows, people, runs, strict
from flowdeck.emulator.errors import SeedError
from flowdeck.emulator.exchange import Call, JsonObject, identity_urn
from flowdeck.emulator.people import Group, Identity, Membership, Policy
from flowdeck.emulator.refusals import Refusal
from flowdeck.emulator.store import read_settings, write_settings

DEFAULT = Path(__file__).with_name("default-seed.yaml")

_STATUSES = ("ACTIVE", "INACTIVE", "SUCCEEDED", "FAILED", "ENDED")
_UNFINISHED = ("ACTIVE", "INACTIVE")
_SPECIAL = ("public", "all_authenticated_users")


def plant(db: sqlite3.Connection, source: Path | Mapping[str, Any]) -> Identity | None:
    """Store what the seed (a YAML or JSON file, or its content) declares; return the client that it names, if any.

    People, groups and runs replace those with their ids. A flow is created once: what became of it since is kept.
    Raises SeedError.
    """
    document = strict.document(source, SeedError) if isinstance(source, Path) else source
    seed = strict.mapping(document, "seed", {"client", "settings", *_SECTIONS}, (), SeedError)
    try:
        write_settings(db, read_settings(db).changed(seed.get("settings", {})))
    except ValueError as error:
        raise SeedError(f"settings: {error}") from error
    for section, plant_one in _SECTIONS.items():
        for index, entry in enumerate(strict.listed(seed.get(section), section, SeedError)):
            plant_one(db, entry, f"{section}[{index}]")
    return _client(db, seed["client"]) if "client" in seed else None


def _client(db: sqlite3.Connection, key: str) -> Identity:
    client = _somebody(db, key, "client")
    if client.secret is None:
        raise SeedError(f"client: `{key}` has no `secret`")
    return client


def _identity(db: sqlite3.Connection, entry: Any, where: str) -> None:
    keys = ("id", "username", "name", "email", "organization", "secret")
    fields = _fields(entry, where, keys, "username")
    taken = people.identity_named(db, fields["username"])
    if taken is not None and taken.id != fields["id"]:
        raise SeedError(f"{where}: username `{taken.username}` belongs to {taken.id}")
    people.save(db, Identity(**fields))


def _group(db: sqlite3.Connection, entry: Any, where: str) -> None:
    fields = _fields(entry, where, ("id", "name", "description", "visibility", "members"), "name")
    if fields.get("visibility", "private") not in ("private", "authenticated"):
        raise SeedError(f"{where}: `visibility` is private or authenticated, not {fields['visibility']!r}")
    members = fields.pop("members", None)
    people.save(db, Group(**fields))
    _members(db, fields["id"], members, where)


def _subscription(db: sqlite3.Connection, entry: Any, where: str) -> None:
    fields = _fields(entry, where, ("id", "name", "high_assurance", "members"), "name")
    subscription = fields["id"]
    members = fields.pop("members", None)
    group = Group(**fields | {"id": _derived("subscription group", subscription), "subscription": subscription})
    people.save(db, group)
    _members(db, group.id, members, where)


def _policy(db: sqlite3.Connection, entry: Any, where: str) -> None:
    strict.mapping(entry, where, ("id", "high_assurance"), ("id", "high_assurance"), SeedError)
    people.save(db, Policy(_uuid(entry["id"], where), bool(entry["high_assurance"])))


def _members(db: sqlite3.Connection, group_id: str, entries: Any, where: str) -> None:
    """Members are usernames or ids, or mappings of `identity`, `role` and `status`."""
    for index, entry in enumerate(strict.listed(entries, f"{where}.members", SeedError)):
        at = f"{where}.members[{index}]"
        written = entry if isinstance(entry, Mapping) else {"identity": entry}
        strict.mapping(written, at, ("identity", "role", "status"), ("identity",), SeedError)
        member = _somebody(db, written["identity"], at)
        people.save(db, Membership(**{**written, "group_id": group_id, "identity": member.id}))


def _flow(db: sqlite3.Connection, entry: Any, where: str) -> None:
    """Create the flow as its owner would, unless its id was ever taken."""
    keys = {"id", "owner", "created_at", *checks.CREATION}
    fields = dict(strict.mapping(entry, where, keys, ("owner", "title", "definition"), SeedError))
    owner = _somebody(db, fields.pop("owner"), f"{where}.owner")
    derived = _derived("flow", owner.id, str(fields["title"]))
    given = {"id": _uuid(fields.pop("id", derived), where)}
    if "created_at" in fields:
        given["created_at"] = _time(fields.pop("created_at"), f"{where}.created_at")
    if flow.newest(db, given["id"]) is not None:
        return
    for role in flow.ROLES:
        if role in fields:
            fields[role] = _principals(db, fields[role], f"{where}.{role}")
    call = Call(db=db, settings=read_settings(db), caller=people.caller(db, owner.id))
    try:
        flows.created(call, checks.creation(fields), **given)
    except Refusal as refusal:
        raise SeedError(f"{where}: {refusal.message or refusal.detail}") from refusal


def _run(db: sqlite3.Connection, entry: Any, where: str) -> None:
    optional = ("id", "label", "tags", "run_managers", "run_monitors", "start_time")
    required = ("flow", "owner", "status")
    fields = strict.mapping(entry, where, (*optional, *required), required, SeedError)
    of_flow = flow.newest(db, flow.titled(db, fields["flow"]) or fields["flow"])
    if of_flow is None:
        raise SeedError(f"{where}.flow: there is no flow `{fields['flow']}`")
    if fields["status"] not in _STATUSES:
        raise SeedError(f"{where}: `status` is one of {', '.join(_STATUSES)}, not {fields['status']!r}")
    label = fields.get("label", f"Run of {of_flow.title}")
    owner = identity_urn(_somebody(db, fields["owner"], f"{where}.owner").id)
    run_id = _uuid(fields.get("id", _derived("run", of_flow.id, label, owner)), where)
    managers, monitors = (_principals(db, fields.get(role), f"{where}.{role}") for role in flow.ROLES[3:])
    run: JsonObject = {
        "run_id": run_id,
        "action_id": run_id,
        "flow_id": of_flow.id,
        "flow_title": of_flow.title,
        "flow_last_updated": of_flow.updated_at,
        "start_time": _time(fields["start_time"], where) if "start_time" in fields else of_flow.created_at,
        "status": fields["status"],
        "display_status": fields["status"],
        "details": {},
        "label": label,
        "tags": fields.get("tags", []),
        "created_by": owner,
        "run_owner": owner,
        "run_managers": managers,
        "run_monitors": monitors,
        "manage_by": managers,
        "monitor_by": monitors,
    }
    finished = {} if run["status"] in _UNFINISHED else {"completion_time": run["start_time"]}
    runs.save(db, run | finished)


_SECTIONS: Mapping[str, Callable[[sqlite3.Connection, Any, str], None]] = {
    "identities": _identity,
    "groups": _group,
    "subscriptions": _subscription,
    "policies": _policy,
    "flows": _flow,
    "runs": _run,
}


def _fields(entry: Any, where: str, keys: tuple[str, ...], name: str) -> JsonObject:
    """The fields of something with an id, which follows from its name when it is not written."""
    written = strict.mapping(entry, where, keys, (name,), SeedError)
    given = written.get("id", _derived(where.partition("[")[0], str(written[name])))
    return {**written, "id": _uuid(given, where)}


def _somebody(db: sqlite3.Connection, key: Any, where: str) -> Identity:
    found = people.identity(db, str(key)) or people.identity_named(db, str(key))
    if found is None:
        raise SeedError(f"{where}: no identity has the id or username `{key}`")
    return found


def _principals(db: sqlite3.Connection, entries: Any, where: str) -> list[str]:
    """The URNs of principals written as URNs, special words, usernames, or names of groups."""
    return [_principal(db, str(entry), where) for entry in strict.listed(entries, where, SeedError)]


def _principal(db: sqlite3.Connection, text: str, where: str) -> str:
    if text.startswith("urn:") or text in _SPECIAL:
        return text
    if who := people.identity_named(db, text):
        return identity_urn(who.id)
    if group := people.group_named(db, text):
        return f"urn:globus:groups:id:{group.id}"
    raise SeedError(f"{where}: `{text}` is no URN, username or name of a group")


def _uuid(value: Any, where: str) -> str:
    try:
        return str(UUID(str(value)))
    except ValueError as error:
        raise SeedError(f"{where}: `id` must be a UUID, not {value!r}") from error


def _derived(*names: str) -> str:
    """An id that is always the same for the same names, so that seeding twice makes nothing twice."""
    return str(uuid5(NAMESPACE_URL, "flowdeck-emulator:" + ":".join(names)))


def _time(value: Any, where: str) -> str:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise SeedError(f"{where}: {value!r} is no time") from error
    return flow.timestamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
