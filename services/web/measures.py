"""Figures as a reader wants them: °C or °F, m/s, km/h or mph, 24 or 12 hours. Pure; "" where nothing is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

KMH_MS: Final = 1 / 3.6
MPH_MS: Final = 0.44704
INCH_MM: Final = 25.4
_POINTS: Final = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_SPEEDS: Final = {"kmh": (KMH_MS, "km/h"), "british": (MPH_MS, "mph"), "imperial": (MPH_MS, "mph")}


@dataclass(frozen=True, slots=True)
class Measures:
    """`units`: metric (°C, m/s), kmh (°C, km/h), british (°C, mph) or imperial (°F, mph, inches); `clock`: 24 or 12.

    Whatever else (auto) is metric and 24, until the page's script finds out what the reader's language is used to.
    """

    units: str = "metric"
    clock: str = "24"

    def degrees(self, celsius: float | None) -> str:
        """Whole degrees with a true minus sign, and never a minus nought."""
        if celsius is None:
            return ""
        whole = round(celsius * 9 / 5 + 32 if self.units == "imperial" else celsius)
        return f"−{-whole}°" if whole < 0 else f"{whole}°"

    def wind(self, speed_ms: float | None, from_deg: float | None = None) -> str:
        if speed_ms is None:
            return ""
        scale, unit = _SPEEDS.get(self.units, (1.0, "m/s"))
        return " ".join(part for part in (str(round(speed_ms / scale)), unit, point(from_deg)) if part)

    def rain(self, fallen_mm: float | None) -> str:
        if fallen_mm is None:
            return ""
        if self.units == "imperial":
            return f"{fallen_mm / INCH_MM:.2f} in"
        return f"{fallen_mm:.1f} mm" if fallen_mm else "0 mm"

    def hour(self, moment: datetime, zone: tzinfo) -> str:
        local = moment.astimezone(zone)
        if self.clock != "12":
            return f"{local:%H:%M}"
        return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


def point(from_deg: float | None) -> str:
    """Where the wind comes from, as an eighth of the compass."""
    return "" if from_deg is None else _POINTS[round(from_deg / 45) % 8]
