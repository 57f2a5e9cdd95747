"""Whole processes with their time and memory, and the emulator as another process."""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

FLOWDECK = str(Path(sys.executable).parent / "flowdeck")
PYTHON = sys.executable

Environment = dict[str, str]


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall time in seconds, and peak memory in MB of the process or its largest child."""

    seconds: float
    megabytes: float


def ran(command: Sequence[str], folder: Path, environment: Environment | None = None) -> Cost:
    """Run a command once. Ends the bench if it fails: what went wrong is not measured."""
    with tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        if status:
            errors.seek(0)
            said = errors.read().decode(errors="replace")
            raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}:\n{said}")
    return Cost(seconds, usage.ru_maxrss / 1024)


def compared(
    commands: Sequence[Sequence[str]], folder: Path, environment: Environment | None = None, runs: int = 5
) -> list[Cost]:
    """Of each command the median time and the largest memory of so many runs, by turns, after a warm-up."""
    costs: list[list[Cost]] = [[] for _ in commands]
    for _ in range(runs + 1):
        for index, command in enumerate(commands):
            costs[index].append(ran(command, folder, environment))
    return [Cost(statistics.median(one.seconds for one in of[1:]), max(one.megabytes for one in of)) for of in costs]


class Service:
    """An emulator in a process of its own."""

    def __init__(self, url: str, environment: Environment) -> None:
        self.url, self.environment = url, environment

    def clear_requests(self) -> None:
        """Forget what was asked until now."""
        urlopen(Request(f"{self.url}/_emulator/requests", method="DELETE")).close()

    def requests(self) -> list[tuple[str, str]]:
        """Method and path of each request to Flows since then."""
        with urlopen(f"{self.url}/_emulator/requests") as answer:
            return [(one["method"], one["path"]) for one in json.load(answer)["requests"] if one["number"]]


@contextmanager
def served(folder: Path, latency_ms: int = 0) -> Iterator[Service]:
    """An emulator that answers after so many milliseconds; it ends with the block."""
    file = folder / "emulator.env"
    command = [FLOWDECK, "emulator", "--env-file", str(file), "--latency-ms", str(latency_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()  # it prints once it accepts connections
            exported = dict(line.removeprefix("export ").split("=", 1) for line in file.read_text().splitlines())
            yield Service(exported["GLOBUS_SDK_SERVICE_URL_FLOWS"], {**os.environ, **exported})
        finally:
            process.terminate()
            process.communicate()


def machine() -> str:
    """What this was measured on."""
    cpu = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    kilobytes = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    memory = f", {kilobytes / 1e6:.0f} GB" if kilobytes else ""
    kind = cpu or platform.machine()
    return f"{os.cpu_count()} cores ({kind}){memory}, {platform.system()}, Python {platform.python_version()}"


def _lines(file: str) -> list[str]:
    try:
        return Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:  # not a Linux
        return []
