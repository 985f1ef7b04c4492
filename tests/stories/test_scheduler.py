"""The scheduler's story: turns, the save that comes before the sending, leaders that come and go."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressroom.clock import SetClock
from pressroom.objects.port import Unavailable as StoreUnavailable
from pressroom.outcomes import Unavailable
from schemas import keys
from schemas.messages import Check, FailureClosed, FeedRefresh, Tick, Wish
from tests.fakes.scheduling import (
    FIRST_TURN,
    MemoryStore,
    Room,
    emits,
    failed,
    fetched,
    lost,
    of_type,
    refreshes,
    stored,
    unchanged,
    write_site,
)

ONE = "https://one.example/feed"
TWO = "https://two.example/feed"


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def sites(tmp_path: Path) -> Path:
    write_site(tmp_path, "news", [ONE])
    return tmp_path


@pytest.fixture
def room(sites: Path, store: MemoryStore, clock: SetClock) -> Room:
    return Room(sites, store, clock)


def given_up(room: Room) -> list[FeedRefresh]:
    """What is asked once the leases of all that is under way have run out."""
    room.clock.advance(360)
    room.tick()
    room.clock.advance(1)
    return room.ask()


def ledger_text(store: MemoryStore) -> str:
    return b"".join(body for key, (body, _) in sorted(store.objects.items()) if key.startswith("ledger/")).decode()


def test_a_new_feed_is_asked_at_once(room: Room) -> None:
    sent = room.tick()
    (refresh,) = refreshes(sent)
    assert (refresh.feed, refresh.url, refresh.turn) == (keys.feed_id(ONE), ONE, FIRST_TURN)
    (emit,) = [one for one in sent if isinstance(one.payload, FeedRefresh)]
    assert (emit.topic, emit.key) == ("feed.refresh", "one.example")


def test_the_refresh_is_in_the_ledger_before_it_is_sent(room: Room, store: MemoryStore) -> None:
    room.tick()
    assert '"state":"sending"' in ledger_text(store)
    assert f'"turn":{FIRST_TURN}' in ledger_text(store)


def test_nothing_is_asked_twice_while_it_is_under_way(room: Room, clock: SetClock) -> None:
    room.ask()
    clock.advance(30)
    assert room.ask() == []


def test_validators_advance_only_with_the_check_of_what_is_stored(room: Room, clock: SetClock) -> None:
    (first,) = room.ask()
    room.give(stored(first, clock.now(), etag='W/"v1-gzip"'))
    clock.advance(86_400)
    (second,) = room.ask()
    assert second.turn == FIRST_TURN + 1
    assert second.validators.etag == 'W/"v1-gzip"'
    assert second.digest == "b" * 64


def test_a_failed_refresh_leaves_the_validators_alone(room: Room, clock: SetClock) -> None:
    (first,) = room.ask()
    room.give(stored(first, clock.now()))
    clock.advance(86_400)
    (second,) = room.ask()
    room.give(failed(second))
    clock.advance(86_400)
    (third,) = room.ask()
    assert third.validators.etag == '"1"'


def test_a_304_without_validators_keeps_the_last_ones(room: Room, clock: SetClock) -> None:
    (first,) = room.ask()
    room.give(stored(first, clock.now()))
    clock.advance(86_400)
    room.give(unchanged(room.ask()[0], clock.now()))
    clock.advance(86_400)
    assert room.ask()[0].validators.etag == '"1"'


def test_what_is_stored_without_validators_is_asked_for_without_any(room: Room, clock: SetClock) -> None:
    (first,) = room.ask()
    room.give(stored(first, clock.now()))
    clock.advance(86_400)
    (second,) = room.ask()
    bare = Check(feed=second.feed, turn=second.turn, result="stored", fetch=fetched(second, clock.now()))
    room.give(bare)
    clock.advance(86_400)
    (third,) = room.ask()
    assert (third.validators.etag, third.content_hash, third.digest) == (None, None, None)


def test_a_lost_record_clears_what_would_hide_it(room: Room, clock: SetClock) -> None:
    (first,) = room.ask()
    room.give(stored(first, clock.now()))
    clock.advance(86_400)
    (second,) = room.ask()
    room.give(lost(second))
    clock.advance(86_400)
    (third,) = room.ask()
    assert third.validators.etag is None
    assert third.content_hash is None
    assert third.digest is None


def test_a_lost_record_of_an_earlier_turn_clears_them_too_and_ends_nothing(room: Room, clock: SetClock) -> None:
    (first,) = room.ask()
    room.give(stored(first, clock.now()))
    clock.advance(86_400)
    room.ask()
    room.give(lost(first))
    assert room.scheduler.under_way == 1
    (again,) = given_up(room)
    assert (again.turn, again.validators.etag) == (FIRST_TURN + 2, None)


def test_a_check_of_an_earlier_turn_changes_nothing(room: Room, clock: SetClock) -> None:
    (first,) = room.ask()
    (second,) = given_up(room)
    assert second.turn == FIRST_TURN + 1
    room.give(stored(first, clock.now(), etag='"old"'))
    room.give(stored(second, clock.now(), etag='"new"'))
    clock.advance(86_400)
    assert room.ask()[0].validators.etag == '"new"'


def test_a_refresh_that_nobody_answers_is_asked_again_as_the_next_turn(room: Room, clock: SetClock) -> None:
    sent = room.tick()
    (emit,) = [one for one in sent if isinstance(one.payload, FeedRefresh)]
    assert emit.not_after is not None
    assert (emit.not_after - clock.now()).total_seconds() == 300
    clock.advance(359)
    assert room.ask() == []  # a fetch that began at the last moment may still be running
    clock.advance(1)
    assert [one.turn for one in given_up(room)] == [FIRST_TURN + 1]


# --- a crash between save and send, and other ways to lose the thread -------------------------------


def test_what_was_saved_but_not_sent_is_sent_by_the_next_leader_as_the_same_message(
    sites: Path, store: MemoryStore, clock: SetClock
) -> None:
    first = [one for one in Room(sites, store, clock).tick() if isinstance(one.payload, FeedRefresh)]
    clock.advance(5)
    again = [one for one in Room(sites, store, clock).tick() if isinstance(one.payload, FeedRefresh)]
    assert again == first


def test_what_is_known_to_be_sent_is_not_sent_again(sites: Path, store: MemoryStore, clock: SetClock) -> None:
    write_site(sites, "news", [ONE, "https://one.example/other"])
    room = Room(sites, store, clock)
    (refresh,) = room.ask()
    room.give(stored(refresh, clock.now()))
    clock.advance(1)
    room.ask()
    room.tick()
    clock.advance(1)
    write_site(sites, "more", ["https://one.example/third"])
    room.tick()  # a save of the same shard, with the other refresh under way
    assert Room(sites, store, clock).ask() == []


def test_a_batch_that_comes_back_is_sent_again(room: Room) -> None:
    tick = room.envelope(Tick(at=room.clock.now()))
    first = emits(room.scheduler.handle([tick]))
    assert refreshes(emits(room.scheduler.handle([tick]))) == refreshes(first)


def test_what_a_batch_sent_is_sent_again_when_it_could_not_be_settled_and_others_come_first(
    sites: Path, room: Room, clock: SetClock
) -> None:
    (first,) = room.ask()
    room.scheduler.start_afresh()
    write_site(sites, "more", [TWO])
    clock.advance(1)
    sent = {refresh.url: refresh.turn for refresh in room.ask()}
    assert sent[ONE] == first.turn
    assert set(sent) == {ONE, TWO}


def test_a_check_that_comes_back_says_again_what_followed_from_it(room: Room, clock: SetClock) -> None:
    room.give(failed(room.ask()[0], "gone", status=410))
    clock.advance(1)
    (second,) = refreshes(room.give(Wish()))
    check = room.envelope(stored(second, clock.now()))
    first = emits(room.scheduler.handle([check]))
    again = emits(room.scheduler.handle([check]))
    assert of_type(first, FailureClosed) == of_type(again, FailureClosed) != []


def test_a_deposed_scheduler_forgets_and_starts_anew_when_it_leads_again(
    sites: Path, store: MemoryStore, clock: SetClock
) -> None:
    old, new = Room(sites, store, clock), Room(sites, store, clock)
    (refresh,) = old.ask()
    new.tick()
    new.give(stored(refresh, clock.now(), etag='"new"'))
    late = old.envelope(failed(refresh))
    (outcome,) = old.scheduler.handle([late])
    assert isinstance(outcome, Unavailable)
    clock.advance(86_400)
    (second,) = old.ask()
    assert (second.turn, second.validators.etag) == (FIRST_TURN + 1, '"new"')


def test_a_store_that_fails_in_the_middle_of_a_save_costs_nothing(
    sites: Path, store: MemoryStore, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.scheduler.shards.FEEDS_A_SHARD", 4)
    write_site(sites, "more", [f"https://h{n}.example/feed" for n in range(20)])
    room = Room(sites, store, clock)
    store.fail_after = 3
    with pytest.raises(StoreUnavailable):
        room.tick()
    asked = room.ask()
    assert sorted(one.feed for one in asked) == sorted({one.feed for one in asked})
    assert len(asked) == 21
    assert {one.turn for one in asked} == {FIRST_TURN}


def test_a_ledger_that_cannot_be_read_is_left_as_it_is(room: Room, store: MemoryStore) -> None:
    store.swap("ledger/03.json", b'{"schema_version": 99}', etag=None, write_id="x")
    (outcome,) = room.scheduler.handle([room.envelope(Tick(at=room.clock.now()))])
    assert isinstance(outcome, Unavailable)
    assert "ledger/03.json" in outcome.reason
    assert "version 99" in outcome.reason
    assert list(store.objects) == ["ledger/03.json"]


def test_a_check_of_a_later_turn_tells_a_leader_that_another_has_led_meanwhile(
    sites: Path, store: MemoryStore, clock: SetClock
) -> None:
    old, new = Room(sites, store, clock), Room(sites, store, clock)
    (first,) = old.ask()
    new.tick()
    new.give(stored(first, clock.now()))
    clock.advance(1)
    (second,) = refreshes(new.give(Wish()))
    old.give(stored(second, clock.now(), etag='"new"'))
    clock.advance(86_400)
    assert old.ask()[0].validators.etag == '"new"'


def test_after_a_silence_a_leader_looks_whether_another_has_led_meanwhile(
    sites: Path, store: MemoryStore, clock: SetClock
) -> None:
    old, new = Room(sites, store, clock), Room(sites, store, clock)
    (first,) = old.ask()
    new.tick()
    new.give(stored(first, clock.now()))
    clock.advance(6)
    old.tick()
    assert old.memory(first.feed).state == "idle"


def test_a_feed_that_comes_back_after_its_memory_is_gone_goes_on_above_its_old_turns(
    sites: Path, store: MemoryStore, clock: SetClock
) -> None:
    (first,) = Room(sites, store, clock).ask()
    clock.advance(86_400)
    (later,) = Room(sites, MemoryStore(), clock).ask()
    assert later.turn > first.turn


# --- wishes -----------------------------------------------------------------------------------------


def test_a_wish_is_asked_at_once_and_keeps_its_trace(room: Room, clock: SetClock) -> None:
    room.give(stored(room.ask()[0], clock.now()))
    clock.advance(2)
    sent = emits(room.scheduler.handle([room.envelope(Wish(feed=keys.feed_id(ONE))).model_copy(update={"trace": "t"})]))
    (emit,) = [one for one in sent if isinstance(one.payload, FeedRefresh)]
    assert (emit.payload.turn, emit.payload.reason, emit.trace) == (FIRST_TURN + 1, "wish", "t")


def test_a_wish_respects_the_spacing_of_its_host(room: Room, clock: SetClock) -> None:
    room.give(stored(room.ask()[0], clock.now()))
    assert refreshes(room.give(Wish())) == []
    clock.advance(1)
    assert [one.reason for one in room.ask()] == ["wish"]


def test_a_wish_for_what_is_under_way_or_unknown_changes_nothing(room: Room, clock: SetClock) -> None:
    room.ask()
    assert refreshes(room.give(Wish(), Wish(feed="nobody"), Wish(site="nobody"))) == []
    clock.advance(2)
    assert room.ask() == []


def test_a_wish_for_a_site_asks_its_feeds_and_no_others(sites: Path, store: MemoryStore, clock: SetClock) -> None:
    write_site(sites, "more", [TWO])
    room = Room(sites, store, clock)
    room.give(*(stored(one, clock.now()) for one in room.ask()))
    clock.advance(2)
    assert [one.url for one in refreshes(room.give(Wish(site="more")))] == [TWO]


def test_a_replay_says_that_it_is_one(room: Room, clock: SetClock) -> None:
    room.give(stored(room.ask()[0], clock.now()))
    clock.advance(2)
    assert [one.reason for one in refreshes(room.give(Wish(replay_of="failures/x")))] == ["replay"]
