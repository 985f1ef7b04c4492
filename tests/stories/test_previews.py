"""Looks ahead: the source is asked as politely as ever, what was found is written down, nothing is published."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pressroom.clock import SetClock
from pressroom.http.answer import FetchError
from pressroom.objects.directory import DirectoryStore
from pressroom.outcomes import Defer, Done
from schemas import keys
from schemas.errors import ErrorKind
from schemas.messages import FeedRefresh, Pause, Rollback, Trouble
from schemas.operating import Preview, PreviewRequest, PreviewWish, WeatherPreviewRequest
from schemas.records import FeedRecord
from services.fetcher.manners import Identity, Pace, RobotsRule
from services.fetcher.parse import parse
from services.fetcher.previews import Previews
from services.fetcher.story import Fetcher
from services.publisher.failures import Failures
from services.publisher.keeping import Keeping
from services.publisher.shelf import Shelf
from services.publisher.story import Publisher
from services.weather.previews import WeatherPreviews
from tests.fakes.records import NOON, envelope, minutes
from tests.fakes.scheduling import MemoryStore, Room, of_type, write_site
from tests.fakes.weather_provider import WeatherProvider
from tests.stories.test_fetcher import URL, Site, document, response
from tests.stories.test_publisher import Notices
from tests.stories.test_weather_providers import UTRECHT, Desk


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def fetcher(site: Site, tmp_path: Path) -> Fetcher:
    return Fetcher(
        get=site.get,
        parse=lambda body, content_type, url: parse(body, content_type=content_type, url=url),
        store=DirectoryStore(tmp_path),
        clock=SetClock(NOON),
        raw_bytes_max=10_000,
        identity=Identity("1.0", "+http://us.example/crawler"),
    )


def asking(fetcher: Fetcher, spacing_s: float = 0.0) -> Previews:
    return Previews(fetcher, Pace(fetcher.clock, spacing_s), "2.0")


def request(run: str = "r1", **changes: Any) -> PreviewRequest:
    return PreviewRequest(**({"run": run, "feed": "f", "url": URL} | changes))


def seen(fetcher: Fetcher, run: str = "r1") -> Preview:
    found = fetcher.store.get(keys.preview(run, "f"))
    assert found is not None
    return Preview.model_validate_json(found.body)  # type: ignore[union-attr]


# --- the source -------------------------------------------------------------------------------------


def test_a_source_is_asked_without_validators_and_what_it_says_is_written_down_only(fetcher, site):
    assert asking(fetcher).handle(envelope(request(feeds_served=12))) == Done()
    ((url, fields),) = site.asked
    assert (url, "If-None-Match" in fields) == (URL, False)
    assert "12 feeds" in fields["User-Agent"]
    found = seen(fetcher)
    assert [entry.title for entry in found.document.entries] == ["One"]
    assert (found.subject, found.code_version, found.fetch.content_type) == ("f", "2.0", "application/rss+xml")
    assert list(fetcher.store.list("raw/", limit=9)) == []


def test_a_site_sees_its_filters_kept(fetcher, site):
    site.answer = response(document("One", "Two"))
    asking(fetcher).handle(envelope(request(exclude=("Two",))))
    assert [entry.title for entry in seen(fetcher).document.entries] == ["One"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (FetchError(ErrorKind.DNS, "no such name"), "dns"),
        (response(b"gone", 410), "gone"),
        (response(b" "), "empty_body"),
        (response(b"<html>a page</html>"), "not_a_feed"),
    ],
    ids=["dns", "gone", "empty", "page"],
)
def test_whatever_is_wrong_is_what_the_preview_says(fetcher, site, answer, kind):
    site.answer = answer
    assert asking(fetcher).handle(envelope(request())) == Done()
    assert seen(fetcher).trouble.kind == kind


def test_robots_and_pauses_hold_for_looks_ahead_too(fetcher, site):
    site.robots = b"User-agent: *\nDisallow: /"
    polite = replace(fetcher, robots=RobotsRule(site.get, fetcher.clock, Identity("1.0", "us").user_agent()))
    asking(polite).handle(envelope(request()))
    assert seen(fetcher).trouble.kind == "robots"
    asking(fetcher).handle(envelope(request("r2", wait_until=NOON + minutes(5))))
    assert "left alone until 2026-11-20 12:05" in seen(fetcher, "r2").trouble.message
    assert URL not in [url for url, _ in site.asked]


def test_looks_at_one_host_keep_its_spacing(fetcher):
    previews = asking(fetcher, spacing_s=5.0)
    assert previews.handle(envelope(request())) == Done()
    outcome = previews.handle(envelope(request("r2")))
    assert isinstance(outcome, Defer)
    assert (outcome.until - NOON).total_seconds() == 5


def test_a_look_that_comes_again_leaves_what_was_found_first(fetcher, site):
    asking(fetcher).handle(envelope(request()))
    site.answer = response(document("Two"))
    assert asking(fetcher).handle(envelope(request())) == Done()
    assert [entry.title for entry in seen(fetcher).document.entries] == ["One"]


# --- what was recorded ------------------------------------------------------------------------------


def publisher_of(fetcher: Fetcher) -> Publisher:
    shelf = Shelf(fetcher.store, Notices())  # type: ignore[arg-type]
    return Publisher(shelf, Failures(shelf, fetcher.clock, "1.0"), Keeping(fetcher.store, 3, 2), fetcher.clock)


@pytest.fixture
def published(fetcher: Fetcher) -> Publisher:
    """A feed that was fetched, published and recorded, by a parser that missed an entry."""
    parse = fetcher.parse

    def old(body: bytes, content_type: str | None, url: str) -> Any:
        found = parse(body, content_type, url)
        return replace(found, entries=found.entries[:1])

    (emit,) = replace(fetcher, parse=old).handle(envelope(FeedRefresh(feed="f", url=URL, turn=3))).emits
    publisher = publisher_of(fetcher)
    publisher.handle(envelope(emit.payload))
    return publisher


@pytest.fixture
def site_with_two(site: Site) -> Site:
    site.answer = response(document("One", "Two"))
    return site


def test_todays_parser_reads_what_was_recorded_and_the_site_is_not_asked(site_with_two, fetcher, published):
    asked = len(site_with_two.asked)
    assert asking(fetcher).handle(envelope(request(look="raw"))) == Done()
    assert [entry.title for entry in seen(fetcher).document.entries] == ["One", "Two"]
    assert len(site_with_two.asked) == asked


def test_what_changes_is_published_as_the_same_turn_after_its_revision_and_once(site_with_two, fetcher, published):
    previews = asking(fetcher)
    (emit,) = previews.handle(envelope(request(look="raw", publish=True))).emits
    record = emit.payload
    assert isinstance(record, FeedRecord)
    assert (record.turn, record.revision) == (3, 1)
    for _ in range(2):
        outcome = published.handle(envelope(record))
        assert outcome == Done(), "the scheduler has heard of this fetch"
    head = published._whole(keys.head("f"))
    assert [entry.title for entry in head.document.entries] == ["One", "Two"]
    assert (head.turn, head.revision, head.hold) == (3, 1, False)
    assert head.document.entries[0].first_seen == NOON
    assert previews.handle(envelope(request("r3", look="raw", publish=True))) == Done()


def test_a_held_head_stays_held_when_its_answer_is_read_again(site_with_two, fetcher, published):
    before = published._whole(keys.head("f"))
    published.handle(envelope(Rollback(feed="f", version=before.version, seen=(3, 0), by="me", why="hold it")))
    (emit,) = asking(fetcher).handle(envelope(request(look="raw", publish=True))).emits
    published.handle(envelope(emit.payload))
    head = published._whole(keys.head("f"))
    assert (head.hold, head.document, head.revision) == (True, before.document, 2)
    assert head.latest not in {None, before.version}


def test_a_newer_turn_that_came_meanwhile_wins(site_with_two, fetcher, published):
    (emit,) = asking(fetcher).handle(envelope(request(look="raw", publish=True))).emits
    site_with_two.answer = response(document("Three"))
    (newer,) = fetcher.handle(envelope(FeedRefresh(feed="f", url=URL, turn=4))).emits
    published.handle(envelope(newer.payload))
    published.handle(envelope(emit.payload))
    assert [entry.title for entry in published._whole(keys.head("f")).document.entries] == ["Three"]


def test_what_is_not_there_or_broken_is_said(site, fetcher, tmp_path):
    previews = asking(fetcher)
    previews.handle(envelope(request("none", look="raw")))
    assert seen(fetcher, "none").trouble.kind == "not_found"
    (emit,) = fetcher.handle(envelope(FeedRefresh(feed="f", url=URL, turn=3))).emits
    publisher_of(fetcher).handle(envelope(emit.payload))
    fetcher.store.delete(emit.payload.raw)
    previews.handle(envelope(request("gone", look="raw")))
    assert "was not recorded" in seen(fetcher, "gone").trouble.message
    fetcher.store.create(emit.payload.raw, gzip.compress(b"<html>"))
    previews.handle(envelope(request("page", look="raw")))
    assert seen(fetcher, "page").trouble.kind == "not_a_feed"
    head = fetcher.store.get(keys.head("f"))
    fetcher.store.swap(keys.head("f"), b"{}", etag=head.etag, write_id="slip")
    previews.handle(envelope(request("slip", look="raw")))
    assert seen(fetcher, "slip").trouble.kind == "broken_object"


# --- by way of the scheduler ------------------------------------------------------------------------


@pytest.fixture
def room(tmp_path: Path) -> Room:
    write_site(tmp_path, "news", [URL], 'lane = "slow"')
    room = Room(tmp_path, MemoryStore(), SetClock())
    room.tick()
    return room


def test_the_scheduler_adds_lane_address_and_pause_and_counts_no_turn(room):
    feed = keys.feed_id(URL)
    before = room.memory(feed)
    until = room.clock.now() + minutes(9)
    room.give(Pause(host="paper.example", until=until, by="me", why="rest"))
    sent = room.give(PreviewWish(run="r", feed=feed))
    (emit,) = [one for one in sent if isinstance(one.payload, PreviewRequest)]
    assert (emit.topic, emit.key) == ("feed.refresh@slow", "paper.example")
    assert (emit.payload.url, emit.payload.wait_until, emit.payload.feeds_served) == (URL, until, 1)
    assert emit.not_after is not None
    assert room.memory(feed).turn == before.turn


@pytest.mark.parametrize("url", [None, "", "http://[", "no address"])
def test_a_look_at_a_feed_that_nobody_knows_and_at_no_address_ends_there(room, url):
    assert of_type(room.give(PreviewWish(run="r", feed="f", url=url)), PreviewRequest) == []


def test_a_feed_that_no_site_names_any_more_is_asked_at_its_old_address(room):
    (asked,) = of_type(room.give(PreviewWish(run="r", feed="f", url="http://other.example/x")), PreviewRequest)
    assert asked.url == "http://other.example/x"


# --- weather ----------------------------------------------------------------------------------------


@pytest.fixture
def provider() -> Iterator[WeatherProvider]:
    with WeatherProvider(lambda: NOON) as provider:
        yield provider


@pytest.fixture
def desk(provider: WeatherProvider, tmp_path: Path) -> Desk:
    return Desk(provider, SetClock(NOON), tmp_path)


def weather_preview(desk: Desk, cell: str) -> Preview:
    previews = WeatherPreviews(desk.story, desk.store, desk.clock, "2.0")
    assert previews.handle(envelope(WeatherPreviewRequest(run="w", cell=cell))) == Done()
    found = desk.store.get(keys.preview("w", cell))
    return Preview.model_validate_json(found.body)  # type: ignore[union-attr]


def test_weather_is_asked_of_a_provider_and_published_nowhere(desk):
    found = weather_preview(desk, UTRECHT.id)
    assert (found.look, found.weather.cell, found.trouble) == ("provider", UTRECHT.id, None)
    assert desk.store.get(keys.weather(UTRECHT.id)) is None


def test_a_cell_that_is_none_is_said(desk):
    assert weather_preview(desk, "9999-9999").trouble == Trouble(
        kind="not_found", message="there is no cell '9999-9999'"
    )


def test_a_look_at_weather_is_counted_against_the_day(provider, tmp_path):
    spent = Desk(provider, SetClock(NOON), tmp_path, budget_day=0)
    assert "calls are spent" in weather_preview(spent, UTRECHT.id).trouble.message
