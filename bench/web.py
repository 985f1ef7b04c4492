"""What a page costs a web node, beside nginx: `make bench B=web`. About three minutes; needs nginx and wrk.

Alternating in one run, each server on one core and wrk on the other, 32 connections that are kept, the same bytes and
headers: nginx with the gzipped page as a file, a node on granian, a node by the gunicorn profile (which without its
limit of requests a worker would be restarting all the time). Then a node alone: pages while copies change, beside slow
answers and dripping clients, its memory, its start; and search among 100,000 headlines.

Ratios are of requests a second of CPU: on a machine that does nothing else that is the rate of a core, and it
stays true where neighbours take some of it away. The rates as they came out are in bench/results/web.json.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bench.machine import Figure, described, keep, machine, pace_ms, say, table
from bench.web_load import Beside, Round, full_load, quantile, sampled_ms
from bench.web_stage import CLIENT_CORE, nginx, node, resident_mb
from pressroom.clock import SystemClock
from pressroom.objects.port import Stored
from pressroom.settings import Settings
from pressroom.wiring import queue_of, store_of
from schemas import keys
from schemas.base import Model
from schemas.documents import Document, Head
from schemas.records import Entry, Fetch, Source
from services.web.node import WebNode
from services.web.search import Index, Wanted
from tests.fakes.web_newsroom import CELL, Newsroom
from tests.fakes.web_papers import PAPERS, Story
from tests.fakes.web_queue import notice
from tests.fakes.web_servers import dripping, slow_day
from tests.fakes.web_store import MemoryStore

ROUNDS: Final = 5
ROUND_S: Final = 3
SAMPLE_S: Final = 8.0
CHANGES_A_SECOND: Final = 10
DRIPPING: Final = 200
HEADLINES, FEEDS = 100_000, 500
QUESTIONS: Final = ("kernel", "the", "a", "scheduler rewrite", "memory ti", "nothing like this", "lock trace boot")
NEVER_RESTARTED: Final = ("--max-requests=0", "--max-requests-jitter=0")
GRANIAN_BOUND: Final = "granian hands each request to another thread and back; Python's part is 1.5 µs of it"

Measured = tuple[list[Figure], dict[str, Any]]
CLOCK: Final = SystemClock()


def pages(folder: Path) -> Measured:
    """The three servers in turn."""
    rounds: dict[tuple[str, bool], list[Round]] = {}
    paces = []
    with ExitStack() as things:
        granian = things.enter_context(node("granian", folder / "granian"))
        gunicorn = things.enter_context(node("gunicorn", folder / "gunicorn", NEVER_RESTARTED))
        servers = [things.enter_context(nginx(folder / "nginx", granian)), granian, gunicorn]
        for _ in range(ROUNDS):
            paces.append(pace_ms())
            for server in servers:
                for known in (False, True):
                    rounds.setdefault((server.name, known), []).append(full_load(server, ROUND_S, known=known))
        size, sent = len(granian.ask().body), granian.ask().headers
    figures = []
    for known, what, goal in ((False, "page", 0.65), (True, "304", 0.8)):
        base = rounds["nginx", known]
        figures.append(Figure(f"nginx, {what}: requests a second of CPU", _median(base), "/s"))
        for name, promised in (("granian", goal), ("gunicorn", None)):
            found = rounds[name, known]
            ratio = statistics.median(one.a_core_s / of.a_core_s for one, of in zip(found, base, strict=True))
            figures.append(Figure(f"{name}, {what}: requests a second of CPU", _median(found), "/s"))
            told = f"{name}, {what}: of nginx"
            figures.append(Figure(told, ratio, "", promised, at_most=False, bound=GRANIAN_BOUND))
    details = {
        f"{name}, {'304' if known else 'page'}": [asdict(one) for one in of] for (name, known), of in rounds.items()
    }
    return figures, {"page, gzipped bytes": size, "headers": dict(sent), "pace, ms": paces, "rounds": details}


def _median(rounds: list[Round]) -> float:
    return statistics.median(one.a_core_s for one in rounds)


class Publisher:
    """Changes a head ten times a second, as the publisher would, and says so."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(data=folder)
        self._store, self._queue = store_of(settings, CLOCK), queue_of(settings, CLOCK)
        self._room = Newsroom(self, datetime.now(UTC))  # type: ignore[arg-type]

    def put(self, key: str, content: Model) -> str:
        found = self._store.get(key)
        assert isinstance(found, Stored)
        body = content.model_dump_json().encode()
        return self._store.swap(key, body, etag=found.etag, write_id=f"bench-{time.monotonic_ns()}")

    def change(self, number: int) -> None:
        paper = PAPERS[number % 3]
        etag = self._room.head(paper, [Story(f"Change number {number} is on its way to the page", 0)])
        self._queue.broadcast(notice(keys.head(paper.feed), etag))


def alone(folder: Path) -> Measured:
    """A node on granian whose readers ask at an even pace, and what may disturb them."""
    times: dict[str, list[float]] = {}
    with node("granian", folder) as server:
        (worker,) = server.workers()
        times["undisturbed"] = sampled_ms(server, SAMPLE_S)
        with Beside(Publisher(folder).change, CHANGES_A_SECOND) as changes:
            times["while copies change"] = sampled_ms(server, SAMPLE_S)
            loaded = full_load(server, int(SAMPLE_S), known=False)
        with dripping(server.port, DRIPPING):
            times["beside 200 dripping clients"] = sampled_ms(server, SAMPLE_S)
        with slow_day(folder, server.port, date(2026, 1, 1)), slow_day(folder, server.port, date(2026, 1, 2)):
            times["beside two answers that never come"] = sampled_ms(server, SAMPLE_S)
        held = resident_mb(worker)
    figures = [Figure(f"page, 99 % within, {what}", quantile(of, 0.99), "ms", 10.0) for what, of in times.items()]
    figures += [
        Figure("page, 99 % within, 32 connections, while copies change", loaded.p99_ms, "ms", 10.0),
        Figure("a worker with 6 sites: resident", held["resident"], "MB", 60.0, bound="docs/decisions.md, Web nodes"),
        Figure("a worker with 6 sites: its share, libraries divided", held["share"], "MB"),
    ]
    spread = {what: {str(q): quantile(of, q) for q in (0.5, 0.9, 0.99, 0.999, 1.0)} for what, of in times.items()}
    return figures, {"ms": spread, "changes": changes.done, "under full load": asdict(loaded), "memory, MB": held}


def starts(folder: Path) -> Measured:
    """Seconds until a node has all pages of its six sites: from the store, and from its disk with the store down."""
    store = MemoryStore()
    room = Newsroom(store, datetime.now(UTC))
    room.fill()
    took: dict[str, list[float]] = {"from the store": [], "from its disk, the store down": []}
    for number in range(ROUNDS):
        for what, of in took.items():
            store.down = what != "from the store"
            settings = Settings(data=folder / str(number))
            made = WebNode(store, None, CLOCK, settings, cell_of=lambda place: CELL)  # type: ignore[arg-type]
            began = time.monotonic()
            made.start()
            _until(lambda made=made: sum(made.table.get(f"/s/{site}") is not None for site in made.sites()) == 6)
            of.append(time.monotonic() - began)
            _until(lambda made=made: all(made.copies.get(keys.head(paper.feed)) for paper in PAPERS if paper.stories))
            made.stop()
    goals = {"from the store": 2.0, "from its disk, the store down": 1.0}
    return [Figure(f"six sites, {what}", statistics.median(of), "s", goals[what]) for what, of in took.items()], took


def _until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.001)


def search(folder: Path) -> Measured:
    """100,000 headlines of 500 feeds, in an index on disk."""
    index, now = Index(folder / "search.sqlite"), datetime.now(UTC)
    titles = [story.title for paper in PAPERS for story in paper.stories]
    began = time.monotonic()
    for feed in range(FEEDS):
        index.take([_head(f"paper-{feed}", titles, now)], now)
    filled_s = time.monotonic() - began
    feeds = [f"paper-{feed}" for feed in range(FEEDS)]
    took: dict[str, list[float]] = {}
    for question in QUESTIONS:
        for since in (None, now - timedelta(days=7)):
            for few in (feeds, feeds[:1]):
                wanted = Wanted(question, few, since, None, 101)
                for _ in range(7):
                    began = time.thread_time()
                    index.find(wanted)
                    took.setdefault(question, []).append((time.thread_time() - began) * 1000)
    figures = [Figure(f"search for “{what}” among 100,000, worst", max(of), "ms", 50.0) for what, of in took.items()]
    return figures, {"ms": took, "filled in, s": filled_s}


def _head(feed: str, titles: list[str], now: datetime) -> Head:
    count = HEADLINES // FEEDS
    entries = tuple(
        Entry(
            id=f"https://{feed}.example/{number}",
            title=f"{titles[number % len(titles)]} ({number})",
            link=f"https://{feed}.example/{number}",
            summary="Slow memory is here to stay; the kernel learns to move pages before anybody waits for them.",
            published=now - timedelta(minutes=11 * number),
        )
        for number in range(count)
    )
    url = f"https://{feed}.example/feed.xml"
    return Head(
        feed=feed,
        version="0" * 64,
        turn=1,
        fetch=Fetch(at=now, url=url, final_url=url, status=200),
        changed_at=now,
        document=Document(source=Source(title=feed), entries=entries),
    )


PARTS: Final[dict[str, Callable[[Path], Measured]]] = {
    "pages": pages,
    "alone": alone,
    "starts": starts,
    "search": search,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="measure one part and keep nothing")
    only = parser.parse_args().only
    on = machine()
    say(described(on))
    os.sched_setaffinity(0, {CLIENT_CORE})
    figures, details = [], {}
    for name, measure in PARTS.items():
        if only in {None, name}:
            with tempfile.TemporaryDirectory(prefix="pressroom-bench-") as folder:
                found, details[name] = measure(Path(folder))
            figures += found
            say(table(found))
    if only is None:
        say(f"kept in {keep('web', on, figures, details)}")


if __name__ == "__main__":
    main()
