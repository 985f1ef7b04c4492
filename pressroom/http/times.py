"""What header fields say of time: dates, waits, freshness. Pure, bounded."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pressroom.http.answer import Headers

RETRY_AFTER_MAX_S = 86_400.0
"""A source that asks us to come back in a year is asked again tomorrow."""
FRESHNESS_MAX_S = 86_400.0


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


def http_date(value: str) -> datetime | None:
    """An HTTP date in any of its forms (RFC 9110 section 5.6.7); None when it is none."""
    if not value or len(value) > 100:
        return None
    try:
        at = parsedate_to_datetime(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, IndexError, OverflowError):  # the last: year 9999 in a western zone
        return None
