"""What the consumer loop promises over any engine; each engine inherits it beside the queue's own contract."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from pressroom.consumer.loop import Consumer
from pressroom.consumer.rules import LoopRules
from pressroom.objects.port import StoreMisconfigured
from pressroom.outcomes import Defer, Done, Emit, Outcome, Reject, Retry
from pressroom.queues.port import Depth, Parcel, Queue
from schemas.codec import decode
from schemas.envelope import Envelope
from schemas.messages import Wish
from tests.contracts.consumer_contract_dying import NEXT, TOPIC, Dying, letter_of
from tests.contracts.queue_tools import CLOCK, Box, Rig, eventually, wish

QUICK = LoopRules(
    attempts_max=3,
    bugs_max=2,
    backoff_first_s=0.02,
    backoff_max_s=0.05,
    unavailable_first_s=0.05,
    unavailable_max_s=0.1,
    unavailable_leave_s=0.3,
)
Start = Callable[..., Consumer]


class Seen:
    """Remembers what a handler was given, and answers as told: an outcome, or a function of the envelope."""

    def __init__(self, answer: Outcome | Callable[[Envelope[Any]], Outcome] = Done()) -> None:  # noqa: B008 - frozen
        self._answer = answer
        self.envelopes: list[Envelope[Any]] = []

    def __call__(self, envelope: Envelope[Any]) -> Outcome:
        self.envelopes.append(envelope)
        return self._answer(envelope) if callable(self._answer) else self._answer

    @property
    def ids(self) -> list[str]:
        return [envelope.id for envelope in self.envelopes]


class ConsumerContract(Dying):
    """Inherit it, and bring a fixture `rig`."""

    @pytest.fixture
    def queue(self, rig: Rig) -> Queue:
        return rig.open()

    @pytest.fixture
    def start(self, queue: Queue) -> Iterator[Start]:
        """Start a consumer of `TOPIC`, to be stopped at the end."""
        consumers: list[Consumer] = []

        def start(handler: Any, *, make: Any = Consumer.single, queue: Queue = queue, **named: Any) -> Consumer:
            named.setdefault("rules", QUICK)
            consumer: Consumer = make(queue, TOPIC, handler, service="tester", clock=CLOCK, **named)
            consumer.start()
            consumers.append(consumer)
            return consumer

        yield start
        for consumer in consumers:
            consumer.stop(5)

    def test_what_a_handler_emits_goes_on_with_its_trace_and_way(self, queue: Queue, start: Start) -> None:
        box = Box()
        queue.subscribe(NEXT, box, credit=4)
        start(lambda envelope: Done((Emit(NEXT, "cell", Wish(reason="next")),)))
        queue.publish([wish(TOPIC, "a", name="first")])
        envelope = decode(box.one().body)

        assert (envelope.trace, envelope.key, envelope.payload.reason) == ("first", "cell", "next")
        assert [(hop.service, hop.what) for hop in envelope.hops] == [("tester", "handled schedule.wish")]
        eventually(lambda: queue.depth(TOPIC).total == 0, "the cause is gone")

    def test_a_retry_comes_again_as_the_same_message_with_one_more_attempt(self, queue: Queue, start: Start) -> None:
        seen = Seen(lambda envelope: Done() if envelope.attempt else Retry("not yet"))
        start(seen)
        queue.publish([wish(TOPIC, "a", name="m")])
        eventually(lambda: len(seen.envelopes) == 2, "it came again")

        assert [(envelope.id, envelope.attempt) for envelope in seen.envelopes] == [("m", 0), ("m", 1)]
        assert seen.envelopes[1].hops[-1].what == "attempt 1: not yet"

    def test_a_message_whose_attempts_are_spent_is_a_dead_letter_that_explains_itself(
        self, queue: Queue, start: Start
    ) -> None:
        box, seen, parcel = Box(), Seen(Retry("the disk is full")), wish(TOPIC, "a", name="m")
        queue.subscribe("dead", box, credit=4)
        start(seen)
        queue.publish([parcel])
        envelope = letter_of(box.one())
        letter = envelope.payload

        assert len(seen.envelopes) == 3
        assert (envelope.id, envelope.key, letter.topic, letter.key) == ("m", "one", TOPIC, "a")
        assert (letter.kind, letter.attempts, letter.service) == ("exhausted", 3, "tester")
        assert "the disk is full" in letter.reason
        assert decode(letter.body.encode()).payload == decode(parcel.body).payload

    def test_a_rejected_message_is_dead_at_once(self, queue: Queue, start: Start) -> None:
        box, seen = Box(), Seen(Reject("conflict", "somebody was quicker"))
        queue.subscribe("dead", box, credit=4)
        start(seen)
        queue.publish([wish(TOPIC, "a")])
        letter = letter_of(box.one()).payload

        assert (letter.kind, letter.reason) == ("conflict", "somebody was quicker")
        assert len(seen.envelopes) == 1

    def test_a_deferred_message_comes_at_its_time_and_has_spent_no_attempt(self, queue: Queue, start: Start) -> None:
        until: list[datetime] = []

        def pauses(_envelope: Envelope[Any]) -> Outcome:
            if until:
                return Done()
            until.append(CLOCK.now() + timedelta(seconds=0.4))
            return Defer(until[0], "the provider pauses")

        seen = Seen(pauses)
        start(seen)
        queue.publish([wish(TOPIC, "a")])
        eventually(lambda: len(seen.envelopes) >= 2, "it came again")

        assert CLOCK.now() >= until[0]
        assert seen.envelopes[-1].attempt == 0
        assert len(seen.envelopes) == 2

    def test_what_cannot_be_read_is_dead_and_the_next_message_is_handled(self, queue: Queue, start: Start) -> None:
        box, seen = Box(), Seen()
        queue.subscribe("dead", box, credit=4)
        start(seen)
        queue.publish([Parcel(TOPIC, "a", b"\xff\x00"), wish(TOPIC, "a", name="good")])
        letter = letter_of(box.one()).payload

        assert (letter.kind, letter.body, letter.body_base64) == ("undecodable", "/wA=", True)
        eventually(lambda: seen.ids == ["good"], "the next one is handled")

    def test_what_the_next_release_sends_waits_for_the_upgrade_and_holds_up_nobody(
        self, queue: Queue, start: Start
    ) -> None:
        seen, parcel = Seen(), wish(TOPIC, "a")
        start(seen)
        newer = parcel.body.replace(b'"version":1', b'"version":2')
        stranger = parcel.body.replace(b'"schedule.wish"', b'"tomorrow.news"')
        queue.publish([Parcel(TOPIC, "a", body) for body in (newer, stranger)] + [wish(TOPIC, "a", name="good")])
        eventually(lambda: seen.ids == ["good"], "the next one is handled")
        eventually(lambda: queue.depth(TOPIC) == Depth(ready=0, in_flight=0, delayed=2), "they wait")

        assert queue.depth("dead").total == 0

    def test_keys_are_handled_at_once_and_the_messages_of_one_in_order(self, queue: Queue, start: Start) -> None:
        met = threading.Barrier(3, timeout=20)
        running: set[str] = set()
        order: dict[str, list[str]] = {}

        def handler(envelope: Envelope[Any]) -> Outcome:
            assert envelope.key not in running
            running.add(envelope.key)
            if not order.get(envelope.key):
                met.wait()
            order.setdefault(envelope.key, []).append(envelope.id)
            running.discard(envelope.key)
            return Done()

        start(handler, workers=3)
        queue.publish([wish(TOPIC, key, name=f"{key}{number}") for number in range(10) for key in "abc"])
        eventually(lambda: sum(map(len, order.values())) == 30, "all are handled")

        assert order == {key: [f"{key}{number}" for number in range(10)] for key in "abc"}

    def test_a_batch_takes_all_that_waits(self, queue: Queue, start: Start) -> None:
        sizes: list[int] = []
        first, go_on = threading.Event(), threading.Event()

        def handler(envelopes: Sequence[Envelope[Any]]) -> Sequence[Outcome]:
            sizes.append(len(envelopes))
            first.set()
            go_on.wait(20)
            return [Done() for _ in envelopes]

        start(handler, make=Consumer.batched, batch_max=4)
        queue.publish([wish(TOPIC, "one")])
        first.wait(20)
        queue.publish([wish(TOPIC, "one") for _ in range(6)])
        go_on.set()
        eventually(lambda: sum(sizes) == 7, "all are handled")

        assert max(sizes) <= 4
        assert len(sizes) < 7

    def test_an_outage_pauses_the_consumer_and_spends_no_attempt(self, queue: Queue, start: Start) -> None:
        back = threading.Event()

        def handler(envelope: Envelope[Any]) -> Outcome:
            if not back.is_set():
                raise StoreMisconfigured("403 InvalidAccessKeyId")  # until somebody mends it
            return Done()

        seen = Seen(handler)
        consumer = start(seen)
        queue.publish([wish(TOPIC, key) for key in "abcdef"])
        eventually(lambda: consumer.health.paused_because, "it is paused")

        assert consumer.health.paused_because == "the object store is not available: 403 InvalidAccessKeyId"
        # Long enough that it gives up its place and tries again from there.
        eventually(lambda: queue.depth(TOPIC).in_flight == 0, "what was held went back")
        back.set()
        eventually(lambda: queue.depth(TOPIC).total == 0, "all are handled")
        assert consumer.health.paused_because is None
        assert {envelope.attempt for envelope in seen.envelopes} == {0}

    def test_stopping_finishes_what_was_begun_and_leaves_the_rest_to_others(self, rig: Rig, start: Start) -> None:
        one, two = rig.open(), rig.open()
        begun, go_on, later = threading.Event(), threading.Event(), Seen()

        def handler(envelope: Envelope[Any]) -> Outcome:
            begun.set()
            go_on.wait(20)
            return Done((Emit(NEXT, "cell", envelope.payload),))

        consumer = start(handler, queue=one, workers=1)
        one.publish([wish(TOPIC, "a", name=f"m{number}") for number in range(5)])
        begun.wait(20)
        stopping = threading.Thread(target=consumer.stop, args=(20,))
        stopping.start()
        start(later, queue=two)
        time.sleep(0.1)
        assert later.envelopes == []
        go_on.set()
        stopping.join(20)

        eventually(lambda: later.ids == ["m1", "m2", "m3", "m4"], "the rest came to the other, in order")
        assert two.depth(NEXT).total == 1

    def test_what_is_not_finished_when_stopping_times_out_is_done_by_the_next_and_only_there(
        self, rig: Rig, start: Start
    ) -> None:
        one, two = rig.open(), rig.open()
        begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()
        next_one = Seen(lambda envelope: Done((Emit(NEXT, "cell", envelope.payload),)))

        def hangs(envelope: Envelope[Any]) -> Outcome:
            begun.set()
            go_on.wait(20)
            ended.set()
            return Done((Emit(NEXT, "cell", envelope.payload),))

        consumer = start(hangs, queue=one, workers=1)
        one.publish([wish(TOPIC, "a", name=f"m{number}") for number in range(3)])
        begun.wait(20)
        began = time.monotonic()
        consumer.stop(0.2)
        assert time.monotonic() - began < 3
        start(next_one, queue=two)
        eventually(lambda: next_one.ids == ["m0", "m1", "m2"], "all came to the other, in order")
        go_on.set()
        ended.wait(20)
        eventually(lambda: two.depth(TOPIC).total == 0, "all is settled")

        assert two.depth(NEXT).total == 3

    def test_a_slow_handler_keeps_its_message_and_holds_up_no_other_key(self, queue: Queue, start: Start) -> None:
        go_on, done = threading.Event(), Seen()

        def handler(envelope: Envelope[Any]) -> Outcome:
            if envelope.key == "slow":
                go_on.wait(20)
            return done(envelope)

        start(handler, workers=2)
        queue.publish([wish(TOPIC, "slow", name="slow"), *(wish(TOPIC, f"k{n}", name=f"m{n}") for n in range(30))])
        eventually(lambda: len(done.envelopes) == 30, "the others are handled")

        assert "slow" not in done.ids
        go_on.set()
        eventually(lambda: queue.depth(TOPIC).total == 0, "all is settled")
        assert done.ids.count("slow") == 1
