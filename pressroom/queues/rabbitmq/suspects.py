"""Messages that were delivered before: one of them may have killed its worker, and the others only shared its fate.

The broker counts a delivery for each of them, so without care they would all reach its limit together. They wait
for a moment, each key for another one at each delivery, so that sooner or later every innocent key has its turn
before the key that kills. What stands behind the killer in its own key is sent anew, with a fresh count, half-way
to the limit. Topics without that limit need none of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial

from pressroom.queues.rabbitmq.link import Link
from pressroom.queues.rabbitmq.received import Received
from pressroom.queues.topics import describe
from pressroom.queues.topology import DELIVERY_LIMIT

TURNS_WITHIN_S = 0.5
TIRED_DELIVERIES = DELIVERY_LIMIT // 2
"""Also for what merely went back in order again and again: that counts as a delivery too."""


def is_tired(received: Received) -> bool:
    """Whether it should be sent anew when there is an occasion, before the broker takes it for poison."""
    return has_limit(received.topic) and received.deliveries >= TIRED_DELIVERIES


def has_limit(topic: str) -> bool:
    row = describe(topic)
    return row is not None and row.partitioned


def turn_s(key: str, deliveries: int) -> float:
    """Where in the row a key stands this time, as seconds to wait."""
    digest = hashlib.blake2b(f"{deliveries} {key}".encode(), digest_size=4).digest()
    return TURNS_WITHIN_S * int.from_bytes(digest) / (1 << 32)


class Suspects:
    """I/O thread only. Everything that arrives ends in `deliver` or `send_anew`; a key's messages stay in order."""

    def __init__(
        self, link: Link, *, deliver: Callable[[Received], None], send_anew: Callable[[Received], None]
    ) -> None:
        self._link = link
        self._deliver = deliver
        self._send_anew = send_anew
        self._rows: dict[str, list[Received]] = {}

    def arrive(self, received: Received) -> None:
        row = self._rows.get(received.key)
        if row is not None:
            row.append(received)
        elif received.deliveries > 1 and has_limit(received.topic):
            self._rows[received.key] = [received]
            self._link.later(turn_s(received.key, received.deliveries), partial(self._call_up, received.key))
        else:
            self._deliver(received)

    def _call_up(self, key: str) -> None:
        first, *others = self._rows.pop(key)
        self._deliver(first)
        for received in others:
            if is_tired(received):
                self._send_anew(received)
            else:
                self._deliver(received)
