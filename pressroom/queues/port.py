"""The queue port: what every engine promises, and what the consumer loop builds on.

An engine moves *parcels* (opaque bodies with a topic and a key) and hands them out as *deliveries*.
What a body means, how often to try and what counts as dead is the consumer loop's business
(`pressroom.consumer`); an engine knows nothing of outcomes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pressroom.outcomes import BackendUnavailable


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message on its way in: never handed out before `not_before`, dropped `expires_s` after publishing.

    `expires_s` is for messages that are worthless late (ticks); anything else stays until it is settled.
    """

    topic: str
    key: str
    body: bytes
    not_before: datetime | None = None
    expires_s: float | None = None


@dataclass(frozen=True, slots=True)
class Depth:
    """How much a topic holds: waiting, handed out and unsettled, waiting for its time."""

    ready: int
    in_flight: int
    delayed: int

    @property
    def total(self) -> int:
        return self.ready + self.in_flight + self.delayed


class Unroutable(ValueError):
    """No such topic: a bug or a topology that was not applied. Nothing was accepted."""


class Lost(BackendUnavailable):
    """The delivery is not its consumer's any more (its connection is gone, its subscription left): the message
    comes again by itself, and settling this delivery will never do. Drop it.
    """


class QueueMisconfigured(BackendUnavailable):
    """Waiting won't help: a wrong password, an unknown virtual host, a certificate that nobody trusts. A person must
    act; who is at work already pauses meanwhile, as for any outage.
    """


class Full(Exception):
    """There is no room: the bound of the topic, or of the part of it that the message's key belongs to, is reached.

    Others of the same call may have been accepted (sqlite judges a call whole, RabbitMQ message by message), so
    whoever calls again sends those again, and receivers are idempotent; only `settle` remembers what is safe. The
    topic table says what a sender does meanwhile. `topic` is the one that is full.
    """

    def __init__(self, topic: str, bound: int) -> None:
        super().__init__(f"topic {topic} holds its bound of {bound} messages")
        self.topic = topic


class Delivery(Protocol):
    """One message handed out. Exactly one of `Queue.settle` and `release` ends it; from any thread."""

    @property
    def topic(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def body(self) -> bytes: ...
    @property
    def deliveries(self) -> int:
        """1 the first time; more when a consumer died or lost its connection while holding it."""

    @property
    def is_open(self) -> bool:
        """Whether it is this consumer's to settle. What is not, and was neither settled nor released, is lost: it comes
        again by itself, and to handle it here would be in vain.
        """

    def release(self) -> None:
        """Back to the head of its queue, unspent: it is handed out again, here or elsewhere. Never raises."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The end of one delivery: what follows from it, published first."""

    delivery: Delivery
    emits: Sequence[Parcel] = ()


OnDelivery = Callable[[Delivery], None]
"""Called on an engine's thread; must return at once (hand over to a pool)."""

OnNotice = Callable[[bytes | None], None]
"""Called with a notice's body; with None when notices may have been missed, so that all must be checked."""


class Subscription(Protocol):
    """A consumer's place at a topic."""

    @property
    def trouble(self) -> str | None:
        """Why nothing is being received right now (connection lost, queue gone, …), or None when all is well.

        An engine goes on trying by itself, with back-off and jitter; this is for health and logs.
        """

    @property
    def losses(self) -> int:
        """How often the place was lost and had to be taken anew, however short that was; trouble that nobody happened
        to look at is counted here.
        """

    @property
    def overdue(self) -> str | None:
        """What was handed out here, is not finished, and was taken back by the broker because that took too long; in
        a line for people. None when there is nothing of the kind.
        """

    def pause(self) -> None:
        """Hand out nothing new until `resume`; what is handed out stays so."""

    def resume(self) -> None: ...

    def leave(self) -> None:
        """Return what is held and unsettled and give up the place, so that others take over (`resume` rejoins)."""

    def close(self, timeout_s: float) -> None:
        """Orderly stop: hand out nothing more, wait until all that was handed out is settled or released, then
        cancel. What is still open after `timeout_s` returns to the queue. No two consumers ever hold one key.
        """


class Queue(Protocol):
    """A broker. The contract, tested once in `tests/contracts/` for every engine:

    1. What `publish` or `settle` has accepted is never lost: it is handed out until it is settled.
    2. Deliveries of one (topic, key) come in the order published and to one consumer at a time. A consumer may be
       handed several of one key; the loop handles them one after the other. (A `not_before` or a redelivery may
       reorder; after a crash two consumers can overlap for a moment on engines with a network.)
    3. A consumer that dies gives back what it held, at once or when the engine notices; `deliveries` counts it.
    4. Nothing is handed out before its `not_before`.
    5. A publish to an unknown topic raises `Unroutable`; where there is no room it raises `Full`.
    6. Different keys are handed out concurrently, up to `credit` unsettled deliveries for a subscription.
    7. Every subscribed `listen` gets every notice broadcast while it listens, or None when it may have missed some.
    """

    def publish(self, parcels: Sequence[Parcel]) -> None:
        """Blocks until all are safe (on disk, confirmed). Raises `Unroutable`, `Full`, `BackendUnavailable`;
        after each of them some may have been accepted: publish again, receivers are idempotent.
        """

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """For each: publish its emits, and only when all of them are safe, remove its delivery. Blocks until done.

        A crash in between means that the delivery comes again and its emits with it: receivers are idempotent.
        Raises `Full`, `Unroutable` or `BackendUnavailable`; then what was not removed is still open and `settle` may
        be called again with all or some of it: what was removed is skipped, and of what is still open no emit that is
        known to be safe is published twice. Raises `Lost` when one of the
        deliveries comes again by itself; the others then need settling again, in case they were not reached.
        """

    def subscribe(self, topic: str, on_delivery: OnDelivery, *, credit: int) -> Subscription: ...

    def broadcast(self, body: bytes) -> None:
        """A notice to every listener, at most once, oldest dropped first when a listener is slow."""

    def listen(self, on_notice: OnNotice) -> Subscription: ...

    def depth(self, topic: str) -> Depth: ...

    def close(self) -> None: ...
