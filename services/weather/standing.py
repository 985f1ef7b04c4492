"""How a provider is doing, as one process knows it: its pause, its troubles in a row, when it last said well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.messages import Trouble
from services.weather.policy import SAID_EVERY, wait_s


@dataclass(slots=True)
class Standing:
    """Not thread-safe: whoever holds it takes turns."""

    failures: int = 0
    ill_at: datetime | None = None
    paused_until: datetime | None = None
    said_at: datetime | None = None

    def is_paused(self, now: datetime) -> bool:
        return self.paused_until is not None and now < self.paused_until

    def well(self, now: datetime) -> bool:
        """It answered. Whether that is to be said: after a trouble, else once in a while."""
        to_say = self.failures > 0 or self.said_at is None or not timedelta(0) <= now - self.said_at < SAID_EVERY
        self.failures, self.ill_at, self.paused_until = 0, None, None
        if to_say:
            self.said_at = now
        return to_say

    def ill(self, trouble: Trouble, asked_at: datetime, now: datetime, chance: float) -> None:
        """It did not. Questions that were under way together fail together: that is one trouble."""
        if self.ill_at is None or asked_at > self.ill_at:
            self.failures += 1
            self.ill_at = now
        until = now + timedelta(seconds=wait_s(trouble, self.failures, chance))
        self.paused_until = max(until, self.paused_until or until)
