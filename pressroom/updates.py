"""When a worker that asks the outside last brought an update: one that gets nothing but trouble for an hour is unwell,
also while its neighbours bring enough for nobody else to notice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from pressroom.outcomes import Done, Outcome
from schemas.envelope import Envelope
from schemas.messages import Check, WeatherReport
from schemas.records import FeedRecord
from schemas.weather import WeatherRecord

KEYS_MAX: Final = 100
"""More are not remembered: so many hosts that all fail are not to blame."""


def brought(outcome: Outcome) -> bool | None:
    """True: an update, "nothing has changed" included; False: trouble; None: it tells neither. Pure."""
    if not isinstance(outcome, Done):
        return None
    said = [word for word in (_word(emit.payload) for emit in outcome.emits) if word is not None]
    return any(said) if said else None


def _word(payload: object) -> bool | None:
    match payload:
        case FeedRecord() | WeatherRecord():
            return True
        case Check() | WeatherReport():
            return payload.trouble is None
        case _:
            return None


class Updates:
    """Watches the outcomes of one consumer. From any thread.

    keys_min: trouble at fewer hosts or cells than that is theirs, not ours.
    """

    def __init__(self, now: Callable[[], datetime], keys_min: int) -> None:
        self._now = now
        self._keys_min = keys_min
        self._lock = threading.Lock()
        self._since: datetime | None = None
        self._last: datetime | None = None
        self._keys: set[str] = set()

    def watching(self, handler: Callable[[Envelope[Any]], Outcome]) -> Callable[[Envelope[Any]], Outcome]:
        """`handler`, with what it brings looked at."""

        def run(envelope: Envelope[Any]) -> Outcome:
            outcome = handler(envelope)
            self.saw(envelope.key, brought(outcome))
            return outcome

        return run

    def saw(self, key: str, is_update: bool | None) -> None:
        if is_update is None:
            return
        with self._lock:
            if is_update:
                self._since = self._last = None
                self._keys.clear()
                return
            self._last = self._now()
            self._since = self._since or self._last
            if len(self._keys) < KEYS_MAX:
                self._keys.add(key)

    def faults(self, healthy_age_s: float) -> list[str]:
        """What is wrong. Who has stopped asking is idle, and well."""
        now, age = self._now(), timedelta(seconds=healthy_age_s)
        with self._lock:
            since, last, keys = self._since, self._last, len(self._keys)
        if since is None or last is None or keys < self._keys_min:
            return []
        if now - since < age or now - last > 2 * age:
            return []
        places = f"{keys} different places" if keys > 1 else "the one place that was asked"
        return [f"nothing but trouble since {since:%Y-%m-%d %H:%M:%S} UTC, at {places}: look at this machine's way out"]
