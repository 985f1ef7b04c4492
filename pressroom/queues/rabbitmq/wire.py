"""A parcel as an AMQP message and back. Headers carry what the body is opaque about: topic, key and times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pika import BasicProperties

from pressroom.queues.port import Parcel
from pressroom.queues.rabbitmq.delays import step_for
from pressroom.queues.topics import describe
from pressroom.queues.topology import NOTICES_EXCHANGE, WORK_EXCHANGE, bound_of_queue, queue_for

TOPIC = "topic"
KEY = "key"
NOT_BEFORE = "not-before-ms"
EXPIRES = "expires-ms"
DELIVERY_COUNT = "x-delivery-count"
DELAYS = "delays of "
"""Before a topic's name: stands for its delay queues where a topic's name is expected."""
NOTICES = "notices"

Headers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to publish. `needs` names what must be declared first; `bound` is None where nothing is ever full.

    `mandatory` messages that reach no queue are an error.
    """

    exchange: str
    routing_key: str
    body: bytes
    headers: Headers
    needs: tuple[str, ...]
    topic: str
    bound: int | None = None
    expiration_ms: int | None = None
    mandatory: bool = True

    def properties(self, message_id: str) -> BasicProperties:
        return BasicProperties(
            delivery_mode=2 if self.mandatory else 1,  # on disk, or in memory only
            headers=dict(self.headers),
            message_id=message_id,
            expiration=None if self.expiration_ms is None else str(self.expiration_ms),
        )


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a received message's headers say."""

    topic: str | None
    key: str | None
    not_before: datetime | None
    expires: datetime | None
    deliveries: int


def outgoing(parcel: Parcel, now: datetime, partitions: int) -> Outgoing:
    """A parcel on its way, through a delay when it is early. Raises `KeyError` for an unknown topic."""
    expires = None if parcel.expires_s is None else now + timedelta(seconds=parcel.expires_s)
    headers = headers_of(parcel.topic, parcel.key, parcel.not_before, expires)
    return routed(parcel.body, headers, now, partitions)


def headers_of(topic: str, key: str, not_before: datetime | None, expires: datetime | None) -> dict[str, Any]:
    headers: dict[str, Any] = {TOPIC: topic, KEY: key}
    if not_before is not None:
        headers[NOT_BEFORE] = _to_ms(not_before)
    if expires is not None:
        headers[EXPIRES] = _to_ms(expires)
    return headers


def routed(body: bytes, headers: Headers, now: datetime, partitions: int) -> Outgoing:
    """A message, by its headers, to where it must go now. Raises `KeyError` for an unknown topic."""
    stamp = read_stamp(headers)
    topic, key = stamp.topic or "", stamp.key or ""
    queue = queue_for(topic, key, partitions)
    step = step_for(stamp.not_before, now)
    if step is not None:
        return Outgoing(step.name, queue, body, headers, (topic, DELAYS + topic), topic)
    row = describe(topic)
    bound = bound_of_queue(row, partitions) if row is not None and row.bound is not None else None
    left_ms = None if stamp.expires is None else max(0, round((stamp.expires - now).total_seconds() * 1000))
    return Outgoing(WORK_EXCHANGE, queue, body, headers, (topic,), topic, bound, left_ms)


def notice(body: bytes, headers: Headers) -> Outgoing:
    """A notice: kept in memory only, and no matter when nobody listens."""
    return Outgoing(NOTICES_EXCHANGE, "", body, headers, (NOTICES,), NOTICES, mandatory=False)


def read_stamp(headers: Headers | None) -> Stamp:
    """Headers of any message, ours or a stranger's: what cannot be read is absent."""
    held = headers or {}
    count = held.get(DELIVERY_COUNT)
    return Stamp(
        topic=_text(held.get(TOPIC)),
        key=_text(held.get(KEY)),
        not_before=_from_ms(held.get(NOT_BEFORE)),
        expires=_from_ms(held.get(EXPIRES)),
        deliveries=1 + (count if isinstance(count, int) else 0),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _to_ms(moment: datetime) -> int:
    # Rounded up: a message must not be a millisecond early.
    return -(-int(moment.timestamp() * 1_000_000) // 1000)


def _from_ms(value: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(value / 1000, UTC) if isinstance(value, int) else None
    except (OverflowError, OSError, ValueError):
        return None
