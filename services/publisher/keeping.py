"""What is kept and for how long: versions and raw answers of a feed, never one that a pointer needs."""

from __future__ import annotations

from dataclasses import dataclass

from pressroom.objects.port import ObjectStore
from schemas import keys
from services.publisher.documents import Kept, surplus

TIDY_EVERY_TURNS = 8
"""A feed's shelf is tidied every so many turns: listing costs more than the few objects it finds."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Retention, carried out by the publisher."""

    store: ObjectStore
    versions_max: int
    raw_max: int

    def tidy(self, feed: str, turn: int, current: str, latest: str) -> None:
        """Delete what is beyond the caps. `current` and `latest` are digests that the head points to."""
        if turn % TIDY_EVERY_TURNS:
            return
        needed = frozenset({keys.version(feed, current), keys.version(feed, latest)})
        self._trim(keys.versions(feed), self.versions_max, needed)
        self._trim(keys.raws(feed), self.raw_max, frozenset())

    def _trim(self, prefix: str, keep_max: int, needed: frozenset[str]) -> None:
        stored = [Kept(one.key, one.modified) for one in self.store.list(prefix, limit=1000)]
        for key in surplus(stored, keep_max=keep_max, needed=needed):
            self.store.delete(key)
