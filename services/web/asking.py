"""What readers make a node ask others for: through the queue, on a thread of its own, never waited for."""

from __future__ import annotations

import logging
import threading
from typing import Final

from cachetools import TTLCache

from pressroom.cells import cell_named
from pressroom.clock import Clock
from pressroom.outcomes import BackendUnavailable
from pressroom.queues import topics
from pressroom.queues.port import Full, Parcel, Queue
from schemas.codec import encode, type_of
from schemas.envelope import Envelope, new_id
from schemas.messages import WeatherRequest

log = logging.getLogger(__name__)
AGAIN_S: Final = 600.0
"""The same cell is asked for once in this time, whoever wishes it."""

WAITING_MAX: Final = 100
CELLS_MAX: Final = 10_000
IDLE_S: Final = 60.0


class Asking:
    """Weather requests for cells that readers look at and nobody keeps fresh. More than `WAITING_MAX` are dropped."""

    def __init__(self, queue: Queue | None, clock: Clock) -> None:
        self._queue = queue
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: TTLCache[str, bool] = TTLCache(CELLS_MAX, AGAIN_S, timer=clock.monotonic)
        self._waiting: dict[str, None] = {}
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
        with self._lock:
            if cell in self._asked or len(self._waiting) >= WAITING_MAX:
                return
            self._asked[cell] = True
            self._waiting[cell] = None
        self._wake.set()

    def send_due(self) -> None:
        with self._lock:
            cells, self._waiting = list(self._waiting), {}
        parcels = [parcel for cell in cells if (parcel := self._parcel(cell)) is not None]
        if not parcels or self._queue is None:
            return
        try:
            self._queue.publish(parcels)
        except (BackendUnavailable, Full) as error:
            log.info("weather of %d cells is not asked for: %s", len(parcels), error)

    def _parcel(self, name: str) -> Parcel | None:
        cell = cell_named(name)
        if cell is None:
            return None
        now = self._clock.now()
        kind, version = type_of(WeatherRequest)
        request = WeatherRequest(cell=cell.id, latitude=cell.latitude, longitude=cell.longitude, reason="reader")
        envelope = Envelope[WeatherRequest](
            id=new_id(now), type=kind, version=version, occurred_at=now, key=cell.id, payload=request
        )
        return Parcel(topics.WEATHER_REQUEST, cell.id, encode(envelope))

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._clock.wait(self._wake, IDLE_S)
            self._wake.clear()
            self.send_due()
