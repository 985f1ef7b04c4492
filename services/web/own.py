"""Feeds that readers bring: the copies this node keeps for them, and wishing for them through the queue.

The node never asks a feed's site. What a reader's cookie names is wished for; the scheduler decides, the fetcher asks,
and what comes of it lies in the store like every other feed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from cachetools import TTLCache

from pressroom.clock import Clock
from schemas import keys
from schemas.documents import FeedStatus, Head, ReaderFeed, ReadersIndex
from services.web.asking import Asking
from services.web.copies import Copies
from services.web.limits import CLASSES_MAX, address_class

FEEDS_MAX: Final = 1000
"""Feeds whose copies are kept for readers; the one looked at least recently goes first."""

KEPT_S: Final = 86_400.0
"""A feed that nobody looked at for so long is not kept any longer; whoever looks again wishes for it again."""

WINDOW_S: Final = 3600.0

AWAITED: Final = "asked for, not there yet"
NO_ROOM: Final = "this newsroom has no room for more feeds that readers bring"
TOO_MANY: Final = "not asked for yet: many feeds were wished for from your network in this hour"


@dataclass(frozen=True, slots=True)
class Own:
    """A reader's feed as this node has it. `note` says why there is nothing, where nobody else can say it."""

    row: FeedStatus
    head: Head | None
    note: str = ""

    @property
    def seen(self) -> str:
        """Changes whenever the reader would see something else."""
        fetched = self.head.fetch.at if self.head is not None else None
        return f"{self.row.feed} {fetched} {self.row.checked_at} {self.row.failures} {self.row.stopped} {self.note}"


class OwnFeeds:
    """`on_new` hears the keys of copies that readers have begun to look at."""

    def __init__(
        self, copies: Copies, asking: Asking, clock: Clock, wishes_hour: int, on_new: Callable[[str], None]
    ) -> None:
        self._copies = copies
        self._asking = asking
        self._clock = clock
        self._wishes_hour = wishes_hour
        self._on_new = on_new
        self._lock = threading.Lock()
        self._looked_s: dict[str, float] = {}
        self._wished: TTLCache[str, set[str]] = TTLCache(CLASSES_MAX, WINDOW_S, timer=clock.monotonic)

    def keys(self) -> list[str]:
        """The copies to keep for readers."""
        since_s = self._clock.monotonic() - KEPT_S
        with self._lock:
            self._looked_s = {feed: at for feed, at in self._looked_s.items() if at > since_s}
            kept = list(self._looked_s)
        return [keys.READERS_INDEX, *(key for feed in kept for key in _keys_of(feed))] if kept else []

    def shown(self, urls: Iterable[str], address: str | None, *, ask: bool) -> tuple[Own, ...]:
        """What there is of a reader's feeds. `ask`: and see to it that there is more soon (never for bots).

        `address`: who asks, for the limit of wishes; None: this machine, which has none.
        """
        return tuple(self._one(keys.feed_id(url), url, address, ask=ask) for url in urls)

    def _one(self, feed: str, url: str, address: str | None, *, ask: bool) -> Own:
        held = self._copies.value(keys.reader_feed(feed), ReaderFeed)
        allowed = ask and self._may_wish(feed, address)
        if allowed:
            self._look_at(feed)
            self._asking.feed(url)
        head = self._copies.value(keys.head(feed), Head) if self._is_kept(feed) else None
        if held is not None and self._is_kept(feed):
            waits = head is None and held.status.checked_at is None
            return Own(held.status, head, AWAITED if waits else "")
        return Own(FeedStatus(feed=feed, url=url), head, self._note() if allowed else TOO_MANY if ask else "")

    def _note(self) -> str:
        index = self._copies.value(keys.READERS_INDEX, ReadersIndex)
        return NO_ROOM if index is not None and index.full else AWAITED

    def _may_wish(self, feed: str, address: str | None) -> bool:
        """Counts different feeds by address class, so that a page which is opened often counts once."""
        if address is None:
            return True
        with self._lock:
            wished = self._wished.setdefault(address_class(address), set())
            if feed not in wished and len(wished) >= self._wishes_hour:
                return False
            wished.add(feed)
            return True

    def _is_kept(self, feed: str) -> bool:
        with self._lock:
            return feed in self._looked_s

    def _look_at(self, feed: str) -> None:
        with self._lock:
            is_new = feed not in self._looked_s
            self._looked_s.pop(feed, None)
            self._looked_s[feed] = self._clock.monotonic()
            if len(self._looked_s) > FEEDS_MAX:
                del self._looked_s[next(iter(self._looked_s))]
        if is_new:
            for key in (keys.READERS_INDEX, *_keys_of(feed)):
                self._on_new(key)


def _keys_of(feed: str) -> tuple[str, str]:
    return keys.reader_feed(feed), keys.head(feed)
