"""Places by name, offline: the bundled gazetteer (GeoNames, CC BY 4.0; towns of 5,000 and more), searched by name,
region and country, with and without accents, by names in other languages too.

Kept in a small sqlite file, so that a process that looks up a few names does not hold all of them in memory.
"""

from __future__ import annotations

import math
import sqlite3
import threading
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pressroom.cells import Cell, cell_at, distance_km

CREDIT: Final = "Places by GeoNames"
CREDIT_URL: Final = "https://www.geonames.org/"
QUERY_CHARS_MAX: Final = 80
NEAR_KM: Final = 100.0
"""A cell farther than this from any town has no name."""

_COLUMNS: Final = "p.name, p.region, p.country, p.latitude, p.longitude, p.population, p.timezone"
# Letters that Unicode does not take apart, though people leave their strokes out.
_PLAIN: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


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

    @property
    def cell(self) -> Cell:
        return cell_at(self.latitude, self.longitude)


def folded(text: str) -> str:
    """Lower case, without accents, words by single blanks: what names are compared by."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    letters = (char for char in plain if not unicodedata.combining(char))
    return " ".join("".join(char if char.isalnum() else " " for char in letters).split())


class Places:
    """The gazetteer. `path` is where its index lies; it is made when it is missing (about a second)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def find(self, name: str) -> Place | None:
        """The biggest town that is called so (`Utrecht`, or `Paris, Texas`), or None."""
        found = self.search(name, limit=1)
        return found[0] if found else None

    def search(self, query: str, limit: int = 8) -> list[Place]:
        """Towns that the query names, in any language, alone or with region or country; the biggest first.

        Those called exactly so come before those with all its words, and these before those with its beginning.
        """
        words = folded(query[:QUERY_CHARS_MAX]).split()
        if not words:
            return []
        found: dict[int, Place] = {}
        with self._lock:
            db = self._open()
            for wanted in _questions(words):
                # Rows are numbered by size: the index gives the biggest first and stops when there are enough.
                rows = db.execute(
                    f"SELECT p.id, {_COLUMNS} FROM words JOIN places AS p ON p.id = words.rowid"  # noqa: S608
                    " WHERE words MATCH ? ORDER BY words.rowid LIMIT ?",
                    (wanted, limit),
                )
                found |= {row[0]: Place(*row[1:]) for row in rows if row[0] not in found}
                if len(found) >= limit:
                    break
        return list(found.values())[:limit]

    def name_of(self, cell: Cell) -> str | None:
        """What a cell is called, whoever asks for it: its biggest town, else the nearest one within 100 km."""
        towns = self._around(cell, 8.0) or self._around(cell, NEAR_KM)
        if not towns:
            return None
        inside = [town for town in towns if town.cell.id == cell.id]
        if inside:
            return max(inside, key=lambda town: town.population).name
        nearest = min(towns, key=lambda town: distance_km(cell, _point(town)))
        return nearest.name if distance_km(cell, _point(nearest)) <= NEAR_KM else None

    def _around(self, cell: Cell, reach_km: float) -> list[Place]:
        """The towns of a box that holds the circle; across the 180th meridian and at the poles, of the whole ring."""
        high = reach_km / 111.2
        wide = high / max(0.02, math.cos(math.radians(cell.latitude)))
        west, east = cell.longitude - wide, cell.longitude + wide
        if west < -180 or east > 180:
            west, east = -180.0, 180.0
        with self._lock:
            rows = self._open().execute(
                f"SELECT {_COLUMNS} FROM places AS p"  # noqa: S608
                " WHERE latitude BETWEEN ? AND ? AND longitude BETWEEN ? AND ?",
                (cell.latitude - high, cell.latitude + high, west, east),
            )
            return [Place(*row) for row in rows]

    @property
    def is_ready(self) -> bool:
        """Whether a look-up would be quick: the index is there."""
        return self._db is not None or self._path.exists()

    def make_ready(self) -> None:
        with self._lock:
            self._open()

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            from pressroom.places_index import open_index  # noqa: PLC0415 - reads 5 MB: only for who looks places up

            self._db = open_index(self._path)
        return self._db


def _questions(words: list[str]) -> list[str]:
    """From what is surely meant to what may be meant, in the words of the index (see `places_index`)."""
    named = [
        " ".join([f'"={"".join(words[:count])}"', *(f'"{word}"' for word in words[count:])])
        for count in range(len(words), 0, -1)
    ]
    begun, typed = f'"^{"".join(words)}"*', " ".join([*(f'"{word}"' for word in words[:-1]), f'"{words[-1]}"*'])
    # So few letters are hardly a whole name yet.
    exact = [begun, *named] if len(words[0]) <= 3 and len(words) == 1 else [*named, begun]
    return [*exact, typed, f'"={"".join(words)}"*']


def _point(town: Place) -> Cell:
    return Cell("", town.latitude, town.longitude)
