"""Logins of people: from the URL to the tokens on disk, whom these may be read by, and how they end."""

import json
import os
import pty
import signal
import stat
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from globus_sdk.token_storage import TokenStorageData
from projects import Command, manifest, write

from flowdeck.emulator import Emulator, id_tokens, people
from flowdeck.model.errors import FlowdeckError, Invalid, ServiceError
from flowdeck.service.globus import (
    Credentials,
    Endpoints,
    StoredLogin,
    connect,
    credentials_from,
    endpoints_for,
    stored_login_from,
)
from flowdeck.service.globus.login import log_in
from flowdeck.service.globus.token_file import TokenFile, token_file

NATIVE = "0a71fe00-f10d-4ec0-8000-000000000009"
ADA = "1de27170-0ada-4ec0-8000-000000000002"
GRACE = "1de27170-09ac-4ec0-8000-000000000003"
FLOWS, AUTH, GROUPS = "flows.globus.org", "auth.globus.org", "groups.api.globus.org"
PAIRS = ("FLOWDECK_CLIENT", "GLOBUS_CLI_CLIENT")
SECONDS = 60


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials and no login of the machine are in use; the native client is set."""
    for pair in PAIRS:
        for end in ("_ID", "_SECRET", "_SECRET_FILE"):
            monkeypatch.delenv(pair + end, raising=False)
    monkeypatch.setenv("FLOWDECK_NATIVE_CLIENT_ID", NATIVE)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """A service that `globus` leads to, without credentials for it."""
    with Emulator() as running:
        for name, value in running.environment().items():
            if "URL" in name:
                monkeypatch.setenv(name, value)
        yield running
        assert running.failures == []


@pytest.fixture
def issued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every access token, refresh token and code that the emulator gives out."""
    given: list[str] = []
    issue, grant = people.issue, people.grant

    def issuing(*arguments: Any) -> people.Token:
        token = issue(*arguments)
        given.append(token.token)
        return token

    def granting(*arguments: Any) -> str:
        given.append(grant(*arguments))
        return given[-1]

    monkeypatch.setattr(people, "issue", issuing)
    monkeypatch.setattr(people, "grant", granting)
    return given


def consent(url: str, who: str = "ada@example.org") -> str:
    """The code that a person is shown at the URL."""
    answer = requests.get(f"{url}&login_hint={who}", timeout=SECONDS)
    assert answer.status_code == 200, answer.text
    code: str = answer.json()["code"]
    return code


def place() -> tuple[Endpoints, StoredLogin]:
    return endpoints_for("globus", os.environ), stored_login_from(os.environ)


def logged_in(who: str = "ada@example.org") -> TokenFile:
    """Log somebody in; return the file with the tokens."""
    log_in(*place(), lambda url: consent(url, who))
    return token_file(*place())


def paths(emulator: Emulator) -> list[str]:
    return [one.path for one in emulator.requests()]


def is_active(emulator: Emulator, token: str) -> bool:
    environment = emulator.environment()
    client = (environment["GLOBUS_CLI_CLIENT_ID"], environment["GLOBUS_CLI_CLIENT_SECRET"])
    answer = requests.post(f"{emulator.url}/v2/oauth2/token/introspect", {"token": token}, auth=client, timeout=SECONDS)
    return bool(answer.json()["active"])


def edited(file: TokenFile, edit: Callable[[Any], None]) -> None:
    """Change the document in the token file."""
    document = json.loads(file.path.read_text())
    edit(document)
    file.path.write_text(json.dumps(document))


def expire(file: TokenFile, seconds_left: int = -1) -> None:
    """Let every access token end."""
    import time  # noqa: PLC0415 (only here)

    def edit(document: Any) -> None:
        for token in document["tokens"].values():
            token["expires_at_seconds"] = int(time.time()) + seconds_left

    edited(file, edit)


# --- logging in


def flowdeck_program() -> list[str]:
    return [str(Path(sys.executable).with_name("flowdeck"))]


def test_login_by_pipe(service: Emulator) -> None:
    """A login prints its URL to stderr alone, takes the code from stdin, and whoami then knows the person."""
    ran = subprocess.Popen(
        [*flowdeck_program(), "login"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with ran:
        assert ran.stderr is not None
        url = next(line for line in iter(ran.stderr.readline, "") if line.startswith("http")).strip()
        out, err = ran.communicate(f"{consent(url, 'grace@example.org')}\n", timeout=SECONDS)
    assert (ran.returncode, out) == (0, "")
    assert GRACE in err
    shown = subprocess.run([*flowdeck_program(), "whoami"], capture_output=True, text=True, timeout=SECONDS, check=True)
    assert "grace@example.org" in shown.stdout


def test_login_on_a_terminal(service: Emulator) -> None:
    """On a terminal, where somebody types the code, a login works as well."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([*flowdeck_program(), "login"], stdin=theirs, stdout=theirs, stderr=theirs) as ran:
        os.close(theirs)
        seen = b""
        while b"Enter the code" not in seen:
            seen += os.read(ours, 4096)
        url = next(line for line in seen.decode().splitlines() if line.startswith("http"))
        os.write(ours, f"{consent(url)}\n".encode())
        assert ran.wait(timeout=SECONDS) == 0
    os.close(ours)
    assert token_file(*place()).get_token_data(FLOWS)


def test_scopes_of_a_login(service: Emulator) -> None:
    """A login asks for what flowdeck's commands need, and for refresh tokens, and for nothing else."""
    asked: list[dict[str, list[str]]] = []

    def ask(url: str) -> str:
        asked.append(parse_qs(urlsplit(url).query))
        return consent(url)

    log_in(*place(), ask)
    [query] = asked
    assert query["access_type"] == ["offline"]
    assert {scope.rpartition("/")[2].rpartition(":")[2] for scope in query["scope"][0].split()} == {
        "view_flows", "run_status", "manage_flows", "view_identities", "view_my_groups_and_memberships",
        "openid", "profile", "email",
    }  # fmt: skip


def test_wrong_code(service: Emulator, flowdeck: Command) -> None:
    """With a wrong code the login fails in plain words, and the earlier login is kept."""
    before = logged_in().path.read_bytes()
    with pytest.raises(ServiceError, match="login-failed"):
        log_in(*place(), lambda _: "wrong")
    assert token_file(*place()).path.read_bytes() == before
    assert ADA in flowdeck("whoami").out


def test_no_code(service: Emulator, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a code, as in CI, a login ends with 64 and stores nothing."""
    with open(os.devnull, encoding="utf-8") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        ran = flowdeck("login")
    assert ran.code == 64
    assert "error[login-failed]" in ran.err
    assert not token_file(*place()).path.exists()


def test_consent_to_less(service: Emulator) -> None:
    """A person who does not consent to everything is not logged in."""
    with pytest.raises(ServiceError, match="login-failed"):
        log_in(*place(), lambda url: consent(url.replace("%2Fview_flows", "%2Frun_manage")))
    assert not token_file(*place()).path.exists()


def test_login_replaces_another(service: Emulator) -> None:
    """A second login, also of somebody else, takes the place of the first, whose tokens are revoked."""
    first = logged_in().get_token_data_by_resource_server()
    second = logged_in("grace@example.org").get_token_data_by_resource_server()
    assert {token.identity_id for token in second.values()} == {GRACE}
    assert not any(is_active(service, token.access_token) for token in first.values())
    assert all(is_active(service, token.access_token) for token in second.values())


@pytest.mark.parametrize("claims", [{"aud": ADA}, {"iss": "https://evil.example.org"}, {"exp": 1}])
def test_forged_claims(service: Emulator, monkeypatch: pytest.MonkeyPatch, claims: dict[str, Any]) -> None:
    """An id token for somebody else, by somebody else, or of yesterday logs nobody in."""
    make = id_tokens.id_token
    monkeypatch.setattr("flowdeck.emulator.logins.id_token", lambda who, client, more: make(who, client, more | claims))
    with pytest.raises(ServiceError, match="service-failed"):
        log_in(*place(), consent)
    assert not token_file(*place()).path.exists()


def test_forged_signature(service: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """An id token that another key has signed, or none, logs nobody in."""
    forged = jwt.encode({"sub": ADA, "aud": NATIVE, "iss": id_tokens.ISSUER}, None, algorithm="none")
    monkeypatch.setattr("flowdeck.emulator.logins.id_token", lambda *_: forged)
    with pytest.raises(ServiceError, match="service-failed"):
        log_in(*place(), consent)


@pytest.mark.parametrize("client", ["", "../../etc/passwd", "flowdeck", f"{NATIVE}/.."])
def test_no_login_client(flowdeck: Command, monkeypatch: pytest.MonkeyPatch, client: str) -> None:
    """Without a native client, or with one that is no UUID, a login says what to do, and touches no file."""
    monkeypatch.setenv("FLOWDECK_NATIVE_CLIENT_ID", client)
    for command in ("login", "logout"):
        ran = flowdeck(command)
        assert ran.code == 1
        assert "error[no-login-client]" in ran.err
        assert "FLOWDECK_CLIENT_SECRET" in ran.err


def test_emulator_needs_no_login(project: Path, flowdeck: Command) -> None:
    """In an environment on the embedded emulator login and logout say that there is nothing to do."""
    write(project, manifest({"one": {}}, service="emulator"))
    for command in ("login", "logout"):
        ran = flowdeck(command)
        assert (ran.code, ran.out) == (0, "")
        assert "needs no login" in ran.err


def test_login_says_what_wins(service: Emulator, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login beside client credentials says that these are used."""
    monkeypatch.setenv("FLOWDECK_CLIENT_ID", ADA)
    monkeypatch.setattr("flowdeck.cli.login._asked", consent)
    ran = flowdeck("login")
    assert ran.code == 0
    assert "FLOWDECK_CLIENT_ID is set" in ran.err


# --- the file


def test_modes(service: Emulator) -> None:
    """Whatever the umask is, the folder is open to its owner alone, and so is the file."""
    before = os.umask(0)
    try:
        file = logged_in()
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    assert [one.name for one in file.path.parent.iterdir()] == [file.path.name]


def test_place_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file lies in XDG_CONFIG_HOME if that is absolute, else in ~/.config; another Auth has another file."""
    monkeypatch.setenv("HOME", "/home/ada")
    for configured, folder in (("/etc/ada", "/etc/ada"), ("", "/home/ada/.config"), ("here", "/home/ada/.config")):
        monkeypatch.setenv("XDG_CONFIG_HOME", configured)
        login = stored_login_from(os.environ)
        assert token_file(endpoints_for("globus", {}), login).path == Path(
            folder, "flowdeck", f"login-{NATIVE}-auth.globus.org.json"
        )
    elsewhere = endpoints_for("globus", {"GLOBUS_SDK_SERVICE_URL_AUTH": "https://auth.preview.globus.org/"})
    assert token_file(elsewhere, login).path.name == f"login-{NATIVE}-auth.preview.globus.org.json"


def linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)


LAX: dict[str, tuple[Callable[[Path], None], str]] = {
    "file for the group": (lambda path: path.chmod(0o640), "chmod 600 "),
    "file for the world": (lambda path: path.chmod(0o602), "chmod 600 "),
    "folder for the group": (lambda path: path.parent.chmod(0o710), "chmod 700 "),
    "folder for the world": (lambda path: path.parent.chmod(0o755), "chmod 700 "),
    "link": (linked, "move it away"),
    "dangling link": (dangling, "move it away"),
    "linked folder": (lambda path: linked(path.parent), "move it away"),
    "pipe": (pipe, "move it away"),
    "folder": (folder_instead, "move it away"),
}


@pytest.mark.parametrize("how", LAX)
def test_lax_file(service: Emulator, flowdeck: Command, how: str, issued: list[str]) -> None:
    """A file or folder that others can get at, or that is none, is refused before anything of it is used."""
    file = logged_in()
    loosen, way_out = LAX[how]
    loosen(file.path)
    service.clear_requests()
    ran = flowdeck("whoami")
    assert ran.code == 1
    assert "error[lax-token-file]" in ran.err
    assert way_out in ran.err
    with pytest.raises(Invalid, match="lax-token-file"):
        log_in(*place(), lambda _: pytest.fail("a person was asked"))
    assert service.requests() == []
    assert not [token for token in issued if token in ran.out + ran.err]


def test_file_of_somebody_else(service: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or folder of another user is refused."""
    logged_in()
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    with pytest.raises(Invalid, match="belongs to somebody else"):
        token_file(*place()).get_token_data_by_resource_server()


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "half": lambda text: text[: len(text) // 2],
    "no text": lambda _: b"\xff\xfe\x00",
    "deep": lambda _: b"[" * 200_000,
    "a list": lambda _: b"[]",
    "no tokens": lambda text: json.dumps({**json.loads(text), "tokens": None}).encode(),
    "another client": lambda text: text.replace(NATIVE.encode(), ADA.encode()),
    "another Auth": lambda text: text.replace(b'"auth": "http', b'"auth": "https'),
    "another server": lambda text: text.replace(b'"flows.globus.org": {', b'"transfer.api.globus.org": {'),
    "two people": lambda text: text.replace(ADA.encode(), GRACE.encode(), 1),
    "nobody": lambda text: text.replace(b'"identity_id"', b'"identity"'),
    "wrong types": lambda text: text.replace(b'"expires_at_seconds": ', b'"expires_at_seconds": 1.'),
}


@pytest.mark.parametrize("how", BROKEN)
def test_broken_file(service: Emulator, flowdeck: Command, how: str, issued: list[str]) -> None:
    """A damaged file is an error at its place, with logout as the way out, and nothing of it is shown."""
    file = logged_in()
    file.path.write_bytes(BROKEN[how](file.path.read_bytes()))
    ran = flowdeck("whoami", "-v")
    assert ran.code == 1
    assert "error[bad-token-file]" in ran.err
    assert f"{file.path.name}:" in ran.err
    assert "flowdeck logout" in ran.err
    assert not [token for token in issued if token in ran.out + ran.err]
    assert flowdeck("logout").code == 0
    assert not file.path.exists()
    logged_in()
    assert flowdeck("whoami").code == 0


KILLED = """
import os, signal, sys
from pathlib import Path
from flowdeck.service.globus.token_file import TokenFile
file = TokenFile(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
tokens = file.get_token_data_by_resource_server()
os.rename = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
file.replace(tokens)
"""


def test_killed_while_writing(service: Emulator) -> None:
    """A process that is killed before the rename leaves the old file whole; the next write tidies up after it."""
    file = logged_in()
    before = file.path.read_bytes()
    auth = str(json.loads(before)["auth"])
    ran = subprocess.run([sys.executable, "-c", KILLED, file.path, NATIVE, auth], timeout=SECONDS, check=False)
    assert ran.returncode == -signal.SIGKILL
    assert file.path.read_bytes() == before
    [left] = [one for one in file.path.parent.iterdir() if one != file.path]
    assert stat.S_IMODE(left.stat().st_mode) == 0o600
    file.replace(file.get_token_data_by_resource_server())
    assert list(file.path.parent.iterdir()) == [file.path]


@pytest.mark.parametrize("call", ["fsync", "rename", "open"])
def test_full_disk(service: Emulator, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """A write that fails leaves the old file and nothing else, and says so without a token."""
    file = logged_in()
    before, tokens = file.path.read_bytes(), file.get_token_data_by_resource_server()
    real = os.open

    def failing(*arguments: Any, **named: Any) -> Any:
        if call == "open" and not arguments[1] & os.O_CREAT:
            return real(*arguments, **named)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, call, failing)
        with pytest.raises(Invalid, match=r"cannot-write.*No space left"):
            file.replace(tokens)
    assert file.path.read_bytes() == before
    assert list(file.path.parent.iterdir()) == [file.path]


def test_no_tokens_are_left_alive(service: Emulator, monkeypatch: pytest.MonkeyPatch, issued: list[str]) -> None:
    """Tokens that cannot be stored are revoked."""
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(Invalid, match="cannot-write"):
        log_in(*place(), consent)
    assert issued
    assert not any(is_active(service, token) for token in issued)


def test_writers_at_once(service: Emulator) -> None:
    """Commands that refresh different tokens at once lose none of them, and readers always find a whole file."""
    path, ended = logged_in().path, threading.Event()
    auth = str(json.loads(path.read_text())["auth"])
    wrong: list[BaseException] = []

    def file() -> TokenFile:
        return TokenFile(path, NATIVE, auth)

    def refresh(server: str) -> None:
        held = file().get_token_data_by_resource_server()[server]
        for number in range(20):
            fresh = TokenStorageData.from_dict({**held.to_dict(), "access_token": f"{server} {number}"})
            file().store_token_data_by_resource_server({server: fresh})

    def read() -> None:
        while not ended.is_set():
            assert len(file().get_token_data_by_resource_server()) == 3

    def watched(work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                wrong.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    reader = watched(read)
    writers = [watched(lambda server=server: refresh(server)) for server in (FLOWS, AUTH, GROUPS)]  # type: ignore[misc]
    for thread in writers:
        thread.join(SECONDS)
    ended.set()
    reader.join(SECONDS)
    assert wrong == []
    assert {one.access_token for one in file().get_token_data_by_resource_server().values()} == {
        f"{server} 19" for server in (FLOWS, AUTH, GROUPS)
    }


# --- using it


def test_order_of_credentials(service: Emulator) -> None:
    """FLOWDECK_CLIENT_ID wins over GLOBUS_CLI_CLIENT_ID, which wins over a login; half a pair is an error."""
    logged_in()
    flowdeck, globus = ({f"{pair}_ID": pair, f"{pair}_SECRET": "s"} for pair in PAIRS)
    login = dict(os.environ)
    assert credentials_from({**login, **globus, **flowdeck}) == Credentials(PAIRS[0], "s")
    assert credentials_from({**login, **globus}) == Credentials(PAIRS[1], "s")
    assert credentials_from(login) == stored_login_from(login)
    with pytest.raises(ServiceError, match="no-credentials"):
        credentials_from({**login, "FLOWDECK_CLIENT_ID": "half"})


def test_nobody_logged_in(service: Emulator, flowdeck: Command) -> None:
    """With a native client and no login, the error names the command that makes one."""
    ran = flowdeck("whoami")
    assert ran.code == 1
    assert "error[no-credentials]" in ran.err
    assert "flowdeck login" in ran.err
    assert service.requests() == []


@pytest.mark.parametrize("asked", [True, False])
def test_access_of_a_login(service: Emulator, asked: bool) -> None:
    """A login gives access as the person, with tokens for looking up names only where these are asked for."""
    held = logged_in().get_token_data_by_resource_server()
    service.clear_requests()
    access = connect(*place(), writing=False, people=asked)
    access.close()
    assert access.identity == f"urn:globus:auth:identity:{ADA}"
    assert access.token == held[FLOWS].access_token
    expected = (held[AUTH].access_token, held[GROUPS].access_token) if asked else (None, None)
    assert (access.auth_token, access.groups_token) == expected
    assert service.requests() == []


def test_a_deployment_by_a_person(service: Emulator, project: Path, flowdeck: Command) -> None:
    """Who is logged in plans and applies, and owns what was created."""
    logged_in()
    write(project, manifest({"one": {}}))
    ran = flowdeck("apply", "--yes")
    assert ran.code == 0, ran.err
    assert flowdeck("plan", "--detailed-exitcode").code == 0
    assert {one.identity for one in service.requests() if one.path.startswith("/flows")} == {ADA}


@pytest.mark.parametrize("seconds_left", [-1, 0, 300])
def test_refresh(service: Emulator, seconds_left: int) -> None:
    """A token that has ended, or would during a command, is refreshed once, and stored again with its refresh token."""
    file = logged_in()
    before = file.get_token_data_by_resource_server()
    expire(file, seconds_left)
    service.clear_requests()
    tokens = []
    for _ in range(2):
        access = connect(*place(), writing=True)
        access.close()
        tokens.append(access.token)
    after = file.get_token_data_by_resource_server()
    assert paths(service) == ["/v2/oauth2/token"]
    assert before[FLOWS].access_token not in tokens
    assert tokens == [after[FLOWS].access_token] * 2
    assert {server: one.refresh_token for server, one in after.items()} == {
        server: one.refresh_token for server, one in before.items()
    }
    assert after[AUTH].access_token == before[AUTH].access_token
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_refresh_without_a_new_refresh_token(service: Emulator) -> None:
    """A refresh token that does not come again with the new access token is kept."""
    file = logged_in()
    held = file.get_token_data_by_resource_server()[FLOWS]
    document = {**held.to_dict(), "access_token": "new"}
    del document["refresh_token"]
    file.store_token_data_by_resource_server({FLOWS: TokenStorageData.from_dict(document)})
    stored = file.get_token_data_by_resource_server()[FLOWS]
    assert (stored.access_token, stored.refresh_token) == ("new", held.refresh_token)


def test_refresh_after_logout(service: Emulator, flowdeck: Command) -> None:
    """A command that refreshes its token while somebody logs out, or another logs in, brings nothing back."""
    file = logged_in()
    ada = file.get_token_data_by_resource_server()
    assert flowdeck("logout").code == 0
    file.store_token_data_by_resource_server(ada)
    assert not file.path.exists()
    before = logged_in("grace@example.org").path.read_bytes()
    file.store_token_data_by_resource_server(ada)
    assert file.path.read_bytes() == before


def test_revoked_login(service: Emulator, flowdeck: Command) -> None:
    """A login whose refresh token Auth no longer takes has ended, and the way out is another."""
    file = logged_in()
    expire(file)
    for one in file.get_token_data_by_resource_server().values():
        revoked = {"token": one.refresh_token, "client_id": NATIVE}
        requests.post(f"{service.url}/v2/oauth2/token/revoke", revoked, timeout=SECONDS)
    ran = flowdeck("whoami")
    assert ran.code == 1
    assert "error[login-expired]" in ran.err
    assert "flowdeck login" in ran.err


def test_login_of_an_earlier_release(service: Emulator, flowdeck: Command) -> None:
    """A login that lacks a scope which flowdeck needs now has to be made again."""
    edited(logged_in(), lambda document: document["tokens"][AUTH].update(scope="openid"))
    assert "error[login-expired]" in flowdeck("whoami").err


# --- logging out


def test_logout(service: Emulator, flowdeck: Command) -> None:
    """Logout revokes every token and removes the file; a second one says that nobody was logged in."""
    file = logged_in()
    held = file.get_token_data_by_resource_server()
    first, second = flowdeck("logout"), flowdeck("logout")
    assert (first.code, second.code, first.out, second.out) == (0, 0, "", "")
    assert "revoked" in first.err
    assert "Nobody was logged in" in second.err
    assert list(file.path.parent.iterdir()) == []
    assert not any(is_active(service, one.access_token) for one in held.values())
    refresh = {"grant_type": "refresh_token", "client_id": NATIVE, "refresh_token": held[FLOWS].refresh_token}
    assert requests.post(f"{service.url}/v2/oauth2/token", refresh, timeout=SECONDS).status_code == 400


@pytest.mark.parametrize("status", [400, 401])
def test_logout_refused(service: Emulator, flowdeck: Command, status: int) -> None:
    """Where Auth does not revoke, the file goes all the same, and the person is told where to end the consent."""
    file = logged_in()
    service.inject({"fault": "status", "status": status, "when": {"path": "/v2/oauth2/token/revoke"}})
    ran = flowdeck("logout")
    assert ran.code == 0
    assert "could not be revoked" in ran.err
    assert not file.path.exists()


def test_logout_offline(service: Emulator, flowdeck: Command) -> None:
    """Logout works without the network."""
    file = logged_in()
    service.close()
    assert flowdeck("logout").code == 0
    assert not file.path.exists()


@pytest.mark.parametrize("how", ["link", "dangling link", "file for the world", "pipe"])
def test_logout_of_a_lax_file(service: Emulator, flowdeck: Command, how: str) -> None:
    """A file that is refused can still be removed, a link without what it leads to."""
    file = logged_in()
    LAX[how][0](file.path)
    assert flowdeck("logout").code == 0
    assert not file.path.is_symlink()
    assert not file.path.exists()
    assert file.path.with_name("elsewhere").exists() == (how == "link")


# --- whoami


KEYS = ["format_version", "identity", "username", "name", "credentials", "client_id", "service"]


def test_whoami_of_a_login(service: Emulator, flowdeck: Command) -> None:
    """Whoami shows the person, that it is a login, and the service."""
    logged_in()
    document = flowdeck("whoami", "--format", "json").document
    assert list(document) == KEYS
    assert document == {
        "format_version": "1.0",
        "identity": f"urn:globus:auth:identity:{ADA}",
        "username": "ada@example.org",
        "name": "Ada Lovelace",
        "credentials": "login",
        "client_id": NATIVE,
        "service": service.url,
    }
    shown = flowdeck("whoami").out
    assert all(document[key] in shown for key in ("identity", "username", "name", "client_id", "service"))


@pytest.mark.parametrize("pair", PAIRS)
def test_whoami_of_a_client(service: Emulator, flowdeck: Command, monkeypatch: pytest.MonkeyPatch, pair: str) -> None:
    """Whoami says which variable named the client in use."""
    environment = service.environment()
    for end in ("_ID", "_SECRET"):
        monkeypatch.setenv(pair + end, environment[f"GLOBUS_CLI_CLIENT{end}"])
    document = flowdeck("whoami", "--format", "json").document
    client = environment["GLOBUS_CLI_CLIENT_ID"]
    assert list(document) == KEYS
    assert document["credentials"] == f"{pair}_ID"
    assert document["identity"] == f"urn:globus:auth:identity:{client}"
    assert document["username"] == f"{client}@clients.auth.globus.org"
    ran = flowdeck("whoami")
    assert f"the client in {pair}_ID" in ran.out
    assert environment["GLOBUS_CLI_CLIENT_SECRET"] not in ran.out + ran.err


def test_whoami_on_the_emulator(project: Path, flowdeck: Command) -> None:
    """On the embedded emulator its own client is in use, whoever is logged in elsewhere."""
    write(project, manifest({"one": {}}, service="emulator"))
    document = flowdeck("whoami", "--format", "json").document
    assert (document["credentials"], document["service"]) == ("emulator", "emulator")
    assert "emulator's own client" in flowdeck("whoami").out


def test_whoami_without_a_project(flowdeck: Command) -> None:
    """A manifest that was named must be there, also for whoami, login and logout; without one it is Globus."""
    for command in ("whoami", "login", "logout"):
        assert "manifest-not-found" in flowdeck(command, "-f", "no.yaml").err
        assert "manifest-not-found" in flowdeck(command, "-e", "test").err
    assert "nobody is logged in" in flowdeck("whoami").err


# --- nobody sees them


def test_no_token_in_any_output(
    service: Emulator, project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch, issued: list[str]
) -> None:
    """Tokens, refresh tokens and codes appear in no output of any command, verbose or failing, and in no repr."""
    write(project, manifest({"one": {}}))
    monkeypatch.setattr("flowdeck.cli.login._asked", consent)
    ran = [flowdeck("login", "-v")]
    file = token_file(*place())
    access = connect(*place(), writing=True, people=True)
    shown = [repr(access), str(access), repr(file), repr(file.get_token_data_by_resource_server()), repr(place())]
    access.close()
    ran += [flowdeck("whoami", "-v"), flowdeck("whoami", "-v", "--format", "json"), flowdeck("apply", "--yes", "-v")]
    expire(file)
    for status in (400, 401, 403):
        service.inject({"fault": "status", "status": status, "when": {"path": "/v2/oauth2/token"}, "times": 2})
        ran.append(flowdeck("whoami", "-v", "--format", "json"))
        with pytest.raises(FlowdeckError) as caught:
            connect(*place(), writing=False)
        shown.append("".join(traceback.format_exception(caught.value)) + repr(caught.value.diagnostics))
        service.clear_faults()
    ran += [flowdeck("plan", "-v"), flowdeck("login", "-v"), flowdeck("logout", "-v"), flowdeck("whoami", "-v")]
    shown += [one.out + one.err for one in ran]
    assert len(issued) >= 14
    assert not [token for token in issued if token in "".join(shown)]
