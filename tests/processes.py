"""Commands as processes of their own, and waiting for what they do."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 30


def started(project: Path, *arguments: str, err: int = subprocess.PIPE) -> "subprocess.Popen[str]":
    """A command as a process of its own; `err` is a file descriptor for its stderr."""
    return subprocess.Popen(
        [sys.executable, "-c", "from flowdeck.cli import main; main()", *arguments],
        cwd=project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=err,
        text=True,
        env=os.environ,
    )


def until(condition: Callable[[], bool]) -> None:
    """Wait for what other threads and processes do."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)
