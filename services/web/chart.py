"""The next 24 hours as a small drawing: where its line and bars go. Pure; the template draws them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from schemas.weather import WeatherHour

WIDTH: Final = 240.0
HEIGHT: Final = 60.0
HOURS: Final = 24
TOP: Final = 6.0
BOTTOM: Final = 44.0
"""The line runs between these; below it there is room for bars alone."""

RAIN_FULL_MM: Final = 5.0
RAIN_HEIGHT: Final = 24.0
KNOWN_MIN: Final = 2


@dataclass(frozen=True, slots=True)
class Bar:
    """In the drawing's own units; the template gives the size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """`line` is an SVG path of the temperature, broken where it is not known; `bars` are rain or snow, an hour each."""

    line: str
    bars: tuple[Bar, ...]
    low_c: float
    high_c: float


def chart(hours: Sequence[WeatherHour], start: datetime) -> Chart | None:
    """`hours` of the 24 from `start` on; None when there is no line to draw."""
    known = [hour.temperature_c for hour in hours if hour.temperature_c is not None]
    if len(known) < KNOWN_MIN:
        return None
    low, high = min(known), max(known)
    return Chart(_line(hours, start, low, high), tuple(_bars(hours, start)), low, high)


def _x(hour: WeatherHour, start: datetime) -> float:
    return (hour.time - start).total_seconds() / 3600 * WIDTH / HOURS


def _line(hours: Sequence[WeatherHour], start: datetime, low: float, high: float) -> str:
    span = max(high - low, 4.0)
    middle = (high + low) / 2
    parts = []
    for is_known, group in groupby(hours, key=lambda hour: hour.temperature_c is not None):
        if is_known:
            points = []
            for hour in group:
                assert hour.temperature_c is not None
                y = (TOP + BOTTOM) / 2 - (hour.temperature_c - middle) / span * (BOTTOM - TOP)
                points.append(f"{_x(hour, start) + WIDTH / HOURS / 2:.1f} {y:.1f}")
            parts.append("M" + "L".join(points))
    return "".join(parts)


def _bars(hours: Sequence[WeatherHour], start: datetime) -> Iterator[Bar]:
    for hour in hours:
        if hour.precipitation_mm:
            height = min(1.0, hour.precipitation_mm / RAIN_FULL_MM) * (RAIN_HEIGHT - 2) + 2
            yield Bar(round(_x(hour, start) + 1, 1), round(HEIGHT - height, 1), WIDTH / HOURS - 2, round(height, 1))
