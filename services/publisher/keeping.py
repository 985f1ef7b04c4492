"""What is kept and for how long; of a feed's versions and raw answers never one that a pointer needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pressroom.objects.port import LIST_LIMIT_MAX, ObjectStore
from schemas import keys
from services.publisher.documents import Kept, surplus

TIDY_EVERY_TURNS = 8
"""A busy feed's shelf is tidied every so many turns: listing costs more than the few objects it finds."""

DELETES_MAX = 500
"""So many objects go at once; the rest goes the next time."""


@dataclass(frozen=True, slots=True)
class Ages:
    """For how many days things are kept. An open failure is kept for ever."""

    failures_days: float = 30.0
    archive_days: float = 365.0
    previews_days: float = 1.0
    audit_days: float = 365.0
    weather_days: float = 30.0


@dataclass(frozen=True, slots=True)
class Keeping:
    """Retention: of a feed's objects by the methods here, of all else by `ages`.

    `versions_days`: older versions go too, but never the newest few.
    """

    store: ObjectStore
    versions_max: int
    raw_max: int
    versions_days: float = 30.0
    ages: Ages = field(default_factory=Ages)

    def tidy(self, feed: str, turn: int, needed: set[str], now: datetime) -> None:
        """Once in a while, delete what is beyond the caps. `needed` are the versions that the head points to."""
        if turn % TIDY_EVERY_TURNS == 0:
            self.trim(feed, needed, now)

    def trim(self, feed: str, needed: set[str], now: datetime) -> tuple[int, int]:
        """Delete what is beyond the caps; how many versions and raw answers that were."""
        pointed_to = frozenset(keys.version(feed, version) for version in needed)
        versions = surplus(
            list(_stored(self.store, keys.versions(feed))),
            keep_max=self.versions_max,
            needed=pointed_to,
            oldest=self.oldest(now),
        )
        raws = surplus(list(_stored(self.store, keys.raws(feed))), keep_max=self.raw_max)
        for key in (*versions[:DELETES_MAX], *raws[:DELETES_MAX]):
            self.store.delete(key)
        return len(versions[:DELETES_MAX]), len(raws[:DELETES_MAX])

    def drop(self, feed: str) -> int:
        """Delete all that is stored of a feed, the pointer before what it points to; how many objects."""
        stored = [one.key for one in self.store.list(keys.versions(feed), limit=LIST_LIMIT_MAX)]
        stored += [one.key for one in self.store.list(keys.raws(feed), limit=LIST_LIMIT_MAX)]
        for key in (keys.head(feed), keys.reader_feed(feed), *stored):
            self.store.delete(key)
        return len(stored)

    def oldest(self, now: datetime) -> datetime:
        """Versions from before are too old."""
        return now - timedelta(days=self.versions_days)


def _stored(store: ObjectStore, prefix: str) -> Iterator[Kept]:
    return (Kept(one.key, one.modified) for one in store.list(prefix, limit=LIST_LIMIT_MAX))
