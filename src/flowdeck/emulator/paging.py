"""Pages of a list and the marker that leads from one to the next."""

import base64
import json
import re
from collections.abc import Collection, Iterable
from typing import Any

from flowdeck.emulator.exchange import Call, JsonObject
from flowdeck.emulator.refusals import Refusal

PER_PAGE = 20  # a fixture of globus_sdk.testing
MOST_PER_PAGE = 100  # unverified
MOST_PAGES = 1_000_000


def bad_parameter(detail: str) -> Refusal:
    """The refusal of a query parameter; the API description documents status 400 for lists, the code is unverified."""
    return Refusal(400, "BAD_REQUEST", detail)


def limit(call: Call) -> int:
    """How many items a page shows. Raises Refusal for a `per_page` that is out of bounds."""
    return _number(call.parameter("per_page", str(PER_PAGE)), "per_page", MOST_PER_PAGE)


def offset(call: Call) -> int:
    """How many items come before the page that the call asks for. Raises Refusal for a bad `page` or `per_page`."""
    return limit(call) * (_number(call.parameter("page", "1"), "page", MOST_PAGES) - 1)


def marker(state: JsonObject) -> str:
    """A marker that carries the whole query and the place to go on from."""
    return base64.urlsafe_b64encode(json.dumps(state).encode()).decode()


def resumed(text: str, names: Collection[str]) -> JsonObject:
    """What a marker carries, which are these names. Raises Refusal for a marker that this list never gave."""
    try:
        state = json.loads(base64.b64decode(text, altchars=b"-_", validate=True))
    except ValueError as error:
        raise bad_parameter("marker is not valid") from error
    if not isinstance(state, dict) or state.keys() != set(names):
        raise bad_parameter("marker is not valid")
    return state


def page(key: str, items: Iterable[Any], most: int, following: str | None) -> JsonObject:
    """The body of a list answer: the items under `key`, and the marker of the following page if there is one."""
    return {key: list(items), "limit": most, "has_next_page": following is not None, "marker": following}


def _number(text: str, name: str, most: int) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= most:
        raise bad_parameter(f"{name} must be a whole number from 1 to {most}")
    return int(text)
