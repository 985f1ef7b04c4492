"""Looks ahead: what a source, or its recorded answer, would bring now. Nothing is published unless that was asked.

The request travels on `feed.refresh` under the source's host, so that a host sees one request of ours at a time. What
was found becomes an object, which whoever asked waits for.
"""

from __future__ import annotations

import gzip
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from pressroom.http.answer import FetchError
from pressroom.objects.port import Conflict, Stored
from pressroom.outcomes import Defer, Done, Emit, Outcome
from pressroom.queues.topics import RECORD_PUBLISH
from schemas import keys
from schemas.codec import TooNew, Undecodable, read_document
from schemas.documents import Document, Head
from schemas.envelope import Envelope
from schemas.errors import ErrorKind
from schemas.messages import Trouble
from schemas.operating import Preview, PreviewRequest
from schemas.records import FeedRecord, Validators
from services.fetcher.manners import Pace
from services.fetcher.parse import ParsedFeed, ParseError
from services.fetcher.policy import Troubled, judge, trouble_of
from services.fetcher.story import Fetcher, facts, unreadable

UPGRADE_TAKES = timedelta(minutes=1)
"""Until it is looked again whether a fetcher of the version that wrote a head has the request."""


class Previews:
    """Handles `preview.request`. Always Done, or later: whatever was wrong is what the preview says."""

    def __init__(self, fetcher: Fetcher, pace: Pace, code_version: str) -> None:
        self._fetcher = fetcher
        self._pace = pace
        self._code_version = code_version

    def handle(self, envelope: Envelope[PreviewRequest]) -> Outcome:
        request, now = envelope.payload, self._fetcher.clock.now()
        if request.look == "raw":
            try:
                return self._of_record(request, now)
            except TooNew as error:
                return Defer(now + UPGRADE_TAKES, str(error))
        if request.wait_until is not None and request.wait_until > now:
            return self._said(request, now, trouble=_paused(request.wait_until))
        wait_s = self._pace.wait_s(urlsplit(request.url).netloc)
        if wait_s > 0:
            return Defer(now + timedelta(seconds=wait_s), "the host was asked a moment ago")
        return self._of_site(request)

    # --- the source itself --------------------------------------------------------------------------

    def _of_site(self, request: PreviewRequest) -> Outcome:
        try:
            response = self._fetcher.ask(request.url, Validators(), request.feeds_served)
        except FetchError as error:
            return self._said(request, self._fetcher.clock.now(), trouble=trouble_of(error))
        now = self._fetcher.clock.now()
        fetch, verdict = facts(request.url, response, at=now), judge(response, now, Validators())
        if isinstance(verdict, Troubled):
            return self._said(request, now, fetch=fetch, trouble=verdict.trouble)
        try:
            content_type = response.headers.get("Content-Type")
            parsed, said = self._fetcher.read(request, response.body, content_type, response.url)
        except ParseError as error:
            trouble = unreadable(error, response.body, response.headers)
            return self._said(request, now, fetch=fetch, trouble=trouble)
        return self._said(request, now, fetch=fetch.model_copy(update={"digest": said}), **_found(parsed))

    # --- its recorded answer ------------------------------------------------------------------------

    def _of_record(self, request: PreviewRequest, now: datetime) -> Outcome:
        """The answer behind what is current, read by the parser of today."""
        found = self._recorded(request.feed)
        if isinstance(found, Trouble):
            return self._said(request, now, trouble=found)
        head, body = found
        fetch = head.fetch
        try:
            parsed, said = self._fetcher.read(request, body, fetch.content_type, fetch.final_url)
        except ParseError as error:
            return self._said(request, now, fetch=fetch, trouble=unreadable(error, body))
        fetch = fetch.model_copy(update={"digest": said})
        outcome = self._said(request, now, fetch=fetch, **_found(parsed))
        if not request.publish or said == head.fetch.digest:
            return outcome
        record = FeedRecord(
            feed=request.feed,
            turn=head.turn,
            revision=head.revision + 1,
            fetch=fetch,
            source=parsed.source,
            entries=parsed.entries,
            warnings=parsed.warnings,
            complete=parsed.complete,
        )
        return Done((Emit(RECORD_PUBLISH, keys.head(request.feed), record),))

    def _recorded(self, feed: str) -> tuple[Head, bytes] | Trouble:
        store = self._fetcher.store
        found = store.get(keys.head(feed))
        if not isinstance(found, Stored):
            return Trouble(kind=ErrorKind.NOT_FOUND, message=f"there is no feed {feed}")
        try:
            head = read_document(found.body, Head, f"object {keys.head(feed)}")
        except Undecodable as error:
            return Trouble(kind=ErrorKind.BROKEN_OBJECT, message=str(error)[:1000])
        raw = store.get(keys.raw(feed, head.fetch.content_hash)) if head.fetch.content_hash else None
        if not isinstance(raw, Stored):
            return Trouble(kind=ErrorKind.NOT_FOUND, message="the answer behind what is current was not recorded")
        return head, gzip.decompress(raw.body)

    def _said(self, request: PreviewRequest, now: datetime, **found: Any) -> Done:
        preview = Preview(subject=request.feed, look=request.look, at=now, code_version=self._code_version, **found)
        with suppress(Conflict):
            # There already: this message was handled before and came again.
            self._fetcher.store.create(keys.preview(request.run, request.feed), preview.as_json())
        return Done()


def _found(parsed: ParsedFeed) -> dict[str, Any]:
    document = Document(source=parsed.source, entries=parsed.entries)
    return {"document": document, "complete": parsed.complete, "warnings": parsed.warnings}


def _paused(until: datetime) -> Trouble:
    return Trouble(
        kind=ErrorKind.RATE_LIMITED,
        message=f"the host is left alone until {until:%Y-%m-%d %H:%M} UTC, by its own wish or an operator's",
    )
