"""How a provider is doing, as one process knows it: its pause, its streak of trouble, what is left of its day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.messages import Trouble
from services.weather.policy import is_failure, wait_s


@dataclass(frozen=True, slots=True)
class Told:
    """A streak of trouble that operators are to see: one failure for all of it."""

    since: datetime
    count: int
    trouble: Trouble


@dataclass(slots=True)
class Standing:
    """Not thread-safe: whoever holds it takes turns."""

    budget_day: int
    failures: int = 0
    since: datetime | None = None
    ill_at: datetime | None = None
    paused_until: datetime | None = None
    told: bool = False
    day: str = ""
    spent: int = 0

    def may_be_asked(self, now: datetime, *, insist: bool = False) -> bool:
        """`insist`: in spite of a pause, because a person says so."""
        self._turn_day(now)
        return self.spent < self.budget_day and (insist or self.paused_until is None or now >= self.paused_until)

    def free_at(self, now: datetime) -> datetime:
        """When it may be asked again."""
        self._turn_day(now)
        if self.spent >= self.budget_day:
            return (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return max(now, self.paused_until or now)

    def ask(self, now: datetime) -> None:
        self._turn_day(now)
        self.spent += 1

    def well(self) -> datetime | None:
        """It answered. Since when it had not, if operators were told so."""
        since = self.since if self.told else None
        self.failures, self.told = 0, False
        self.since = self.ill_at = self.paused_until = None
        return since

    def ill(self, trouble: Trouble, asked_at: datetime, now: datetime, chance: float) -> Told | None:
        """It did not; what operators are to be told.

        Questions that were under way together fail together: that is one trouble, not one for each thread.
        """
        if self.ill_at is None or asked_at > self.ill_at:
            self.failures += 1
            self.ill_at = now
        self.since = self.since or now
        until = now + timedelta(seconds=wait_s(trouble, self.failures, chance))
        self.paused_until = max(until, self.paused_until or until)
        if not is_failure(trouble, self.failures):
            return None
        self.told = True
        return Told(self.since, self.failures, trouble)

    def _turn_day(self, now: datetime) -> None:
        if now.date().isoformat() != self.day:
            self.day, self.spent = now.date().isoformat(), 0
