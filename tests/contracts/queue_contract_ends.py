"""The queue's contract, second half: what is given back, what waits for its time, notices, and dying."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Depth, Lost, Parcel, Queue, Settlement
from pressroom.queues.topics import NOTICES_BOUND
from tests.contracts.queue_tools import (
    CLOCK,
    Box,
    Rig,
    WorkerProcess,
    bodies,
    drained,
    ended,
    events,
    eventually,
    overlaps,
    wish,
)

TOPIC = "record.publish"
SOON_S = 0.6

few = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors, HealthCheck.too_slow],
)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.sampled_from("abc")),
        st.tuples(st.just("settle"), st.booleans()),
        st.tuples(st.just("release"), st.none()),
        st.tuples(st.just("crash"), st.none()),
    ),
    max_size=25,
)


class Ends:
    """Part of `QueueContract`."""

    def test_what_is_released_comes_again_unspent_and_before_its_followers(self, queue: Queue) -> None:
        box = Box()
        queue.subscribe(TOPIC, box, credit=1)
        queue.publish([Parcel(TOPIC, "a", b"1"), Parcel(TOPIC, "a", b"2")])
        box.one().release()
        again = box.one()

        assert (again.body, again.deliveries) == (b"1", 1)
        queue.settle([Settlement(again)])
        assert box.one().body == b"2"

    def test_a_paused_subscription_is_handed_nothing_until_it_resumes(self, queue: Queue) -> None:
        box = Box()
        place = queue.subscribe(TOPIC, box, credit=4)
        queue.publish([Parcel(TOPIC, "a", b"1")])
        held = box.one()
        place.pause()
        queue.publish([Parcel(TOPIC, "b", b"2")])

        assert box.stays_empty()
        queue.settle([Settlement(held)])
        place.resume()
        assert box.one().body == b"2"

    def test_who_leaves_gives_back_what_is_held_and_may_come_again(self, rig: Rig) -> None:
        one, two = rig.open(), rig.open()
        box, other = Box(), Box()
        place = one.subscribe(TOPIC, box, credit=4)
        one.publish([Parcel(TOPIC, "a", b"1"), Parcel(TOPIC, "a", b"2")])
        held = box.take(2)
        place.leave()
        second = two.subscribe(TOPIC, other, credit=4)
        taken = other.take(2)

        assert bodies(taken) == [b"1", b"2"]
        with pytest.raises(Lost):
            one.settle([Settlement(held[0])])
        two.settle([Settlement(each) for each in taken])
        second.close(5)
        place.resume()
        one.publish([Parcel(TOPIC, "a", b"3")])
        assert box.one().body == b"3"

    def test_closing_waits_for_what_is_held_and_hands_the_key_over_then(self, rig: Rig) -> None:
        one, two = rig.open(), rig.open()
        box, other = Box(), Box()
        place = one.subscribe(TOPIC, box, credit=1)
        one.publish([Parcel(TOPIC, "a", b"1"), Parcel(TOPIC, "a", b"2")])
        held = box.one()
        two.subscribe(TOPIC, other, credit=1)
        closing = threading.Thread(target=place.close, args=(20,))
        closing.start()

        assert other.stays_empty()
        assert closing.is_alive()
        one.settle([Settlement(held)])
        closing.join(10)
        assert not closing.is_alive()
        assert other.one().body == b"2"
        assert box.stays_empty(0.05)

    def test_what_is_open_when_closing_times_out_comes_again(self, rig: Rig) -> None:
        one, two = rig.open(), rig.open()
        box, other = Box(), Box()
        place = one.subscribe(TOPIC, box, credit=1)
        one.publish([Parcel(TOPIC, "a", b"1")])
        held = box.one()
        place.close(0.1)
        two.subscribe(TOPIC, other, credit=1)

        assert other.one().body == b"1"
        with pytest.raises(Lost):
            one.settle([Settlement(held)])

    def test_a_closed_queue_says_so(self, rig: Rig) -> None:
        queue = rig.open()
        queue.close()
        with pytest.raises(BackendUnavailable):
            queue.publish([Parcel(TOPIC, "a", b"x")])

    def test_nothing_comes_before_its_time_and_holds_up_nobody(self, queue: Queue) -> None:
        box = Box()
        queue.subscribe(TOPIC, box, credit=4)
        due = CLOCK.now() + timedelta(seconds=SOON_S)
        queue.publish([Parcel(TOPIC, "a", b"later", not_before=due), Parcel(TOPIC, "a", b"now")])

        now = box.one()
        assert now.body == b"now"
        queue.settle([Settlement(now)])
        assert box.one().body == b"later"
        assert CLOCK.now() >= due

    def test_what_waits_for_its_time_is_counted_as_such_and_by_topic(self, queue: Queue) -> None:
        queue.publish([Parcel(TOPIC, "a", b"now"), Parcel("weather.request", "a", b"now")])
        for wait_s in (20, 70, 4000):
            queue.publish([Parcel(TOPIC, "a", b"later", not_before=CLOCK.now() + timedelta(seconds=wait_s))])

        assert queue.depth(TOPIC) == Depth(ready=1, in_flight=0, delayed=3)
        assert queue.depth("weather.request") == Depth(ready=1, in_flight=0, delayed=0)

    def test_what_expired_is_not_handed_out(self, queue: Queue) -> None:
        queue.publish([Parcel("schedule", "one", b"tick", expires_s=0.2), Parcel("schedule", "one", b"check")])
        eventually(lambda: queue.depth("schedule").total == 1, "the tick expired")
        assert drained(queue, "schedule", {b"check"}) == [b"check"]

    def test_every_listener_gets_every_notice_in_order(self, rig: Rig) -> None:
        one, two = rig.open(), rig.open()
        heard: list[SimpleQueue[bytes | None]] = [SimpleQueue(), SimpleQueue(), SimpleQueue()]
        places = [queue.listen(box.put) for queue, box in zip((one, one, two), heard, strict=True)]
        eventually(lambda: all(place.trouble is None for place in places), "all listen")
        for number in range(20):
            one.broadcast(b"%d" % number)

        for box in heard:
            told = [box.get(timeout=20) for _ in range(20)]
            assert [each for each in told if each is not None] == [b"%d" % number for number in range(20)][-len(told) :]

    def test_who_broadcasts_need_not_listen(self, rig: Rig) -> None:
        heard: SimpleQueue[bytes | None] = SimpleQueue()
        place = rig.open().listen(heard.put)
        eventually(lambda: place.trouble is None, "it listens")
        rig.open().broadcast(b"news")

        assert heard.get(timeout=20) == b"news"

    def test_a_listener_that_fell_behind_is_told_that_it_missed_some(self, queue: Queue) -> None:
        heard: SimpleQueue[bytes | None] = SimpleQueue()
        go_on = threading.Event()

        def slow(notice: bytes | None) -> None:
            go_on.wait(60)
            heard.put(notice)

        place = queue.listen(slow)
        eventually(lambda: place.trouble is None, "it listens")
        for number in range(NOTICES_BOUND + 200):
            queue.broadcast(b"%d" % number)
        go_on.set()
        told = [heard.get(timeout=20)]
        while told[-1] != b"%d" % (NOTICES_BOUND + 199):
            told.append(heard.get(timeout=20))

        assert None in told
        assert len(told) < NOTICES_BOUND + 200

    def test_a_crashed_consumer_gives_back_what_it_held_and_that_is_counted(self, rig: Rig) -> None:
        one, two = rig.open(), rig.open()
        box, other = Box(), Box()
        one.subscribe(TOPIC, box, credit=4)
        one.publish([Parcel(TOPIC, "a", b"1"), Parcel(TOPIC, "a", b"2")])
        box.take(2)
        rig.crash(one)
        two.subscribe(TOPIC, other, credit=4)
        came = []
        for _ in range(2):
            came.append(other.one())
            two.settle([Settlement(came[-1])])

        assert [(each.body, each.deliveries) for each in came] == [(b"1", 2), (b"2", 2)]
        assert two.depth(TOPIC).total == 0

    @few
    @given(actions=ACTIONS)
    def test_whatever_happens_in_between_nothing_is_lost(self, rig: Rig, actions: list[tuple[str, object]]) -> None:
        """A crash may undo what was settled just before it, so that it comes again."""
        publisher, consumer, box = rig.open(), rig.open(), Box()
        consumer.subscribe(TOPIC, box, credit=2)
        example, sent, settled, followed = uuid4().hex.encode(), set(), set(), set()
        for number, (action, how) in enumerate(actions):
            if action == "publish":
                sent.add(b"%s %d" % (example, number))
                publisher.publish([Parcel(TOPIC, str(how), b"%s %d" % (example, number))])
            elif action == "crash":
                rig.crash(consumer)
                consumer, box = rig.open(), Box()
                consumer.subscribe(TOPIC, box, credit=2)
            elif action == "settle" and sent - settled:
                delivery = box.one()
                consumer.settle([Settlement(delivery, [Parcel("schedule", "one", delivery.body)] if how else [])])
                settled.add(delivery.body)
                followed |= {delivery.body} if how else set()
            elif action == "release" and sent - settled:
                box.one().release()
        rig.crash(consumer)

        remaining = drained(publisher, TOPIC, sent - settled)
        assert {body for body in remaining if body.startswith(example)} <= sent
        assert followed <= set(drained(publisher, "schedule", followed))

    def test_killed_processes_lose_nothing_and_each_key_has_one_worker_at_a_time(
        self, rig: Rig, tmp_path: Path
    ) -> None:
        queue, log = rig.open(), tmp_path / "log"
        ids = {f"m{number}" for number in range(240)}
        for number in range(240):
            queue.publish([wish(TOPIC, f"k{number % 12}", name=f"m{number}")])
        workers = [WorkerProcess(rig.url, TOPIC, log, emit_to="schedule") for _ in range(2)]
        try:
            for share in (40, 100):
                eventually(lambda share=share: len(ended(log)) >= share, f"{share} handled", 40)
                workers.pop(0).kill()
                workers.append(WorkerProcess(rig.url, TOPIC, log, emit_to="schedule"))
            eventually(lambda: ended(log) == ids and queue.depth(TOPIC).total == 0, "all handled", 40)
            for worker in workers:
                worker.stop()
        finally:
            for worker in workers:
                worker.end()

        assert overlaps(events(log)) == []
        assert queue.depth("schedule").total >= len(ids)
