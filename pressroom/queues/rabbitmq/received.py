"""What a subscription holds: each message from its arrival to its end, and who has it. From any thread."""

from __future__ import annotations

import heapq
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import Protocol

from pressroom.queues.port import Parcel


class State(Enum):
    """HELD: here, not handed out (yet, or again). OUT: handed out. SETTLED: over. LOST: the broker has it back."""

    HELD = "held"
    OUT = "out"
    SETTLED = "settled"
    LOST = "lost"


class Holder(Protocol):
    """The subscription that a message came by."""

    def take_back(self, received: Received) -> None:
        """It was released: hand it out again."""

    def settled(self, several: Sequence[Received]) -> bool:
        """Acknowledge what is over. False when some of it was lost before, and so comes again."""


class Received:
    """A delivery. `tag` is the broker's number for it on its channel and gives the order in which it came."""

    __slots__ = (
        "_sent",
        "body",
        "deliveries",
        "expires",
        "holder",
        "key",
        "not_before",
        "seating",
        "state",
        "tag",
        "topic",
    )

    def __init__(
        self,
        topic: str,
        key: str,
        body: bytes,
        *,
        deliveries: int,
        tag: int,
        seating: int,
        holder: Holder,
    ) -> None:
        self.topic = topic
        self.key = key
        self.body = body
        self.deliveries = deliveries
        self.tag = tag
        self.seating = seating
        self.not_before: datetime | None = None
        self.expires: datetime | None = None
        self.state = State.HELD
        self.holder = holder
        self._sent: Counter[Parcel] = Counter()

    def __lt__(self, other: Received) -> bool:
        return self.tag < other.tag

    @property
    def is_open(self) -> bool:
        return self.state is State.OUT

    def release(self) -> None:
        self.holder.take_back(self)

    def remember_sent(self, parcels: Iterable[Parcel]) -> None:
        """They follow from it and are safe, but it could not be settled: the next try is not to send them again."""
        self._sent.update(parcels)

    def unsent(self, parcels: Sequence[Parcel]) -> Sequence[Parcel]:
        """Those of what follows from it that are not safe yet."""
        if not self._sent:
            return parcels
        left = self._sent.copy()
        unsent = []
        for parcel in parcels:
            if left[parcel]:
                left[parcel] -= 1
            else:
                unsent.append(parcel)
        return unsent

    def has_expired(self, now: datetime) -> bool:
        return self.expires is not None and self.expires <= now


class Hand:
    """The messages of one subscription: waiting to be handed out, in the order they came, and handed out."""

    def __init__(self, credit: int) -> None:
        self.paused = False
        self._credit = credit
        self._changed = threading.Condition()
        self._held: list[Received] = []  # a heap: what is released goes back to where it was
        self._out: set[Received] = set()
        self._overdue: set[Received] = set()

    @property
    def out(self) -> int:
        return len(self._out)

    @property
    def overdue(self) -> int:
        """So many were handed out when the broker lost its patience, and have not come back since."""
        return len(self._overdue)

    def put(self, received: Received) -> None:
        with self._changed:
            heapq.heappush(self._held, received)

    def next(self) -> Received | None:
        """The next to hand out; None while paused, at the limit of credit, or with nothing there."""
        with self._changed:
            if self.paused or not self._held or len(self._out) >= self._credit:
                return None
            received = heapq.heappop(self._held)
            received.state = State.OUT
            self._out.add(received)
            return received

    def take_back(self, received: Received) -> bool:
        """Released: to be handed out again. False when it was not handed out any more."""
        with self._changed:
            self._overdue.discard(received)
            if received.state is not State.OUT:
                return False
            self._out.discard(received)
            received.state = State.HELD
            heapq.heappush(self._held, received)
            self._changed.notify_all()
            return True

    def settle(self, several: Iterable[Received]) -> list[Received]:
        """They are over. Returns those that were handed out until now; others were settled before, or lost."""
        with self._changed:
            several = tuple(several)
            self._overdue.difference_update(several)
            settled = [received for received in several if received.state is State.OUT]
            for received in settled:
                received.state = State.SETTLED
            self._out.difference_update(settled)
            self._changed.notify_all()
            return settled

    def forgive(self) -> None:
        """Who leaves has told its handlers that what they have is void."""
        with self._changed:
            self._overdue.clear()

    def lose_all(self, *, overdue: bool = False) -> list[Received]:
        """The channel is gone or given up, and with it the right to settle what came by it. In order."""
        with self._changed:
            if overdue:
                self._overdue.update(self._out)
            lost = sorted((*self._held, *self._out))
            for received in lost:
                received.state = State.LOST
            self._held.clear()
            self._out.clear()
            self._changed.notify_all()
            return lost

    def wait_until_none_is_out(self, timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._out, timeout_s)
