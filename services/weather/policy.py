"""What the weather service decides: pure functions, the time passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pressroom.http.answer import FetchError, Response
from schemas.errors import ErrorKind
from schemas.messages import Trouble
from schemas.weather import WeatherRecord

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86_400.0
WAIT_MAX_S = DAY_S
FIRST_WAIT_S = 30.0


def is_fresh(held: WeatherRecord | None, now: datetime, fresh_s: float) -> bool:
    """Whether a cell need not be asked for again, whatever the queue holds."""
    return held is not None and now - held.fetched_at < timedelta(seconds=fresh_s)


def refused(response: Response, retry_after_s: float | None) -> Trouble | None:
    """What a status means; None when the body is worth reading. The status is read before the body."""
    if response.status == 200:
        return None
    reason = response.body[:300].decode("utf-8", "replace")
    if response.status == 429:
        wait_s = retry_after_s or _limit_s(reason)
        return Trouble(kind=ErrorKind.RATE_LIMITED, message=reason[:300], status=429, retry_after_s=wait_s)
    # A 400 is our own request: it would be refused again unchanged.
    kind = ErrorKind.PROVIDER_REJECTED if response.status in {400, 401, 403, 404} else ErrorKind.HTTP_STATUS
    message = f"the provider answered with status {response.status}: {reason[:200]}"
    return Trouble(kind=kind, message=message, status=response.status, retry_after_s=retry_after_s)


def _limit_s(reason: str) -> float:
    """Open-Meteo names which of its limits was reached instead of sending Retry-After."""
    lowered = reason.lower()
    if "daily" in lowered:
        return DAY_S / 2
    return HOUR_S if "hourly" in lowered else MINUTE_S


def trouble_of(error: FetchError) -> Trouble:
    return Trouble(kind=error.kind, message=str(error.message)[:1000], status=error.status)


def wait_s(trouble: Trouble, failures: int, chance: float) -> float:
    """How long a provider is left alone after its `failures`-th trouble in a row; `chance` in [0, 1) is the jitter."""
    backed_off = min(FIRST_WAIT_S * 2.0 ** min(failures - 1, 12), HOUR_S) * (1 + 0.2 * chance)
    return min(max(backed_off, trouble.retry_after_s or 0.0), WAIT_MAX_S)


@dataclass(slots=True)
class Standing:
    """How a provider is doing, as this process knows it: its pause and what is left of its day."""

    budget_day: int
    failures: int = 0
    paused_until: datetime | None = None
    day: str = ""
    spent: int = 0

    def may_be_asked(self, now: datetime) -> bool:
        self._turn_day(now)
        return self.spent < self.budget_day and (self.paused_until is None or now >= self.paused_until)

    def free_at(self, now: datetime) -> datetime:
        """When it may be asked again."""
        self._turn_day(now)
        if self.spent >= self.budget_day:
            return (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return max(now, self.paused_until or now)

    def ask(self, now: datetime) -> None:
        self._turn_day(now)
        self.spent += 1

    def well(self) -> None:
        self.failures, self.paused_until = 0, None

    def ill(self, trouble: Trouble, now: datetime, chance: float) -> None:
        self.failures += 1
        self.paused_until = now + timedelta(seconds=wait_s(trouble, self.failures, chance))

    def _turn_day(self, now: datetime) -> None:
        if now.date().isoformat() != self.day:
            self.day, self.spent = now.date().isoformat(), 0
