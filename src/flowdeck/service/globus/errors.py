"""What globus-sdk raises, as problems; no response body goes any further than its own words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from globus_sdk import GlobusAPIError, GlobusError, NetworkError

from flowdeck.model.errors import ServiceError
from flowdeck.service.globus.convert import field_of
from flowdeck.service.ports import Detail, Failed, Kind, Problem, Unknown
from flowdeck.service.problems import diagnostic_of

_KINDS: dict[int, Kind] = {
    400: "invalid",
    401: "unauthenticated",
    403: "forbidden",
    404: "gone",
    409: "invalid",
    422: "invalid",
    429: "busy",
}


def problem_of(error: Exception) -> Problem:
    """The problem that an SDK exception, or a malformed answer, stands for; without its response body."""
    if not isinstance(error, GlobusError):
        return Problem("failed", "the answer is not one of the service's")
    if not isinstance(error, GlobusAPIError):
        reason = "no answer came from the service" if isinstance(error, NetworkError) else type(error).__name__
        return Problem("unreachable", reason)
    kind = _KINDS.get(error.http_status, "failed")
    if _is_refused_login(error):
        kind = "unauthenticated"
    message = error.message or error.code or error.http_reason or f"HTTP {error.http_status}"
    return Problem(kind, message, tuple(_details(error)), error.request_id or _debug_id(error))


def outcome_of(error: Exception) -> Failed | Unknown:
    """What a failed write means: an answer that refuses is a failure, anything else may have taken effect."""
    problem = problem_of(error)
    return Unknown(problem) if problem.kind in ("unreachable", "failed") else Failed(problem)


# What reading an answer raises that is not in the service's form: no JSON, or JSON without the keys.
MALFORMED = (ValueError, LookupError, TypeError, AttributeError)


@contextmanager
def service_errors() -> Iterator[None]:
    """Turn what the SDK, or reading its answer, raises inside the block into ServiceError."""
    try:
        yield
    except (GlobusError, *MALFORMED) as error:
        raise ServiceError(diagnostic_of(problem_of(error))) from None


def _is_refused_login(error: GlobusAPIError) -> bool:
    # OAuth2 answers 400 or 401 with this word to a wrong client id or secret (RFC 6749, section 5.2).
    return _body(error).get("error") in ("invalid_client", "unauthorized_client", "invalid_grant")


def _details(error: GlobusAPIError) -> Iterator[Detail]:
    """The service's list of complaints; items may lack any of their parts (seen in globus-cli's own tests)."""
    nested = _body(error).get("error")
    details = nested.get("detail") if isinstance(nested, dict) else None
    for one in details if isinstance(details, list) else ():
        if isinstance(one, dict) and isinstance(one.get("msg"), str):
            location = one.get("loc")
            yield Detail(one["msg"], field_of(tuple(location)) if isinstance(location, list) else ())


def _debug_id(error: GlobusAPIError) -> str:
    return str(_body(error).get("debug_id") or "")


def _body(error: GlobusAPIError) -> dict[str, Any]:
    body = error.raw_json
    return body if isinstance(body, dict) else {}
