"""Notices: sent to whoever listens, kept nowhere, and the listener told when it may have missed some.

Each sender numbers its notices and says when it sent the one before, so that a listener sees a gap that the broker
made (its queue holds 1,000 and drops the oldest) and knows which gaps are older than itself.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

from pika import BasicProperties
from pika.channel import Channel

from pressroom.clock import Clock
from pressroom.queues.port import OnNotice
from pressroom.queues.rabbitmq.link import Link
from pressroom.queues.rabbitmq.seat import Seat, declare
from pressroom.queues.topics import NOTICES_BOUND
from pressroom.queues.topology import NOTICES_EXCHANGE, of_notices

_log = logging.getLogger(__name__)
SENDER = "sender"
NUMBER = "number"
PREVIOUS = "previous-ms"
PREFETCH = 100
SEAT_TIMEOUT_S = 5.0
_QUEUE = {"x-queue-type": "classic", "x-max-length": NOTICES_BOUND, "x-overflow": "drop-head"}


class Numbering:
    """A sender's headers: who, the how-manieth, and when the one before was sent."""

    def __init__(self, sender: str, clock: Clock) -> None:
        self._sender = sender
        self._clock = clock
        self._lock = threading.Lock()
        self._number = 0
        self._previous_ms = 0

    def next(self) -> dict[str, Any]:
        with self._lock:
            self._number += 1
            headers = {SENDER: self._sender, NUMBER: self._number, PREVIOUS: self._previous_ms}
            self._previous_ms = int(self._clock.now().timestamp() * 1000)
            return headers


class Gaps:
    """Which numbers were seen, by sender, since this listener began."""

    def __init__(self, since_ms: int) -> None:
        self._since_ms = since_ms
        self._seen: dict[str, int] = {}

    def missed(self, headers: Mapping[str, Any]) -> bool:
        """Whether notices between the last one of this sender and this one never came."""
        sender, number, previous_ms = (headers.get(name) for name in (SENDER, NUMBER, PREVIOUS))
        if not isinstance(number, int) or not isinstance(previous_ms, int):
            return False
        last = self._seen.get(str(sender))
        self._seen[str(sender)] = number
        if last is not None:
            return number > last + 1
        return number > 1 and previous_ms >= self._since_ms


class NoticeSubscription:
    """A listener: a queue of its own that goes when it goes, and is told None whenever it had none for a while."""

    def __init__(self, on_notice: OnNotice, link: Link, clock: Clock) -> None:
        self._on_notice = on_notice
        self._link = link
        self._clock = clock
        self._seat = Seat(link, "notices", self._furnish, self._vacated)
        self._listening = threading.Event()
        self._gone = threading.Event()
        self._gaps = Gaps(0)
        self._interrupted = False
        self._paused = False
        link.call(self._seat.take)
        # Whoever calls `listen` and then looks at everything must not miss what changes in between.
        link.tried.wait(SEAT_TIMEOUT_S)
        if link.connection is None or not self._listening.wait(SEAT_TIMEOUT_S):
            self._interrupted = True

    @property
    def trouble(self) -> str | None:
        return self._seat.trouble

    @property
    def losses(self) -> int:
        return self._seat.losses

    @property
    def overdue(self) -> None:
        """A notice is over when it is handed out."""

    def pause(self) -> None:
        """Notices that come while paused are not kept; `resume` says that some may have been missed."""
        self._paused = True

    def resume(self) -> None:
        self._link.call(self._resume)

    def leave(self) -> None:
        self._gone.clear()
        self._link.call(self._leave)
        self._gone.wait(SEAT_TIMEOUT_S)

    def close(self, timeout_s: float) -> None:
        del timeout_s  # as `overdue`
        self.leave()

    # --- from here on: I/O thread only -----------------------------------------------------------------

    def _furnish(self, channel: Channel) -> None:
        declare(channel, of_notices())
        channel.basic_qos(prefetch_count=PREFETCH, callback=lambda _frame: None)
        channel.queue_declare(
            "", exclusive=True, auto_delete=True, arguments=dict(_QUEUE), callback=partial(self._bind, channel)
        )

    def _bind(self, channel: Channel, frame: Any) -> None:
        queue = frame.method.queue
        channel.queue_bind(queue, NOTICES_EXCHANGE, "", callback=partial(self._consume, channel, queue))

    def _consume(self, channel: Channel, queue: str, _frame: Any) -> None:
        channel.basic_consume(queue, self._on_message, callback=lambda _frame: self._seat.ready())
        self._gaps = Gaps(int(self._clock.now().timestamp() * 1000))
        self._listening.set()
        if self._interrupted:
            self._tell(None)

    def _vacated(self, _reason: Exception) -> None:
        self._interrupted = True
        self._gone.set()

    def _resume(self) -> None:
        self._paused = False
        if self._seat.is_taken:
            self._tell(None)
        self._seat.take()

    def _leave(self) -> None:
        if not self._seat.leave():
            self._gone.set()

    def _on_message(self, channel: Channel, method: Any, properties: BasicProperties, body: bytes) -> None:
        if self._gaps.missed(properties.headers or {}):
            self._tell(None)
        self._tell(body)
        channel.basic_ack(method.delivery_tag)

    def _tell(self, notice: bytes | None) -> None:
        if self._paused:
            return
        try:
            self._on_notice(notice)
        except Exception:  # noqa: BLE001 - a listener's bug must not cost the others their connection
            _log.exception("a listener failed on a notice")
