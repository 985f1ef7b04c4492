"""A queue for tests of the consumer loop: it hands out what it is told to, and fails when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Depth, Full, Lost, OnDelivery, OnNotice, Parcel, Settlement, Subscription, Unroutable
from pressroom.queues.topics import describe


@dataclass(eq=False)
class ScriptedDelivery:
    topic: str
    key: str
    body: bytes
    deliveries: int = 1
    state: str = "open"

    @property
    def is_open(self) -> bool:
        return self.state == "open"

    def release(self) -> None:
        self.state = "released"


@dataclass(eq=False)
class ScriptedPlace:
    """A subscription. `history` is what was asked of it."""

    topic: str
    on_delivery: OnDelivery
    held: list[ScriptedDelivery] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    trouble: str | None = None
    overdue: str | None = None
    losses: int = 0

    @property
    def is_paused(self) -> bool:
        return bool(self.history) and self.history[-1] != "resume"

    def pause(self) -> None:
        self.history.append("pause")

    def resume(self) -> None:
        self.history.append("resume")

    def leave(self) -> None:
        self.history.append("leave")
        for delivery in self.held:
            if delivery.state == "open":
                delivery.state = "lost"

    def close(self, timeout_s: float) -> None:
        self.history.append("close")


class ScriptedQueue:
    """`fail_with` is raised by each `settle` while it is set, and before it each of `failures` once; topics in
    `full` refuse; `gate` holds settling up.
    """

    def __init__(self) -> None:
        self.place: ScriptedPlace | None = None
        self.published: list[Parcel] = []
        self.calls: list[int] = []
        self.tries = 0
        self.fail_with: Exception | None = None
        self.failures: list[Exception] = []
        self.full: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()

    def hand(self, body: bytes, *, key: str = "a", deliveries: int = 1) -> ScriptedDelivery:
        assert self.place is not None
        delivery = ScriptedDelivery(self.place.topic, key, body, deliveries)
        self.place.held.append(delivery)
        self.place.on_delivery(delivery)
        return delivery

    def subscribe(self, topic: str, on_delivery: OnDelivery, *, credit: int) -> Subscription:
        self.place = ScriptedPlace(topic, on_delivery)
        return self.place

    def settle(self, settlements: Sequence[Settlement]) -> None:
        self.tries += 1
        self.gate.wait(20)
        if self.failures:
            raise self.failures.pop(0)
        if self.fail_with is not None:
            raise self.fail_with
        parcels = [parcel for settlement in settlements for parcel in settlement.emits]
        for parcel in parcels:
            if describe(parcel.topic) is None:
                raise Unroutable(parcel.topic)
            if parcel.topic in self.full:
                raise Full(parcel.topic, 1)
        deliveries = [settlement.delivery for settlement in settlements]
        if any(delivery.state == "lost" for delivery in deliveries):  # type: ignore[attr-defined]
            raise Lost("queue", "it was returned")
        self.calls.append(len(settlements))
        self.published += parcels
        for delivery in deliveries:
            delivery.state = "settled"  # type: ignore[attr-defined]

    def publish(self, parcels: Sequence[Parcel]) -> None:
        if self.fail_with is not None:
            raise self.fail_with
        self.published += parcels

    def broadcast(self, body: bytes) -> None:
        raise BackendUnavailable("queue", "nobody listens here")

    def listen(self, on_notice: OnNotice) -> Subscription:
        raise BackendUnavailable("queue", "nobody speaks here")

    def depth(self, topic: str) -> Depth:
        return Depth(0, 0, 0)

    def close(self) -> None:
        pass
