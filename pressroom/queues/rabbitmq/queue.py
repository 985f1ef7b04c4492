"""The queue on RabbitMQ 4: see `topology` for what exists there, and docs/architecture.md for why.

Publishing and consuming have a connection and a thread each: a broker that is short of memory stops reading from
whoever publishes, and acknowledgements must not wait behind that.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pressroom.clock import Clock
from pressroom.crash import crash_point
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Depth, Lost, OnDelivery, OnNotice, Parcel, Settlement, Subscription, Unroutable
from pressroom.queues.rabbitmq.address import addresses
from pressroom.queues.rabbitmq.batch import Results
from pressroom.queues.rabbitmq.consumer import Place, WorkSubscription
from pressroom.queues.rabbitmq.declarer import Declarer
from pressroom.queues.rabbitmq.delays import queues_of_delays
from pressroom.queues.rabbitmq.link import WHAT, Link
from pressroom.queues.rabbitmq.listener import NoticeSubscription, Numbering
from pressroom.queues.rabbitmq.publisher import Publisher
from pressroom.queues.rabbitmq.received import Holder, Received, State
from pressroom.queues.rabbitmq.wire import DELAYS, Outgoing, notice, outgoing
from pressroom.queues.topics import describe
from pressroom.queues.topology import queues_of

HEARTBEAT_S = 20
PUBLISH_TIMEOUT_S = 15.0
CLOSE_TIMEOUT_S = 4.0


class RabbitQueue:
    """`Queue` for a fleet. Connects in the background and keeps trying; see `Subscription.trouble`.

    Where it is weaker than the port's words: `Depth` knows what other processes hold as neither ready nor in flight.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        partitions: int = 8,
        heartbeat_s: int = HEARTBEAT_S,
        publish_timeout_s: float = PUBLISH_TIMEOUT_S,
    ) -> None:
        """Raises `BadAddress` for a URL that names no broker."""
        brokers = addresses(url)
        self._clock = clock
        self._partitions = partitions
        self.worker = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._publishing = Link("publishing", brokers, clock, who=self.worker, heartbeat_s=heartbeat_s)
        self._consuming = Link("consuming", brokers, clock, who=self.worker, heartbeat_s=heartbeat_s)
        self._declarer = Declarer(self._publishing, partitions)
        self._publisher = Publisher(self._publishing, self._declarer, timeout_s=publish_timeout_s)
        self._numbering = Numbering(self.worker, clock)
        self._places: list[WorkSubscription] = []
        self._publishing.start()
        self._consuming.start()

    def publish(self, parcels: Sequence[Parcel]) -> None:
        _raise_first(self._send(self._outgoing(parcels)))

    def settle(self, settlements: Sequence[Settlement]) -> None:
        # What a call that failed half-way has settled or sent already is not sent twice; what is lost comes back.
        still_open = [each for each in settlements if _received(each).state is not State.SETTLED]
        unsent = [_unsent(each) for each in still_open]
        results = iter(self._send(self._outgoing([parcel for of_one in unsent for parcel in of_one])))
        errors = [[next(results) for _ in of_one] for of_one in unsent]
        crash_point("queue.after_emits")
        safe = []
        for each, parcels, of_one in zip(still_open, unsent, errors, strict=True):
            if any(of_one):
                sent = (parcel for parcel, error in zip(parcels, of_one, strict=True) if error is None)
                _received(each).remember_sent(sent)
            else:
                safe.append(_received(each))
        all_known = self._acknowledge(safe)
        _raise_first([error for of_one in errors for error in of_one])
        if not all_known:
            raise Lost(WHAT, "the connection that a delivery came by is gone; the message comes again")

    def subscribe(self, topic: str, on_delivery: OnDelivery, *, credit: int) -> Subscription:
        if describe(topic) is None:
            raise Unroutable(f"there is no topic {topic}")
        place = Place(topic, self._partitions, self.worker, credit)
        subscription = WorkSubscription(place, on_delivery, self._consuming, self._publisher, self._clock)
        self._places.append(subscription)
        return subscription

    def broadcast(self, body: bytes) -> None:
        _raise_first(self._send([notice(body, self._numbering.next())]))

    def listen(self, on_notice: OnNotice) -> Subscription:
        return NoticeSubscription(on_notice, self._consuming, self._clock)

    def depth(self, topic: str) -> Depth:
        """`in_flight` is this process's own. The broker is asked queue by queue: what moves meanwhile may be counted
        twice, but "none" is never said of a topic that holds something.

        Raises `BackendUnavailable`, `Unroutable`.
        """
        if describe(topic) is None:
            raise Unroutable(f"there is no topic {topic}")
        delayed = self._delayed(topic)
        present = self._present(topic)
        if not delayed and not present.total:
            delayed = self._delayed(topic)
        return replace(present, delayed=delayed)

    def _delayed(self, topic: str) -> int:
        self._ask(self._publishing, partial(self._declarer.ensure, [DELAYS + topic]))
        count: int = self._ask(self._publishing, partial(self._declarer.count, queues_of_delays(topic)))
        return count

    def _present(self, topic: str) -> Depth:
        for place in self._places:
            depth: Depth | None = self._ask(self._consuming, place.count) if place.topic == topic else None
            if depth is not None:
                return depth
        waiting = self._ask(self._publishing, partial(self._declarer.count, queues_of(topic, self._partitions)))
        return Depth(waiting, 0, 0)

    def close(self) -> None:
        for place in self._places:
            place.let_go()
        ends_s = self._clock.monotonic() + CLOSE_TIMEOUT_S
        links = (self._consuming, self._publishing)
        for link in links:
            link.begin_to_close()
        for link in links:
            link.close(max(0.0, ends_s - self._clock.monotonic()))

    def _outgoing(self, parcels: Sequence[Parcel]) -> list[Outgoing]:
        now = self._clock.now()
        for parcel in parcels:
            if describe(parcel.topic) is None:
                raise Unroutable(f"there is no topic {parcel.topic}")
        return [outgoing(parcel, now, self._partitions) for parcel in parcels]

    def _send(self, messages: Sequence[Outgoing]) -> Results:
        """Publish; once more for those whose queue had gone: it is declared again then."""
        results = list(self._publisher.send(messages))
        gone = [number for number, error in enumerate(results) if type(error) is Unroutable]
        if gone:
            for number, error in zip(gone, self._publisher.send([messages[n] for n in gone]), strict=True):
                results[number] = error
        return results

    def _acknowledge(self, several: Sequence[Received]) -> bool:
        by_holder: dict[Holder, list[Received]] = {}
        for received in several:
            by_holder.setdefault(received.holder, []).append(received)
        return not [holder for holder, of_one in by_holder.items() if not holder.settled(of_one)]

    def _ask(self, link: Link, question: Callable[[Callable[[Any], None]], None]) -> Any:
        """Ask on the link's thread and wait for the answer; one that is an exception is raised."""
        if not link.alive:
            raise BackendUnavailable(WHAT, "closed")
        answered = threading.Event()
        answer: list[Any] = []

        def take(value: Any) -> None:
            answer.append(value)
            answered.set()

        link.tried.wait(PUBLISH_TIMEOUT_S)
        link.call(partial(question, take))
        if not answered.wait(PUBLISH_TIMEOUT_S):
            raise BackendUnavailable(WHAT, link.trouble or f"no answer within {PUBLISH_TIMEOUT_S:g} s")
        if isinstance(answer[0], Exception):
            raise answer[0]
        return answer[0]


def _received(settlement: Settlement) -> Received:
    assert isinstance(settlement.delivery, Received), "a delivery of another queue"
    return settlement.delivery


def _unsent(settlement: Settlement) -> Sequence[Parcel]:
    received = _received(settlement)
    return received.unsent(settlement.emits) if received.state is State.OUT else ()


def _raise_first(results: Results) -> None:
    for error in results:
        if error is not None:
            raise error
