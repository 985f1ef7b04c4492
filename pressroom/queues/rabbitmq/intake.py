"""What happens to a message between its arrival and its hand-out: early ones wait, worthless ones are dropped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from pressroom.clock import Clock
from pressroom.queues.rabbitmq import dead
from pressroom.queues.rabbitmq.batch import Results
from pressroom.queues.rabbitmq.delays import remaining, step_for
from pressroom.queues.rabbitmq.link import Link
from pressroom.queues.rabbitmq.publisher import Publisher
from pressroom.queues.rabbitmq.received import Received
from pressroom.queues.rabbitmq.suspects import Suspects
from pressroom.queues.rabbitmq.wire import Outgoing, headers_of, read_stamp, routed
from pressroom.queues.topics import DEAD

RETRY_S = 1.0
"""How long a message that could not be sent on waits here before it is tried again."""


def sent_again(received: Received, now: datetime, partitions: int) -> Outgoing:
    """The same message anew: without what the broker has written on it, its count of deliveries for one."""
    headers = headers_of(received.topic, received.key, received.not_before, received.expires)
    return routed(received.body, headers, now, partitions)


class Intake:
    """I/O thread only. Each message ends in `deliver` or in `drop`, now or later."""

    def __init__(
        self,
        link: Link,
        publisher: Publisher,
        clock: Clock,
        partitions: int,
        *,
        deliver: Callable[[Received], None],
        drop: Callable[[Received], None],
    ) -> None:
        self._link = link
        self._publisher = publisher
        self._clock = clock
        self._partitions = partitions
        self._drop = drop
        self._suspects = Suspects(link, deliver=deliver, send_anew=self._send_anew)

    def arrive(self, received: Received, headers: Mapping[str, Any]) -> None:
        if received.topic == DEAD and not dead.is_ours(headers):
            self._given_up_by_broker(received, headers)
        else:
            stamp = read_stamp(headers)
            received.not_before, received.expires = stamp.not_before, stamp.expires
            self._when_due(received)

    def _given_up_by_broker(self, received: Received, headers: Mapping[str, Any]) -> None:
        if dead.is_worthless(headers):
            self._drop(received)
            return
        received.body = dead.dead_letter(received.body, headers, self._clock.now())
        self._suspects.arrive(received)

    def _when_due(self, received: Received) -> None:
        now = self._clock.now()
        wait_s = remaining(received.not_before, now)
        if received.has_expired(now):
            self._drop(received)
        elif not wait_s:
            self._suspects.arrive(received)
        elif step_for(received.not_before, now) is None:
            # The loop's timer may fire a moment early, so it is looked at again.
            self._link.later(wait_s, partial(self._when_due, received))
        else:
            self._send_anew(received)

    def _send_anew(self, received: Received) -> None:
        message = sent_again(received, self._clock.now(), self._partitions)
        self._publisher.submit([message], partial(self._sent, received))

    def _sent(self, received: Received, results: Results) -> None:
        # On the publisher's thread. Only what is safe in another queue may be acknowledged here.
        if results[0] is None:
            self._link.call(partial(self._drop, received))
        else:
            self._link.call(partial(self._link.later, RETRY_S, partial(self._when_due, received)))
