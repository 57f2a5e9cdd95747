"""flowdeck beside the official globus-cli: what the one does, the other sees."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from projects import DEFINITION, Command
from worlds import GROUP, World, only, opened

CLI = Path(
    os.environ.get("FLOWDECK_TEST_GLOBUS_CLI") or Path(__file__).parents[1] / ".venv-globus-cli" / "bin" / "globus"
)

pytestmark = pytest.mark.skipif(not CLI.exists(), reason=f"globus-cli is not installed at {CLI}: `make test` does that")

Globus = Callable[..., Any]


@pytest.fixture
def world(project: Path, flowdeck: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(project, flowdeck, monkeypatch) as world:
        yield world


@pytest.fixture
def globus(world: World, tmp_path: Path) -> Globus:
    """The globus command, with a home folder of its own; it returns the JSON that it prints."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **world.emulator.environment()}

    def run(*arguments: str) -> Any:
        command = [str(CLI), *arguments, "--format", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_what_the_cli_made_is_foreign(world: World, globus: Globus) -> None:
    """A flow that globus-cli created is not ours: no plan touches it, and a destroy leaves it byte for byte."""
    made = globus("flows", "create", "By hand", json.dumps(DEFINITION), "--keyword", "k", "--viewer", "public")
    world.declare({"a": {}})
    assert only(world.plan()["changes"])["address"] == "flow.a"
    world.apply()
    assert world.flowdeck("destroy", "--yes").code == 0
    assert globus("flows", "show", made["id"]) == made
    world.declare({"a": {"title": "By hand"}})
    assert "marker-lost" in world.refused("apply", "--yes")


def test_what_the_cli_changed_is_drift(world: World, globus: Globus) -> None:
    """What `globus flows update` does to a flow of ours is drift, by field and role; an apply puts it right."""
    world.declare({"a": {"title": "Move it", "keywords": ["k"]}})
    world.apply()
    id = globus("flows", "list", "--filter-role", "flow_owner")["flows"][0]["id"]
    globus("flows", "update", id, "--title", "By hand", "--viewers", "public", "--administrators", GROUP)
    ran = world.flowdeck("drift", "--format", "json")
    assert ran.code == 2
    change = only(ran.document["changes"])
    assert [(one["path"], one["origin"]) for one in change["fields"]] == [("title", "outside")]
    assert set(change["roles"]) == {"viewers", "administrators"}
    world.apply()
    shown = globus("flows", "show", id)
    assert (shown["title"], shown["flow_viewers"], shown["flow_administrators"]) == ("Move it", [], [])
    world.settled()


def test_keywords_set_by_the_cli(world: World, globus: Globus) -> None:
    """`globus flows update --keywords x` wipes our marker: missing in drift, blocked in apply, one flow at the end."""
    world.declare({"a": {"title": "Move it"}})
    world.apply()
    id = only(world.live())["id"]
    globus("flows", "update", id, "--keywords", "x")
    ran = world.flowdeck("drift", "--format", "json")
    assert (ran.code, ran.document["summary"]["missing"]) == (2, 1)
    said = world.refused("apply", "--yes")
    assert "marker-lost" in said
    assert id in said
    world.declare({"a": {"title": "Move it", "id": id}})
    world.apply()
    world.settled()
    assert only(globus("flows", "list")["flows"])["id"] == id


def test_what_the_cli_deleted_is_missing(world: World, globus: Globus) -> None:
    """A flow that `globus flows delete` removed is missing, and the next apply makes a new one."""
    world.declare({"a": {}})
    world.apply()
    id = only(world.live())["id"]
    globus("flows", "delete", id)
    ran = world.flowdeck("drift", "--format", "json")
    assert (ran.code, ran.document["summary"]["missing"]) == (2, 1)
    world.apply()
    assert only(world.live())["id"] != id
    world.settled()


def test_import_of_a_flow_of_the_cli(world: World, globus: Globus, tmp_path: Path) -> None:
    """A flow that globus-cli made is imported: its plan is only the adoption, after apply the plan is empty."""
    schema = {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]}
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    made = globus(
        *("flows", "create", "Ünï & co: #1", json.dumps(DEFINITION), "--input-schema", str(tmp_path / "schema.json")),
        *("--subtitle", "on", "--description", "several\nlines", "--keyword", "012", "--keyword", "b c"),
        *("--viewer", "public", "--starter", "all_authenticated_users", "--administrator", GROUP),
    )
    text = "# mine\nversion: 1\nproject: lab\nenvironments:\n  test: {service: globus}  # here\nflows: {}  # none yet\n"
    (world.folder / "flows.yaml").write_text(text)
    assert world.flowdeck("import", made["id"], "by-hand").code == 0
    change = only(world.plan()["changes"])
    assert (change["action"], change["id"], change["fields"], change["roles"]) == ("adopt", made["id"], [], {})
    world.apply()
    world.settled()
    shown = globus("flows", "show", made["id"])
    ours = {"keywords", "updated_at"}
    assert {k: v for k, v in shown.items() if k not in ours} == {k: v for k, v in made.items() if k not in ours}
    assert {"012", "b c", "flowdeck:lab/test/by-hand"} < set(shown["keywords"])
    assert "# mine" in (world.folder / "flows.yaml").read_text()


def test_the_cli_sees_what_flowdeck_made(world: World, globus: Globus) -> None:
    """A flow that flowdeck applied is listed and shown by globus-cli as it was declared."""
    world.declare({"a": {"title": "Declared", "description": "d", "permissions": [{"viewers": ["public"]}]}})
    world.apply()
    flow = only(globus("flows", "list")["flows"])
    assert (flow["title"], flow["description"], flow["definition"]) == ("Declared", "d", DEFINITION)
    assert globus("flows", "show", flow["id"])["flow_viewers"] == ["public"]
