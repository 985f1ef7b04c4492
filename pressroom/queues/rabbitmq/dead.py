"""What the broker gave up by itself, as the dead letter that the consumer of `dead` expects.

A message that killed its consumer too often is dead-lettered by RabbitMQ with its body as it was; what happened
stands in headers (x-death, x-last-death-*). Everything on `dead` that we did not put there ourselves is read
that way. Pure.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

from pressroom.queues.rabbitmq.partitions import read_name
from pressroom.queues.rabbitmq.wire import DELIVERY_COUNT, Headers, read_stamp
from pressroom.queues.topics import DEAD, ONE_KEY
from pressroom.queues.topology import DELIVERY_LIMIT
from schemas.codec import type_of
from schemas.envelope import Envelope
from schemas.errors import ErrorKind
from schemas.messages import DeadLetter

_REASON = "x-last-death-reason"
_QUEUE = "x-last-death-queue"
_NAME_CHARS_MAX = 200
_KEY_CHARS_MAX = 500
_EXPIRED = "expired"
_LIMIT = "delivery_limit"
_MEANINGS = {
    _LIMIT: "its consumer died or lost its connection each time it held this message",
    "rejected": "a consumer rejected it without asking for it again",
    "maxlen": "its queue was full",
}


def is_ours(headers: Headers) -> bool:
    """Whether the body is a dead letter already."""
    return read_stamp(headers).topic == DEAD


def is_worthless(headers: Headers) -> bool:
    """Whether it merely outlived its `expires_s`: dropped, as the sender wished."""
    return headers.get(_REASON) == _EXPIRED


def dead_letter(body: bytes, headers: Headers, now: datetime) -> bytes:
    """The encoded envelope for a message that the broker gave up. The same message always gets the same id."""
    at = _time_of_death(headers) or now
    text, is_base64 = _readable(body)
    queue = str(headers.get(_QUEUE, ""))
    partition = read_name(queue)
    stamp = read_stamp(headers)
    topic = stamp.topic or (partition.topic if partition else queue)
    letter = DeadLetter(
        topic=topic[:_NAME_CHARS_MAX],
        key=(stamp.key or ONE_KEY)[:_KEY_CHARS_MAX],
        kind=ErrorKind.POISON.value,
        reason=_why(headers),
        body=text,
        body_base64=is_base64,
        deliveries=_deliveries(headers),
        at=at,
    )
    name, version = type_of(DeadLetter)
    envelope = Envelope[DeadLetter](
        id=_id(body, at), type=name, version=version, occurred_at=at, key=ONE_KEY, payload=letter
    )
    # Not the codec's `encode`: this never travels, and the limit of what may is the body's own already.
    return envelope.as_json()


def _why(headers: Headers) -> str:
    reason = str(headers.get(_REASON, "unknown"))[:100]
    count = _deliveries(headers)
    after = f" after {count} deliveries" if count else ""
    meaning = _MEANINGS.get(reason, "the broker moved it here")
    return f"{reason}{after}: {meaning}"


def _deliveries(headers: Headers) -> int:
    count: Any = headers.get(DELIVERY_COUNT, 0)
    # Once it is handed out again from `dead`, the broker counts anew.
    least = DELIVERY_LIMIT + 1 if headers.get(_REASON) == _LIMIT else 0
    return max(count, least) if isinstance(count, int) else least


def _time_of_death(headers: Headers) -> datetime | None:
    deaths: Any = headers.get("x-death")
    latest = deaths[0] if isinstance(deaths, list) and deaths else None
    time = latest.get("time") if isinstance(latest, dict) else None
    if not isinstance(time, datetime):
        return None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _readable(body: bytes) -> tuple[str, bool]:
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True


def _id(body: bytes, at: datetime) -> str:
    return f"{int(at.timestamp() * 1000):012x}{hashlib.sha256(body).hexdigest()[:20]}"
