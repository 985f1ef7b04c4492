"""A worker's part of the loop: take a batch, let the handler have it, judge how it ended."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from pressroom.clock import Clock
from pressroom.consumer.bench import Bench
from pressroom.consumer.gate import Gate
from pressroom.consumer.judge import Bug, Judge, Verdict
from pressroom.consumer.settler import Handled, Judged, Settler
from pressroom.crash import crash_point
from pressroom.outcomes import BackendUnavailable, Outcome, Unavailable
from pressroom.queues.port import Delivery
from schemas.envelope import Envelope

log = logging.getLogger("pressroom.consumer")

BatchHandler = Callable[[Sequence[Envelope[Any]]], Sequence[Outcome]]
"""Gets messages of one key in order, and answers with one outcome for each. When it raises, it gets them again one
by one, each settled before the next, so that a bug is the message's that caused it and "called again" always means
that the last call's messages were settled, or that it was told otherwise.
"""


class _BatchFailed(Exception):
    """One of its messages has a bug."""


class Work:
    """What every worker thread of a consumer runs until the bench is closed."""

    def __init__(
        self,
        handler: BatchHandler,
        judge: Judge,
        gate: Gate,
        bench: Bench,
        settler: Settler,
        clock: Clock,
        pace_s: float,
    ) -> None:
        self._handler = handler
        self._judge = judge
        self._gate = gate
        self._bench = bench
        self._settler = settler
        self._clock = clock
        self._pace_s = pace_s
        self._singly = 0
        """So many of a failed batch are still to be handled one by one. Batches have one worker, which owns this."""

    def run(self) -> None:
        while (batch := self._bench.take(alone=self._singly > 0)) is not None:
            self._singly = max(0, self._singly - 1)
            began_s = self._clock.monotonic()
            try:
                handled = self._handle(batch)
            except Exception as error:
                # Not the handler's fault but the loop's own. Nothing is lost by waiting for somebody who reads this.
                log.exception("the consumer loop failed")
                self._gate.failed(f"the consumer loop failed: {error}")
                handled = Handled([], list(batch))
            if handled.judged:
                self._settler.settle(handled)
            else:
                self._bench.done(batch, handled.back)
            if not self._singly:
                self._gather(began_s)

    def _gather(self, began_s: float) -> None:
        left_s = self._pace_s - (self._clock.monotonic() - began_s)
        if left_s > 0:
            # In real time, so that it passes whatever clock a test has set; too short for a stop to be held up.
            threading.Event().wait(left_s)

    def _handle(self, batch: Sequence[Delivery]) -> Handled:
        now = self._clock.now()
        handled = Handled([])
        fit: list[tuple[Delivery, Envelope[Any]]] = []
        for delivery in batch:
            if not delivery.is_open:
                delivery.release()  # lost while it waited here; it comes again
                continue
            first = self._judge.before(delivery, now)
            if isinstance(first, Verdict):
                handled.judged.append(Judged(delivery, None, first))
            else:
                fit.append((delivery, first))
        if fit:
            self._let_handle(fit, handled)
        return handled

    def _let_handle(self, fit: Sequence[tuple[Delivery, Envelope[Any]]], handled: Handled) -> None:
        crash_point("loop.before_handler")
        began = self._clock.monotonic()
        try:
            outcomes = self._outcomes([envelope for _, envelope in fit])
        except _BatchFailed:
            self._singly = len(fit)
            handled.back.extend(delivery for delivery, _ in fit)
            return
        seconds = (self._clock.monotonic() - began) / len(fit)
        crash_point("loop.after_handler")
        now = self._clock.now()
        for (delivery, envelope), outcome in zip(fit, outcomes, strict=True):
            if isinstance(outcome, Unavailable):
                self._gate.failed(f"{outcome.what} is not available: {outcome.reason}")
                handled.back.append(delivery)
            else:
                verdict = self._judge.after(delivery, envelope, outcome, now)
                handled.judged.append(Judged(delivery, envelope, verdict, seconds=seconds))

    def _outcomes(self, envelopes: Sequence[Envelope[Any]]) -> Sequence[Outcome | Bug]:
        """Raises `_BatchFailed` when it is not known which of several has the bug."""
        try:
            outcomes = self._handler(envelopes)
        except BackendUnavailable as error:
            return [Unavailable(error.what, error.reason)] * len(envelopes)
        except (Exception, SystemExit) as error:
            if len(envelopes) > 1:
                log.warning("a batch failed; its messages are handled one by one", extra={"reason": repr(error)})
                raise _BatchFailed from error
            return [Bug(error)]
        if len(outcomes) != len(envelopes):
            wrong = TypeError(f"{len(envelopes)} messages were handled, but {len(outcomes)} outcomes came back")
            return [Bug(wrong)] * len(envelopes)
        return outcomes
