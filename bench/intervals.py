"""What the adaptive interval buys: a month of 2,000 feeds of different habits, decided by the scheduler's own code.

Prints requests spent and how long entries waited unseen, against fixed intervals of 15 and 60 minutes. Seconds to run:
`make bench B=intervals`. The shape's figures (`Rhythm`) were chosen by it: see docs/decisions.md.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from schemas.records import Hints
from services.scheduler.rhythm import Rhythm, interval_s, jittered, merge_moments

HOUR, DAY = 3600.0, 86_400.0
MONTH = 30 * DAY
PAST = 60 * DAY
"""Before the month begins every feed has a history, as the first fetch finds it in the document."""
START = datetime(2026, 3, 1, tzinfo=UTC)
HINTS = Hints()

Follow = Callable[[list[float], random.Random], tuple[int, list[float]]]
"""One feed through the month: its times of publication in; requests, and how long each entry waited to be seen, out."""

Habit = Callable[[random.Random, float, float], list[float]]


def _poisson(gap_s: float) -> Habit:
    def times(rng: random.Random, start: float, end: float) -> list[float]:
        at, found = start + rng.expovariate(1 / gap_s), []
        while at < end:
            found.append(at)
            at += rng.expovariate(1 / gap_s)
        return found

    return times


def _by_day(entries_a_day: float, first_hour: int, last_hour: int, weekends: float) -> Habit:
    def times(rng: random.Random, start: float, end: float) -> list[float]:
        found = []
        for day in range(int(start // DAY), int(end // DAY)):
            share = weekends if day % 7 >= 5 else 1.0
            count = int(rng.gauss(entries_a_day * share, entries_a_day**0.5 / 2) + 0.5)
            found += [day * DAY + rng.uniform(first_hour, last_hour) * HOUR for _ in range(max(count, 0))]
        return sorted(found)

    return times


def _at_a_time(every_days: int, entries: int) -> Habit:
    def times(rng: random.Random, start: float, end: float) -> list[float]:
        hour, first = rng.uniform(0, 24), int(start // DAY) + rng.randrange(every_days)
        days = range(first, int(end // DAY), every_days)
        return sorted(day * DAY + hour * HOUR + rng.gauss(0, 600) for day in days for _ in range(entries))

    return times


def _in_bursts(gap_s: float, entries: int, within_s: float) -> Habit:
    def times(rng: random.Random, start: float, end: float) -> list[float]:
        bursts = _poisson(gap_s)(rng, start, end)
        return sorted(at + rng.uniform(0, within_s) for at in bursts for _ in range(entries))

    return times


HABITS: dict[str, tuple[float, Habit]] = {
    "wire, day and night": (0.04, _poisson(12 * 60)),
    "newspaper": (0.10, _by_day(25, 6, 22, 0.4)),
    "magazine, office hours": (0.10, _by_day(6, 8, 18, 0.1)),
    "a batch each morning": (0.05, _at_a_time(1, 20)),
    "daily": (0.10, _at_a_time(1, 1)),
    "weekly": (0.18, _poisson(7 * DAY)),
    "bursts": (0.08, _in_bursts(6 * DAY, 8, 5 * HOUR)),
    "monthly": (0.20, _poisson(30 * DAY)),
    "asleep": (0.15, _poisson(400 * DAY)),
}
"""Share of the feeds, and when such a feed publishes. Most feeds are quiet; most entries come from few of them."""


@dataclass(slots=True)
class Spent:
    requests: int = 0
    waits_s: list[float] = field(default_factory=list)
    means_s: list[float] = field(default_factory=list)


def adaptive(rhythm: Rhythm) -> Follow:
    def follow(published: list[float], rng: random.Random) -> tuple[int, list[float]]:
        instants = [START + timedelta(seconds=at) for at in published]
        seen = bisect_right(published, 0.0)
        moments = merge_moments((), instants[max(0, seen - 30) : seen], START, rhythm.interval_min_s)
        waits: list[float] = []
        at, now, requests = 0.0, START, 0
        while True:
            at += jittered(interval_s(moments or (START,), HINTS, now, rhythm), rng.random(), rhythm)
            if at >= MONTH:
                return requests, waits
            requests, now, now_seen = requests + 1, START + timedelta(seconds=at), bisect_right(published, at)
            if now_seen > seen:
                waits += [at - one for one in published[seen:now_seen]]
                moments = merge_moments(moments, instants[seen:now_seen], now, rhythm.interval_min_s)
                seen = now_seen

    return follow


def fixed(every_s: float) -> Follow:
    def follow(published: list[float], rng: random.Random) -> tuple[int, list[float]]:
        offset = rng.uniform(0, every_s)
        return int(MONTH / every_s), [(offset - at) % every_s for at in published if at > 0]

    return follow


def feeds(count: int, seed: int) -> Iterator[tuple[str, list[float]]]:
    for name, (share, habit) in HABITS.items():
        for number in range(round(count * share)):
            yield name, habit(random.Random(f"{seed} {name} {number}"), -PAST, MONTH)


def simulate(population: list[tuple[str, list[float]]], follow: Follow) -> dict[str, Spent]:
    rng, result = random.Random(1), {name: Spent() for name in HABITS}
    for name, published in population:
        requests, waits = follow(published, rng)
        spent = result[name]
        spent.requests += requests
        spent.waits_s += waits
        if waits:
            spent.means_s.append(statistics.fmean(waits))
    return result


def row(label: str, spent: list[Spent], count: int) -> str:
    requests = sum(one.requests for one in spent) / count / 30
    waits = [wait for one in spent for wait in one.waits_s]
    means = [mean for one in spent for mean in one.means_s]
    if not waits:
        return f"{label:<24}{requests:>10.1f}{'–':>12}{'–':>12}{'–':>12}"
    tenth = statistics.quantiles(waits, n=10)[-1] if len(waits) > 1 else waits[0]
    figures = (statistics.median(waits), tenth, statistics.median(means))
    return f"{label:<24}{requests:>10.1f}" + "".join(f"{one / 60:>12.1f}" for one in figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gap-at-min", type=float, default=Rhythm().gap_at_min)
    options = parser.parse_args()
    population = list(feeds(options.feeds, options.seed))
    began = time.perf_counter()
    strategies = {
        "every 15 minutes": fixed(900),
        "every 60 minutes": fixed(3600),
        "adaptive": adaptive(Rhythm(gap_at_min=options.gap_at_min)),
    }
    print(f"{len(population)} feeds, 30 days; waits in minutes\n")
    print(f"{'':<24}{'requests':>10}{'median':>12}{'slowest':>12}{'median of':>12}")
    print(f"{'':<24}{'/feed/day':>10}{'wait':>12}{'tenth from':>12}{'feed means':>12}")
    results = {name: simulate(population, wait) for name, wait in strategies.items()}
    for name, result in results.items():
        print(row(name, list(result.values()), len(population)))
    print("\nadaptive, by habit")
    for name, spent in results["adaptive"].items():
        print(row(name, [spent], round(options.feeds * HABITS[name][0])))
    print(f"\n{time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
