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

    def mark(self, sites: Iterable[str]) -> None:
        """These sites' pages are out of date."""
        with self._lock:
            self._dirty.update((site, None) for site in sites)
            if not self._dirty:
                return
        self._wake.set()

    def render_due(self) -> list[str]:
        """Render what is out of date now, in this thread; returns the sites."""
        now = self._clock.now()
        with self._lock:
            due = [*self._dirty, *(site for site, at in self._turns.items() if at <= now and site not in self._dirty)]
            self._dirty.clear()
            for site in due:
                self._turns.pop(site, None)
        for site in due:
            self._render_one(site, now)
        return due

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._clock.wait(self._wake, self._wait_s())
            if self._wake.is_set():
                self._clock.wait(self._stopping, DEBOUNCE_S)
            self._wake.clear()
            self.render_due()

    def _wait_s(self) -> float:
        with self._lock:
            turns = list(self._turns.values())
        if not turns:
            return IDLE_S
        return min(IDLE_S, max(0.0, (min(turns) - self._clock.now()).total_seconds()))

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
