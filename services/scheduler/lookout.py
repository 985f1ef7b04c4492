"""What the leading scheduler sees of the newsroom: its feeds, its hosts, the processes that say they are alive.

The story tells it what comes in; the watchman reads it from a thread of its own.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from pressroom.clock import Clock
from pressroom.metrics.read_off import PLAIN, Reading
from pressroom.pulse import ALIVE_S
from schemas.messages import Check
from schemas.status import PROCESSES_MAX, Alive, Seen
from services.scheduler.census import Counted, count, overdue_s
from services.scheduler.hosts import HostBook
from services.scheduler.memory import FeedMemory
from services.scheduler.plan import Plan
from services.scheduler.policy import Heard
from services.scheduler.sites import host_of

COUNT_EVERY_S = 15.0
REMEMBERED_S = 600.0

NEEDED = ("scheduler", "fetcher", "publisher", "web")
"""Services that every newsroom has; weather is missed only by sites that show it."""


class Lookout:
    """Told by the story's thread, read by others."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._processes: dict[str, tuple[Alive, Seen]] = {}
        self._count_at_s = 0.0
        self.counted = Counted()
        self.hosts = HostBook()
        self.led_since: datetime | None = None
        """Since when this process leads; None: it has been told nothing yet, or had to begin anew."""
        self.heard_at_s = float("-inf")
        self.needs_weather = False

    # --- told by the story -----------------------------------------------------------------------------

    def lead(self) -> None:
        """The ledger was loaded: what is seen from now on is seen as the leader."""
        if self.led_since is None:
            self.led_since = self._clock.now()
        self._count_at_s = float("-inf")

    def step_down(self) -> None:
        """What was counted of the hosts is in the store, where whoever leads next goes on: perhaps this one again."""
        self.led_since = None
        self.hosts = HostBook()

    def alive(self, alive: Alive, now: datetime) -> None:
        seen = Seen(signs=alive.signs, heard_at=now, skew_s=(alive.signs.at - now).total_seconds())
        with self._lock:
            self._processes[alive.signs.process] = (alive, seen)
            if len(self._processes) > PROCESSES_MAX:
                del self._processes[min(self._processes, key=lambda name: self._processes[name][1].heard_at)]

    def checked(self, heard: Heard, check: Check, now: datetime) -> None:
        """A refresh ended; one that was heard of before is not counted again."""
        if heard.memory.checked_at == now and heard.memory.turn == check.turn:
            self.hosts.checked(host_of(heard.asked), check, now)

    def look(self, plan: Plan, now: datetime) -> None:
        """Called with every batch; counts the feeds now and then."""
        self.heard_at_s = self._clock.monotonic()
        if self.heard_at_s < self._count_at_s:
            return
        self._count_at_s = self.heard_at_s + COUNT_EVERY_S
        shown: list[FeedMemory] = []
        brought: list[FeedMemory] = []
        for name, wanted in plan.wanted.items():
            if name in plan.ledger.feeds:
                (shown if wanted.sites else brought).append(plan.ledger.feeds[name])
        self.counted = count(shown, plan.ledger.hosts, self.counted.late, now, brought)

    # --- read by others --------------------------------------------------------------------------------

    def processes(self, now: datetime) -> list[Seen]:
        """Those heard of in the last ten minutes, by name."""
        with self._lock:
            for name in [one for one, (_, seen) in self._processes.items() if _age_s(seen, now) > REMEMBERED_S]:
                del self._processes[name]
            return [self._processes[name][1] for name in sorted(self._processes)]

    def figures(self, now: datetime) -> dict[str, dict[str, float]]:
        """Process → metric → value, of those that are alive."""
        with self._lock:
            known = list(self._processes.items())
        return {name: alive.figures for name, (alive, seen) in known if _age_s(seen, now) <= ALIVE_S}

    def lag_s(self) -> float:
        return self.counted.census.lag_s if self.led_since is not None else 0.0

    def update_age_s(self, now: datetime) -> float:
        """For how long no refresh has succeeded that should have; 0 without feeds, or while another one leads."""
        if self.led_since is None or not self.counted.census.feeds:
            return 0.0
        return overdue_s(self.counted.census.updated_at, self.led_since, self.counted.slack_s, now)

    def faults(self, lag_max_s: float, healthy_age_s: float) -> Callable[[], list[str]]:
        """What is wrong with the leader's work, for its health."""

        def found() -> list[str]:
            if self.led_since is None:
                return []
            lag_s, age_s = self.lag_s(), self.update_age_s(self._clock.now())
            faults = []
            if lag_s > lag_max_s:
                faults.append(f"the oldest refresh that is due waits for {lag_s:.0f} s, promised are {lag_max_s:.0f}")
            if age_s > healthy_age_s:
                faults.append(f"no refresh has succeeded for {age_s:.0f} s")
            return faults

        return found

    def reading(self) -> Reading:
        """The metrics of whoever leads."""
        now = self._clock.now()
        reading: dict[str, dict[tuple[str, ...], float]] = {
            "pressroom_leads": {PLAIN: float(self.led_since is not None)}
        }
        if self.led_since is None:
            return reading
        census = self.counted.census
        processes = Counter(dict.fromkeys(self.needed(), 0))
        seen = [one for one in self.processes(now) if _age_s(one, now) <= ALIVE_S]
        processes.update(service for one in seen for service in one.signs.services)
        states = {"known": census.feeds, "due": census.due, "under_way": census.under_way}
        states |= {"failing": census.failing, "stopped": census.stopped, "paused": census.paused}
        return reading | {
            "pressroom_feeds": {(state,): float(number) for state, number in states.items()},
            "pressroom_feeds_failing_ratio": {PLAIN: census.failing / census.feeds if census.feeds else 0.0},
            "pressroom_lag_seconds": {PLAIN: census.lag_s},
            "pressroom_update_age_seconds": {PLAIN: self.update_age_s(now)},
            "pressroom_headline_age_seconds": {PLAIN: self._headline_age_s(self.led_since, now)},
            "pressroom_failures_open": {PLAIN: float(census.failures_open)},
            "pressroom_processes": {(service,): float(number) for service, number in processes.items()},
            "pressroom_clock_skew_seconds": {PLAIN: max((abs(one.skew_s) for one in seen), default=0.0)},
        }

    def _headline_age_s(self, led_since: datetime, now: datetime) -> float:
        if not self.counted.census.feeds:
            return 0.0
        return overdue_s(self.counted.census.headline_at, led_since, self.counted.slack_s, now)

    def needed(self) -> tuple[str, ...]:
        """Services that the newsroom does not do without."""
        return (*NEEDED, "weather") if self.needs_weather else NEEDED


READ: tuple[str, ...] = (
    "pressroom_leads",
    "pressroom_feeds",
    "pressroom_feeds_failing_ratio",
    "pressroom_lag_seconds",
    "pressroom_update_age_seconds",
    "pressroom_headline_age_seconds",
    "pressroom_failures_open",
    "pressroom_processes",
    "pressroom_clock_skew_seconds",
)


def _age_s(seen: Seen, now: datetime) -> float:
    return abs((now - seen.heard_at) / timedelta(seconds=1))
