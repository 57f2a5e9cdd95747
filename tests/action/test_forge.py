"""The client of GitHub's API: patience where it helps, none where it does harm, and a token that stays."""

import dataclasses
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from forge import Forge, ForgeError, Unsettled, connect
from step import StepError

from .conftest import TOKEN
from .github import REPOSITORY, GitHub, Mishap

COMMENTS = "/issues/7/comments"


@pytest.fixture
def waits() -> list[float]:
    """The pauses that were made."""
    return []


@pytest.fixture
def forge(github: GitHub, waits: list[float]) -> Forge:
    """A client that does not really wait."""
    github.pull_request(7)
    return Forge(github.url, REPOSITORY, TOKEN, waits.append)


def test_every_page(forge: Forge, github: GitHub) -> None:
    """A list comes whole, in pages of a hundred."""
    for number in range(130):
        github.comment(7, str(number), github.accounts[TOKEN])
    assert [one["body"] for one in forge.every(COMMENTS)] == [str(number) for number in range(130)]
    assert len(github.requests) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 0])
def test_reading_again(forge: Forge, github: GitHub, waits: list[float], status: int) -> None:
    """What only reads, or writes the same again, is tried again when the server fails or the connection breaks."""
    made = github.comment(7, "a", github.accounts[TOKEN])
    github.mishaps += [Mishap("GET", COMMENTS, status), Mishap("PATCH", "/comments", status, times=2)]
    assert len(list(forge.every(COMMENTS))) == 1
    forge.patch(f"/issues/comments/{made['id']}", {"body": "b"})
    assert made["body"] == "b"
    assert waits == [1, 1, 2]


@pytest.mark.parametrize("status", [500, 502, 0])
def test_no_second_post(forge: Forge, github: GitHub, waits: list[float], status: int) -> None:
    """A POST whose fate is unknown is not sent again: the caller has to look."""
    github.mishaps.append(Mishap("POST", COMMENTS, status, after=True))
    with pytest.raises(Unsettled):
        forge.post(COMMENTS, {"body": "a"})
    assert len(github.comments) == 1
    assert waits == []


@pytest.mark.parametrize(
    ("mishap", "pause"),
    [
        (Mishap("POST", COMMENTS, 429, headers={"Retry-After": "3"}), 3),
        (Mishap("POST", COMMENTS, 403, headers={"Retry-After": "7"}), 7),
        (Mishap("POST", COMMENTS, 403, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}), 1),
        (Mishap("POST", COMMENTS, 429), 60),
        (Mishap("POST", COMMENTS, 403, message="You have exceeded a secondary rate limit."), 60),
    ],
)
def test_too_many_requests(forge: Forge, github: GitHub, waits: list[float], mishap: Mishap, pause: float) -> None:
    """When GitHub asks to slow down nothing was done: also a POST is sent again, after the time that it names."""
    github.mishaps.append(dataclasses.replace(mishap))
    forge.post(COMMENTS, {"body": "a"})
    assert len(github.comments) == 1
    assert waits == [pause]


def test_no_endless_wait(forge: Forge, github: GitHub, waits: list[float]) -> None:
    """A wait longer than a minute is left to a person, and five tries are all."""
    github.mishaps.append(Mishap("GET", COMMENTS, 429, headers={"Retry-After": "3600"}))
    with pytest.raises(ForgeError, match="asks to wait for 3600 s"):
        list(forge.every(COMMENTS))
    github.mishaps.append(Mishap("GET", COMMENTS, 502, times=99))
    with pytest.raises(ForgeError, match="answered 502"):
        list(forge.every(COMMENTS))
    assert waits == [1, 2, 4, 8]


@pytest.mark.parametrize(("status", "times"), [(401, 1), (403, 1), (404, 1), (422, 1)])
def test_refusals_are_final(forge: Forge, github: GitHub, status: int, times: int) -> None:
    """What GitHub refuses is not sent again, and its own words are told."""
    github.mishaps.append(Mishap("GET", COMMENTS, status, times=9, message="no, because"))
    with pytest.raises(ForgeError, match=f"answered {status} to GET /repos/lab/flows/issues/7/comments: no, because"):
        list(forge.every(COMMENTS))
    assert len(github.requests) == times


def test_the_details_of_a_refusal(forge: Forge) -> None:
    """What a refusal says in detail is told: here, that the body is too long."""
    with pytest.raises(ForgeError, match=r"Body is too long \(maximum is 65536 characters\)"):
        forge.post(COMMENTS, {"body": "x" * 65_537})


def test_a_wrong_token(forge: Forge, github: GitHub) -> None:
    """A token that GitHub does not know is told as such, and not shown."""
    wrong = Forge(github.url, REPOSITORY, "ghs_wrong")
    with pytest.raises(ForgeError, match="Bad credentials") as caught:
        list(wrong.every(COMMENTS))
    assert "ghs_wrong" not in f"{caught.value} {wrong!r}"


class Elsewhere(BaseHTTPRequestHandler):
    """Another host, which would like to have the token."""

    seen: list[Any] = []  # noqa: RUF012 (one server in this file)

    def do_GET(self) -> None:
        self.seen.append(dict(self.headers))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The URL of another host."""
    Elsewhere.seen.clear()
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_takes_the_token_away(forge: Forge, github: GitHub, elsewhere: str, status: int) -> None:
    """A redirect is an error: urllib would send the token along."""
    github.mishaps.append(Mishap("GET", COMMENTS, status, headers={"Location": f"{elsewhere}/"}))
    with pytest.raises(ForgeError, match=f"answered {status}"):
        list(forge.every(COMMENTS))
    assert Elsewhere.seen == []


def test_no_page_takes_the_token_away(forge: Forge, github: GitHub, elsewhere: str) -> None:
    """A next page on another host is an error."""
    links = {"Link": f'<{elsewhere}/page2>; rel="next"'}
    github.mishaps.append(Mishap("GET", COMMENTS, 200, headers=links))
    with pytest.raises(ForgeError, match="another host"):
        list(forge.every(COMMENTS))
    assert Elsewhere.seen == []


@pytest.mark.parametrize(
    "api", ["", "http://api.github.example", "ftp://127.0.0.1", "//api.github.example", "http://localhost.example"]
)
def test_the_token_goes_over_https(api: str) -> None:
    """The API is reached over https, or on this machine; before anything is sent."""
    with pytest.raises(StepError, match="GITHUB_API_URL"):
        connect({"GITHUB_API_URL": api, "GITHUB_REPOSITORY": REPOSITORY, "INPUT_GITHUB_TOKEN": TOKEN})


@pytest.mark.parametrize("token", ["", "ghs_a\nX-Header: b", "ghs a", "ghs_\u00e4"])
def test_a_token_that_is_none(token: str) -> None:
    """What can be no token is refused without being shown."""
    with pytest.raises(StepError) as caught:
        connect(
            {"GITHUB_API_URL": "https://api.github.example", "GITHUB_REPOSITORY": "a/b", "INPUT_GITHUB_TOKEN": token}
        )
    assert str(caught.value) == "`github-token` is empty, or no token"


def test_github_enterprise() -> None:
    """An API below a path, as GitHub Enterprise Server has it, is used as it is."""
    environment = {"GITHUB_API_URL": "https://github.example/api/v3/", "GITHUB_REPOSITORY": "a/b"}
    assert connect({**environment, "INPUT_GITHUB_TOKEN": "x"}).api == "https://github.example/api/v3"
