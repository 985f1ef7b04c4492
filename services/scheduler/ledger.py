"""The scheduler's memory as a whole: in this process while it leads, in the object store always.

Every save is a compare-and-set of the shards that changed. Whoever finds that somebody else has written is no longer
the leader: its memory is worth nothing and must be thrown away.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from pressroom.objects.port import NotModified, ObjectStore, Stored
from schemas import keys
from services.scheduler.memory import FeedMemory, HostMemory, Shard
from services.scheduler.shards import (
    SHARDS_MAX,
    homes,
    line,
    read_shard,
    shard_body,
    shard_of_feed,
    shard_of_host,
    shards_for,
)

_PREFIX: Final = "ledger/"


@dataclass(slots=True)
class _Drawer:
    """One shard in memory: its ETag, and every line of it as it will be written."""

    etag: str | None = None
    feeds: dict[str, bytes] = field(default_factory=dict)
    hosts: dict[str, bytes] = field(default_factory=dict)


class Ledger:
    """The memories of all feeds and hosts. Changes stay here until `save`; after it has failed, throw this away.

    A host and the feeds that sites name on it lie in one shard. How many shards there are is decided anew by every
    leader, from the number of feeds.
    """

    def __init__(self, store: ObjectStore, shards: int) -> None:
        self._store = store
        self._shards = shards
        self._drawers: dict[int, _Drawer] = defaultdict(_Drawer)
        self._stale_feeds: set[str] = set()
        self._stale_hosts: set[str] = set()
        self._dirty: set[int] = set()
        self.feeds: dict[str, FeedMemory] = {}
        self.hosts: dict[str, HostMemory] = {}

    @classmethod
    def load(cls, store: ObjectStore, feeds_expected: int, write_id: str) -> Ledger:
        """Read every shard that there is. Raises `BadLedger`, and what `save` raises."""
        found = _read_all(store)
        remembered = sum(len(shard.feeds) for _, shard in found.values())
        ledger = cls(store, shards_for(max(feeds_expected, remembered)))
        for number, (etag, shard) in found.items():
            ledger._drawers[number].etag = etag
            for host in shard.hosts:
                ledger.keep_host(host)
            for feed in shard.feeds:
                ledger.keep(feed)
        ledger._file()
        ledger._move(found, write_id)
        return ledger

    def keep(self, feed: FeedMemory, *, save: bool = True) -> None:
        """Remember a feed. `save` False: not worth a write of its own, the shard's next one takes it along."""
        self.feeds[feed.feed] = feed
        self._stale_feeds.add(feed.feed)
        if save:
            self._dirty.add(shard_of_feed(feed, self._shards))

    def keep_host(self, host: HostMemory) -> None:
        self.hosts[host.host] = host
        self._stale_hosts.add(host.host)
        self._dirty.add(shard_of_host(host.host, self._shards))

    def drop(self, feed: FeedMemory) -> None:
        del self.feeds[feed.feed]
        self._stale_feeds.discard(feed.feed)
        number = shard_of_feed(feed, self._shards)
        self._drawers[number].feeds.pop(feed.feed, None)
        self._dirty.add(number)

    def drop_host(self, host: str) -> None:
        del self.hosts[host]
        self._stale_hosts.discard(host)
        number = shard_of_host(host, self._shards)
        self._drawers[number].hosts.pop(host, None)
        self._dirty.add(number)

    def save(self, write_id: str) -> int:
        """Write the shards that changed; how many those were.

        Raises `Conflict` (no longer the leader) and what else the store raises: some shards may have been written.
        """
        self._file()
        numbers = sorted(self._dirty)
        for number in numbers:
            self._write(number, write_id)
        self._dirty.clear()
        return len(numbers)

    def is_current(self) -> bool:
        """Whether nobody has written since: one conditional get a shard."""
        return all(
            isinstance(self._store.get(keys.ledger(number), if_none_match=drawer.etag), NotModified)
            for number, drawer in self._drawers.items()
            if drawer.etag is not None
        )

    def _file(self) -> None:
        """Write the lines of what changed into the drawers."""
        for name in self._stale_feeds:
            feed = self.feeds[name]
            self._drawers[shard_of_feed(feed, self._shards)].feeds[name] = line(feed)
        for name in self._stale_hosts:
            self._drawers[shard_of_host(name, self._shards)].hosts[name] = line(self.hosts[name])
        self._stale_feeds.clear()
        self._stale_hosts.clear()

    def _write(self, number: int, write_id: str) -> None:
        drawer = self._drawers[number]
        body = shard_body(drawer.hosts.values(), drawer.feeds.values())
        drawer.etag = self._store.swap(keys.ledger(number), body, etag=drawer.etag, write_id=f"{write_id}-{number}")

    def _move(self, found: dict[int, tuple[str, Shard]], write_id: str) -> None:
        """When the number of shards has changed, write what moved, before anything else happens.

        Who gains is written before who loses: a crash in between leaves some twice, the same both times.
        """
        places = {number: homes(shard, self._shards) for number, (_, shard) in found.items()}
        gaining = {home for number, there in places.items() for home in there if home != number}
        losing = {number for number, there in places.items() if there - {number}}
        self._dirty.clear()
        for number in (*sorted(gaining), *sorted(losing - gaining)):
            self._write(number, write_id)


def _read_all(store: ObjectStore) -> dict[int, tuple[str, Shard]]:
    present = {listed.key for listed in store.list(_PREFIX, limit=2 * SHARDS_MAX)}
    found = {}
    for number in range(SHARDS_MAX):
        key = keys.ledger(number)
        stored = store.get(key) if key in present else None
        if isinstance(stored, Stored):
            found[number] = (stored.etag, read_shard(key, stored.body))
    return found
