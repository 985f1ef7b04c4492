"""How full the topics are: asked of the queue when somebody looks, and not more often than it is worth."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry

from pressroom.metrics.read_off import Reading, ReadOff
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Depth, Queue, Unroutable
from pressroom.queues.topics import describe

TRUSTED_S = 5.0


class Depths:
    """The depth of each topic; nothing while the queue cannot be reached, or is not as declared."""

    def __init__(self, queue: Queue, topics: Iterable[str], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._queue = queue
        self._topics = tuple(topics)
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._asked_s = float("-inf")
        self._known: dict[str, Depth] = {}

    def all(self) -> dict[str, Depth]:
        """At most five seconds old, so that scrapes and alerts ask once together."""
        with self._lock:
            if self._monotonic() - self._asked_s >= TRUSTED_S:
                self._known = self._ask()
                self._asked_s = self._monotonic()
            return self._known

    def _ask(self) -> dict[str, Depth]:
        try:
            return {topic: self._queue.depth(topic) for topic in self._topics}
        except (BackendUnavailable, Unroutable):
            return {}

    def register(self, registry: CollectorRegistry) -> None:
        registry.register(ReadOff(["pressroom_queue_messages", "pressroom_queue_full_ratio"], self._read))

    def _read(self) -> Reading:
        messages: dict[tuple[str, ...], float] = {}
        full: dict[tuple[str, ...], float] = {}
        for name, depth in self.all().items():
            messages |= {
                (name, "ready"): float(depth.ready),
                (name, "in_flight"): float(depth.in_flight),
                (name, "delayed"): float(depth.delayed),
            }
            topic = describe(name)
            if topic is not None and topic.bound:
                full[name,] = depth.total / topic.bound
        return {"pressroom_queue_messages": messages, "pressroom_queue_full_ratio": full}
