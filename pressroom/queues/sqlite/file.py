"""The queue's file: how it is opened, what is in it, and which of sqlite's errors mean what.

A message is in exactly one of three places: `waiting` for a consumer, `delayed` until it is due, or in a `claim`
(handed out, unsettled). A `slot` stands for a (topic, key) that has messages waiting or handed out: it says who has
the key, so that two consumers never do, and which message is next, so that finding work costs the same however much
waits.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pressroom.outcomes import BackendUnavailable

APPLICATION_ID = 0x50525141
VERSION = 1
BUSY_S = 5.0
"""How long a transaction waits for another process's."""

_CHECKPOINT_PAGES = 4_000
_JOURNAL_BYTES_MAX = 64 << 20

_SCHEMA = """
CREATE TABLE message (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, key TEXT NOT NULL, expires REAL, body BLOB NOT NULL);
CREATE INDEX message_expires ON message (expires) WHERE expires IS NOT NULL;
CREATE TABLE total (topic TEXT PRIMARY KEY, messages INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE slot (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, key TEXT NOT NULL, holder INTEGER NOT NULL DEFAULT 0, head INTEGER,
    UNIQUE (topic, key));
CREATE INDEX slot_next ON slot (topic, holder, head) WHERE head IS NOT NULL;
CREATE TABLE waiting (slot INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (slot, id)) WITHOUT ROWID;
CREATE TABLE delayed (
    due REAL NOT NULL, id INTEGER NOT NULL, topic TEXT NOT NULL, PRIMARY KEY (due, id)) WITHOUT ROWID;
CREATE TABLE claim (id INTEGER PRIMARY KEY, holder INTEGER NOT NULL);
CREATE TABLE suspect (id INTEGER PRIMARY KEY, crashes INTEGER NOT NULL);
CREATE TABLE holder (id INTEGER PRIMARY KEY AUTOINCREMENT, process TEXT NOT NULL);
CREATE TABLE notice (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL);
"""


class Unusable(ValueError):
    """The file can't be a queue, and trying again won't help. The text names it and says what to do."""


def connect(path: Path) -> sqlite3.Connection:
    """Open the queue's file, creating it if need be. Raises `Unusable` or `BackendUnavailable`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise BackendUnavailable("queue", f"{path} can't be opened: {error}") from error
    try:
        _prepare(connection, path)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise _explained(path, error) from error
        raise
    return connection


def identity(path: Path) -> tuple[int, int] | None:
    """Which file that path names now; None when it names none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    if mode != "wal":
        raise Unusable(f"{path} is on a file system without shared memory; put the queue on a local disk")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit={_JOURNAL_BYTES_MAX}")
    # Some builds overwrite what is deleted with zeros; for a queue that doubles the writing.
    connection.execute("PRAGMA secure_delete=OFF")
    connection.execute("BEGIN IMMEDIATE")
    try:
        _create_or_check(connection, path)
    finally:
        connection.execute("COMMIT")


def _create_or_check(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
    if not tables:
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={VERSION}")
    elif application != APPLICATION_ID:
        raise Unusable(f"{path} is a database of something else; name another file for the queue")
    elif version != VERSION:
        raise Unusable(f"{path} has version {version}; this code reads version {VERSION}: use the newer Pressroom")


def _explained(path: Path, error: sqlite3.Error) -> Exception:
    if isinstance(error, sqlite3.OperationalError):
        return BackendUnavailable("queue", f"{path}: {error}")
    return Unusable(f"{path} is damaged ({error}); move it away and start again: what it held is lost")
