"""The consumer loop: what all services and all engines share.

Messages come in on the engine's thread, wait on the bench, are handled by worker threads (many keys at once, one
key at a time, in order) and end in the settler. The judge decides what becomes of each; the gate whether anything may
begin. A supervisor thread does what depends on time.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pressroom.clock import Clock
from pressroom.consumer.bench import Bench
from pressroom.consumer.gate import Gate
from pressroom.consumer.judge import Judge
from pressroom.consumer.observer import NOBODY, Observer
from pressroom.consumer.rules import LoopRules
from pressroom.consumer.settler import Handled, Settler
from pressroom.consumer.supervisor import Supervisor
from pressroom.consumer.work import BatchHandler, Work
from pressroom.logs import about
from pressroom.outcomes import Outcome
from pressroom.queues.port import Delivery, Queue
from schemas.envelope import Envelope

Handler = Callable[[Envelope[Any]], Outcome]


@dataclass(frozen=True, slots=True)
class ConsumerHealth:
    """`trouble`: why nothing is received; `paused_because`: why nothing is begun; `overdue`: what the broker took back
    because it took too long here. All None when all is well. `losses`: how often its place was lost, however short.
    """

    alive: bool
    trouble: str | None
    paused_because: str | None
    breaker_open: bool
    under_way: int
    last_done_at: datetime | None
    overdue: str | None = None
    losses: int = 0


class Consumer:
    """Handles the messages of one topic from `start` to `stop`."""

    def __init__(
        self,
        queue: Queue,
        topic: str,
        handler: BatchHandler,
        *,
        service: str,
        clock: Clock,
        rules: LoopRules,
        batch_max: int,
        workers: int,
        credit: int,
        rng: random.Random,
        observer: Observer,
        unsettled: Callable[[], None] = lambda: None,
    ) -> None:
        self.topic = topic
        self._queue = queue
        self._clock = clock
        self._credit = credit
        self._observer = observer
        self._unsettled = unsettled
        judge = Judge(service, rules, rng)
        self._gate = Gate(rules, clock, rng)
        self._bench = Bench(
            batch_max=batch_max,
            bytes_max=rules.in_flight_bytes_max,
            allowance=self._gate.allowance,
            tell=self._gate.changed.set,
        )
        self._settler = Settler(queue, judge, self._gate, clock, rules, self._ended)
        self._work = Work(handler, judge, self._gate, self._bench, self._settler, clock, rules.pace_s)
        name = f"{service} {topic}"
        self._workers = [threading.Thread(target=self._work.run, name=name, daemon=True) for _ in range(workers)]
        self._supervisor: Supervisor | None = None
        self._last_done_at: datetime | None = None
        self._stopped = False

    @classmethod
    def single(
        cls,
        queue: Queue,
        topic: str,
        handler: Handler,
        *,
        service: str,
        clock: Clock,
        rules: LoopRules,
        workers: int = 8,
        credit: int = 64,
        rng: random.Random | None = None,
        observer: Observer = NOBODY,
    ) -> Consumer:
        """One message at a time to the handler, on up to `workers` threads at once."""

        def handle(envelopes: Sequence[Envelope[Any]]) -> Sequence[Outcome]:
            with about(envelopes[0]):
                return [handler(envelopes[0])]

        return cls(
            queue,
            topic,
            handle,
            service=service,
            clock=clock,
            rules=rules,
            batch_max=1,
            workers=workers,
            credit=max(credit, workers),
            rng=rng or random.Random(),  # noqa: S311 - spreads retries, guards nothing
            observer=observer,
        )

    @classmethod
    def batched(
        cls,
        queue: Queue,
        topic: str,
        handler: BatchHandler,
        *,
        service: str,
        clock: Clock,
        rules: LoopRules,
        batch_max: int = 500,
        rng: random.Random | None = None,
        observer: Observer = NOBODY,
        unsettled: Callable[[], None] = lambda: None,
    ) -> Consumer:
        """All messages that wait, up to `batch_max`, at once to the handler; the next when those are settled.

        `unsettled` is called before the next batch when some of the last could not be settled: what followed from
        it may not have been sent, and its messages come again later, or never where they expire.
        """
        return cls(
            queue,
            topic,
            handler,
            service=service,
            clock=clock,
            rules=rules,
            batch_max=batch_max,
            workers=1,
            credit=batch_max,
            rng=rng or random.Random(),  # noqa: S311 - spreads retries, guards nothing
            observer=observer,
            unsettled=unsettled,
        )

    # --- from outside ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Raises `Unroutable`, or `BackendUnavailable` when the engine can't even be asked."""
        subscription = self._queue.subscribe(self.topic, self._take_in, credit=self._credit)
        self._supervisor = Supervisor(
            self.topic, subscription, self._gate, self._bench, self._settler, self._clock, self._observer
        )
        for thread in (*self._workers, self._supervisor):
            thread.start()

    def stop(self, timeout_s: float) -> None:
        """Begin nothing more, finish what was begun, return the rest. What takes longer is returned under way."""
        self._stopped = True
        if self._supervisor is None:
            return
        deadline = self._clock.monotonic() + timeout_s
        subscription = self._supervisor.subscription
        self._supervisor.stop()
        subscription.pause()
        for delivery in self._bench.close():
            delivery.release()
        self._settler.stop()
        for thread in (*self._workers, self._supervisor):
            thread.join(max(0.0, deadline - self._clock.monotonic()))
        subscription.close(max(0.0, deadline - self._clock.monotonic()))

    def pause(self) -> None:
        """Until `resume`: begin nothing. What was begun goes on."""
        self._gate.hold(up=True)

    def resume(self) -> None:
        self._gate.hold(up=False)

    @property
    def health(self) -> ConsumerHealth:
        running = self._supervisor is not None and not self._stopped
        threads = (*self._workers, self._supervisor) if self._supervisor else ()
        place = self._supervisor.subscription if self._supervisor else None
        return ConsumerHealth(
            alive=running and all(thread.is_alive() for thread in threads),
            trouble=place.trouble if place else "not started",
            overdue=place.overdue if place else None,
            losses=place.losses if place else 0,
            paused_because=self._gate.why(),
            breaker_open=self._gate.breaker_open,
            under_way=self._bench.under_way,
            last_done_at=self._last_done_at,
        )

    def _take_in(self, delivery: Delivery) -> None:
        if delivery.deliveries > 1:
            self._observer.redelivered(self.topic)
        if not self._bench.put(delivery):
            delivery.release()

    def _ended(self, handled: Handled) -> None:
        settled = [one for one in handled.judged if one.is_settled]
        for one in settled:
            self._observer.handled(self.topic, one.verdict.ending, one.seconds)
            if one.dropped:
                self._observer.dropped(one.dropped)
        if settled:
            self._last_done_at = self._clock.now()
            self._gate.came_off(messages=len(settled), bad=sum(one.verdict.bad for one in settled))
        if len(settled) < len(handled.judged):
            self._unsettled()
        self._bench.done([*(one.delivery for one in handled.judged), *handled.back], handled.back)
