"""The ledger: what a leader reads is what the last one wrote, however the shards are laid out and whenever it dies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressroom.objects.port import Conflict, Unavailable
from schemas.messages import Trouble
from schemas.records import Hints, Validators
from services.scheduler.ledger import Ledger
from services.scheduler.memory import Ended, FeedMemory, HostMemory, Redirect, Streak
from services.scheduler.shards import BadLedger, shards_for
from tests.fakes.scheduling import MemoryStore

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)

FULL = FeedMemory(
    feed="full",
    url="https://h0.example/full",
    turn=7,
    state="under_way",
    lease_until=NOW,
    reason="wish",
    trace="t",
    next_at=NOW,
    pause_until=NOW,
    stopped=True,
    dropped_at=NOW,
    validators=Validators(etag='W/"ä-gzip"', last_modified="Wed, 04 Mar 2026 12:00:00 GMT"),
    content_hash="a" * 64,
    digest="b" * 64,
    checked_at=NOW,
    ok_at=NOW,
    changed_at=NOW,
    moments=(NOW, NOW - timedelta(days=1)),
    interval_s=900.5,
    hints=Hints(ttl_s=60.0, skip_hours=(1, 2)),
    failures=3,
    streaks=(
        Streak(kind="dns", since=NOW, count=3, told=3, told_at=NOW, trouble=Trouble(kind="dns", message="no\nname")),
    ),
    ended=(Ended(id="x", opened_at=NOW),),
    redirect=Redirect(url="https://new.example/", first_seen=NOW, checks=4, told=True),
    moved_to="https://new.example/",
)


def feed(number: int, **more: object) -> FeedMemory:
    return FeedMemory(feed=f"f{number}", url=f"https://h{number}.example/feed", next_at=NOW).model_copy(update=more)


def written(store: MemoryStore, count: int) -> Ledger:
    ledger = Ledger.load(store, count, "w")
    for number in range(count):
        ledger.keep(feed(number))
        ledger.keep_host(HostMemory(host=f"h{number}.example", pause_until=NOW))
    ledger.save("w")
    return ledger


def small_shards(monkeypatch: pytest.MonkeyPatch, feeds: int) -> None:
    monkeypatch.setattr("services.scheduler.shards.FEEDS_A_SHARD", feeds)


def test_everything_that_is_remembered_comes_back() -> None:
    store = MemoryStore()
    ledger = Ledger.load(store, 1, "w")
    ledger.keep(FULL)
    ledger.keep_host(HostMemory(host="h0.example", next_at=NOW, pause_until=NOW))
    ledger.save("w")
    again = Ledger.load(store, 1, "w")
    assert again.feeds == {"full": FULL}
    assert again.hosts == ledger.hosts


def test_only_shards_that_changed_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    small_shards(monkeypatch, 4)
    store = MemoryStore()
    ledger = written(store, 32)
    assert ledger.save("w") == 0
    ledger.keep(feed(3, turn=1))
    assert ledger.save("w") == 1
    ledger.keep(feed(3, turn=2), save=False)
    assert ledger.save("w") == 0


def test_what_needs_no_write_of_its_own_goes_along_with_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    ledger = written(store, 2)
    ledger.keep(feed(0, state="under_way"), save=False)
    ledger.save("w")
    ledger.keep(feed(1, turn=1))
    ledger.save("w")
    assert Ledger.load(store, 2, "w").feeds["f0"].state == "under_way"


def test_what_is_dropped_is_gone() -> None:
    store = MemoryStore()
    ledger = written(store, 3)
    ledger.drop(ledger.feeds["f1"])
    ledger.drop_host("h1.example")
    ledger.save("w")
    again = Ledger.load(store, 3, "w")
    assert sorted(again.feeds) == ["f0", "f2"]
    assert sorted(again.hosts) == ["h0.example", "h2.example"]


def test_two_leaders_cannot_both_save() -> None:
    store = MemoryStore()
    written(store, 3)
    one, two = Ledger.load(store, 3, "a"), Ledger.load(store, 3, "b")
    two.keep(feed(0, turn=1))
    two.save("b")
    one.keep(feed(1, turn=1))
    with pytest.raises(Conflict):
        one.save("a")


def test_two_first_leaders_cannot_both_create() -> None:
    store = MemoryStore()
    one, two = Ledger.load(store, 3, "a"), Ledger.load(store, 3, "b")
    two.keep(feed(0))
    two.save("b")
    one.keep(feed(0))
    with pytest.raises(Conflict):
        one.save("a")


@pytest.mark.parametrize(("before", "after"), [(32, 4), (4, 32), (32, 1), (1, 32)])
def test_a_change_of_layout_loses_nothing_wherever_it_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, before: int, after: int
) -> None:
    for cut in range(33):
        store = MemoryStore()
        small_shards(monkeypatch, 64 // before)
        ledger = written(store, 64)
        small_shards(monkeypatch, 64 // after)
        store.fail_after = cut
        try:
            Ledger.load(store, 64, "w")
        except Unavailable:
            assert store.fail_after is None
        store.fail_after = None
        again = Ledger.load(store, 64, "w")
        assert again.feeds == ledger.feeds
        assert again.hosts == ledger.hosts
        again.keep(feed(0, turn=1))
        again.save("w")
        assert Ledger.load(store, 64, "w").feeds["f0"].turn == 1


def test_shards_are_a_power_of_two_and_bounded() -> None:
    assert [shards_for(n) for n in (0, 1, 1000, 1001, 3000, 10**9)] == [1, 1, 1, 2, 4, 256]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "field its beginning"),
        (b'{"schema_version": 2, "feeds": []}', "has version 2, this code reads up to 1"),
        (b'{"schema_version": 1, "feeds": [{"feed": "x"}]}', "field feeds.0.url"),
        (b'{"schema_version": 1, "feeds": [{"feed": "x", "url": "u", "next_at": "soon"}]}', "got 'soon'"),
    ],
)
def test_a_shard_that_cannot_be_read_is_named_and_left_alone(body: bytes, said: str) -> None:
    store = MemoryStore()
    store.swap("ledger/00.json", body, etag=None, write_id="x")
    with pytest.raises(BadLedger, match=r"^ledger/00\.json") as caught:
        Ledger.load(store, 10_000, "w")
    assert said in str(caught.value)
    assert "it was not touched" in str(caught.value)
    assert store.objects["ledger/00.json"][0] == body


def test_fields_of_a_newer_minor_version_do_not_matter() -> None:
    store = MemoryStore()
    store.swap(
        "ledger/00.json",
        b'{"schema_version": 1, "feeds": [{"feed": "x", "url": "https://x.example/", "mood": 3,'
        b' "next_at": "2026-03-04T12:00:00Z"}], "colour": "red"}',
        etag=None,
        write_id="x",
    )
    assert list(Ledger.load(store, 1, "w").feeds) == ["x"]


@given(changes=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5), st.booleans()), max_size=60))
def test_saving_in_any_order_reads_back_as_the_last_word(changes: list[tuple[int, int, bool]]) -> None:
    store = MemoryStore()
    ledger = Ledger.load(store, 4000, "w")
    for number, turn, save in changes:
        ledger.keep(feed(number, turn=turn))
        if save:
            ledger.save("w")
    ledger.save("w")
    assert Ledger.load(store, 4000, "w").feeds == ledger.feeds
