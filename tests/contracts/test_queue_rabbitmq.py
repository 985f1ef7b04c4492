"""The RabbitMQ engine keeps the queue's contract, and what only it has to do: topology, partitions, dead letters."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from queue import SimpleQueue
from typing import Any

import pytest

from pressroom.consumer.loop import Consumer
from pressroom.health import Vitals
from pressroom.outcomes import BackendUnavailable, Outcome
from pressroom.queues.port import Delivery, Full, Lost, Parcel, Queue, Settlement
from pressroom.queues.rabbitmq import suspects
from pressroom.queues.rabbitmq.link import Link
from pressroom.queues.rabbitmq.partitions import partition_of, priority
from pressroom.queues.rabbitmq.queue import RabbitQueue
from pressroom.queues.topology import queue_for, queues_of
from schemas.codec import decode
from schemas.envelope import Envelope
from schemas.messages import DeadLetter
from tests.contracts.consumer_contract import QUICK, ConsumerContract, Seen
from tests.contracts.queue_contract import QueueContract
from tests.contracts.queue_tools import CLOCK, Box, eventually, wish
from tests.contracts.rabbitmq_tools import TOPIC, Worker, cut, opened, raw, settle

pytestmark = pytest.mark.containers


@pytest.fixture
def url(amqp_vhost_url: str) -> str:
    return amqp_vhost_url


class RabbitRig:
    poison_deaths = range(20, 23)

    def __init__(self, url: str) -> None:
        self.url = url
        self._opened: list[RabbitQueue] = []

    def open(self) -> RabbitQueue:
        queue = RabbitQueue(self.url, CLOCK, partitions=2)
        self._opened.append(queue)
        return queue

    def crash(self, queue: Queue) -> None:
        assert isinstance(queue, RabbitQueue)
        self._opened.remove(queue)
        crash(queue)

    def close(self) -> None:
        for queue in self._opened:
            queue.close()


def crash(queue: RabbitQueue) -> None:
    """Its threads end without a word and the kernel closes its connections, as in a process that was killed."""
    for link in (queue._consuming, queue._publishing):
        link.call(partial(_die, link))
        link._thread.join(10)


def _die(link: Link) -> None:
    link._closing = True
    if link.connection is not None:
        link.connection._transport._sock.shutdown(socket.SHUT_RDWR)
    link._loop.stop()


@pytest.fixture
def rig(url: str) -> Iterator[RabbitRig]:
    rig = RabbitRig(url)
    yield rig
    rig.close()


class TestRabbitQueue(QueueContract):
    pass


class TestConsumerOnRabbitMQ(ConsumerContract):
    pass


@pytest.fixture
def queue(url: str) -> Iterator[RabbitQueue]:
    with opened(url) as queue:
        yield queue


def one_key_of_each_partition(count: int) -> list[str]:
    keys: dict[int, str] = {}
    number = 0
    while len(keys) < count:
        keys.setdefault(partition_of(TOPIC, f"key-{number}", count).index, f"key-{number}")
        number += 1
    return [keys[index] for index in sorted(keys)]


# --- publishing --------------------------------------------------------------------------------------------


def test_many_publishers_at_once_each_wait_for_their_own_confirms(queue: RabbitQueue) -> None:
    def publish(number: int) -> None:
        for turn in range(20):
            queue.publish([Parcel(TOPIC, f"k{number}", b"%d" % each) for each in range(turn, turn + 3)])

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert queue.depth(TOPIC).ready == 8 * 20 * 3


def fill(queue: RabbitQueue, key: str) -> None:
    for _ in range(14):
        queue.publish([Parcel(TOPIC, key, b"x")] * 100)


def test_over_its_share_of_the_bound_a_partition_refuses_and_others_do_not(url: str) -> None:
    with opened(url, partitions=8) as queue:
        keys = one_key_of_each_partition(8)
        with pytest.raises(Full, match=r"record\.publish holds its bound of 1250"):
            fill(queue, keys[0])
        queue.publish([Parcel(TOPIC, keys[1], b"x")])


def test_a_settlement_is_held_up_by_a_full_topic_but_not_its_neighbours(url: str) -> None:
    with opened(url, partitions=8) as queue:
        keys = one_key_of_each_partition(8)
        box = Box()
        queue.subscribe("weather.request", box, credit=4)
        with pytest.raises(Full):
            fill(queue, keys[0])
        queue.publish([Parcel("weather.request", "cell-1", b"1"), Parcel("weather.request", "cell-1", b"2")])
        blocked, free = box.one(), box.one()
        both = [Settlement(blocked, [Parcel(TOPIC, keys[0], b"y")]), Settlement(free, [Parcel(TOPIC, keys[1], b"y")])]
        with pytest.raises(Full):
            queue.settle(both)

        assert queue.depth("weather.request").in_flight == 1
        with pytest.raises(Full):
            queue.settle(both)
        queue.settle([Settlement(blocked)])
        assert queue.depth("weather.request").total == 0


def test_a_queue_that_was_deleted_is_declared_again_and_nothing_is_unroutable(queue: RabbitQueue, url: str) -> None:
    queue.publish([Parcel(TOPIC, "a", b"1")])
    with raw(url) as connection:
        for name in queues_of(TOPIC, 2):
            connection.channel().queue_delete(name)
    queue.publish([Parcel(TOPIC, "a", b"2")])

    assert queue.depth(TOPIC).ready == 1


def test_an_exchange_that_was_deleted_costs_one_error_and_is_there_again(queue: RabbitQueue, url: str) -> None:
    queue.publish([Parcel(TOPIC, "a", b"1")])
    with raw(url) as connection:
        connection.channel().exchange_delete("pressroom.work")
    with pytest.raises(BackendUnavailable, match=r"pressroom\.work"):
        queue.publish([Parcel(TOPIC, "a", b"2")])
    eventually(lambda: _accepts(queue, Parcel(TOPIC, "a", b"3")), "accepted again")

    assert queue.depth(TOPIC).ready == 2


def _accepts(queue: RabbitQueue, parcel: Parcel) -> bool:
    try:
        queue.publish([parcel])
    except BackendUnavailable:
        return False
    return True


# --- consuming ---------------------------------------------------------------------------------------------


def test_a_deleted_queue_is_noticed_and_consumed_again(
    queue: RabbitQueue, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    box = Box()
    subscription = queue.subscribe(TOPIC, box, credit=4)
    queue.publish([Parcel(TOPIC, "a", b"1")])
    settle(queue, box.one())
    with raw(url) as connection:
        for name in queues_of(TOPIC, 2):
            connection.channel().queue_delete(name)
    eventually(lambda: "its queue is gone" in caplog.text, "the trouble is told")
    eventually(lambda: subscription.trouble is None, "and over")
    queue.publish([Parcel(TOPIC, "a", b"2")])

    assert box.one().body == b"2"


def test_what_is_released_comes_again_without_the_broker_counting_it(queue: RabbitQueue) -> None:
    box = Box()
    queue.subscribe(TOPIC, box, credit=4)
    queue.publish([Parcel(TOPIC, "a", b"1")])
    for _ in range(30):
        delivery = box.one()
        assert delivery.deliveries == 1
        delivery.release()

    assert settle(queue, box.one())


def test_leaving_and_coming_back_for_ever_kills_no_message(queue: RabbitQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspects, "TURNS_WITHIN_S", 0.02)
    box = Box()
    subscription = queue.subscribe(TOPIC, box, credit=4)
    queue.publish([Parcel(TOPIC, "a", b"1")])
    for _ in range(30):
        box.one()
        subscription.leave()
        subscription.resume()

    assert settle(queue, box.one())
    assert queue.depth("dead").ready == 0


def test_what_another_process_published_by_hand_is_handed_out_too(queue: RabbitQueue, url: str) -> None:
    box = Box()
    queue.subscribe(TOPIC, box, credit=4)
    queue.publish([Parcel(TOPIC, "a", b"1")])
    settle(queue, box.one())
    name = queue_for(TOPIC, "a", 2)
    with raw(url) as connection:
        connection.channel().basic_publish("pressroom.work", name, b"by hand")
    delivery = box.one()

    assert (delivery.body, delivery.key, delivery.deliveries) == (b"by hand", name, 1)


def test_an_early_message_hops_through_the_delays_and_is_never_early(queue: RabbitQueue) -> None:
    box = Box()
    queue.subscribe(TOPIC, box, credit=4)
    due = {b"%d" % ms: CLOCK.now() + timedelta(milliseconds=ms) for ms in (150, 1200, 2300)}
    queue.publish([Parcel(TOPIC, "a", body, not_before=moment) for body, moment in due.items()])
    for _ in due:
        delivery = box.one()
        late_s = (CLOCK.now() - due[delivery.body]).total_seconds()
        assert 0 <= late_s < 1.5
        settle(queue, delivery)

    assert queue.depth(TOPIC).total == 0


def test_a_message_that_waits_for_its_time_survives_its_consumer(url: str) -> None:
    due = CLOCK.now() + timedelta(seconds=2.5)
    with opened(url) as first:
        first.subscribe(TOPIC, Box(), credit=4)
        first.publish([Parcel(TOPIC, "a", b"1", not_before=due)])
    with opened(url) as second:
        box = Box()
        second.subscribe(TOPIC, box, credit=4)

        assert box.one().body == b"1"
        assert CLOCK.now() >= due


# --- partitions --------------------------------------------------------------------------------------------


def bids(workers: list[Worker], count: int) -> dict[str, str]:
    """queue → the worker with the highest priority for it."""
    return {
        name: max((worker.name for worker in workers), key=lambda worker: priority(worker, name))
        for name in queues_of(TOPIC, count)
    }


def test_partitions_go_to_the_highest_bidder_when_workers_join_and_leave(url: str) -> None:
    log: list[tuple[str, str, str, bytes]] = []
    keys = one_key_of_each_partition(8)
    workers: list[Worker] = []
    with opened(url, partitions=8) as publisher:

        def who_works() -> dict[str, str]:
            log.clear()
            publisher.publish([Parcel(TOPIC, key, b"") for key in keys])
            eventually(lambda: len(log) == 2 * len(keys), "all is handled")
            return {queue_for(TOPIC, key, 8): worker for what, worker, key, _ in log if what == "end"}

        for _ in range(4):
            workers.append(Worker(url, log))
            eventually(lambda: who_works() == bids(workers, 8), "each partition is with its highest bidder")
        while len(workers) > 1:
            workers.pop(0).stop()
            eventually(lambda: who_works() == bids(workers, 8), "each partition is with its highest bidder")
        assert set(who_works().values()) == {workers[0].name}, "the last one has them all"
        workers.pop().stop()


def test_a_key_has_one_worker_at_a_time_while_workers_join_and_leave(queue: RabbitQueue, url: str) -> None:
    log: list[tuple[str, str, str, bytes]] = []
    sent = [Parcel(TOPIC, f"key-{number % 20}", b"%d" % number) for number in range(1500)]
    with opened(url, partitions=8) as publisher:
        workers = [Worker(url, log, work_s=0.002)]
        feeding = threading.Thread(
            target=lambda: [publisher.publish(sent[n : n + 10]) for n in range(0, len(sent), 10)]
        )
        feeding.start()
        for _ in range(3):
            _wait_for_more(log)
            workers.append(Worker(url, log, work_s=0.002))
        for _ in range(3):
            _wait_for_more(log)
            workers.pop(0).stop()
        feeding.join()
        eventually(lambda: sum(1 for what, *_ in log if what == "end") >= len(sent), "all is handled", 30)
        workers.pop().stop()

    _check_one_at_a_time(log)
    assert len({worker for _, worker, *_ in log}) > 1
    for key in {parcel.key for parcel in sent}:
        handled = [int(body) for what, _, of, body in log if what == "begin" and of == key]
        assert handled == sorted(handled), f"{key} in the order published, each once"


def _wait_for_more(log: list[tuple[str, str, str, bytes]]) -> None:
    seen = len(log)
    eventually(lambda: len(log) > seen + 100, "more is handled")


def _check_one_at_a_time(log: list[tuple[str, str, str, bytes]]) -> None:
    busy: dict[str, str] = {}
    for what, worker, key, _ in log:
        if what == "begin":
            assert key not in busy, f"{key} is with {busy.get(key)} and {worker}"
            busy[key] = worker
        else:
            del busy[key]


# --- dead letters ------------------------------------------------------------------------------------------


def test_what_the_broker_gives_up_arrives_as_a_dead_letter_that_explains_itself(queue: RabbitQueue, url: str) -> None:
    queue.publish([Parcel(TOPIC, "a", b'{"job": ')])
    deliveries = 0
    with raw(url) as connection:
        channel = connection.channel()
        for method, _, _ in channel.consume(queue_for(TOPIC, "a", 2), inactivity_timeout=1):
            if method is None:
                break
            deliveries += 1
            channel.basic_nack(method.delivery_tag)
    box = Box()
    queue.subscribe("dead", box, credit=4)
    dead = box.one()
    letter = decode(dead.body).payload

    assert deliveries == 21
    assert isinstance(letter, DeadLetter)
    assert (letter.topic, letter.key, letter.kind, letter.body) == (TOPIC, "a", "poison", '{"job": ')
    assert letter.reason.startswith("delivery_limit")
    assert settle(queue, dead)
    assert queue.depth("dead").total == 0


def test_a_dead_letter_that_is_handed_out_for_ever_does_not_die_again(queue: RabbitQueue) -> None:
    box = Box()
    subscription = queue.subscribe("dead", box, credit=4)
    queue.publish([Parcel("dead", "one", b"ours")])
    for _ in range(25):
        box.one()
        subscription.leave()
        subscription.resume()

    assert box.one().body == b"ours"


def test_what_expires_in_a_work_queue_is_dropped_and_not_taken_for_dead(queue: RabbitQueue, url: str) -> None:
    queue.publish([Parcel(TOPIC, "a", b"1", expires_s=0.1)])
    eventually(lambda: queue.depth("dead").ready == 1, "the broker dead-letters it")
    box = Box()
    queue.subscribe("dead", box, credit=4)
    eventually(lambda: queue.depth("dead").total == 0, "dropped")

    assert box.stays_empty(0.2)


# --- trouble -----------------------------------------------------------------------------------------------


def test_a_broker_that_is_not_there_is_said_at_once_and_without_the_password() -> None:
    with opened("amqp://guest:s3cret@127.0.0.1:1/") as queue:
        began = time.monotonic()
        with pytest.raises(BackendUnavailable, match=r"cannot connect to amqp://127\.0\.0\.1:1/") as refused:
            queue.publish([Parcel(TOPIC, "a", b"1")])
        subscription = queue.subscribe(TOPIC, Box(), credit=1)
        eventually(lambda: "127.0.0.1:1" in (subscription.trouble or ""), "the trouble is told")

        assert time.monotonic() - began < 5
        assert "s3cret" not in f"{refused.value} {subscription.trouble}"


def test_a_wrong_password_is_said_as_such(url: str) -> None:
    wrong = url.replace("guest:guest", "guest:s3cret")
    with opened(wrong) as queue, pytest.raises(BackendUnavailable, match="ACCESS_REFUSED") as refused:
        queue.publish([Parcel(TOPIC, "a", b"1")])
    assert "s3cret" not in str(refused.value)


def test_of_several_brokers_one_that_answers_is_found(url: str) -> None:
    with opened(f"amqp://guest:guest@127.0.0.1:1/ {url}") as queue:
        eventually(lambda: _accepts(queue, Parcel(TOPIC, "a", b"1")), "accepted")
        assert queue.depth(TOPIC).ready == 1


def test_a_connection_that_is_cut_is_made_again_and_what_was_held_comes_again(queue: RabbitQueue) -> None:
    box = Box()
    subscription = queue.subscribe(TOPIC, box, credit=4)
    queue.publish([Parcel(TOPIC, "a", b"1")])
    held = box.one()
    cut(queue._consuming)
    again = box.one()

    assert (again.body, again.deliveries) == (b"1", 2)
    with pytest.raises(Lost):
        queue.settle([Settlement(held)])
    assert settle(queue, again)
    assert (subscription.trouble, subscription.losses, subscription.overdue) == (None, 1, None)


def test_a_channel_that_the_broker_closed_under_a_hanging_handler_is_told_until_the_handler_is_through(
    queue: RabbitQueue,
) -> None:
    """As after the broker's consumer timeout: error 406 on the channel, and nobody raises anything."""
    go_on, done = threading.Event(), Seen()

    def handler(envelope: Envelope[Any]) -> Outcome:
        if envelope.key == "hangs":
            go_on.wait(20)
        return done(envelope)

    consumer = Consumer.single(queue, TOPIC, handler, service="tester", clock=CLOCK, rules=QUICK, workers=2)
    vitals = Vitals("tester", CLOCK.now, 3600)
    vitals.watch(TOPIC, lambda: consumer.health)
    consumer.start()
    try:
        queue.publish([wish(TOPIC, key, name=name) for key, name in (("hangs", "hung"), ("hangs", "behind"))])
        queue.publish([wish(TOPIC, "quick", name="first")])
        eventually(lambda: done.ids == ["first"] and consumer.health.under_way == 1, "one hangs")
        assert vitals.verdict().is_well
        place = queue._places[0]
        queue._consuming.call(lambda: place._channel and place._channel.basic_ack(4711))

        (fault,) = eventually(lambda: vitals.verdict().faults, "the health tells it", 5)
        assert re.search(r"the broker took back [23] messages that are not finished here: PRECONDITION_FAILED", fault)
        assert consumer.health.losses == 1
        eventually(lambda: consumer.health.trouble is None, "it consumes again")
        queue.publish([wish(TOPIC, "quick", name="second")])
        eventually(lambda: "second" in done.ids, "and works")
        assert not vitals.verdict().is_well
        go_on.set()
        eventually(lambda: queue.depth(TOPIC).total == 0, "all is done")
        assert set(done.ids) == {"hung", "behind", "first", "second"}
        assert done.ids.count("behind") == 1, "what was lost while it waited here is not handled in vain"
        eventually(lambda: vitals.verdict().is_well, "it is well again")
    finally:
        go_on.set()
        consumer.stop(5)


def test_what_was_not_confirmed_when_the_connection_was_cut_is_an_error_and_not_silence(queue: RabbitQueue) -> None:
    queue.publish([Parcel(TOPIC, "a", b"1")])
    cut(queue._publishing)
    with pytest.raises(BackendUnavailable, match="lost"):
        queue.publish([Parcel(TOPIC, "a", b"2")])
    eventually(lambda: _accepts(queue, Parcel(TOPIC, "a", b"2")), "accepted again")

    assert queue.depth(TOPIC).ready >= 2


def test_a_listener_that_was_cut_off_is_told_that_it_may_have_missed_some(queue: RabbitQueue) -> None:
    heard: SimpleQueue[bytes | None] = SimpleQueue()
    queue.listen(heard.put)
    queue.broadcast(b"1")
    assert heard.get(timeout=10) == b"1"
    cut(queue._consuming)

    assert heard.get(timeout=20) is None
    queue.broadcast(b"2")
    assert heard.get(timeout=10) == b"2"


def test_a_delivery_that_cannot_be_handed_over_is_handed_over_again(queue: RabbitQueue) -> None:
    box = Box()
    broken = iter([True])

    def hand_over(delivery: Delivery) -> None:
        if next(broken, False):
            raise RuntimeError("cannot schedule new futures after shutdown")
        box(delivery)

    queue.subscribe(TOPIC, hand_over, credit=4)
    queue.publish([Parcel(TOPIC, "a", b"1")])

    assert box.one().body == b"1"


def test_a_closed_queue_says_so_instead_of_waiting(queue: RabbitQueue) -> None:
    queue.close()
    began = time.monotonic()
    with pytest.raises(BackendUnavailable, match="closed"):
        queue.publish([Parcel(TOPIC, "a", b"1")])

    assert time.monotonic() - began < 1
