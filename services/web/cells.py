"""From a place's name to the cell whose weather it shows. A cell's own name is one too."""

from __future__ import annotations

import threading

from cachetools import LRUCache, cached

from pressroom.cells import cell_named
from pressroom.places import Places
from services.web.desk import CellOf

NAMES_MAX = 2_000


def cell_finder(places: Places) -> CellOf:
    """Looks each name up once: pages ask for the same few places again and again. While the index of names is being
    made (once, for some seconds) no name is known: a page without weather now is better than one with it later.
    """
    found: LRUCache[object, str | None] = LRUCache(NAMES_MAX)

    # `condition`, not `lock`: only that makes others wait for a look-up under way instead of doing it again.
    @cached(found, condition=threading.Condition())
    def look_up(name: str) -> str | None:
        place = places.find(name)
        return place.cell.id if place is not None else None

    def cell_of(name: str) -> str | None:
        cell = cell_named(name)
        if cell is not None:
            return cell.id
        return look_up(name) if places.is_ready else None

    return cell_of
