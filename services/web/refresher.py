"""The threads that keep a node's copies current."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from pressroom.clock import Clock
from pressroom.objects.port import StoreError
from pressroom.outcomes import BackendUnavailable
from schemas.codec import TooNew, Undecodable, decode
from schemas.messages import Changed
from services.web.agenda import Agenda
from services.web.copies import Copies, Found

log = logging.getLogger(__name__)
WORKERS = 4
"""Requests to the store under way at once: a cold start is bound by the store's latency, not by this."""


class Refresher:
    """Checks what the agenda says is due. `on_outage` hears when the store goes (since when) and comes back (None)."""

    def __init__(
        self,
        copies: Copies,
        agenda: Agenda,
        clock: Clock,
        on_outage: Callable[[datetime | None], None],
        announced: Callable[[str, datetime], None] = lambda key, at: None,
    ) -> None:
        self._announced = announced
        self._copies = copies
        self._agenda = agenda
        self._clock = clock
        self._on_outage = on_outage
        self._lock = threading.Lock()
        self._down_since: datetime | None = None
        self._stopping = threading.Event()
        self._wakes = [threading.Event() for _ in range(WORKERS)]
        self._threads: list[threading.Thread] = []

    @property
    def down_since(self) -> datetime | None:
        return self._down_since

    def start(self) -> None:
        for number, wake in enumerate(self._wakes):
            thread = threading.Thread(target=self._work, args=(wake,), name=f"copies-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, timeout_s: float) -> None:
        self._stopping.set()
        self.wake()
        for thread in self._threads:
            thread.join(timeout_s)

    def wake(self) -> None:
        """The agenda has changed."""
        for wake in self._wakes:
            wake.set()

    def on_notice(self, body: bytes | None) -> None:
        """For `Queue.listen`. None: some may have been missed, so everything is checked."""
        if body is None:
            self._agenda.sweep(self._clock.monotonic())
        else:
            try:
                self._changed(decode(body).payload)
            except (Undecodable, TooNew) as error:
                log.warning("notice is not understood, copies are checked in their time: %s", error)
        self.wake()

    def _changed(self, notice: object) -> None:
        if not isinstance(notice, Changed) or self._copies.etag(notice.key) == notice.etag:
            return
        if self._agenda.hurry(notice.key):
            self._announced(notice.key, notice.at)

    def run_due(self) -> int:
        """Check everything that is due now, in this thread; returns how many answers the store gave."""
        answers = 0
        while (key := self._agenda.next(self._clock.monotonic())[0]) is not None:
            answers += self._check(key)
        return answers

    def _work(self, wake: threading.Event) -> None:
        while not self._stopping.is_set():
            wake.clear()
            key, wait_s = self._agenda.next(self._clock.monotonic())
            if key is None:
                self._clock.wait(wake, wait_s)
            else:
                self._check(key)

    def _check(self, key: str) -> bool:
        try:
            found = self._copies.refresh(key)
        except (StoreError, BackendUnavailable) as error:
            self._agenda.down(key, self._clock.monotonic())
            self._went(str(error))
            return False
        except Exception:
            log.exception("checking the copy of %s failed", key)
            self._agenda.done(key, Found.BROKEN, self._clock.monotonic())
            return False
        self._agenda.done(key, found, self._clock.monotonic())
        self._came()
        return True

    def _went(self, why: str) -> None:
        with self._lock:
            if self._down_since is not None:
                return
            self._down_since = self._clock.now()
        log.warning("the store does not answer, old copies are served: %s", why)
        self._on_outage(self._down_since)

    def _came(self) -> None:
        with self._lock:
            if self._down_since is None:
                return
            self._down_since = None
        log.info("the store answers again")
        self._on_outage(None)
