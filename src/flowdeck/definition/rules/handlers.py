"""Rules about who does the action of an Action state: the provider at a URL, or a handler."""

import re
import string
from collections.abc import Iterator

from flowdeck.definition.finding import Path
from flowdeck.definition.machine import Machine
from flowdeck.definition.names import quoted
from flowdeck.definition.parts import handlers, unknown_yet
from flowdeck.definition.rules.rule import Breach, Breaches, Rule, error, warning

# As it is in the published schema; `$` takes a line break at the end, `.` none before.
_HTTPS = re.compile(r"^https://.+$")
_PARTS = re.compile(r"https://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?P<fragment>#.*)?", re.DOTALL)
_SPACE = re.compile(r"\s")
_HEXADECIMAL = frozenset(string.hexdigits)
_UUID = 32  # hexadecimal digits
_URN = "urn:globus:flows:handle:"
# What the service puts after the URL of a provider (its documentation of the Action state: "/run, /status, /cancel and
# so on"; the others are operations of the same interface).
_OPERATIONS = ("run", "status", "cancel", "release", "log")


@error
def action_url(machine: Machine) -> Breaches:
    """The URL of an action provider is not `https://` and something after it."""
    for path, url in _urls(machine):
        if not _HTTPS.search(url):
            yield Breach(path, *_no_https(str(path[-1]), url))


def _no_https(key: str, url: str) -> tuple[str, str]:
    """Message and hint for a URL that the service does not take."""
    lower = url.lower()
    if lower.startswith("http://"):
        return f"`{key}` begins with `http://`, and the service calls providers by https only", "write `https://`"
    if lower == "https://":
        return f"`{key}` names no host", "write the whole URL of the action provider"
    if lower.startswith("https://"):
        return f"`{key}` must begin with `https://` in small letters, and stand on one line", "write it so"
    if url.startswith("$"):
        return f"`{key}` is a path, and must be a URL", "write the URL: an action cannot be chosen by the data of a run"
    return f"`{key}` is {_shown(url)}, and must begin with `https://`", "write the whole URL of the action provider"


@warning
def odd_action_url(machine: Machine) -> Breaches:
    """The URL of an action provider names no host, or holds more than the host and the path of the provider."""
    for path, url in _urls(machine):
        if _HTTPS.search(url) and (oddity := _oddity(url)):
            yield Breach(path, f"`{path[-1]}` {oddity[0]}", oddity[1])


def _oddity(url: str) -> tuple[str, str] | None:
    """What is odd about a URL that begins with https, and the way out."""
    parts = _PARTS.match(url)
    if parts is None or _SPACE.search(url):
        return "holds white space", "remove it"
    user, _, host = parts["authority"].rpartition("@")
    if not host.partition(":")[0]:
        return "names no host", "write the whole URL of the action provider"
    if user:
        hint = "remove it, and the `@`: the service logs in with the tokens of a run"
        return "names a user or a password before the host", hint
    for name, sign in (("query", "?"), ("fragment", "#")):
        if parts[name] is not None:
            hint = f"end the URL before the `{sign}`; what the action needs goes into `Parameters`"
            return f"has a {name}, and the service appends `/run` and `/status` to it", hint
    last = parts["path"].rstrip("/").rpartition("/")[2]
    if last in _OPERATIONS:
        return f"ends with `/{last}`, which the service appends itself", f"end the URL before `/{last}`"
    return None


@error
def registered_api_id(machine: Machine) -> Breaches:
    """The `Id` of a RegisteredAPI handler is no UUID."""
    for state in machine.states.values():
        for handler in handlers(state):
            api = handler.fields.get("Id")
            if "Id" in handler.shape.fields and isinstance(api, str) and not (unknown_yet(api) or _is_uuid(api)):
                hint = "write the UUID that `globus flows registered-api list` shows"
                yield Breach((*handler.path, "Id"), f"`Id` is {quoted(api)}, which is no UUID", hint)


def _is_uuid(text: str) -> bool:
    """Whether the text can be read as a UUID, as Python does it: hyphens, braces and `urn:uuid:` are free."""
    digits = text.replace("urn:", "").replace("uuid:", "").strip("{}").replace("-", "")
    return len(digits) == _UUID and set(digits) <= _HEXADECIMAL


@warning
def handler_urn(machine: Machine) -> Breaches:
    """A `Handler` that is a text does not begin with `urn:globus:flows:handle:`."""
    for state in machine.states.values():
        handler = state.fields.get("Handler")
        if state.type == "Action" and isinstance(handler, str) and not unknown_yet(handler):
            if handler.startswith(_URN) and handler != _URN:
                continue
            yield Breach(
                (*state.path, "Handler"), f"`Handler` is {_shown(handler)}, which names no handler", _for(handler)
            )


def _for(handler: str) -> str:
    """What to write for a text that names no handler."""
    if "://" in handler:
        return "write it under `ActionUrl`, or as `{Type: ActionProvider, Url: ...}`"
    if _is_uuid(handler):
        return "write `{Type: RegisteredAPI, Id: ...}`"
    return f"write the URN of a handler that Globus hosts, `{_URN}...`, or an object with `Type`"


def _urls(machine: Machine) -> Iterator[tuple[Path, str]]:
    """The URLs of action providers, of which all is known, each with the path of its key."""
    for state in machine.states.values():
        if state.type == "Action":
            found = [(state.path, "ActionUrl", state.fields)]
            found += [(part.path, "Url", part.fields) for part in handlers(state) if "Url" in part.shape.fields]
            for path, key, fields in found:
                if isinstance(url := fields.get(key), str) and not unknown_yet(url):
                    yield (*path, key), url


def _shown(url: str) -> str:
    """A URL in backticks, unless it may hold a password."""
    return "a text that is no such URL" if "@" in url or "?" in url else quoted(url) if url else "empty"


RULES: tuple[Rule, ...] = (action_url, odd_action_url, registered_api_id, handler_urn)
