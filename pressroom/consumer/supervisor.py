"""A consumer's sense of time: pauses and resumes its subscription, gives up its place in a long outage, rejoins."""

from __future__ import annotations

import logging
import threading

from pressroom.clock import Clock
from pressroom.consumer.bench import Bench
from pressroom.consumer.gate import Gate
from pressroom.consumer.observer import Observer
from pressroom.consumer.settler import Settler
from pressroom.queues.port import Subscription

log = logging.getLogger("pressroom.consumer")

IDLE_S = 3600.0


class Supervisor(threading.Thread):
    """Sleeps until the gate says that something changed, or will by itself."""

    def __init__(
        self,
        topic: str,
        subscription: Subscription,
        gate: Gate,
        bench: Bench,
        settler: Settler,
        clock: Clock,
        observer: Observer,
    ) -> None:
        super().__init__(name=f"{topic} supervisor", daemon=True)
        self.subscription = subscription
        self._topic = topic
        self._gate = gate
        self._bench = bench
        self._settler = settler
        self._clock = clock
        self._observer = observer
        self._stopped = False
        self._away = False
        self._paused_at: float | None = None
        self._why: str | None = None

    def run(self) -> None:
        while not self._stopped:
            self._gate.changed.clear()
            self._tend()
            self._clock.wait(self._gate.changed, self._gate.wait_s() or IDLE_S)

    def stop(self) -> None:
        self._stopped = True
        self._gate.changed.set()

    def _tend(self) -> None:
        if self._gate.must_leave() and not self._away:
            self._leave()
        flows = self._gate.allowance() > 0 and not self._bench.is_full
        if flows and self._paused_at is not None:
            self._go_on(self._paused_at)
        elif not flows and self._paused_at is None:
            self._pause()
        self._bench.kick()

    def _pause(self) -> None:
        self._paused_at = self._clock.monotonic()
        self.subscription.pause()
        # None when it merely holds enough for now: that is nothing to tell anybody.
        self._why = self._gate.why()
        if self._why:
            log.warning("a consumer pauses", extra={"topic": self._topic, "reason": self._why})

    def _go_on(self, paused_at: float) -> None:
        seconds = self._clock.monotonic() - paused_at
        self._paused_at = None
        self._away = False
        self._observer.paused(self._topic, seconds)
        if self._why:
            log.info("a consumer goes on", extra={"topic": self._topic, "paused_s": round(seconds, 1)})
        self.subscription.resume()

    def _leave(self) -> None:
        """What is held goes back, for others to try; what is being handled may still be, and then comes to nothing."""
        log.warning("a consumer gives up its place for now", extra={"topic": self._topic, "reason": self._gate.why()})
        self._away = True
        self._bench.clear()
        self._settler.forget()
        self.subscription.leave()
