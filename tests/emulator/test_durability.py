"""What was acknowledged is there: after a kill, and with two emulators on one file."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import globus_sdk
import pytest
import requests

from flowdeck.emulator import Emulator, EmulatorError

from .conftest import IDS, PASS, SECRET, SEED

SERVE = """
import json, sys, threading
from pathlib import Path
from flowdeck.emulator import Emulator
with Emulator(data=Path(sys.argv[1]), seed=json.loads(sys.argv[2])) as emulator:
    print(emulator.url, flush=True)
    threading.Event().wait()
"""


def token(url: str) -> str:
    form = {"grant_type": "client_credentials", "scope": str(globus_sdk.scopes.FlowsScopes.all)}
    return str(
        requests.post(f"{url}/v2/oauth2/token", form, auth=(IDS["amy"], SECRET), timeout=10).json()["access_token"]
    )


def create(url: str, bearer: str) -> str:
    headers = {"Authorization": f"Bearer {bearer}"}
    answer = requests.post(f"{url}/flows", json={"title": "t", "definition": PASS}, headers=headers, timeout=10)
    assert answer.status_code == 201, answer.text
    flow_id: str = answer.json()["id"]
    return flow_id


def status(url: str, bearer: str, flow_id: str) -> int:
    return requests.get(f"{url}/flows/{flow_id}", headers={"Authorization": f"Bearer {bearer}"}, timeout=10).status_code


def test_kill(tmp_path: Path) -> None:
    """After a kill -9 in the middle of traffic every acknowledged create is there, and so are the tokens."""
    path = tmp_path / "emulator.db"
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(path), json.dumps(SEED)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        bearer = token(url)
        acknowledged: list[str] = []

        def traffic() -> None:
            try:
                while True:
                    acknowledged.append(create(url, bearer))
            except requests.RequestException:
                pass

        threads = [threading.Thread(target=traffic) for _ in range(4)]
        for thread in threads:
            thread.start()
        while len(acknowledged) < 40:
            assert any(thread.is_alive() for thread in threads)
            time.sleep(0.001)
        os.kill(process.pid, signal.SIGKILL)
        for thread in threads:
            thread.join()
    with Emulator(data=path) as emulator:
        assert {status(emulator.url, bearer, flow_id) for flow_id in acknowledged} == {200}


def test_two_emulators(tmp_path: Path) -> None:
    """Two emulators on one file, opened and written at once, see each other's flows."""
    together = threading.Barrier(2, timeout=60)
    made: list[str] = []

    def run(path: Path) -> None:
        together.wait()
        with Emulator(data=path, seed=SEED) as emulator:
            bearer = token(emulator.url)
            made.extend(create(emulator.url, bearer) for _ in range(20))
            together.wait()
            assert {status(emulator.url, bearer, flow_id) for flow_id in made} == {200}
            together.wait()
        assert emulator.failures == []

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, [tmp_path / "emulator.db"] * 2))
    assert len(set(made)) == 40


def test_foreign_files(tmp_path: Path) -> None:
    """A file of another program, or of another format, is left alone and refused with a way out."""
    text, foreign, newer = (tmp_path / name for name in ("text", "foreign", "newer"))
    text.write_text("not a database at all, and long enough that nobody takes it for an empty one " * 20)
    with closing(sqlite3.connect(foreign)) as database:
        database.execute("CREATE TABLE t (x)")
    with Emulator(data=newer), closing(sqlite3.connect(newer)) as database:
        database.execute("PRAGMA user_version = 99")
    for path in (text, foreign, newer):
        before = path.read_bytes()
        with pytest.raises(EmulatorError, match="move it away or name another file"):
            Emulator(data=path).start()
        assert path.read_bytes() == before
