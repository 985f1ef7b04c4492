"""The thread that renders pages ahead: when a copy changes, and when time alone changes a page."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pressroom.clock import Clock
from services.web.pages import Page, PageTable

log = logging.getLogger(__name__)
DEBOUNCE_S: Final = 0.05
"""Changes that come together are rendered together; a reader does not notice this wait."""

RESTS: Final = 9
REST_S_MAX: Final = 5.0
"""After rendering what may wait, the thread rests so many times as long as that took: a stream of changes takes a tenth
of a core and no more, whatever the pages cost. The edge keeps a page for 30 s anyway."""

IDLE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Rendered:
    """A site's pages, and when time alone will make them others."""

    pages: Mapping[str, Page]
    changes_at: datetime | None


RenderSite = Callable[[str, datetime], Rendered | None]
"""(site, now) → its pages; None while there is nothing to make them from."""


class Renderer:
    """Keeps the page table current. A page that cannot be rendered keeps its last good version."""

    def __init__(self, table: PageTable, render: RenderSite, clock: Clock) -> None:
        self._table = table
        self._render = render
        self._clock = clock
        self._lock = threading.Lock()
        self._dirty: dict[str, None] = {}
        self._patient: dict[str, None] = {}
        self._rested_at = clock.monotonic()
        self._turns: dict[str, datetime] = {}
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="pages", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def mark(self, sites: Iterable[str], *, patient: bool = False) -> None:
        """These sites' pages are out of date. `patient`: one change of many, it waits until the thread has rested."""
        with self._lock:
            (self._patient if patient else self._dirty).update((site, None) for site in sites)
            if not (self._dirty or self._patient):
                return
        self._wake.set()

    def render_due(self) -> list[str]:
        """Render what is out of date now, in this thread; returns the sites."""
        now, began = self._clock.now(), self._clock.monotonic()
        with self._lock:
            turned = [site for site, at in self._turns.items() if at <= now]
            due = list({**self._dirty, **dict.fromkeys(turned)})
            patient = [site for site in self._patient if site not in due] if began >= self._rested_at else []
            self._dirty.clear()
            for site in (*due, *patient):
                self._turns.pop(site, None)
                self._patient.pop(site, None)
        for site in due:
            self._render_one(site, now)
        if patient:
            began = self._clock.monotonic()
            for site in patient:
                self._render_one(site, now)
            ended = self._clock.monotonic()
            self._rested_at = ended + min(REST_S_MAX, RESTS * (ended - began))
        return due + patient

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._clock.wait(self._wake, self._wait_s())
            if self._wake.is_set():
                self._clock.wait(self._stopping, DEBOUNCE_S)
            self._wake.clear()
            self.render_due()

    def _wait_s(self) -> float:
        with self._lock:
            waits = [(at - self._clock.now()).total_seconds() for at in self._turns.values()]
            if self._patient:
                waits.append(self._rested_at - self._clock.monotonic())
        return min(IDLE_S, max(0.0, min(waits, default=IDLE_S)))

    def _render_one(self, site: str, now: datetime) -> None:
        try:
            rendered = self._render(site, now)
        except Exception:
            log.exception("pages of site %s could not be rendered, the old ones stay", site)
            return
        if rendered is None:
            return
        self._table.turn(site, rendered.pages)
        with self._lock:
            if rendered.changes_at is not None:
                self._turns[site] = rendered.changes_at
