"""Pages made for some readers only: bounded, each made once however many ask for it at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from operator import attrgetter

from cachetools import LRUCache, cachedmethod

from pressroom.metrics.per_thread import PerThread
from services.web.pages import Page


class Kept:
    """The least recently used page goes first when `bytes_max` is reached. A key names all that its page depends on."""

    def __init__(self, bytes_max: int, counts: PerThread | None = None) -> None:
        self._counts = counts or PerThread()
        self._cache: LRUCache[Hashable, Page] = LRUCache(bytes_max, getsizeof=lambda page: page.size_bytes)
        self._condition = threading.Condition()

    def page(self, key: Hashable, make: Callable[[], Page]) -> Page:
        made = False

        def counted() -> Page:
            nonlocal made
            made = True
            return make()

        page = self._page(key, counted)
        self._counts.add("made" if made else "hit")
        return page

    # `condition`, not `lock`: a lock would be released while a page is being made, and a herd would make it each.
    @cachedmethod(attrgetter("_cache"), key=lambda self, key, make: key, condition=attrgetter("_condition"))
    def _page(self, key: Hashable, make: Callable[[], Page]) -> Page:
        return make()
