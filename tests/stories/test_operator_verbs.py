"""The operator's verbs on failures: found by pages, understood, looked at ahead."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pressroom.desk.office import NotFound, Refused
from schemas import keys
from schemas.codec import encode
from schemas.documents import Document, Failure, Head
from schemas.messages import Rollback, Trouble, WeatherRequest
from schemas.operating import Preview, PreviewWish, WeatherPreviewRequest
from schemas.weather import WeatherRecord
from tests.fakes.desk import FakeNewsroom, answering, failure
from tests.fakes.records import NOON, entry, envelope, minutes, record

DAY = timedelta(days=1)


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
