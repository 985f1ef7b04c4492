"""How memories are laid out in objects: which shard a host belongs to, and a shard's bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from pydantic import ValidationError

from schemas.base import Model
from schemas.codec import explain
from services.scheduler.memory import LEDGER_VERSION, FeedMemory, HostMemory, Shard
from services.scheduler.sites import host_of

SHARDS_MAX: Final = 256
FEEDS_A_SHARD: Final = 1000
"""About 500 KB: large enough that a small newsroom saves one object, small enough that a large one never saves all."""


class BadLedger(ValueError):
    """A shard that cannot be read. It is never overwritten; the text says what to do."""


class _Version(Model):
    schema_version: int


def shards_for(feeds: int) -> int:
    """How many shards so many feeds get: a power of two, so that growing or shrinking moves feeds one way only."""
    shards = 1
    while shards < SHARDS_MAX and feeds > shards * FEEDS_A_SHARD:
        shards *= 2
    return shards


@lru_cache(maxsize=100_000)
def _spread(host: str) -> int:
    return hashlib.sha256(host.encode()).digest()[0]


def shard_of_host(host: str, shards: int) -> int:
    return _spread(host) % shards


def shard_of_feed(feed: FeedMemory, shards: int) -> int:
    """A feed lies with the host that its sites name, wherever it is fetched from by now."""
    return shard_of_host(host_of(feed.url), shards)


def homes(shard: Shard, shards: int) -> set[int]:
    """Where what lies in a shard belongs when there are so many."""
    hosts = {shard_of_host(one.host, shards) for one in shard.hosts}
    return hosts | {shard_of_feed(one, shards) for one in shard.feeds}


def line(memory: FeedMemory | HostMemory) -> bytes:
    return memory.model_dump_json(exclude_defaults=True).encode()


def shard_body(hosts: Iterable[bytes], feeds: Iterable[bytes]) -> bytes:
    head = b'{"schema_version":%d,\n"hosts":[' % LEDGER_VERSION
    return b"".join((head, b",\n".join(hosts), b'],\n"feeds":[', b",\n".join(feeds), b"]}\n"))


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
