"""Full-text search over this node's copies: SQLite's FTS5, one file on the node's disk."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from schemas.documents import Head
from schemas.keys import short_hash
from services.web.headlines import entry_time

log = logging.getLogger(__name__)

FORMAT: Final = 1
HEADLINES_MAX: Final = 200_000
TRIM_EVERY: Final = 500
"""Heads taken in between two looks at how many headlines there are."""

WORDS_MAX: Final = 12
_WORD: Final = re.compile(r"\w+")
_SPREAD_BITS: Final = 20

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS headlines (
    number INTEGER PRIMARY KEY, feed TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL, link TEXT, summary TEXT,
    at INTEGER NOT NULL, UNIQUE (feed, id));
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
    title, summary, content='headlines', content_rowid='number', tokenize='unicode61 remove_diacritics 2');
CREATE TRIGGER IF NOT EXISTS added AFTER INSERT ON headlines BEGIN
    INSERT INTO words (rowid, title, summary) VALUES (new.number, new.title, new.summary); END;
CREATE TRIGGER IF NOT EXISTS removed AFTER DELETE ON headlines BEGIN
    INSERT INTO words (words, rowid, title, summary) VALUES ('delete', old.number, old.title, old.summary); END;
"""


_INSERT: Final = """
INSERT INTO headlines (number, feed, id, title, link, summary, at)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
    json_extract(value, '$[3]'), json_extract(value, '$[4]'), json_extract(value, '$[5]'), json_extract(value, '$[6]')
FROM json_each(?)
"""
_Row = tuple[str, str, str, str | None, str | None, int]
"""feed, id, title, link, summary, time"""


@dataclass(frozen=True, slots=True)
class Found:
    feed: str
    id: str
    title: str
    link: str | None
    summary: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for: words, among these feeds, from `since` on and before `until`."""

    text: str
    feeds: Sequence[str]
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50


class Index:
    """Usable from many threads; several processes of one node may share the file.

    A headline's number grows with its time, so that the newest matches come first without sorting all of them, and a
    span of dates is a span of numbers.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._writing = threading.Lock()
        self._local = threading.local()
        self._taken = 0
        self._prepare()

    def take(self, heads: Sequence[Head], now: datetime) -> int:
        """Add what is new or changed in these feeds; returns how many. Headlines stay when their feed drops them.

        All in one transaction and few statements: sqlite lets go of the interpreter's lock at each.
        """
        with self._writing, self._connection() as db:
            fresh = [row for head in heads for row in _fresh(db, head, now)]
            numbers = _free(db, [_number(row[-1], row[0], row[1]) for row in fresh])
            db.execute(_INSERT, (json.dumps([(number, *row) for number, row in zip(numbers, fresh, strict=True)]),))
            before = self._taken
            self._taken += len(heads)
            if before // TRIM_EVERY != self._taken // TRIM_EVERY:
                self._trim(db)
        return len(fresh)

    def find(self, wanted: Wanted) -> list[Found]:
        """Newest first. The last word may be a beginning; a text without any word finds nothing."""
        match = _match(wanted.text)
        if not match or not wanted.feeds:
            return []
        low = int(wanted.since.timestamp()) << _SPREAD_BITS if wanted.since else 0
        high = int(wanted.until.timestamp()) << _SPREAD_BITS if wanted.until else 1 << 62
        with self._connection() as db:
            rows = db.execute(
                "SELECT h.feed, h.id, h.title, h.link, h.summary, h.at"
                " FROM words JOIN headlines AS h ON h.number = words.rowid"
                " WHERE words MATCH ? AND words.rowid >= ? AND words.rowid < ?"
                " AND h.feed IN (SELECT value FROM json_each(?)) ORDER BY words.rowid DESC LIMIT ?",
                (match, low, high, json.dumps(list(wanted.feeds)), wanted.limit),
            ).fetchall()
        return [
            Found(feed, entry, title, link, text, datetime.fromtimestamp(at, UTC))
            for feed, entry, title, link, text, at in rows
        ]

    def _prepare(self) -> None:
        try:
            self._create()
        except sqlite3.DatabaseError as error:
            # Nothing in it is precious: the copies fill it again.
            log.warning("the search index is made anew: %s: %s", self._path, error)
            self._local = threading.local()
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            self._create()

    def _create(self) -> None:
        with self._connection() as db:
            (found,) = db.execute("PRAGMA user_version").fetchone()
            if found not in {0, FORMAT}:
                raise sqlite3.DatabaseError(f"format {found}, this code knows {FORMAT}")
            db.executescript(_TABLES)
            db.execute(f"PRAGMA user_version={FORMAT}")

    def _connection(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            db = sqlite3.connect(self._path, timeout=5.0)
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=OFF")
            self._local.db = db
        return db

    def _trim(self, db: sqlite3.Connection) -> None:
        db.execute(
            "DELETE FROM headlines WHERE number <="
            " (SELECT number FROM headlines ORDER BY number DESC LIMIT 1 OFFSET ?)",
            (HEADLINES_MAX,),
        )


def _number(at_s: int, feed: str, entry_id: str) -> int:
    return (max(at_s, 0) << _SPREAD_BITS) | int(short_hash(f"{feed} {entry_id}", 5), 16)


def _fresh(db: sqlite3.Connection, head: Head, now: datetime) -> list[_Row]:
    """The head's rows that the index does not have so; what it has of them otherwise goes."""
    rows = {
        entry.id: (
            head.feed,
            entry.id,
            entry.title or entry.summary or "",
            entry.link,
            entry.summary,
            int(at.timestamp()),
        )
        for entry in head.document.entries
        if (at := entry_time(entry, now)) is not None
    }
    (found,) = db.execute("SELECT json_group_object(id, title) FROM headlines WHERE feed = ?", (head.feed,)).fetchone()
    known = json.loads(found)
    fresh = [row for row in rows.values() if known.get(row[1]) != row[2]]
    changed = [row[1] for row in fresh if row[1] in known]
    if changed:
        db.execute(
            "DELETE FROM headlines WHERE feed = ? AND id IN (SELECT value FROM json_each(?))",
            (head.feed, json.dumps(changed)),
        )
    return fresh


def _free(db: sqlite3.Connection, numbers: Sequence[int]) -> list[int]:
    """Each number, or the next that nobody has: many feeds date all their entries alike."""
    taken = _taken(db, numbers)
    free = []
    for wanted in numbers:
        number = wanted
        while number in taken:
            number += 1
            taken |= _taken(db, [number])
        taken.add(number)
        free.append(number)
    return free


def _taken(db: sqlite3.Connection, numbers: Sequence[int]) -> set[int]:
    sql = "SELECT number FROM headlines WHERE number IN (SELECT value FROM json_each(?))"
    return {number for (number,) in db.execute(sql, (json.dumps(numbers),))}


def _match(text: str) -> str:
    """Each word quoted, so that nothing a reader types is syntax."""
    words = _WORD.findall(text)[:WORDS_MAX]
    if not words:
        return ""
    return " ".join([*(f'"{word}"' for word in words[:-1]), f'"{words[-1]}"*'])
