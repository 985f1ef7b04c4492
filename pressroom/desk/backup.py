"""Copies of the whole store, made while the newsroom works: what changed is read, what was cut off goes on.

The order makes a copy whole although nothing stands still: what points is copied before what is pointed to, which is
never changed and outlives its pointers; the ledger is copied last, so that no feed's turn lies behind its head's.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pressroom.clock import Clock
from pressroom.desk.backup_claim import Claim
from pressroom.desk.backup_shelf import Shelf, run_name
from pressroom.objects.port import LIST_LIMIT_MAX, Listed, NotModified, ObjectStore
from schemas import keys
from schemas.backup import PART_OBJECTS_MAX, BackupRun, CopiedObject

WORKERS = 8
_POINTED_TO: Final = ("versions/", "raw/", "static/")
_LEDGER: Final = "ledger/"
_LATER: Final = (*_POINTED_TO, _LEDGER)
LEFT_OUT: Final = ("probe/", keys.PREVIEWS, "restoring.json")
"""What means nothing to another newsroom, or to this one tomorrow."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a round of growing old took away."""

    runs: int = 0
    blobs: int = 0


class Backup:
    """One store and the shelf that its copies go to. Everything raises as both stores do, and `BadBackup`."""

    def __init__(self, store: ObjectStore, shelf: Shelf, clock: Clock, code_version: str) -> None:
        self._store = store
        self._shelf = shelf
        self._clock = clock
        self._code_version = code_version
        self._known: dict[str, CopiedObject] = {}
        self._claim: Claim | None = None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else copies to this shelf, or takes away from it, meanwhile. Raises `Refused` when somebody does."""
        claim = self._claim = Claim(self._shelf.store, self._clock, run_name(self._clock.now()))
        try:
            yield
        finally:
            self._claim = None
            claim.release()

    def run(self, *, dry_run: bool = False) -> BackupRun:
        """Copy what there is. A run that is cut off leaves parts that the next one goes on from."""
        began_at = self._clock.now()
        done = self._shelf.runs()
        self._remember(done)
        name, parts = run_name(began_at), list[str]()
        objects = size_bytes = copied = copied_bytes = 0
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="backup") as pool:
            for chunk in _chunks(self._every(), PART_OBJECTS_MAX):
                work = pool.map(self._would_copy if dry_run else self._copy, chunk)
                made = [one for one in work if one is not None]
                fresh = [one.size_bytes for one, is_new in made if is_new]
                copied, copied_bytes = copied + len(fresh), copied_bytes + sum(fresh)
                objects, size_bytes = objects + len(made), size_bytes + sum(one.size_bytes for one, _ in made)
                if self._claim is not None:
                    self._claim.renew()
                if not dry_run:
                    parts.append(self._shelf.add_part(name, len(parts), tuple(one for one, _ in made)))
        run = BackupRun(
            run=name,
            store=self._store.name,
            began_at=began_at,
            ended_at=self._clock.now(),
            parts=tuple(parts),
            objects=objects,
            size_bytes=size_bytes,
            copied=copied,
            copied_bytes=copied_bytes,
            code_version=self._code_version,
        )
        if not dry_run:
            self._shelf.finish(run)
        return run

    def prune(self, days: float) -> Pruned:
        """Drop runs older than so many days, but never the newest, what runs that were cut off left behind, and the
        blobs that nothing needs any more. To be called after a run, and never beside one (`alone`).
        """
        done = self._shelf.runs()
        for left in self._shelf.leftovers(done).values():
            self._shelf.drop(left)
        oldest = self._clock.now() - timedelta(days=days)
        kept = [run for run in done if run.began_at >= oldest or run is done[-1]]
        old = [run for run in done if run not in kept]
        if not old:
            return Pruned()
        # Read first: a part that cannot be read must stop this before anything is deleted.
        needed = {one.sha256 for run in kept for one in self._shelf.objects(run)}
        for run in old:
            if self._claim is not None:
                self._claim.renew()
            self._shelf.drop_run(run)
        return Pruned(runs=len(old), blobs=self._shelf.sweep(needed, done[-1].began_at))

    def _remember(self, done: list[BackupRun]) -> None:
        """What is safe already: the objects of the newest complete run, and of those that were cut off since."""
        if done:
            self._known = {one.key: one for one in self._shelf.objects(done[-1])}
        for run, left in sorted(self._shelf.leftovers(done).items()):
            if not done or run > done[-1].run:
                objects = itertools.chain.from_iterable(map(self._shelf.read_leftover, left))
                self._known.update({one.key: one for one in objects})

    def _every(self) -> Iterator[Listed]:
        first = [one for one in _whole(self._store, "") if not one.key.startswith((*_LATER, *LEFT_OUT))]
        # A line of a day's summary must not name a failure that was not copied.
        first.sort(key=lambda one: not one.key.startswith(keys.FAILURE_SUMMARIES))
        yield from first
        for prefix in _LATER:
            yield from _whole(self._store, prefix)

    def _copy(self, listed: Listed) -> tuple[CopiedObject, bool] | None:
        """(the object, whether it had to be read); None when it is gone meanwhile."""
        known = self._still(listed)
        if known is not None:
            return known, False
        found = self._store.get(listed.key)
        assert not isinstance(found, NotModified)
        if found is None:
            return None
        digest = self._shelf.put(found.body)
        return CopiedObject(key=listed.key, sha256=digest, size_bytes=len(found.body), etag=found.etag), True

    def _would_copy(self, listed: Listed) -> tuple[CopiedObject, bool]:
        known = self._still(listed)
        if known is not None:
            return known, False
        return CopiedObject(key=listed.key, sha256="0" * 64, size_bytes=listed.size_bytes, etag=listed.etag), True

    def _still(self, listed: Listed) -> CopiedObject | None:
        """The object as it was copied before, if it has not changed: an ETag belongs to the content."""
        known = self._known.get(listed.key)
        return known if known is not None and known.etag == listed.etag else None


def chosen(runs: list[BackupRun], at: datetime | None) -> BackupRun | None:
    """The newest run, or the newest that began at `at` or before."""
    return next((run for run in reversed(runs) if at is None or run.began_at <= at), None)


def _whole(store: ObjectStore, prefix: str) -> Iterator[Listed]:
    """All objects of a prefix, in as many listings as it takes."""
    after = ""
    while True:
        last, count = after, 0
        for count, one in enumerate(store.list(prefix, after=after, limit=LIST_LIMIT_MAX), 1):  # noqa: B007
            last = one.key
            yield one
        if count < LIST_LIMIT_MAX:
            return
        after = last


def _chunks(listed: Iterable[Listed], size: int) -> Iterator[list[Listed]]:
    each = iter(listed)
    while chunk := list(itertools.islice(each, size)):
        yield chunk
