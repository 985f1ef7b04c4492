"""The gazetteer's index: sqlite's full-text search over every name a town has. Made once a data folder.

A town's words are: `=name` for each of its names, written together; `^name` for the name it is shown by; and the plain
words of that name, its region and its country. Rows are numbered by population, the biggest town first.
"""

from __future__ import annotations

import gzip
import os
import sqlite3
import threading
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from pressroom.places import folded

FORMAT = 2


def open_index(path: Path) -> sqlite3.Connection:
    """The index, for all threads of a process that take turns; made when it is missing, broken or of another format."""
    if not _is_good(path):
        _build(path)
    return sqlite3.connect(path, check_same_thread=False)


def _is_good(path: Path) -> bool:
    if not path.exists():
        return False
    db = sqlite3.connect(path)
    try:
        return bool(db.execute("PRAGMA user_version").fetchone()[0] == FORMAT)
    except sqlite3.DatabaseError:
        return False
    finally:
        db.close()


def _lines() -> Iterator[list[str]]:
    # A line at a time: a process would keep the memory that the whole of it takes, some 40 MB.
    packed = resources.files("pressroom").joinpath("gazetteer.tsv.gz")
    with packed.open("rb") as file, gzip.open(file, "rt", encoding="utf-8", newline="\n") as lines:
        for line in lines:
            yield line.rstrip("\n").split("\t")


def _text(name: str, region: str, country: str, code: str, others: str) -> str:
    shown = folded(name)
    joined = shown.replace(" ", "")
    named = " =".join(others.replace(" ", "").split("|"))
    return f"^{joined} ={joined} ={named} {shown} {folded(region)} {folded(country)} {code.lower()}"


def _build(path: Path) -> None:
    """Whole or not there: made beside its place and renamed into it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two parts of one process may make it at the same time, too.
    being_made = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    being_made.unlink(missing_ok=True)
    db = sqlite3.connect(being_made)
    db.execute("PRAGMA journal_mode=OFF")
    db.execute("PRAGMA synchronous=OFF")
    db.executescript(
        "CREATE TABLE places (id INTEGER PRIMARY KEY, name, region, country, latitude REAL, longitude REAL,"
        " population INTEGER, timezone);"
        # Which document has a word is all that is asked, so positions are left out: half the size, half the time.
        "CREATE VIRTUAL TABLE words USING fts5(text, content='', detail=none, columnsize=0, prefix='2 3',"
        " tokenize=\"ascii tokenchars '=^'\");"
    )
    db.executemany(
        "INSERT INTO places VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ((at, *row[:3], float(row[4]), float(row[5]), int(row[6]), row[7]) for at, row in enumerate(_lines())),
    )
    db.executemany(
        "INSERT INTO words (rowid, text) VALUES (?, ?)",
        ((at, _text(row[0], row[1], row[2], row[3], row[8])) for at, row in enumerate(_lines())),
    )
    db.execute("CREATE INDEX by_place ON places (latitude, longitude)")
    db.execute(f"PRAGMA user_version={FORMAT}")
    db.commit()
    db.close()
    being_made.rename(path)
