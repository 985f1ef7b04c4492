"""The part of a queue that a web node uses: notices, and whether they come at all."""

from __future__ import annotations

from datetime import UTC, datetime

from pressroom.queues.port import Depth, OnNotice, Parcel
from schemas.codec import encode, type_of
from schemas.envelope import Envelope, new_id
from schemas.messages import Changed


class Notices:
    """A `Queue` for listeners; `publish` keeps what was wished for."""

    def __init__(self) -> None:
        self.trouble: str | None = None
        self.closed = False
        self.published: list[Parcel] = []
        self._listeners: list[OnNotice] = []

    def listen(self, on_notice: OnNotice) -> Notices:
        self._listeners.append(on_notice)
        return self

    def publish(self, parcels: list[Parcel]) -> None:
        self.published.extend(parcels)

    def depth(self, topic: str) -> Depth:
        return Depth(ready=0, in_flight=0, delayed=0)

    def broadcast(self, body: bytes | None) -> None:
        for listener in self._listeners:
            listener(body)

    def changed(self, key: str, etag: str) -> None:
        self.broadcast(notice(key, etag))

    def missed_some(self) -> None:
        self.broadcast(None)

    def close(self, timeout_s: float = 0) -> None:
        self.closed = True


def notice(key: str, etag: str) -> bytes:
    now = datetime.now(UTC)
    name, version = type_of(Changed)
    changed = Changed(key=key, etag=etag, at=now)
    return encode(
        Envelope[Changed](id=new_id(now), type=name, version=version, occurred_at=now, key=key, payload=changed)
    )
