"""Places by name, offline: the bundled gazetteer (GeoNames, CC BY 4.0; towns of 15,000 and more), searched by name,
region and country, with and without accents, by other names too.

Kept in a small sqlite file, so that a process that looks up a few names does not hold all of them in memory.
"""

from __future__ import annotations

import gzip
import os
import sqlite3
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

FORMAT = 1
QUERY_CHARS_MAX = 80


@dataclass(frozen=True, slots=True)
class Place:
    """A town. Degrees; `timezone` is an IANA name."""

    name: str
    region: str
    country: str
    latitude: float
    longitude: float
    population: int
    timezone: str

    @property
    def full_name(self) -> str:
        return ", ".join(part for part in (self.name, self.region, self.country) if part)


def folded(text: str) -> str:
    """Lower case, without accents, words by single blanks: what names are compared by."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = (char for char in plain if not unicodedata.combining(char))
    return " ".join("".join(char if char.isalnum() else " " for char in letters).split())


class Places:
    """The gazetteer. `path` is where its index lies; it is made when it is missing (under a second)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def find(self, name: str) -> Place | None:
        """The biggest town that is called so (`Utrecht`, or `Paris, Texas`), or None."""
        found = self.search(name, limit=1)
        return found[0] if found else None

    def search(self, query: str, limit: int = 8) -> list[Place]:
        """Towns whose name, region and country hold all words of the query, the last one as far as it is typed.

        Names that are the query come first, then the biggest.
        """
        words = folded(query[:QUERY_CHARS_MAX]).split()
        if not words:
            return []
        wanted = " ".join([*(f'"{word}"' for word in words[:-1]), f'"{words[-1]}"*'])
        with self._lock:
            rows = self._open().execute(
                "SELECT p.name, p.region, p.country, p.latitude, p.longitude, p.population, p.timezone"
                " FROM words JOIN places AS p ON p.id = words.rowid WHERE words MATCH ?"
                " ORDER BY p.folded = ? DESC, p.population DESC LIMIT ?",
                (wanted, " ".join(words), limit),
            )
            return [Place(*row) for row in rows]

    def nearest(self, latitude: float, longitude: float) -> Place | None:
        """The town nearest to a point, within about 200 km: what a cell is called."""
        with self._lock:
            row = (
                self._open()
                .execute(
                    "SELECT name, region, country, latitude, longitude, population, timezone FROM places"
                    " WHERE latitude BETWEEN ? - 1.8 AND ? + 1.8 AND longitude BETWEEN ? - 3.6 AND ? + 3.6"
                    " ORDER BY (latitude - ?) * (latitude - ?) + (longitude - ?) * (longitude - ?) * 0.4 LIMIT 1",
                    (latitude, latitude, longitude, longitude, latitude, latitude, longitude, longitude),
                )
                .fetchone()
            )
            return Place(*row) if row else None

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            if not self._path.exists():
                _build(self._path)
            self._db = sqlite3.connect(self._path, check_same_thread=False)
            (found,) = self._db.execute("PRAGMA user_version").fetchone()
            if found != FORMAT:
                self._db.close()
                _build(self._path)
                self._db = sqlite3.connect(self._path, check_same_thread=False)
        return self._db


def _lines() -> Iterator[list[str]]:
    packed = resources.files("pressroom").joinpath("gazetteer.tsv.gz").read_bytes()
    for line in gzip.decompress(packed).decode().splitlines():
        yield line.split("\t")


def _build(path: Path) -> None:
    """Whole or not there: made beside its place and renamed into it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    being_made = path.with_name(f"{path.name}.{os.getpid()}")
    being_made.unlink(missing_ok=True)
    db = sqlite3.connect(being_made)
    db.execute("PRAGMA journal_mode=OFF")
    db.executescript(
        "CREATE TABLE places (id INTEGER PRIMARY KEY, name, region, country, latitude REAL, longitude REAL,"
        " population INTEGER, timezone, folded);"
        "CREATE VIRTUAL TABLE words USING fts5(text, content='', prefix='2 3');"
    )
    for number, (name, region, country, latitude, longitude, population, timezone, others) in enumerate(_lines()):
        db.execute(
            "INSERT INTO places VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (number, name, region, country, float(latitude), float(longitude), int(population), timezone, folded(name)),
        )
        text = folded(" ".join((name, region, country, others)))
        db.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (number, text))
    db.execute("CREATE INDEX by_place ON places (latitude, longitude)")
    db.execute(f"PRAGMA user_version={FORMAT}")
    db.commit()
    db.close()
    being_made.rename(path)
