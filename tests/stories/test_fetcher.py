"""The fetcher's story: what it asks, what it keeps, what it emits."""

from __future__ import annotations

import gzip
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pressroom.clock import SetClock
from pressroom.http.answer import FetchError, Headers, Response
from pressroom.objects.directory import DirectoryStore
from schemas.errors import ErrorKind
from schemas.messages import Check, FeedRefresh
from schemas.records import FeedRecord, Validators
from services.fetcher.filters import chosen
from services.fetcher.fitting import RECORD_BYTES_MAX, fitted
from services.fetcher.manners import Identity, RobotsRule
from services.fetcher.parse import parse
from services.fetcher.story import Fetcher
from services.fetcher.turns import Turns
from tests.fakes.records import NOON, entry, envelope

URL = "http://paper.example/feed"


def document(*titles: str, built: str = "") -> bytes:
    items = "".join(f"<item><title>{t}</title><link>http://paper.example/{t}</link></item>" for t in titles)
    head = f"<title>Paper</title><link>http://paper.example/</link><lastBuildDate>{built}</lastBuildDate>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()


class Site:
    """A source that answers as it is told and remembers how it was asked."""

    def __init__(self) -> None:
        self.answer: Response | FetchError = response(document("One"))
        self.robots = b""
        self.asked: list[tuple[str, dict[str, str]]] = []

    def get(self, url, headers):
        self.asked.append((url, dict(headers)))
        if url.endswith("/robots.txt"):
            return response(self.robots)
        if isinstance(self.answer, FetchError):
            raise self.answer
        return self.answer


def response(body: bytes, status: int = 200, **headers: str) -> Response:
    fields = {"Content-Type": "application/rss+xml", "ETag": '"1"'} | headers
    return Response(URL, status, Headers(fields), body, len(body), elapsed_s=0.1)


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


def refresh(**changes) -> FeedRefresh:
    return FeedRefresh(**({"feed": "f", "url": URL, "turn": 3, "feeds_served": 12} | changes))


def only(fetcher: Fetcher, wanted: FeedRefresh) -> FeedRecord | Check:
    (emit,) = fetcher.handle(envelope(wanted)).emits
    return emit.payload


def test_a_new_document_becomes_a_record_of_its_turn_and_is_kept_as_it_came(fetcher, site):
    record = only(fetcher, refresh())
    assert isinstance(record, FeedRecord)
    assert (record.turn, [one.title for one in record.entries]) == (3, ["One"])
    assert record.fetch.validators == Validators(etag='"1"')
    assert gzip.decompress(fetcher.store.get(record.raw).body) == document("One")


def test_the_question_names_us_how_many_feeds_we_serve_and_what_we_have(fetcher, site):
    only(fetcher, refresh(validators=Validators(etag='W/"x-gzip"', last_modified="Sat, 4 May 2024 9:00:00 GMT")))
    (_, headers) = site.asked[0]
    assert headers["User-Agent"] == "Pressroom/1.0 (+http://us.example/crawler; 12 feeds)"
    assert headers["If-None-Match"] == 'W/"x-gzip"'
    assert headers["If-Modified-Since"] == "Sat, 4 May 2024 9:00:00 GMT"


def test_a_304_is_unchanged(fetcher, site):
    site.answer = response(b"", 304)
    assert only(fetcher, refresh(validators=Validators(etag='"1"'))).result == "unchanged"
    assert only(fetcher, refresh()).trouble.status == 304


def test_the_same_bytes_are_unchanged_without_being_read(fetcher, site):
    first = only(fetcher, refresh())
    unread = Fetcher(site.get, pytest.fail, fetcher.store, fetcher.clock, 0, fetcher.identity)
    assert only(unread, refresh(content_hash=first.fetch.content_hash)).result == "unchanged"


def test_other_bytes_with_the_same_entries_are_unchanged_and_bring_the_new_validators(fetcher, site):
    first = only(fetcher, refresh())
    site.answer = response(document("One", built="Sat, 4 May 2024 9:00:00 GMT"), ETag='"2"')
    check = only(fetcher, refresh(content_hash=first.fetch.content_hash, digest=first.fetch.digest))
    assert (check.result, check.fetch.validators.etag) == ("unchanged", '"2"')


@pytest.mark.parametrize(
    ("answer", "kind", "status"),
    [
        (FetchError(ErrorKind.DNS, "no such name", URL), "dns", None),
        (response(b"gone", 410), "gone", 410),
        (response(b"no", 404), "http_status", 404),
        (response(b"<html><body>Hello</body></html>", **{"Content-Type": "text/html"}), "not_a_feed", 200),
        (response(b"  "), "empty_body", 200),
        (response(b"{", **{"Content-Type": "application/feed+json"}), "bad_json", 200),
    ],
    ids=["dns", "gone", "404", "page", "empty", "json"],
)
def test_trouble_at_the_source_is_a_check_and_not_a_failed_message(fetcher, site, answer, kind, status):
    site.answer = answer
    check = only(fetcher, refresh())
    assert (check.result, check.trouble.kind, check.trouble.status) == ("failed", kind, status)


def test_what_a_page_began_with_is_kept_for_the_operator(fetcher, site):
    site.answer = response(b"<html><body>Please log in</body></html>")
    assert "Please log in" in only(fetcher, refresh()).trouble.first_bytes


def test_a_cut_off_document_is_never_taken_for_unchanged(fetcher, site):
    site.answer = response(document("One", "Two")[:-60])
    first = only(fetcher, refresh())
    assert not first.complete
    again = only(fetcher, refresh(digest=first.fetch.digest))
    assert isinstance(again, FeedRecord)


def test_answers_over_the_limit_are_not_kept(fetcher, site):
    site.answer = response(document(*(f"T{n}" for n in range(300))))
    record = only(fetcher, refresh())
    assert record.raw is None
    assert len(record.entries) == 100


def test_robots_txt_is_asked_once_a_host_and_what_it_forbids_is_not_fetched(fetcher, site):
    site.robots = b"User-agent: *\nDisallow: /feed\n"
    rule = RobotsRule(site.get, fetcher.clock, fetcher.identity.user_agent())
    polite = Fetcher(site.get, fetcher.parse, fetcher.store, fetcher.clock, 0, fetcher.identity, rule)
    assert only(polite, refresh()).trouble.kind == "robots"
    assert isinstance(only(polite, refresh(url="http://paper.example/other")), FeedRecord)
    assert [url for url, _ in site.asked] == ["http://paper.example/robots.txt", "http://paper.example/other"]


@pytest.mark.parametrize(
    ("include", "exclude", "left"),
    [
        ((), (), [1, 2, 3]),
        (("bridge",), (), [1, 3]),
        ((), ("advert",), [1, 3]),
        (("/brid(ge|le)/",), ("/^Old/",), [1]),
        (("bri",), (), []),
        (("Town",), (), [2]),
        (("/ADVERT|brücke/",), (), [2]),
    ],
)
def test_filters_take_words_and_patterns_over_title_summary_and_categories(include, exclude, left):
    entries = [
        entry(1, title="A Bridge opens"),
        entry(2, title="Advert: shoes", categories=("Town",)),
        entry(3, title="Old news", summary="the bridge again"),
    ]
    assert [int(one.id[3:]) for one in chosen(entries, include, exclude)] == left


@pytest.mark.parametrize(
    "pattern", [r"/(\w+\s?)+!/", "/(a|aa)+!/", "/(.*a){20}b/", "/x*x*x*x*x*x*y/", "/^(([a-z])+ ?)+[0-9]/"]
)
def test_no_pattern_holds_a_worker_whatever_a_feed_says(pattern):
    """Each of these takes an engine that tries every way longer than the universe."""
    words = entry(1, title="a" * 1000, summary="xa " * 600, categories=("a" * 200,) * 50)
    began_s = time.process_time()
    assert chosen([words] * 30, (), (pattern,))
    assert time.process_time() - began_s < 5


def test_a_record_too_large_to_travel_loses_its_longest_contents_and_no_headline():
    big = [entry(n, content_html="<p>" + "x" * (60_000 - n * 1000) + "</p>") for n in range(30)]
    kept = fitted(big)
    assert [one.title for one in kept] == [one.title for one in big]
    size = sum(len(one.model_dump_json(exclude_none=True)) for one in kept)
    assert RECORD_BYTES_MAX * 0.9 < size <= RECORD_BYTES_MAX
    assert kept[0].content_html is None
    assert kept[-1].content_html is not None


def test_a_record_that_fits_stays_as_it_is():
    small = [entry(n, content_html="<p>short</p>") for n in range(30)]
    assert list(fitted(small)) == small


# --- turns -------------------------------------------------------------------------------------------------


def test_documents_are_read_one_at_a_time():
    turns, inside, most = Turns(), [], []

    def read():
        with turns.mine():
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    with ThreadPoolExecutor(8) as pool:
        for _ in range(200):
            pool.submit(read)
    assert set(most) == {1}


def test_a_document_that_takes_long_holds_up_no_other(monkeypatch):
    monkeypatch.setattr("services.fetcher.turns.PATIENCE_S", 0.05)
    turns, reading, done = Turns(), threading.Event(), threading.Event()

    def read_for_long():
        with turns.mine():
            reading.set()
            done.wait(60)

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(read_for_long)
        reading.wait(60)
        for _ in range(3):
            with turns.mine():
                assert not slow.done()
        done.set()
