"""A copy looked at, and put back: into an empty store only, every object checked against its hash before it is written.

What is pointed to is written before what points to it, so that a restore that is cut off leaves nothing that leads
nowhere; asked again for the same run it goes on.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from pressroom.desk.backup_shelf import BadBackup, Shelf
from pressroom.desk.office import Refused
from pressroom.objects.port import AlreadyThere, Conflict, NotModified, ObjectStore
from schemas.backup import BackupRun, CopiedObject

WORKERS = 8
SHOWN_MAX = 20
_MARK: Final = "restoring.json"
_FIRST: Final = ("versions/", "raw/", "static/")
_IMMUTABLE: Final = "public, max-age=31536000, immutable"

Amend = Callable[[str, bytes], bytes]
"""Key and bytes as they were → bytes as they are to be in the restored store."""


@dataclass(slots=True)
class Looked:
    """What checking a run found. `faults` has a line for each object that cannot be restored, at most `SHOWN_MAX`."""

    run: BackupRun
    objects: int = 0
    size_bytes: int = 0
    bad: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return self.bad == 0 and self.objects == self.run.objects


def check(shelf: Shelf, run: BackupRun) -> Looked:
    """Read every blob of a run and compare its hash. Raises as the shelf's store does, and `BadBackup`."""
    looked = Looked(run)
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="check") as pool:
        for one, fault in pool.map(lambda one: (one, _fault(shelf, one)), shelf.objects(run)):
            looked.objects += 1
            looked.size_bytes += one.size_bytes
            if fault is not None:
                looked.bad += 1
                looked.faults = [*looked.faults, fault][:SHOWN_MAX]
    return looked


def restore(shelf: Shelf, run: BackupRun, store: ObjectStore, amend: Amend) -> int:
    """Put a run's objects into an empty store; how many. Raises `Refused`, `BadBackup`, and as both stores do."""
    _claim(store, run)
    objects = list(shelf.objects(run))
    pointed_to = [one for one in objects if one.key.startswith(_FIRST)]
    others = [one for one in objects if not one.key.startswith(_FIRST)]
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="restore") as pool:
        for group in (pointed_to, others):
            _all(pool.map(lambda one: _put(shelf, one, store, amend), group))
    store.delete(_MARK)
    return len(objects)


def _claim(store: ObjectStore, run: BackupRun) -> None:
    """Mark an empty store as being restored to, or find the mark of this very run."""
    mark = run.run.encode()
    found = store.get(_MARK)
    assert not isinstance(found, NotModified)
    if found is not None and found.body != mark:
        raise Refused(
            f"{store.name} is half restored from run {found.body.decode()[:40]}; finish that, or empty it and ask again"
        )
    if found is None:
        there = next((one.key for one in store.list("", limit=100) if not one.key.startswith("probe/")), None)
        if there is not None:
            raise Refused(
                f"{store.name} is not empty ({there} is there). A restore never writes over a newsroom: name an empty "
                "bucket or folder in PRESSROOM_OBJECTS_URL, restore into that, look at the page, and change over"
            )
        with suppress(AlreadyThere):
            store.create(_MARK, mark)


def _put(shelf: Shelf, one: CopiedObject, store: ObjectStore, amend: Amend) -> None:
    body = shelf.find(one.sha256)
    if body is None:
        raise BadBackup(
            f"{one.key}: its blob {one.sha256} is gone or broken; `--check` tells all, `--at` takes another"
        )
    kind = mimetypes.guess_type(one.key.removesuffix(".gz"))[0] if one.key.startswith("static/") else None
    kind = kind or ("application/gzip" if one.key.endswith(".gz") else "application/json")
    caching = _IMMUTABLE if one.key.startswith("static/") else None
    try:
        store.create(one.key, amend(one.key, body), content_type=kind, cache_control=caching)
    except AlreadyThere:
        pass  # of this restore's first half
    except Conflict as conflict:
        raise Refused(f"{conflict}: somebody else writes into {store.name}; stop the services that use it") from None


def _fault(shelf: Shelf, one: CopiedObject) -> str | None:
    body = shelf.find(one.sha256)
    if body is None or len(body) != one.size_bytes:
        return _broken(one)
    return None


def _broken(one: CopiedObject) -> str:
    return f"{one.key}: its blob {one.sha256} is gone or broken"


def _all(results: Iterable[None]) -> None:
    """Wait for each, and raise what went wrong."""
    for _ in results:
        pass
