"""The sqlite engine against a model, under a clock that the test moves: every interleaving that hypothesis can find."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pressroom.clock import SetClock
from pressroom.queues.port import Delivery, Parcel, Settlement, Subscription
from pressroom.queues.sqlite.queue import SqliteQueue
from tests.contracts.sqlite_rig import crash

TOPIC = "record.publish"
KEYS = st.sampled_from("abc")
CREDIT = 3


@dataclass
class Known:
    """A message as the model sees it."""

    key: str
    due_s: float
    deliveries: int = 1
    holder: str | None = None


@dataclass
class Consumer:
    queue: SqliteQueue
    held: dict[bytes, Delivery] = field(default_factory=dict)
    place: Subscription | None = None
    paused: bool = False


class Interleavings(RuleBasedStateMachine):
    """Two consumers and a publisher, each as if in a process of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = SetClock()
        self.publisher = self._open()
        self.consumers = {name: self._consumer() for name in ("left", "right")}
        self.known: dict[bytes, Known] = {}
        self.published = 0
        self.followed: set[bytes] = set()

    def _open(self) -> SqliteQueue:
        return SqliteQueue(self.folder / "queue.sqlite", self.clock)

    def _consumer(self) -> Consumer:
        consumer = Consumer(self._open())
        consumer.place = consumer.queue.subscribe(TOPIC, lambda d: consumer.held.__setitem__(d.body, d), credit=CREDIT)
        return consumer

    def _rest(self) -> None:
        """Until everybody has done all there is to do: an answer comes after what the question before it led to."""
        for _ in range(4):
            for consumer in self.consumers.values():
                consumer.queue.depth(TOPIC)

    @rule(key=KEYS, delay_s=st.sampled_from([0, 0, 0, 5, 20]))
    def publish(self, key: str, delay_s: float) -> None:
        self.published += 1
        body = b"%d" % self.published
        due = self.clock.now() + timedelta(seconds=delay_s)
        self.known[body] = Known(key, self.clock.monotonic() + delay_s)
        self.publisher.publish([Parcel(TOPIC, key, body, not_before=due if delay_s else None)])

    def _any_held(self, data: st.DataObject) -> tuple[Consumer, bytes]:
        choices = [(name, body) for name, each in self.consumers.items() for body in sorted(each.held)]
        name, body = data.draw(st.sampled_from(choices))
        return self.consumers[name], body

    @precondition(lambda self: any(each.held for each in self.consumers.values()))
    @rule(data=st.data(), follow=st.booleans())
    def settle(self, data: st.DataObject, follow: bool) -> None:
        consumer, body = self._any_held(data)
        delivery = consumer.held.pop(body)
        consumer.queue.settle([Settlement(delivery, [Parcel("schedule", "one", body)] if follow else [])])
        del self.known[body]
        self.followed |= {body} if follow else set()

    @precondition(lambda self: any(each.held for each in self.consumers.values()))
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        consumer, body = self._any_held(data)
        consumer.held.pop(body).release()

    @precondition(lambda self: any(len(each.held) > 1 for each in self.consumers.values()))
    @rule()
    def crash(self) -> None:
        name = max(self.consumers, key=lambda name: len(self.consumers[name].held))
        for body in self.consumers[name].held:
            self.known[body].deliveries += 1
        crash(self.consumers[name].queue)
        self.clock.advance(2)
        self.consumers[name] = self._consumer()

    @rule(name=st.sampled_from(["left", "right"]))
    def leave(self, name: str) -> None:
        consumer = self.consumers[name]
        assert consumer.place is not None
        consumer.paused = True
        consumer.held.clear()
        consumer.place.leave()

    @rule(name=st.sampled_from(["left", "right"]))
    def come_back(self, name: str) -> None:
        consumer = self.consumers[name]
        assert consumer.place is not None
        consumer.paused = False
        consumer.place.resume()

    @rule(seconds=st.sampled_from([1, 10, 30]))
    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @invariant()
    def what_is_held_is_as_the_model_says(self) -> None:
        self._rest()
        self._keys_have_one_holder_and_their_order()
        self._counts_are_right()
        self._nobody_waits_for_nothing()

    def _keys_have_one_holder_and_their_order(self) -> None:
        left, right = ({d.key for d in each.held.values()} for each in self.consumers.values())
        assert not left & right
        for consumer in self.consumers.values():
            assert len(consumer.held) <= CREDIT
            if any(delivery.deliveries > 1 for delivery in consumer.held.values()):
                assert len(consumer.held) == 1, "what a process died with is handled alone"
            for body, delivery in consumer.held.items():
                assert (delivery.key, delivery.deliveries) == (self.known[body].key, self.known[body].deliveries)
                assert self.known[body].due_s <= self.clock.monotonic()

    def _counts_are_right(self) -> None:
        depth = self.publisher.depth(TOPIC)
        held = sum(len(each.held) for each in self.consumers.values())
        delayed = sum(known.due_s > self.clock.monotonic() for known in self.known.values())
        assert (depth.total, depth.in_flight, depth.delayed) == (len(self.known), held, delayed)

    def _nobody_waits_for_nothing(self) -> None:
        """Whoever is there with empty hands gets a message that is due and whose key nobody has."""
        held = {body for each in self.consumers.values() for body in each.held}
        busy_keys = {self.known[body].key for body in held}
        free = [
            known
            for body, known in self.known.items()
            if body not in held and known.due_s <= self.clock.monotonic() and known.key not in busy_keys
        ]
        idle = [each for each in self.consumers.values() if not each.paused and not each.held]
        assert not (free and idle)

    def teardown(self) -> None:
        for consumer in self.consumers.values():
            crash(consumer.queue)
        self.clock.advance(100)
        found: list[Delivery] = []
        self.publisher.subscribe(TOPIC, found.append, credit=1)
        follow: list[Delivery] = []
        self.publisher.subscribe("schedule", follow.append, credit=1_000)
        came: dict[bytes, Delivery] = {}
        while self.publisher.depth(TOPIC).total:
            for delivery in list(found):
                found.remove(delivery)
                came[delivery.body] = delivery
                self.publisher.settle([Settlement(delivery)])
        self.publisher.close()
        shutil.rmtree(self.folder)

        assert came.keys() == self.known.keys()
        assert {delivery.body for delivery in follow} == self.followed
        for key in "abc":
            numbers = [int(body) for body, each in came.items() if each.key == key]
            assert numbers == sorted(numbers)


Interleavings.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestInterleavings = Interleavings.TestCase
