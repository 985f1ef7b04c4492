"""What a refresh costs the scheduler: CPU from its check to the next one's message, ledger saved to a directory.

Unchanged feeds, no spacing, checks in batches as they pile up under load. `make bench B=scheduler`.
"""

from __future__ import annotations

import argparse
import itertools
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pressroom.clock import SetClock
from pressroom.objects.directory import DirectoryStore
from pressroom.outcomes import Done, Outcome
from schemas.base import Model
from schemas.codec import type_of
from schemas.envelope import Envelope
from schemas.messages import Check, FeedRefresh, Wish
from schemas.records import Fetch
from services.scheduler.policy import Rules
from services.scheduler.sites import SiteBook
from services.scheduler.story import Scheduler

HOSTS = 50
_ids = itertools.count(1)


def envelope(payload: Model, clock: SetClock) -> Envelope[Any]:
    name, version = type_of(type(payload))
    return Envelope[Any](
        id=f"m{next(_ids)}", type=name, version=version, occurred_at=clock.now(), key="one", payload=payload
    )


def refreshes(outcomes: Sequence[Outcome]) -> list[FeedRefresh]:
    emits = [emit for outcome in outcomes if isinstance(outcome, Done) for emit in outcome.emits]
    return [emit.payload for emit in emits if isinstance(emit.payload, FeedRefresh)]


def unchanged(refresh: FeedRefresh, clock: SetClock) -> Check:
    fetch = Fetch(at=clock.now(), url=refresh.url, final_url=refresh.url, status=304)
    return Check(feed=refresh.feed, turn=refresh.turn, result="unchanged", fetch=fetch)


def write_sites(folder: Path, feeds: int) -> None:
    for first in range(0, feeds, 1000):
        urls = [f"http://h{number % HOSTS}.example/{number}" for number in range(first, min(feeds, first + 1000))]
        text = 'title = "Bench"\n' + "".join(f'[[feeds]]\nurl = "{url}"\n' for url in urls)
        (folder / f"s{first}.toml").write_text(text, encoding="utf-8")


def measure(feeds: int, batch: int, checks: int) -> tuple[float, float]:
    """(CPU, wall) in milliseconds for each check."""
    with tempfile.TemporaryDirectory() as folder:
        sites, clock = Path(folder, "sites"), SetClock()
        sites.mkdir()
        write_sites(sites, feeds)
        store = DirectoryStore(Path(folder, "objects"))
        scheduler = Scheduler(store, SiteBook(sites), clock, Rules(host_spacing_s=0), rng=random.Random(1))
        asked, done = refreshes(scheduler.handle([envelope(Wish(), clock)])), 0
        cpu, wall = time.process_time(), time.perf_counter()
        while done < checks:
            clock.advance(batch / 600)
            answers: list[Model] = [unchanged(one, clock) for one in asked[:batch]]
            done += len(answers)
            # Not all of a batch's hosts may have a feed left that is due: then everything is wished for again.
            more = refreshes(scheduler.handle([envelope(one, clock) for one in answers or [Wish()]]))
            asked = asked[batch:] + more
        return (time.process_time() - cpu) * 1000 / done, (time.perf_counter() - wall) * 1000 / done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", type=int, default=3000)
    options = parser.parse_args()
    print(f"{'feeds':>8}{'batch':>8}{'CPU ms/check':>14}{'wall ms/check':>15}")
    for feeds, batch in ((500, 4), (500, 16), (500, 46), (5_000, 46), (20_000, 46)):
        cpu, wall = measure(feeds, batch, options.checks)
        print(f"{feeds:>8}{batch:>8}{cpu:>14.3f}{wall:>15.3f}")


if __name__ == "__main__":
    main()
