"""A scheduler on a clock that a test sets, a store in memory and a network that the test plays."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pressroom.clock import SetClock
from pressroom.objects.port import Conflict, Listed, NotModified, Stored, Unavailable
from pressroom.outcomes import Done, Emit, Outcome
from schemas.base import Model
from schemas.codec import type_of
from schemas.envelope import Envelope
from schemas.messages import Check, FeedRefresh, Tick, Trouble
from schemas.records import Fetch, Hints, Validators
from services.scheduler.memory import FeedMemory, HostMemory
from services.scheduler.plan import Plan
from services.scheduler.policy import Rules
from services.scheduler.sites import SiteBook
from services.scheduler.story import Scheduler

FIRST_TURN = int(SetClock().now().timestamp()) + 1
"""The first turn of a feed that is met when a test's clock starts."""

EPOCH = datetime.fromtimestamp(0, UTC)


class MemoryStore:
    """The object port in a dictionary. `fail_next` makes the writes after so many more unavailable, once."""

    name = "memory"

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.swaps = 0
        self.fail_after: int | None = None
        self._etags = itertools.count(1)

    def get(self, key: str, *, if_none_match: str | None = None) -> Stored | NotModified | None:
        found = self.objects.get(key)
        if found is None:
            return None
        body, etag = found
        return NotModified(etag) if etag == if_none_match else Stored(body, etag, datetime.now(UTC))

    def swap(self, key: str, body: bytes, *, etag: str | None, write_id: str) -> str:
        if self.fail_after is not None:
            if self.fail_after == 0:
                self.fail_after = None
                raise Unavailable(self.name, "pulled the plug", "connect")
            self.fail_after -= 1
        now = self.objects[key][1] if key in self.objects else None
        if now != etag:
            raise Conflict(key, str(etag), now)
        self.swaps += 1
        new = f"e{next(self._etags)}"
        self.objects[key] = (body, new)
        return new

    def create(
        self, key: str, body: bytes, *, content_type: str = "application/json", cache_control: str | None = None
    ) -> str:
        return self.swap(key, body, etag=None, write_id="create")

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)

    def list(self, prefix: str, *, after: str = "", limit: int) -> Iterator[Listed]:
        names = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        for key in names[:limit]:
            body, etag = self.objects[key]
            yield Listed(key, etag, len(body), datetime.now(UTC))


def write_site(folder: Path, name: str, urls: Sequence[str], head: str = "") -> None:
    feeds = "\n".join(f'[[feeds]]\nurl = "{url}"\n' for url in urls)
    (folder / f"{name}.toml").write_text(f'title = "{name}"\n{head}\n{feeds}')


class Room:
    """One scheduler process: what it is given, what it sends."""

    def __init__(
        self, sites: Path, store: MemoryStore, clock: SetClock, rules: Rules | None = None, **more: Any
    ) -> None:
        self.store = store
        self.clock = clock
        self.scheduler = Scheduler(
            store, SiteBook(sites), clock, rules or Rules(), rng=random.Random(7), **{"status_interval_s": 60.0} | more
        )
        self._ids = itertools.count(1)

    def give(self, *payloads: Model) -> list[Emit]:
        return emits(self.scheduler.handle([self.envelope(one) for one in payloads]))

    def tick(self) -> list[Emit]:
        return self.give(Tick(at=self.clock.now()))

    def ask(self) -> list[FeedRefresh]:
        return refreshes(self.tick())

    def memory(self, feed: str) -> FeedMemory:
        """What the leader remembers of a feed."""
        return self._plan().ledger.feeds[feed]

    def host_free_at(self, host: str) -> datetime:
        memory = self._plan().ledger.hosts.get(host) or HostMemory(host=host)
        return max(at for at in (EPOCH, memory.next_at, memory.pause_until) if at is not None)

    def _plan(self) -> Plan:
        assert self.scheduler._plan is not None
        return self.scheduler._plan

    def envelope(self, payload: Model) -> Envelope[Any]:
        name, version = type_of(type(payload))
        return Envelope[Any](
            id=f"{id(self)}-{next(self._ids)}",
            type=name,
            version=version,
            occurred_at=self.clock.now(),
            key="one",
            payload=payload,
        )


def emits(outcomes: Sequence[Outcome]) -> list[Emit]:
    sent: list[Emit] = []
    for outcome in outcomes:
        assert isinstance(outcome, Done), outcome
        sent.extend(outcome.emits)
    return sent


def of_type(sent: Sequence[Emit], model: type[Model]) -> list[Any]:
    return [emit.payload for emit in sent if isinstance(emit.payload, model)]


def refreshes(sent: Sequence[Emit]) -> list[FeedRefresh]:
    return of_type(sent, FeedRefresh)


def fetched(refresh: FeedRefresh, at: datetime, **facts: Any) -> Fetch:
    return Fetch(at=at, url=refresh.url, final_url=refresh.url, **{"status": 200} | facts)


def stored(refresh: FeedRefresh, at: datetime, *, etag: str = '"1"', new: int = 1, **facts: Any) -> Check:
    published = facts.pop("published", (at,))
    fetch = fetched(
        refresh, at, validators=Validators(etag=etag), content_hash="a" * 64, digest="b" * 64, hints=Hints(), **facts
    )
    return Check(
        feed=refresh.feed, turn=refresh.turn, result="stored", fetch=fetch, new_entries=new, published=published
    )


def unchanged(refresh: FeedRefresh, at: datetime, **facts: Any) -> Check:
    return Check(
        feed=refresh.feed, turn=refresh.turn, result="unchanged", fetch=fetched(refresh, at, **{"status": 304} | facts)
    )


def failed(refresh: FeedRefresh, kind: str = "timeout", **facts: Any) -> Check:
    trouble = Trouble(kind=kind, message=f"{kind} at {refresh.url}", **facts)
    return Check(feed=refresh.feed, turn=refresh.turn, result="failed", trouble=trouble)


def lost(refresh: FeedRefresh) -> Check:
    return Check(feed=refresh.feed, turn=refresh.turn, result="lost")
