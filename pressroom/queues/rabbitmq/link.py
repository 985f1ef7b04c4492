"""One connection that is kept: its own I/O thread, reconnecting with back-off and jitter to any of the brokers.

All AMQP of a link happens on its thread; other threads hand it functions with `call`. No work is ever done
there, so heartbeats are answered however long a handler takes (pika/pika#1104).
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from pika import SelectConnection
from pika.adapters.select_connection import IOLoop
from pika.exceptions import ConnectionClosedByClient

from pressroom.clock import Clock
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import QueueMisconfigured
from pressroom.queues.rabbitmq.address import Address
from pressroom.queues.rabbitmq.dial import BadFiles, explained, parameters, said

_log = logging.getLogger(__name__)
# pika reports every failed attempt several times and as an error; a link says it once and in its own words.
logging.getLogger("pika").setLevel(logging.CRITICAL)

WHAT = "rabbitmq"
"""What is not available, as errors name it."""
BACKOFF_FIRST_S = 0.25
BACKOFF_MAX_S = 5.0
STEADY_S = 10.0
"""A connection that held this long was a good one: the next failure starts the back-off anew."""
VERSION_MIN = 4


def backoff_s(failures: int, rng: random.Random) -> float:
    """How long to wait after so many failures in a row: doubling, bounded, with full jitter."""
    return rng.uniform(0, min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2 ** min(failures, 16)))


def outdated(address: Address, properties: dict[str, Any] | None) -> str | None:
    """Why this broker cannot be used, from the properties it introduced itself with; None when it can."""
    version = str((properties or {}).get("version", ""))
    major = version.partition(".")[0]
    if major.isdigit() and int(major) >= VERSION_MIN:
        return None
    return f"{address} runs RabbitMQ {version or 'of an unknown version'}; Pressroom needs {VERSION_MIN}.0 or newer"


class Link:
    """Keeps one connection open. `on_up` and `on_down` are called on the I/O thread."""

    def __init__(self, name: str, brokers: Sequence[Address], clock: Clock, *, who: str, heartbeat_s: int) -> None:
        """`who` is this process, for people who look at the broker's list of connections."""
        self.name = name
        self.trouble: str | None = "connecting"
        self.connection: SelectConnection | None = None
        self.tried = threading.Event()
        """Set once the first attempt to connect has ended, well or not."""
        self.rng = random.Random()  # noqa: S311 - jitter, no secret
        self._brokers = self.rng.sample(list(brokers), len(brokers))
        self._is_refused = False
        self._clock = clock
        self._who = who
        self._heartbeat_s = heartbeat_s
        self._failures = 0
        self._up_since_s = 0.0
        self._closing = False
        self._on_up: list[Callable[[SelectConnection], None]] = []
        self._on_down: list[Callable[[str], None]] = []
        self._loop: Any = IOLoop()  # its annotations promise the adapter interface, not the loop that it is
        self._thread = threading.Thread(target=self._run, name=f"rabbitmq-{name}", daemon=True)

    def watch(self, on_up: Callable[[SelectConnection], None], on_down: Callable[[str], None]) -> None:
        """Before `start`: whom to tell that the connection is usable, and that it is gone and why."""
        self._on_up.append(on_up)
        self._on_down.append(on_down)

    def start(self) -> None:
        self.call(self._connect)
        self._thread.start()

    def call(self, function: Callable[[], None]) -> None:
        """Run it soon on the I/O thread, connected or not. From any thread."""
        self._loop.add_callback_threadsafe(function)

    def later(self, delay_s: float, function: Callable[[], None]) -> None:
        """Run it on the I/O thread after `delay_s`. From the I/O thread only."""
        self._loop.call_later(delay_s, function)

    @property
    def alive(self) -> bool:
        """Whether functions handed to `call` still run."""
        return self._thread.is_alive() and not self._closing

    def unavailable(self, trouble: str) -> BackendUnavailable:
        """The error for what cannot be done because of it."""
        return (QueueMisconfigured if self._is_refused else BackendUnavailable)(WHAT, trouble)

    def begin_to_close(self) -> None:
        self.call(self._close)

    def close(self, timeout_s: float) -> None:
        """Close in order; after `timeout_s` without the broker's answer, just leave."""
        self.begin_to_close()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            self.call(self._loop.stop)
            self._thread.join(1.0)
        if not self._thread.is_alive():
            self._loop.close()

    def _run(self) -> None:
        while True:
            try:
                self._loop.start()
            except Exception:  # noqa: BLE001 - a bug in a callback must not end in silence: all hangs on this thread
                _log.exception("connection %s: unexpected error, connecting anew", self.name)
                self.call(partial(self._drop, "an unexpected error, see the log"))
            else:
                return

    def _connect(self) -> None:
        if self._closing:
            return
        address = self._brokers[self._failures % len(self._brokers)]
        try:
            # The connection object keeps itself alive by its place in the loop.
            SelectConnection(
                parameters(address, heartbeat_s=self._heartbeat_s, name=f"pressroom {self.name} {self._who}"),
                on_open_callback=partial(self._opened, address),
                on_open_error_callback=partial(self._failed, address),
                on_close_callback=partial(self._closed, address),
                custom_ioloop=self._loop,
            )
        except (OSError, BadFiles) as error:
            # Out of file descriptors, or TLS files that can't be read.
            self._fail_to_connect(address, error)

    def _opened(self, address: Address, connection: SelectConnection) -> None:
        if self._closing or (trouble := outdated(address, connection.server_properties)):
            self._is_refused = not self._closing
            self.trouble = "closed" if self._closing else trouble
            connection.close()
            return
        self._is_refused = False
        if self._failures:
            _log.info("connection %s: connected to %s", self.name, address)
        self._up_since_s = self._clock.monotonic()
        self.connection = connection
        self.trouble = None
        for tell in self._on_up:
            tell(connection)
        self.tried.set()

    def _failed(self, address: Address, _connection: SelectConnection, error: BaseException) -> None:
        self._fail_to_connect(address, error)

    def _fail_to_connect(self, address: Address, error: BaseException) -> None:
        why, self._is_refused = explained(error, address)
        self._again(f"cannot connect to {address}: {why}")

    def _closed(self, address: Address, _connection: SelectConnection, error: BaseException) -> None:
        was_up, self.connection = self.connection is not None, None
        if was_up and self._clock.monotonic() - self._up_since_s >= STEADY_S:
            self._failures = 0
        if isinstance(error, ConnectionClosedByClient) and self.trouble is not None:
            self._again(self.trouble)
        else:
            self._again(f"connection to {address} lost: {said(error)}")

    def _again(self, trouble: str) -> None:
        is_news = trouble != self.trouble
        self.trouble = "closed" if self._closing else trouble
        for tell in self._on_down:
            tell(self.trouble)
        self.tried.set()
        if self._closing:
            self._loop.stop()
            return
        delay_s = backoff_s(self._failures, self.rng)
        self._failures += 1
        level = logging.WARNING if is_news else logging.DEBUG
        _log.log(level, "connection %s: %s; next attempt in %.1f s", self.name, trouble, delay_s)
        self.later(delay_s, self._connect)

    def _close(self) -> None:
        self._closing = True
        if self.connection is None:
            self._loop.stop()
        self._drop("closed")

    def _drop(self, trouble: str) -> None:
        if self.connection is not None and self.connection.is_open:
            self.trouble = trouble
            self.connection.close()
