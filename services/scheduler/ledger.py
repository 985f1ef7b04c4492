"""The scheduler's memory as a whole: in this process while it leads, in the object store always.

Every save is a compare-and-set of the shards that changed. Whoever finds that somebody else has written is no longer
the leader: its memory is worth nothing and must be forgotten.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

from pydantic import ValidationError

from pressroom.objects.port import NotModified, ObjectStore
from schemas import keys
from schemas.base import Model
from schemas.codec import explain
from services.scheduler.memory import LEDGER_VERSION, FeedMemory, HostMemory, Shard
from services.scheduler.sites import host_of

SHARDS: Final = 8
"""Fixed: a feed is looked for where this number says."""


class BadLedger(ValueError):
    """A shard that cannot be read. It is never overwritten; the text says what to do."""


class _Version(Model):
    schema_version: int


@dataclass(slots=True)
class _Drawer:
    """One shard in memory: its ETag, and every line of it as it will be written."""

    etag: str | None = None
    feeds: dict[str, bytes] = field(default_factory=dict)
    hosts: dict[str, bytes] = field(default_factory=dict)

    def body(self) -> bytes:
        hosts, feeds = b",\n".join(self.hosts.values()), b",\n".join(self.feeds.values())
        head = b'{"schema_version":%d,\n"hosts":[' % LEDGER_VERSION
        return b"".join((head, hosts, b'],\n"feeds":[', feeds, b"]}\n"))


def shard_of(host: str) -> int:
    return hashlib.sha256(host.encode()).digest()[0] % SHARDS


class Ledger:
    """The memories of all feeds and hosts. Changes stay here until `save`."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._drawers = [_Drawer() for _ in range(SHARDS)]
        self._stale_feeds: set[str] = set()
        self._stale_hosts: set[str] = set()
        self._dirty: set[int] = set()
        self.feeds: dict[str, FeedMemory] = {}
        self.hosts: dict[str, HostMemory] = {}

    @classmethod
    def load(cls, store: ObjectStore) -> Ledger:
        """Read every shard. Raises `BadLedger`, and what the store raises."""
        ledger = cls(store)
        for number, drawer in enumerate(ledger._drawers):
            ledger._open(number, drawer)
        return ledger

    def _open(self, number: int, drawer: _Drawer) -> None:
        found = self._store.get(keys.ledger(number))
        if found is None or isinstance(found, NotModified):
            return
        shard = read_shard(keys.ledger(number), found.body)
        drawer.etag = found.etag
        for host in shard.hosts:
            self.hosts[host.host] = host
            drawer.hosts[host.host] = _line(host)
        for feed in shard.feeds:
            self.feeds[feed.feed] = feed
            drawer.feeds[feed.feed] = _line(feed)

    def keep(self, feed: FeedMemory, *, save: bool = True) -> None:
        """Remember a feed. `save` False: this need not be on disk before something is sent, the next save takes it."""
        self.feeds[feed.feed] = feed
        self._stale_feeds.add(feed.feed)
        if save:
            self._dirty.add(_shard_of_feed(feed))

    def keep_host(self, host: HostMemory) -> None:
        self.hosts[host.host] = host
        self._stale_hosts.add(host.host)
        self._dirty.add(shard_of(host.host))

    def drop(self, feed: FeedMemory) -> None:
        del self.feeds[feed.feed]
        self._stale_feeds.discard(feed.feed)
        number = _shard_of_feed(feed)
        self._drawers[number].feeds.pop(feed.feed, None)
        self._dirty.add(number)

    def drop_host(self, host: str) -> None:
        del self.hosts[host]
        self._stale_hosts.discard(host)
        number = shard_of(host)
        self._drawers[number].hosts.pop(host, None)
        self._dirty.add(number)

    def save(self, write_id: str) -> int:
        """Write the shards that changed; how many those were.

        Raises `Conflict` (no longer the leader) and what else the store raises. After any of them this ledger must be
        thrown away: some shards may have been written.
        """
        self._write_lines()
        numbers = sorted(self._dirty)
        for number in numbers:
            drawer = self._drawers[number]
            drawer.etag = self._store.swap(
                keys.ledger(number), drawer.body(), etag=drawer.etag, write_id=f"{write_id}-{number}"
            )
        self._dirty.clear()
        return len(numbers)

    def _write_lines(self) -> None:
        for name in self._stale_feeds:
            feed = self.feeds[name]
            self._drawers[_shard_of_feed(feed)].feeds[name] = _line(feed)
        for name in self._stale_hosts:
            self._drawers[shard_of(name)].hosts[name] = _line(self.hosts[name])
        self._stale_feeds.clear()
        self._stale_hosts.clear()


def _shard_of_feed(feed: FeedMemory) -> int:
    return shard_of(host_of(feed.url))


def _line(memory: Model) -> bytes:
    return memory.model_dump_json(exclude_defaults=True).encode()


def read_shard(key: str, body: bytes) -> Shard:
    """Read a shard. Raises `BadLedger`."""
    try:
        version = _Version.model_validate_json(body).schema_version
        if version > LEDGER_VERSION:
            raise BadLedger(
                f"{key} has version {version}, this code reads up to {LEDGER_VERSION}: finish the upgrade; "
                "it was not touched"
            )
        return Shard.model_validate_json(body)
    except ValidationError as error:
        raise BadLedger(
            f"{explain(error, key)}: restore the object, or delete it to have its feeds asked anew; it was not touched"
        ) from None
