"""How a box is doing: a pure decision from the feed's status, its head and the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from schemas.documents import FeedStatus, Head

Word = Literal["fresh", "stale", "failing", "empty"]

OVERDUE: Final = timedelta(minutes=15)
"""A check this late is worth a word: status documents themselves may be a minute old, queues may be long."""

LASTING: Final = timedelta(hours=24)
"""Trouble that has lasted for so long is no hiccup any more."""

PERMANENT: Final = frozenset(
    {"gone", "not_found", "not_a_feed", "bad_url", "blocked_address", "unsafe_xml", "too_large", "redirect_loop"}
)

_WHY: Final = {
    "gone": "the address is gone",
    "not_found": "nothing is at the address",
    "rate_limited": "the site asks us to wait",
    "empty_body": "the site sends an empty answer",
    "not_a_feed": "the address gives a page, not a feed",
    "malformed": "the feed cannot be read",
    "bad_json": "the feed cannot be read",
    "decode_error": "the feed cannot be read",
    "truncated": "the feed breaks off",
    "too_large": "the feed is too large",
    "timeout": "the site does not answer in time",
    "redirect_loop": "the address leads round in circles",
    "bad_redirect": "the address leads nowhere",
    "bad_url": "the address is none",
    "blocked_address": "the address is not a public one",
    "dns": "the site's name is not known",
    "tls": "no secure connection to the site",
    "connect": "no connection to the site",
    "unsafe_xml": "the feed holds what is not allowed",
}


@dataclass(frozen=True, slots=True)
class State:
    """A box's word for styles and tests, and the clocks and reasons for people.

    `published` is the newest entry's time, `fetched` when this content was read from the source, `checked` when the
    source was last asked with success. `changes_at`: when time alone would make this another state.
    """

    word: Word
    why: str = ""
    since: datetime | None = None
    next_at: datetime | None = None
    published: datetime | None = None
    fetched: datetime | None = None
    checked: datetime | None = None
    changes_at: datetime | None = None


def judge(status: FeedStatus, head: Head | None, now: datetime) -> State:
    """`empty`: nothing to show and nothing wrong. `stale`: good headlines, but the last word is old or the source is
    in passing trouble. `failing`: the trouble is lasting, or there is nothing to show because of it.
    """
    clocks = _Clocks.of(status, head, now)
    has_news = head is not None and bool(head.document.entries)
    if _in_trouble(status, head):
        return _troubled(status, clocks, has_news, now)
    if status.stopped:
        return clocks.state("failing", "this feed is paused", None, None)
    overdue_at = _overdue_at(status, head)
    if not has_news:
        return clocks.state("empty", "nothing published yet" if clocks.checked else "not fetched yet", None, None)
    if overdue_at is not None and now >= overdue_at:
        return clocks.state("stale", "the next check is late", clocks.checked, None)
    return clocks.state("fresh", "", None, overdue_at)


@dataclass(frozen=True, slots=True)
class _Clocks:
    published: datetime | None
    fetched: datetime | None
    checked: datetime | None
    next_at: datetime | None

    @classmethod
    def of(cls, status: FeedStatus, head: Head | None, now: datetime) -> _Clocks:
        fetched = head.fetch.at if head is not None else None
        times = [] if head is None else [time_of for time_of in map(_published, head.document.entries) if time_of]
        return cls(
            published=min(max(times), now) if times else None,
            fetched=fetched,
            checked=max((at for at in (status.ok_at, fetched) if at is not None), default=None),
            next_at=status.next_at,
        )

    def state(self, word: Word, why: str, since: datetime | None, changes_at: datetime | None) -> State:
        return State(word, why, since, self.next_at, self.published, self.fetched, self.checked, changes_at)


def _published(entry: object) -> datetime | None:
    published: datetime | None = getattr(entry, "published", None)
    return published


def _in_trouble(status: FeedStatus, head: Head | None) -> bool:
    """Content that came after the trouble was noted says that it is over, before the status document does."""
    if status.failing_since is None and status.trouble is None:
        return False
    return head is None or status.checked_at is None or head.fetch.at <= status.checked_at


def _troubled(status: FeedStatus, clocks: _Clocks, has_news: bool, now: datetime) -> State:
    since = status.failing_since or status.checked_at
    why = explain(status)
    lasting_at = None if since is None else since + LASTING
    kind = status.trouble.kind if status.trouble is not None else ""
    lasts = status.stopped or kind in PERMANENT or _says_gone(status) or (lasting_at is not None and now >= lasting_at)
    if lasts or not has_news:
        return clocks.state("failing", why, since, None)
    return clocks.state("stale", why, since, lasting_at)


def _says_gone(status: FeedStatus) -> bool:
    return status.trouble is not None and status.trouble.status in {401, 403, 404, 410, 451}


def explain(status: FeedStatus) -> str:
    """Why a feed brings nothing, as half a sentence for readers."""
    trouble = status.trouble
    if trouble is None:
        return "the source does not answer"
    text = _WHY.get(trouble.kind)
    if text is None:
        text = f"the site answers {trouble.status}" if trouble.status else trouble.message or "something went wrong"
    elif trouble.status and trouble.status >= 400:
        text = f"{text} ({trouble.status})"
    return text


def _overdue_at(status: FeedStatus, head: Head | None) -> datetime | None:
    """When silence becomes worth a word: well after the check that was due, counted from the newest news of it."""
    due = [at for at in (status.next_at, head.fetch.at if head is not None else None) if at is not None]
    return max(due) + OVERDUE if status.next_at is not None else None
