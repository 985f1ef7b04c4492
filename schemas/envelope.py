"""The envelope that every message travels in, and its wire form (one JSON object, UTF-8)."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from typing import Annotated, Final, Generic, TypeVar

from pydantic import Field

from schemas.base import Count, Id, Instant, Key, Line, Model, Name

HOPS_MAX = 32
_LAYOUT: Final = re.compile(r"0[0-9a-f]{31}")
BODY_BYTES_MAX = 1 << 20
"""A message's body, encoded: 1 MiB. RabbitMQ would take 16; nothing here needs it."""
LETTER_BYTES_MAX = 2 << 20
"""A dead letter's: it holds a whole message, perhaps in base64."""


class Hop(Model):
    """One step of a message's way: which service did what, when."""

    at: Instant
    service: Name
    what: Line


P = TypeVar("P", bound=Model)


class Envelope(Model, Generic[P]):
    """A message: who it is, how it got here, until when it matters, and what it says.

    `attempt` counts our own retries (0 at first; a Defer counts none). `trace` stays the same from wish to
    page. `key` is what the queue orders by. `not_before`/`not_after` bound when it may be handled.
    """

    id: Id
    type: Name
    version: Annotated[int, Field(ge=1, le=999)] = 1
    occurred_at: Instant
    attempt: Count = 0
    trace: Name = ""
    hops: Annotated[tuple[Hop, ...], Field(max_length=HOPS_MAX)] = ()
    not_before: Instant | None = None
    not_after: Instant | None = None
    key: Key
    payload: P

    def hopped(self, hop: Hop) -> tuple[Hop, ...]:
        """The hops with one more; the oldest but the first give way when there are too many."""
        hops = (*self.hops, hop)
        return hops if len(hops) <= HOPS_MAX else (hops[0], *hops[len(hops) - HOPS_MAX + 1 :])


def new_id(now: datetime) -> str:
    """A fresh id that sorts by time: milliseconds in hex, then 80 random bits (the layout idea of a ULID)."""
    return f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}"


def born(message_id: str) -> datetime | None:
    """When an id of `new_id`'s layout was made; None for any other."""
    if _LAYOUT.fullmatch(message_id) is None:
        return None
    return datetime.fromtimestamp(int(message_id[:12], 16) / 1000, UTC)
