"""What the consumer loops of a process count, and what their vitals say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry

from pressroom.clock import Clock
from pressroom.health import Vitals
from pressroom.metrics.names import BACK_ENDS
from pressroom.metrics.read_off import PLAIN, Reading, ReadOff, Recent, counter, gauge, histogram
from pressroom.tally import Tally
from schemas.envelope import Envelope
from schemas.errors import ErrorKind
from schemas.messages import Tick

R = TypeVar("R")


class LoopMetrics:
    """What the consumer loops count (`pressroom.consumer.observer.Observer`), and how long messages waited."""

    def __init__(self, registry: CollectorRegistry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock
        self._handled = counter(registry, "pressroom_messages_total")
        self._seconds = histogram(registry, "pressroom_handler_seconds")
        self._redelivered = counter(registry, "pressroom_redeliveries_total")
        self._dropped = counter(registry, "pressroom_dropped_total")
        self._paused = counter(registry, "pressroom_paused_seconds_total")
        self._waited = histogram(registry, "pressroom_wait_seconds")
        self._recent: dict[str, Recent] = {}
        registry.register(ReadOff(["pressroom_wait_recent_seconds"], self._read))

    def store_is_safe(self, is_safe: bool) -> None:
        """Told once, by a publisher: what its probe of the store found."""
        gauge(self._registry, "pressroom_store_conditional_writes").set(float(is_safe))

    def handled(self, topic: str, ending: str, seconds: float) -> None:
        self._handled.labels(topic, ending).inc()
        self._seconds.labels(topic).observe(seconds)

    def redelivered(self, topic: str) -> None:
        self._redelivered.labels(topic).inc()

    def dropped(self, topic: str) -> None:
        self._dropped.labels(topic).inc()

    def paused(self, topic: str, seconds: float) -> None:
        self._paused.labels(topic).inc(seconds)

    def waited(self, topic: str, work: Callable[[Any], R]) -> Callable[[Any], R]:
        """`work`, with what its messages waited for it counted under `topic`."""
        waits = self._waited.labels(topic)
        recent = self._recent.setdefault(topic, Recent(self._clock.monotonic))

        def run(argument: Any) -> R:
            now = self._clock.now()
            for envelope in [argument] if isinstance(argument, Envelope) else argument:
                seconds = waited_s(envelope, now)
                if seconds is not None:
                    waits.observe(seconds)
                    recent.saw(seconds)
            return work(argument)

        return run

    def lag_s(self, topic: str) -> float:
        """The longest wait of the last five minutes."""
        recent = self._recent.get(topic)
        return recent.largest() if recent is not None else 0.0

    def longest_s(self) -> float:
        """Of all topics."""
        return max((self.lag_s(topic) for topic in list(self._recent)), default=0.0)

    def _read(self) -> Reading:
        return {"pressroom_wait_recent_seconds": {(topic,): self.lag_s(topic) for topic in list(self._recent)}}


def waited_s(envelope: Envelope[Any], now: datetime) -> float | None:
    """How long a message waited; None where that tells nothing: it was tried before, or was to wait."""
    if envelope.attempt or envelope.not_before is not None or isinstance(envelope.payload, Tick):
        return None
    return max(0.0, (now - envelope.occurred_at).total_seconds())


def vitals_metrics(registry: CollectorRegistry, services: Sequence[Vitals]) -> None:
    """The states that the vitals know, looked up at each scrape."""
    names = ["pressroom_healthy", "pressroom_broker_down_seconds"]
    if any(vitals.service in BACK_ENDS for vitals in services):
        names += ["pressroom_breaker_open", "pressroom_last_done_timestamp_seconds", "pressroom_reconnects_total"]
    registry.register(ReadOff(names, lambda: _states(services)))


def _states(services: Iterable[Vitals]) -> Reading:
    well: dict[tuple[str, ...], float] = {}
    breakers: dict[tuple[str, ...], float] = {}
    done: dict[tuple[str, ...], float] = {}
    losses: dict[tuple[str, ...], float] = {}
    down_s = 0.0
    for vitals in services:
        well[vitals.service,] = float(vitals.verdict().is_well)
        down_s = max(down_s, vitals.troubled_s())
        for topic, health in vitals.healths():
            breakers[topic,] = float(health.breaker_open)
            losses[topic,] = float(health.losses)
            if health.last_done_at is not None:
                done[topic,] = health.last_done_at.timestamp()
    return {
        "pressroom_healthy": well,
        "pressroom_broker_down_seconds": {PLAIN: down_s},
        "pressroom_breaker_open": breakers,
        "pressroom_reconnects_total": losses,
        "pressroom_last_done_timestamp_seconds": done,
    }


def tally_metrics(registry: CollectorRegistry, tally: Tally, services: frozenset[str]) -> None:
    """What the tally of this process counts."""
    names = ["pressroom_handler_cpu_seconds_total"]
    if "scheduler" in services:
        names += ["pressroom_refreshes_total", "pressroom_source_errors_total", "pressroom_new_entries_total"]
    if "publisher" in services:
        names += ["pressroom_records_total", "pressroom_given_up_total"]
    registry.register(ReadOff(names, lambda: _counts(tally)))


def _counts(tally: Tally) -> Reading:
    # Every kind from the start: a rule that looks at the increase of a counter does not see one that was not there.
    given_up: dict[tuple[str, ...], float] = {(str(kind),): 0.0 for kind in ErrorKind}
    given_up |= {(kind,): float(count) for kind, count in list(tally.given_up.items())}
    return {
        "pressroom_handler_cpu_seconds_total": {(name,): seconds for name, seconds in list(tally.cpu_s.items())},
        "pressroom_refreshes_total": {(result,): float(count) for result, count in list(tally.checks.items())},
        "pressroom_source_errors_total": {(kind,): float(count) for kind, count in list(tally.failed.items())},
        "pressroom_new_entries_total": {PLAIN: float(tally.new_entries)},
        "pressroom_records_total": {PLAIN: float(tally.records)},
        "pressroom_given_up_total": given_up,
    }
