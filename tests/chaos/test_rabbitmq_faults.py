"""The broker is killed, paused, out of memory, impatient: the flow goes on, nothing is lost, and trouble is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Parcel, Settlement
from pressroom.queues.rabbitmq.queue import RabbitQueue
from pressroom.testing import Broker, broker
from tests.chaos.rabbitmq_flow import Flow
from tests.contracts.queue_tools import Box, eventually
from tests.contracts.rabbitmq_tools import TOPIC, alone, opened, settle

pytestmark = [pytest.mark.containers, pytest.mark.xdist_group("rabbitmq-faults")]


@pytest.fixture(scope="module")
def server() -> Iterator[Broker]:
    with alone(broker) as server:
        yield server


@pytest.fixture
def url(server: Broker) -> Iterator[str]:
    with server.vhost() as url:
        yield url


def told(flow: Flow, *words: str) -> bool:
    return any(word in trouble for trouble in flow.troubles for word in words)


def test_a_broker_killed_in_the_middle_of_it_loses_nothing(server: Broker, url: str) -> None:
    with Flow(url) as flow:
        server.kill()
        server.restart()
        flow.wait_for_more()
        flow.check_that_nothing_was_lost()

        assert told(flow, "lost", "cannot connect")


@pytest.mark.long
def test_a_broker_restarted_in_order_loses_nothing(server: Broker, url: str) -> None:
    with Flow(url) as flow:
        for _ in range(3):
            server.restart()
            flow.wait_for_more()
        flow.check_that_nothing_was_lost()


@pytest.mark.long
def test_a_silent_broker_is_noticed_by_its_missing_heartbeats(server: Broker, url: str) -> None:
    with Flow(url, heartbeat_s=1) as flow:
        server.pause()
        try:
            # pika allows five seconds more than the heartbeat, then connecting again takes its own time.
            eventually(lambda: told(flow, "heartbeat", "No activity"), "the silence is noticed", 20)
        finally:
            server.unpause()
        flow.wait_for_more()
        flow.check_that_nothing_was_lost()


def _accepted(queue: RabbitQueue) -> bool:
    try:
        queue.publish([Parcel(TOPIC, "a", b"1")])
    except BackendUnavailable:
        return False
    return True


def test_a_silent_broker_keeps_no_publisher_waiting_longer_than_its_limit(server: Broker, url: str) -> None:
    with opened(url, publish_timeout_s=3.0) as queue:
        # The first one also declares the queues, which a busy machine may take its time for.
        eventually(lambda: _accepted(queue), "a message is accepted")
        server.pause()
        try:
            with pytest.raises(BackendUnavailable, match="no confirm within 3 s"):
                queue.publish([Parcel(TOPIC, "a", b"2")])
        finally:
            server.unpause()


def test_out_of_memory_the_broker_refuses_new_messages_but_lets_work_be_finished(server: Broker, url: str) -> None:
    with opened(url, publish_timeout_s=1.0) as queue, opened(url, publish_timeout_s=1.0) as consumer:
        box = Box()
        subscription = consumer.subscribe(TOPIC, box, credit=4)
        queue.publish([Parcel(TOPIC, "a", b"1"), Parcel(TOPIC, "a", b"2")])
        first, second = box.one(), box.one()
        server.set_memory_limit("1MiB")
        try:
            eventually(lambda: refused(queue, "low on memory"), "refused with the reason")
            consumer.settle([Settlement(first)])
            eventually(lambda: refused(consumer, "low on memory"), "refused with the reason")
            assert "low on memory" in (subscription.trouble or "")
        finally:
            server.set_memory_limit("512MiB")
        eventually(lambda: not refused(queue, ""), "accepted again")
        eventually(lambda: subscription.trouble is None, "no trouble any more")
        consumer.settle([Settlement(second, [Parcel("dead", "one", b"3")])])

        assert consumer.depth("dead").ready >= 1


def refused(queue: Any, reason: str) -> bool:
    try:
        queue.publish([Parcel("weather.request", "a", b"x")])
    except BackendUnavailable as error:
        return reason in str(error)
    return False


def test_a_handler_slower_than_the_heartbeat_keeps_its_connection(url: str) -> None:
    with opened(url, heartbeat_s=1) as queue:
        box = Box()
        subscription = queue.subscribe(TOPIC, box, credit=4)
        queue.publish([Parcel(TOPIC, "a", b"1")])
        delivery = box.one()
        troubles: set[str | None] = set()
        # Where a client that answered no heartbeats would be cut off after two of them.
        ends = time.monotonic() + 4
        while time.monotonic() < ends:
            troubles.add(subscription.trouble)
            time.sleep(0.05)

        assert troubles == {None}
        assert settle(queue, delivery)
        assert queue.depth(TOPIC).total == 0


def set_patience(server: Broker, timeout_ms: int, look_every_ms: int) -> None:
    """How long the broker waits for an acknowledgement, on channels opened from now on, and how often it looks."""
    for name, value in (("consumer_timeout", timeout_ms), ("channel_tick_interval", look_every_ms)):
        server.run("rabbitmqctl", "-q", "eval", f"application:set_env(rabbit, {name}, {value}).")


@pytest.fixture
def impatient(server: Broker) -> Iterator[None]:
    set_patience(server, timeout_ms=3_000, look_every_ms=500)
    yield
    set_patience(server, timeout_ms=1_800_000, look_every_ms=60_000)


@pytest.mark.usefixtures("impatient")
def test_a_handler_slower_than_the_brokers_patience_gets_its_message_again(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(url) as queue:
        box = Box()
        subscription = queue.subscribe(TOPIC, box, credit=4)
        queue.publish([Parcel(TOPIC, "a", b"%d" % number) for number in range(3)])
        hung = box.one()
        others = [box.one(), box.one()]
        assert all(settle(queue, delivery) for delivery in others)
        eventually(lambda: "timed out" in caplog.text, "said why", 30)
        again = box.one()

        assert (again.body, again.deliveries) == (hung.body, 2)
        assert "took back 1 messages that are not finished here: PRECONDITION_FAILED" in (subscription.overdue or "")
        assert not settle(queue, hung)
        assert settle(queue, again)
        assert (subscription.trouble, subscription.losses, subscription.overdue) == (None, 1, None)
        assert queue.depth(TOPIC).total == 0
