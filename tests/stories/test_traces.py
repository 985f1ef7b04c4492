"""The way of one refresh is told from what heads and failures carry, by its trace, its feed or its failure."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pressroom.desk.office import NotFound
from schemas import keys
from schemas.documents import Action, Document, Head
from schemas.envelope import Hop
from services.scheduler import letters
from services.scheduler.memory import FeedMemory
from services.scheduler.policy import Rules
from services.scheduler.sites import Wanted
from tests.fakes.desk import FakeNewsroom, failure
from tests.fakes.records import NOON, entry, minutes, record

TRACE = f"{int(NOON.timestamp() * 1000):012x}{7:020x}"


def hop(minute: float, service: str, what: str = "handled") -> Hop:
    return Hop(at=NOON + minutes(minute), service=service, what=what)


HOPS = (hop(0, "cli", "sent"), hop(1, "scheduler"), hop(2, "fetcher"), hop(3, "publisher"))


def head(feed: str, trace: str) -> Head:
    made = record(feed, 5, entry(1))
    return Head(
        feed=feed,
        version=made.fetch.digest or "",
        turn=5,
        fetch=made.fetch,
        changed_at=NOON + minutes(3),
        document=Document(source=made.source, entries=made.entries),
        trace=trace,
        hops=HOPS,
    )


@pytest.fixture
def room(tmp_path: Path) -> FakeNewsroom:
    made = FakeNewsroom(tmp_path)
    made.lay(keys.head("one"), head("one", TRACE))
    made.lay(keys.head("two"), head("two", TRACE))
    made.lay(keys.head("other"), head("other", "another"))
    return made


def ways(room: FakeNewsroom, named: str) -> dict[str, Any]:
    return {one.what: one for one in room.operator("traces", "show", id=named).ways}


def test_a_trace_leads_to_every_feed_that_its_wish_changed(room):
    found = ways(room, TRACE)
    assert found.keys() == {"feed one", "feed two"}
    assert found["feed one"].hops == HOPS
    assert "turn 5 is what readers see since 2026-11-20 12:03:00 UTC" in found["feed one"].ends


def test_a_feed_tells_the_way_of_what_is_current(room):
    assert ways(room, "other").keys() == {"feed other"}


def test_a_failure_tells_its_own_way_and_that_of_what_its_replay_brought(room):
    acted = Action(at=NOON + minutes(2.5), by="me", act="replay", why="mended")
    made = failure(1, NOON, trace=TRACE, hops=HOPS[:3], actions=(acted,), status="replayed")
    room.failed(made)
    for named in (made.id, TRACE):
        found = ways(room, named)
        assert found.keys() == {"feed one", "feed two", f"failure {made.id}"}
        told = found[f"failure {made.id}"]
        assert [one.service for one in told.hops] == ["cli", "scheduler", "fetcher", "operator"]
        assert told.ends == "replayed: dns, no such name"


@pytest.mark.parametrize("named", ["", "no/such", "..", "0" * 32, "x" * 300])
def test_what_nothing_carries_is_one_clear_line(room, named):
    with pytest.raises(NotFound, match="nothing in the store carries"):
        ways(room, named)


def test_heads_that_are_older_than_a_trace_are_not_read_for_it(room, monkeypatch):
    young = NOON + timedelta(days=3650)
    read: list[str] = []
    get = room.store.get
    monkeypatch.setattr(room.store, "get", lambda key, **more: read.append(key) or get(key, **more))
    with pytest.raises(NotFound):
        ways(room, f"{int(young.timestamp() * 1000):012x}{7:020x}")
    assert not [key for key in read if key.startswith("feeds/") and key != read[0]]


def test_a_refresh_carries_the_hops_of_its_wish_and_the_same_ones_each_time_it_is_sent():
    memory = FeedMemory(
        feed="one", url="http://p.example/", turn=4, next_at=NOON, lease_until=NOON, reason="wish", asked=HOPS[:1]
    )
    wanted = Wanted(id="one", url="http://p.example/", sites=("news",), lane="", include=(), exclude=())
    first, again = (letters.refresh(memory, wanted, 1, Rules()) for _ in range(2))
    assert first == again
    assert [one.what for one in first.hops or ()] == ["sent", "began turn 4: wish"]
