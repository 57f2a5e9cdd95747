"""Credentials: which are used, where they go, what is asked for with them, and that nobody ever sees them."""

import json
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from projects import Command, manifest, write

from flowdeck.emulator import Emulator, people
from flowdeck.model.errors import Invalid, ServiceError
from flowdeck.service.globus import Access, Credentials, connect, credentials_from, endpoints_for

CLIENT = "0c1e1700-f10d-4ec0-8000-00000000aaaa"
SECRET = "canary-5ecret-d0-not-print"
SEED = {
    "client": f"{CLIENT}@clients.auth.globus.org",
    "identities": [{"id": CLIENT, "username": f"{CLIENT}@clients.auth.globus.org", "name": "Canary", "secret": SECRET}],
}
PRIVATE = "private-va1ue-d0-not-print"
SECRETIVE = {
    "StartAt": "Call",
    "States": {
        "Call": {
            "Type": "Action",
            "ActionUrl": "https://transfer.actions.globus.org/transfer",
            "Parameters": {"key": PRIVATE, "__Private_Parameters": ["key"]},
            "ResultPath": "$.R",
            "End": True,
        }
    },
}
FLOWDECK = {"FLOWDECK_CLIENT_ID": "f-id", "FLOWDECK_CLIENT_SECRET": "f-secret"}
GLOBUS = {"GLOBUS_CLI_CLIENT_ID": "g-id", "GLOBUS_CLI_CLIENT_SECRET": "g-secret"}
VARIABLES = (*FLOWDECK, *GLOBUS, "FLOWDECK_CLIENT_SECRET_FILE", "FLOWDECK_TRUSTED_HOSTS")


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials of the machine are in use."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def issued(monkeypatch: pytest.MonkeyPatch) -> list[people.Token]:
    """Every token that the emulator issues, with its scopes."""
    tokens: list[people.Token] = []
    issue = people.issue

    def recording(*arguments: object) -> people.Token:
        tokens.append(issue(*arguments))
        return tokens[-1]

    monkeypatch.setattr(people, "issue", recording)
    return tokens


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """A service whose client has a secret that can be recognised."""
    with Emulator(seed=SEED) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


# --- the order of credentials


def test_flowdeck_first() -> None:
    """FLOWDECK_CLIENT_ID and its secret win over GLOBUS_CLI_*."""
    assert credentials_from({**GLOBUS, **FLOWDECK}) == Credentials("f-id", "f-secret")


def test_globus_cli_second() -> None:
    """GLOBUS_CLI_CLIENT_ID and its secret are used when there is no FLOWDECK_CLIENT_ID."""
    assert credentials_from(GLOBUS) == Credentials("g-id", "g-secret")


def test_variable_before_file(tmp_path: Path) -> None:
    """FLOWDECK_CLIENT_SECRET wins over FLOWDECK_CLIENT_SECRET_FILE, which then need not exist."""
    assert (
        credentials_from({**FLOWDECK, "FLOWDECK_CLIENT_SECRET_FILE": str(tmp_path / "no")}).client_secret == "f-secret"
    )


@pytest.mark.parametrize("text", ["s3cret", "s3cret\n", "s3cret\r\n", "  s3cret \n\n"])
def test_secret_file(tmp_path: Path, text: str) -> None:
    """A secret file holds the secret alone; white space around it does not count."""
    file = tmp_path / "secret"
    file.write_text(text, encoding="utf-8", newline="")
    found = credentials_from({"FLOWDECK_CLIENT_ID": "f-id", "FLOWDECK_CLIENT_SECRET_FILE": str(file)})
    assert found == Credentials("f-id", "s3cret")


def test_secret_file_is_ours_alone(tmp_path: Path) -> None:
    """FLOWDECK_CLIENT_SECRET_FILE gives no secret to GLOBUS_CLI_CLIENT_ID."""
    file = tmp_path / "secret"
    file.write_text("s3cret", encoding="utf-8")
    with pytest.raises(ServiceError, match="GLOBUS_CLI_CLIENT_SECRET"):
        credentials_from({"GLOBUS_CLI_CLIENT_ID": "g-id", "FLOWDECK_CLIENT_SECRET_FILE": str(file)})


@pytest.mark.parametrize("kind", ["missing", "directory", "binary", "empty"])
def test_unusable_secret_file(tmp_path: Path, kind: str) -> None:
    """A secret file that is missing, a directory, no text or empty is `no-credentials`, and its variable is named."""
    file = tmp_path / "secret"
    match kind:
        case "directory":
            file.mkdir()
        case "binary":
            file.write_bytes(b"\xff\xfe\x00")
        case "empty":
            file.write_bytes(b"\n")
    with pytest.raises(ServiceError, match="no-credentials: FLOWDECK_CLIENT_SECRET_FILE"):
        credentials_from({"FLOWDECK_CLIENT_ID": "f-id", "FLOWDECK_CLIENT_SECRET_FILE": str(file)})


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"FLOWDECK_CLIENT_ID": "f-id"}, "FLOWDECK_CLIENT_SECRET"),
        ({"FLOWDECK_CLIENT_ID": "f-id", **GLOBUS}, "FLOWDECK_CLIENT_SECRET"),
        ({"GLOBUS_CLI_CLIENT_ID": "g-id"}, "GLOBUS_CLI_CLIENT_SECRET"),
        ({"FLOWDECK_CLIENT_SECRET": "f-secret"}, "no credentials"),
        ({"FLOWDECK_CLIENT_ID": "", "FLOWDECK_CLIENT_SECRET": ""}, "no credentials"),
        ({}, "no credentials"),
    ],
)
def test_half_a_pair(environ: dict[str, str], named: str) -> None:
    """Half a pair is an error that says what is missing; no other identity is taken instead."""
    with pytest.raises(ServiceError, match=named) as caught:
        credentials_from(environ)
    assert caught.value.diagnostics[0].code == "no-credentials"
    assert caught.value.diagnostics[0].hint


def test_no_credentials_at_all(project: Path, flowdeck: Command) -> None:
    """A command that needs credentials and has none says so, with the way out, and exits with 1."""
    write(project, manifest({"one": {}}))
    ran = flowdeck("plan")
    assert (ran.code, ran.out) == (1, "")
    assert "error[no-credentials]" in ran.err
    assert "hint: set FLOWDECK_CLIENT_ID" in ran.err


@pytest.mark.usefixtures("emulator")
def test_bad_secret(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that the service refuses is `bad-credentials`, exit 1, and is not repeated."""
    write(project, manifest({"one": {}}))
    monkeypatch.setenv("GLOBUS_CLI_CLIENT_SECRET", SECRET)
    for arguments in (["plan"], ["apply", "--yes"], ["list"], ["apply", "--yes", "--format", "json"]):
        ran = flowdeck(*arguments)
        assert ran.code == 1
        assert "error[bad-credentials]" in ran.err
        assert SECRET not in ran.out + ran.err


# --- where credentials go

LOOK_ALIKES = [
    "https://evilglobus.org/",
    "https://globus.org.evil.com/",
    "https://flows.globus.org.evil.com",
    "http://flows.globus.org/",
    "https://flows.globus.org@evil.com/",
    "https://evil.com#.globus.org",
    "https://evil.com?.globus.org",
    "https://evil.com/.globus.org",
    "http://127.0.0.1.evil.com/",
    "http://localhost.evil.com/",
    "http://evil.com:80#@127.0.0.1/",
    "http://0.0.0.0/",
    "http://169.254.169.254/",
    "http://[fe80::1]/",
    "ftp://flows.globus.org/",
    "file:///etc/passwd",
    "//flows.globus.org/",
    "https:///flows.globus.org",
    "https://globus。org.evil.com",
]


@pytest.mark.parametrize("url", LOOK_ALIKES)
def test_untrusted_url(url: str) -> None:
    """A URL that only looks like Globus or like this machine is refused before anything is sent."""
    with pytest.raises(Invalid, match="untrusted-host"):
        endpoints_for(url, {})


@pytest.mark.parametrize("service", ["FLOWS", "AUTH", "GROUPS"])
def test_untrusted_variable(service: str) -> None:
    """A URL from the environment is looked at like one from the manifest, for each of the three services."""
    with pytest.raises(Invalid, match="untrusted-host"):
        endpoints_for("globus", {f"GLOBUS_SDK_SERVICE_URL_{service}": "https://evil.com/"})


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.com\\@globus.org/",
        "https://evil.com\\.globus.org/",
        "http://evil.com\\@127.0.0.1:1/",
        "https://evil.com/\\.globus.org",
        "https://evil.com\t.globus.org",
        "https://evil.com%2f.globus.org/",
        "https://evil.com:443\\.globus.org/",
        "https://evil.com;.globus.org/",
        "https://[::1]@globus.org/",
    ],
)
def test_host_checked_is_host_reached(url: str) -> None:
    """Whatever a URL looks like, the host that requests would connect to is the one that was found trustworthy."""
    try:
        endpoints = endpoints_for(url, {})
    except Invalid:
        return
    try:
        sent = requests.Request("GET", f"{endpoints.flows}flows").prepare()
    except requests.RequestException:  # nothing can be sent to it
        return
    reached = urlsplit(str(sent.url)).hostname or ""
    assert reached in {"127.0.0.1", "globus.org"} or reached.endswith(".globus.org")


def test_backslash_in_manifest(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service URL with a backslash in its host is refused offline: parsers disagree on where the host ends."""
    write(project, manifest({"one": {}}, service="https://evil.example\\.globus.org/"))
    ran = flowdeck("validate")
    assert ran.code == 1
    assert "error[invalid-service]" in ran.err + ran.out


@pytest.mark.parametrize(
    "url", ["https://flows.automate.globus.org", "https://GLOBUS.org/", "https://preview.globus.org/"]
)
def test_globus_hosts(url: str) -> None:
    """Hosts of globus.org are trusted over https."""
    assert endpoints_for(url, {}).shown.startswith(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost:1/", "https://[::1]:1/", "http://127.8.9.1/"]
)
def test_loopback(url: str) -> None:
    """The machine itself is trusted, with and without TLS."""
    assert endpoints_for(url, {}).is_local


def test_trusted_hosts() -> None:
    """FLOWDECK_TRUSTED_HOSTS adds exact hosts, over https only."""
    environ = {"FLOWDECK_TRUSTED_HOSTS": " Flows.Example.org, other.example.org"}
    assert endpoints_for("https://flows.example.org", environ).flows == "https://flows.example.org/"
    for url in ("http://flows.example.org", "https://example.org", "https://x.flows.example.org", "https://evil.com"):
        with pytest.raises(Invalid, match="untrusted-host"):
            endpoints_for(url, environ)


def test_url_in_manifest_wins() -> None:
    """A URL in the manifest wins over GLOBUS_SDK_SERVICE_URL_FLOWS, which wins over production."""
    environ = {"GLOBUS_SDK_SERVICE_URL_FLOWS": "http://127.0.0.1:2"}
    assert endpoints_for("http://127.0.0.1:1", environ).flows == "http://127.0.0.1:1/"
    assert endpoints_for("globus", environ).flows.startswith("http://127.0.0.1:2")
    assert endpoints_for("globus", {}).flows == "https://flows.automate.globus.org/"


def test_malformed_variable(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GLOBUS_SDK_SERVICE_URL_* that is no URL is an error that names it, not a bug of flowdeck."""
    write(project, manifest({"one": {}}))
    for name, value in FLOWDECK.items():
        monkeypatch.setenv(name, value)
    for url in ("http://[::1", "https://globus.org:abc/"):
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_FLOWS", url)
        ran = flowdeck("plan")
        assert ran.code == 1
        assert "internal-error" not in ran.err


def test_untrusted_sends_nothing(
    project: Path, flowdeck: Command, canary: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an untrusted service the credentials go nowhere, also not to Auth, which is trusted."""
    write(project, manifest({"one": {}}, service="https://evilglobus.org"))
    ran = flowdeck("plan")
    assert ran.code == 1
    assert "error[untrusted-host]" in ran.err
    assert "https://evilglobus.org" in ran.err
    assert canary.requests() == []


@pytest.mark.parametrize("scheme", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.usefixtures("emulator")
def test_no_proxy_for_loopback(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """A proxy in the environment sees nothing of what is said to this machine."""
    write(project, manifest({"one": {}}))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv(scheme, "http://127.0.0.1:9")
    ran = flowdeck("apply", "--yes")
    assert ran.code == 0, ran.err


def test_no_netrc_for_loopback(
    project: Path, flowdeck: Command, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A .netrc entry for the host does not replace our token."""
    write(project, manifest({"one": {}}))
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    assert flowdeck("plan").code == 0
    assert all(one.status == 200 for one in emulator.requests())


# --- what is asked for


LOOKING_UP = {
    "urn:globus:auth:scope:auth.globus.org:view_identities",
    "urn:globus:auth:scope:groups.api.globus.org:view_my_groups_and_memberships",
}


def asked(issued: list[people.Token]) -> set[str]:
    """The scopes of every token, by their last part."""
    return {scope.rsplit("/", 1)[-1] for token in issued for scope in token.scope.split()}


@pytest.mark.parametrize(
    "command", [["plan"], ["plan", "--destroy"], ["drift"], ["list"], ["output"], ["plan", "--format", "json"]]
)
@pytest.mark.usefixtures("emulator")
def test_reading_asks_read_scopes(
    project: Path, flowdeck: Command, issued: list[people.Token], command: list[str]
) -> None:
    """A command that only looks asks for scopes that cannot write."""
    write(project, manifest({"one": {}}))
    flowdeck(*command)
    assert asked(issued) <= {"view_flows", "run_status", *LOOKING_UP}


@pytest.mark.usefixtures("emulator")
def test_apply_asks_to_manage_only(project: Path, flowdeck: Command, issued: list[people.Token]) -> None:
    """Apply asks for managing flows beside reading, and not for everything."""
    write(project, manifest({"one": {}}))
    assert flowdeck("apply", "--yes").code == 0
    assert asked(issued) == {"view_flows", "run_status", "manage_flows", *LOOKING_UP}


# --- nobody sees them


def test_reprs(canary: Emulator, issued: list[people.Token]) -> None:
    """Neither the credentials nor the token are in the text of any value that holds them."""
    credentials = credentials_from({"GLOBUS_CLI_CLIENT_ID": CLIENT, "GLOBUS_CLI_CLIENT_SECRET": SECRET})
    access = connect(endpoints_for(canary.url, _urls(canary)), credentials, writing=True)
    client = access.client
    try:
        shown = f"{credentials!r} {credentials} {access!r} {access} {client!r} {vars(client.authorizer).keys()}"
        assert SECRET not in shown
        assert issued[0].token not in shown
        assert isinstance(access, Access)
    finally:
        access.close()


def test_exception_text(canary: Emulator) -> None:
    """A refused login says nothing of the secret, not even in the traceback of the exception."""
    with pytest.raises(ServiceError) as caught:
        connect(endpoints_for(canary.url, _urls(canary)), Credentials(CLIENT, SECRET + "x"), writing=False)
    text = "".join(traceback.format_exception(caught.value))
    assert SECRET not in text
    assert SECRET not in repr(caught.value.diagnostics)


def test_no_secret_in_any_output(
    project: Path, flowdeck: Command, canary: Emulator, issued: list[people.Token], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Client secret, tokens and private parameters appear in no output of any command, verbose or failing."""
    write(project, manifest({"one": {"definition": SECRETIVE}, "two": {}}))
    ran = [
        flowdeck("plan", "-v", "--out", "plan.json", "--out", "plan.txt"),
        flowdeck("plan", "-v", "--format", "json"),
        flowdeck("validate", "-v", "--online"),
        flowdeck("apply", "--yes", "-v"),
    ]
    assert [one.code for one in ran] == [0, 0, 0, 0]
    changed = json.loads(json.dumps(SECRETIVE).replace(PRIVATE, f"{PRIVATE}-2"))
    write(project, manifest({"one": {"definition": changed}, "three": {}}))
    for arguments in (
        ["plan"],
        ["drift"],
        ["list"],
        ["show", "one"],
        ["output"],
        ["apply", "--yes"],
        ["forget", "one"],
    ):
        ran.append(flowdeck(*arguments, "-v"))
        if arguments[0] not in ("output", "forget"):
            ran.append(flowdeck(*arguments, "-v", "--format", "json"))
    for status in (401, 403, 404, 422, 409):
        canary.inject({"fault": "status", "status": status, "when": {"path": "/flows"}})
        ran.append(flowdeck("apply", "--yes", "-v", "--format", "json"))
    ran.append(flowdeck("destroy", "--yes", "-v"))
    shown = (
        "".join(one.out + one.err for one in ran)
        + (project / "plan.json").read_text()
        + (project / "plan.txt").read_text()
    )
    assert "flow.one" in shown
    assert not [secret for secret in (SECRET, PRIVATE, *(token.token for token in issued)) if secret in shown]


def _urls(emulator: Emulator) -> dict[str, str]:
    return {name: value for name, value in emulator.environment().items() if name.startswith("GLOBUS_SDK")}
