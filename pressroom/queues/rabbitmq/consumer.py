"""Consuming: one channel a subscription, a consumer on each of the topic's queues, deliveries handed out from here.

Which worker gets a queue is decided by priority (see `partitions`). What is released stays here and
is handed out again: a requeue would count towards the broker's delivery limit. Only leaving returns messages.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pika import BasicProperties
from pika.channel import Channel
from pika.exceptions import ChannelClosedByBroker

from pressroom.clock import Clock
from pressroom.queues.port import Depth, OnDelivery
from pressroom.queues.rabbitmq.acks import Acks
from pressroom.queues.rabbitmq.dial import said
from pressroom.queues.rabbitmq.intake import Intake, sent_again
from pressroom.queues.rabbitmq.link import Link
from pressroom.queues.rabbitmq.partitions import priority, read_name
from pressroom.queues.rabbitmq.publisher import Publisher
from pressroom.queues.rabbitmq.received import Hand, Received
from pressroom.queues.rabbitmq.seat import Seat, declare
from pressroom.queues.rabbitmq.suspects import is_tired
from pressroom.queues.rabbitmq.wire import read_stamp
from pressroom.queues.topology import of_topic, queues_of

_log = logging.getLogger(__name__)
OnDepth = Callable[[Depth | None], None]
LEAVE_TIMEOUT_S = 4.0
PREFETCH_OF_PARTITION = 4
PREFETCH_ALONE = 256


@dataclass(frozen=True, slots=True)
class Place:
    """Whose subscription to what: `worker` is this process's name in the contest for partitions."""

    topic: str
    partitions: int
    worker: str
    credit: int

    def prefetch(self, queue: str) -> int:
        return min(self.credit, PREFETCH_ALONE if read_name(queue) is None else PREFETCH_OF_PARTITION)

    def claim(self, queue: str) -> dict[str, int]:
        """Where there is one queue, whoever came first keeps it: a leader does not change without need."""
        return {} if read_name(queue) is None else {"x-priority": priority(self.worker, queue)}


class WorkSubscription:
    """A place at a topic. What begins with an underscore runs on the I/O thread, the rest on any."""

    def __init__(self, place: Place, on_delivery: OnDelivery, link: Link, publisher: Publisher, clock: Clock) -> None:
        self._place = place
        self._on_delivery = on_delivery
        self._link = link
        self._publisher = publisher
        self._clock = clock
        self._hand = Hand(place.credit)
        self._seat = Seat(link, place.topic, self._furnish, self._vacated)
        self._intake = Intake(link, publisher, clock, place.partitions, deliver=self._deliver, drop=self._drop)
        self._acks = Acks()
        self._channel: Channel | None = None
        self._seating = 0  # which channel this is, counted: tags of an earlier one mean nothing any more
        self._flush_is_due = False
        self._asking: list[OnDepth] = []
        self._why_taken_back = ""
        self._gone = threading.Event()
        link.call(self._seat.take)

    @property
    def topic(self) -> str:
        return self._place.topic

    @property
    def trouble(self) -> str | None:
        return self._seat.trouble or self._publisher.trouble

    @property
    def losses(self) -> int:
        return self._seat.losses

    @property
    def overdue(self) -> str | None:
        count = self._hand.overdue
        if not count:
            return None
        return f"the broker took back {count} messages that are not finished here: {self._why_taken_back}"

    def pause(self) -> None:
        self._hand.paused = True

    def resume(self) -> None:
        self._hand.paused = False
        self._link.call(self._seat.take)
        self._link.call(self._hand_out)

    def leave(self) -> None:
        self._hand.paused = True
        self._hand.forgive()
        self._send_tired_anew()
        self._gone.clear()
        self._link.call(self._leave)
        self._gone.wait(LEAVE_TIMEOUT_S)

    def let_go(self) -> None:
        """Leave without waiting for it."""
        self._hand.paused = True
        self._link.call(self._leave)

    def close(self, timeout_s: float) -> None:
        self._hand.paused = True
        if not self._hand.wait_until_none_is_out(timeout_s):
            _log.warning("%s: %d deliveries were not finished within %g s", self.topic, self._hand.out, timeout_s)
        self.leave()

    def settled(self, several: Sequence[Received]) -> bool:
        settled = self._hand.settle(several)
        self._link.call(partial(self._acknowledge, settled))
        return len(settled) == len(several)

    def take_back(self, received: Received) -> None:
        if self._hand.take_back(received):
            self._link.call(self._hand_out)

    def _send_tired_anew(self) -> None:
        tired = [each for each in self._hand.lose_all() if is_tired(each)]
        now = self._clock.now()
        anew = [sent_again(each, now, self._place.partitions) for each in tired]
        results = self._publisher.send(anew, timeout_s=LEAVE_TIMEOUT_S)
        sent = [each for each, error in zip(tired, results, strict=True) if error is None]
        self._link.call(partial(self._acknowledge, sent))

    # --- from here on: I/O thread only -----------------------------------------------------------------

    def count(self, then: OnDepth) -> None:
        """Call `then` with the topic's depth, or with None while there is no channel to ask on.

        On the channel that the deliveries come by, so that none is on its way when the answer is there.
        """
        if self._channel is None or not self._channel.is_open:
            then(None)
            return
        self._asking.append(then)
        counts: list[int] = []
        for queue in queues_of(self.topic, self._place.partitions):
            self._channel.queue_declare(queue, passive=True, callback=partial(self._counted, counts, then))

    def _counted(self, counts: list[int], then: OnDepth, frame: Any) -> None:
        counts.append(frame.method.message_count)
        if len(counts) == len(queues_of(self.topic, self._place.partitions)):
            self._asking.remove(then)
            out = self._hand.out
            then(Depth(sum(counts) + max(0, self._acks.unfinished - out), out, 0))

    def _furnish(self, channel: Channel) -> None:
        self._channel = channel
        self._seating += 1
        declare(channel, of_topic(self.topic, self._place.partitions))
        queues = queues_of(self.topic, self._place.partitions)
        channel.basic_qos(prefetch_count=self._place.prefetch(queues[0]), callback=lambda _frame: None)
        for queue in queues:
            last = queue == queues[-1]
            channel.basic_consume(
                queue,
                partial(self._on_message, self._seating),
                arguments=self._place.claim(queue),
                callback=(lambda _frame: self._seat.ready()) if last else None,
            )

    def _vacated(self, reason: Exception) -> None:
        self._channel = None
        self._acks = Acks()
        # A connection may go for any reason; a channel is closed by the broker for what was done or left undone on it.
        self._hand.lose_all(overdue=isinstance(reason, ChannelClosedByBroker))
        self._why_taken_back = said(reason)
        self._gone.set()
        asking, self._asking = self._asking, []
        for then in asking:
            then(None)

    def _leave(self) -> None:
        self._flush()
        if not self._seat.leave():
            self._gone.set()

    def _on_message(
        self, seating: int, _channel: Channel, method: Any, properties: BasicProperties, body: bytes
    ) -> None:
        headers = properties.headers or {}
        stamp = read_stamp(headers)
        self._acks.delivered(method.delivery_tag)
        received = Received(
            self.topic,
            stamp.key or method.routing_key,
            body,
            deliveries=stamp.deliveries,
            tag=method.delivery_tag,
            seating=seating,
            holder=self,
        )
        self._intake.arrive(received, headers)

    def _deliver(self, received: Received) -> None:
        if received.seating == self._seating and self._channel is not None:
            self._hand.put(received)
            self._hand_out()

    def _drop(self, received: Received) -> None:
        self._acknowledge([received])

    def _hand_out(self) -> None:
        while (received := self._hand.next()) is not None:
            if received.has_expired(self._clock.now()):
                self._acknowledge(self._hand.settle([received]))
                continue
            try:
                self._on_delivery(received)
            except Exception:  # noqa: BLE001 - whatever it is, the message must come again and somebody must know
                _log.exception("%s: a delivery could not be handed over", self.topic)
                self._seat.give_up_channel(f"{self.topic}: a delivery could not be handed over, see the log")

    def _acknowledge(self, several: Sequence[Received]) -> None:
        for received in several:
            if received.seating == self._seating:
                self._acks.done(received.tag)
        if not self._flush_is_due:
            # On the loop's next round, together with what other threads settle meanwhile.
            self._flush_is_due = True
            self._link.call(self._flush)

    def _flush(self) -> None:
        self._flush_is_due = False
        if self._channel is not None and self._channel.is_open:
            for tag, multiple in self._acks.due():
                self._channel.basic_ack(tag, multiple)
            self._hand_out()
