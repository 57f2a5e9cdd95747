"""Seeds: who and what an emulator starts with."""

from pathlib import Path
from typing import Any

import globus_sdk
import pytest
import requests
import yaml

from flowdeck.emulator import Emulator, SeedError, seeding

from .conftest import IDS, PASS, SECRET, SEED, URNS

FLOW = {"owner": "ben", "title": "seeded", "definition": PASS}


def titles(emulator: Emulator, client_id: str = IDS["ben"], secret: str = SECRET) -> list[str]:
    form = {"grant_type": "client_credentials", "scope": str(globus_sdk.scopes.FlowsScopes.all)}
    token = requests.post(f"{emulator.url}/v2/oauth2/token", form, auth=(client_id, secret), timeout=10).json()
    authorizer = globus_sdk.AccessTokenAuthorizer(token["access_token"])
    with globus_sdk.FlowsClient(base_url=emulator.url, authorizer=authorizer) as client:
        return [flow["title"] for flow in client.list_flows()]


def test_default_client() -> None:
    """Without a seed there is a client whose credentials work, always the same."""
    with Emulator() as first, Emulator() as second:
        mine = first.environment()
        assert titles(first, mine["GLOBUS_CLI_CLIENT_ID"], mine["GLOBUS_CLI_CLIENT_SECRET"]) == []
        for name in ("GLOBUS_CLI_CLIENT_ID", "GLOBUS_CLI_CLIENT_SECRET"):
            assert mine[name] == second.environment()[name]


@pytest.mark.parametrize("dump", [yaml.safe_dump, __import__("json").dumps])
def test_seed_file(tmp_path: Path, dump: Any) -> None:
    """A seed may be a YAML or a JSON file; it adds to the default one and may name another client."""
    path = tmp_path / "seed.yaml"
    path.write_text(dump({**SEED, "flows": [FLOW]}))
    with Emulator(seed=path) as emulator:
        assert emulator.environment()["GLOBUS_CLI_CLIENT_ID"] == IDS["amy"]
        assert titles(emulator) == ["seeded"]
        default = yaml.safe_load(seeding.DEFAULT.read_text())["identities"][0]
        assert titles(emulator, default["id"], default["secret"]) == []


def test_idempotent(tmp_path: Path) -> None:
    """Seeding a file again makes nothing twice, and does not undo what became of a seeded flow."""
    seed = {
        **SEED,
        "flows": [FLOW, {**FLOW, "title": "other"}],
        "runs": [{"flow": "other", "owner": "ben", "status": "ACTIVE"}],
    }
    path = tmp_path / "new" / "folder" / "emulator.db"
    with Emulator(data=path, seed=seed) as emulator:
        assert sorted(titles(emulator)) == ["other", "seeded"]
        with globus_sdk.FlowsClient(
            base_url=emulator.url, authorizer=globus_sdk.AccessTokenAuthorizer(token(emulator))
        ) as client:
            [seeded] = client.list_flows(query_params={"filter_title": "seeded"})
            client.delete_flow(seeded["id"])
    with Emulator(data=path, seed=seed) as emulator:
        assert titles(emulator) == ["other"]


def token(emulator: Emulator) -> str:
    form = {"grant_type": "client_credentials", "scope": str(globus_sdk.scopes.FlowsScopes.all)}
    answer = requests.post(f"{emulator.url}/v2/oauth2/token", form, auth=(IDS["ben"], SECRET), timeout=10)
    return str(answer.json()["access_token"])


def test_flows(tmp_path: Path) -> None:
    """A seeded flow may have every settable field, roles by name, an id and a time of its creation."""
    flow = {
        **FLOW,
        "id": IDS["dan"],
        "created_at": "2020-01-01",
        "flow_viewers": ["amy", "crew", "public", URNS["cy"]],
        "keywords": ["k"],
    }
    with Emulator(seed={**SEED, "flows": [flow]}) as emulator:
        authorizer = globus_sdk.AccessTokenAuthorizer(token(emulator))
        with globus_sdk.FlowsClient(base_url=emulator.url, authorizer=authorizer) as client:
            seen = client.get_flow(IDS["dan"])
    assert seen["created_at"] == seen["updated_at"] == "2020-01-01T00:00:00.000000+00:00"
    group = f"urn:globus:groups:id:{SEED['groups'][0]['id']}"
    assert seen["flow_viewers"] == [URNS["amy"], group, "public", URNS["cy"]]


def test_expired() -> None:
    """Where the free tier is enforced, a flow of 30 days without a subscription is gone."""
    flow = {**FLOW, "created_at": "2020-01-01"}
    with Emulator(seed={**SEED, "flows": [flow], "settings": {"free_tier": "enforced"}}) as emulator:
        assert titles(emulator) == []
    with Emulator(seed={**SEED, "flows": [flow]}) as emulator:
        assert titles(emulator) == ["seeded"]


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        ([], "seed: a mapping is expected"),
        ({"people": []}, "seed: unknown key `people`"),
        ({"identities": {}}, "identities: a list is expected"),
        ({"identities": [{"name": "x"}]}, "identities[0]: `username` is missing"),
        ({"identities": [{"username": "x", "nick": "y"}]}, "identities[0]: unknown key `nick`"),
        ({"identities": [{"username": "x", "id": "y"}]}, "identities[0]: `id` must be a UUID"),
        ({"identities": [{"username": "x"}, {"username": "x", "id": IDS["amy"]}]}, "username `x` belongs to"),
        ({"groups": [{"name": "g", "members": ["nobody"]}]}, "groups[0].members[0]: no identity"),
        ({"groups": [{"name": "g", "visibility": "none"}]}, "`visibility` is private or authenticated"),
        ({"policies": [{"id": IDS["amy"]}]}, "policies[0]: `high_assurance` is missing"),
        ({"settings": {"speed": "fast"}}, "settings: unknown setting `speed`"),
        ({"settings": {"defaults": "some"}}, "setting `defaults` is none or added"),
        ({"settings": []}, "settings: a mapping is expected"),
        ({"client": "nobody"}, "client: no identity"),
        ({"client": "ada@example.org"}, "client: `ada@example.org` has no `secret`"),
        ({"flows": [{"owner": "nobody", "title": "t", "definition": PASS}]}, "flows[0].owner: no identity"),
        ({"flows": [{"title": "t", "definition": PASS}]}, "flows[0]: `owner` is missing"),
        ({"flows": [{"owner": "ada@example.org", "title": "t", "definition": {}}]}, "flows[0]: "),
        ({"flows": [{"owner": "ada@example.org", "title": "", "definition": PASS}]}, "$.title: ensure this value"),
        (
            {"flows": [{"owner": "ada@example.org", "title": "t", "definition": PASS, "flow_viewers": ["x"]}]},
            "flows[0].flow_viewers: `x` is no URN",
        ),
        (
            {"flows": [{"owner": "ada@example.org", "title": "t", "definition": PASS, "created_at": "then"}]},
            "flows[0].created_at: 'then' is no time",
        ),
        (
            {"runs": [{"flow": "none", "owner": "ada@example.org", "status": "ACTIVE"}]},
            "runs[0].flow: there is no flow",
        ),
    ],
)
def test_bad_seeds(seed: Any, words: str) -> None:
    """A seed that says nonsense is refused in one line that names the key."""
    with pytest.raises(SeedError) as refused:
        Emulator(seed=seed).start()
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
