"""Small charts, drawn by the templates as SVG without style or script. Pure: figures in, places out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.web.chart import Bar

WIDTH: Final = 240.0
HEIGHT: Final = 48.0


@dataclass(frozen=True, slots=True)
class Hour(Bar):
    """The bar of an hour, and what it says to whoever points at it."""

    text: str


def hours(counts: Sequence[int], now: datetime) -> tuple[Hour, ...]:
    """A bar for each hour, the latest on the right. Empty when nothing was counted."""
    most = max(counts, default=0)
    if not most:
        return ()
    step, bars = WIDTH / len(counts), []
    width = round(step - 2, 1)
    for place, count in enumerate(counts):
        tall = count / most * (HEIGHT - 2)
        ends = now - timedelta(hours=len(counts) - 1 - place)
        text = f"{count} in the hour before {ends:%H:%M} UTC"
        bars.append(Hour(round(place * step + 1, 1), round(HEIGHT - tall, 1), width, round(tall, 1), text))
    return tuple(bars)


def line(values: Sequence[float]) -> str:
    """The points of a line from left to right, scaled from nought; empty for fewer than two values."""
    most = max(values, default=0.0)
    if len(values) < 2 or most <= 0:
        return ""
    step = WIDTH / (len(values) - 1)
    return " ".join(
        f"{place * step:.1f},{HEIGHT - value / most * (HEIGHT - 4):.1f}" for place, value in enumerate(values)
    )


def share(part: float, whole: float) -> float:
    """How much of a hundred, for a bar that is a hundred wide."""
    return round(min(1.0, part / whole) * 100, 1) if whole > 0 else 0.0
