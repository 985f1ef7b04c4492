"""Pure decisions: how long until the next time, and what trouble leads to."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import REMEDIES, ErrorKind
from schemas.messages import Check, Trouble
from schemas.records import Fetch, Hints, Validators
from services.scheduler.memory import MOMENTS_MAX, FeedMemory
from services.scheduler.policy import Heard, Rules, begun, heard, newcomer
from services.scheduler.rhythm import Rhythm, gap_s, interval_s, jittered, merge_moments, skip_quiet
from services.scheduler.trouble import clockwork, host_pause_s, wait_s

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RHYTHM = Rhythm()
NO_HINTS = Hints()
OLD, NEW = "https://old.example/feed", "https://new.example/feed"


def every(gap: timedelta, count: int = MOMENTS_MAX, *, silence: timedelta | None = None) -> tuple[datetime, ...]:
    last = NOW - (gap if silence is None else silence)
    return tuple(last - gap * number for number in range(count))


def minutes(moments: tuple[datetime, ...], hints: Hints = NO_HINTS) -> float:
    return interval_s(moments, hints, NOW, RHYTHM) / 60


# --- the interval -----------------------------------------------------------------------------------


def test_the_more_often_a_feed_publishes_the_sooner_it_is_asked() -> None:
    found = [minutes(every(gap)) for gap in (10 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY)]
    assert found == sorted(found)
    assert found[0] == pytest.approx(15 / 0.9)
    assert 60 < found[3] < 120
    assert found[-1] < 24 * 60


def test_a_feed_that_falls_silent_slows_down() -> None:
    assert minutes(every(HOUR, silence=2 * DAY)) > 2 * minutes(every(HOUR))


def test_a_change_makes_the_next_check_come_sooner() -> None:
    quiet = every(DAY, silence=5 * DAY)
    assert minutes(merge_moments(quiet, [NOW - HOUR], NOW, 900)) < minutes(quiet)


@given(
    gaps=st.lists(st.integers(0, 400 * 86_400), min_size=1, max_size=MOMENTS_MAX),
    ttl=st.none() | st.floats(0, 1e7),
    age=st.none() | st.floats(0, 1e7),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_whatever_a_source_says_the_interval_stays_within_its_bounds(
    gaps: list[int], ttl: float | None, age: float | None, chance: float
) -> None:
    moments = tuple(sorted((NOW - timedelta(seconds=gap) for gap in gaps), reverse=True))
    seconds = jittered(interval_s(moments, Hints(ttl_s=ttl, max_age_s=age), NOW, RHYTHM), chance, RHYTHM)
    assert 900 - 1e-6 <= seconds <= 86_400 + 1e-6


def test_jitter_spreads_by_a_tenth_either_way() -> None:
    assert jittered(1000, 0.0, RHYTHM) == pytest.approx(900)
    assert jittered(1000, 0.5, RHYTHM) == pytest.approx(1000)
    assert jittered(1000, 0.999999, RHYTHM) == pytest.approx(1100, abs=1)


@pytest.mark.parametrize("hint", ["ttl_s", "max_age_s", "update_period_s"])
def test_a_hint_can_ask_for_patience_but_never_for_more_haste(hint: str) -> None:
    busy, quiet = every(10 * MINUTE), every(30 * DAY)
    assert minutes(busy, Hints(**{hint: 7200.0})) == pytest.approx(120)
    assert minutes(quiet, Hints(**{hint: 60.0})) == minutes(quiet)


def test_hours_and_days_to_skip_are_left_out() -> None:
    later = NOW + 2 * DAY
    assert skip_quiet(NOW, Hints(skip_hours=(12, 13)), later) == NOW + 2 * HOUR
    assert skip_quiet(NOW, Hints(skip_days=(2,)), later) == NOW + 12 * HOUR
    assert skip_quiet(NOW, Hints(skip_hours=(3,)), later) == NOW


def test_a_source_that_asks_to_be_skipped_always_is_asked_at_the_longest_interval() -> None:
    assert skip_quiet(NOW, Hints(skip_hours=tuple(range(24))), NOW + DAY) == NOW + DAY


def test_what_a_document_asked_for_still_holds_after_a_304() -> None:
    said = Hints(ttl_s=7200.0, update_period_s=3600.0, skip_hours=(3,), skip_days=(6,), max_age_s=60.0)
    memory = begun(newcomer("f", OLD, NOW), NOW, Rules())
    document = Fetch(at=NOW, url=OLD, final_url=OLD, hints=said)
    memory = heard(memory, check_of(memory, "stored", document), NOW, Rules(), 0.5).memory
    assert memory.hints == said
    header = Fetch(at=NOW, url=OLD, final_url=OLD, status=304, hints=Hints(max_age_s=120.0))
    memory = begun(memory, NOW, Rules())
    memory = heard(memory, check_of(memory, "unchanged", header), NOW, Rules(), 0.5).memory
    assert memory.hints == said.model_copy(update={"max_age_s": 120.0})
    memory = begun(memory, NOW, Rules())
    memory = heard(memory, check_of(memory, "stored", header), NOW, Rules(), 0.5).memory
    assert memory.hints == Hints(max_age_s=120.0)


def check_of(memory: FeedMemory, result: Literal["stored", "unchanged"], fetch: Fetch) -> Check:
    return Check(feed=memory.feed, turn=memory.turn, result=result, fetch=fetch)


# --- dates that mean nothing ------------------------------------------------------------------------


def test_dates_in_the_future_say_nothing_about_the_rhythm() -> None:
    future = [NOW + DAY * days for days in range(1, 20)]
    assert merge_moments((), [*future, NOW - DAY], NOW, 900) == (NOW - DAY,)
    assert merge_moments((), future, NOW, 900) == (NOW,)


def test_an_undated_feed_is_dated_by_when_it_was_seen_to_change() -> None:
    moments = merge_moments((), [], NOW - DAY, 900)
    moments = merge_moments(moments, [], NOW, 900)
    assert moments == (NOW, NOW - DAY)


def test_entries_published_together_are_one_moment() -> None:
    batch = [NOW - HOUR - timedelta(seconds=n) for n in range(40)]
    assert len(merge_moments((), batch, NOW, 900)) == 1


def test_dates_that_only_changed_are_no_publications() -> None:
    """Some sources stamp every entry with the present at each request: no new entries, so nothing was published."""
    memory = FeedMemory(feed="f", url=OLD, turn=1, state="under_way", next_at=NOW, moments=(NOW - 5 * DAY,))
    check = Check(feed="f", turn=1, result="stored", fetch=fetch(), new_entries=0, published=(NOW,) * 30)
    assert heard(memory, check, NOW, Rules(), 0.5).memory.moments == (NOW - 5 * DAY,)


@given(
    old=st.lists(st.integers(0, 10**8), max_size=MOMENTS_MAX),
    new=st.lists(st.integers(-(10**8), 10**8), max_size=60),
)
def test_moments_are_few_apart_and_latest_first(old: list[int], new: list[int]) -> None:
    before = merge_moments((), [NOW - timedelta(seconds=one) for one in old], NOW, 900)
    after = merge_moments(before, [NOW - timedelta(seconds=one) for one in new], NOW, 900)
    assert 1 <= len(after) <= MOMENTS_MAX
    assert all((left - right).total_seconds() >= 900 for left, right in itertools.pairwise(after))
    assert after[0] <= NOW
    assert gap_s(after, NOW) > 0


# --- trouble ----------------------------------------------------------------------------------------


def waits(kind: str, count: int, retry_after_s: float | None = None) -> list[float]:
    trouble = Trouble(kind=kind, message="x", retry_after_s=retry_after_s)
    return [wait_s(trouble, number, RHYTHM) / 60 for number in range(1, count + 1)]


def test_a_passing_trouble_backs_off_by_doubling_up_to_a_day() -> None:
    assert waits("timeout", 9) == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]


def test_a_thousand_failures_are_no_overflow() -> None:
    assert wait_s(Trouble(kind="dns", message="x"), 100_000, RHYTHM) == 86_400


def test_retry_after_is_kept_to_within_bounds_and_never_hurries() -> None:
    assert waits("rate_limited", 1, 1800) == [30]
    assert waits("rate_limited", 1, 10 * 86_400) == [1440]
    assert waits("rate_limited", 3, 1) == [15, 30, 60]


@pytest.mark.parametrize(
    ("kind", "status", "retry_after_s", "pause_s"),
    [
        ("rate_limited", 429, 120.0, 120),
        ("rate_limited", 429, None, 900),
        ("rate_limited", 429, 1e7, 86_400),
        ("http_status", 503, 120.0, 120),
        ("http_status", 503, None, None),
        ("http_status", 500, 120.0, None),
        ("timeout", None, None, None),
    ],
)
def test_a_host_is_paused_by_429_and_by_a_503_that_names_a_time(
    kind: str, status: int | None, retry_after_s: float | None, pause_s: float | None
) -> None:
    trouble = Trouble(kind=kind, message="x", status=status, retry_after_s=retry_after_s)
    assert host_pause_s(trouble, 900, RHYTHM) == pause_s


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_has_a_clockwork_and_a_remedy(kind: ErrorKind) -> None:
    clock = clockwork(kind)
    assert clock.first >= 1
    assert clock.opens_at == (None if kind is ErrorKind.LOST else 1 if REMEDIES[kind].permanent else 3)


def test_a_kind_of_a_newer_version_counts_as_passing() -> None:
    assert waits("quantum_flux", 2) == [15, 30]


def failing(memory: FeedMemory, kind: str, at: datetime) -> Heard:
    check = Check(feed=memory.feed, turn=memory.turn, result="failed", trouble=Trouble(kind=kind, message="x"))
    return heard(memory, check, at, Rules(), 0.0)


def test_kinds_that_alternate_back_off_together_and_open_a_failure_each() -> None:
    memory, at, told = newcomer("f", OLD, NOW), NOW, []
    for number in range(6):
        memory = begun(memory, at, Rules())
        result = failing(memory, "timeout" if number % 2 else "connect", at)
        memory, told = result.memory, [*told, *(one.kind for one in result.tell)]
        waited, at = memory.next_at - at, memory.next_at
    assert waited == timedelta(hours=8)
    assert told == ["connect", "timeout"]
    assert (memory.failures, len(memory.streaks)) == (6, 2)


def test_a_failure_is_brought_up_to_date_at_most_once_an_hour() -> None:
    rules = Rules(rhythm=Rhythm(interval_min_s=60, interval_max_s=60))
    memory, at, told = newcomer("f", OLD, NOW), NOW, []
    for _ in range(130):
        memory = begun(memory, at, rules)
        check = Check(feed="f", turn=memory.turn, result="failed", trouble=Trouble(kind="gone", message="x"))
        result = heard(memory, check, at, rules, 0.0)
        memory, told, at = result.memory, [*told, *(one.told for one in result.tell)], at + MINUTE
    assert told == [1, 61, 121]


# --- permanent redirects ----------------------------------------------------------------------------


def fetch(url: str = OLD, permanent_url: str | None = None) -> Fetch:
    return Fetch(at=NOW, url=url, final_url=permanent_url or url, permanent_url=permanent_url, status=200)


def redirected(days: list[float], permanent_urls: list[str | None], rules: Rules) -> list[Heard]:
    memory, results = newcomer("f", OLD, NOW), []
    for day, url in zip(days, permanent_urls, strict=True):
        at = NOW + DAY * day
        memory = begun(memory, at, rules)
        check = Check(feed="f", turn=memory.turn, result="unchanged", fetch=fetch(memory.address, url))
        results.append(heard(memory, check, at, rules, 0.5))
        memory = results[-1].memory
    return results


def test_a_permanent_redirect_is_proposed_once_it_held_for_five_checks_and_seven_days() -> None:
    results = redirected([0, 1, 2, 3, 4, 6.9, 7, 8], [NEW] * 8, Rules())
    assert [bool(one.tell) for one in results] == [False] * 6 + [True, False]
    assert results[6].tell[0].kind == "moved"
    assert NEW in results[6].tell[0].trouble.message
    assert results[-1].memory.address == OLD


def test_four_checks_are_too_few_however_long() -> None:
    assert not any(one.tell for one in redirected([0, 10, 20, 30], [NEW] * 4, Rules()))


def test_a_redirect_that_changes_or_stops_starts_anew() -> None:
    other = "https://third.example/"
    results = redirected([0, 2, 4, 6, 8, 9, 10, 11, 12], [NEW, NEW, NEW, other, NEW, NEW, NEW, None, NEW], Rules())
    assert not any(one.tell for one in results)


def test_a_proposal_is_withdrawn_when_the_redirect_stops() -> None:
    results = redirected([0, 2, 4, 6, 8, 9], [NEW] * 5 + [None], Rules())
    assert results[4].tell
    assert len(results[5].ended) == 1


def test_a_proposal_is_made_again_when_its_check_comes_again() -> None:
    memory = redirected([0, 2, 4, 6, 8], [NEW] * 5, Rules())[-1].memory
    check = Check(feed="f", turn=memory.turn, result="unchanged", fetch=fetch(OLD, NEW))
    assert [one.kind for one in heard(memory, check, NOW, Rules(), 0.5).tell] == ["moved"]


def test_with_the_setting_the_new_address_is_asked_from_then_on() -> None:
    results = redirected([0, 2, 4, 6, 8, 9], [NEW] * 5 + [None], Rules(follow_moved=True))
    assert [one.memory.address for one in results] == [OLD] * 4 + [NEW] * 2
    assert not any(one.tell for one in results)


def test_a_new_address_that_fails_three_times_is_left_again() -> None:
    rules = Rules(follow_moved=True)
    memory = redirected([0, 2, 4, 6, 8], [NEW] * 5, rules)[-1].memory
    for day in (9, 10, 11):
        assert memory.address == NEW
        memory = failing(begun(memory, NOW + DAY * day, rules), "dns", NOW + DAY * day).memory
    assert memory.address == OLD
    assert memory.next_at == NOW + DAY * 11


# --- what died and was sent again -------------------------------------------------------------------


def after(*results: Literal["stored", "unchanged", "failed", "lost"]) -> FeedMemory:
    """A feed whose turn ended in these words, one after the other."""
    memory = begun(newcomer("feed", OLD, NOW), NOW, Rules())
    fetch = Fetch(at=NOW, url=OLD, final_url=OLD, status=200, content_hash="a" * 64, digest="b" * 64)
    trouble = Trouble(kind=ErrorKind.TIMEOUT, message="late")
    for result in results:
        said = {"stored": {"fetch": fetch}, "unchanged": {"fetch": fetch}, "failed": {"trouble": trouble}}
        check = Check(feed="feed", turn=memory.turn, result=result, **said.get(result, {}))  # type: ignore[arg-type]
        memory = heard(memory, check, NOW, Rules(), 0.5).memory
    return memory


@pytest.mark.parametrize("first", ["lost", "failed"])
def test_a_record_that_is_stored_after_all_ends_the_trouble_and_brings_its_validators(
    first: Literal["lost", "failed"],
) -> None:
    memory = after(first, "stored")
    assert (memory.failures, memory.streaks, memory.ok_at) == (0, (), NOW)
    assert memory.content_hash == "a" * 64


def test_a_failure_that_was_told_is_closed_when_the_record_is_stored_after_all() -> None:
    memory = after("lost").model_copy(update={"failures": 3})
    told = memory.streaks[0].model_copy(update={"told": 3})
    memory = memory.model_copy(update={"streaks": (told,)})
    assert len(heard(memory, Check(feed="feed", turn=memory.turn, result="stored"), NOW, Rules(), 0.5).ended) == 1


def test_a_record_that_is_lost_after_it_was_stored_clears_the_validators_and_is_no_trouble() -> None:
    memory = after("stored", "lost")
    assert (memory.failures, memory.content_hash) == (0, None)


@pytest.mark.parametrize("late", ["unchanged", "failed"])
def test_a_word_that_comes_late_for_a_turn_that_has_ended_changes_nothing(late: Literal["unchanged", "failed"]) -> None:
    assert after("lost", late) == after("lost")


def test_a_source_that_says_unchanged_for_a_week_is_asked_for_all_of_it() -> None:
    known, rules = Validators(etag='"1"'), Rules()
    whole = Fetch(at=NOW, url=OLD, final_url=OLD, status=200, content_hash="a" * 64, digest="b" * 64, validators=known)
    memory = begun(newcomer("feed-1", OLD, NOW), NOW, rules)
    memory = heard(memory, check_of(memory, "stored", whole), NOW, rules, 0.5).memory
    at = NOW
    for _ in range(8):
        at += DAY
        memory = begun(memory, at, rules)
        assert memory.validators == known
        same = whole.model_copy(update={"at": at, "status": 304, "content_hash": None, "digest": None})
        memory = heard(memory, check_of(memory, "unchanged", same), at, rules, 0.5).memory
    at += HOUR
    asked = begun(memory, at, rules)
    assert (asked.validators, asked.content_hash) == (Validators(), whole.content_hash)
    again = heard(asked, check_of(asked, "unchanged", whole.model_copy(update={"at": at})), at, rules, 0.5).memory
    assert begun(again, at + 8 * DAY, rules).validators == known
