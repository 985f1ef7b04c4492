"""Where handed-out messages wait for a worker: many keys at once, one key at a time, each key in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from pressroom.backoff import MANY
from pressroom.queues.port import Delivery


class Bench:
    """Filled by the engine's thread, emptied by the workers'.

    `allowance()` says how many batches may be under way now (0, 1 or MANY); `tell()` is called when `is_full` has
    changed: it holds more than `bytes_max`, and no more should be handed out for now. A message that was delivered
    before may have killed its worker: it is handled alone, with nothing else of this consumer under way.
    """

    def __init__(
        self, *, batch_max: int, bytes_max: int, allowance: Callable[[], int], tell: Callable[[], None]
    ) -> None:
        self._batch_max = batch_max
        self._bytes_max = bytes_max
        self._allowance = allowance
        self._tell = tell
        self._waiting: dict[str, deque[Delivery]] = {}
        self._busy: dict[str, list[Delivery]] = {}
        self._ready: deque[str] = deque()
        self._suspects: deque[str] = deque()
        self._alone: str | None = None
        self._held_back = False
        self._closed = False
        self._changed = threading.Condition(threading.Lock())
        self._held_bytes = 0
        self.is_full = False

    @property
    def under_way(self) -> int:
        """Batches begun and not ended; no two of one key."""
        return len(self._busy)

    def put(self, delivery: Delivery) -> bool:
        """False when the bench is closed."""
        key = delivery.key
        with self._changed:
            if self._closed:
                return False
            self._weigh(len(delivery.body))
            waiting = self._waiting.get(key)
            if waiting is not None:
                waiting.append(delivery)
                return True
            self._waiting[key] = deque((delivery,))
            if key not in self._busy:
                self._line_up(key)
            return True

    def take(self, *, alone: bool = False) -> list[Delivery] | None:
        """The next batch, of one key; waits for it. None when the bench is closed. `alone`: a batch of one."""
        with self._changed:
            while not self._closed:
                batch = self._next(1 if alone else self._batch_max)
                if batch:
                    return batch
                self._changed.wait()
            return None

    def done(self, batch: Sequence[Delivery], back: Sequence[Delivery] = ()) -> None:
        """A batch has ended. `back` are those of it that are still to be handled, in order, before any other."""
        key = batch[0].key
        with self._changed:
            self._busy.pop(key, None)
            if self._alone == key:
                self._alone = None
            self._weigh(-sum(len(delivery.body) for delivery in batch))
            if back and not self._closed:
                self._weigh(sum(len(delivery.body) for delivery in back))
                self._waiting.setdefault(key, deque()).extendleft(reversed(back))
            if key in self._waiting:
                self._line_up(key)
            if self._held_back:
                self._held_back = False
                self._changed.notify_all()

    def clear(self) -> list[Delivery]:
        """Forget what waits, and return it. What is under way goes on."""
        with self._changed:
            waiting = [delivery for line in self._waiting.values() for delivery in line]
            self._weigh(-sum(len(delivery.body) for delivery in waiting))
            self._waiting.clear()
            self._ready.clear()
            self._suspects.clear()
            return waiting

    def kick(self) -> None:
        """The allowance may have changed."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> list[Delivery]:
        """Nothing more is taken in or given out. Returns what was not begun."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        return self.clear()

    def _weigh(self, more_bytes: int) -> None:
        """Full above the limit, and until half of it is gone."""
        self._held_bytes += more_bytes
        was_full = self.is_full
        self.is_full = self._held_bytes > (self._bytes_max // 2 if was_full else self._bytes_max)
        if self.is_full != was_full:
            self._tell()

    def _line_up(self, key: str) -> None:
        line = self._suspects if self._waiting[key][0].deliveries > 1 else self._ready
        line.append(key)
        self._changed.notify()

    def _next(self, most: int) -> list[Delivery]:
        line = self._suspects or self._ready
        allowance = self._allowance() if line else 0
        if self._suspects or self._alone is not None:
            allowance = min(allowance, 1)
        if allowance < MANY and (allowance == 0 or self._waited_for() >= allowance):
            self._held_back = True
            return []
        key = line.popleft()
        if line is self._suspects:
            self._alone = key
        self._busy[key] = self._batch_of(key, 1 if allowance < MANY else most)
        return self._busy[key]

    def _waited_for(self) -> int:
        """Batches under way that hold up others. What was lost comes again by itself: a handler that hangs with it
        holds up its own key only.
        """
        return sum(any(delivery.is_open for delivery in batch) for batch in self._busy.values())

    def _batch_of(self, key: str, most: int) -> list[Delivery]:
        waiting = self._waiting[key]
        batch = [waiting.popleft()]
        while waiting and len(batch) < most and waiting[0].deliveries <= 1:
            batch.append(waiting.popleft())
        if not waiting:
            del self._waiting[key]
        return batch
