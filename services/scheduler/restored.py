"""What a ledger must forget when it comes back from a backup. Pure."""

from __future__ import annotations

import re
from datetime import datetime

from schemas.records import Validators
from services.scheduler.memory import FeedMemory, Shard
from services.scheduler.shards import line, read_shard, shard_body

_SHARD = re.compile(r"ledger/[0-9]+\.json")


def restored(key: str, body: bytes, now: datetime) -> bytes:
    """An object as it is to be in a restored store; only the ledger's shards change. Raises `BadLedger`."""
    if not _SHARD.fullmatch(key):
        return body
    shard: Shard = read_shard(key, body)
    return shard_body(map(line, shard.hosts), (line(_forgetful(one, now)) for one in shard.feeds))


def _forgetful(memory: FeedMemory, now: datetime) -> FeedMemory:
    """The ledger was copied later than the heads: what it believes to be stored need not be, and must not hide behind
    304s. Its turns go on above all that the lost newsroom may still have in its queues.
    """
    update = {
        "turn": max(memory.turn, int(now.timestamp())),
        "validators": Validators(),
        "content_hash": None,
        "digest": None,
    }
    return memory.model_copy(update=update)
