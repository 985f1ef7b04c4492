"""The weather that sites show by default: asked for in rounds."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from pressroom.outcomes import Emit
from schemas.messages import WeatherRequest
from services.scheduler import letters
from services.scheduler.sites import Site

log = logging.getLogger(__name__)

FEEDS_FIRST = timedelta(seconds=1)
"""Looking places up may take a moment when it is done for the first time."""

CellOf = Callable[[str], WeatherRequest | None]
"""Which weather a site's default place wants; None when nobody knows the place."""


class Forecasts:
    """`cell_of` None: nobody asks for weather here."""

    def __init__(self, cell_of: CellOf | None, every_s: float, now: datetime) -> None:
        self._cell_of = cell_of
        self._every = timedelta(seconds=every_s)
        self._at = now

    def sites_changed(self, now: datetime) -> None:
        self._at = now + FEEDS_FIRST

    def due(self, sites: Iterable[Site], now: datetime) -> list[Emit]:
        if self._cell_of is None or now < self._at:
            return []
        self._at = now + self._every
        requests = []
        for place in dict.fromkeys(site.place for site in sites if site.place):
            request = self._cell_of(place)
            if request is None:
                log.warning("no place is known by the name %r, so its site shows no weather", place)
            else:
                requests.append(letters.weather(request, self._at))
        return requests
