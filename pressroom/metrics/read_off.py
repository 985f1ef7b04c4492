"""Metrics that are looked up when somebody asks: no counter on anybody's way, no value that grows old."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from pressroom.metrics.names import METRICS

# The client would tell when each counter began, as a metric more for each of them: nobody here asks for that.
disable_created_metrics()  # type: ignore[no-untyped-call]

SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0)

Reading = Mapping[str, Mapping[tuple[str, ...], float]]
"""Metric → label values → value. A metric that is not there has no value now."""

PLAIN: tuple[str, ...] = ()
"""The label values of a metric without labels."""


def counter(registry: CollectorRegistry, name: str) -> Counter:
    metric = METRICS[name]
    return Counter(name, metric.text, metric.labels, registry=registry)


def gauge(registry: CollectorRegistry, name: str) -> Gauge:
    metric = METRICS[name]
    return Gauge(name, metric.text, metric.labels, registry=registry)


def histogram(registry: CollectorRegistry, name: str) -> Histogram:
    metric = METRICS[name]
    return Histogram(name, metric.text, metric.labels, buckets=SECONDS, registry=registry)


class ReadOff(Collector):
    """`read` is called at each scrape and fills the metrics `names`."""

    def __init__(self, names: Iterable[str], read: Callable[[], Reading]) -> None:
        self._names = tuple(names)
        self._read = read

    def describe(self) -> Iterable[Metric]:
        return [_family(name) for name in self._names]

    def collect(self) -> Iterable[Metric]:
        reading = self._read()
        for name in self._names:
            family = _family(name)
            for labels, value in reading.get(name, {}).items():
                family.add_metric(labels, value)
            yield family


def _family(name: str) -> CounterMetricFamily | GaugeMetricFamily:
    metric = METRICS[name]
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    return kind(name, metric.text, labels=metric.labels)


class Recent:
    """The largest value of the last five minutes, in steps of half a minute. From any thread; times are monotonic."""

    STEP_S = 30.0
    STEPS = 10

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._steps: dict[int, float] = {}

    def saw(self, value: float) -> None:
        step = int(self._monotonic() / self.STEP_S)
        if value > self._steps.get(step, -1.0):
            # Two threads at once: one of two nearly equal values gets lost, at worst.
            self._steps[step] = value
            if len(self._steps) > self.STEPS + 1:
                for old in [one for one in list(self._steps) if one <= step - self.STEPS]:
                    self._steps.pop(old, None)

    def largest(self) -> float:
        """0 when nothing was seen."""
        oldest = int(self._monotonic() / self.STEP_S) - self.STEPS
        return max((value for step, value in list(self._steps.items()) if step > oldest), default=0.0)
