"""Projects that tests write, and what a command did."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"

DEFINITION: dict[str, Any] = {
    "StartAt": "Begin",
    "States": {
        "Begin": {"Type": "Wait", "Seconds": 5, "Next": "Finish"},
        "Finish": {"Type": "Pass", "End": True},
    },
}


@dataclass(frozen=True)
class Ran:
    """What a command did: its exit code and both of its streams."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Stdout as JSON."""
        return json.loads(self.out)


Command = Callable[..., Ran]


def manifest(flows: dict[str, Any], service: str = "globus", **more: Any) -> dict[str, Any]:
    """A manifest of one environment; a flow without a definition gets a small one."""
    return {
        "version": 1,
        "project": "lab",
        "environments": {"test": {"service": service}},
        **more,
        "flows": {name: {"definition": DEFINITION, **flow} for name, flow in flows.items()},
    }


def write(folder: Path, document: dict[str, Any]) -> Path:
    """Write a manifest as flows.yaml."""
    path = folder / "flows.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path
