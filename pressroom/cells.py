"""Weather cells: the earth in tiles of about 16 km, everywhere. Only cells travel; a reader's place never does.

Rows are 16 km of latitude high; each row has as many columns as 16 km fit into its circle, so that cells keep their
size towards the poles. A cell is named by row and column, never after whoever asked first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SIDE_KM = 16.0
EARTH_KM = 40_030.0
"""The circumference of the sphere of mean radius (6,371 km): enough for tiles."""
ROWS = round(EARTH_KM / 2 / SIDE_KM)


@dataclass(frozen=True, slots=True)
class Cell:
    """A tile and its centre, in degrees."""

    id: str
    latitude: float
    longitude: float


def _columns(row: int) -> int:
    middle = math.radians((row + 0.5) * 180 / ROWS - 90)
    return max(1, round(EARTH_KM * math.cos(middle) / SIDE_KM))


def cell_at(latitude: float, longitude: float) -> Cell:
    """The cell of a place. Raises `ValueError` for what is no place on earth."""
    if not (-90 <= latitude <= 90 and math.isfinite(longitude)):
        raise ValueError(f"no place on earth: latitude {latitude}, longitude {longitude}")
    row = min(ROWS - 1, int((latitude + 90) / 180 * ROWS))
    columns = _columns(row)
    column = int((longitude + 180) % 360 / 360 * columns) % columns
    return _cell(row, column, columns)


def cell_named(name: str) -> Cell | None:
    """The cell of that id; None when there is none."""
    row, _, column = name.partition("-")
    if not (row.isdecimal() and column.isdecimal() and len(name) <= 20) or int(row) >= ROWS:
        return None
    columns = _columns(int(row))
    found = _cell(int(row), int(column), columns) if int(column) < columns else None
    return found if found is not None and found.id == name else None


def _cell(row: int, column: int, columns: int) -> Cell:
    latitude = (row + 0.5) * 180 / ROWS - 90
    longitude = (column + 0.5) * 360 / columns - 180
    return Cell(f"{row:04d}-{column:04d}", round(latitude, 4), round(longitude, 4))


def distance_km(one: Cell, other: Cell) -> float:
    """Great-circle distance of two centres (haversine)."""
    lat1, lat2 = math.radians(one.latitude), math.radians(other.latitude)
    half_lat, half_lon = (lat2 - lat1) / 2, math.radians(other.longitude - one.longitude) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
    return EARTH_KM / math.pi * math.asin(min(1.0, math.sqrt(chord)))
