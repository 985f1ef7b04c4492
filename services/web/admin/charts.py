"""Small charts, drawn by the templates as SVG without style or script. Pure: figures in, places out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

WIDTH: Final = 240.0
HEIGHT: Final = 48.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar in the chart's own units; the template gives the size."""

    x: float
    y: float
    width: float
    height: float
    text: str


def hours(counts: Sequence[int], now: datetime) -> tuple[Bar, ...]:
    """A bar for each hour, the latest on the right. Empty when nothing was counted."""
    most = max(counts, default=0)
    if not most:
        return ()
    step, bars = WIDTH / len(counts), []
    for place, count in enumerate(counts):
        tall = count / most * (HEIGHT - 2)
        ends = now - timedelta(hours=len(counts) - 1 - place)
        text = f"{count} in the hour before {ends:%H:%M} UTC"
        bars.append(_bar(place * step + 1, HEIGHT - tall, step - 2, tall, text))
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


def _bar(x: float, y: float, width: float, height: float, text: str) -> Bar:
    return Bar(round(x, 1), round(y, 1), round(width, 1), round(height, 1), text)
