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
TOGETHER_S = 0.5
"""Changes that come within this are taken in together; nobody searches for what is that new."""

TOGETHER_MAX = 50
"""So many heads go into one transaction, so that other workers of the node can write between."""


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
        while not self._stopping.is_set() and (marked := self._next()):
            heads = [head for key in marked if (head := self._copies.value(key, Head)) is not None]
            try:
                self._index.take(heads, self._clock.now())
            except sqlite3.Error as error:
                log.warning("search does not know the newest of %s: %s", ", ".join(marked), error)

    def _next(self) -> list[str]:
        with self._lock:
            keys = list(self._marked)[:TOGETHER_MAX]
            for key in keys:
                del self._marked[key]
            return keys

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._clock.wait(self._wake, IDLE_S)
            if self._wake.is_set():
                self._clock.wait(self._stopping, TOGETHER_S)
            self._wake.clear()
            self.index_due()
