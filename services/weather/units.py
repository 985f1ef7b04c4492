"""Reading numbers of a provider: the unit is the one that the answer names, null stays null."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

_TO_CELSIUS: dict[str, Callable[[float], float]] = {
    "°C": lambda value: value,
    "°F": lambda value: (value - 32) / 1.8,
    "K": lambda value: value - 273.15,
}
_TO_MS = {"m/s": 1.0, "km/h": 1 / 3.6, "mph": 0.44704, "mp/h": 0.44704, "kn": 0.514444}
_TO_MM = {"mm": 1.0, "inch": 25.4, "cm": 10.0}
_TO_M = {"m": 1.0, "km": 1000.0, "ft": 0.3048}


class UnknownUnit(ValueError):
    """A unit that this code cannot convert: no number is better than a wrong one."""


def number(value: Any) -> float | None:
    """A finite number, else None: null, text, NaN and infinities are "not available"."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def celsius(value: Any, unit: str) -> float | None:
    convert = _TO_CELSIUS.get(unit)
    if convert is None:
        raise UnknownUnit(f"temperature in {unit!r}")
    return _rounded(value, convert)


def metres_per_second(value: Any, unit: str) -> float | None:
    return _scaled(value, unit, _TO_MS, "wind speed")


def millimetres(value: Any, unit: str) -> float | None:
    return _scaled(value, unit, _TO_MM, "precipitation")


def metres(value: Any, unit: str) -> float | None:
    return _scaled(value, unit, _TO_M, "visibility")


def _scaled(value: Any, unit: str, factors: dict[str, float], what: str) -> float | None:
    factor = factors.get(unit)
    if factor is None:
        raise UnknownUnit(f"{what} in {unit!r}")
    return _rounded(value, lambda read: read * factor)


def _rounded(value: Any, convert: Callable[[float], float]) -> float | None:
    read = number(value)
    return None if read is None else round(convert(read), 3)


def within(value: float | None, low: float, high: float) -> float | None:
    """A value that cannot be is not available; nought has no sign."""
    return value + 0.0 if value is not None and low <= value <= high else None
