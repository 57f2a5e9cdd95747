"""What globus-sdk raises, as problems; no response body goes any further than its own words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from globus_sdk import GlobusAPIError, GlobusError, NetworkError
from requests import ConnectTimeout
from urllib3.exceptions import NewConnectionError

from flowdeck.model.errors import ServiceError
from flowdeck.service.globus.convert import field_of
from flowdeck.service.ports import Detail, Failed, Kind, Problem, Unknown
from flowdeck.service.problems import diagnostic_of

_KINDS: dict[int, Kind] = {
    400: "invalid",
    401: "unauthenticated",
    403: "forbidden",
    404: "gone",
    410: "gone",
    409: "invalid",
    422: "invalid",
    429: "busy",
}

# Request Timeout and Too Early: the same request may be answered otherwise a little later.
_PASSING = (408, 425)


def problem_of(error: Exception) -> Problem:
    """The problem that an SDK exception, or a malformed answer, stands for; without its response body."""
    if not isinstance(error, GlobusError):
        return Problem("failed", "the answer is not one of the service's")
    if not isinstance(error, GlobusAPIError):
        reason = "no answer came from the service" if isinstance(error, NetworkError) else type(error).__name__
        return Problem("unreachable", reason)
    kind = "unauthenticated" if _is_refused_login(error) else _kind(error.http_status)
    after = error.headers.get("Retry-After", "").strip()
    message = error.message or error.code or error.http_reason or f"HTTP {error.http_status}"
    id = error.request_id or _debug_id(error) or request_id(error.headers)
    return Problem(kind, message, tuple(_details(error)), id, _retry_after(after))


def request_id(headers: Mapping[str, str]) -> str:
    """The service's own name for a request. Which header Flows tells it in is not documented; this one is common."""
    return headers.get("X-Request-Id") or ""


def _kind(status: int) -> Kind:
    """What a status means. Any other 4xx is a refusal too, but for requests that did not arrive as they should have."""
    refusal = 400 <= status < 500 and status not in _PASSING  # noqa: PLR2004 (the class of refusals, RFC 9110)
    return _KINDS.get(status, "invalid" if refusal else "failed")


def _retry_after(written: str) -> float | None:
    """What a header Retry-After asks for, in seconds; it is a number or a date (RFC 9110, section 10.2.3)."""
    if written.isdecimal():
        return float(written)
    try:
        until = parsedate_to_datetime(written)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def outcome_of(error: Exception) -> Failed | Unknown:
    """What a failed write means: an answer that refuses is a failure, and so is a connection that was never made.

    Anything else may have taken effect.
    """
    problem = problem_of(error)
    if problem.kind in ("unreachable", "failed") and not _never_left(error):
        return Unknown(problem)
    return Failed(problem)


def _never_left(error: Exception) -> bool:
    """Whether the connection could not even be opened, as requests and urllib3 tell it inside the SDK's exception."""
    cause = error.underlying_exception if isinstance(error, NetworkError) else None
    reasons = [getattr(one, "reason", None) for one in cause.args] if cause else []
    return isinstance(cause, ConnectTimeout) or any(isinstance(one, NewConnectionError) for one in reasons)


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
    """The service's list of complaints; items may lack any of their parts (seen in globus-cli's own tests).

    The type of one stands for the words that it lacks.
    """
    nested = _body(error).get("error")
    details = nested.get("detail") if isinstance(nested, dict) else None
    for one in details if isinstance(details, list) else ():
        words = [one[key] for key in ("msg", "type") if isinstance(one.get(key), str)] if isinstance(one, dict) else []
        if words:
            location = one.get("loc")
            is_path = isinstance(location, list) and all(isinstance(step, str | int) for step in location)
            yield Detail(words[0], field_of(tuple(location)) if is_path else ())


def _debug_id(error: GlobusAPIError) -> str:
    return str(_body(error).get("debug_id") or "")


def _body(error: GlobusAPIError) -> dict[str, Any]:
    body = error.raw_json
    return body if isinstance(body, dict) else {}
