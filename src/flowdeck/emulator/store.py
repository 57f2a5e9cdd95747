"""The SQLite file in which everything of the emulator lives, and the transactions on it."""

import json
import queue
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path

from flowdeck.emulator.errors import EmulatorError
from flowdeck.emulator.settings import Settings

APPLICATION_ID = 0x666C6F77  # "flow", so that a file of somebody else is never taken for ours
FORMAT = 1
BUSY_SECONDS = 30

# A flow is its versions: the newest is the flow, an older one is what a stale list still shows.
_SCHEMA = """
CREATE TABLE settings (document TEXT NOT NULL);
CREATE TABLE identities (id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, name TEXT, email TEXT, organization TEXT,
    secret TEXT);
CREATE TABLE groups (id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT, visibility TEXT NOT NULL,
    subscription TEXT UNIQUE, high_assurance INTEGER NOT NULL);
CREATE TABLE memberships (group_id TEXT NOT NULL, identity TEXT NOT NULL, role TEXT NOT NULL, status TEXT NOT NULL,
    PRIMARY KEY (group_id, identity));
CREATE INDEX memberships_of ON memberships (identity);
CREATE TABLE policies (id TEXT PRIMARY KEY, high_assurance INTEGER NOT NULL);
CREATE TABLE tokens (token TEXT PRIMARY KEY, identity TEXT NOT NULL, scope TEXT NOT NULL, issued REAL NOT NULL,
    expires REAL NOT NULL);
CREATE TABLE versions (sequence INTEGER PRIMARY KEY AUTOINCREMENT, flow_id TEXT NOT NULL, at REAL NOT NULL,
    deleted INTEGER NOT NULL, flow_owner TEXT NOT NULL, subscription_id TEXT, created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL, title TEXT NOT NULL, subtitle TEXT NOT NULL, description TEXT NOT NULL,
    keywords TEXT NOT NULL, roles TEXT NOT NULL, document TEXT NOT NULL);
CREATE INDEX versions_of ON versions (flow_id, sequence, at);
CREATE TABLE runs (id TEXT PRIMARY KEY, flow_id TEXT NOT NULL, start_time TEXT NOT NULL, document TEXT NOT NULL);
"""
# Tables that files of this format may lack, for earlier emulators did not make them.
_LATER = """
CREATE TABLE IF NOT EXISTS grants (value TEXT PRIMARY KEY, expires REAL NOT NULL, kind TEXT NOT NULL,
    identity TEXT NOT NULL, client TEXT NOT NULL, scope TEXT NOT NULL, challenge TEXT NOT NULL, redirect TEXT NOT NULL);
"""


class Store:
    """One SQLite file, shared by any number of threads and processes. Nothing of it is kept in memory.

    The journal is a write-ahead log: readers never wait for a writer, and what was committed survives the death of
    the process (though not, without a sync at every commit, the loss of power).
    """

    def __init__(self, path: Path) -> None:
        """Open the file, and create it when it is missing. Raises EmulatorError when it cannot be ours."""
        self._path = path
        self._idle: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        # SQLite lets writers wait by sleeping for longer and longer; a lock wakes the next one of this process at once.
        self._writing = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as db:
                _prepare(db)
                db.execute("PRAGMA journal_mode = WAL")
        except (sqlite3.DatabaseError, OSError) as error:
            raise EmulatorError(
                f"{path} cannot be the emulator's file ({error}): move it away or name another file"
            ) from error

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[sqlite3.Connection]:
        """A connection inside a transaction that commits at the end, or rolls back when the body raises."""
        try:
            db = self._idle.get_nowait()
        except queue.Empty:
            db = self._connect()
        try:
            with self._writing if write else nullcontext():
                db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                try:
                    yield db
                except BaseException:
                    db.rollback()
                    raise
                db.commit()
        finally:
            self._idle.put(db)

    def close(self) -> None:
        """Close every connection; no transaction may be open."""
        while not self._idle.empty():
            self._idle.get().close()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA synchronous = NORMAL")
        db.create_function("contains", 2, _contains, deterministic=True)
        return db


def read_settings(db: sqlite3.Connection) -> Settings:
    """The settings in force, which all emulators on one file share."""
    row = db.execute("SELECT document FROM settings").fetchone()
    return Settings(**json.loads(row["document"])) if row else Settings()


def write_settings(db: sqlite3.Connection, settings: Settings) -> None:
    """Put new settings in force."""
    db.execute("DELETE FROM settings")
    db.execute("INSERT INTO settings VALUES (?)", (json.dumps(asdict(settings)),))


def _prepare(db: sqlite3.Connection) -> None:
    """Create the tables in an empty file; refuse a file of another program or of another format."""
    db.execute("BEGIN IMMEDIATE")
    application, version = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    empty = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if empty:
        for statement in filter(str.strip, _SCHEMA.split(";")):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {FORMAT}")
    elif application != APPLICATION_ID:
        raise sqlite3.DatabaseError("another program's file")
    elif version != FORMAT:
        raise sqlite3.DatabaseError(f"format {version}, this emulator writes format {FORMAT}")
    for statement in filter(str.strip, _LATER.split(";")):
        db.execute(statement)
    db.commit()


def _contains(text: str, part: str) -> bool:
    return part.casefold() in text.casefold()
