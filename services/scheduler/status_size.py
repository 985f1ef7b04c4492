"""A site's status is one message, whatever its feeds go through. Pure."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from schemas.documents import FeedStatus, SiteStatus

log = logging.getLogger(__name__)

STATUS_BYTES_MAX: Final = 900_000
"""Under a message's limit by what an envelope takes."""
WORDS_CHARS_MAX: Final = 80


def fitted(status: SiteStatus) -> SiteStatus:
    """The status with as much of each feed as there is room for; first go the words on trouble, last whole feeds."""
    for shorten in (_without_answers, _with_few_words, _bare):
        if len(status.as_json()) <= STATUS_BYTES_MAX:
            return status
        status = _each(status, shorten)
    while len(status.as_json()) > STATUS_BYTES_MAX:
        log.error("site %s: %d feeds find no room in its status", status.site, len(status.feeds))
        status = status.model_copy(update={"feeds": status.feeds[: len(status.feeds) * 9 // 10]})
    return status


def _each(status: SiteStatus, shorten: Callable[[FeedStatus], FeedStatus]) -> SiteStatus:
    return status.model_copy(update={"feeds": tuple(map(shorten, status.feeds))})


def _without_answers(row: FeedStatus) -> FeedStatus:
    """The answer itself is in the failure."""
    if row.trouble is None:
        return row
    return row.model_copy(update={"trouble": row.trouble.model_copy(update={"headers": None, "first_bytes": None})})


def _with_few_words(row: FeedStatus) -> FeedStatus:
    title = row.title[:WORDS_CHARS_MAX] if row.title else None
    if row.trouble is None:
        return row.model_copy(update={"title": title})
    trouble = row.trouble.model_copy(update={"message": row.trouble.message[:WORDS_CHARS_MAX]})
    return row.model_copy(update={"title": title, "trouble": trouble})


def _bare(row: FeedStatus) -> FeedStatus:
    return row.model_copy(update={"home": None, "redirect": None, "recent": ""})
