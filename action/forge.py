"""GitHub's REST API, as far as the action needs it: all pages, patience, and a token that goes nowhere else."""

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, cast
from urllib.parse import urlsplit

from step import StepError

_SECONDS = 20
_ATTEMPTS = 5
# A job that was cancelled has five minutes for the step that tells what happened.
_LONGEST_PAUSE = 60.0
_TOO_MANY_REQUESTS = 429
FORBIDDEN, NOT_FOUND = 403, 404
_SERVER_ERRORS = 500
_REDIRECTS = 300


class ForgeError(StepError):
    """GitHub refused a request, or did not answer; `status` is None when there was no answer."""

    def __init__(self, what: str, status: int | None, said: str) -> None:
        answered = "did not answer" if status is None else f"answered {status}"
        # The same status is an exhausted limit, which is waited for, and has its own words.
        hint = "; does the job have the permissions of docs/ci-github.md?" if status == FORBIDDEN else ""
        super().__init__(f"GitHub {answered} to {what}{f': {said}' if said else ''}{hint}")
        self.status = status


class Unsettled(ForgeError):
    """Whether a POST was carried out is not known: look before sending it again."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int | None
    headers: Message
    body: bytes

    @property
    def said(self) -> str:
        """GitHub's own words for a refusal."""
        try:
            told = json.loads(self.body)
            words = [told["message"], *(one["message"] for one in told.get("errors", ()) if "message" in one)]
        except (ValueError, KeyError, TypeError, AttributeError):
            return ""
        return ", ".join(str(one) for one in words)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """urllib would send the token along to wherever it is redirected."""

    def redirect_request(self, *_arguments: object) -> None:
        """Follow none: the redirect becomes an error."""


@dataclass(frozen=True, slots=True)
class Forge:
    """The API of one repository."""

    api: str
    repository: str
    token: str = field(repr=False)
    sleep: Callable[[float], None] = time.sleep

    def every(self, path: str) -> Iterator[dict[str, Any]]:
        """All items of a list below the repository, from all its pages."""
        url = self._url(f"{path}{'&' if '?' in path else '?'}per_page=100")
        while url:
            answer = self._send("GET", url, None)
            yield from cast(list[dict[str, Any]], _parsed(answer, f"GET {path}"))
            url = self._following(answer.headers.get("Link", ""))

    def get(self, path: str) -> dict[str, Any]:
        """One thing below the repository."""
        return cast(dict[str, Any], _parsed(self._send("GET", self._url(path), None), f"GET {path}"))

    def post(self, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Create something. Raises Unsettled when nobody knows whether that happened."""
        return cast(dict[str, Any], _parsed(self._send("POST", self._url(path), document), f"POST {path}"))

    def patch(self, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Edit something."""
        return cast(dict[str, Any], _parsed(self._send("PATCH", self._url(path), document), f"PATCH {path}"))

    def _url(self, path: str) -> str:
        return f"{self.api}/repos/{self.repository}{path}"

    def _following(self, links: str) -> str:
        found = re.search(r'<([^<>]+)>[^,<>]*;\s*rel="next"', links)
        if found and _origin(found[1]) != _origin(self.api):
            raise ForgeError("a list", None, "the next page is on another host")
        return found[1] if found else ""

    def _send(self, method: str, url: str, document: Mapping[str, Any] | None) -> _Answer:
        what = f"{method} {urlsplit(url).path}"
        for attempt in range(_ATTEMPTS):
            answer = self._once(method, url, document)
            pause = _pause(answer, attempt)
            if answer.status is not None and answer.status < _REDIRECTS:
                return answer
            if pause is None:
                raise ForgeError(what, answer.status, answer.said)
            if method == "POST" and not _is_limit(answer):
                raise Unsettled(what, answer.status, answer.said)
            if pause > _LONGEST_PAUSE:
                raise ForgeError(what, answer.status, f"it asks to wait for {pause:.0f} s; run the job again then")
            if attempt < _ATTEMPTS - 1:
                self.sleep(pause)
        raise ForgeError(what, answer.status, answer.said)

    def _once(self, method: str, url: str, document: Mapping[str, Any] | None) -> _Answer:
        request = urllib.request.Request(
            url,
            method=method,
            data=None if document is None else json.dumps(document).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "User-Agent": "flowdeck-action",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        try:
            with urllib.request.build_opener(_NoRedirects).open(request, timeout=_SECONDS) as answer:
                return _Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return _Answer(error.code, error.headers, error.read())
        except (OSError, http.client.HTTPException):
            return _Answer(None, Message(), b"")


def connect(environment: Mapping[str, str]) -> Forge:
    """The API that the runner names, with the token of the input. Raises StepError if one of them cannot be right."""
    api, token = environment.get("GITHUB_API_URL", "").rstrip("/"), environment.get("INPUT_GITHUB_TOKEN", "")
    parts = urlsplit(api)
    if not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1"))):
        raise StepError("GITHUB_API_URL is set by the runner, and begins with https://")
    # http.client quotes a header that it refuses, and this one holds the token.
    if not re.fullmatch(r"[!-~]+", token):
        raise StepError("`github-token` is empty, or no token")
    return Forge(api, environment["GITHUB_REPOSITORY"], token)


def _parsed(answer: _Answer, what: str) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError:
        raise ForgeError(what, answer.status, "what came is not JSON") from None


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _is_limit(answer: _Answer) -> bool:
    """Whether GitHub did not carry out a request because there were too many."""
    if answer.status == _TOO_MANY_REQUESTS:
        return True
    exhausted = answer.headers.get("X-RateLimit-Remaining") == "0" or "Retry-After" in answer.headers
    return answer.status == FORBIDDEN and (exhausted or "rate limit" in answer.said)


def _pause(answer: _Answer, attempt: int) -> float | None:
    """Seconds until the next try: as GitHub's documentation of its rate limits asks for; None if there is no use."""
    if _is_limit(answer):
        if (asked := answer.headers.get("Retry-After", "")).isdecimal():
            return float(asked)
        reset = answer.headers.get("X-RateLimit-Reset", "")
        if answer.headers.get("X-RateLimit-Remaining") == "0" and reset.isdecimal():
            return max(1.0, float(reset) - time.time())
        return _LONGEST_PAUSE
    if answer.status is None or answer.status >= _SERVER_ERRORS:
        return float(2**attempt)
    return None
