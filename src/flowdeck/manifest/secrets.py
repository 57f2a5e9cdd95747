"""Secrets: where the manifest says that their values are, and the values that can be read there."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from flowdeck.manifest.files import Files
from flowdeck.manifest.layers import Layers
from flowdeck.manifest.problem import Path, Problem, Unusable, quoted
from flowdeck.manifest.schema import Secret as Written
from flowdeck.manifest.text import content
from flowdeck.model.diagnostic import Severity

FOLDER = "FLOWDECK_SECRETS_DIR"
_OWN_FILE = "FLOWDECK_CLIENT_SECRET_FILE"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret's value, or the reason why it is absent."""

    value: str | None = field(default=None, repr=False)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where secrets are read: the process environment, and files of the project or of the folder for secrets."""

    files: Files
    layers: Layers
    environ: Mapping[str, str] = field(repr=False)

    def read(self, written: Mapping[str, Written], value: Mapping[str, Any]) -> tuple[dict[str, Secret], list[Problem]]:
        """Every secret, and what is wrong with its declaration; `value` holds also what is misshapen."""
        secrets: dict[str, Secret] = {}
        problems: list[Problem] = []
        for name, one in written.items():
            path: Path = ("secrets", name)
            try:
                if one.env is not None and one.file is not None:
                    hint = "keep one; an override removes the other with `null`"
                    problems.append(Problem("secret-source", "the secret has two sources", path, hint, at_key=True))
                elif one.env is not None:
                    secrets[name] = self._variable(one.env)
                elif one.file is not None:
                    secrets[name] = self._file(one.file, self.layers.folder((*path, "file")))
                elif all(source is None for source in value[name].values()):
                    hint = "add `env:` or `file:`"
                    problems.append(Problem("secret-source", "the secret has no source", path, hint, at_key=True))
            except Unusable as error:
                problems.append(error.at((*path, "file" if one.env is None else "env")))
        return secrets, problems

    def _variable(self, name: str) -> Secret:
        value = self.environ.get(name)
        if not value:
            return Secret(reason=f"the environment variable `{name}` is not set")
        try:
            value.encode()
        except UnicodeEncodeError:  # stands for bytes that are not UTF-8
            raise _not_text() from None
        return Secret(value)

    def _file(self, written: str, folder: FilePath) -> Secret:
        path = self._found(written, folder)
        if path is None:
            return Secret(reason=f"there is no file {quoted(written)}")
        if self._is_own(path):
            raise Unusable("secret-refused", "this file holds flowdeck's own credentials", "name another file")
        try:
            text = content(path).decode()
        except UnicodeDecodeError:
            raise _not_text() from None
        except Unusable as error:
            raise Unusable(error.code, error.message, "name a file that holds the secret and nothing else") from None
        text = text.removesuffix("\n").removesuffix("\r")
        return Secret(text) if text else Secret(reason=f"the file {quoted(written)} is empty")

    def _found(self, written: str, folder: FilePath) -> FilePath | None:
        """The file, links followed: beside the manifest, or in the folder for secrets; None when it is missing."""
        named = self.environ.get(FOLDER)
        try:
            secrets = [FilePath(named).resolve()] if named else []
            places = [(one / written).resolve() for one in (folder, *secrets)]
            inside = [one for one in places if any(map(one.is_relative_to, (self.files.root, *secrets)))]
            found = next((one for one in inside if one.exists()), None)
        except (OSError, RuntimeError, ValueError):  # too long, links in a circle, no path at all
            raise Unusable("file-unreadable", "this is not a path to a file", "correct the path") from None
        if found or places[0] in inside:
            return found
        hint = f"put it into the folder of flows.yaml, or into the one that {FOLDER} names"
        raise Unusable("path-outside-project", "the file is neither in the project nor in the folder for secrets", hint)

    def _is_own(self, path: FilePath) -> bool:
        own = self.environ.get(_OWN_FILE)
        try:
            return bool(own) and os.path.samefile(str(own), path)
        except (OSError, ValueError):
            return False


def absent(secrets: Mapping[str, Secret], used: Iterable[str]) -> list[Problem]:
    """A note for each secret that is used and has no value."""
    hint = "a plan takes it as unchanged, an apply needs it"
    return [
        Problem("secret-absent", f"secret `{name}` is absent: {secrets[name].reason}", ("secrets", name), hint, True,
                severity=Severity.NOTE)
        for name in sorted(set(used))
        if name in secrets and secrets[name].value is None
    ]  # fmt: skip


def _not_text() -> Unusable:
    return Unusable("not-utf-8", "the secret is not UTF-8 text", "store it as text")
