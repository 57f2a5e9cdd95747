"""A tour of flowdeck: a project is planned, applied, edited, changed outside and destroyed, by the real commands.

Run by `make demo`. Everything happens on the emulator, in a temporary folder that is removed at the end.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

from globus_sdk import ClientApp, FlowsClient, GlobusAppConfig

from flowdeck.emulator import Emulator

EXAMPLE = Path(__file__).parent / "two-hop"
FLOWDECK = Path(sys.executable).with_name("flowdeck")
# What would make the commands behave otherwise than they do for a newcomer.
OTHER_SETTINGS = ("FLOWDECK_", "GLOBUS_", "CI", "GITHUB_", "GITLAB_")
WIDTH = 100

on_terminal = sys.stdout.isatty()
coloured = on_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def main() -> None:
    """Set the stage, take the tour, clean up."""
    with tempfile.TemporaryDirectory(prefix="flowdeck-demo-") as folder:
        project = Path(folder) / EXAMPLE.name
        shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns(".flowdeck"))
        tour(project)
    say(
        """
        That was all of it; the temporary folder is gone. To go on:
          flowdeck init my-project    writes a small project that applies at once
          examples/                   holds this project and three more, with comments
          docs/index.md               explains the rest, and how to reach the real service
        """
    )


def tour(project: Path) -> None:
    """The tour itself."""
    say("A project in two files and two folders: what flows there shall be, and their definitions.")
    show((project / "flows.yaml").read_text(encoding="utf-8"), "flows:", 9)

    say("A plan says what an apply would do. It changes nothing. Here nothing exists yet, so all is created.")
    run(project, "plan")

    say("Apply does it; --yes answers its question. The service is an emulator, reached by the official SDK.")
    run(project, "apply", "--yes")

    say("There is no state file: the next plan asks the service, and finds everything as declared.")
    run(project, "plan")

    say("Now an edit: the state FirstHop may take two days instead of one.")
    edit(project / "flows/two-hop/definition.json", '"WaitTime": 86400', '"WaitTime": 172800')

    say("The plan names the value that changes, and nothing else. --out keeps it for a pull request.")
    run(project, "plan", "--out", "plan.json")

    say("Apply plans anew. With --expect it goes on only if that is the plan that was reviewed.")
    run(project, "apply", "--expect", digest_in(project / "plan.json"))

    say("Somebody else is in a hurry, and lets every Globus user start the flow, without flowdeck.")
    change_outside(project)

    say("Drift tells what was changed outside, from what was applied to what somebody made of it.")
    run(project, "drift", expected=2)

    say("The plan takes it back, and says that the change was made outside.")
    run(project, "plan")

    say("So be it.")
    run(project, "apply", "--yes")
    run(project, "list")

    say("And at the end, everything goes again.")
    run(project, "destroy", "--yes")


def run(project: Path, *arguments: str, expected: int = 0) -> None:
    """Run a flowdeck command as a person would; stop the demo if it ends otherwise than it should."""
    told(f"flowdeck {shlex.join(arguments)}")
    code = subprocess.run([FLOWDECK, *arguments], cwd=project, env=environment(), check=False).returncode
    if expected:
        told("echo $?")
        print(code, flush=True)
    if code != expected:
        sys.exit(
            f"\ndemo: `flowdeck {shlex.join(arguments)}` ended with {code}, but should have ended with {expected}."
        )
    pause()


def change_outside(project: Path) -> None:
    """Change a flow without flowdeck: over HTTP, through globus-sdk, on the emulator that the project uses."""
    with Emulator(data=project / ".flowdeck" / "emulator.db") as emulator:
        settings = emulator.environment()
        os.environ.update(settings, NO_PROXY="127.0.0.1", no_proxy="127.0.0.1")
        app = ClientApp(
            "somebody in a hurry",
            client_id=settings["GLOBUS_CLI_CLIENT_ID"],
            client_secret=settings["GLOBUS_CLI_CLIENT_SECRET"],
            config=GlobusAppConfig(token_storage="memory"),
        )
        with app, FlowsClient(app=app) as flows:
            found = flows.list_flows(filter_roles="flow_owner", filter_fulltext="Two-hop transfer")["flows"]
            told("python", prompt="$")
            told("flows = globus_sdk.FlowsClient(app=app)", prompt=">>>")
            told(f'flows.update_flow("{found[0]["id"]}", flow_starters=["all_authenticated_users"])', prompt=">>>")
            flows.update_flow(found[0]["id"], flow_starters=["all_authenticated_users"])
    pause()


def edit(file: Path, before: str, after: str) -> None:
    """Replace the first `before` in the file, and show the line as a diff would."""
    text = file.read_text(encoding="utf-8")
    line = next((line for line in text.splitlines() if before in line), None)
    if line is None:
        sys.exit(f"\ndemo: there is no {before} in {file.name} any more.")
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    print()
    print(paint(f"  {file.parent.name}/{file.name}", "1"))
    print(paint(f"- {line}", "31"))
    print(paint(f"+ {line.replace(before, after)}", "32"), flush=True)


def digest_in(plan: Path) -> str:
    """The digest of a plan document, as people write it."""
    digest: str = json.loads(plan.read_text(encoding="utf-8"))["digest"]
    return digest[:12]


def show(text: str, first: str, lines: int) -> None:
    """Show some lines of a file, beginning with the line `first`."""
    found = text.splitlines()
    start = found.index(first)
    print()
    print("\n".join(f"    {line}" for line in [*found[start : start + lines], "    ..."]), flush=True)


def environment() -> dict[str, str]:
    """The environment for the commands, without settings that are not the demo's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OTHER_SETTINGS)}


def say(text: str) -> None:
    """Tell something about what comes next."""
    told_lines = textwrap.dedent(text).strip("\n").splitlines()
    shown = told_lines if len(told_lines) > 1 else textwrap.wrap(told_lines[0], WIDTH)
    print("\n" + "\n".join(paint(line, "36") for line in shown), flush=True)


def told(command: str, prompt: str = "$") -> None:
    """Print a command as it is typed."""
    space = "" if prompt == ">>>" else "\n"
    print(f"{space}{paint(prompt, '2')} {paint(command, '1')}", flush=True)


def paint(text: str, style: str) -> str:
    """The text in a style (ECMA-48), on terminals that want it."""
    return f"\x1b[{style}m{text}\x1b[0m" if coloured else text


def pause() -> None:
    """Leave a moment for reading to those who watch."""
    if on_terminal:
        time.sleep(0.5)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
