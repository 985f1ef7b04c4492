"""Which partition a key belongs to, and which worker a partition belongs to. Pure and the same on every machine.

A key's partition is a hash of the key. A partition's worker is the one with the highest score for it
(rendezvous hashing): scores are handed to RabbitMQ as consumer priorities, and its single active consumer
does the rest, so workers come and go without talking to each other and only the partitions concerned move.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_PRIORITIES = 1 << 31
"""x-priority is a signed integer; 31 bits of score make ties a matter of theory."""
_NAME = re.compile(r"(?P<topic>.+)\.(?P<index>\d+)-of-(?P<count>\d+)")


@dataclass(frozen=True, slots=True)
class Partition:
    """Partition `index` (from 0) of the `count` that a topic is spread over."""

    topic: str
    index: int
    count: int

    @property
    def queue(self) -> str:
        """The count is in the name, so that sets of different counts never share a queue."""
        return f"{self.topic}.{self.index}-of-{self.count}"


def partition_of(topic: str, key: str, count: int) -> Partition:
    return Partition(topic, _hash(key) % count, count)


def partitions(topic: str, count: int) -> tuple[Partition, ...]:
    return tuple(Partition(topic, index, count) for index in range(count))


def read_name(queue: str) -> Partition | None:
    """The partition that a queue's name stands for; None for any other queue."""
    found = _NAME.fullmatch(queue)
    return Partition(found["topic"], int(found["index"]), int(found["count"])) if found else None


def priority(worker: str, queue: str) -> int:
    """A worker's claim to a queue: a stable, evenly spread integer from 0 to 2^31 - 1."""
    return _hash(f"{worker}\n{queue}") % _PRIORITIES


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
