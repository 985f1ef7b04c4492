"""How a backup lies in its own store: blobs named by what they hold, parts that list a run's objects, a mark when done.

`blobs/<aa>/<sha256>.gz` · `parts/<run>/<number>.json.gz` · `done/<run>.json`. A run without its mark was cut off.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final, TypeVar

from pressroom.objects.port import LIST_LIMIT_MAX, AlreadyThere, Conflict, NotModified, ObjectStore, Stored
from schemas.backup import BackupPart, BackupRun, CopiedObject
from schemas.codec import Undecodable, read_document

_BLOBS: Final = "blobs/"
_PARTS: Final = "parts/"
_DONE: Final = "done/"
_GZIP: Final = "application/gzip"

D = TypeVar("D", BackupPart, BackupRun)


class BadBackup(Exception):
    """A backup does not hold what it should. The text is one line: what, where."""


def run_name(at: datetime) -> str:
    """Names of runs sort by time; two may begin within a second."""
    return f"{at:%Y%m%dT%H%M%S.%fZ}"


class Shelf:
    """The store that backups lie in. Every method raises as that store does, and `BadBackup`."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store

    # --- blobs --------------------------------------------------------------------------------------

    def put(self, body: bytes) -> str:
        """Keep these bytes; their SHA-256. What lies there already under this name is looked at, and mended."""
        digest = hashlib.sha256(body).hexdigest()
        key, packed = _blob(digest), gzip.compress(body, compresslevel=6, mtime=0)
        try:
            self.store.create(key, packed, content_type=_GZIP)
        except AlreadyThere:
            pass
        except Conflict as conflict:
            # Another zlib packs otherwise, which is well; half a blob that a full disk left is not.
            if self.find(digest) is None and conflict.etag is not None:
                self.store.swap(key, packed, etag=conflict.etag, write_id=f"mend-{digest[:32]}")
        return digest

    def find(self, digest: str) -> bytes | None:
        """The bytes of a blob; None when it is not there or holds something else."""
        found = self._body(_blob(digest))
        if found is None:
            return None
        with suppress(OSError, EOFError, zlib.error):
            body = gzip.decompress(found)
            return body if hashlib.sha256(body).hexdigest() == digest else None
        return None

    # --- runs ---------------------------------------------------------------------------------------

    def add_part(self, run: str, number: int, objects: tuple[CopiedObject, ...]) -> str:
        """Write a part; the SHA-256 of it as stored."""
        body = gzip.compress(BackupPart(objects=objects).as_json(), mtime=0)
        self.store.create(_part(run, number), body, content_type=_GZIP)
        return hashlib.sha256(body).hexdigest()

    def finish(self, run: BackupRun) -> None:
        self.store.create(f"{_DONE}{run.run}.json", run.as_json())

    def runs(self) -> list[BackupRun]:
        """Every complete run, the oldest first."""
        found = []
        for listed in self.store.list(_DONE, limit=LIST_LIMIT_MAX):
            body = self._body(listed.key)
            if body is not None:
                found.append(_read(body, BackupRun, listed.key))
        return sorted(found, key=lambda run: run.run)

    def objects(self, run: BackupRun) -> Iterator[CopiedObject]:
        """What a complete run holds. Raises `BadBackup` when a part is not the one that was written."""
        for number, digest in enumerate(run.parts):
            body = self._body(_part(run.run, number))
            if body is None or hashlib.sha256(body).hexdigest() != digest:
                raise BadBackup(
                    f"{self.store.name}: {_part(run.run, number)} is {'gone' if body is None else 'broken'}"
                )
            yield from _read(gzip.decompress(body), BackupPart, _part(run.run, number)).objects

    def leftovers(self, done: list[BackupRun]) -> dict[str, list[str]]:
        """The keys of parts of runs that were cut off, by run."""
        names = {run.run for run in done}
        found: dict[str, list[str]] = {}
        for listed in self.store.list(_PARTS, limit=LIST_LIMIT_MAX):
            run = listed.key.split("/")[1]
            if run not in names:
                found.setdefault(run, []).append(listed.key)
        return found

    def read_leftover(self, key: str) -> tuple[CopiedObject, ...]:
        """What a part of a run that was cut off lists; nothing when it cannot be read."""
        body = self._body(key)
        with suppress(OSError, EOFError, zlib.error, BadBackup):
            return _read(gzip.decompress(body or b""), BackupPart, key).objects
        return ()

    # --- growing old --------------------------------------------------------------------------------

    def drop_run(self, run: BackupRun) -> None:
        """The mark goes first, so that what is left behind is known to be no whole run."""
        self.store.delete(f"{_DONE}{run.run}.json")
        for number in range(len(run.parts)):
            self.store.delete(_part(run.run, number))

    def drop(self, keys: list[str]) -> None:
        for key in keys:
            self.store.delete(key)

    def sweep(self, needed: set[str], before: datetime) -> int:
        """Delete the blobs that no run needs and that lay there `before`; how many those were."""
        swept, after = 0, ""
        while True:
            page = list(self.store.list(_BLOBS, after=after, limit=LIST_LIMIT_MAX))
            for one in page:
                if one.modified < before and _digest(one.key) not in needed:
                    self.store.delete(one.key)
                    swept += 1
            if len(page) < LIST_LIMIT_MAX:
                return swept
            after = page[-1].key

    def _body(self, key: str) -> bytes | None:
        found = self.store.get(key)
        assert not isinstance(found, NotModified)
        return found.body if isinstance(found, Stored) else None


def _read(body: bytes, model: type[D], key: str) -> D:
    try:
        return read_document(body, model, key)
    except Undecodable as error:
        raise BadBackup(str(error)) from None


def _blob(digest: str) -> str:
    return f"{_BLOBS}{digest[:2]}/{digest}.gz"


def _digest(key: str) -> str:
    return key.rsplit("/", 1)[1].removesuffix(".gz")


def _part(run: str, number: int) -> str:
    return f"{_PARTS}{run}/{number:05d}.json.gz"
