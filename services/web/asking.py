"""What readers make a node ask others for: through the queue, on a thread of its own, never waited for."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import Final, Literal

from cachetools import LRUCache

from pressroom.cells import cell_named
from pressroom.clock import Clock
from pressroom.outcomes import BackendUnavailable, Emit
from pressroom.queues.port import Full, Queue
from pressroom.queues.topics import ONE_KEY, SCHEDULE, WEATHER_REQUEST
from pressroom.sender import Sender
from schemas.messages import ReaderWish, WeatherRequest

log = logging.getLogger(__name__)
AGAIN_S: Final = 600.0
"""A cell that was asked for is not asked for again in this time, whoever wishes it; and so long the wish is good."""

FEED_AGAIN_S: Final = 6 * 3600.0
"""The same for a reader's feed: the scheduler forgets it after weeks without a wish."""

RETRY_S: Final = 30.0
"""When the queue took nothing."""

WAITING_MAX: Final = 100
WISHES_MAX: Final = 10_000
IDLE_S: Final = 60.0

Wish = tuple[Literal["weather", "feed"], str]
"""A cell's name or a feed's address."""


class Asking:
    """Wishes for what readers look at. More than `WAITING_MAX` at once are dropped; the next look wishes again."""

    def __init__(self, queue: Queue | None, clock: Clock) -> None:
        self._sender = Sender(queue, clock, "web") if queue is not None else None
        self._clock = clock
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._not_before_s: LRUCache[Wish, float] = LRUCache(WISHES_MAX)
        self._waiting: dict[Wish, None] = {}
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="web-asking", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def weather(self, cell: str) -> None:
        """Returns at once."""
        self._wish(("weather", cell), AGAIN_S)

    def feed(self, url: str) -> None:
        """Returns at once."""
        self._wish(("feed", url), FEED_AGAIN_S)

    def _wish(self, wish: Wish, again_s: float) -> None:
        now_s = self._clock.monotonic()
        with self._lock:
            if self._not_before_s.get(wish, 0.0) > now_s or len(self._waiting) >= WAITING_MAX:
                return
            self._not_before_s[wish] = now_s + again_s
            self._waiting[wish] = None
        self._wake.set()

    def send_due(self) -> None:
        """Returns when all that was wished for is sent, by whichever thread."""
        with self._sending:
            self._send_due()

    def _send_due(self) -> None:
        with self._lock:
            wishes, self._waiting = list(self._waiting), {}
        emits = [emit for wish in wishes if (emit := self._emit(wish)) is not None]
        if not emits or self._sender is None:
            return
        try:
            self._sender.send(emits)
        except (BackendUnavailable, Full) as error:
            log.warning("%d wishes of readers are not sent: %s", len(wishes), error)
            again_s = self._clock.monotonic() + RETRY_S
            with self._lock:
                self._not_before_s.update((wish, again_s) for wish in wishes)

    def _emit(self, wish: Wish) -> Emit | None:
        what, name = wish
        if what == "feed":
            return Emit(SCHEDULE, ONE_KEY, ReaderWish(url=name))
        cell = cell_named(name)
        if cell is None:
            return None
        request = WeatherRequest(cell=cell.id, latitude=cell.latitude, longitude=cell.longitude, reason="reader")
        not_after = self._clock.now() + timedelta(seconds=AGAIN_S)
        return Emit(WEATHER_REQUEST, cell.id, request, not_after=not_after, expires_s=AGAIN_S)

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._clock.wait(self._wake, IDLE_S)
            self._wake.clear()
            self.send_due()
