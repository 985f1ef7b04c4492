"""Counting by compare-and-set, by many at once and by other processes: a lost update shows in the sum."""

from __future__ import annotations

import contextlib
from multiprocessing.synchronize import Barrier
from pathlib import Path

from pressroom.objects.directory import DirectoryStore
from pressroom.objects.port import Conflict, ObjectStore, Stored


def increment(store: ObjectStore, key: str, writer: str) -> None:
    """Add one to the number in `key`, as often as it takes."""
    for attempt in range(1000):
        found = store.get(key)
        assert isinstance(found, Stored)
        with_one_more = str(int(found.body) + 1).encode()
        with contextlib.suppress(Conflict):
            store.swap(key, with_one_more, etag=found.etag, write_id=f"{writer}-{attempt}")
            return
    raise AssertionError("never won")


def count_up(root: Path, writer: str, times: int, all_there: Barrier) -> None:
    """What a process does that counts along with others."""
    store = DirectoryStore(root)
    all_there.wait(60)
    for turn in range(times):
        increment(store, "counters/a.json", f"{writer}-{turn}")
