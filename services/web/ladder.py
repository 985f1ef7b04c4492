"""Which weather a reader is shown, from what a node holds: a pure decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from pressroom.cells import Cell, distance_km
from schemas.weather import WeatherRecord

NEAR_KM: Final = 60.0
GONE_AFTER: Final = timedelta(hours=24)
"""Older than this it is no weather any more, only history."""

Rung = Literal["own", "old", "near", "default", "none"]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reader gets. `own`: of the place, and fresh; `old`: of the place, not of this hour; `near`: of a cell
    `away_km` from it; `default`: of the site's place, because nothing better is held; `none`: nothing.

    `awaited`: newer weather of the reader's own place is on its way.
    """

    record: WeatherRecord | None
    rung: Rung
    away_km: int = 0
    awaited: bool = False


def climb(
    wanted: Cell, held: Iterable[WeatherRecord], default: WeatherRecord | None, now: datetime, fresh_s: float
) -> Shown:
    """Own cell; else an older copy of it; else the nearest cell held within 60 km; else the site's own place."""
    living = [record for record in held if now - record.fetched_at <= GONE_AFTER]
    own = next((record for record in living if record.cell == wanted.id), None)
    if own is not None:
        fresh = is_fresh(own, now, fresh_s)
        return Shown(own, "own" if fresh else "old", awaited=not fresh)
    near = min(((away(wanted, record), record) for record in living), key=lambda pair: pair[0], default=None)
    if near is not None and near[0] <= NEAR_KM:
        return Shown(near[1], "near", away_km=round(near[0]), awaited=True)
    if default is not None and now - default.fetched_at <= GONE_AFTER:
        return Shown(default, "default", awaited=True)
    return Shown(None, "none", awaited=True)


def is_fresh(record: WeatherRecord, now: datetime, fresh_s: float) -> bool:
    return now - record.fetched_at < timedelta(seconds=fresh_s)


def away(wanted: Cell, record: WeatherRecord) -> float:
    return distance_km(wanted, Cell(record.cell, record.latitude, record.longitude))
