"""An article's own picture: asked for only when a setting wants it and the feed names none (og:image, ogp.me).

The wish travels on `feed.refresh` under the article's host, so that a host still sees one request of ours at a time.
"""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from pressroom.clock import Clock
from pressroom.http.answer import FetchError
from pressroom.outcomes import Defer, Done, Emit, Outcome
from pressroom.queues.topics import RECORD_PUBLISH
from schemas import keys
from schemas.envelope import Envelope
from schemas.messages import PageImage, PageImageWish
from services.fetcher.manners import Get, Identity, Pace

HEAD_BYTES_MAX = 131_072
"""How much of a page is looked at; the head of real pages ends well before."""
_NAMES = ("og:image:secure_url", "og:image", "og:image:url", "twitter:image")


class _Head(HTMLParser):
    """The meta elements of a page's head, and nothing behind it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, str] = {}
        self.is_over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self.is_over = True
        if tag != "meta" or self.is_over:
            return
        fields = dict(attrs)
        name = (fields.get("property") or fields.get("name") or "").strip().lower()
        content = (fields.get("content") or "").strip()
        if name in _NAMES and content:
            self.found.setdefault(name, content)


def image_of(page: bytes, url: str) -> str | None:
    """The picture that a page names as its own, absolute, http or https; None when there is none."""
    head = _Head()
    head.feed(page[:HEAD_BYTES_MAX].decode("utf-8", "replace"))
    for name in _NAMES:
        if name not in head.found:
            continue
        try:
            address = urljoin(url, head.found[name])
            parts = urlsplit(address)
        except ValueError:
            continue
        if parts.scheme in {"http", "https"} and parts.hostname and len(address) <= 2000:
            return address
    return None


class PageImages:
    """Handles the wishes. Whatever goes wrong, the entry simply stays without a picture."""

    def __init__(self, get: Get, identity: Identity, clock: Clock, pace: Pace) -> None:
        self._get = get
        self._identity = identity
        self._clock = clock
        self._pace = pace

    def handle(self, envelope: Envelope[PageImageWish]) -> Outcome:
        wish = envelope.payload
        wait_s = self._pace.wait_s(urlsplit(wish.link).netloc)
        if wait_s > 0:
            return Defer(self._clock.now() + timedelta(seconds=wait_s), "the host was asked a moment ago")
        try:
            response = self._get(wish.link, {"User-Agent": self._identity.user_agent(), "Accept": "text/html"})
        except FetchError:
            return Done()
        image = image_of(response.body, response.url) if response.status == 200 else None
        if image is None:
            return Done()
        found = PageImage(feed=wish.feed, entry=wish.entry, image=image)
        return Done((Emit(RECORD_PUBLISH, keys.head(wish.feed), found),))
