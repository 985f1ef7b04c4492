"""How long an operator waits with 10,000 failures in the store: `make bench B=operators`, a minute or two.

The failures are opened over 30 days by 40 hosts, as a bad month leaves them, and once more all in one day, as a bad
night does; nothing runs beside. A page is 50 failures; the last page is read from its place, as a person who pages
comes to it. Times are the verbs' own, without the start of the command.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench.machine import Figure, described, keep, machine, say, table
from pressroom.clock import SystemClock
from pressroom.desk import summaries
from pressroom.desk.office import Office
from pressroom.desk.rooms import find
from pressroom.desk.verbs import ask, perform
from pressroom.objects.port import ObjectStore
from pressroom.sender import Sender
from pressroom.settings import Settings
from pressroom.testing import store
from pressroom.wiring import store_of
from schemas import keys
from schemas.documents import FailureDay, FailureLine

FAILURES = 10_000
HOSTS = 40
ROUNDS = 7
PAGE_S, GROUPED_S = 1.0, 2.0
BOUND = "sixteen objects a day are read, each a few milliseconds of client and server on the same two cores"
CLOCK = SystemClock()


def lines(days: int, now: datetime) -> Iterator[FailureLine]:
    """Ten thousand open failures of the last `days` days."""
    for number in range(FAILURES):
        at = now - timedelta(days=days) * (number / FAILURES)
        yield FailureLine(
            id=f"{int(at.timestamp() * 1000):012x}{number:020x}",
            status="open",
            topic="feed.refresh",
            kind=("dns", "http_status", "timeout")[number % 3],
            opened_at=at,
            last_at=at,
            count=3,
            steps=3,
            feed=f"paper-{number}-a-name-of-usual-length-{number % 97}",
            host=f"news{number % HOSTS}.example",
            sites=("news",),
            reason="the name was not found by any of the servers that were asked for it",
            trace=f"{number:032x}",
        )


def fill(target: ObjectStore, days: int, now: datetime) -> int:
    """Write the days' summaries; how many objects those are."""
    parts: dict[str, list[FailureLine]] = {}
    for line in lines(days, now):
        parts.setdefault(keys.failure_summary(line.opened_at.date(), line.id), []).append(line)
    for key, found in parts.items():
        day = FailureDay(day=keys.day_of_summary(key).isoformat(), failures=tuple(found))
        target.swap(key, day.as_json(), etag=None, write_id="bench")
    return len(parts)


def timed(do: Callable[[], Any], *, again: bool = False) -> list[float]:
    """Seconds of each round. `again`: with what the process has read already, as a web node has; else as a command."""
    took = []
    for _ in range(ROUNDS):
        if not again:
            summaries.forget()
        began = time.perf_counter()
        do()
        took.append(time.perf_counter() - began)
    return took


def measured(office: Office) -> dict[str, list[float]]:
    """Seconds of each round of each thing that an operator does."""

    def verb(name: str, **asked: Any) -> Any:
        found = find("failures", name)
        assert found is not None
        return perform(office, found, ask(found, asked))

    after, seen = "", 0
    while (page := verb("list", limit=1000, after=after)).after is not None:
        after, seen = page.after, seen + len(page.failures)
    assert seen + len(page.failures) == FAILURES
    grouped = verb("causes").causes
    assert sum(one.count for one in grouped) == FAILURES
    return {
        "first page": timed(lambda: verb("list")),
        "page of one host": timed(lambda: verb("list", host="news7.example", kind="dns")),
        "last page": timed(lambda: verb("list", after=after)),
        "grouped by cause": timed(lambda: verb("causes")),
        "page of one host, again": timed(lambda: verb("list", host="news7.example", kind="dns"), again=True),
        "grouped by cause, again": timed(lambda: verb("causes"), again=True),
    }


def at(url: str, folder: Path, days: int) -> tuple[dict[str, list[float]], int]:
    settings = Settings(data=folder, objects_url=url, s3_access_key="bench", s3_secret_key="bench")  # type: ignore[arg-type]
    target = store_of(settings, CLOCK)
    parts = fill(target, days, CLOCK.now())
    return measured(Office(target, Sender(None, CLOCK, "bench"), CLOCK, settings)), parts  # type: ignore[arg-type]


@contextmanager
def seaweed() -> Iterator[Callable[[], Any]]:
    """A fresh bucket each time, on one server. Raises `Missing` without Docker."""
    with store() as server:
        yield server.bucket


def run() -> tuple[list[Figure], dict[str, Any]]:
    figures, details = [], {}
    with tempfile.TemporaryDirectory() as folder, seaweed() as bucket:
        for days in (30, 1):
            spread = f"{days} days" if days > 1 else "one day"
            found = {"directory": at(str(Path(folder) / f"objects-{days}"), Path(folder), days)}
            with bucket() as url:
                found["SeaweedFS"] = at(url, Path(folder), days)
            for name, (times, parts) in found.items():
                details[f"{name}, {spread}"] = {"parts": parts, "seconds": times}
                for what, took in times.items():
                    goal = GROUPED_S if what.startswith("grouped") else PAGE_S
                    told = f"{name}, {spread}: {what}, median"
                    figures.append(Figure(told, statistics.median(took), "s", goal, bound=BOUND))
                    say(f"{figures[-1].what}: {figures[-1].value:.3f} s (worst {max(took):.3f})")
    return figures, details


def main() -> None:
    on = machine()
    say(described(on))
    figures, details = run()
    say(table(figures))
    say(f"kept in {keep('operators', on, figures, details)}")


if __name__ == "__main__":
    main()
