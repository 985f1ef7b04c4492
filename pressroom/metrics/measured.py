"""Store and queue, measured: the same ports, with the time of each call and whether the other side answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry

from pressroom.metrics.read_off import PLAIN, Reading, ReadOff, counter, histogram
from pressroom.objects.port import Conflict, Listed, NotModified, ObjectStore, Stored, StoreMisconfigured, Unavailable
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Depth, Lost, OnDelivery, OnNotice, Parcel, Queue, Settlement, Subscription

_DOWN: Final = "pressroom_store_down_seconds"


class MeasuredStore:
    """An `ObjectStore` that counts its calls. A conflict or a missing object is an answer; an outage is none."""

    def __init__(
        self, store: ObjectStore, registry: CollectorRegistry, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._monotonic = monotonic
        self._seconds = histogram(registry, "pressroom_store_seconds")
        self._errors = counter(registry, "pressroom_store_errors_total")
        self._failing_since: float | None = None
        self.trouble = ""
        """Why the last call that failed did."""
        registry.register(ReadOff([_DOWN], self._read))

    @property
    def name(self) -> str:
        return self._store.name

    @property
    def down_s(self) -> float:
        """For how long no call has succeeded; 0 when the last one has."""
        since = self._failing_since
        return 0.0 if since is None else max(self._monotonic() - since, 0.001)

    def get(self, key: str, *, if_none_match: str | None = None) -> Stored | NotModified | None:
        with self._timed("get"):
            return self._store.get(key, if_none_match=if_none_match)

    def create(
        self, key: str, body: bytes, *, content_type: str = "application/json", cache_control: str | None = None
    ) -> str:
        with self._timed("create"):
            return self._store.create(key, body, content_type=content_type, cache_control=cache_control)

    def swap(self, key: str, body: bytes, *, etag: str | None, write_id: str) -> str:
        with self._timed("swap"):
            return self._store.swap(key, body, etag=etag, write_id=write_id)

    def delete(self, key: str) -> None:
        with self._timed("delete"):
            self._store.delete(key)

    def list(self, prefix: str, *, after: str = "", limit: int) -> Iterator[Listed]:
        # Its pages come while somebody looks at them, so its time is not the store's alone: only failures count.
        with self._watched():
            yield from self._store.list(prefix, after=after, limit=limit)

    @contextmanager
    def _timed(self, operation: str) -> Iterator[None]:
        began = self._monotonic()
        try:
            with self._watched():
                yield
        finally:
            self._seconds.labels(operation).observe(self._monotonic() - began)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except (Unavailable, StoreMisconfigured) as error:
            self._errors.labels(error.kind if isinstance(error, Unavailable) else "misconfigured").inc()
            self.trouble = str(error)
            if self._failing_since is None:
                self._failing_since = self._monotonic()
            raise
        except Conflict:
            self._failing_since = None
            raise
        self._failing_since = None

    def _read(self) -> Reading:
        return {_DOWN: {PLAIN: self.down_s}}


class MeasuredQueue:
    """A `Queue` that counts the calls that wait for the broker."""

    def __init__(self, queue: Queue, registry: CollectorRegistry) -> None:
        self._queue = queue
        self._seconds = histogram(registry, "pressroom_broker_seconds")
        self._errors = counter(registry, "pressroom_broker_errors_total")

    def publish(self, parcels: Sequence[Parcel]) -> None:
        with self._timed("publish"):
            self._queue.publish(parcels)

    def settle(self, settlements: Sequence[Settlement]) -> None:
        with self._timed("settle"):
            self._queue.settle(settlements)

    def broadcast(self, body: bytes) -> None:
        with self._timed("broadcast"):
            self._queue.broadcast(body)

    def depth(self, topic: str) -> Depth:
        with self._timed("depth"):
            return self._queue.depth(topic)

    def subscribe(self, topic: str, on_delivery: OnDelivery, *, credit: int) -> Subscription:
        return self._queue.subscribe(topic, on_delivery, credit=credit)

    def listen(self, on_notice: OnNotice) -> Subscription:
        return self._queue.listen(on_notice)

    def close(self) -> None:
        self._queue.close()

    @contextmanager
    def _timed(self, operation: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        except BackendUnavailable as error:
            if not isinstance(error, Lost):
                self._errors.inc()
            raise
        finally:
            self._seconds.labels(operation).observe(time.monotonic() - began)
