"""A steady flow through the RabbitMQ engine, counted at both ends: what was accepted must come out."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Delivery, Full, Parcel, Settlement
from pressroom.queues.rabbitmq.admin import Broker, apply
from pressroom.queues.rabbitmq.queue import RabbitQueue
from tests.contracts.queue_tools import CLOCK, eventually
from tests.contracts.rabbitmq_tools import publish_until_accepted

FIRST, SECOND = "feed.refresh", "record.publish"
KEYS = 25


class Flow:
    """Publishes to one topic, passes on to a second, and collects there: three connections' worth of engine.

    Each publishes and settles as the services do: again and again while the broker is away.
    """

    def __init__(self, url: str, **named: Any) -> None:
        apply(Broker(url, 4), CLOCK, lambda _line: None)
        # RabbitMQ writes the names of new queues down half a second after the last one; killed before that, it
        # comes back with queues that never get a leader.
        time.sleep(1.0)
        self._queues = [
            RabbitQueue(url, CLOCK, **{"partitions": 4, "publish_timeout_s": 3.0, **named}) for _ in range(3)
        ]
        self.sender, self._middle, self._end = self._queues
        self.accepted: list[bytes] = []
        self.arrived: set[bytes] = set()
        self.troubles: set[str] = set()
        self._stopping = threading.Event()
        self._box: SimpleQueue[Delivery] = SimpleQueue()
        self._middle_place = self._middle.subscribe(FIRST, self._box.put, credit=16)
        self._end_box: SimpleQueue[Delivery] = SimpleQueue()
        self._end_place = self._end.subscribe(SECOND, self._end_box.put, credit=16)
        self._threads = [
            threading.Thread(target=run, daemon=True) for run in (self._send, self._pass_on, self._collect, self._watch)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self.wait_for_more()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(30)
        for queue in self._queues:
            queue.close()

    def wait_for_more(self, timeout_s: float = 60.0) -> None:
        """Until something of each key that is sent from now on has come out: no partition stands still."""
        before = len(self.accepted)
        eventually(lambda: len(self.accepted) >= before + KEYS, "more is accepted", timeout_s)
        self._wait_for(set(self.accepted[before : before + KEYS]), timeout_s)

    def refuses(self) -> bool:
        """Whether nothing is accepted now, on any partition, and why is said."""
        for number in range(KEYS):
            try:
                self.sender.publish([Parcel(FIRST, f"key-{number}", b"-1")])
            except BackendUnavailable as error:
                self.troubles.add(str(error))
            else:
                return False
        return True

    def check_that_nothing_was_lost(self) -> None:
        self._stopping.set()
        self._threads[0].join(60)
        self._wait_for(set(self.accepted), 60)

    def _wait_for(self, sent: set[bytes], timeout_s: float) -> None:
        with suppress(AssertionError):
            eventually(lambda: self.arrived >= sent, "what was accepted arrives", timeout_s)
        assert self.arrived >= sent, self.stuck()

    def stuck(self) -> str:
        """For people: what has not arrived, and where messages wait."""
        missing = sorted(set(map(int, self.accepted)) - set(map(int, self.arrived)))
        depths = {topic: queue.depth(topic) for topic, queue in ((FIRST, self._middle), (SECOND, self._end))}
        troubles = [place.trouble for place in (self._middle_place, self._end_place)]
        return f"accepted {len(self.accepted)}, missing {missing}, queued {depths}, trouble {troubles}"

    def _send(self) -> None:
        number = 0
        while not self._stopping.wait(0.003):
            body = b"%d" % number
            publish_until_accepted(self.sender, Parcel(FIRST, f"key-{number % KEYS}", body))
            self.accepted.append(body)
            number += 1

    def _pass_on(self) -> None:
        for delivery in self._deliveries(self._box):
            self._settle(self._middle, [Settlement(delivery, [Parcel(SECOND, delivery.key, delivery.body)])])

    def _collect(self) -> None:
        for delivery in self._deliveries(self._end_box):
            self.arrived.add(delivery.body)
            self._settle(self._end, [Settlement(delivery)])

    def _deliveries(self, box: SimpleQueue[Delivery]) -> Any:
        while not (self._stopping.is_set() and self.arrived >= set(self.accepted)):
            try:
                yield box.get(timeout=0.2)
            except Empty:
                continue

    def _settle(self, queue: RabbitQueue, settlements: Sequence[Settlement]) -> None:
        try:
            queue.settle(settlements)
        except (BackendUnavailable, Full):
            for settlement in settlements:
                settlement.delivery.release()
            # Also once it is stopping: handed out again and again without a pause, it would starve the connections.
            threading.Event().wait(0.1)

    def _watch(self) -> None:
        while not self._stopping.wait(0.02):
            for place in (self._middle_place, self._end_place):
                if place.trouble:
                    self.troubles.add(place.trouble)
