"""What the fetcher decides about an answer: pure functions over what came, no I/O, the time passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pressroom.http.answer import FetchError, Headers, Response
from pressroom.http.times import fresh_s, http_date, retry_after_s
from schemas.errors import ErrorKind
from schemas.messages import Trouble
from schemas.records import Hints, Validators

FIRST_CHARS = 300
TELLING = (
    "server",
    "content-type",
    "content-length",
    "content-encoding",
    "date",
    "location",
    "retry-after",
    "www-authenticate",
    "via",
    "x-cache",
    "cf-mitigated",
    "cf-ray",
)

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.5"
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A body to be read."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The source says that nothing is new."""


@dataclass(frozen=True, slots=True)
class Troubled:
    """No content came."""

    trouble: Trouble


Verdict = Fetched | Unchanged | Troubled


def conditional(validators: Validators) -> dict[str, str]:
    """Header fields that make a request conditional, the validators byte for byte as they came.

    An entity tag is opaque (RFC 9110 section 8.8.3): `W/` and `-gzip` belong to it.
    """
    fields = {"Accept": ACCEPT}
    if validators.etag is not None:
        fields["If-None-Match"] = validators.etag
    if validators.last_modified is not None:
        fields["If-Modified-Since"] = validators.last_modified
    return fields


def validators_of(headers: Headers) -> Validators:
    """What the next request can be made conditional with. One that is too long to be kept is not used, nor a change in
    the future: such a feed would be "unchanged" until then (FreshRSS/FreshRSS#1020; RFC 9110 section 8.8.2.1).
    """
    etag, modified = headers.get("ETag"), headers.get("Last-Modified")
    changed_at, sent_at = http_date(modified or ""), http_date(headers.get("Date", ""))
    if changed_at is not None and sent_at is not None and changed_at - sent_at > CLOCKS_APART:
        modified = None
    return Validators(
        etag=etag if etag and len(etag) <= 1000 else None,
        last_modified=modified if modified and len(modified) <= 200 else None,
    )


CLOCKS_APART: Final = timedelta(days=1)
"""More than zones and wrong clocks explain."""

GOOD: Final = frozenset({200, 203})
"""The feed itself, from the site or as a proxy has changed it (RFC 9110 section 15.3.4)."""


def judge(response: Response, now: datetime, asked_with: Validators) -> Verdict:
    """What an answer means, by its status first (the body of an error is never a feed).

    "Unchanged" since nothing at all is no answer: taken for one, the feed would never be seen.
    """
    if response.status == 304 and asked_with != Validators():
        return Unchanged()
    if response.status not in GOOD:
        return Troubled(_refused(response, now))
    if not response.body.strip():
        return Troubled(Trouble(kind=ErrorKind.EMPTY_BODY, message="the answer has no content", status=200))
    return Fetched()


def _refused(response: Response, now: datetime) -> Trouble:
    kind, message = _meaning(response.status)
    return Trouble(
        kind=kind,
        message=message,
        status=response.status,
        retry_after_s=retry_after_s(response.headers, now) if response.status in {429, 503} else None,
        first_bytes=first_chars(response.body) or None,
        headers=telling(response.headers),
    )


def telling(headers: Headers) -> dict[str, str] | None:
    """The fields that help to understand an answer that is no feed: who sent it, what, and what it asks of us."""
    found = {name: _printable(headers[name])[:1000] for name in TELLING if name in headers}
    return found or None


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _meaning(status: int) -> tuple[ErrorKind, str]:
    if status == 410:
        return ErrorKind.GONE, "the site says that the feed is gone for good (410)"
    if status == 429:
        return ErrorKind.RATE_LIMITED, "the site asks us to slow down (429)"
    if status == 304:
        return ErrorKind.HTTP_STATUS, "the site says that nothing has changed (304), though it was asked for all of it"
    return ErrorKind.HTTP_STATUS, f"the site answered with status {status}"


def trouble_of(error: FetchError) -> Trouble:
    """A fetch that gave no answer, as the check says it."""
    return Trouble(kind=error.kind, message=str(error.message)[:1000], status=error.status)


def hints_of(said: Hints, headers: Headers, now: datetime) -> Hints:
    """The document's hints with the answer's freshness beside them."""
    fresh = fresh_s(headers, now)
    return said if fresh is None else said.model_copy(update={"max_age_s": fresh})


def first_chars(body: bytes) -> str:
    """How a body begins, for people: no controls, bounded."""
    text = body[: FIRST_CHARS * 2].decode("utf-8", "replace")
    return _printable(text)[:FIRST_CHARS].strip()
