"""Weather for readers with a place of their own: what this node holds of it, and asking for what it does not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from pressroom.cells import cell_named
from pressroom.clock import Clock
from schemas import keys
from schemas.weather import WeatherRecord
from services.web.asking import Asking
from services.web.ladder import Shown, climb

CELLS_MAX: Final = 400
"""Cells that readers look at and this node keeps copies of, about 50 KB each; the one looked at least recently goes
first.
"""

Load = Callable[[str], WeatherRecord | None]
"""The copy of a cell's weather that this node has in memory or on disk; never asks the store."""


class NodeWeather:
    """Never waits: what is not held is asked of the store and of the queue meanwhile, by other threads."""

    def __init__(self, load: Load, asking: Asking, clock: Clock, fresh_s: float, on_new: Callable[[str], None]) -> None:
        """`on_new` hears the key of a cell that readers have begun to look at."""
        self._load = load
        self._asking = asking
        self._clock = clock
        self._fresh_s = fresh_s
        self._on_new = on_new
        self._lock = threading.Lock()
        self._cells: dict[str, WeatherRecord | None] = {}

    def keys(self) -> list[str]:
        """The copies to keep for readers' places."""
        with self._lock:
            return [keys.weather(cell) for cell in self._cells]

    def took(self, record: WeatherRecord) -> None:
        """New weather has come to this node."""
        with self._lock:
            if record.cell in self._cells:
                self._cells[record.cell] = record

    def shown(self, cell: str, default: WeatherRecord | None, *, ask: bool) -> Shown:
        """What there is for a reader of `cell` now. `ask`: and see to it that there is better soon (never for bots)."""
        wanted = cell_named(cell)
        if wanted is None:
            return Shown(None, "none")
        if ask:
            self._look_at(cell)
        shown = climb(wanted, self._held(default), default, self._clock.now(), self._fresh_s)
        if ask and shown.awaited:
            self._asking.weather(cell)
        return shown

    def _look_at(self, cell: str) -> None:
        with self._lock:
            is_new = cell not in self._cells
            self._cells[cell] = self._cells.pop(cell, None)
            if len(self._cells) > CELLS_MAX:
                del self._cells[next(iter(self._cells))]
        if not is_new:
            return
        self._on_new(keys.weather(cell))
        record = self._load(keys.weather(cell))
        if record is not None:
            self.took(record)

    def _held(self, default: WeatherRecord | None) -> list[WeatherRecord]:
        with self._lock:
            held = [record for record in self._cells.values() if record is not None]
        return held if default is None else [*held, default]
