"""A channel that is kept: opened again with back-off when the connection, the channel or a queue goes away.

Everything here runs on the link's I/O thread, except reading `trouble`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from pika import SelectConnection
from pika.adapters.blocking_connection import BlockingChannel
from pika.channel import Channel
from pika.exceptions import ChannelClosedByClient

from pressroom.queues.rabbitmq.dial import said
from pressroom.queues.rabbitmq.link import Link, backoff_s
from pressroom.queues.topology import MARKER, Topology

_log = logging.getLogger(__name__)
READY_WITHIN_S = 10.0
_UNLIKE = re.compile(r"inequivalent arg '(?P<argument>[^']+)' for (?P<what>queue|exchange) '(?P<name>[^']+)'")


class Seat:
    """`furnish` declares and subscribes on each new channel and then calls `ready`; `vacated` is told of each loss."""

    def __init__(
        self, link: Link, name: str, furnish: Callable[[Channel], None], vacated: Callable[[Exception], None]
    ) -> None:
        self.trouble: str | None = "connecting"
        self.losses = 0
        self._link = link
        self._name = name
        self._furnish = furnish
        self._vacated = vacated
        self._wanted = False
        self._channel: Channel | None = None
        self._failures = 0
        self._is_ready = False
        self._why_we_close: str | None = None
        link.watch(self._link_is_up, self._link_is_down)

    @property
    def is_taken(self) -> bool:
        return self._channel is not None

    def take(self) -> None:
        """Sit down, now or as soon as there is a connection, and stay until `leave`."""
        self._wanted = True
        self.trouble = self.trouble or self._link.trouble
        self._open()

    def leave(self) -> bool:
        """Give it up: the broker takes back at once what is unacknowledged. False when there was no seat."""
        self._wanted = False
        if self._channel is None:
            return False
        _close(self._channel)
        return True

    def give_up_channel(self, trouble: str) -> None:
        """Close the channel and come back on a new one, after a pause."""
        if self._channel is not None and self._channel.is_open:
            self.trouble = self._why_we_close = trouble
            _close(self._channel)

    def ready(self) -> None:
        self._failures = 0
        self._is_ready = True
        self.trouble = None

    def _link_is_up(self, _connection: SelectConnection) -> None:
        self._open()

    def _link_is_down(self, trouble: str) -> None:
        if self._wanted:
            self.trouble = trouble

    def _open(self) -> None:
        connection = self._link.connection
        if not self._wanted or self._channel is not None or connection is None or not connection.is_open:
            return
        self.trouble = f"{self._name}: subscribing"
        self._channel = connection.channel(on_open_callback=self._opened)
        self._channel.add_on_close_callback(self._closed)

    def _opened(self, channel: Channel) -> None:
        channel.add_on_cancel_callback(self._cancelled)
        self._link.later(READY_WITHIN_S, partial(self._check, channel))
        self._furnish(channel)

    def _check(self, channel: Channel) -> None:
        # With a queue that has no majority the broker holds its answer back for a minute, then closes the connection.
        if channel is self._channel and self.trouble is not None:
            self.trouble = f"{self._name}: the broker does not answer; is one of the topic's queues without a leader?"
            _log.warning(self.trouble)

    def _cancelled(self, _frame: Any) -> None:
        # The broker cancels a consumer when its queue was deleted, or when its node went and took the leader along.
        self.give_up_channel(f"{self._name}: the broker cancelled the subscription, its queue is gone")

    def _closed(self, _channel: Channel, reason: Exception) -> None:
        self._channel = None
        self._vacated(reason)
        was_ready, self._is_ready = self._is_ready, False
        if not self._wanted:
            self.trouble = None
            return
        why, self._why_we_close = self._why_we_close, None
        if why is None and isinstance(reason, ChannelClosedByClient):
            self._open()  # left, and wanted again before that was through
            return
        self.losses += was_ready
        self.trouble = why or f"{self._name}: {explain(reason)}"
        connection = self._link.connection
        if connection is not None and connection.is_open:
            delay_s = backoff_s(self._failures, self._link.rng)
            self._failures += 1
            _log.warning("%s; subscribing again in %.1f s", self.trouble, delay_s)
            self._link.later(delay_s, self._open)


def _close(channel: Channel) -> None:
    """Close it without cancelling its consumers first, as pika would.

    Cancelled, the next worker would be given later messages before those that come back with the channel (seen on
    RabbitMQ 4.0.5); closed at once, the broker puts them back first.
    """
    vars(channel)["_consumers"].clear()
    if not channel.is_closing:
        channel.close()


def declare(channel: Channel | BlockingChannel, topology: Topology) -> None:
    """Send all declarations; an asynchronous channel does not wait, its next answer tells that they are through.

    What already exists as declared is left alone. What exists otherwise closes the channel: see `explain`.
    """
    for exchange in sorted(topology.exchanges, key=lambda each: each.name):
        channel.exchange_declare(exchange.name, exchange.kind, durable=True)
    # The marker first: a wrong partition count must stop before it creates partitions.
    for name in sorted(topology.queues, key=lambda each: (each != MARKER, each)):
        channel.queue_declare(name, durable=True, arguments=dict(topology.queues[name]))
    for binding in sorted(topology.bindings, key=lambda each: (each.exchange, each.queue)):
        channel.queue_bind(binding.queue, binding.exchange, binding.routing_key)


def explain(reason: BaseException) -> str:
    """Why the broker closed a channel, with what to do about it where that is known."""
    text = said(reason)
    found = _UNLIKE.search(text)
    if found is None:
        return text
    if found["name"] == MARKER:
        return (
            f"the broker was set up for another number of partitions ({text}); set PRESSROOM_PARTITIONS to it, "
            "or stop the fleet and run `pressroom topology apply`"
        )
    return (
        f"{found['what']} {found['name']} exists with another {found['argument']} ({text}); "
        "`pressroom topology check` shows all that differs"
    )
