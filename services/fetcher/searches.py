"""Where a dead feed may go on: its home page names feeds (`<link rel=alternate>`, HTML section 4.6.7.1), each is asked.

One request a message, under the host that is asked, so that a host still sees one request of ours at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin, urlsplit

from pressroom.http.answer import FetchError, Response
from pressroom.http.urls import normalise_url
from pressroom.objects.port import Stored
from pressroom.outcomes import Defer, Done, Emit, Outcome
from pressroom.queues.topics import FEED_REFRESH, ONE_KEY, SCHEDULE, on_lane
from schemas import keys
from schemas.changes import FeedFound, FeedSearch
from schemas.codec import TooNew, Undecodable, read_document
from schemas.documents import Head
from schemas.envelope import Envelope
from schemas.records import Validators
from services.fetcher.manners import Pace
from services.fetcher.parse import ParseError
from services.fetcher.policy import GOOD
from services.fetcher.story import Fetcher

PAGE_BYTES_MAX: Final = 262_144
CANDIDATES_MAX: Final = 5
TYPES: Final = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"}
)


class Searches:
    """Handles `feed.search`. Always Done, or later; a search that finds nothing says nothing."""

    def __init__(self, fetcher: Fetcher, pace: Pace) -> None:
        self._fetcher = fetcher
        self._pace = pace

    def handle(self, envelope: Envelope[FeedSearch]) -> Outcome:
        search = envelope.payload
        if not search.pages and not search.candidates:
            return _further(envelope, pages=tuple(dict.fromkeys(self._home_pages(search))))
        url = (*search.candidates, *search.pages)[0]
        wait_s = self._pace.wait_s(urlsplit(url).netloc)
        if wait_s > 0:
            return Defer(self._fetcher.clock.now() + timedelta(seconds=wait_s), "the host was asked a moment ago")
        return self._candidate(envelope, url) if search.candidates else self._page(envelope, url)

    def _home_pages(self, search: FeedSearch) -> Iterator[str]:
        """What the feed last named as its home, then the front of its host."""
        found = self._fetcher.store.get(keys.head(search.feed))
        if isinstance(found, Stored):
            with suppress(TooNew, Undecodable):
                home = read_document(found.body, Head, search.feed).document.source.home
                if home and home != search.dead:
                    yield home
        parts = urlsplit(search.dead)
        yield f"{parts.scheme}://{parts.netloc}/"

    def _page(self, envelope: Envelope[FeedSearch], url: str) -> Outcome:
        search, answer = envelope.payload, self._ask(url, envelope.payload)
        named = feeds_named(answer.body, answer.url) if answer is not None else []
        wanted = tuple(one for one in named if one != search.dead)[:CANDIDATES_MAX]
        return _further(envelope, candidates=wanted, pages=search.pages[1:])

    def _candidate(self, envelope: Envelope[FeedSearch], url: str) -> Outcome:
        search, answer = envelope.payload, self._ask(url, envelope.payload)
        at = answer.permanent_url or url if answer is not None else url
        if answer is None or at == search.dead or not self._is_feed(answer):
            return _further(envelope, candidates=search.candidates[1:])
        return Done((Emit(SCHEDULE, ONE_KEY, FeedFound(feed=search.feed, dead=search.dead, url=at)),))

    def _ask(self, url: str, search: FeedSearch) -> Response | None:
        with suppress(FetchError):
            answer = self._fetcher.ask(url, Validators(), search.feeds_served)
            return answer if answer.status in GOOD else None
        return None

    def _is_feed(self, answer: Response) -> bool:
        try:
            parsed = self._fetcher.parse(answer.body, answer.headers.get("Content-Type"), answer.url)
        except ParseError:
            return False
        return bool(parsed.entries)


def feeds_named(page: bytes, url: str) -> list[str]:
    """The feeds that a page names as its own, absolute; those of comments last."""
    head = _Links()
    head.feed(page[:PAGE_BYTES_MAX].decode("utf-8", "replace"))
    found: dict[str, bool] = {}
    for href, title in head.found:
        try:
            address = normalise_url(urljoin(urljoin(url, head.base), href))
        except (FetchError, ValueError):
            continue
        found.setdefault(address, "comment" in f"{title} {href}".lower())
    return sorted(found, key=found.__getitem__)


class _Links(HTMLParser):
    """Feeds' addresses and titles, wherever on the page they stand."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.base = ""
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fields = {name: (value or "").strip() for name, value in reversed(attrs)}
        if tag == "base" and not self.base:
            self.base = fields.get("href", "")
        if tag != "link" or not fields.get("href"):
            return
        rels = fields.get("rel", "").lower().split()
        kind = fields.get("type", "").partition(";")[0].strip().lower()
        if "feed" in rels or ("alternate" in rels and "stylesheet" not in rels and kind in TYPES):
            self.found.append((fields["href"], fields.get("title", "")))


def _further(
    envelope: Envelope[FeedSearch], *, candidates: tuple[str, ...] = (), pages: tuple[str, ...] | None = None
) -> Done:
    """The next request, if there is one, as a message of its own."""
    search = envelope.payload
    rest = search.model_copy(update={"candidates": candidates, "pages": search.pages if pages is None else pages})
    url = next(iter((*rest.candidates, *rest.pages)), None)
    if url is None:
        return Done()
    topic = on_lane(FEED_REFRESH, search.lane)
    return Done((Emit(topic, urlsplit(url).netloc or "unknown", rest, not_after=envelope.not_after),))
