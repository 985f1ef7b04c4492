"""What the fetcher decides about an answer: pure functions over what came, no I/O, the time passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pressroom.http.answer import FetchError, Headers, Response
from schemas.errors import ErrorKind
from schemas.messages import Trouble
from schemas.records import Hints, Validators

RETRY_AFTER_MAX_S = 86_400.0
"""A source that asks us to come back in a year is asked again tomorrow."""
FRESHNESS_MAX_S = 86_400.0
FIRST_CHARS = 300

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
    """What the next request can be made conditional with. One that is too long to be kept is not used."""
    etag, modified = headers.get("ETag"), headers.get("Last-Modified")
    return Validators(
        etag=etag if etag and len(etag) <= 1000 else None,
        last_modified=modified if modified and len(modified) <= 200 else None,
    )


def judge(response: Response, now: datetime) -> Verdict:
    """What an answer means, by its status first (the body of an error is never a feed)."""
    if response.status == 304:
        return Unchanged()
    if response.status != 200:
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
    )


def _meaning(status: int) -> tuple[ErrorKind, str]:
    if status == 410:
        return ErrorKind.GONE, "the site says that the feed is gone for good (410)"
    if status == 429:
        return ErrorKind.RATE_LIMITED, "the site asks us to slow down (429)"
    return ErrorKind.HTTP_STATUS, f"the site answered with status {status}"


def trouble_of(error: FetchError) -> Trouble:
    """A fetch that gave no answer, as the check says it."""
    return Trouble(kind=error.kind, message=str(error.message)[:1000], status=error.status)


def retry_after_s(headers: Headers, now: datetime) -> float | None:
    """Seconds to wait as `Retry-After` says (RFC 9110 section 10.2.3: seconds or a date), within bounds.

    A date is held against the answer's own `Date`, so that the site's clock may be wrong.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        # A number of absurd length is only a wish to be left alone.
        return min(float(value[:9]), RETRY_AFTER_MAX_S)
    at = http_date(value)
    if at is None:
        return None
    waits = (at - (http_date(headers.get("Date", "")) or now)).total_seconds()
    return min(max(waits, 0.0), RETRY_AFTER_MAX_S)


def fresh_s(headers: Headers, now: datetime) -> float | None:
    """For how long the source calls its answer fresh (RFC 9111 section 5.2.2.1, else 5.3), within bounds."""
    for directive in headers.get("Cache-Control", "").lower().split(","):
        name, _, value = directive.strip().partition("=")
        if name in {"no-cache", "no-store"}:
            return None
        seconds = value.strip('"')
        if name == "max-age" and seconds.isascii() and seconds.isdigit():
            return min(float(seconds[:9]), FRESHNESS_MAX_S)
    expires = http_date(headers.get("Expires", ""))
    if expires is None:
        return None
    left = (expires - (http_date(headers.get("Date", "")) or now)).total_seconds()
    return min(left, FRESHNESS_MAX_S) if left > 0 else None


def hints_of(said: Hints, headers: Headers, now: datetime) -> Hints:
    """The document's hints with the answer's freshness beside them."""
    fresh = fresh_s(headers, now)
    return said if fresh is None else said.model_copy(update={"max_age_s": fresh})


def http_date(value: str) -> datetime | None:
    """An HTTP date in any of its forms (RFC 9110 section 5.6.7); None when it is none."""
    if not value or len(value) > 100:
        return None
    try:
        at = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def first_chars(body: bytes) -> str:
    """How a body begins, for people: no controls, bounded."""
    text = body[: FIRST_CHARS * 2].decode("utf-8", "replace")
    return "".join(char if char.isprintable() else " " for char in text)[:FIRST_CHARS].strip()
