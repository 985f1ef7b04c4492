"""How a handler may end. Exactly one of these; anything raised instead is a bug and treated as one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schemas.base import Model
from schemas.envelope import Hop


@dataclass(frozen=True, slots=True)
class Emit:
    """A message to send: confirmed by the queue before what caused it is acknowledged.

    `id` and `trace` are given when the same message may be sent again (an outbox, a replay); otherwise the id is
    new and the trace that of the message being handled. `hops` are given when the way here was not that message's.
    """

    topic: str
    key: str
    payload: Model
    not_before: datetime | None = None
    not_after: datetime | None = None
    expires_s: float | None = None
    id: str | None = None
    trace: str | None = None
    hops: tuple[Hop, ...] | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """Handled. Every handler is idempotent: a crash between emit and ack handles the message again."""

    emits: tuple[Emit, ...] = ()


@dataclass(frozen=True, slots=True)
class Retry:
    """Our own passing fault: the message comes again after a back-off, and this attempt counts."""

    reason: str
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Defer:
    """Not now, and nobody's fault: counts no attempt."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Never to be retried: goes to the dead with its kind and reason."""

    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The broker or the store is down: the consumer pauses, the message is unspent."""

    what: str
    reason: str


Outcome = Done | Retry | Defer | Reject | Unavailable


class BackendUnavailable(Exception):
    """Raised by queue and store adapters when they cannot reach what they stand for.

    The consumer loop turns it into `Unavailable`; a handler need not catch it.
    """

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what} is not available: {reason}")
        self.what = what
        self.reason = reason
