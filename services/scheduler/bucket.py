"""How much lies in the store: counted a page at a time, every six hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from pressroom.metrics.read_off import PLAIN, Reading
from pressroom.objects.port import ObjectStore
from schemas.status import BucketStatus, PrefixSize, StoreSize

EVERY: Final = timedelta(hours=6)
PAGE: Final = 1000
PAGES_MAX: Final = 1000
"""A million objects; what lies behind them is not counted, and the status says so."""
GROWTH_BYTES_MIN: Final = 1 << 30
DAY: Final = timedelta(days=1)
HISTORY_MAX: Final = 33

READ: Final = ("pressroom_bucket_objects", "pressroom_bucket_bytes", "pressroom_bucket_growth_ratio")


class BucketCount:
    """One count after the other. Used by one thread; `status` may be read by others."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self.status: BucketStatus | None = None
        self._after = ""
        self._pages = 0
        self._sizes: dict[str, tuple[int, int]] = {}

    def resume(self, status: BucketStatus | None) -> None:
        """Go on from what an earlier leader has counted."""
        self.status = status
        self._begin()

    def step(self, now: datetime) -> BucketStatus | None:
        """Look at one page when a count is due; the result when it was the last. Raises what the store raises."""
        if self.status is not None and now - self.status.at < EVERY and not self._pages:
            return None
        listed = list(islice(self._store.list("", after=self._after, limit=PAGE), PAGE))
        for one in listed:
            prefix = one.key.partition("/")[0][:100]
            objects, size = self._sizes.get(prefix, (0, 0))
            self._sizes[prefix] = objects + 1, size + one.size_bytes
        self._pages += 1
        if len(listed) == PAGE and self._pages < PAGES_MAX:
            self._after = listed[-1].key
            return None
        self.status = self._result(now, complete=len(listed) < PAGE)
        self._begin()
        return self.status

    def _begin(self) -> None:
        self._after, self._pages, self._sizes = "", 0, {}

    def _result(self, now: datetime, *, complete: bool) -> BucketStatus:
        rows = sorted(self._sizes.items(), key=lambda row: -row[1][1])[:50]
        sizes = tuple(PrefixSize(prefix=name, objects=objects, bytes=size) for name, (objects, size) in rows)
        history = self.status.history if self.status is not None else ()
        size = StoreSize(at=now, bytes=sum(one.bytes for one in sizes))
        return BucketStatus(at=now, prefixes=sizes, complete=complete, history=(*history, size)[-HISTORY_MAX:])

    def reading(self) -> Reading:
        status = self.status
        if status is None:
            return {}
        return {
            "pressroom_bucket_objects": {(one.prefix,): float(one.objects) for one in status.prefixes},
            "pressroom_bucket_bytes": {(one.prefix,): float(one.bytes) for one in status.prefixes},
            "pressroom_bucket_growth_ratio": {PLAIN: growth(status)},
        }


def growth(status: BucketStatus) -> float:
    """How much was added within a day, as a share of what was there before; 0 below 1 GiB."""
    if not status.history:
        return 0.0
    last = status.history[-1]
    before = [one for one in status.history if last.at - one.at >= DAY]
    if not before or not before[-1].bytes or last.bytes < GROWTH_BYTES_MIN:
        return 0.0
    days = (last.at - before[-1].at) / DAY
    return max(0.0, (last.bytes - before[-1].bytes) / before[-1].bytes / days)
