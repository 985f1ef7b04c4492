"""The scheduler's heartbeat: a tick a second, offered to whichever scheduler leads."""

from __future__ import annotations

import logging
import threading

from pressroom.clock import Clock
from pressroom.outcomes import BackendUnavailable, Emit
from pressroom.queues.port import Full
from pressroom.queues.topics import ONE_KEY, SCHEDULE
from pressroom.sender import Sender
from schemas.messages import Tick

log = logging.getLogger(__name__)

EVERY_S = 1.0
EXPIRES_S = 2.0


class Timer(threading.Thread):
    """Offers a tick every second. One that cannot be sent is dropped: the next one says the same."""

    def __init__(self, sender: Sender, clock: Clock) -> None:
        super().__init__(name="scheduler-timer", daemon=True)
        self._sender = sender
        self._clock = clock
        self._ended = threading.Event()
        self.dropped = 0

    def run(self) -> None:
        while True:
            self._offer()
            if self._clock.wait(self._ended, EVERY_S):
                return

    def stop(self, timeout_s: float) -> None:
        self._ended.set()
        if self.is_alive():
            self.join(timeout_s)

    def _offer(self) -> None:
        try:
            self._sender.send([Emit(SCHEDULE, ONE_KEY, Tick(at=self._clock.now()), expires_s=EXPIRES_S)])
        except (Full, BackendUnavailable) as error:
            self.dropped += 1
            log.debug("tick dropped: %s", error)
