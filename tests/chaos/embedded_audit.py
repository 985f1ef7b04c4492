"""What must be true of an embedded newsroom's store, whatever was done to its processes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pressroom.objects.port import NotModified, ObjectStore, Stored
from schemas import keys
from schemas.documents import Document, Head
from schemas.records import digest
from services.scheduler.memory import Shard

LOOK_EVERY_S = 0.05


class Watch:
    """Looks at all heads all the time. `steps_back`: what was seen to go back to an older turn."""

    def __init__(self, store: ObjectStore) -> None:
        self.steps_back: list[str] = []
        self._store = store
        self._seen: dict[str, tuple[str, tuple[int, int]]] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        over = threading.Event()

        def run() -> None:
            while not over.wait(LOOK_EVERY_S):
                self.look()

        thread = threading.Thread(target=run, name="watch")
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self.look()

    def look(self) -> None:
        for listed in self._store.list("feeds/", limit=5000):
            etag, before = self._seen.get(listed.key, ("", (-1, 0)))
            found = self._store.get(listed.key, if_none_match=etag or None)
            if not isinstance(found, Stored):
                continue
            head = json.loads(found.body)
            now = (head.get("turn", 0), head.get("revision", 0))
            if now < before:
                self.steps_back.append(f"{listed.key}: {before} → {now}")
            self._seen[listed.key] = (found.etag, now)


def read(store: ObjectStore, key: str) -> bytes | None:
    found = store.get(key)
    assert not isinstance(found, NotModified)
    return found.body if found else None


def head_of(store: ObjectStore, feed: str) -> Head | None:
    body = read(store, keys.head(feed))
    return Head.model_validate_json(body) if body else None


def torn_versions(store: ObjectStore) -> list[str]:
    """Versions whose content is not what their name says."""
    torn = []
    for listed in store.list("versions/", limit=10_000):
        document = Document.model_validate_json(read(store, listed.key) or b"")
        if not listed.key.endswith(f"/{digest(document.source, document.entries)[:32]}.json"):
            torn.append(listed.key)
    return torn


def heads_without_version(store: ObjectStore) -> list[str]:
    """Feeds whose current document is not among their versions."""
    heads = [Head.model_validate_json(read(store, listed.key) or b"") for listed in store.list("feeds/", limit=5000)]
    return [head.feed for head in heads if read(store, keys.version(head.feed, head.version)) is None]


def ledger(store: ObjectStore) -> dict[str, Any]:
    """Feed → what the scheduler remembers of it."""
    shards = [Shard.model_validate_json(read(store, one.key) or b"") for one in store.list("ledger/", limit=100)]
    return {memory.feed: memory for shard in shards for memory in shard.feeds}


def false_validators(store: ObjectStore) -> list[str]:
    """Feeds of which the scheduler believes stored what is not: their next answer would be 304 for ever."""
    believed = {feed: memory.digest for feed, memory in ledger(store).items() if memory.digest}
    return [
        feed
        for feed, claimed in believed.items()
        if (head := head_of(store, feed)) is None or head.fetch.digest != claimed
    ]
