"""The metrics there are: one commented list. Names follow Prometheus: base units, `_total` for counters."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from pressroom.health import Vitals
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Queue

SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0)


class LoopMetrics:
    """What the consumer loops of a process count (`pressroom.consumer.observer.Observer`)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._handled = Counter(
            "pressroom_messages_total",
            "messages that are over, by how they ended",
            ["topic", "ending"],
            registry=registry,
        )
        self._seconds = Histogram(
            "pressroom_handler_seconds", "time of a handler", ["topic"], buckets=SECONDS, registry=registry
        )
        self._redelivered = Counter(
            "pressroom_redeliveries_total", "messages that came again", ["topic"], registry=registry
        )
        self._dropped = Counter(
            "pressroom_dropped_total", "messages not sent because their topic was full", ["topic"], registry=registry
        )
        self._paused = Counter(
            "pressroom_paused_seconds_total", "time in which a consumer began nothing", ["topic"], registry=registry
        )

        self._registry = registry

    def store_is_safe(self, is_safe: bool) -> None:
        """Told once, by a publisher: what its probe of the store found."""
        text = "1: conditional writes are honoured in the probe's race; 0: single-writer mode"
        Gauge("pressroom_store_conditional_writes", text, registry=self._registry).set(float(is_safe))

    def handled(self, topic: str, ending: str, seconds: float) -> None:
        self._handled.labels(topic, ending).inc()
        self._seconds.labels(topic).observe(seconds)

    def redelivered(self, topic: str) -> None:
        self._redelivered.labels(topic).inc()

    def dropped(self, topic: str) -> None:
        self._dropped.labels(topic).inc()

    def paused(self, topic: str, seconds: float) -> None:
        self._paused.labels(topic).inc(seconds)


class DepthCollector(Collector):
    """`pressroom_queue_messages`: asked of the queue when somebody looks; nothing when it cannot be reached."""

    def __init__(self, queue: Queue, topics: Iterable[str]) -> None:
        self._queue = queue
        self._topics = tuple(topics)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "pressroom_queue_messages", "messages of a topic, by state", labels=["topic", "state"]
        )
        try:
            for topic in self._topics:
                depth = self._queue.depth(topic)
                family.add_metric([topic, "ready"], depth.ready)
                family.add_metric([topic, "in_flight"], depth.in_flight)
                family.add_metric([topic, "delayed"], depth.delayed)
        except BackendUnavailable:
            return
        yield family


def healthy_gauge(registry: CollectorRegistry, services: Iterable[Vitals]) -> None:
    """`pressroom_healthy`: 1 while a service is well."""
    gauge = Gauge("pressroom_healthy", "1 while the service is well", ["service"], registry=registry)
    for vitals in services:
        gauge.labels(vitals.service).set_function(partial(_well, vitals))


def _well(vitals: Vitals) -> float:
    return float(vitals.verdict().is_well)
