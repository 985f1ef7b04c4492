"""The thread that takes changed feeds into the search index: later than the pages, so that it delays none."""

from __future__ import annotations

import logging
import sqlite3
import threading

from pressroom.clock import Clock
from schemas.documents import Head
from services.web.copies import Copies
from services.web.search import Index

log = logging.getLogger(__name__)
IDLE_S = 60.0


class Indexer:
    """`mark` what changed; the thread (or `index_due`, in a test) does the rest."""

    def __init__(self, copies: Copies, index: Index, clock: Clock) -> None:
        self._copies = copies
        self._index = index
        self._clock = clock
        self._lock = threading.Lock()
        self._marked: dict[str, None] = {}
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="search-index", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def mark(self, key: str) -> None:
        """The copy of this head has changed."""
        with self._lock:
            self._marked[key] = None
        self._wake.set()

    def index_due(self) -> None:
        while not self._stopping.is_set() and (key := self._next()) is not None:
            head = self._copies.value(key, Head)
            if head is None:
                continue
            try:
                self._index.take(head, self._clock.now())
            except sqlite3.Error as error:
                log.warning("search does not know the newest of %s: %s", key, error)

    def _next(self) -> str | None:
        with self._lock:
            key = next(iter(self._marked), None)
            if key is not None:
                del self._marked[key]
            return key

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._clock.wait(self._wake, IDLE_S)
            self._wake.clear()
            self.index_due()
