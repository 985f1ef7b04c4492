"""What becomes of a message: the judge's pure decisions."""

from __future__ import annotations

import base64
import json
import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressroom.clock import SetClock
from pressroom.consumer.judge import Bug, Judge, Verdict, text_of
from pressroom.consumer.rules import LoopRules, rules_for
from pressroom.outcomes import Defer, Done, Emit, Outcome, Reject, Retry
from pressroom.queues.topics import DEAD, FEED_REFRESH, RECORD_PUBLISH, SCHEDULE
from pressroom.sender import parcel_of
from schemas.base import Model
from schemas.codec import decode, encode
from schemas.envelope import BODY_BYTES_MAX, HOPS_MAX, LETTER_BYTES_MAX, Envelope, Hop
from schemas.messages import DeadLetter, Tick, Wish
from schemas.records import FeedRecord
from tests.fakes.records import entry, record
from tests.fakes.scripted_queue import ScriptedDelivery

NOW = SetClock().now()
RULES = LoopRules(attempts_max=3, bugs_max=2, backoff_first_s=1, backoff_max_s=60)


def judge(rules: LoopRules = RULES) -> Judge:
    return Judge("tester", rules, random.Random(1))


def delivery(payload: Model | None = None, *, topic: str = FEED_REFRESH, deliveries: int = 1, **changes: Any) -> Any:
    parcel = parcel_of(Emit(topic, "k", payload or Wish(reason="x"), id="m"), NOW, trace="t", hops=())
    fields = {**json.loads(parcel.body), **changes}
    return ScriptedDelivery(topic, "k", json.dumps(fields).encode(), deliveries)


def raw(body: bytes, topic: str = FEED_REFRESH) -> Any:
    return ScriptedDelivery(topic, "k", body)


def after(outcome: Any, rules: LoopRules = RULES, **changes: Any) -> Verdict:
    one = delivery(**changes)
    return judge(rules).after(one, decode(one.body), outcome, NOW)


def only(verdict: Verdict) -> Envelope[Any]:
    assert len(verdict.parcels) == 1
    return decode(verdict.parcels[0].body)


def letter(verdict: Verdict) -> DeadLetter:
    assert verdict.parcels[0].topic == DEAD
    payload: DeadLetter = only(verdict).payload
    return payload


# --- before the handler ------------------------------------------------------------------------------------


def test_a_message_for_now_goes_to_the_handler() -> None:
    envelope = judge().before(delivery(not_after=NOW.isoformat(), not_before=NOW.isoformat()), NOW)
    assert isinstance(envelope, Envelope)
    assert envelope.id == "m"


def test_a_message_that_came_too_late_is_over() -> None:
    assert judge().before(delivery(not_after=(NOW - timedelta(seconds=1)).isoformat()), NOW) == Verdict("expired")


def test_a_message_that_came_too_early_goes_back_as_it_is_until_its_time() -> None:
    due = NOW + timedelta(seconds=30)
    one = delivery(not_before=due.isoformat())
    verdict = judge().before(one, NOW)

    assert isinstance(verdict, Verdict)
    assert [(parcel.body, parcel.not_before) for parcel in verdict.parcels] == [(one.body, due)]


def test_a_message_of_a_newer_version_waits_for_the_upgrade_as_it_is() -> None:
    one = delivery(version=9)
    verdict = judge().before(one, NOW)

    assert isinstance(verdict, Verdict)
    assert (verdict.ending, verdict.parcels[0].body, verdict.bad) == ("too_new", one.body, False)
    assert timedelta(seconds=60) <= verdict.parcels[0].not_before - NOW <= timedelta(seconds=600)  # type: ignore[operator]


def test_a_message_of_a_new_type_waits_for_a_day_and_is_then_nobodys() -> None:
    one = delivery(type="tomorrow.news")
    first, last = (judge().before(one, NOW + timedelta(hours=hours)) for hours in (23, 25))

    assert isinstance(first, Verdict)
    assert isinstance(last, Verdict)
    assert (first.ending, first.parcels[0].body) == ("too_new", one.body)
    assert letter(last).kind == "undecodable"
    assert "knows no type 'tomorrow.news', and no upgrade has brought it since" in letter(last).reason


def test_a_tick_of_the_next_release_is_not_kept_for_it() -> None:
    verdict = judge(rules_for(SCHEDULE)).before(delivery(Tick(at=NOW), topic=SCHEDULE, version=2), NOW)

    assert isinstance(verdict, Verdict)
    assert (verdict.ending, verdict.parcels) == ("dropped", ())


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{}", b'{"type": "no.such", "version": 1}', b"[1, 2]"])
def test_what_cannot_be_read_is_dead_whole_and_always_the_same_letter(body: bytes) -> None:
    first, second = (judge().before(raw(body), NOW + timedelta(hours=hours)) for hours in (0, 1))

    assert isinstance(first, Verdict)
    assert isinstance(second, Verdict)
    assert letter(first).kind == "undecodable"
    assert only(first).id == only(second).id


def test_poison_is_dead_with_the_story_of_its_message() -> None:
    verdict = judge().before(delivery(deliveries=6, attempt=2), NOW)

    assert isinstance(verdict, Verdict)
    assert (letter(verdict).kind, letter(verdict).attempts, letter(verdict).deliveries) == ("poison", 3, 6)
    assert "5 processes died" in letter(verdict).reason
    assert isinstance(judge().before(delivery(deliveries=5), NOW), Envelope)


# --- after the handler -------------------------------------------------------------------------------------


def test_what_is_emitted_says_where_it_comes_from() -> None:
    until = NOW + timedelta(hours=1)
    emit = Emit(RECORD_PUBLISH, "feeds/a.json", Wish(reason="y"), not_before=NOW, not_after=until, expires_s=5)
    verdict = after(Done((emit,)), hops=[Hop(at=NOW, service="web", what="sent").model_dump(mode="json")])
    parcel, envelope = verdict.parcels[0], only(verdict)

    assert (parcel.topic, parcel.key, parcel.not_before, parcel.expires_s) == (RECORD_PUBLISH, "feeds/a.json", NOW, 5)
    assert (envelope.trace, envelope.attempt, envelope.not_after, envelope.occurred_at) == ("t", 0, until, NOW)
    assert [hop.service for hop in envelope.hops] == ["web", "tester"]
    assert envelope.id != "m"


def too_large(size: int) -> FeedRecord:
    """A record that makes a message of at least `size` bytes."""
    pages = [entry(number, content_html="x" * 65_000) for number in range(size // 65_000)]
    return record("a", 1, *pages, entry("last", content_html="x" * (size % 65_000)))


def test_an_emit_that_is_too_large_is_dead_and_not_tried_again() -> None:
    verdict = after(Done((Emit(RECORD_PUBLISH, "k", too_large(BODY_BYTES_MAX)),)))

    assert letter(verdict).kind == "too_large"


def test_a_retry_waits_longer_each_time_but_never_longer_than_the_limit() -> None:
    rules = LoopRules(attempts_max=None, backoff_first_s=1, backoff_max_s=60)
    one_judge = judge(rules)
    waits = []
    for attempt in range(12):
        one = delivery(attempt=attempt)
        verdict = one_judge.after(one, decode(one.body), Retry("again"), NOW)
        envelope = only(verdict)
        assert envelope.attempt == attempt + 1
        assert envelope.not_before == verdict.parcels[0].not_before
        waits.append((envelope.not_before - NOW).total_seconds())

    assert all(0 <= wait <= min(60, 2**attempt) for attempt, wait in enumerate(waits))
    assert max(waits) > 16
    assert len(set(waits)) == 12, "they are spread"


def test_a_retry_may_name_its_own_time() -> None:
    envelope = only(after(Retry("again", after_s=100)))
    assert 100 <= (envelope.not_before - NOW).total_seconds() <= 110


def test_a_deferred_message_spends_no_attempt() -> None:
    until = NOW + timedelta(hours=2)
    envelope = only(after(Defer(until, "the host pauses"), attempt=2))

    assert (envelope.id, envelope.attempt, envelope.not_before) == ("m", 2, until)


@pytest.mark.parametrize(
    ("outcome", "attempt", "ending"),
    [
        (Retry("x"), 1, "retry"),
        (Retry("x"), 2, "dead"),
        (Bug(ValueError("x")), 0, "bug"),
        (Bug(ValueError("x")), 1, "dead"),
        (Reject("conflict", "x"), 0, "dead"),
    ],
)
def test_attempts_are_counted_in_the_message(outcome: Any, attempt: int, ending: str) -> None:
    assert after(outcome, attempt=attempt).ending == ending


def test_a_bug_is_logged_with_its_trace_once(caplog: pytest.LogCaptureFixture) -> None:
    for attempt in (0, 1):
        after(Bug(ValueError("half a character: \ud800")), attempt=attempt)

    assert [bool(record.exc_info) for record in caplog.records if record.msg == "a handler failed"] == [True, False]


def test_a_retry_whose_way_has_become_too_long_still_goes() -> None:
    """Of a message at the limit of size, what it says is kept, and the middle of its way is not."""
    one = delivery(too_large(BODY_BYTES_MAX - 20_000))
    hops = (Hop(at=NOW, service="first", what="sent"), *[Hop(at=NOW, service="s", what="w" * 900)] * (HOPS_MAX - 1))
    envelope = decode(one.body).model_copy(update={"hops": hops})
    again = only(judge().after(one, envelope, Retry("r"), NOW))

    assert (again.attempt, again.payload) == (1, envelope.payload)
    assert [hop.service for hop in again.hops] == ["first"]


def test_a_retry_that_does_not_fit_any_more_is_dead_and_not_for_ever_under_way() -> None:
    one = delivery()
    last = encode_to(BODY_BYTES_MAX)
    assert letter(judge().after(one, last, Retry("r"), NOW)).kind == "too_large"


def encode_to(size: int) -> Envelope[Any]:
    """A message of exactly that many bytes."""
    envelope = decode(delivery(too_large(size - 5_000)).body)
    missing = size - len(encode(envelope))
    source = envelope.payload.source.model_copy(update={"title": "t" * (missing + len("Paper"))})
    exact = envelope.model_copy(update={"payload": envelope.payload.model_copy(update={"source": source})})
    assert len(encode(exact)) == size
    return exact


# --- topics of their own rules -----------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [Retry("x"), Reject("conflict", "x"), Bug(ValueError("x"))])
def test_the_consumer_of_the_dead_gives_nothing_up(outcome: Any) -> None:
    verdict = after(outcome, rules_for(DEAD), topic=DEAD, attempt=1_000)
    assert [(parcel.topic, only(verdict).attempt) for parcel in verdict.parcels] == [(DEAD, 1_001)]


def test_a_letter_that_cannot_be_read_is_kept_as_it_is() -> None:
    verdict = judge(rules_for(DEAD)).before(raw(b"\xff", DEAD), NOW)

    assert isinstance(verdict, Verdict)
    assert [(parcel.topic, parcel.body) for parcel in verdict.parcels] == [(DEAD, b"\xff")]
    assert verdict.parcels[0].not_before is not None


@pytest.mark.parametrize("outcome", [Retry("x"), Reject("conflict", "x"), Bug(ValueError("x"))])
def test_a_tick_is_not_worth_a_second_try(outcome: Any) -> None:
    verdict = after(outcome, rules_for(SCHEDULE), payload=Tick(at=NOW), topic=SCHEDULE)
    assert verdict.parcels == ()


def test_a_check_is_retried_for_ever_and_dies_of_bugs_only() -> None:
    rules = rules_for(SCHEDULE)
    assert after(Retry("x"), rules, topic=SCHEDULE, attempt=1_000).ending == "retry"
    assert after(Bug(ValueError("x")), rules, topic=SCHEDULE, attempt=10).ending == "dead"


def test_a_lane_has_the_rules_of_its_topic() -> None:
    assert rules_for("feed.refresh@north") == rules_for("feed.refresh")


# --- dead letters ------------------------------------------------------------------------------------------


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))))
def test_a_letter_holds_every_message_whole(body: bytes) -> None:
    text, is_base64 = text_of(body)
    assert (base64.b64decode(text) if is_base64 else text.encode()) == body


@pytest.mark.parametrize("body", [b"\x00" * BODY_BYTES_MAX, b"\xff" * BODY_BYTES_MAX, b'"' * BODY_BYTES_MAX])
def test_the_largest_message_fits_into_a_letter(body: bytes) -> None:
    verdict = judge().before(raw(body), NOW)

    assert isinstance(verdict, Verdict)
    assert letter(verdict).kind == "undecodable"
    assert len(verdict.parcels[0].body) <= LETTER_BYTES_MAX


def test_a_letter_is_cut_where_it_must_be_and_nowhere_else() -> None:
    verdict = after(Reject("k" * 300, "r" * 6_000))
    assert (len(letter(verdict).kind), len(letter(verdict).reason)) == (200, 5_000)


def test_outcomes_are_all_known_to_the_judge() -> None:
    """A new kind of outcome must get its verdict here before a handler may end with it."""
    known: tuple[Outcome, ...] = (Done(), Retry("x"), Defer(NOW, "x"), Reject("x", "x"))
    assert [after(outcome).ending for outcome in known] == ["done", "retry", "defer", "dead"]
