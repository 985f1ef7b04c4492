"""Pages as they go over the wire: made once, compressed once, answered by a look-up."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

from services.web.encodings import IDENTITY, accepted, pack

Headers = list[tuple[str, str]]
Answer = tuple[str, Headers, list[bytes]]
"""Status, headers, and the body as one chunk or none. A list: servers send what has a known end without asking on."""

_NOTHING: Final[list[bytes]] = []

EDGE: Final[Headers] = [
    ("Cache-Control", "public, max-age=0, s-maxage=30"),
    ("CDN-Cache-Control", "public, max-age=30, stale-while-revalidate=3600, stale-if-error=3600"),
]
"""Browsers revalidate each time (a 304 is cheap); the edge keeps a page 30 s and may serve it stale for an hour.

The second header (RFC 9213) is for edges only: browsers would take stale-while-revalidate at its word too.
"""

PRIVATE: Final[Headers] = [("Cache-Control", "private, no-cache")]
"""For pages that a cookie chose."""

_IN_304: Final = frozenset({"ETag", "Cache-Control", "CDN-Cache-Control", "Vary"})
"""RFC 9110 section 15.4.5: the client has all the rest."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One coding of a page, with the headers of both answers ready."""

    body: bytes
    etag: str
    full: Headers
    not_modified: Headers
    chunks: list[bytes]


@dataclass(frozen=True, slots=True)
class Page:
    """A page in every coding. `digest` names its content, whatever the coding."""

    digest: str
    modified: datetime
    variants: Mapping[str, Variant]
    size_bytes: int


def make(
    body: bytes,
    modified: datetime,
    *,
    content_type: str = "text/html; charset=utf-8",
    caching: Headers = EDGE,
    vary: str = "Accept-Encoding, Cookie",
    packed_already: bool = False,
    extra: Headers | None = None,
) -> Page:
    """Each coding has its own strong ETag (RFC 9110 section 8.8.3.3): the content's digest and the coding's name."""
    digest = hashlib.sha256(content_type.encode() + b"\0" + body).hexdigest()[:24]
    common: Headers = [
        ("Content-Type", content_type),
        *caching,
        ("Vary", vary),
        ("Last-Modified", http_date(modified)),
        *(extra or []),
    ]
    packed = {IDENTITY: body} if packed_already else pack(body)
    variants = {coding: _variant(coding, data, digest, common) for coding, data in packed.items()}
    return Page(digest, modified, variants, sum(map(len, packed.values())))


def _variant(coding: str, data: bytes, digest: str, common: Headers) -> Variant:
    etag = f'"{digest}"' if coding == IDENTITY else f'"{digest}-{coding}"'
    full = [*common, ("ETag", etag), ("Content-Length", str(len(data)))]
    if coding != IDENTITY:
        full.append(("Content-Encoding", coding))
    return Variant(data, etag, full, [header for header in full if header[0] in _IN_304], [data] if data else _NOTHING)


def http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def answer(page: Page, method: str, accept_encoding: str, if_none_match: str, if_modified_since: str) -> Answer:
    """The best coding the client takes; 304 when it has the page (RFC 9110 section 13.2.2: ETags go before dates)."""
    variant = _choose(page, accept_encoding)
    if if_none_match:
        known = if_none_match == variant.etag or _matches(if_none_match, page.digest)
    else:
        known = bool(if_modified_since) and _unmodified(page.modified, if_modified_since)
    if known:
        return "304 Not Modified", variant.not_modified, _NOTHING
    return "200 OK", variant.full, _NOTHING if method == "HEAD" else variant.chunks


def _choose(page: Page, accept_encoding: str) -> Variant:
    for coding in accepted(accept_encoding):
        variant = page.variants.get(coding)
        if variant is not None:
            return variant
    raise AssertionError("every page has its identity")


def _matches(if_none_match: str, digest: str) -> bool:
    """Weak comparison; any coding of the same content will do, since only content decides whether to send it anew."""
    if if_none_match.strip() == "*":
        return True
    tags = (tag.strip().removeprefix("W/").strip('"') for tag in if_none_match.split(","))
    return any(tag.partition("-")[0] == digest for tag in tags)


def _unmodified(modified: datetime, header: str) -> bool:
    try:
        since = parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return False
    return since.tzinfo is not None and modified.replace(microsecond=0) <= since


class PageTable:
    """path → page, for readers without cookies. Reading takes no lock: a dictionary look-up is atomic.

    A page made on demand belongs to a generation of its site: when the site has moved on meanwhile, it is not kept.
    """

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}
        self._sites: dict[str, set[str]] = {}
        self._generations: dict[str, int] = {}
        self._only: frozenset[str] | None = None
        self._lock = threading.Lock()

    def get(self, path: str) -> Page | None:
        return self._pages.get(path)

    def generation(self, site: str) -> int:
        with self._lock:
            return self._generations.get(site, 0)

    def turn(self, site: str, pages: Mapping[str, Page]) -> None:
        """The site has new content: these are its pages now, whatever else it had is made anew when asked for.

        A page whose content stayed the same stays the same page, so that its date does too.
        """
        with self._lock:
            if self._only is None or site in self._only:
                self._turn(site, pages)

    def only(self, sites: Iterable[str]) -> None:
        """There are no other sites: what was kept of another is no page any more."""
        with self._lock:
            self._only = frozenset(sites)
            for site in self._sites.keys() - self._only:
                self._turn(site, {})

    def _turn(self, site: str, pages: Mapping[str, Page]) -> None:
        self._generations[site] = self._generations.get(site, 0) + 1
        fresh = {path: self._same_or(path, page) for path, page in pages.items()}
        for path in self._sites.get(site, set()) - fresh.keys():
            self._pages.pop(path, None)
        for others in self._sites.values():
            # The first site has the page at "/", and another one may be the first now.
            others.difference_update(fresh)
        self._pages.update(fresh)
        self._sites[site] = set(fresh)

    def keep(self, site: str, path: str, page: Page, generation: int) -> None:
        """A page made on demand. `path` must come from a finite set: the table has no other bound."""
        with self._lock:
            if self._generations.get(site, 0) == generation:
                self._pages[path] = self._same_or(path, page)
                self._sites.setdefault(site, set()).add(path)

    def _same_or(self, path: str, page: Page) -> Page:
        old = self._pages.get(path)
        return old if old is not None and old.digest == page.digest else page
