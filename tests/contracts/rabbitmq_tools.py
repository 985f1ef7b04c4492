"""What tests of the RabbitMQ engine share: a worker that records, and what senders and the loop do with errors."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from queue import SimpleQueue
from typing import Any, TypeVar

import pika
import pytest

from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Delivery, Full, Parcel, Settlement
from pressroom.queues.rabbitmq.link import Link
from pressroom.queues.rabbitmq.queue import RabbitQueue
from pressroom.testing import Missing
from tests.contracts.queue_tools import CLOCK, eventually

TOPIC = "record.publish"

Server = TypeVar("Server")


@contextmanager
def opened(url: str, **named: Any) -> Iterator[RabbitQueue]:
    queue = RabbitQueue(url, CLOCK, **{"partitions": 2, **named})
    try:
        yield queue
    finally:
        queue.close()


@contextmanager
def raw(url: str) -> Iterator[pika.BlockingConnection]:
    """A plain connection, to do to the broker what others might do."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        yield connection
    finally:
        if connection.is_open:
            connection.close()


@contextmanager
def alone(start: Callable[[], AbstractContextManager[Server]]) -> Iterator[Server]:
    """A broker or a cluster of one's own; a skip, or with CI=true a failure, where there is no Docker."""
    with ExitStack() as things:
        try:
            server = things.enter_context(start())
        except Missing as missing:
            if os.environ.get("CI") == "true":
                pytest.fail(str(missing), pytrace=False)
            pytest.skip(str(missing))
        yield server


def cut(link: Link) -> None:
    """Cut a connection as a network does: without a word to the link, which finds out by itself."""

    def shut() -> None:
        assert link.connection is not None
        link.connection._transport._sock.shutdown(socket.SHUT_RDWR)

    link.call(shut)


class Worker:
    """A consumer in this process: handles one message at a time in a thread of its own, and records who did what.

    `log` is shared by the workers of a test: ("begin" or "end", worker, key, body), in the order it happened.
    """

    def __init__(self, url: str, log: list[tuple[str, str, str, bytes]], *, work_s: float = 0.0, **named: Any) -> None:
        self.queue = RabbitQueue(url, CLOCK, **{"partitions": 8, **named})
        self.name = self.queue.worker
        self._log = log
        self._work_s = work_s
        self._box: SimpleQueue[Delivery | None] = SimpleQueue()
        self.subscription = self.queue.subscribe(TOPIC, self._box.put, credit=32)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while (delivery := self._box.get()) is not None:
            self._log.append(("begin", self.name, delivery.key, delivery.body))
            time.sleep(self._work_s)
            self._log.append(("end", self.name, delivery.key, delivery.body))
            settle(self.queue, delivery)

    def stop(self) -> None:
        self.subscription.close(10)
        self._box.put(None)
        self._thread.join(10)
        self.queue.close()


def settle(queue: RabbitQueue, delivery: Delivery, *emits: Parcel) -> bool:
    """Settle as the loop does: False when the message was lost meanwhile and comes again."""
    try:
        queue.settle([Settlement(delivery, emits)])
    except BackendUnavailable:
        return False
    return True


def publish_until_accepted(queue: RabbitQueue, parcel: Parcel, timeout_s: float = 60.0) -> None:
    """Publish as the senders do: again and again while the broker is not there or has no room."""

    def accepted() -> bool:
        try:
            queue.publish([parcel])
        except (BackendUnavailable, Full):
            return False
        return True

    eventually(accepted, f"{parcel.key} accepted", timeout_s)
