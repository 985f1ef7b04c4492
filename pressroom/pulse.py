"""Every 30 seconds each process says that it is alive, how it is, and the figures that alerts look at."""

from __future__ import annotations

import logging
import math
import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry

from pressroom.alerts.rules import WATCHED, Alert
from pressroom.clock import Clock
from pressroom.health import Vitals
from pressroom.metrics.process import CpuShare, memory_bytes
from pressroom.outcomes import BackendUnavailable, Emit
from pressroom.queues.port import Full, Unroutable
from pressroom.queues.topics import ONE_KEY, SCHEDULE
from pressroom.sender import Sender
from pressroom.wiring import VERSION
from schemas.status import Alive, Signs

log = logging.getLogger(__name__)

EVERY_S = 30.0
ALIVE_S = 3 * EVERY_S
"""Three pulses missed: a process is gone."""
EXPIRES_S = 7200.0
"""By the sender's clock: long enough that a machine whose clock is an hour behind is heard of, and named for it."""


class Body:
    """What a process can say of itself, at any time."""

    def __init__(
        self,
        services: Sequence[str],
        vitals: Callable[[], Iterable[Vitals]],
        registry: CollectorRegistry,
        clock: Clock,
        share: CpuShare,
        lag_s: Callable[[], float],
    ) -> None:
        name = services[0] if len(services) == 1 else "newsroom" if len(services) > 3 else "+".join(services)
        self.process = f"{name}-{secrets.token_hex(3)}"
        self._services = tuple(services)
        self._vitals = vitals
        self._registry = registry
        self._clock = clock
        self._share = share
        self._lag_s = lag_s
        self._started_at = clock.now()

    def signs(self) -> Signs:
        vitals = list(self._vitals())
        faults = [fault[:1000] for one in vitals for fault in one.verdict().faults]
        return Signs(
            process=self.process,
            services=self._services,
            version=VERSION,
            started_at=self._started_at,
            at=self._clock.now(),
            cpu_ratio=round(self._share.ratio(), 4),
            memory_bytes=memory_bytes(),
            lag_s=round(self._lag_s(), 3),
            last_done_at=_latest(vitals),
            faults=tuple(faults[:20]),
        )

    def figures(self) -> dict[str, float]:
        """The metrics that alerts look at; of several values of one, what the alert would take."""
        return figures(self._registry, WATCHED)


def _latest(vitals: Iterable[Vitals]) -> datetime | None:
    return max((one.last_done_at for one in vitals if one.last_done_at is not None), default=None)


def figures(registry: CollectorRegistry, alerts: Iterable[Alert]) -> dict[str, float]:
    """Metric → value, of those that this process tells now."""
    reduces = {alert.metric: alert.reduce for alert in alerts}
    found: dict[str, list[float]] = {}
    for family in registry.restricted_registry(reduces).collect():
        for sample in family.samples:
            if sample.name in reduces and math.isfinite(sample.value):
                found.setdefault(sample.name, []).append(sample.value)
    how: dict[str, Callable[[list[float]], float]] = {"max": max, "min": min, "sum": sum}
    return {name: how[reduces[name]](values) for name, values in found.items()}


class Pulse(threading.Thread):
    """Says it. What cannot be said is dropped: the next one says the same."""

    def __init__(self, sender: Sender, clock: Clock, body: Body) -> None:
        super().__init__(name="pulse", daemon=True)
        self._sender = sender
        self._clock = clock
        self._body = body
        self._ended = threading.Event()

    def run(self) -> None:
        while True:
            self._beat()
            if self._clock.wait(self._ended, EVERY_S):
                return

    def stop(self, timeout_s: float) -> None:
        self._ended.set()
        if self.is_alive():
            self.join(timeout_s)

    def _beat(self) -> None:
        try:
            alive = Alive(signs=self._body.signs(), figures=self._body.figures())
            self._sender.send([Emit(SCHEDULE, ONE_KEY, alive, expires_s=EXPIRES_S)])
        except (Full, Unroutable, BackendUnavailable) as error:
            log.debug("pulse dropped: %s", error)
        except Exception:
            # Nobody is served by a process that ends because it could not say that it lives.
            log.exception("pulse failed")
