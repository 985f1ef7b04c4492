"""How long to wait before trying again: pure decisions, the random source passed in."""

from __future__ import annotations

import random
from typing import Final

MANY: Final = 1 << 30


def full_jitter(tries: int, *, first_s: float, most_s: float, rng: random.Random) -> float:
    """Seconds until try number `tries` + 1: evenly between nothing and a bound that doubles, so that many who
    failed together do not come back together.
    """
    return rng.uniform(0.0, min(most_s, first_s * 2.0 ** min(tries, 30)))


class Outage:
    """What is known of a broker or a store that was found to be down. Times are seconds of one monotonic clock.

    It begins with a failure, lets one through when its pause is over, and ends when that one comes off.
    """

    def __init__(self, *, first_s: float, most_s: float, leave_s: float, rng: random.Random) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._leave_s = leave_s
        self._rng = rng
        self._tries = 0
        self.since: float | None = None
        self.until = 0.0
        self.reason = ""

    def failed(self, now: float, reason: str) -> None:
        """Those who had begun before the last failure was known tell nothing new."""
        if self.since is not None and now < self.until:
            return
        if self.since is None:
            self.since, self._tries = now, 0
        bound = min(self._most_s, self._first_s * 2.0 ** min(self._tries, 30))
        # At least half the bound: a pause of nothing would be a probe at once, by everybody.
        self.until = now + bound / 2 + full_jitter(0, first_s=bound / 2, most_s=bound / 2, rng=self._rng)
        self._tries += 1
        self.reason = reason

    def came_off(self, now: float) -> None:
        """Something succeeded; during the pause that is an echo of what was begun before it."""
        if self.since is not None and now >= self.until:
            self.since = None

    def allowance(self, now: float) -> int:
        if self.since is None:
            return MANY
        return 0 if now < self.until else 1

    def keeps_away(self, now: float) -> bool:
        """It lasts so long that what is held should go back, for others to try. Not while one is being let through."""
        return self.since is not None and now - self.since >= self._leave_s and now < self.until

    def next_change(self, now: float) -> float | None:
        """When to look again; None when only an event can change anything."""
        if self.since is None:
            return None
        times = [at for at in (self.until, self.since + self._leave_s) if at > now]
        return min(times, default=None)
