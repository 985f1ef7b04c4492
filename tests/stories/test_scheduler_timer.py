"""The timer: a tick a second, whatever the queue says, until it is stopped."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import cast

import pytest

from pressroom.clock import SetClock
from pressroom.outcomes import BackendUnavailable, Emit
from pressroom.queues.port import Full
from pressroom.sender import Sender
from schemas.messages import Tick
from services.scheduler.timer import Timer


class Ears:
    """A sender that keeps what it is given, or raises."""

    def __init__(self) -> None:
        self.heard: list[Emit] = []
        self.error: Exception | None = None
        self._changed = threading.Condition()

    def send(self, emits: Sequence[Emit]) -> None:
        with self._changed:
            self.heard.extend(emits)
            self._changed.notify_all()
        if self.error is not None:
            raise self.error

    def hear(self, count: int, clock: SetClock) -> None:
        """Let time pass until so many have come; the timer may not have begun to wait when the clock moves."""
        with self._changed:
            for _ in range(1000):
                if self._changed.wait_for(lambda: len(self.heard) >= count, timeout=0.02):
                    return
                clock.advance(1)
        raise AssertionError(f"only {len(self.heard)} ticks came")


@pytest.fixture
def ears() -> Ears:
    return Ears()


def timer_of(ears: Ears, clock: SetClock) -> Timer:
    return Timer(cast(Sender, ears), clock)


def test_ticks_are_a_second_apart_and_worthless_after_two(ears: Ears) -> None:
    clock = SetClock()
    timer = timer_of(ears, clock)
    timer.start()
    ears.hear(4, clock)
    timer.stop(10)
    assert not timer.is_alive()
    times = [cast(Tick, one.payload).at for one in ears.heard]
    assert times[0] == SetClock().now()
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in itertools.pairwise(times))
    assert {(one.topic, one.key, one.expires_s) for one in ears.heard} == {("schedule", "one", 2.0)}


@pytest.mark.parametrize("error", [Full("schedule", 100_000), BackendUnavailable("queue", "away")])
def test_a_tick_that_cannot_be_sent_is_dropped_and_the_next_is_offered(ears: Ears, error: Exception) -> None:
    clock = SetClock()
    ears.error = error
    timer = timer_of(ears, clock)
    timer.start()
    ears.hear(2, clock)
    timer.stop(10)
    assert timer.dropped == len(ears.heard)


def test_stopping_one_that_never_started_is_no_error(ears: Ears) -> None:
    timer_of(ears, SetClock()).stop(1)
