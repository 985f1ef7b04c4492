"""Reading failures from the days' summaries: the newest days first, and no more of them than it takes."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby

from cachetools import LRUCache

from pressroom.desk.office import NotFound, Office, Refused
from pressroom.objects.port import LIST_LIMIT_MAX, Listed, Stored
from schemas import keys
from schemas.codec import read_document
from schemas.documents import FailureDay, FailureLine

READERS = 4
"""Parts that are read at the same time: half of the time is the store's."""

REMEMBERED_BYTES_MAX = 8 << 20
"""Of parts that were read: about 20,000 failures."""

_lock = threading.Lock()
_read_before: LRUCache[tuple[str, str, str], bytes] = LRUCache(REMEMBERED_BYTES_MAX, getsizeof=len)

_CURSOR = re.compile(r"(\d{4}-\d\d-\d\d)/(.{1,200})")
_BEGINNING = re.compile(r"0[0-9a-f]{6,}")
"""Of an id of our own making: its first twelve digits are the millisecond it was made in."""

Takes = Callable[[FailureLine], bool]


@dataclass(frozen=True, slots=True)
class Page:
    """`after`: the place from which the next page goes on; None: this is the last one."""

    lines: tuple[FailureLine, ...]
    after: str | None


def forget() -> None:
    """Read everything anew: for measuring."""
    with _lock:
        _read_before.clear()


def page(office: Office, takes: Takes, *, since: datetime | None, limit: int, after: str = "") -> Page:
    """At most `limit` failures, the latest opened first, from behind the place `after`. Raises `Refused` for no place.

    A place is a day and an id: it stays where it is when failures are added, change or go.
    """
    last_day, last_id = _place(after)
    found: list[FailureLine] = []
    for day, parts in _days(office, since.date() if since else None):
        if last_day is not None and day > last_day:
            continue
        lines = (line for line in _lines(office, parts) if takes(line))
        wanted = (line for line in lines if day != last_day or line.id < last_id)
        found += sorted(wanted, key=lambda line: line.id, reverse=True)
        if len(found) > limit:
            last = found[limit - 1]
            return Page(tuple(found[:limit]), f"{last.opened_at.date().isoformat()}/{last.id}")
    return Page(tuple(found), None)


def every(office: Office, takes: Takes, *, since: datetime | None = None) -> Iterator[FailureLine]:
    """All that `takes`, day by day, the latest day first."""
    parts = [part for _, of_day in _days(office, since.date() if since else None) for part in of_day]
    return (line for line in _lines(office, parts) if takes(line))


def key_of(office: Office, named: str) -> str:
    """The key of an id or of the unique beginning of one. Raises `NotFound`."""
    first, last = _days_of(named)
    days = (parts for day, parts in _days(office, first) if last is None or day <= last)
    lines = (line for parts in days for line in _lines(office, parts))
    found = {keys.failure(line.opened_at.date(), line.id) for line in lines if line.id.startswith(named)}
    if len(found) != 1:
        raise NotFound(f"{len(found)} failures have an id that begins with {named!r}; name one")
    return found.pop()


def _place(after: str) -> tuple[date | None, str]:
    if not after:
        return None, ""
    read = _CURSOR.fullmatch(after)
    try:
        return date.fromisoformat(read[1] if read else ""), read[2] if read else ""
    except ValueError:
        raise Refused(f"{after[:80]!r} is no place in the list: take what the page before says") from None


def _days_of(named: str) -> tuple[date | None, date | None]:
    """The first and the last day on which something with such an id can have happened."""
    if not _BEGINNING.fullmatch(named):
        return None, None
    moments = (int(named[:12].ljust(12, digit), 16) / 1000 for digit in "0f")
    first, last = (datetime.fromtimestamp(moment, UTC).date() for moment in moments)
    return first, last


def _days(office: Office, first: date | None) -> Iterator[tuple[date, list[Listed]]]:
    """Each day with its parts, the latest first, none before `first`."""
    listed = sorted(office.store.list(keys.FAILURE_SUMMARIES, limit=LIST_LIMIT_MAX), key=_key, reverse=True)
    for day, parts in groupby(listed, lambda part: keys.day_of_summary(part.key)):
        if first is not None and day < first:
            return
        yield day, list(parts)


def _key(part: Listed) -> str:
    return part.key


def _lines(office: Office, parts: list[Listed]) -> Iterator[FailureLine]:
    with ThreadPoolExecutor(READERS) as readers:
        for part, body in zip(parts, readers.map(lambda part: _body(office, part), parts), strict=True):
            if body is not None:
                yield from read_document(body, FailureDay, f"object {part.key}").failures


def _body(office: Office, part: Listed) -> bytes | None:
    """What a part says. One that is as it was when it was last read is not read again."""
    name = (office.store.name, part.key, part.etag)
    with _lock:
        body: bytes | None = _read_before.get(name)
    if body is None:
        found = office.store.get(part.key)
        if not isinstance(found, Stored):
            return None
        body = found.body
        with _lock:
            if len(body) <= REMEMBERED_BYTES_MAX:
                _read_before[office.store.name, part.key, found.etag] = body
    return body
