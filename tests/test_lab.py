"""The facility, a whole project of several teams: each environment alone, names, references, and the secret."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from globus_sdk import AccessTokenAuthorizer, FlowsClient
from projects import Command, Ran
from worlds import codes, only, token

from flowdeck.emulator import Emulator

EXAMPLE = Path(__file__).parents[1] / "examples" / "facility"
SEED: dict[str, Any] = yaml.safe_load((EXAMPLE / "seed.yaml").read_text(encoding="utf-8"))
ENVIRONMENTS = ("sandbox", "staging", "production")
REAL = ENVIRONMENTS[1:]  # on a service of its own, which outlives the command
FLOWS = 12
SECRET, ROTATED = "canary-passw0rd-d0-not-print", "canary-r0tated-d0-not-print"
VARIABLE = "FACILITY_MAIL_PASSWORD"
ROSALIND = "urn:globus:auth:identity:1de27170-fac1-4ec0-8000-000000000002"
PLANNER = "c11e1700-fac1-4ec0-8000-000000000003"
SCIENTISTS = "96005000-fac1-4ec0-8000-000000000002"


class Facility:
    """A copy of the example, which is the working directory, and the service that staging and production are on."""

    def __init__(self, folder: Path, emulator: Emulator, flowdeck: Command) -> None:
        self.folder, self.emulator, self._flowdeck = folder, emulator, flowdeck

    def run(self, environment: str, command: str, *arguments: str) -> Ran:
        """A command in one environment."""
        return self._flowdeck(command, "--env", environment, *arguments)

    def plan(self, environment: str, *arguments: str) -> dict[str, Any]:
        """The JSON plan of one environment."""
        ran = self.run(environment, "plan", "--format", "json", *arguments)
        assert ran.code == 0, ran
        return dict(ran.document)

    def apply(self, environment: str, *arguments: str) -> dict[str, Any]:
        """Apply in one environment, and return the JSON result."""
        ran = self.run(environment, "apply", "--yes", "--format", "json", *arguments)
        assert ran.code == 0, ran
        return dict(ran.document)

    def pending(self) -> set[str]:
        """The environments whose plans are not empty."""
        return {one for one in ENVIRONMENTS if self.run(one, "plan", "--detailed-exitcode").code}

    def edit(self, file: str, before: str, after: str) -> None:
        """Replace the one place where a file holds a text."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, (file, before)
        path.write_text(text.replace(before, after), encoding="utf-8")

    def live(self, environment: str) -> dict[str, dict[str, Any]]:
        """What the service holds of a real environment, by the flow's name."""
        prefix = f"flowdeck:facility/{environment}/"
        with self._client() as client:
            pages = client.paginated.list_flows(query_params={"filter_keywords": prefix})
            flows = [flow for page in pages for flow in page["flows"]]
        return {
            only([k for k in flow["keywords"] if k.startswith(prefix)]).removeprefix(prefix): flow for flow in flows
        }

    def change(self, id: str, **fields: Any) -> None:
        """Change a flow past flowdeck."""
        with self._client() as client:
            client.update_flow(id, **fields)

    def _client(self) -> FlowsClient:
        exported = self.emulator.environment()
        names = ("GLOBUS_CLI_CLIENT_ID", "GLOBUS_CLI_CLIENT_SECRET")
        authorizer = AccessTokenAuthorizer(token(self.emulator.url, *(exported[name] for name in names)))
        return FlowsClient(base_url=self.emulator.url, authorizer=authorizer)


@pytest.fixture
def facility(tmp_path: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[Facility]:
    folder = tmp_path / "facility"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".flowdeck"))
    monkeypatch.chdir(folder)
    for name in ("FLOWDECK_CLIENT_ID", "FLOWDECK_CLIENT_SECRET", "FLOWDECK_CLIENT_SECRET_FILE"):
        monkeypatch.delenv(name, raising=False)
    (folder / ".flowdeck").mkdir()
    with Emulator(data=folder / ".flowdeck" / "emulator.db", seed=folder / "seed.yaml"):
        pass  # the sandbox's own service knows the facility's people too
    with Emulator(seed=folder / "seed.yaml") as emulator:
        for name, value in {**emulator.environment(), VARIABLE: SECRET}.items():
            monkeypatch.setenv(name, value)
        yield Facility(folder, emulator, flowdeck)
        assert emulator.failures == []


# --- the environments -----------------------------------------------------------------------------------------------


def test_the_example_is_as_large_as_it_says(facility: Facility) -> None:
    """Three environments, five groups and two subscriptions are declared, and the seed knows them."""
    main, people, office = (
        yaml.safe_load((facility.folder / name).read_text(encoding="utf-8"))
        for name in ("flows.yaml", "access/people.yaml", "office/subscriptions.yaml")
    )
    groups = [one.removeprefix("group:") for one in people["principals"].values() if one.startswith("group:")]

    assert tuple(main["environments"]) == ENVIRONMENTS
    assert sorted(groups) == sorted(group["name"] for group in SEED["groups"])
    assert len(groups) == 5
    assert [one["id"] for one in office["subscriptions"].values()] == [one["id"] for one in SEED["subscriptions"]]
    assert len(SEED["subscriptions"]) == 2


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_plans_applies_and_plans_empty(facility: Facility, environment: str) -> None:
    """Each environment plans twelve creates that nothing blocks, applies them, and then nothing is left to do."""
    planned = facility.plan(environment)
    applied = facility.apply(environment, "--expect", planned["digest"])
    again = facility.plan(environment)

    assert {change["action"] for change in planned["changes"]} == {"create"}
    assert (planned["summary"]["create"], planned["summary"]["blocked"]) == (FLOWS, 0)
    assert applied["outcome"] == "applied"
    assert (again["changes"], again["summary"]["unchanged"], again["diagnostics"]) == ([], FLOWS, [])


def test_environments_do_not_meet(facility: Facility) -> None:
    """Two environments on one service, under one identity, hold twelve flows each, with their own values."""
    for environment in REAL:
        facility.apply(environment)
    staging, production = (facility.live(one) for one in REAL)

    assert len(staging) == len(production) == FLOWS
    assert facility.pending() == {"sandbox"}
    for name, flows, delay in (("staging", staging, 3600), ("production", production, 172800)):
        assert flows["archive"]["definition"]["States"]["KeepForAWhile"]["Seconds"] == delay
        assert all(name in flow["keywords"] for flow in flows.values())


def test_a_variable_changes_its_environment_alone(facility: Facility) -> None:
    """Another value for one environment is one change in that environment's plan; the others stay empty."""
    for environment in ENVIRONMENTS:
        facility.apply(environment)
    assert facility.pending() == set()
    original = (facility.folder / "flows.yaml").read_text(encoding="utf-8")
    places = {
        "sandbox": ("      tape_delay: 60\n", "      tape_delay: 61\n", 60, 61),
        "staging": ("      tape_delay: 3600\n", "      tape_delay: 3601\n", 3600, 3601),
        "production": (
            "    deployers: [deploy]\n    variables:\n",
            "    deployers: [deploy]\n    variables:\n      tape_delay: 86400\n",
            172800,
            86400,
        ),
    }
    for environment, (before, after, was, becomes) in places.items():
        facility.edit("flows.yaml", before, after)
        change = only(facility.plan(environment)["changes"])
        field = only(change["fields"])

        assert facility.pending() == {environment}
        assert (change["address"], field["path"]) == ("flow.archive", "definition.States.KeepForAWhile.Seconds")
        assert (field["before"], field["after"], field["origin"]) == (was, becomes, "manifest")
        (facility.folder / "flows.yaml").write_text(original, encoding="utf-8")
    assert facility.pending() == set()


def test_a_variable_of_the_caller_wins(facility: Facility, monkeypatch: pytest.MonkeyPatch) -> None:
    """`FLOWDECK_VAR_*` wins over the environment's value, `--var` over both; the type stays a number."""
    facility.apply("staging")
    monkeypatch.setenv("FLOWDECK_VAR_TAPE_DELAY", "5")

    def seconds(*arguments: str) -> Any:
        return only(only(facility.plan("staging", *arguments)["changes"])["fields"])["after"]

    assert (seconds(), seconds("--var", "tape_delay=6")) == (5, 6)


def test_types_survive(facility: Facility) -> None:
    """A reference alone keeps its type: numbers, truth values, lists and mappings arrive as such."""
    facility.apply("staging")
    states = {name: flow["definition"]["States"] for name, flow in facility.live("staging").items()}

    assert states["ingest"]["Copy"]["Parameters"]["verify_checksum"] is True
    assert states["publish"]["IsItGood"]["Choices"][0]["NumericGreaterThanEquals"] == 0.5
    assert states["report"]["Write"]["Parameters"]["destination"] == ["data-office@example.org"]
    assert states["reduce"]["Reduce"]["Parameters"]["tasks"][0]["kwargs"]["parameters"] == {
        "method": "least-squares",
        "iterations": 40,
    }
    assert states["ingest"]["Copy"]["Parameters"]["DATA"][0]["destination_path.="].startswith("'/staging/raw/'")


# --- people ---------------------------------------------------------------------------------------------------------


def test_the_plan_shows_names_and_who_grants(facility: Facility) -> None:
    """A plan shows the name beside the id of each new principal, and the set and the line that grant the role."""
    permissions = (facility.folder / "access" / "permissions.yaml").read_text(encoding="utf-8").splitlines()
    line = permissions.index("    viewers: [operators, scientists]") + 1
    text = facility.run("production", "plan", "ingest").out
    change = only(facility.plan("production", "ingest")["changes"])
    urn = f"urn:globus:groups:id:{SCIENTISTS}"

    assert f"+ scientists (group {SCIENTISTS})  by beamline (access/permissions.yaml:{line})" in text
    assert urn in change["roles"]["viewers"]["added"]
    assert change["roles"]["viewers"]["granted_by"][urn] == {
        "permission_set": "beamline",
        "file": "access/permissions.yaml",
        "line": line,
    }
    assert facility.plan("production", "ingest")["principals"][urn] == "scientists"


def test_somebody_whom_no_alias_knows_has_a_name(facility: Facility) -> None:
    """Somebody added outside, whom the manifest does not mention, is shown by the username that the service tells."""
    facility.apply("production")
    sweep = facility.live("production")["sweep"]
    facility.change(sweep["id"], flow_viewers=[*sweep["flow_viewers"], ROSALIND])
    drifted = facility.run("production", "drift")

    assert drifted.code == 2
    for text in (drifted.out, facility.run("production", "plan").out):
        assert f"rosalind@example.org (identity {ROSALIND.rpartition(':')[2]})" in text


def test_a_group_that_is_not_ours_is_nobody(facility: Facility) -> None:
    """The name of a group in which the identity is not a member is an error at the line that uses it."""
    facility.edit("access/people.yaml", "Facility Scientists", "Facility Scientist")
    ran = facility.run("production", "plan", "--format", "json")

    assert ran.code == 1
    assert codes(ran) == {"unknown-principal"}
    assert all(one["file"] and one["line"] for one in ran.document["diagnostics"])


def test_one_identity_plans_and_another_applies(facility: Facility, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planning client sees every role, its plan has the deployer's digest, and it creates nothing."""
    secret = only([one["secret"] for one in SEED["identities"] if one["id"] == PLANNER])

    def as_planner(command: str, *arguments: str) -> Ran:
        with monkeypatch.context() as patched:
            patched.setenv("FLOWDECK_CLIENT_ID", PLANNER)
            patched.setenv("FLOWDECK_CLIENT_SECRET", secret)
            return facility.run("production", command, "--format", "json", *arguments)

    first = as_planner("plan").document
    assert codes(as_planner("apply", "--yes")) == {"not-a-deployer"}
    facility.apply("production", "--expect", first["digest"])
    assert as_planner("plan").document["changes"] == []
    facility.edit("flows/vault.yaml", "title: Sweep", "title: Sweep up")
    facility.apply("production", "--expect", as_planner("plan").document["digest"])

    facility.change(facility.live("production")["sweep"]["id"], flow_administrators=[])
    blind = as_planner("plan")
    assert (blind.code, codes(blind)) == (3, {"not-administrator"})


# --- references -----------------------------------------------------------------------------------------------------


def test_references_become_real(facility: Facility) -> None:
    """An apply writes the real ids and scopes of other flows where the parent refers to them."""
    facility.apply("production")
    live = facility.live("production")
    states = live["campaign"]["definition"]["States"]

    for state, child in (("Ingest", "ingest"), ("Reduce", "reduce"), ("Publish", "publish")):
        assert states[state]["ActionUrl"] == f"https://flows.globus.org/flows/{live[child]['id']}"
        assert states[state]["ActionScope"] == live[child]["globus_auth_scope"]


def test_a_new_parent_says_what_is_not_known(facility: Facility) -> None:
    """The first plan of all flows says of a new parent that something in it is known after the apply."""
    text = facility.run("production", "plan", "campaign").out
    parent = text.partition("+ flow.campaign")[2].partition("\n\n")[0]

    assert "(known after apply)" in parent


def test_references_are_shown_as_they_are_written(facility: Facility) -> None:
    """Where a plan names a reference that is not known yet, it is written as in the file, also among scopes."""
    assert "u0000" not in facility.run("production", "plan", "--format", "json").out


def test_a_new_child_of_a_live_flow(facility: Facility) -> None:
    """A live parent that begins to refer to a new flow shows `(known after apply)`, then gets the real id."""
    facility.edit("flows/publish/definition.yaml", "${flow.report.id}", "1de27170-0000-4ec0-8000-000000000001")
    facility.edit("flows/publish/definition.yaml", "${flow.report.scope}", "https://auth.globus.org/scopes/x/y")
    parents = ("publish", "approve")
    facility.apply("production", *parents)
    shutil.copy(EXAMPLE / "flows" / "publish" / "definition.yaml", facility.folder / "flows" / "publish")

    text = facility.run("production", "plan", "publish").out
    planned = facility.plan("production", "publish")
    url = only([one for one in planned["changes"][0]["fields"] if one["path"].endswith("Report.ActionUrl")])
    applied = facility.apply("production", "publish")
    live = facility.live("production")

    assert re.search(r"ActionUrl: .*-> \(known after apply\)", text)
    assert (url["unknown"], url["after"]) == (True, None)
    assert {change["address"]: change["action"] for change in planned["changes"]} == {
        "flow.publish": "update",
        "flow.report": "create",  # comes along, as it does not exist yet
    }
    assert {change["outcome"] for change in applied["changes"]} == {"done"}
    assert live["publish"]["definition"]["States"]["Report"]["ActionUrl"].endswith(live["report"]["id"])
    assert facility.plan("production", "publish")["changes"] == []


def test_children_are_made_first(facility: Facility) -> None:
    """In one apply of everything, what others refer to is created before them."""
    facility.apply("production")
    created = sorted(facility.live("production").items(), key=lambda item: item[1]["created_at"])
    order = [name for name, _ in created]

    for parent, children in {
        "campaign": ("ingest", "reduce", "publish"),
        "publish": ("approve", "report"),
    }.items():
        assert all(order.index(child) < order.index(parent) for child in children), order


def test_a_circle_is_named(facility: Facility) -> None:
    """Flows that refer to each other in a circle are an error that names the links."""
    facility.edit("flows/reduce/definition.yaml", "series.$: $.series", "parent: ${flow.campaign.id}")
    ran = facility.run("production", "validate", "--format", "json")
    messages = " ".join(one["message"] for one in ran.document["diagnostics"])

    assert ran.code == 1
    assert "campaign" in messages
    assert "reduce" in messages


# --- the secret -----------------------------------------------------------------------------------------------------


def outputs(facility: Facility, environment: str) -> Iterator[str]:
    """What every command that reads the manifest says, aloud and in files."""
    for command in (
        ["validate"],
        ["validate", "--format", "json"],
        ["validate", "--online"],
        ["plan", "-v", "--out", "plan.json", "--out", "plan.txt"],
        ["plan", "--format", "json"],
        ["plan", "--destroy", "--format", "json"],
        ["apply", "--yes", "-v"],
        ["apply", "--yes", "--format", "json"],
        ["drift"],
        ["drift", "--format", "json"],
        ["list", "--format", "json"],
        ["show", "report"],
        ["show", "report", "--format", "json"],
        ["output"],
    ):
        ran = facility.run(environment, *command)
        yield ran.out + ran.err


@pytest.mark.parametrize("environment", REAL)
def test_the_secret_is_in_no_output_and_in_no_file(
    facility: Facility, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The secret's value reaches the service, and neither an output nor a file of the project; also when rotated."""
    said = list(outputs(facility, environment))
    monkeypatch.setenv(VARIABLE, ROTATED)
    said += outputs(facility, environment)
    written = [path.read_bytes() for path in facility.folder.rglob("*") if path.is_file()]

    assert (facility.folder / "plan.json").exists()
    assert not [text for text in said if "canary" in text]
    assert not [content for content in written if b"canary" in content]
    assert password(facility, environment) == ROTATED


def password(facility: Facility, environment: str) -> Any:
    """The secret as the service holds it."""
    parameters = facility.live(environment)["report"]["definition"]["States"]["Write"]["Parameters"]
    return parameters["send_credentials"][0]["credential_value"]["password"]


def test_a_rotated_secret_is_a_sensitive_change(facility: Facility, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another value of a secret is a change of one flow, without values, also in the digest; an apply settles it."""
    facility.apply("production")
    monkeypatch.setenv(VARIABLE, ROTATED)
    planned = facility.plan("production")
    change = only(planned["changes"])
    field = only(change["fields"])
    text = facility.run("production", "plan").out
    monkeypatch.setenv(VARIABLE, f"{ROTATED} again")
    assert facility.plan("production")["digest"] == planned["digest"]
    monkeypatch.setenv(VARIABLE, ROTATED)
    facility.apply("production", "--expect", planned["digest"])

    assert (change["address"], field["sensitive"], field["before"], field["after"]) == ("flow.report", True, None, None)
    assert "(sensitive)" in text
    assert password(facility, "production") == ROTATED
    assert "production" not in facility.pending()


def test_an_absent_secret_is_unchanged(facility: Facility, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the secret a plan says so and shows no change."""
    facility.apply("production")
    monkeypatch.delenv(VARIABLE)
    planned = facility.plan("production")

    assert planned["changes"] == []
    assert codes(planned) == {"secret-absent"}
    assert "secret-absent" in facility.run("production", "plan").err


@pytest.mark.parametrize("is_live", [False, True])
def test_an_apply_needs_the_secret(facility: Facility, monkeypatch: pytest.MonkeyPatch, is_live: bool) -> None:
    """Without the secret nothing is written when its flow would be; the other flows can be applied by name."""
    if is_live:
        facility.apply("production")
        facility.edit("flows/catalogue.yaml", "title: Report", "title: Reports")
    monkeypatch.delenv(VARIABLE)
    facility.emulator.clear_requests()
    ran = facility.run("production", "apply", "--yes", "--format", "json")
    written = [one for one in facility.emulator.requests() if one.path.startswith("/flows") and one.method != "GET"]

    assert ran.code == 1
    assert "secret-absent" in codes(ran)
    assert written == []
    assert facility.run("production", "apply", "--yes", "ingest").code == 0
