"""What the emulated services refuse, and the shape in which each of them says so."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from flowdeck.emulator.exchange import Answer, JsonObject

Location = tuple[str | int, ...]


class Refusal(Exception):
    """An answer that is an error: `detail` is text, or the list of problems of a request body."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str | list[JsonObject],
        message: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, code, detail)
        self.status, self.code, self.detail, self.message = status, code, detail, message
        self.headers = dict(headers or {})

    def answer(self, service: str) -> Answer:
        """The refusal as `service` (flows, auth, oauth, groups or admin) words it."""
        return Answer(self.status, _SHAPES[service](self), self.headers)


def problem(location: Location, message: str, kind: str, **context: Any) -> JsonObject:
    """One entry of a 422's detail, in the form of pydantic 1, which the fixtures of globus_sdk.testing show."""
    entry: JsonObject = {"loc": list(location), "msg": message, "type": kind}
    return entry | {"ctx": context} if context else entry


def refuse(problems: Iterable[JsonObject]) -> None:
    """Refuse a body for all its problems; return when there are none.

    Raises Refusal with status 422. A refusal for principals alone has no summary, as its fixture shows.
    """
    found = list(problems)
    if not found:
        return
    message = None
    if not all(entry["msg"].startswith("Unrecognized principal string") for entry in found):
        listed = "; ".join(f"{json_path(entry['loc'])}: {entry['msg']}" for entry in found)
        message = f"{len(found)} validation error{'s' if len(found) > 1 else ''} in body. {listed}"
    raise Refusal(422, "UNPROCESSABLE_ENTITY", found, message)


def json_path(location: Iterable[str | int]) -> str:
    """A place in a body as `$.definition.States['a b'][0]`."""
    steps = (f".{step}" if isinstance(step, str) and step.isidentifier() else f"[{step!r}]" for step in location)
    return "$" + "".join(steps)


def _flows(refusal: Refusal) -> JsonObject:
    error: JsonObject = {"code": refusal.code, "detail": refusal.detail}
    if refusal.message is not None:
        error["message"] = refusal.message
    return {"error": error, "debug_id": str(uuid4())}


def _auth(refusal: Refusal) -> JsonObject:
    title = refusal.code.replace("_", " ").capitalize()
    entry = {
        "status": str(refusal.status),
        "id": str(uuid4()),
        "code": refusal.code,
        "detail": refusal.detail,
        "title": title,
    }
    return {"errors": [entry], "error_description": title, "error": refusal.code.lower()}


def _oauth(refusal: Refusal) -> JsonObject:
    return {"error": refusal.code, "error_description": refusal.detail}


def _groups(refusal: Refusal) -> JsonObject:
    # No fixture shows an error of Groups: this is the form that the SDK reads a request id from. Unverified.
    return {"code": refusal.code, "message": refusal.detail, "request_id": str(uuid4())}


_SHAPES = {"flows": _flows, "auth": _auth, "oauth": _oauth, "groups": _groups, "admin": _oauth}
