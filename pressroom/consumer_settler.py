"""The end of what was handled: what follows is sent, the messages are gone, or why not yet."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pressroom.backoff import full_jitter
from pressroom.clock import Clock
from pressroom.consumer_gate import Gate
from pressroom.consumer_judge import Bug, Judge, Verdict
from pressroom.consumer_rules import LoopRules
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

    `dropped`: the topic that was too full for some of what followed; `lost`: not settled, it comes again.
    """

    delivery: Delivery
    envelope: Envelope[Any] | None
    verdict: Verdict
    seconds: float = 0.0
    dropped: str | None = None
    lost: bool = False


@dataclass(slots=True)
class Handled:
    """A batch after its handler; `back` are those of it that could not be handled now."""

    judged: list[Judged]
    back: list[Delivery] = field(default_factory=list)


class Settler:
    """Settles on the threads of the workers: one of them leads and takes along what the others bring meanwhile, so
    that a busy consumer settles many in one call and an idle one at once.
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
        self._has_leader = False
        self._lock = threading.Lock()
        self._generation = 0
        self._stopping = False
        self._interrupt = threading.Event()

    def settle(self, handled: Handled) -> None:
        """Returns at once when another thread leads; it then ends this batch too."""
        with self._lock:
            self._brought.append(handled)
            if self._has_leader:
                return
            self._has_leader = True
        while several := self._take():
            judged = [one for each in several for one in each.judged]
            self._settle_all(judged, self._generation)
            for each in several:
                self._ended(each)

    def forget(self) -> None:
        """What is held was returned to the queue: there is nothing to settle any more."""
        self._generation += 1
        self._interrupt.set()

    def stop(self) -> None:
        """From now on one try each: the queue has the message still."""
        self._stopping = True
        self._interrupt.set()

    def _take(self) -> list[Handled]:
        with self._lock:
            several = self._brought[:SETTLE_MAX]
            del self._brought[:SETTLE_MAX]
            self._has_leader = bool(several)
            return several

    def _settle_all(self, judged: Sequence[Judged], generation: int) -> None:
        tries = 0
        while judged:
            error = self._try(judged)
            if error is None:
                return
            if isinstance(error, _REFUSALS) and len(judged) > 1:
                for one in judged:
                    self._settle_all([one], generation)
                return
            if not self._is_worth_another(judged[0], error, tries) or self._is_over(generation):
                for one in judged:
                    one.lost = True
                return
            tries += 1

    def _try(self, judged: Sequence[Judged]) -> Exception | None:
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

    def _is_over(self, generation: int) -> bool:
        return self._stopping or generation != self._generation

    def _is_worth_another(self, one: Judged, error: Exception, tries: int) -> bool:
        """Waits as long as is right before the next try. False when there is no point in one."""
        match error:
            case Lost():
                log.info("a message was lost while it was handled; it comes again", extra={"key": one.delivery.key})
                return False
            case Full():
                self._make_room(one, error, tries)
            case Unroutable() if one.envelope is not None and one.verdict.ending != "bug":
                now = self._clock.now()
                one.verdict = self._judge.after(one.delivery, one.envelope, Bug(error), now)
            case _:
                self._gate.failed(str(error))
                self._wait(self._gate.wait_s() or self._rules.unavailable_first_s)
        return True

    def _make_room(self, one: Judged, error: Full, tries: int) -> None:
        """Drop what may be dropped; otherwise wait, and at last say so."""
        kept = tuple(each for each in one.verdict.parcels if each.topic != error.topic or not _may_be_dropped(each))
        if len(kept) < len(one.verdict.parcels):
            log.warning("a topic is full; messages are dropped", extra={"topic": error.topic})
            one.verdict = replace(one.verdict, parcels=kept)
            one.dropped = error.topic
            return
        wait_s = full_jitter(tries, first_s=0.1, most_s=1.0, rng=self._judge.rng)
        if tries > self._rules.full_tries:
            self._gate.failed(str(error))
            wait_s = self._gate.wait_s() or wait_s
        self._wait(wait_s)

    def _wait(self, seconds: float) -> None:
        if self._clock.wait(self._interrupt, seconds) and not self._stopping:
            self._interrupt.clear()


def _may_be_dropped(parcel: Parcel) -> bool:
    topic = describe(parcel.topic)
    return parcel.expires_s is not None or (topic is not None and topic.dropped_when_full)
