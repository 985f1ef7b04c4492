"""What one transaction is to do: collected from many callers, written as a whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pressroom.queues.port import Full, Lost, Parcel, Settlement, Unroutable
from pressroom.queues.sqlite.tables import Tables
from pressroom.queues.topics import describe

if TYPE_CHECKING:
    from pressroom.queues.sqlite.subscription import SqliteDelivery, SqliteSubscription


class Changes:
    """One transaction's work. A call is admitted whole or refused whole, before anything of it is written."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.parcels: list[Parcel] = []
        self.settled: list[SqliteDelivery] = []
        self.returned: list[SqliteDelivery] = []
        self.vacated: list[int] = []
        self.retired: list[SqliteSubscription] = []
        self.notices: list[bytes] = []
        self.stirred: set[str] = set()
        """Topics of which there may be something to hand out now."""
        self.afterwards: list[Callable[[], None]] = []
        """What to do when all this is committed."""
        self._totals: dict[str, int] = {}
        self._growth: dict[str, int] = {}

    @property
    def must_last(self) -> bool:
        """Somebody is promised that this survives a power cut. Who holds what may be forgotten: holders die too."""
        return bool(self.parcels or self.settled)

    def publish(self, parcels: Sequence[Parcel]) -> None:
        """Raises `Unroutable` or `Full`."""
        self._admit(parcels, [])
        self.parcels.extend(parcels)

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Raises `Unroutable`, `Full`, or `Lost`."""
        deliveries: list[SqliteDelivery] = [settlement.delivery for settlement in settlements]  # type: ignore[misc]
        for delivery in deliveries:
            if not delivery.is_open:
                raise Lost("queue", f"the message for {delivery.key} was returned before it was settled")
        parcels = [parcel for settlement in settlements for parcel in settlement.emits]
        self._admit(parcels, deliveries)
        self.parcels.extend(parcels)
        for delivery in deliveries:
            delivery.subscription.drop(delivery)
        self.settled.extend(deliveries)

    def give_back(self, deliveries: Sequence[SqliteDelivery]) -> None:
        still_open = [delivery for delivery in deliveries if delivery.is_open]
        for delivery in still_open:
            delivery.subscription.drop(delivery)
        self.returned.extend(still_open)
        self.stirred.update(delivery.topic for delivery in still_open)

    def _admit(self, parcels: Sequence[Parcel], leaving: Sequence[SqliteDelivery]) -> None:
        growth: dict[str, int] = {}
        for parcel in parcels:
            growth[parcel.topic] = growth.get(parcel.topic, 0) + 1
        for name in growth:
            if describe(name) is None:
                raise Unroutable(f"there is no topic {name!r}; see pressroom/queues/topics.py")
        for delivery in leaving:
            growth[delivery.topic] = growth.get(delivery.topic, 0) - 1
        for name, more in growth.items():
            topic = describe(name)
            if topic is not None and topic.bound is not None and more > 0 and self._total(name) + more > topic.bound:
                raise Full(name, topic.bound)
        for name, more in growth.items():
            self._growth[name] = self._growth.get(name, 0) + more
        self.stirred.update(growth)

    def _total(self, topic: str) -> int:
        if topic not in self._totals:
            self._totals[topic] = self.tables.total(topic)
        return self._totals[topic] + self._growth.get(topic, 0)

    def write(self, now: float, last_id: int) -> float:
        """`last_id`: the highest number of a message so far. Returns when the first new one is due, as `insert`."""
        due = self.tables.insert(self.parcels, now, last_id) if self.parcels else math.inf
        if self.settled:
            suspects = any(delivery.deliveries > 1 for delivery in self.settled)
            self.tables.remove([delivery.id for delivery in self.settled], suspects=suspects)
        if self.returned:
            self.tables.unclaim([delivery.id for delivery in self.returned], crashed=False)
        self._free_slots()
        for name, more in self._growth.items():
            if more:
                self.tables.add_to_total(name, more)
        if self.notices:
            self.tables.add_notices(self.notices)
        return due

    def _free_slots(self) -> None:
        left = {d.slot for d in (*self.settled, *self.returned) if not d.subscription.holds_slot(d.slot)}
        left.update(self.vacated)
        if left:
            self.tables.free_slots(left)
        for subscription in self.retired:
            self.tables.remove_holder(subscription.holder)
            self.stirred.add(subscription.topic)

    def undo(self) -> Changes:
        """The transaction failed: settled messages are open again, as their callers are told. What was given
        back stays so, and is what the next transaction has to do.
        """
        for delivery in self.settled:
            delivery.subscription.add(delivery)
        rest = Changes(self.tables)
        rest.returned, rest.vacated, rest.retired = self.returned, self.vacated, self.retired
        return rest
