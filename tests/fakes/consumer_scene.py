"""A stage for stories of the consumer loop: a consumer, a scripted queue, a clock that the test moves."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pressroom.breaker import BreakerRules
from pressroom.clock import SetClock
from pressroom.consumer.loop import Consumer
from pressroom.consumer.rules import LoopRules
from pressroom.outcomes import Done, Emit, Outcome, Unavailable
from pressroom.queues.topics import FEED_REFRESH
from pressroom.sender import parcel_of
from schemas.envelope import Envelope
from schemas.messages import Wish
from tests.contracts.queue_tools import eventually
from tests.fakes.scripted_queue import ScriptedQueue

RULES = LoopRules(breaker=BreakerRules(window_s=60, least=4, share=0.5, cool_down_s=30))
DOWN = Unavailable("store", "no answer")


class Counts:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.endings: Counter[str] = Counter()
        self.others: Counter[str] = Counter()

    def handled(self, topic: str, ending: str, seconds: float) -> None:
        self.endings[ending] += 1

    def redelivered(self, topic: str) -> None:
        self.others["redelivered"] += 1

    def dropped(self, topic: str) -> None:
        self.others[f"dropped {topic}"] += 1

    def paused(self, topic: str, seconds: float) -> None:
        self.others["paused"] += 1


class Scene:
    """A consumer of `feed.refresh`, its queue and its clock."""

    def __init__(self) -> None:
        self.queue = ScriptedQueue()
        self.clock = SetClock()
        self.counts = Counts()
        self.began: list[str] = []
        self.answer: Outcome | Callable[[Envelope[Any]], Outcome] = Done()
        self.consumer: Consumer | None = None

    def start(self, rules: LoopRules = RULES, workers: int = 4) -> Consumer:
        self.consumer = Consumer.single(
            self.queue,
            FEED_REFRESH,
            self._handle,
            service="tester",
            clock=self.clock,
            rules=rules,
            workers=workers,
            observer=self.counts,
        )
        self.consumer.start()
        return self.consumer

    def _handle(self, envelope: Envelope[Any]) -> Outcome:
        self.began.append(envelope.id)
        return self.answer(envelope) if callable(self.answer) else self.answer

    def body(self, name: str) -> bytes:
        emit = Emit(FEED_REFRESH, "a", Wish(reason=name), id=name)
        return parcel_of(emit, self.clock.now(), trace="", hops=()).body

    def hand(self, name: str, *, key: str = "", deliveries: int = 1) -> Any:
        return self.queue.hand(self.body(name), key=key or name, deliveries=deliveries)

    def has_begun(self, *names: str) -> None:
        eventually(lambda: set(names) <= set(self.began), f"{names} begun")

    def pass_time_until(self, condition: Callable[[], object], what: str, step_s: float = 1.0) -> float:
        """Move the clock in steps until it holds; how long that took."""
        began = self.clock.monotonic()

        def moved() -> bool:
            self.clock.advance(step_s)
            return bool(condition())

        eventually(moved, what)
        return self.clock.monotonic() - began

    def stays(self, condition: Callable[[], bool]) -> bool:
        """Still so after everybody had a chance to change it."""
        threading.Event().wait(0.1)
        return condition()


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.queue.gate.set()
    scene.queue.fail_with = None
    if scene.consumer is not None:
        scene.consumer.stop(2)
