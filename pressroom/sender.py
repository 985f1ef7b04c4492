"""From what a service wants to say to what the queue carries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pressroom.clock import Clock
from pressroom.outcomes import Emit
from pressroom.queues.port import Depth, Parcel, Queue
from schemas.codec import encode, type_of
from schemas.envelope import Envelope, Hop, new_id


def parcel_of(emit: Emit, now: datetime, *, trace: str, hops: tuple[Hop, ...]) -> Parcel:
    """Wrap an emit into its envelope. Raises `schemas.codec.TooLarge`."""
    name, version = type_of(type(emit.payload))
    message_id = emit.id or new_id(now)
    envelope = Envelope[Any](
        id=message_id,
        type=name,
        version=version,
        occurred_at=now,
        trace=emit.trace or trace or message_id,
        hops=hops if emit.hops is None else emit.hops,
        not_before=emit.not_before,
        not_after=emit.not_after,
        key=emit.key,
        payload=emit.payload,
    )
    return Parcel(emit.topic, emit.key, encode(envelope), emit.not_before, emit.expires_s)


class Sender:
    """Publishes for those who are not handling a message: timers, commands, web nodes."""

    def __init__(self, queue: Queue, clock: Clock, service: str) -> None:
        self._queue = queue
        self._clock = clock
        self._service = service

    def send(self, emits: Sequence[Emit], *, trace: str = "") -> None:
        """Blocks until all are safe. Raises `Full`, `Unroutable`, `BackendUnavailable`, `TooLarge`."""
        now = self._clock.now()
        hop = Hop(at=now, service=self._service, what="sent")
        self._queue.publish([parcel_of(emit, now, trace=trace, hops=(hop,)) for emit in emits])

    def depth(self, topic: str) -> Depth:
        """How many messages a topic holds. Raises `BackendUnavailable`, `Unroutable`."""
        return self._queue.depth(topic)
