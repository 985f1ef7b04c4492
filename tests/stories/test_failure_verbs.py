"""The operator's verbs on failures: found by pages, understood, looked at ahead, sent again in each host's pace."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pressroom.desk.office import NotFound, Refused
from schemas import keys
from schemas.codec import encode
from schemas.documents import Document, Failure, Head
from schemas.messages import FailureAct, Rollback, Trouble, WeatherRequest
from schemas.operating import Preview, PreviewWish, ReplaysStopped, WeatherPreviewRequest
from schemas.records import FeedRecord, Source
from schemas.weather import WeatherRecord
from tests.fakes.desk import FakeNewsroom, failure
from tests.fakes.records import NOON, entry, envelope, minutes, record

DAY = timedelta(days=1)
WHY = {"why": "the name is back"}


@pytest.fixture
def room(tmp_path: Path) -> FakeNewsroom:
    return FakeNewsroom(tmp_path)


def ids(lines: Any) -> list[str]:
    return [one.id for one in lines]


# --- finding ----------------------------------------------------------------------------------------


def pages(room: FakeNewsroom, limit: int, **wanted: Any) -> list[list[str]]:
    found, after = [], ""
    while after is not None:
        page = room.operator("failures", "list", limit=limit, after=after, **wanted)
        found.append(ids(page.failures))
        after = page.after
    return found


def test_pages_show_every_failure_once_the_latest_day_first(room):
    made = [failure(number, NOON - DAY * (number % 3)) for number in range(20)]
    room.failed(*made)
    found = pages(room, 7)
    assert [len(page) for page in found] == [7, 7, 6]
    assert [one for page in found for one in page] == sorted((one.id for one in made), reverse=True)


def test_a_page_reads_no_older_days_than_it_takes(room, monkeypatch):
    room.failed(*[failure(number, NOON - DAY * (number % 10)) for number in range(100)])
    read: list[str] = []
    get = room.store.get

    def counted(key: str, **more: Any) -> Any:
        read.append(key)
        return get(key, **more)

    monkeypatch.setattr(room.store, "get", counted)
    assert len(room.operator.failures(limit=9)) == 9
    assert {keys.day_of_summary(key) for key in read} == {NOON.date()}


def test_a_place_in_the_list_stays_where_it_is_when_failures_come_and_go(room):
    room.failed(*[failure(number, NOON + minutes(number)) for number in range(6)])
    first = room.operator("failures", "list", limit=3)
    room.failed(failure(9, NOON + minutes(9)))
    second = room.operator("failures", "list", limit=3, after=first.after)
    assert ids(second.failures) == [failure(number, NOON + minutes(number)).id for number in (2, 1, 0)]


@pytest.mark.parametrize("after", ["nonsense", "2026-13-40/x", "2026-11-20"])
def test_what_is_no_place_in_the_list_is_refused(room, after):
    with pytest.raises(Refused, match="no place in the list"):
        room.operator("failures", "list", after=after)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, {1, 2, 3, 4, 5, 6}),
        ({"topic": "weather.request"}, {2}),
        ({"kind": "http_status"}, {3}),
        ({"host": "other.example"}, {4}),
        ({"feed": "feed-5"}, {5}),
        ({"site": "linux"}, {6}),
        ({"attempts_min": 50}, {1}),
        ({"hours": 1}, {1, 2, 3}),
        ({"older_hours": 1}, {4, 5, 6}),
        ({"status": "dropped"}, {7}),
        ({"status": "any"}, {1, 2, 3, 4, 5, 6, 7}),
        ({"kind": "dns", "hours": 1}, {1, 2}),
    ],
    ids=str,
)
def test_filters_take_what_they_say(room, wanted, found):
    room.clock.advance(3600.0)
    old = NOON - DAY
    room.failed(
        failure(1, NOON + minutes(5), count=60),
        failure(2, NOON + minutes(5), topic="weather.request", feed=None),
        failure(3, NOON + minutes(5), kind="http_status"),
        failure(4, old, host="other.example"),
        failure(5, old),
        failure(6, old, sites=("linux",)),
        failure(7, old, status="dropped"),
    )
    assert {int(one.id[12:], 16) for one in room.operator.failures(**wanted)} == found


def test_causes_say_how_many_of_what_where_since_when(room):
    room.failed(*[failure(number, NOON - minutes(number)) for number in range(37)])
    room.failed(failure(40, kind="http_status"))
    first, second = room.operator("failures", "causes").causes
    assert first.cause == "37 × dns at news.example since 2026-11-20 11:24 UTC"
    assert (first.count, len(first.ids), second.kind) == (37, 37, "http_status")


def test_a_failure_is_named_by_its_id_its_key_or_a_beginning_that_is_its_own(room):
    one, other = failure(1, NOON - DAY * 40), failure(2)
    room.failed(one, other)
    for named in (one.id, keys.failure(one.opened_at.date(), one.id), one.id[:12]):
        assert room.operator.failure(named) == one
    with pytest.raises(NotFound, match="2 failures have an id that begins with '01'"):
        room.operator.failure("01")
    with pytest.raises(NotFound):
        room.operator.failure(f"{'0' * 31}1")


# --- looking ahead ----------------------------------------------------------------------------------


def head(*entries: Any, turn: int = 5, hold: bool = False) -> Head:
    made = record("feed-1", turn, *entries)
    document = Document(source=made.source, entries=made.entries)
    digest = made.fetch.digest or ""
    return Head(
        feed="feed-1", version=digest, turn=turn, fetch=made.fetch, changed_at=NOON, document=document, hold=hold
    )


def answering(*entries: Any, **changes: Any) -> Any:
    document = Document(source=Source(title="Paper", home="http://paper.example/"), entries=entries)
    return lambda subject: Preview(**({"subject": subject, "at": NOON, "document": document} | changes))


def ahead(room: FakeNewsroom, made: Failure) -> Any:
    return room.operator("failures", "preview", failure=made.id, wait_s=0).look


def test_a_look_ahead_asks_the_source_and_says_what_would_change(room):
    room.failed(failure(1))
    room.lay(keys.head("feed-1"), head(entry(1), entry(2, image="http://paper.example/own.png"), entry(3)))
    edited = entry(3, title="Headline 3, corrected")
    room.answer = answering(entry(4), entry(2), edited)
    look = ahead(room, failure(1))
    assert look.verdict == "changes"
    assert (look.difference.added, look.difference.removed) == (("Headline 4",), ("Headline 1",))
    (altered,) = look.difference.altered
    assert altered.fields == ("title: Headline 3 → Headline 3, corrected",)
    (wish,) = room.said(PreviewWish)
    assert (wish.feed, wish.url, wish.publish) == ("feed-1", "http://news.example/1", False)


def test_a_look_at_what_is_current_already_says_so(room):
    room.failed(failure(1))
    room.lay(keys.head("feed-1"), head(entry(1), hold=True))
    room.answer = answering(entry(1))
    look = ahead(room, failure(1))
    assert (look.verdict, look.difference.same) == ("same", True)
    assert "the feed is held" in look.says


def test_a_document_that_was_cut_off_takes_nothing_away(room):
    room.failed(failure(1))
    room.lay(keys.head("feed-1"), head(entry(1), entry(2)))
    room.answer = answering(entry(1), complete=False)
    assert ahead(room, failure(1)).verdict == "same"


def test_trouble_that_lasts_is_told_with_what_to_do(room):
    room.failed(failure(1))
    trouble = Trouble(kind="dns", message="no such name")
    room.answer = lambda subject: Preview(subject=subject, at=NOON, trouble=trouble)
    look = ahead(room, failure(1))
    assert (look.verdict, look.says) == ("trouble", "dns: no such name")
    assert "Check the spelling" in look.action


def test_a_look_that_nobody_answers_can_be_come_back_for(room):
    room.failed(failure(1))
    look = ahead(room, failure(1))
    assert look.verdict == "waiting"
    room.lay(keys.preview(look.run, "feed-1"), answering(entry(1))("feed-1"))
    again = room.operator("failures", "preview", failure=failure(1).id, wait_s=0, run=look.run).look
    assert again.verdict == "changes"
    assert len(room.said(PreviewWish)) == 1


def died(number: int, payload: Any, topic: str = "record.publish", **changes: Any) -> Failure:
    fields = {"source": "message", "topic": topic, "kind": "bug", "feed": None, "host": None}
    original = encode(envelope(payload)).decode()
    return failure(number, original=original, **(fields | changes))


@pytest.mark.parametrize(
    ("turn", "verdict"), [(6, "changes"), (5, "overtaken"), (4, "overtaken")], ids=["newer", "stored", "older"]
)
def test_a_record_that_died_is_held_against_what_is_current_without_asking_anybody(room, turn, verdict):
    made = died(1, record("feed-1", turn, entry(1), entry(2)))
    room.failed(made)
    room.lay(keys.head("feed-1"), head(entry(1)))
    assert ahead(room, made).verdict == verdict
    assert room.sent == []


def test_a_record_whose_head_is_broken_would_die_again(room):
    made = died(1, record("feed-1", 6, entry(1)))
    room.failed(made)
    room.store.swap(keys.head("feed-1"), b"{}", etag=None, write_id="slip")
    look = ahead(room, made)
    assert (look.verdict, look.trouble.kind) == ("trouble", "broken_object")


def weather(turn: int, celsius: float) -> WeatherRecord:
    return WeatherRecord.model_validate(
        {
            "cell": "0001-0002",
            "turn": turn,
            "latitude": 1.0,
            "longitude": 2.0,
            "timezone": "UTC",
            "utc_offset_s": 0,
            "fetched_at": NOON,
            "provider": "p",
            "attribution": "p",
            "now": {"at": NOON, "temperature_c": celsius},
        }
    )


def test_weather_is_looked_at_too_the_stored_and_the_providers(room):
    asked = WeatherRequest(cell="0001-0002", latitude=1, longitude=2)
    request, stored = died(1, asked, "weather.request", cell="0001-0002"), died(2, weather(4, 9.0))
    room.failed(request, stored)
    room.lay(keys.weather("0001-0002"), weather(3, 7.0))
    room.answer = lambda subject: Preview(subject=subject, look="provider", at=NOON, weather=weather(0, 8.0))
    for made, then in ((request, 8.0), (stored, 9.0)):
        (altered,) = ahead(room, made).difference.altered
        assert altered.fields == (f"temperature_c: 7.0 → {then}",)
    assert [one.cell for one in room.said(WeatherPreviewRequest)] == ["0001-0002"]


def test_what_cannot_be_told_beforehand_says_so_and_bytes_that_are_no_message_are_trouble(room):
    command = died(1, Rollback(feed="f", by="me", why="bad"))
    noise = failure(2, source="message", feed=None, original="/w==", original_base64=True)
    room.failed(command, noise)
    assert ahead(room, command).verdict == "blind"
    assert ahead(room, noise).trouble.kind == "undecodable"


# --- sending again ----------------------------------------------------------------------------------


def acts(room: FakeNewsroom) -> list[tuple[str, Any]]:
    return [(one.act, one.send_at) for one in room.said(FailureAct)]


def test_a_replay_looks_ahead_once_for_each_cause_and_sends_one_a_host_at_a_time(room):
    room.failed(*[failure(number) for number in range(3)], failure(3, host="other.example"))
    room.answer = answering(entry(1))
    answer = room.operator("failures", "replay", kind="dns", **WHY)
    assert [one.look.verdict for one in answer.looks] == ["changes", "changes"]
    assert len(room.said(PreviewWish)) == 2
    times = sorted((one.send_at - NOON).total_seconds() for one in answer.acts)
    assert times == [0, 0, 10, 20]
    assert all(one.sent for one in answer.acts)


def test_a_replay_goes_behind_those_that_wait_for_the_same_host(room):
    room.failed(failure(1, status="replaying"), failure(2, status="replaying"), failure(3))
    (one,) = room.operator("failures", "requeue", failures=[failure(3).id], **WHY).acts
    assert one.send_at == NOON + timedelta(seconds=20)


def test_what_would_fail_again_is_not_sent_and_a_requeue_sends_it_unseen(room):
    room.failed(failure(1), failure(2, host="other.example"))
    trouble = Trouble(kind="dns", message="no such name")
    room.answer = lambda subject: (
        answering(entry(1))(subject) if subject == "feed-2" else Preview(subject=subject, at=NOON, trouble=trouble)
    )
    answer = room.operator("failures", "replay", hours=1, **WHY)
    (held,) = [one for one in answer.acts if not one.sent]
    assert held.held == "not sent: dns: no such name"
    assert len(acts(room)) == 1
    room.operator("failures", "requeue", failures=[failure(1).id], **WHY)
    assert acts(room)[-1][0] == "requeue"
    assert len(room.said(PreviewWish)) == 2


def test_a_dry_run_shows_what_would_change_and_sends_nothing(room):
    room.failed(failure(1))
    room.answer = answering(entry(1))
    answer = room.operator("failures", "replay", failures=[failure(1).id], dry_run=True, **WHY)
    assert answer.looks[0].look.difference.added == ("Headline 1",)
    assert [one.sent for one in answer.acts] == [False]
    assert acts(room) == []


def test_what_a_preview_has_shown_is_not_looked_at_again(room):
    room.failed(failure(1))
    room.answer = answering(entry(1))
    run = ahead(room, failure(1)).run
    room.operator("failures", "replay", failures=[failure(1).id], run=run, **WHY)
    assert len(room.said(PreviewWish)) == 1
    assert len(acts(room)) == 1


def test_all_of_a_cause_are_meant_when_one_of_them_is_named(room):
    room.failed(*[failure(number) for number in range(5)], failure(7, kind="tls"), failure(8, status="dropped"))
    answer = room.operator("failures", "drop", failures=[failure(2).id], all_of_cause=True, **WHY)
    assert {int(one.key[-20:-5], 16) for one in answer.acts} == set(range(5))
    assert {one.act for one in room.said(FailureAct)} == {"drop"}


def test_more_than_the_limit_is_left_and_said(room):
    room.failed(*[failure(number) for number in range(5)])
    answer = room.operator("failures", "drop", host="news.example", limit=2, **WHY)
    assert (len(answer.acts), answer.left) == (2, 3)


def test_a_selection_that_names_nothing_is_refused(room):
    with pytest.raises(Refused, match="name failures, or give a filter"):
        room.operator("failures", "drop", **WHY)


def test_replays_under_way_are_bounded(room, monkeypatch):
    monkeypatch.setattr("pressroom.desk.failures_again.REPLAYING_MAX", 3)
    room.failed(failure(1, status="replaying"), failure(2, status="replaying"), failure(3), failure(4))
    with pytest.raises(Refused, match="2 replays are under way, and 3 may be"):
        room.operator("failures", "requeue", kind="dns", **WHY)


def test_too_many_causes_at_once_are_refused_before_anybody_is_asked(room):
    room.failed(*[failure(number, host=f"h{number}.example") for number in range(21)])
    with pytest.raises(Refused, match="21 causes"):
        room.operator("failures", "replay", kind="dns", **WHY)
    assert room.sent == []


@pytest.mark.parametrize("status", ["replayed", "dropped", "closed"])
def test_what_is_not_open_is_not_sent_and_said_to_be_so(room, status):
    room.failed(failure(1, status=status))
    (one,) = room.operator("failures", "replay", failures=[failure(1).id], **WHY).acts
    assert (one.sent, one.held) == (False, f"nothing to replay: it is {status}")
    assert acts(room) == []


def test_a_stop_marks_the_store_and_tells_every_failure_that_waits(room):
    room.failed(failure(1, status="replaying"), failure(2), failure(3, status="replaying"))
    room.operator("failures", "stop", **WHY)
    assert [one.at for one in room.said(ReplaysStopped)] == [NOON]
    assert acts(room) == [("stop", None), ("stop", None)]
    assert {one.payload.key for one in room.sent if isinstance(one.payload, FailureAct)} == {
        keys.failure(NOON.date(), failure(number).id) for number in (1, 3)
    }


def test_a_record_knows_the_host_it_came_from():
    from services.publisher.failure_documents import given_up  # noqa: PLC0415
    from tests.stories.test_failure_replays import letter  # noqa: PLC0415

    made: FeedRecord = record("f", 7, entry(1))
    found = given_up(None, letter(made, "record.publish"), envelope(made), "letter", "1")
    assert found is not None
    assert found.host == "paper.example"


def test_a_day_that_did_not_change_is_read_once_by_a_process_and_one_that_did_is_read_again(room, monkeypatch):
    room.failed(*[failure(number) for number in range(40)])
    read: list[str] = []
    get = room.store.get
    monkeypatch.setattr(room.store, "get", lambda key, **more: read.append(key) or get(key, **more))
    assert len(room.operator.failures()) == 40
    assert len(room.operator.failures()) == 40
    assert len(read) == len(set(read))
    room.failed(failure(99))
    assert len(room.operator.failures()) == 41
