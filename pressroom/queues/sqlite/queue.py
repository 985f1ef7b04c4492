"""The embedded engine: one file for all processes of one machine. Nothing to install, nothing to run.

A consumer in the same process is handed a message as soon as it is safe; one in another process within 50 ms. The
processes' messages come back within a second of their death, which the kernel tells (see `sqlite.process`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from pressroom.clock import Clock
from pressroom.queues.port import Depth, OnDelivery, OnNotice, Parcel, Settlement, Subscription, Unroutable
from pressroom.queues.sqlite.listener import SqliteListener
from pressroom.queues.sqlite.subscription import SqliteSubscription
from pressroom.queues.sqlite.writer import SqliteWriter
from pressroom.queues.topics import Topic, describe

POSTED_MAX = 64
"""Notices that nobody waits for, at most."""


class SqliteQueue:
    """`Queue` on a file. `clock`'s wall time decides what is due and what has expired: it must outlive a restart.

    Raises `sqlite.file.Unusable` when the file can't be a queue, `BackendUnavailable` when it can't be reached now.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._writer = SqliteWriter(path, clock)
        self._notices = itertools.count(1)

    def publish(self, parcels: Sequence[Parcel]) -> None:
        self._writer.call(lambda changes: changes.publish(parcels), must_last=True)

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """All or nothing: what raises has removed and published nothing."""
        self._writer.call(lambda changes: changes.settle(settlements), must_last=True)

    def subscribe(self, topic: str, on_delivery: OnDelivery, *, credit: int) -> Subscription:
        row = _row_of(topic)

        def make(holder: int) -> SqliteSubscription:
            return SqliteSubscription(
                self._writer,
                self._clock,
                topic,
                on_delivery,
                credit=credit,
                partitioned=row.partitioned,
                holder=holder,
            )

        return self._writer.subscribe(make)

    def broadcast(self, body: bytes) -> None:
        """Not waited for: what the caller settles next comes after it, mostly in the same transaction. Now and then it
        is, which holds back who broadcasts faster than can be written.
        """
        tell = self._writer.post if next(self._notices) % POSTED_MAX else self._writer.call
        tell(lambda changes: changes.notices.append(body))

    def listen(self, on_notice: OnNotice) -> Subscription:
        writer = self._writer
        return writer.listen(lambda last: SqliteListener(on_notice, last, lambda: writer.trouble, writer.unlisten))

    def depth(self, topic: str) -> Depth:
        """Expired messages are not counted. Raises `Unroutable`."""
        _row_of(topic)
        return self._writer.call(lambda changes: changes.tables.depth(topic))

    def close(self) -> None:
        self._writer.close()


def _row_of(topic: str) -> Topic:
    row = describe(topic)
    if row is None:
        raise Unroutable(f"there is no topic {topic!r}; see pressroom/queues/topics.py")
    return row
