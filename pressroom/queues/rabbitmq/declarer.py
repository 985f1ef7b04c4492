"""Declares what is needed when it is needed, once a connection; and counts what queues hold."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from pika import SelectConnection
from pika.channel import Channel
from pika.exceptions import ChannelClosedByBroker

from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Unroutable
from pressroom.queues.rabbitmq.dial import said
from pressroom.queues.rabbitmq.link import WHAT, Link
from pressroom.queues.rabbitmq.seat import declare, explain
from pressroom.queues.rabbitmq.wire import DELAYS, NOTICES
from pressroom.queues.topology import Topology, of_delays, of_notices, of_topic

_NOT_FOUND = 404
_REFUSALS = {403, 406}
"""Not allowed, and not as declared: these stay until somebody does something. Anything else passes."""

OnEnsured = Callable[[Exception | None], None]
OnCounted = Callable[[int | Exception], None]


class NotAsDeclared(Unroutable):
    """The broker has something of that name, but not as we need it. The text names it and what to do."""


@dataclass(frozen=True, slots=True)
class _Request:
    """Something with an answer: `ask` sends it and calls back; `fail` is told when the channel closes instead."""

    ask: Callable[[Channel], None]
    fail: Callable[[Exception], None]


def topology_of(name: str, partitions: int) -> Topology:
    """What a need stands for: a topic, the delays of one, or the notices."""
    if name.startswith(DELAYS):
        return of_delays(name.removeprefix(DELAYS))
    if name == NOTICES:
        return of_notices()
    return of_topic(name, partitions)


class Declarer:
    """On a channel of its own, since an error closes it; one request at a time, so that each error has an owner."""

    def __init__(self, link: Link, partitions: int) -> None:
        self._link = link
        self._partitions = partitions
        self._there: set[str] = set()
        self._requests: deque[_Request] = deque()
        self._current: _Request | None = None
        self._channel: Channel | None = None
        link.watch(self._link_is_up, self._link_is_down)

    def ensure(self, needs: Iterable[str], then: OnEnsured) -> None:
        """Call `then(None)` once all of `needs` exist, or with why they cannot."""
        missing = sorted(set(needs) - self._there)
        if not missing:
            then(None)
            return

        def ask(channel: Channel) -> None:
            for name in missing:
                declare(channel, topology_of(name, self._partitions))
            # A call without effect, whose answer says that all before it went well.
            channel.basic_qos(callback=lambda _frame: self._answered(there))

        def there() -> None:
            self._there.update(missing)
            then(None)

        def fail(error: Exception) -> None:
            refused = isinstance(error, ChannelClosedByBroker) and error.reply_code in _REFUSALS
            then(NotAsDeclared(explain(error)) if refused else _unavailable(error))

        self._request(_Request(ask, fail))

    def forget(self, needs: Iterable[str] | None = None) -> None:
        """Something of it (or of all) turned out to be missing: declare it again before the next use."""
        self._there.difference_update(self._there.copy() if needs is None else needs)

    def count(self, queues: Sequence[str], then: OnCounted, counted: int = 0) -> None:
        """Call `then` with how many messages the queues hold for consumers; missing queues hold none."""
        if not queues:
            then(counted)
            return
        first, rest = queues[0], queues[1:]

        def ask(channel: Channel) -> None:
            channel.queue_declare(
                first,
                passive=True,
                callback=lambda frame: self._answered(
                    partial(self.count, rest, then, counted + frame.method.message_count)
                ),
            )

        def fail(error: Exception) -> None:
            if isinstance(error, ChannelClosedByBroker) and error.reply_code == _NOT_FOUND:
                self.count(rest, then, counted)
            else:
                then(_unavailable(error))

        self._request(_Request(ask, fail))

    def _request(self, request: _Request) -> None:
        self._requests.append(request)
        self._next()

    def _answered(self, then: Callable[[], None]) -> None:
        self._current = None
        then()
        self._next()

    def _next(self) -> None:
        if self._current is not None or not self._requests:
            return
        connection = self._link.connection
        if connection is None or not connection.is_open:
            self._fail_all(self._link.unavailable(self._link.trouble or "the connection is closing"))
        elif self._channel is None:
            self._channel = connection.channel(on_open_callback=lambda _channel: self._next())
            self._channel.add_on_close_callback(self._closed)
        elif self._channel.is_open:
            self._current = self._requests.popleft()
            self._current.ask(self._channel)

    def _closed(self, _channel: Channel, reason: Exception) -> None:
        self._channel = None
        current, self._current = self._current, None
        if current is not None:
            current.fail(reason)
        self._next()

    def _fail_all(self, error: Exception) -> None:
        requests = list(self._requests)
        self._requests.clear()
        for request in requests:
            request.fail(error)

    def _link_is_up(self, _connection: SelectConnection) -> None:
        self._there.clear()

    def _link_is_down(self, trouble: str) -> None:
        self._there.clear()
        self._fail_all(self._link.unavailable(trouble))


def _unavailable(error: Exception) -> BackendUnavailable:
    return error if isinstance(error, BackendUnavailable) else BackendUnavailable(WHAT, said(error))
