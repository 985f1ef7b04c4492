"""A consumer's place at a topic of the sqlite engine, and the messages it has been handed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from pressroom.clock import Clock
from pressroom.queues.port import OnDelivery
from pressroom.queues.sqlite.changes import Changes
from pressroom.queues.sqlite.tables import Claimed, Tables


class Writer(Protocol):
    """What a subscription needs of the thread that owns the file."""

    @property
    def trouble(self) -> str | None: ...
    def post(self, work: Callable[[Changes], None]) -> None:
        """Do it in the next transaction; again in the one after when that fails. Does nothing once closed."""

    def forget(self, subscription: SqliteSubscription) -> None: ...


class SqliteDelivery:
    """One message handed out."""

    __slots__ = ("body", "deliveries", "id", "key", "slot", "subscription", "topic")

    def __init__(self, subscription: SqliteSubscription, claimed: Claimed) -> None:
        self.subscription = subscription
        self.topic = subscription.topic
        self.id = claimed.id
        self.slot = claimed.slot
        self.key = claimed.key
        self.body = claimed.body
        self.deliveries = claimed.crashes + 1

    @property
    def is_open(self) -> bool:
        return self.subscription.has(self)

    def release(self) -> None:
        self.subscription.writer.post(lambda changes: changes.give_back([self]))


class SqliteSubscription:
    """Its state belongs to the writer's thread; the port's methods only post work to it or set a flag."""

    def __init__(
        self,
        writer: Writer,
        clock: Clock,
        topic: str,
        on_delivery: OnDelivery,
        *,
        credit: int,
        partitioned: bool,
        holder: int,
    ) -> None:
        self.writer = writer
        self.topic = topic
        self.on_delivery = on_delivery
        self.holder = holder
        self._clock = clock
        self._credit = credit
        self._open: dict[int, SqliteDelivery] = {}
        self._slots: Counter[int] = Counter()
        self._paused = False
        self._closing = False
        # Of a topic that is not spread out, whoever has the key keeps it: the scheduler that leads goes on leading.
        self._keeps_keys = not partitioned
        self._empty = threading.Event()

    # --- on the writer's thread ------------------------------------------------------------------------

    def has(self, delivery: SqliteDelivery) -> bool:
        return self._open.get(delivery.id) is delivery

    def holds_slot(self, slot: int) -> bool:
        return slot in self._slots

    def add(self, delivery: SqliteDelivery) -> None:
        self._open[delivery.id] = delivery
        self._slots[delivery.slot] += 1

    def drop(self, delivery: SqliteDelivery) -> None:
        del self._open[delivery.id]
        self._slots[delivery.slot] -= 1
        if not self._slots[delivery.slot] and not self._keeps_keys:
            del self._slots[delivery.slot]
        if self._closing and not self._open:
            self._empty.set()

    def room(self) -> int:
        return 0 if self._paused or self._closing else self._credit - len(self._open)

    def claim(self, tables: Tables) -> list[SqliteDelivery]:
        """Take what there is room for: first one message of each free key, then what waits behind those."""
        taken = self._claim(tables, held=False)
        return taken + self._claim(tables, held=True) if self._slots else taken

    def _claim(self, tables: Tables, *, held: bool) -> list[SqliteDelivery]:
        room = self.room()
        pairs = tables.candidates(self.topic, self.holder, room, held=held) if room > 0 else []
        claimed = self._without_suspects(tables.read(pairs)) if pairs else []
        if not claimed:
            return []
        tables.claim(claimed, self.holder)
        deliveries = [SqliteDelivery(self, each) for each in claimed]
        for delivery in deliveries:
            self.add(delivery)
        return deliveries

    def _without_suspects(self, claimed: list[Claimed]) -> list[Claimed]:
        """A message that a process died with is handed out alone, so that it drags no innocents along if it did it."""
        if any(delivery.deliveries > 1 for delivery in self._open.values()):
            return []
        first = next((n for n, each in enumerate(claimed) if each.crashes), None)
        if first is None:
            return claimed
        return claimed[: first or (0 if self._open else 1)]

    def _return_all(self, changes: Changes) -> None:
        changes.give_back(list(self._open.values()))
        changes.vacated.extend(self._slots)
        changes.stirred.add(self.topic)
        self._slots.clear()

    def retire(self, changes: Changes) -> None:
        self._closing = True
        self._return_all(changes)
        self._empty.set()
        changes.retired.append(self)

    # --- the port --------------------------------------------------------------------------------------

    @property
    def trouble(self) -> str | None:
        return self.writer.trouble

    @property
    def losses(self) -> int:
        """A file is never lost for a moment."""
        return 0

    @property
    def overdue(self) -> None:
        """A file waits for any handler."""

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        self.writer.post(lambda changes: changes.stirred.add(self.topic))

    def leave(self) -> None:
        self._paused = True
        self.writer.post(self._return_all)

    def close(self, timeout_s: float) -> None:
        self.writer.post(self._begin_closing)
        self._clock.wait(self._empty, timeout_s)
        self.writer.forget(self)

    def _begin_closing(self, changes: Changes) -> None:
        self._closing = True
        if not self._open:
            self._empty.set()
