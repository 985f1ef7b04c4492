"""Notices: "this object has new content", from the publisher to every web node."""

from __future__ import annotations

from pressroom.clock import Clock
from pressroom.queues.port import Queue
from schemas.codec import encode, type_of
from schemas.envelope import Envelope, new_id
from schemas.messages import Changed


class Notices:
    """Says what changed. A lost notice costs freshness, never correctness: nodes check their copies by themselves."""

    def __init__(self, queue: Queue, clock: Clock) -> None:
        self._queue = queue
        self._clock = clock

    def changed(self, key: str, etag: str, *, turn: int = 0, trace: str = "") -> None:
        """Raises `BackendUnavailable`: the message that caused the notice is then handled again."""
        now = self._clock.now()
        name, version = type_of(Changed)
        envelope = Envelope[Changed](
            id=new_id(now),
            type=name,
            version=version,
            occurred_at=now,
            trace=trace,
            key=key,
            payload=Changed(key=key, etag=etag, turn=turn, at=now),
        )
        self._queue.broadcast(encode(envelope))
