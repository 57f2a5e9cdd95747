"""Replay the commands that a page of documentation shows, on the emulator, and tell what they print now.

A ```console block is run if its first command is one of COMMANDS; `$ echo $?` states an exit code, else it is 0. What
happens between the commands stands in comments that readers do not see:

    <!-- edit FILE: BEFORE -> AFTER -->   a file is edited
    <!-- write FILE -->                   the code block below, or the text after the file's name, becomes a file
    <!-- seed SEED -->                    the service gets people, flows and runs: docs/emulator.md
    <!-- serve -->                        from now on there is a service that `service: globus` leads to
    <!-- change TITLE: FIELDS -->         somebody changes a flow without flowdeck, or deletes it (`null`)
    <!-- copy TITLE: FIELDS -->           somebody makes a second flow of it, with these fields otherwise
    <!-- fault FAULT -->                  the service will fail so: docs/emulator.md
    <!-- interrupt POST 2 -->             the next command is interrupted once it has sent the second POST
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml
from globus_sdk import AccessTokenAuthorizer, ConfidentialAppAuthClient, FlowsClient
from globus_sdk.scopes import FlowsScopes
from processes import PATIENCE, until

from flowdeck.emulator import Emulator

EXAMPLES = Path(__file__).parent.parent / "examples"
COMMANDS = ("flowdeck", "git", "python", "cd", "cp", "cat", "mv", "rm")
DIRECTIVE = re.compile(r"<!-- (edit|write|seed|serve|change|copy|fault|interrupt)\b(.*?)-->", re.DOTALL)
BLOCK = re.compile(r"^```\w*\n.*?^```$", re.MULTILINE | re.DOTALL)
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What differs from run to run, and what stands for it in a comparison.
VARYING = (
    (UUID, "[ID]"),
    (re.compile(r"flow_[0-9a-f]{8}(_[0-9a-f]{4}){3}_[0-9a-f]{12}_user"), "[SCOPE]"),
    (re.compile(r"(Digest: |--expect |the plan is now |but )[0-9a-f]{12}"), r"\1[DIGEST]"),
    (re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+\+00:00"), "[TIME]"),
    (re.compile(r"127\.0\.0\.1:\d+"), "[HOST]"),
)
# What a copy takes along.
_SETTABLE = ("title", "subtitle", "description", "keywords", "definition", "input_schema", "flow_viewers")
# What a developer's machine or a CI job would make of a command.
_FOREIGN = ("FLOWDECK_", "GLOBUS_", "GITHUB_", "GITLAB_", "CI", "GIT_", "NO_COLOR", "XDG_")


def replayed(text: str) -> tuple[str, list[str]]:
    """The page with what its commands print now, and the commands that ended otherwise than it states."""
    parts = re.split(f"({DIRECTIVE.pattern.replace('(', '(?:')}|{BLOCK.pattern})", text, flags=re.MULTILINE | re.DOTALL)
    with ExitStack() as opened:
        stage = Stage(Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="flowdeck-page-"))), opened)
        for index, part in enumerate(parts):
            if told := DIRECTIVE.fullmatch(part):
                parts[index] = stage.now(part)
                stage.happens(told[1], stage.now(told[2]).strip())
            elif part.startswith("```"):
                parts[index] = stage.block(part)
        return "".join(parts), stage.unexpected


def normal(text: str) -> str:
    """The text without what differs from run to run."""
    for varying, stands in VARYING:
        text = varying.sub(stands, text)
    return text


class Stage:
    """A folder in which commands run, and a hand on the service that they talk to."""

    def __init__(self, scratch: Path, opened: ExitStack) -> None:
        self.unexpected: list[str] = []
        self._scratch, self._folder, self._opened = scratch, scratch / "work", opened
        shutil.copytree(EXAMPLES, self._folder / "examples", ignore=shutil.ignore_patterns(".flowdeck"))
        self._ids: dict[str, str] = {}  # of the page, and what they are in this replay
        self._code, self._digest, self._target, self._interrupt = 0, "", "", ""
        self._service: Emulator | None = None

    def now(self, text: str) -> str:
        """A text of the page with the ids of this replay."""
        return UUID.sub(lambda id: self._ids.get(id[0], id[0]), text)

    # Code blocks

    def block(self, text: str) -> str:
        """The block as it is now: with what its commands print, if it has any; perhaps it becomes a file."""
        first = re.match(r"```console\n\$ (?:\w+=\S* )*(\w+)", text)
        if first and first[1] in COMMANDS:
            _, *steps = re.split(r"^\$ ", text.removesuffix("```"), flags=re.MULTILINE)
            states = [following.startswith("echo $?") for following in [*steps[1:], ""]]
            shown = [self._step(step, states_code=stated) for step, stated in zip(steps, states, strict=True)]
            return "".join(["```console\n", *shown, "```"])
        text = self.now(text)
        if self._target:
            self._written(text.partition("\n")[2].removesuffix("```"))
        return text

    def _written(self, text: str) -> None:
        path, self._target = self._folder / self._target, ""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _step(self, step: str, *, states_code: bool) -> str:
        command = re.sub(r"--expect [0-9a-f]{12}$", f"--expect {self._digest}", self.now(step.partition("\n")[0]))
        shown = f"$ {command}\n{self._run(command)}"
        if normal(shown) == normal(f"$ {step}"):
            told = (one for one in dict.fromkeys(UUID.findall(step)) if one not in self._ids)
            new = (one for one in dict.fromkeys(UUID.findall(shown)) if one not in self._ids.values())
            self._ids.update(dict(zip(told, new, strict=True)))
        if self._code and not states_code:
            self.unexpected.append(f"`{command}` ended with {self._code}:\n{shown}")
        return shown

    def _run(self, command: str) -> str:
        match command.split():
            case ["cd", where]:
                self._folder /= where
                return ""
            case ["echo", "$?"]:
                code, self._code = self._code, 0
                return f"{code}\n"
        told = self._printed(command)
        if digest := re.search(r"^Digest: (\w+)$", told, re.MULTILINE):
            self._digest = digest[1]
        return told

    def _printed(self, command: str) -> str:
        with subprocess.Popen(
            ["sh", "-c", f"exec {command}" if self._interrupt else command],
            cwd=self._folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        ) as process:
            if self._interrupt:
                until(self._sent)
                process.send_signal(signal.SIGINT)
                self._interrupt = ""
            told, _ = process.communicate(timeout=2 * PATIENCE)
        self._code = process.returncode
        return told

    def _sent(self) -> bool:
        method, count = self._interrupt.split()
        assert self._service, "`interrupt` needs `serve`"
        return sum(one.method == method and one.number is not None for one in self._service.requests()) >= int(count)

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        person = {"NAME": "Ada Lovelace", "EMAIL": "ada@example.org"}
        git = {f"GIT_{who}_{what}": text for who in ("AUTHOR", "COMMITTER") for what, text in person.items()}
        return {
            **kept,
            **git,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "XDG_CONFIG_HOME": str(self._scratch / "config"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",
            **(self._service.environment() if self._service else {}),
        }

    # What happens between the commands

    def happens(self, what: str, told: str) -> None:
        """Do what a directive says."""
        subject, _, rest = told.partition(": ")
        match what:
            case "edit":
                before, _, after = (text.removesuffix(" ") for text in f"{rest} ".partition(" -> "))
                text = (self._folder / subject).read_text(encoding="utf-8")
                assert before in text, f"{subject} does not hold {before}"
                (self._folder / subject).write_text(text.replace(before, after), encoding="utf-8")
            case "write":
                self._target, _, text = told.partition("\n")
                if text:
                    self._written(text + "\n")
            case "seed":
                with Emulator(data=self._memory, seed=yaml.safe_load(told)):
                    pass
            case "serve":
                self._service = self._opened.enter_context(Emulator(data=self._scratch / "service.db"))
            case "change":
                self._change(subject, yaml.safe_load(rest))
            case "copy":
                self._copy(subject, yaml.safe_load(rest))
            case "fault":
                assert self._service, "`fault` needs `serve`"
                self._service.clear_requests()
                self._service.inject(*yaml.safe_load(told))
            case "interrupt":
                self._interrupt = told

    @property
    def _memory(self) -> Path:
        """The file of the service that the commands start themselves."""
        return self._folder / ".flowdeck" / "emulator.db"

    def _change(self, title: str, fields: dict[str, Any] | None) -> None:
        with self._flows() as client:
            [flow] = [one for one in client.list_flows() if one["title"] == title]
            if fields is None:
                client.delete_flow(flow["id"])
            else:
                client.update_flow(flow["id"], **fields)

    def _copy(self, title: str, fields: dict[str, Any]) -> None:
        with self._flows() as client:
            [listed] = [one for one in client.list_flows() if one["title"] == title]
            flow = client.get_flow(listed["id"])
            kept = {name: value for name, value in flow.data.items() if name in _SETTABLE}
            client.create_flow(**{"input_schema": {}, **kept, **fields})

    @contextmanager
    def _flows(self) -> Iterator[FlowsClient]:
        """The service past flowdeck, for its default client."""
        with ExitStack() as opened:
            service = self._service or opened.enter_context(Emulator(data=self._memory))
            known = service.environment()
            auth = opened.enter_context(
                ConfidentialAppAuthClient(
                    known["GLOBUS_CLI_CLIENT_ID"], known["GLOBUS_CLI_CLIENT_SECRET"], base_url=service.url
                )
            )
            tokens = auth.oauth2_client_credentials_tokens(requested_scopes=FlowsScopes.all)
            authorizer = AccessTokenAuthorizer(tokens.by_resource_server["flows.globus.org"]["access_token"])
            yield opened.enter_context(FlowsClient(base_url=service.url, authorizer=authorizer))
