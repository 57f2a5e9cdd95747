"""A GitHub of our own on loopback: as much of its API as the action uses, with what the real one refuses."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "lab/flows"
MOST_CHARACTERS = 65_536
MOST_OF_A_TITLE = 256
# The last commit of the branch of a pull request.
HEAD = "abcdef0" + "0" * 33
Reply = tuple[int, Any]


@dataclass(frozen=True)
class Account:
    """Whoever holds a token, and what the token may do."""

    login: str = "github-actions[bot]"
    kind: str = "Bot"
    permissions: frozenset[str] = frozenset({"issues", "pull_requests"})
    edits_others: bool = False

    @property
    def user(self) -> dict[str, str]:
        """As comments name their author."""
        return {"login": self.login, "type": self.kind}


MALLORY = Account("mallory", "User")
OTHER_BOT = Account("other[bot]", "Bot")


@dataclass
class Mishap:
    """What goes wrong, and how often; `after` it has been carried out, or instead."""

    method: str
    path: str
    status: int
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    message: str = ""
    after: bool = False


@dataclass
class GitHub:
    """The repository: pull requests and issues by number, comments, and which pull requests a commit came from."""

    token: str = "ghs_t0kenOfTheJob"
    accounts: dict[str, Account] = field(default_factory=dict)
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    commits: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    mishaps: list[Mishap] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    drops_labels: bool = False
    before_patch: Callable[[], None] = lambda: None
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.accounts.setdefault(self.token, Account())

    def pull_request(self, number: int, **more: Any) -> dict[str, Any]:
        """Open a pull request into main."""
        self.issues[number] = {"number": number, "pull_request": {}, "state": "open", "labels": [], "body": ""}
        made = {"number": number, "merged_at": None, "merge_commit_sha": None, "base": {"ref": "main"}}
        self.pulls[number] = {**made, "head": {"sha": HEAD, "repo": {"full_name": REPOSITORY}}, **more}
        return self.pulls[number]

    def push(self, number: int, head: str) -> None:
        """Push a commit to the branch of a pull request that is not merged yet."""
        self.pulls[number]["head"] = {**self.pulls[number]["head"], "sha": head}

    def merge(self, number: int, commit: str, **more: Any) -> None:
        """Merge it: by a merge commit, squashed or rebased, which all name the last commit in the same place."""
        known = self.pulls.get(number) or self.pull_request(number)
        known |= {"merged_at": "2026-01-01T00:00:00Z", "merge_commit_sha": commit, **more}
        self.commits.setdefault(commit, []).append(known)

    def comment(self, number: int, body: str, by: Account) -> dict[str, Any]:
        """A comment that somebody writes."""
        made = {"id": 1000 + len(self.comments), "issue": number, "body": body, "user": by.user}
        self.comments.append(made)
        return made

    def bodies(self, number: int, by: str = "github-actions[bot]") -> list[str]:
        """The comments by somebody on a pull request."""
        return [one["body"] for one in self.comments if one["issue"] == number and one["user"]["login"] == by]

    def writes(self) -> list[str]:
        """The requests that change something."""
        return [one for one in self.requests if not one.startswith("GET")]

    def answer(self, method: str, target: str, headers: dict[str, str], document: Any) -> tuple[Reply, dict[str, str]]:
        """One request. The lock makes each whole."""
        parts = urlsplit(target)
        path = re.sub(r"^/repositories/42", f"/repos/{REPOSITORY}", parts.path)
        with self.lock:
            self.requests.append(f"{method} {path}")
            if method == "PATCH":
                self.before_patch()
            mishap = next((m for m in self.mishaps if m.times and m.method == method and re.search(m.path, path)), None)
            if mishap:
                mishap.times -= 1
            if mishap and not mishap.after:
                return (mishap.status, {"message": mishap.message}), mishap.headers
            reply, more = self._answer(method, path, parse_qs(parts.query), headers, document)
        return ((mishap.status, {"message": mishap.message}), mishap.headers) if mishap else (reply, more)

    def _answer(
        self, method: str, path: str, query: dict[str, list[str]], headers: dict[str, str], document: Any
    ) -> tuple[Reply, dict[str, str]]:
        if not headers.get("user-agent"):
            return refusal(403, "Request forbidden by administrative rules."), {}
        account = self.accounts.get(headers.get("authorization", "").removeprefix("Bearer "))
        if account is None:
            return refusal(401, "Bad credentials"), {}
        route = re.fullmatch(rf"/repos/{REPOSITORY}(/.*)", path)
        if not route:
            return refusal(404, "Not Found"), {}
        if method == "GET" and (one := re.fullmatch(r"/pulls/(\d+)", route[1])):
            asked = self.pulls.get(int(one[1]))
            return ((200, asked) if asked else refusal(404, "Not Found")), {}
        if method == "GET":
            found = self._list(route[1], query)
            return (refusal(404, "Not Found"), {}) if found is None else self._page(found, path, query)
        return self._write(method, route[1], account, document), {}

    def _list(self, path: str, query: dict[str, list[str]]) -> list[dict[str, Any]] | None:
        if found := re.fullmatch(r"/issues/(\d+)/comments", path):
            number = int(found[1])
            return [one for one in self.comments if one["issue"] == number] if number in self.issues else None
        if found := re.fullmatch(r"/commits/([0-9a-f]+)/pulls", path):
            return self.commits.get(found[1], [])
        if path == "/issues":
            state, label = query.get("state", ["open"])[0], query.get("labels", [""])[0]
            return [
                one
                for one in sorted(self.issues.values(), key=lambda issue: -issue["number"])
                if state in ("all", one["state"]) and (not label or label in [given["name"] for given in one["labels"]])
            ]
        return None

    def _page(
        self, found: list[dict[str, Any]], path: str, query: dict[str, list[str]]
    ) -> tuple[Reply, dict[str, str]]:
        size, page = min(int(query.get("per_page", ["30"])[0]), 100), int(query.get("page", ["1"])[0])
        last = max(1, -(-len(found) // size))
        # The real one's links name the repository by its number, too.
        base = self.url + path.replace(f"/repos/{REPOSITORY}", "/repositories/42")
        kept = "&".join(f"{key}={value[0]}" for key, value in query.items() if key != "page")
        links = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        shown = [f'<{base}?{kept}&page={at}>; rel="{rel}"' for rel, at in links.items() if 1 <= at <= last]
        return (200, found[(page - 1) * size : page * size]), {"Link": ", ".join(shown)} if last > 1 else {}

    def _write(self, method: str, path: str, account: Account, document: Any) -> Reply:
        if len(document.get("body") or "") > MOST_CHARACTERS:
            return refusal(422, "Validation Failed", "Body is too long (maximum is 65536 characters)")
        if len(document.get("title", "")) > MOST_OF_A_TITLE:
            return refusal(422, "Validation Failed", "title is too long (maximum is 256 characters)")
        if method == "POST" and (found := re.fullmatch(r"/issues/(\d+)/comments", path)):
            return self._post_comment(int(found[1]), account, document)
        if method == "PATCH" and (found := re.fullmatch(r"/issues/comments/(\d+)", path)):
            return self._edit_comment(int(found[1]), account, document)
        if "issues" not in account.permissions:
            return refusal(403, "Resource not accessible by integration")
        if method == "POST" and path == "/issues":
            number = max(self.issues, default=0) + 1
            labels = [] if self.drops_labels else [{"name": one} for one in document.get("labels", ())]
            made = {"number": number, "state": "open", "user": account.user, **document, "labels": labels}
            self.issues[number] = made
            return 201, made
        if method == "PATCH" and (found := re.fullmatch(r"/issues/(\d+)", path)) and int(found[1]) in self.issues:
            self.issues[int(found[1])].update(document)
            return 200, self.issues[int(found[1])]
        return refusal(404, "Not Found")

    def _post_comment(self, number: int, account: Account, document: Any) -> Reply:
        if number not in self.issues:
            return refusal(404, "Not Found")
        needed = "pull_requests" if "pull_request" in self.issues[number] else "issues"
        if needed not in account.permissions:
            return refusal(403, "Resource not accessible by integration")
        return 201, self.comment(number, document["body"], account)

    def _edit_comment(self, id_: int, account: Account, document: Any) -> Reply:
        found = next((one for one in self.comments if one["id"] == id_), None)
        if found is None:
            return refusal(404, "Not Found")
        if found["user"]["login"] != account.login and not account.edits_others:
            return refusal(403, "Must have admin rights to Repository.")
        found["body"] = document["body"]
        return 200, found


def refusal(status: int, message: str, detail: str = "") -> Reply:
    """An error as GitHub words it."""
    return status, {"message": message, **({"errors": [{"message": detail}]} if detail else {})}


@contextmanager
def serving(github: GitHub) -> Iterator[GitHub]:
    """Serve it on a free port of this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(github)) as server:
        github.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield github
        finally:
            server.shutdown()
            thread.join()


def _handler(github: GitHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            document = json.loads(self.rfile.read(length)) if length else {}
            headers = {name.lower(): value for name, value in self.headers.items()}
            (status, answered), more = github.answer(self.command, self.path, headers, document)
            if status == 0:  # the connection breaks
                self.close_connection = True
                return
            body = json.dumps(answered).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **more}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = _do  # noqa: N815 (the names that http.server asks for)

        log_message: Callable[..., None] = lambda *_: None

    return Handler
