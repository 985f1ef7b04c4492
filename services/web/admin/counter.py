"""The desk's work on a node: verbs on the node's own store and queue, never more at once than readers can spare."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pydantic import BaseModel

from pressroom.clock import Clock
from pressroom.desk.office import Office
from pressroom.desk.verbs import Asked, Verb, perform
from pressroom.objects.port import ObjectStore
from pressroom.outcomes import BackendUnavailable, Emit
from pressroom.queues.port import Queue
from pressroom.sender import Sender
from pressroom.settings import Settings


class Busy(Exception):
    """As much is under way as this node does at once."""


class NoQueue(Sender):
    """For a node that was started without a broker: looking works, asking does not."""

    def __init__(self) -> None:
        """There is nothing to keep."""

    def send(self, emits: Sequence[Emit], *, trace: str = "") -> None:
        raise BackendUnavailable("broker", "this node was started without one")


class Counter:
    """One thread of the node always stays free for readers, however long a store takes to answer."""

    def __init__(self, store: ObjectStore, queue: Queue | None, clock: Clock, settings: Settings) -> None:
        sender = Sender(queue, clock, "web") if queue is not None else NoQueue()
        self.office = Office(store, sender, clock, settings)
        self._places = threading.BoundedSemaphore(max(1, settings.web_threads - 1))

    def perform(self, verb: Verb, asked: Asked, entry: str = "") -> BaseModel:
        """Raises `Busy`, and as `pressroom.desk.verbs.perform`."""
        with self.place():
            return perform(self.office, verb, asked, entry)

    @contextmanager
    def place(self) -> Iterator[Office]:
        """The office, for something that asks store or queue. Raises `Busy`."""
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            yield self.office
        finally:
            self._places.release()
