"""What every queue engine promises (`pressroom.queues.port`), written once; each engine inherits it with a `rig`."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import pytest

from pressroom.queues.port import Delivery, Full, Parcel, Queue, Settlement, Unroutable
from tests.contracts.queue_contract_ends import Ends
from tests.contracts.queue_tools import Box, Rig, bodies, drained, settled

TOPIC = "record.publish"
OTHER = "weather.request"


class QueueContract(Ends):
    """Inherit it, and bring a fixture `rig`."""

    @pytest.fixture
    def queue(self, rig: Rig) -> Queue:
        return rig.open()

    def test_what_is_published_is_handed_out_whole_and_is_gone_when_settled(self, queue: Queue) -> None:
        box = Box()
        queue.subscribe(TOPIC, box, credit=4)
        queue.publish([Parcel(TOPIC, "feeds/ä ö.json", bytes(range(256)) * 4096)])
        delivery = box.one()

        assert (delivery.topic, delivery.key, delivery.deliveries) == (TOPIC, "feeds/ä ö.json", 1)
        assert delivery.body == bytes(range(256)) * 4096
        queue.settle([Settlement(delivery)])
        assert queue.depth(TOPIC).total == 0
        assert box.stays_empty()

    def test_what_was_published_with_nobody_there_waits(self, queue: Queue) -> None:
        queue.publish([Parcel(TOPIC, "a", b"1"), Parcel(TOPIC, "b", b"2")])
        assert queue.depth(TOPIC).ready == 2
        assert sorted(drained(queue, TOPIC, {b"1", b"2"})) == [b"1", b"2"]

    def test_many_threads_publish_at_once_and_everything_arrives_once(self, queue: Queue) -> None:
        box = Box()
        queue.subscribe(TOPIC, box, credit=400)

        def publish(number: int) -> None:
            for turn in range(10):
                queue.publish([Parcel(TOPIC, f"k{number}", b"%d %d" % (number, turn))])

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(publish, range(8)))
        arrived = []
        for _ in range(80):
            arrived.append(box.one())
            queue.settle([Settlement(arrived[-1])])

        assert Counter(bodies(arrived)) == {b"%d %d" % (n, t): 1 for n in range(8) for t in range(10)}
        assert box.stays_empty()

    def test_nothing_is_published_to_a_topic_that_is_not_there(self, queue: Queue) -> None:
        for topic in ("record.publsh", "record.publish@lane", "@", ""):
            with pytest.raises(Unroutable):
                queue.publish([Parcel(TOPIC, "a", b"x"), Parcel(topic, "a", b"x")])
            with pytest.raises(Unroutable):
                queue.subscribe(topic, Box(), credit=1)
        assert queue.depth(TOPIC).total == 0

    def test_a_lane_is_a_topic_of_its_own(self, queue: Queue) -> None:
        box = Box()
        queue.subscribe("feed.refresh@north", box, credit=4)
        queue.publish([Parcel("feed.refresh", "h", b"all"), Parcel("feed.refresh@north", "h", b"north")])

        assert box.one().body == b"north"
        assert box.stays_empty()
        assert queue.depth("feed.refresh").ready == 1

    def test_a_topic_takes_no_more_than_its_bound_and_what_waits_for_room_is_sent_once(self, queue: Queue) -> None:
        def fill() -> None:
            for _ in range(41):
                queue.publish([Parcel(OTHER, "one", b"x")] * 250)

        with pytest.raises(Full) as refusal:
            fill()
        assert refusal.value.topic == OTHER
        assert queue.depth(OTHER).total <= 10_000
        box, full = Box(), Box()
        queue.subscribe(TOPIC, box, credit=1)
        queue.publish([Parcel(TOPIC, "a", b"others are not concerned")])
        follow = [Parcel("schedule", "one", b"1"), Parcel(OTHER, "one", b"2"), Parcel("schedule", "one", b"1")]
        settlement = Settlement(box.one(), follow)
        for _ in range(2):
            with pytest.raises(Full) as refusal:
                queue.settle([settlement])
            assert refusal.value.topic == OTHER
        assert queue.depth(TOPIC).in_flight == 1

        queue.subscribe(OTHER, full, credit=4)
        while not settled(queue, settlement):
            queue.settle([Settlement(full.one())])
        assert queue.depth(TOPIC).total == 0
        assert drained(queue, "schedule", {b"1"}) == [b"1", b"1"]

    def test_messages_of_a_key_come_in_the_order_published(self, queue: Queue) -> None:
        box = Box()
        queue.subscribe(TOPIC, box, credit=10)
        for number in range(30):
            queue.publish([Parcel(TOPIC, f"k{number % 3}", b"%d" % number)])
        by_key: dict[str, list[int]] = {}
        for _ in range(30):
            delivery = box.one()
            by_key.setdefault(delivery.key, []).append(int(delivery.body))
            queue.settle([Settlement(delivery)])

        assert by_key == {f"k{key}": list(range(key, 30, 3)) for key in range(3)}

    def test_different_keys_are_handed_out_together_up_to_the_credit(self, queue: Queue) -> None:
        box = Box()
        queue.subscribe(TOPIC, box, credit=3)
        queue.publish([Parcel(TOPIC, f"k{number}", b"x") for number in range(5)])
        held = box.take(3)

        assert len({delivery.key for delivery in held}) == 3
        assert box.stays_empty()
        queue.settle([Settlement(held[0])])
        box.one()
        assert box.stays_empty()

    def test_two_consumers_never_hold_messages_of_one_key(self, rig: Rig) -> None:
        one, two = rig.open(), rig.open()
        taken: SimpleQueue[tuple[str, Queue, Delivery]] = SimpleQueue()
        one.subscribe(TOPIC, lambda delivery: taken.put(("one", one, delivery)), credit=4)
        two.subscribe(TOPIC, lambda delivery: taken.put(("two", two, delivery)), credit=4)
        one.publish([Parcel(TOPIC, f"k{number % 6}", b"%d" % number) for number in range(60)])
        holders: dict[str, Counter[str]] = {}
        seen: Counter[bytes] = Counter()
        held: list[tuple[str, Queue, Delivery]] = []
        while len(seen) < 60:
            name, queue, delivery = taken.get(timeout=20)
            held.append((name, queue, delivery))
            seen[delivery.body] += 1
            holders.setdefault(delivery.key, Counter())[name] += 1
            assert len(+holders[delivery.key]) == 1, f"{delivery.key} is with both"
            # Holding two at a time lets the consumers compete for the keys between.
            if len(held) > 2 or len(seen) == 60:
                name, queue, delivery = held.pop(0)
                holders[delivery.key][name] -= 1
                queue.settle([Settlement(delivery)])

        assert set(seen.values()) == {1}

    def test_settling_sends_what_follows_and_removes_its_cause(self, queue: Queue) -> None:
        box, next_box = Box(), Box()
        queue.subscribe(TOPIC, box, credit=4)
        queue.subscribe("schedule", next_box, credit=4)
        queue.publish([Parcel(TOPIC, "a", b"1"), Parcel(TOPIC, "b", b"2")])
        several = box.take(2)
        queue.settle([Settlement(each, [Parcel("schedule", "one", b"after " + each.body)]) for each in several])

        assert sorted(bodies(next_box.take(2))) == [b"after 1", b"after 2"]
        assert queue.depth(TOPIC).total == 0

    def test_a_settlement_that_is_refused_leaves_the_message_open(self, queue: Queue) -> None:
        box = Box()
        queue.subscribe(TOPIC, box, credit=4)
        queue.publish([Parcel(TOPIC, "a", b"1")])
        delivery = box.one()
        with pytest.raises(Unroutable):
            queue.settle([Settlement(delivery, [Parcel("nowhere", "a", b"x")])])

        assert queue.depth(TOPIC).total == 1
        queue.settle([Settlement(delivery)])
        assert queue.depth(TOPIC).total == 0

    def test_of_several_settlements_the_good_ones_may_be_settled_again_one_by_one(self, queue: Queue) -> None:
        box = Box()
        queue.subscribe(TOPIC, box, credit=4)
        queue.publish([Parcel(TOPIC, key, b"x") for key in "abc"])
        good, bad, other = box.take(3)
        follow = [
            Settlement(good, [Parcel("schedule", "one", b"good")]),
            Settlement(bad, [Parcel("nowhere", "one", b"bad")]),
            Settlement(other, [Parcel("schedule", "one", b"other")]),
        ]
        with pytest.raises(Unroutable):
            queue.settle(follow)
        queue.settle([follow[0]])
        queue.settle([follow[2]])
        queue.settle([Settlement(bad)])

        assert queue.depth(TOPIC).total == 0
        assert set(drained(queue, "schedule", {b"good", b"other"})) == {b"good", b"other"}
