"""The job's summary and the action's outputs, through the files that the runner names."""

import secrets
from collections.abc import Mapping
from pathlib import Path

import markdown

# The runner drops a step's whole summary at 1 MiB, near it even without a word.
MOST_BYTES = 1_000_000


def write_summary(environment: Mapping[str, str], text: str) -> None:
    """Append to the summary as many whole lines as it takes, and print all of them to the log."""
    write_log(text)
    if path := environment.get("GITHUB_STEP_SUMMARY", ""):
        room = MOST_BYTES - (Path(path).stat().st_size if Path(path).exists() else 0) - 200
        with Path(path).open("a", encoding="utf-8") as file:
            file.write("\n".join(markdown.cut(text.splitlines(), max(room, 0))) + "\n")


def write_log(text: str) -> None:
    """Print a text to the job's log; nothing in it is a command to the runner."""
    end = secrets.token_hex(16)
    print(f"::stop-commands::{end}\n{text.rstrip()}\n::{end}::", flush=True)


def write_outputs(environment: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Set outputs. Each ends with a word that nobody can foresee, so that no value can set another output."""
    if path := environment.get("GITHUB_OUTPUT", ""):
        with Path(path).open("a", encoding="utf-8") as file:
            for name, value in outputs.items():
                end = secrets.token_hex(16)
                file.write(f"{name}<<{end}\n{value}\n{end}\n")
