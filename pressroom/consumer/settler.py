"""The end of what was handled: what follows is sent, the messages are gone, or why not yet."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pressroom.backoff import full_jitter
from pressroom.clock import Clock
from pressroom.consumer.gate import Gate
from pressroom.consumer.judge import Bug, Judge, Verdict
from pressroom.consumer.rules import LoopRules
from pressroom.crash import crash_point
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Delivery, Full, Lost, Parcel, Queue, Settlement, Unroutable
from pressroom.queues.topics import describe
from schemas.envelope import Envelope

log = logging.getLogger("pressroom.consumer")

SETTLE_MAX = 64
"""Batches that share a call to the queue."""

_REFUSALS = (Full, Unroutable, Lost)
"""What is one message's own trouble; everything else is the queue's."""


@dataclass(slots=True)
class Judged:
    """A message and what becomes of it. `envelope` is None for what could not be read or was not for now.

    `is_lost`: it could not be settled and comes again by itself. `dropped`: the topic that was too full for some of
    what followed. `wait_s`: how long to wait before the next try.
    """

    delivery: Delivery
    envelope: Envelope[Any] | None
    verdict: Verdict
    seconds: float = 0.0
    is_settled: bool = False
    is_lost: bool = False
    dropped: str | None = None
    tries: int = 0
    wait_s: float = 0.0

    @property
    def is_open(self) -> bool:
        return not (self.is_settled or self.is_lost)


@dataclass(slots=True)
class Handled:
    """A batch after its handler; `back` are those of it that could not be handled now."""

    judged: list[Judged]
    back: list[Delivery] = field(default_factory=list)
    generation: int = 0
    retry_at: float = 0.0


class Settler:
    """Settles on the threads of the workers: one of them leads and takes along what the others bring meanwhile, so
    that a busy consumer settles many in one call and an idle one at once. What is held up holds up nothing else.
    """

    def __init__(
        self, queue: Queue, judge: Judge, gate: Gate, clock: Clock, rules: LoopRules, ended: Callable[[Handled], None]
    ) -> None:
        self._queue = queue
        self._judge = judge
        self._gate = gate
        self._clock = clock
        self._rules = rules
        self._ended = ended
        self._brought: list[Handled] = []
        self._held_up: list[Handled] = []
        self._has_leader = False
        self._lock = threading.Lock()
        self._generation = 0
        self._stopping = False
        self._interrupt = threading.Event()

    def settle(self, handled: Handled) -> None:
        """Returns at once when another thread leads; that one then ends this batch too."""
        with self._lock:
            handled.generation = self._generation
            self._brought.append(handled)
            if self._has_leader:
                self._interrupt.set()
                return
            self._has_leader = True
        while several := self._next():
            self._settle(several)

    def forget(self) -> None:
        """What is held was returned to the queue: there is nothing to settle any more."""
        with self._lock:
            self._generation += 1
            self._interrupt.set()

    def stop(self) -> None:
        """From now on one try each: the queue has the message still."""
        with self._lock:
            self._stopping = True
            self._interrupt.set()

    def _next(self) -> list[Handled]:
        """What to settle now, waiting for its time; nothing when there is nothing left and another may lead."""
        while True:
            with self._lock:
                self._interrupt.clear()
                several, self._brought = self._brought[:SETTLE_MAX], self._brought[SETTLE_MAX:]
                due = [each for each in self._held_up if self._is_due(each)]
                self._held_up = [each for each in self._held_up if not self._is_due(each)]
                if several or due:
                    return due + several
                if not self._held_up:
                    self._has_leader = False
                    return []
                wait_s = min(each.retry_at for each in self._held_up) - self._clock.monotonic()
            self._clock.wait(self._interrupt, max(0.0, wait_s))

    def _is_due(self, handled: Handled) -> bool:
        is_over = self._stopping or handled.generation != self._generation
        return is_over or handled.retry_at <= self._clock.monotonic()

    def _settle(self, several: Sequence[Handled]) -> None:
        for handled in several:
            if handled.generation != self._generation:
                for one in handled.judged:
                    one.is_lost = True
        open_ones = [one for handled in several for one in handled.judged if one.is_open]
        if open_ones:
            self._settle_open(open_ones)
        for handled in several:
            waits = [one.wait_s for one in handled.judged if one.is_open]
            if waits and not self._stopping:
                handled.retry_at = self._clock.monotonic() + max(waits)
                self._held_up.append(handled)
            else:
                self._ended(handled)

    def _settle_open(self, judged: Sequence[Judged]) -> None:
        error = self._try(judged)
        alone = len(judged) > 1 and isinstance(error, _REFUSALS)
        for one in judged:
            # Each alone, until one meets what all would meet.
            if alone:
                error = self._try([one])
                alone = error is None or isinstance(error, _REFUSALS)
            self._face(one, error)

    def _try(self, judged: Sequence[Judged]) -> Exception | None:
        crash_point("loop.before_settle")
        settlements = [Settlement(one.delivery, one.verdict.parcels) for one in judged]
        try:
            self._queue.settle(settlements)
        except (*_REFUSALS, BackendUnavailable) as error:
            return error
        except Exception as error:
            log.exception("the queue failed in a way that is not foreseen; it is tried again")
            return error
        crash_point("loop.after_settle")
        return None

    def _face(self, one: Judged, error: Exception | None) -> None:
        """What a try led to; when the message is still open, `wait_s` says when to try again."""
        one.tries += 1
        match error:
            case None:
                one.is_settled = True
            case Lost():
                log.info("a message was lost while it was handled; it comes again", extra={"key": one.delivery.key})
                one.is_lost = True
            case Full():
                self._make_room(one, error)
            case Unroutable() if one.envelope is not None and one.verdict.ending != "bug":
                one.verdict = self._judge.after(one.delivery, one.envelope, Bug(error), self._clock.now())
                one.wait_s = 0.0
            case _:
                self._gate.failed(str(error))
                one.wait_s = self._gate.wait_s() or self._rules.unavailable_first_s

    def _make_room(self, one: Judged, error: Full) -> None:
        """Drop what may be dropped; otherwise wait, and at last say so."""
        kept = tuple(each for each in one.verdict.parcels if each.topic != error.topic or not _may_be_dropped(each))
        if len(kept) < len(one.verdict.parcels):
            log.warning("a topic is full; messages are dropped", extra={"topic": error.topic})
            one.verdict = replace(one.verdict, parcels=kept)
            one.dropped = error.topic
            one.wait_s = 0.0
            return
        one.wait_s = full_jitter(one.tries, first_s=0.1, most_s=1.0, rng=self._judge.rng)
        if one.tries > self._rules.full_tries:
            self._gate.failed(str(error))
            one.wait_s = self._gate.wait_s() or one.wait_s


def _may_be_dropped(parcel: Parcel) -> bool:
    topic = describe(parcel.topic)
    return parcel.expires_s is not None or (topic is not None and topic.dropped_when_full)
