"""What the services of one process share, and what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from prometheus_client import CollectorRegistry

from pressroom.clock import Clock
from pressroom.consumer.loop import Consumer
from pressroom.health import Vitals, slow
from pressroom.metrics.loop import LoopMetrics
from pressroom.metrics.measured import MeasuredQueue, MeasuredStore
from pressroom.metrics.process import CpuShare
from pressroom.objects.port import ObjectStore
from pressroom.pauses import PauseWatch
from pressroom.places import Places
from pressroom.pulse import Body
from pressroom.queues.port import Queue
from pressroom.queues.topics import DEAD
from pressroom.settings import Settings
from pressroom.tally import Tally
from pressroom.updates import Updates
from pressroom.wiring import loop_rules

OUTSIDE = {"fetcher": 3, "weather": 1}
"""Services that ask the outside, and at how many different hosts or cells trouble is theirs. A feed's host may well be
ill for days; a weather provider may not.
"""


class Part(Protocol):
    """Something that runs until it is stopped."""

    def start(self) -> None: ...
    def stop(self, timeout_s: float) -> None: ...


class Room:
    """What the services of one process share: the ports, measured; the counters; the stories by class."""

    def __init__(
        self,
        settings: Settings,
        queue: Queue,
        store: ObjectStore,
        clock: Clock,
        services: Sequence[str],
        lanes: Sequence[str],
    ) -> None:
        self.settings = settings
        self.registry = CollectorRegistry()
        self.queue: Queue = MeasuredQueue(queue, self.registry)
        self.store = MeasuredStore(store, self.registry)
        self.clock = clock
        self.lanes = lanes
        self.tally = Tally()
        self.metrics = LoopMetrics(self.registry, clock)
        self.vitals: dict[str, Vitals] = {}
        self.share = CpuShare()
        self.lags: list[Callable[[], float]] = [self.metrics.longest_s]
        """What each service here lags behind, in seconds."""
        self.body = Body(services, self.vitals.values, self.registry, clock, self.share, self._lag_s)
        self.pauses = PauseWatch(self.store, clock)
        self.places = Places(settings.data / "places.sqlite")
        self.stories: dict[type[Any], Any] = {}
        """The stories that run here, by class: for `--once`, for the page server, for tests."""

    def _lag_s(self) -> float:
        return max(lag_s() for lag_s in self.lags)

    def consumer(self, service: str, topic: str, handler: Callable[[Any], Any], workers: int) -> Part:
        if service in OUTSIDE:
            updates = Updates(self.clock.now, OUTSIDE[service])
            self.vitals[service].ask(lambda: updates.faults(self.settings.healthy_age_s))
            handler = updates.watching(handler)
        consumer = Consumer.single(
            self.queue,
            topic,
            self.metrics.waited(topic, self.tally.metered(service, handler)),
            service=service,
            clock=self.clock,
            rules=loop_rules(self.settings, topic),
            workers=workers,
            observer=self.metrics,
        )
        self.vitals[service].ask(lambda: slow(topic, self.metrics.lag_s(topic), self.settings.lag_max_s))
        return self.watched(service, consumer)

    def watched(self, service: str, consumer: Consumer) -> Consumer:
        """The consumer, with its health part of the service's."""
        self.vitals[service].watch(consumer.topic, lambda: consumer.health)
        if consumer.topic != DEAD:
            self.pauses.watch(consumer)
        return consumer
