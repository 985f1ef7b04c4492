"""A node's own copies of what lies in the store: in memory, and behind that on disk."""

from __future__ import annotations

import enum
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cachetools import LRUCache, TTLCache

from pressroom.clock import Clock
from pressroom.metrics.per_thread import PerThread
from pressroom.objects.port import NotModified, ObjectStore, Stored, StoreError
from schemas.base import Model
from services.web.kinds import Broken, read, slim
from services.web.shelf import Shelf, Shelved
from services.web.waiters import Waiters

log = logging.getLogger(__name__)
M = TypeVar("M", bound=Model)

KEYS_MAX = 10_000
LOOKED_S = 60.0
WAITERS_MAX = 10_000
DEMAND_WAIT_S = 5.0
"""How long a reader's request waits for a copy that somebody else is already asking for."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One object as this node has it. `fetched_at`: when this content came here; `replaces` an older one of ours."""

    key: str
    etag: str
    value: Model
    body_bytes: int
    fetched_at: datetime
    replaces: bool = False


class Found(enum.Enum):
    """What asking the store about a key brought."""

    CHANGED = "changed"
    SAME = "same"
    ABSENT = "absent"
    BROKEN = "broken"


class Copies:
    """Memory over disk over store. Old content stays until new content is known to be good.

    Every access to the caches holds the lock (cachetools' classes are not thread-safe), no I/O ever does. However
    many ask for one key at once, one request for it is under way.
    """

    def __init__(
        self,
        store: ObjectStore,
        shelf: Shelf,
        clock: Clock,
        *,
        bytes_max: int,
        on_change: Callable[[Copy], None],
        counts: PerThread | None = None,
        waiters: Waiters | None = None,
    ) -> None:
        self._waiters = waiters or Waiters(WAITERS_MAX)
        self._counts = counts or PerThread()
        self._store = store
        self._shelf = shelf
        self._clock = clock
        self._on_change = on_change
        self._lock = threading.Lock()
        self._memory: LRUCache[str, Copy] = LRUCache(bytes_max, getsizeof=lambda copy: copy.body_bytes)
        self._looked: TTLCache[str, bool] = TTLCache(KEYS_MAX, LOOKED_S, timer=clock.monotonic)
        self._rejected: LRUCache[str, str] = LRUCache(KEYS_MAX)
        self._flights: dict[str, Future[Found]] = {}

    def get(self, key: str) -> Copy | None:
        """The copy this node has, however old; never asks the store."""
        with self._lock:
            copy = self._memory.get(key)
        return copy or self._from_shelf(key)

    def value(self, key: str, model: type[M]) -> M | None:
        copy = self.get(key)
        return copy.value if copy is not None and isinstance(copy.value, model) else None

    def whole(self, key: str) -> Model | None:
        """The document with its long texts, read from disk; None when there is no copy of it."""
        shelved = self._shelf.get(key)
        return None if shelved is None else read(key, shelved.body)

    def demand(self, key: str) -> Copy | None:
        """For what a node keeps only when readers ask (an archive's day): the copy, checked with the store unless that
        was done within a minute; None when the store has no such object. Readers who ask meanwhile wait for the one
        request. While the store is down, or too many wait for it, the old copy is the answer; without any, raises as
        `ObjectStore.get`, or `TimeoutError`.
        """
        with self._lock:
            looked = key in self._looked
        if not looked:
            try:
                with self._waiters.one():
                    self._ride(key)
            except (StoreError, TimeoutError):
                copy = self.get(key)
                if copy is None:
                    raise
                return copy
        return self.get(key)

    def _ride(self, key: str) -> None:
        """With the request that is under way, else with one of our own."""
        with self._lock:
            flight, mine = self._board(key)
        if mine:
            self._fly(key, flight)
        else:
            flight.result(DEMAND_WAIT_S)

    def refresh(self, key: str) -> Found:
        """Ask the store whether the copy is current and take over what is new. Raises as `ObjectStore.get`."""
        while True:
            with self._lock:
                flight, mine = self._board(key)
            if mine:
                return self._fly(key, flight)
            # A request that began before this one may have missed what this one is about.
            flight.exception(DEMAND_WAIT_S)

    def etag(self, key: str) -> str | None:
        """The ETag last seen for a key, of a broken object too: it need not be fetched again to be refused again."""
        with self._lock:
            rejected = self._rejected.get(key)
        if rejected is not None:
            return rejected
        copy = self.get(key)
        return None if copy is None else copy.etag

    def _board(self, key: str) -> tuple[Future[Found], bool]:
        flight = self._flights.get(key)
        if flight is not None:
            return flight, False
        self._flights[key] = Future()
        return self._flights[key], True

    def _fly(self, key: str, flight: Future[Found]) -> Found:
        try:
            found = self._ask(key)
        except BaseException as error:
            self._counts.add("failed")
            self._land(key)
            flight.set_exception(error)
            raise
        self._counts.add(found.value)
        self._land(key)
        flight.set_result(found)
        return found

    def _land(self, key: str) -> None:
        with self._lock:
            del self._flights[key]

    def _ask(self, key: str) -> Found:
        with self._lock:
            unseen = key not in self._memory
        answer = self._store.get(key, if_none_match=self.etag(key))
        if answer is None:
            found = Found.ABSENT
        elif isinstance(answer, NotModified):
            found = self._adopt(key) if unseen else Found.SAME
        else:
            found = self._take(key, answer)
        with self._lock:
            self._looked[key] = True
        return found

    def _adopt(self, key: str) -> Found:
        """Another worker of this node fetched it and laid it on the disk: news to this one all the same."""
        copy = self.get(key)
        if copy is None:
            return Found.SAME
        self._on_change(copy)
        return Found.CHANGED

    def _take(self, key: str, stored: Stored) -> Found:
        known = self.etag(key)
        if known == stored.etag:
            return Found.SAME
        try:
            value = slim(read(key, stored.body))
        except Broken as error:
            log.error("broken object, the old copy stays: %s", error)  # noqa: TRY400 - the text says it all
            with self._lock:
                self._rejected[key] = stored.etag
            return Found.BROKEN
        copy = Copy(key, stored.etag, value, len(stored.body), self._clock.now(), replaces=known is not None)
        self._shelf.put(Shelved(key, stored.etag, copy.fetched_at, stored.body))
        self._remember(copy)
        self._on_change(copy)
        return Found.CHANGED

    def _from_shelf(self, key: str) -> Copy | None:
        shelved = self._shelf.get(key)
        if shelved is None:
            return None
        try:
            copy = Copy(key, shelved.etag, slim(read(key, shelved.body)), len(shelved.body), shelved.fetched_at)
        except Broken as error:
            log.warning("copy on disk is not used: %s", error)
            return None
        self._remember(copy, unless_known=True)
        return copy

    def _remember(self, copy: Copy, *, unless_known: bool = False) -> None:
        with self._lock:
            if unless_known and copy.key in self._memory:
                return
            self._rejected.pop(copy.key, None)
            if copy.body_bytes <= self._memory.maxsize:
                self._memory[copy.key] = copy
