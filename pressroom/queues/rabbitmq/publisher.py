"""Publishing: many confirms in flight on one connection, and each caller waits for its own.

A message counts as accepted when the broker confirmed it, which for a quorum queue means: on disk on a majority.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from pika import BasicProperties, SelectConnection
from pika.channel import Channel
from pika.spec import Basic

from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Full, Unroutable
from pressroom.queues.rabbitmq.batch import Batch, Pending, Results
from pressroom.queues.rabbitmq.declarer import Declarer
from pressroom.queues.rabbitmq.dial import said
from pressroom.queues.rabbitmq.link import WHAT, Link
from pressroom.queues.rabbitmq.wire import Outgoing

_log = logging.getLogger(__name__)
IN_FLIGHT_MAX = 512
IN_FLIGHT_BYTES_MAX = 16 << 20


class Publisher:
    """The publishing side of a queue. `send` from any thread but an I/O thread; `submit` from any."""

    def __init__(self, link: Link, declarer: Declarer, *, timeout_s: float) -> None:
        self._link = link
        self._declarer = declarer
        self._timeout_s = timeout_s
        self._channel: Channel | None = None
        self._blocked: str | None = None
        self._early: list[Batch] = []  # submitted before the channel was open
        self._waiting: deque[Pending] = deque()
        self._in_flight: dict[int, Pending] = {}  # by delivery tag, in order
        self._bytes_in_flight = 0
        self._last_tag = 0
        link.watch(self._link_is_up, self._link_is_down)

    @property
    def trouble(self) -> str | None:
        return self._link.trouble or self._blocked

    def send(self, messages: Sequence[Outgoing], timeout_s: float | None = None) -> Results:
        """Publish and wait, for `timeout_s` or as long as usual: what became of each message, None for accepted.

        An error is `Full`, `Unroutable` or `BackendUnavailable`.
        """
        if not messages:
            return ()
        if not self._link.alive:
            return [BackendUnavailable(WHAT, "closed")] * len(messages)
        done = threading.Event()
        batch = Batch(messages, lambda _results: done.set())
        self._link.call(partial(self._take, batch))
        timeout_s = self._timeout_s if timeout_s is None else timeout_s
        if not done.wait(timeout_s):
            late = self.trouble or f"no confirm within {timeout_s:g} s"
            self._link.call(partial(self._expire, batch, late))
            if not done.wait(1.0):
                return [BackendUnavailable(WHAT, late)] * len(messages)
        return batch.results

    def submit(self, messages: Sequence[Outgoing], on_done: Callable[[Results], None]) -> None:
        """Publish without waiting; `on_done` is called on the I/O thread and must return at once."""
        self._link.call(partial(self._take, Batch(messages, on_done)))

    # --- from here on: I/O thread only -----------------------------------------------------------------

    def _link_is_up(self, connection: SelectConnection) -> None:
        self._blocked = None
        connection.add_on_connection_blocked_callback(self._on_blocked)
        connection.add_on_connection_unblocked_callback(self._on_unblocked)
        connection.channel(on_open_callback=self._channel_is_open).add_on_close_callback(self._channel_is_closed)

    def _channel_is_open(self, channel: Channel) -> None:
        channel.confirm_delivery(self._on_confirm, callback=lambda _frame: self._confirming(channel))
        channel.add_on_return_callback(self._on_return)

    def _confirming(self, channel: Channel) -> None:
        self._channel = channel
        self._last_tag = 0
        early, self._early = self._early, []
        for batch in early:
            self._take(batch)

    def _channel_is_closed(self, _channel: Channel, reason: Exception) -> None:
        self._fail_all(f"the publishing channel was closed: {said(reason)}")
        # An exchange that is gone closes the channel of whoever publishes to it.
        self._declarer.forget()
        connection = self._link.connection
        if connection is not None and connection.is_open:
            connection.channel(on_open_callback=self._channel_is_open).add_on_close_callback(self._channel_is_closed)

    def _link_is_down(self, trouble: str) -> None:
        self._blocked = None
        self._fail_all(trouble)

    def _fail_all(self, trouble: str) -> None:
        lost = [*self._early, *(each.batch for each in (*self._in_flight.values(), *self._waiting))]
        self._channel = None
        self._early.clear()
        self._waiting.clear()
        self._in_flight.clear()
        self._bytes_in_flight = 0
        for batch in lost:
            batch.fail(self._link.unavailable(trouble))

    def _expire(self, batch: Batch, late: str) -> None:
        """What was never sent or never confirmed must not pile up while the broker takes nothing."""
        self._waiting = deque(pending for pending in self._waiting if pending.batch is not batch)
        unconfirmed = [tag for tag, pending in self._in_flight.items() if pending.batch is batch]
        queues = {self._forget(tag).message.routing_key for tag in unconfirmed}
        batch.fail(BackendUnavailable(WHAT, f"{late} ({', '.join(sorted(queues)[:3])})" if queues else late))
        self._pump()

    def _forget(self, tag: int) -> Pending:
        pending = self._in_flight.pop(tag)
        self._bytes_in_flight -= len(pending.message.body)
        return pending

    def _take(self, batch: Batch) -> None:
        if self._channel is None:
            if self._link.trouble is None or not self._link.tried.is_set():
                self._early.append(batch)
            else:
                batch.fail(self._link.unavailable(self._link.trouble))
            return
        needs = {name for message in batch.messages for name in message.needs}
        self._declarer.ensure(needs, partial(self._queue, batch))

    def _queue(self, batch: Batch, error: Exception | None) -> None:
        if error is not None:
            batch.fail(error)
        elif not batch.over:
            self._waiting.extend(Pending(batch, index) for index in range(len(batch.messages)))
            self._pump()

    def _pump(self) -> None:
        while (
            self._waiting
            and self._channel is not None
            and self._channel.is_open
            and self._blocked is None
            and len(self._in_flight) < IN_FLIGHT_MAX
            and self._bytes_in_flight < IN_FLIGHT_BYTES_MAX
        ):
            pending = self._waiting.popleft()
            if not pending.batch.over:
                self._publish(self._channel, pending)

    def _publish(self, channel: Channel, pending: Pending) -> None:
        message = pending.message
        self._last_tag += 1
        self._in_flight[self._last_tag] = pending
        self._bytes_in_flight += len(message.body)
        # The tag as message id: it comes back with a message that was returned, the tag itself does not.
        properties = message.properties(str(self._last_tag))
        channel.basic_publish(
            message.exchange, message.routing_key, message.body, properties, mandatory=message.mandatory
        )

    def _on_return(self, _channel: Channel, _method: Any, properties: BasicProperties, _body: bytes) -> None:
        # A return comes before the confirm of the same message.
        pending = self._in_flight.get(int(properties.message_id or 0))
        if pending is not None:
            pending.returned = True

    def _on_confirm(self, frame: Any) -> None:
        method = frame.method
        accepted = isinstance(method, Basic.Ack)
        for tag in self._confirmed(method.delivery_tag, multiple=method.multiple):
            if tag in self._in_flight:
                pending = self._forget(tag)
                pending.batch.settle(pending.index, self._verdict(pending, accepted=accepted))
        self._pump()

    def _confirmed(self, tag: int, *, multiple: bool) -> Iterable[int]:
        if not multiple:
            return (tag,)
        upto = []
        for each in self._in_flight:
            if tag and each > tag:
                break
            upto.append(each)
        return upto

    def _verdict(self, pending: Pending, *, accepted: bool) -> Exception | None:
        message = pending.message
        if pending.returned:
            self._declarer.forget(message.needs)
            return Unroutable(
                f"nothing is bound to {message.exchange} for {message.routing_key}: the queue is gone; "
                "`pressroom topology check` shows what is missing"
            )
        if accepted:
            return None
        if message.bound is not None:
            return Full(message.topic, message.bound)
        return BackendUnavailable(WHAT, f"the broker refused a message for {message.routing_key}")

    def _on_blocked(self, _connection: SelectConnection, frame: Any) -> None:
        self._blocked = f"the broker takes no messages for now: {frame.method.reason or 'it has raised an alarm'}"
        _log.warning("publishing: %s", self._blocked)

    def _on_unblocked(self, _connection: SelectConnection, _frame: Any) -> None:
        self._blocked = None
        _log.info("publishing: the broker takes messages again")
        self._pump()
